//! What `cargo metadata` says about the workspace: the few fields that the checks read.
//!
//! Read here and not by a library, because the library turns on a feature of serde_json that the product does
//! not have: a build of the whole workspace would then compile DataFusion once more.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

/// The workspace and all packages that it is built from.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) target_directory: PathBuf,
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// A package of the workspace or of a registry.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line of a manifest.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Which table of the manifest a dependency is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Normal,
    Dev,
    Build,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

/// A package with the packages that it is built from.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

/// A package that another is built from.
#[derive(Debug, Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
struct EdgeKind {
    kind: Kind,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn ask(mut cargo: Command) -> anyhow::Result<Metadata> {
        let answer =
            cargo.args(["metadata", "--format-version", "1"]).output().context("cargo cannot be started")?;
        if !answer.status.success() {
            bail!("cargo cannot describe the workspace: {}", String::from_utf8_lossy(&answer.stderr).trim());
        }
        serde_json::from_slice(&answer.stdout).context("cargo describes the workspace in another form")
    }

    /// All packages.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The packages of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Which package is built from which.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.resolve.nodes
    }
}

impl Edge {
    /// Whether more than tests and build scripts are built from it.
    pub(crate) fn is_normal(&self) -> bool {
        self.dep_kinds.iter().any(|info| info.kind == Kind::Normal)
    }
}

impl<'de> Deserialize<'de> for Kind {
    /// Cargo writes `null` for the usual table.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let kind = Option::<String>::deserialize(deserializer)?;
        match kind.as_deref() {
            None => Ok(Kind::Normal),
            Some("dev") => Ok(Kind::Dev),
            Some("build") => Ok(Kind::Build),
            Some(other) => Err(serde::de::Error::custom(format!("`{other}` is no kind of dependency"))),
        }
    }
}
