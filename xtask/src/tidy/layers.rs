//! Dependencies go one way only, and heavy or impure ones stay where they belong.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Problem, Tree};
use crate::metadata::{Kind, Metadata, Node};

/// Which packages of the workspace a package may be built from. A package that is missing here is a problem,
/// so a new one has to find its place.
const LAYERS: &[(&str, &[&str])] = &[
    ("remit-abi", &[]),
    ("remit-catalog", &[]),
    ("remit-ledger", &[]),
    ("remit-agent", &["remit-abi", "remit-catalog", "remit-ingest", "remit-ledger"]),
    ("remit-agent-fuzz", &["remit-abi", "remit-agent", "remit-ingest"]),
    ("remit-ingest", &["remit-catalog", "remit-ledger"]),
    ("remit-policy", &["remit-catalog"]),
    ("remit-forge", &["remit-policy", "remit-source"]),
    ("remit-source", &["remit-catalog", "remit-policy"]),
    (
        "remit",
        &["remit-catalog", "remit-forge", "remit-ingest", "remit-ledger", "remit-policy", "remit-source"],
    ),
    ("remit-organisation", &[]),
    ("remit-tests", &[]),
    ("xtask", &["remit-catalog"]),
];

/// What no test may depend on either: the end-to-end tests run the program, they do not link it.
const PRODUCTS: &[&str] = &["remit"];

/// Packages that no dependency path from a package may reach: package, what it must not know, and why.
const ABSENCES: &[(&str, &[&str], &str)] = &[
    (
        "remit-policy",
        &["tokio", "datafusion", "object_store", "arrow", "parquet"],
        "the policy core is pure: it computes, and others read, wait and write",
    ),
    (
        "remit-source",
        &["tokio", "datafusion", "object_store", "arrow", "parquet", "reqwest", "hyper"],
        "sources are read and edited in memory, and whoever fetches or pushes them does so elsewhere",
    ),
    (
        "remit-catalog",
        &["tokio", "datafusion", "object_store", "arrow", "parquet"],
        "the catalog is facts alone",
    ),
];

/// The packages that may know DataFusion.
const KNOWS_DATAFUSION: &[&str] = &["remit"];

/// What the pure core must not name, outside tests. Addresses are values, so `std::net::IpAddr` may be named.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
];

/// Where the pure core is.
const PURE: &str = "analyzer/policy/src/";

pub(super) fn problems(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let metadata = &tree.place.metadata;
    for package in metadata.members() {
        let name = package.name.as_str();
        let manifest = manifest(tree, name);
        let direct =
            package.dependencies.iter().map(|dependency| (dependency.name.as_str(), dependency.kind));
        problems.extend(directions(&manifest, name, direct));
        let reached = reached(metadata, &package.id);
        for (_, absent, why) in ABSENCES.iter().filter(|(package, ..)| *package == name) {
            for other in absent.iter().filter(|other| reached.contains(**other)) {
                problems.push(Problem::of(
                    &manifest,
                    format!("`{name}` is built from `{other}`: {why}"),
                    "move what needs it to the analyzer",
                ));
            }
        }
        if !KNOWS_DATAFUSION.contains(&name) && reached.contains("datafusion") {
            problems.push(Problem::of(
                &manifest,
                format!("`{name}` is built from `datafusion`"),
                "only the analyzer knows DataFusion",
            ));
        }
    }
    for file in tree.rust().filter(|file| file.path.starts_with(PURE)) {
        problems.extend(impure(&file.path, &file.text));
    }
    problems
}

/// The path of a member's manifest.
fn manifest(tree: &Tree, name: &str) -> String {
    let folder = tree.members().into_iter().find(|(member, _)| member == name).map(|(_, folder)| folder);
    format!("{}/Cargo.toml", folder.unwrap_or_default())
}

