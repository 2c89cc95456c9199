//! Owners of files, where grants are read from a repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use remit_forge::codeowners::{CodeOwners, Dialect};

/// Repositories that were met, with what says who owns their files.
#[derive(Default)]
pub(crate) struct Repositories {
    by_folder: BTreeMap<PathBuf, Option<Rc<Repository>>>,
}

struct Repository {
    root: PathBuf,
    /// The file's place below the root.
    place: &'static str,
    owners: CodeOwners,
}

impl Repositories {
    /// The owners of a file, and what says so.
    pub(crate) fn owners(&mut self, file: &str) -> Option<(Vec<String>, String)> {
        let file = Path::new(file).canonicalize().ok()?;
        let repository = self.of(file.parent()?)?;
        let below = file.strip_prefix(&repository.root).ok()?.to_str()?;
        let owners: Vec<String> = repository.owners.of(below).into_iter().map(str::to_owned).collect();
        (!owners.is_empty()).then(|| (owners, format!("`{}` for `{below}`", repository.place)))
    }

    /// The repository of a folder, if it says who owns its files: its own, or that of the folder above.
    fn of(&mut self, folder: &Path) -> Option<Rc<Repository>> {
        if let Some(known) = self.by_folder.get(folder) {
            return known.clone();
        }
        let found = if folder.join(".git").exists() {
            read(folder).map(Rc::new)
        } else {
            folder.parent().and_then(|above| self.of(above))
        };
        self.by_folder.insert(folder.to_owned(), found.clone());
        found
    }
}

/// A repository by its root, if it says who owns its files.
fn read(root: &Path) -> Option<Repository> {
    let is_gitlab = [".gitlab-ci.yml", ".gitlab"].iter().any(|name| root.join(name).exists());
    let dialect = if is_gitlab { Dialect::GitLab } else { Dialect::GitHub };
    let place = dialect.places().into_iter().find(|place| root.join(place).is_file())?;
    let text = crate::proposals::read_file(&root.join(place)).ok()?;
    Some(Repository { root: root.to_owned(), place, owners: CodeOwners::parse(&text, dialect) })
}
