//! The repository's files, and what can be wrong with them.

use std::fmt;
use std::path::Path;

use anyhow::Context;

use crate::place::Place;

/// The files of the repository, in order of path.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) place: Place,
    pub(crate) files: Vec<File>,
    /// Paths of files that are not text.
    pub(crate) binaries: Vec<String>,
}

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Something to be put right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    file: String,
    /// From 1; 0 where the file as a whole is meant.
    line: usize,
    message: String,
    hint: &'static str,
}

impl Tree {
    /// Reads all files but those that git ignores.
    pub(crate) fn read(place: Place) -> anyhow::Result<Tree> {
        let ignored = std::fs::read_to_string(place.root.join(".gitignore")).unwrap_or_default();
        let mut ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
        ignored.push(".git");
        let mut tree = Tree { files: Vec::new(), binaries: Vec::new(), place };
        let root = tree.place.root.clone();
        tree.descend(&root, "", &ignored)?;
        Ok(tree)
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether the repository has such a file or folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        let paths = self.files.iter().map(|file| &file.path).chain(&self.binaries);
        paths
            .into_iter()
            .any(|file| file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// The Rust source files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The members of the workspace: name, and folder from the root.
    pub(crate) fn members(&self) -> Vec<(String, String)> {
        let member = |package: &crate::metadata::Package| {
            let folder = package.manifest_path.parent()?.strip_prefix(&self.place.root).ok()?;
            Some((package.name.clone(), folder.to_string_lossy().replace('\\', "/")))
        };
        self.place.metadata.members().filter_map(member).collect()
    }

    fn descend(&mut self, folder: &Path, prefix: &str, ignored: &[&str]) -> anyhow::Result<()> {
        let entries =
            std::fs::read_dir(folder).with_context(|| format!("`{}` cannot be read", folder.display()))?;
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if ignored.contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                self.descend(&entry.path(), &format!("{path}/"), ignored)?;
                continue;
            }
            match String::from_utf8(std::fs::read(entry.path())?) {
                Ok(text) if !text.contains('\0') => self.files.push(File { path, text }),
                _ => self.binaries.push(path),
            }
        }
        Ok(())
    }
}

impl Problem {
    /// A problem at a line, counted from 1.
    pub(crate) fn at(file: &str, line: usize, message: impl Into<String>, hint: &'static str) -> Problem {
        Problem { file: file.to_owned(), line, message: message.into(), hint }
    }

    /// A problem of a file as a whole.
    pub(crate) fn of(file: &str, message: impl Into<String>, hint: &'static str) -> Problem {
        Problem::at(file, 1, message, hint)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}\n  hint: {}", self.file, self.line, self.message, self.hint)
    }
}