/// Dependencies of a package that go the wrong way.
fn directions<'a>(manifest: &str, name: &str, direct: impl Iterator<Item = (&'a str, Kind)>) -> Vec<Problem> {
    let Some((_, allowed)) = LAYERS.iter().find(|(package, _)| *package == name) else {
        return vec![Problem::of(
            manifest,
            format!("`{name}` has no place in the layers"),
            "add it to `LAYERS` in xtask/src/tidy/layers.rs",
        )];
    };
    let mut problems = Vec::new();
    for (other, kind) in direct {
        let ours = LAYERS.iter().any(|(package, _)| *package == other);
        let fine = match kind {
            Kind::Dev => !PRODUCTS.contains(&other),
            _ => allowed.contains(&other),
        };
        if ours && !fine {
            problems.push(Problem::of(
                manifest,
                format!("`{name}` must not depend on `{other}`"),
                "dependencies go one way: see the layers in ARCHITECTURE.md",
            ));
        }
    }
    problems
}

/// Names of all packages that a package is built from, directly or not; tests and build scripts apart.
fn reached<'a>(metadata: &'a Metadata, start: &'a str) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<&str, &Node> = metadata.nodes().iter().map(|node| (node.id.as_str(), node)).collect();
    let mut seen = BTreeSet::from([start]);
    let mut next = vec![start];
    while let Some(id) = next.pop() {
        let edges = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        next.extend(
            edges.filter(|edge| edge.is_normal()).map(|edge| edge.pkg.as_str()).filter(|id| seen.insert(id)),
        );
    }
    let packages = metadata
        .packages()
        .iter()
        .filter(|package| seen.contains(package.id.as_str()) && package.id != start);
    packages.map(|package| package.name.as_str()).collect()
}

/// Lines of the pure core that reach outside.
fn impure(path: &str, text: &str) -> Vec<Problem> {
    if path.ends_with("tests.rs") || path.contains("/tests/") {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(text.lines().take_while(|line| line.trim() != "#[cfg(test)]")) {
        for word in IMPURE.iter().filter(|word| line.contains(**word) && !line.trim_start().starts_with("//"))
        {
            problems.push(Problem::at(
                path,
                number,
                format!("the pure core names `{word}`"),
                "take the value as an argument",
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(name: &str, other: &str, kind: Kind) -> usize {
        directions("Cargo.toml", name, [(other, kind), ("serde", Kind::Normal)].into_iter()).len()
    }

    #[test]
    fn dependencies_go_one_way() {
        assert_eq!(direction("remit", "remit-policy", Kind::Normal), 0);
        assert_eq!(direction("remit-policy", "remit", Kind::Normal), 1);
        assert_eq!(direction("remit-policy", "remit-ledger", Kind::Normal), 1);
        assert_eq!(direction("remit-policy", "remit-ledger", Kind::Build), 1);
        assert_eq!(direction("remit-tests", "remit-ledger", Kind::Dev), 0);
        assert_eq!(direction("remit-tests", "remit", Kind::Dev), 1);
        assert_eq!(direction("remit-unheard-of", "serde", Kind::Normal), 1);
    }

    #[test]
    fn every_layer_names_packages_that_have_a_layer() {
        for (name, allowed) in LAYERS {
            for other in *allowed {
                assert!(
                    LAYERS.iter().any(|(package, _)| package == other),
                    "`{name}` may use `{other}`, which is unknown"
                );
            }
        }
    }

    #[test]
    fn the_closure_of_the_analyzer_reaches_datafusion() {
        let place = crate::place::Place::find().unwrap();
        let analyzer = place.metadata.members().find(|package| package.name == "remit").unwrap();
        let reached = reached(&place.metadata, &analyzer.id);
        assert!(
            reached.contains("datafusion")
                && reached.contains("datafusion-common")
                && !reached.contains("remit")
        );
    }

    #[test]
    fn a_clock_in_the_core_is_found() {
        let text = "// std::fs is not for us\nlet now = SystemTime::now();\n#[cfg(test)]\nuse std::fs;\n";
        let problems = impure("analyzer/policy/src/x.rs", text);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().starts_with("analyzer/policy/src/x.rs:2: "));
    }
}
