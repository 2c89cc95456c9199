//! A manifest of krew, by which `kubectl krew install` finds `remit` as a plugin.
//!
//! Source: "Writing Krew plugin manifests" in krew's developer guide.

use anyhow::Context;
use serde::Serialize;

/// What is said of it in lists, without a line's end.
const SUMMARY: &str = "Grant workloads what they use, with proof";

const DESCRIPTION: &str = "\
Learns from audit logs what each workload identity really does, compares that
with what roles and bindings let it do, and proposes, with proof, to grant
exactly that.
";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec<'a>,
}

#[derive(Serialize)]
struct Metadata {
    name: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    version: String,
    short_description: &'static str,
    description: &'static str,
    platforms: [Platform<'a>; 1],
}

#[derive(Serialize)]
struct Platform<'a> {
    selector: Selector,
    uri: String,
    sha256: &'a str,
    files: Vec<Copied>,
    bin: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selector {
    match_labels: Labels,
}

#[derive(Serialize)]
struct Labels {
    os: &'static str,
    arch: &'static str,
}

/// What krew copies out of the archive.
#[derive(Serialize)]
struct Copied {
    from: String,
    to: &'static str,
}

/// An archive that `cargo xtask dist` made.
pub(super) struct Archive<'a> {
    /// Its name without `.tar.gz`, which is the folder in it, too.
    pub(super) name: &'a str,
    /// The target that its programs are for.
    pub(super) target: &'a str,
    /// Its digest.
    pub(super) sha256: &'a str,
}

/// The manifest of an archive that is found below an address.
pub(super) fn manifest(version: &str, archive: &Archive<'_>, base: &str) -> anyhow::Result<String> {
    let Archive { name, target, sha256 } = archive;
    let (os, arch) = platform(target)
        .with_context(|| format!("krew has no word for the target `{target}`\nhint: leave out `--krew`"))?;
    let copied = |file: &str| Copied { from: format!("{name}/{file}"), to: "." };
    let platform = Platform {
        selector: Selector { match_labels: Labels { os, arch } },
        uri: format!("{}/{name}.tar.gz", base.trim_end_matches('/')),
        sha256,
        // Krew asks for the licence beside the program.
        files: ["remit", "LICENSE-APACHE", "LICENSE-MIT"].into_iter().map(copied).collect(),
        bin: "remit",
    };
    let manifest = Manifest {
        api_version: "krew.googlecontainertools.github.com/v1alpha2",
        kind: "Plugin",
        metadata: Metadata { name: "remit" },
        spec: Spec {
            version: format!("v{version}"),
            short_description: SUMMARY,
            description: DESCRIPTION,
            platforms: [platform],
        },
    };
    Ok(serde_saphyr::to_string(&manifest)?)
}

/// What krew, as Go, calls a target.
fn platform(target: &str) -> Option<(&'static str, &'static str)> {
    let os = if target.contains("-linux-") { "linux" } else { return None };
    match target.split('-').next()? {
        "x86_64" => Some((os, "amd64")),
        "aarch64" => Some((os, "arm64")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TARGET: &str = "x86_64-unknown-linux-musl";

    fn written(target: &str, base: &str) -> anyhow::Result<Value> {
        let name = format!("remit-0.1.0-{target}");
        let sha256 = crate::digest::sha256(b"an archive");
        let archive = Archive { name: &name, target, sha256: &sha256 };
        let text = manifest("0.1.0", &archive, base)?;
        assert!(
            text.starts_with("apiVersion: krew.googlecontainertools.github.com/v1alpha2\nkind: Plugin\n"),
            "{text}"
        );
        Ok(serde_saphyr::from_str(&text)?)
    }

    #[test]
    fn a_manifest_is_as_krew_asks() {
        let manifest = written(TARGET, "https://example.com/releases/v0.1.0/").unwrap();
        assert_eq!(manifest["metadata"]["name"], "remit");
        let spec = &manifest["spec"];
        assert_eq!(spec["version"], "v0.1.0");
        let summary = spec["shortDescription"].as_str().unwrap();
        assert!(summary.len() <= 50 && !summary.contains('\n'), "{summary}");
        let platform = &spec["platforms"][0];
        assert_eq!(platform["selector"], json!({ "matchLabels": { "os": "linux", "arch": "amd64" } }));
        let uri = "https://example.com/releases/v0.1.0/remit-0.1.0-x86_64-unknown-linux-musl.tar.gz";
        assert_eq!(platform["uri"], uri);
        let digest = platform["sha256"].as_str().unwrap();
        assert!(digest.len() == 64 && digest.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
        assert_eq!(platform["bin"], "remit");
        let first = json!({ "from": "remit-0.1.0-x86_64-unknown-linux-musl/remit", "to": "." });
        assert_eq!(platform["files"][0], first);
        // Whatever is copied is packed.
        for file in platform["files"].as_array().unwrap() {
            let name = file["from"].as_str().unwrap().rsplit('/').next().unwrap();
            assert!(super::super::FILES.contains(&name) || super::super::PROGRAMS.contains(&name), "{name}");
        }
    }

    #[test]
    fn other_machines_have_their_words_or_none() {
        let arm = written("aarch64-unknown-linux-gnu", "file:///srv: #x").unwrap();
        assert_eq!(arm["spec"]["platforms"][0]["selector"]["matchLabels"]["arch"], "arm64");
        let uri = "file:///srv: #x/remit-0.1.0-aarch64-unknown-linux-gnu.tar.gz";
        assert_eq!(arm["spec"]["platforms"][0]["uri"], uri);
        let error = written("riscv64gc-unknown-linux-gnu", "x").unwrap_err();
        assert!(error.to_string().contains("hint: leave out `--krew`"), "{error}");
    }
}
