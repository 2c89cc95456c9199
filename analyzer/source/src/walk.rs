//! Reads what of a folder may hold policies.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::helm::values::is_values;
use crate::kustomize::is_kustomization;
use crate::markers::MARKER;
use crate::repository::{Problem, Repository};

/// How much of a repository is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest file, in bytes. A larger one is a problem.
    pub file: u64,
    /// Largest sum of the files that may hold policies, in bytes.
    pub total: u64,
    /// Most files looked at.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 2 << 20, total: 512 << 20, files: 500_000 }
    }
}

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not at all.
    #[error("cannot read repository `{path}`: {message}")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// There is too much of it.
    #[error("repository `{path}` has more than {limit}\nhint: name the folder in it that holds the policies")]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// Of what.
        limit: String,
    },
}

/// Folders of tools, which hold copies of what is elsewhere.
const PASSED: [&str; 5] = [".git", ".terraform", "node_modules", "cdk.out", ".aws-sam"];

/// Whether a file of a repository may hold policies, by its path there. What it says may rule that out.
pub fn may_hold(path: &Path) -> bool {
    let is_passed = |name: &OsStr| PASSED.iter().any(|passed| name == *passed);
    !path.iter().any(is_passed) && Sort::of(path).is_some()
}

impl Repository {
    /// Reads a folder. What its `.gitignore` files name is passed over, links are not followed.
    pub fn read(root: &Path, limits: Limits) -> Result<Self, ReadError> {
        let unreadable = |message: String| ReadError::Unreadable { path: root.to_owned(), message };
        let too_large = |limit: String| ReadError::TooLarge { path: root.to_owned(), limit };
        // A path that is none is told as what it is, and not as an empty repository.
        let metadata = std::fs::metadata(root).map_err(|error| unreadable(error.to_string()))?;
        if !metadata.is_dir() {
            return Err(unreadable("it is no folder".to_owned()));
        }
        let mut walk = WalkBuilder::new(root);
        walk.hidden(false).follow_links(false).parents(false).git_global(false).require_git(false);
        walk.filter_entry(|entry| !PASSED.iter().any(|name| entry.file_name() == *name));
        let (mut files, mut problems, mut links) = (Vec::new(), Vec::new(), Vec::new());
        let (mut looked, mut total) = (0, 0);
        for entry in walk.build() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = PathBuf::new();
                    problems.push(Problem { path, line: 0, message: error.to_string() });
                    continue;
                }
            };
            if entry.path_is_symlink() {
                links.extend(target(root, entry.path()));
            }
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned();
            let Some(sort) = Sort::of(&path) else { continue };
            looked += 1;
            if looked > limits.files {
                return Err(too_large(format!("{} files", limits.files)));
            }
            match text(entry.path(), limits.file) {
                Ok(Some(text)) if sort.is_wanted(&text) => {
                    total += text.len() as u64;
                    if total > limits.total {
                        return Err(too_large(format!("{} bytes of policies", limits.total)));
                    }
                    files.push((path, text));
                }
                Ok(_) => {}
                Err(message) => problems.push(Problem { path, line: 0, message }),
            }
        }
        let mut repository = Self::of(files);
        repository.links = links;
        repository.problems.extend(problems);
        repository.problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        Ok(repository)
    }
}

/// For which file or folder of a repository a link stands, if for one of it.
fn target(root: &Path, link: &Path) -> Option<PathBuf> {
    let (root, target) = (root.canonicalize().ok()?, link.canonicalize().ok()?);
    let within = target.strip_prefix(root).ok()?;
    // One to all of it stands for nothing that is not there.
    (!within.as_os_str().is_empty()).then(|| within.to_owned())
}

/// What a file may hold, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// All of them are read.
    Always,
    /// Those are read that speak of policies.
    Data,
    /// Those are read that have markers or make policies.
    Code,
}

impl Sort {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        if ends(&[".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json"])
            || is_kustomization(path)
            || is_values(path)
            || name == "chart.yaml"
        {
            return Some(Self::Always);
        }
        if ends(&[".json", ".yaml", ".yml", ".template", ".tpl", ".tftpl", ".tmpl", ".policy"]) {
            return Some(Self::Data);
        }
        ends(&[".go", ".ts", ".py", ".js"]).then_some(Self::Code)
    }

    fn is_wanted(self, text: &str) -> bool {
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match self {
            Self::Always => true,
            Self::Data => has(&[
                "Statement",
                "AWS::IAM",
                "AWS::Serverless",
                "rbac.authorization.k8s.io",
                // Patches of roles and bindings.
                "/rules",
                "/subjects",
                "/roleRef",
                "/aggregationRule",
            ]),
            Self::Code => has(&[MARKER, "PolicyStatement", "aws.iam.", "iam.Policy", "iam.RolePolicy"]),
        }
    }
}

/// A file's text. None where it is no text.
fn text(path: &Path, largest: u64) -> Result<Option<String>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(largest + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > largest {
        return Err(format!("it has more than {largest} bytes"));
    }
    Ok(String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_names_and_those_of_tools_passed_over() {
        for path in [
            "main.tf",
            "iam.tofu",
            "iam.tofu.json",
            "stack/lib/App.ts",
            "tool.js",
            "k8s/Kustomization",
            "chart/Chart.yaml",
        ] {
            assert!(may_hold(Path::new(path)), "{path}");
        }
        for path in ["README.md", "cdk.out/a.template", "web/node_modules/b/c.json", ".git/config.json"] {
            assert!(!may_hold(Path::new(path)), "{path}");
        }
    }
}
