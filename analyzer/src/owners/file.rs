//! Owners of files, where grants are read from a repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use remit_forge::codeowners::{CodeOwners, Dialect};

/// Repositories that were met, with what says who owns their files.
#[derive(Default)]
pub(crate) struct Repositories {
    by_folder: BTreeMap<PathBuf, Option<Repository>>,
}

#[derive(Clone)]
struct Repository {
    root: PathBuf,
    /// The file's place below the root.
    place: &'static str,
    owners: std::rc::Rc<CodeOwners>,
}

impl Repositories {
    /// The owners of a file, and what says so.
    pub(crate) fn owners(&mut self, file: &str) -> Option<(Vec<String>, String)> {
        let file = Path::new(file).canonicalize().ok()?;
        let folder = file.parent()?;
        let repository = match self.by_folder.get(folder) {
            Some(known) => known.clone(),
            None => {
                let found = find(folder);
                self.by_folder.insert(folder.to_owned(), found.clone());
                found
            }
        }?;
        let below = file.strip_prefix(&repository.root).ok()?.to_str()?;
        let owners: Vec<String> = repository.owners.of(below).into_iter().map(str::to_owned).collect();
        (!owners.is_empty()).then(|| (owners, format!("`{}` for `{below}`", repository.place)))
    }
}

/// The repository of a folder, if it says who owns its files.
fn find(folder: &Path) -> Option<Repository> {
    let root = folder.ancestors().find(|folder| folder.join(".git").exists())?;
    let is_gitlab = [".gitlab-ci.yml", ".gitlab"].iter().any(|name| root.join(name).exists());
    let dialect = if is_gitlab { Dialect::GitLab } else { Dialect::GitHub };
    let place = dialect.places().into_iter().find(|place| root.join(place).is_file())?;
    let text = crate::proposals::read_file(&root.join(place)).ok()?;
    let owners = std::rc::Rc::new(CodeOwners::parse(&text, dialect));
    Some(Repository { root: root.to_owned(), place, owners })
}
