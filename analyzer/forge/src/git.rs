//! Git, as the program `git` in a scratch repository: no shell, no hook, no filter, no credential on disk.

mod program;
mod seal;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use url::Url;

use self::program::Program;
pub(crate) use self::seal::{EVIDENCE, OPENED, Seal, UNIT};
use crate::change::Edited;
use crate::error::Error;
use crate::rest::is_loopback;
use crate::token::Token;

/// A scratch repository beside a remote one. It goes away when it is dropped.
#[derive(Debug)]
pub struct Git {
    program: Program,
    remote: String,
}

/// Who commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
}

/// A commit that is to be made.
pub(crate) struct Draft<'a> {
    /// The commit it stands on.
    pub(crate) parent: &'a str,
    /// Files as they are to be.
    pub(crate) files: &'a [Edited],
    /// Its message, without a seal.
    pub(crate) message: &'a str,
    /// Seconds since 1970: of the evidence and not of now, so that the same makes the same commit.
    pub(crate) moment: i64,
    /// Who commits.
    pub(crate) author: &'a Author,
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    mode: String,
    object: String,
}

/// Where the base is kept.
const BASE: &str = "refs/remit/base";

/// Commits of a branch that others wrote on, among which its first is looked for: no more, so that a long history is not fetched.
const DEEP: u32 = 100;

impl Git {
    /// A scratch repository for a remote one. The token goes into a header that only this remote's host is sent, by the
    /// environment of the programs that are started.
    pub fn open(remote: &str, token: Option<(&str, &Token)>) -> Result<Self, Error> {
        if remote.is_empty() || remote.starts_with('-') || remote.chars().any(char::is_control) {
            return Err(Error::Wrong(format!("`{}` is no address of a repository", remote.escape_debug())));
        }
        let mut header = None;
        let url = Url::parse(remote).ok();
        if let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) {
            if url.password().is_some() {
                return Err(Error::Wrong(
                    "the address of the repository holds a password\nhint: give the token in an environment variable".to_owned(),
                ));
            }
            let is_private = url.scheme() == "https" || is_loopback(&url);
            if let Some((user, token)) = token.filter(|_| is_private) {
                let host = &url[..url::Position::BeforePath];
                let basic = STANDARD.encode(format!("{user}:{}", token.secret()));
                header = Some((format!("http.{host}/.extraHeader"), format!("Authorization: Basic {basic}")));
            }
        }
        // Git runs in a folder of its own, from which a path leads elsewhere.
        let local = std::path::absolute(remote).ok().filter(|path| path.is_dir());
        let local = local.and_then(|path| path.into_os_string().into_string().ok());
        let remote = local.unwrap_or_else(|| remote.to_owned());
        let git = Self { program: Program::new(header)?, remote };
        git.program.run(&["init", "--quiet", "--template=", "--", "."], None)?;
        // Attributes of the repository would have files read otherwise than they are.
        let info = git.folder().join(".git/info");
        fs::create_dir_all(&info).map_err(|error| file(&info, &error))?;
        let attributes = info.join("attributes");
        let nothing = "* -text -filter -ident -working-tree-encoding\n";
        fs::write(&attributes, nothing).map_err(|error| file(&attributes, &error))?;
        Ok(git)
    }

    /// The name of the branch that the remote's `HEAD` is, where it tells.
    pub fn head(&self) -> Result<Option<String>, Error> {
        let said = self.program.text(&["ls-remote", "--symref", "--", &self.remote, "HEAD"])?;
        let named = said.lines().find_map(|line| line.strip_prefix("ref: refs/heads/")?.split_once('\t'));
        Ok(named.map(|(name, _)| name.to_owned()))
    }

    /// Branches of the remote below a prefix, with their commits.
    pub(crate) fn branches(&self, prefix: &str) -> Result<BTreeMap<String, String>, Error> {
        let pattern = format!("refs/heads/{prefix}*");
        let said = self.program.text(&["ls-remote", "--refs", "--", &self.remote, &pattern])?;
        let line = |line: &str| {
            let (commit, name) = line.split_once('\t')?;
            let name = name.strip_prefix("refs/heads/")?;
            (is_object(commit) && is_branch(name)).then(|| (name.to_owned(), commit.to_owned()))
        };
        Ok(said.lines().filter_map(line).collect())
    }

    /// Fetches a branch and puts its files into the scratch folder. Its commit.
    pub(crate) fn check_out(&self, branch: &str) -> Result<String, Error> {
        if !is_branch(branch) {
            return Err(Error::Wrong(format!("`{}` is no name of a branch", branch.escape_debug())));
        }
        self.fetch(&format!("refs/heads/{branch}"), BASE, 1)?;
        self.program.run(&["checkout", "--quiet", "--force", "--detach", BASE, "--"], None)?;
        self.resolve(BASE)
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        self.program.folder()
    }

    /// Fetches a branch with the commit that it stands on.
    pub(crate) fn fetch_branch(&self, branch: &str) -> Result<String, Error> {
        let name = format!("refs/remit/heads/{branch}");
        self.fetch(&format!("refs/heads/{branch}"), &name, 2)?;
        self.resolve(&name)
    }

    /// Whether a branch of a unit was pushed first on a day, by what its commits say, also those that others stand on.
    pub(crate) fn is_opened_on(&self, branch: &str, unit: &str, day: Date) -> Result<bool, Error> {
        let head = self.fetch_branch(branch)?;
        // Nobody touched it, so there is no other to ask.
        if let Some(seal) = self.seal(&head)? {
            return Ok(seal.opened == Some(day));
        }
        let name = format!("refs/remit/heads/{branch}");
        self.fetch(&format!("refs/heads/{branch}"), &name, DEEP)?;
        let messages =
            self.program.text(&["log", "-z", "--no-show-signature", "--format=%B", &name, "--"])?;
        Ok(messages.split('\0').any(|message| seal::opened(message, unit) == Some(day)))
    }

    /// Fetches a commit with the one that it stands on.
    pub(crate) fn fetch_commit(&self, commit: &str) -> Result<(), Error> {
        if !is_object(commit) {
            return Err(Error::Wrong(format!("`{}` is no commit", commit.escape_debug())));
        }
        self.fetch(commit, &format!("refs/remit/commits/{commit}"), 2)
    }

    fn fetch(&self, what: &str, name: &str, depth: u32) -> Result<(), Error> {
        let depth = format!("--depth={depth}");
        let refspec = format!("+{what}:{name}");
        let arguments = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-recurse-submodules",
            &depth,
            "--",
            &self.remote,
            &refspec,
        ];
        self.program.run(&arguments, None).map(drop)
    }

    fn resolve(&self, name: &str) -> Result<String, Error> {
        let commit = self.program.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", name])?;
        Ok(commit.trim().to_owned())
    }

    /// The commit that a commit stands on, its first where it has several.
    pub(crate) fn parent(&self, commit: &str) -> Result<String, Error> {
        self.resolve(&format!("{commit}^1"))
    }

    /// What a commit says of itself, where it is sealed and nobody touched it since.
    pub(crate) fn seal(&self, commit: &str) -> Result<Option<Seal>, Error> {
        Ok(Seal::read(&self.program.text(&["cat-file", "commit", commit])?))
    }

    /// Makes a commit.
    pub(crate) fn commit(&self, draft: &Draft<'_>) -> Result<String, Error> {
        let index = self.folder().join(".git/remit-index");
        let with_index: &[(&str, &OsStr)] = &[("GIT_INDEX_FILE", index.as_os_str())];
        self.program.start(&["read-tree", draft.parent], None, with_index)?;
        let mut entries = Vec::new();
        for edited in draft.files {
            let mode = match self.entry(draft.parent, &edited.path)? {
                Some(entry) if entry.mode.starts_with("100") => entry.mode,
                Some(_) => {
                    return Err(Error::Wrong(format!(
                        "`{}` is no plain file in the repository",
                        edited.path.escape_debug()
                    )));
                }
                None => "100644".to_owned(),
            };
            let object = self.program.run(&["hash-object", "-w", "--stdin"], Some(&edited.bytes))?;
            let object = String::from_utf8_lossy(&object);
            entries.extend_from_slice(format!("{mode} {}\t{}\0", object.trim(), edited.path).as_bytes());
        }
        self.program.start(&["update-index", "-z", "--add", "--index-info"], Some(&entries), with_index)?;
        let tree = self.program.start(&["write-tree"], None, with_index)?;
        let tree = String::from_utf8_lossy(&tree).trim().to_owned();
        let message = Seal::message(draft.message, &tree, draft.parent);
        let moment = format!("{} +0000", draft.moment);
        let Author { name, email } = draft.author;
        let who: Vec<(&str, &OsStr)> = [
            ("GIT_AUTHOR_NAME", name),
            ("GIT_AUTHOR_EMAIL", email),
            ("GIT_AUTHOR_DATE", &moment),
            ("GIT_COMMITTER_NAME", name),
            ("GIT_COMMITTER_EMAIL", email),
            ("GIT_COMMITTER_DATE", &moment),
        ]
        .map(|(variable, value)| (variable, OsStr::new(value)))
        .to_vec();
        let commit = self.program.start(
            &["commit-tree", "-p", draft.parent, "-F", "-", &tree],
            Some(message.as_bytes()),
            &who,
        )?;
        Ok(String::from_utf8_lossy(&commit).trim().to_owned())
    }

    /// Puts a commit onto a branch of the remote, if the branch is still where it was seen.
    pub(crate) fn push(&self, branch: &str, commit: &str, seen: Option<&str>) -> Result<(), Error> {
        let lease = format!("--force-with-lease=refs/heads/{branch}:{}", seen.unwrap_or_default());
        let refspec = format!("{commit}:refs/heads/{branch}");
        self.program
            .run(&["push", "--quiet", "--no-verify", &lease, "--", &self.remote, &refspec], None)
            .map(drop)
    }

    /// Whether what a commit changed can no longer be merged with a base that went on since.
    pub(crate) fn conflicts(&self, commit: &str, base: &str) -> Result<bool, Error> {
        let old = self.parent(commit)?;
        for path in self.changed(&old, commit)? {
            let entries = [base, old.as_str(), commit].map(|at| self.entry(at, &path));
            let [ours, before, theirs] = entries;
            let (ours, before, theirs) = (ours?, before?, theirs?);
            if ours == before || ours == theirs {
                continue;
            }
            let (Some(ours), Some(before), Some(theirs)) = (ours, before, theirs) else { return Ok(true) };
            if self.merge(&ours, &before, &theirs)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Paths that a commit changed, of one that was fetched.
    pub(crate) fn paths(&self, commit: &str) -> Result<Vec<String>, Error> {
        self.changed(&self.parent(commit)?, commit)
    }

    /// What takes back what a commit changed, on a base that may have gone on since. None where that conflicts.
    pub(crate) fn reversal(&self, commit: &str, base: &str) -> Result<Option<Vec<Edited>>, Error> {
        let old = self.parent(commit)?;
        let mut files = Vec::new();
        for path in self.changed(&old, commit)? {
            let entries = [base, commit, old.as_str()].map(|at| self.entry(at, &path));
            let [ours, new, before] = entries;
            let (Some(ours), Some(new), Some(before)) = (ours?, new?, before?) else { return Ok(None) };
            let Some(bytes) = self.merge(&ours, &new, &before)? else { return Ok(None) };
            if bytes != self.bytes(&ours)? {
                files.push(Edited { path, bytes });
            }
        }
        Ok(Some(files))
    }

    /// A commit as a patch that `git am` and `git apply` take.
    pub(crate) fn patch(&self, commit: &str) -> Result<Vec<u8>, Error> {
        self.program
            .run(&["format-patch", "--stdout", "-1", "--no-signature", "--binary", commit, "--"], None)
    }

    /// Paths of files that differ between two commits. Names that are no text are nobody's that Remit edits.
    fn changed(&self, old: &str, new: &str) -> Result<Vec<String>, Error> {
        let said = self
            .program
            .run(&["diff-tree", "-r", "-z", "--no-renames", "--name-only", old, new, "--"], None)?;
        let paths = said.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.filter_map(|path| String::from_utf8(path.to_vec()).ok()).collect())
    }

    /// A file of a commit.
    fn entry(&self, commit: &str, path: &str) -> Result<Option<Entry>, Error> {
        if !is_path(path) {
            return Err(Error::Wrong(format!("`{}` is no path in a repository", path.escape_debug())));
        }
        let said = self.program.run(&["--literal-pathspecs", "ls-tree", "-z", commit, "--", path], None)?;
        let said = String::from_utf8_lossy(&said);
        let entry = said.split('\0').find_map(|line| {
            let (words, name) = line.split_once('\t')?;
            let mut words = words.split(' ');
            let (mode, object) = (words.next()?, words.nth(1)?);
            (name == path).then(|| Entry { mode: mode.to_owned(), object: object.to_owned() })
        });
        Ok(entry)
    }

    fn bytes(&self, entry: &Entry) -> Result<Vec<u8>, Error> {
        self.program.run(&["cat-file", "blob", &entry.object], None)
    }

    /// Three versions of a file merged; none where they conflict.
    fn merge(&self, ours: &Entry, before: &Entry, theirs: &Entry) -> Result<Option<Vec<u8>>, Error> {
        let folder = self.folder().join(".git/remit-merge");
        fs::create_dir_all(&folder).map_err(|error| file(&folder, &error))?;
        for (name, entry) in [("ours", ours), ("before", before), ("theirs", theirs)] {
            let path = folder.join(name);
            fs::write(&path, self.bytes(entry)?).map_err(|error| file(&path, &error))?;
        }
        self.program.merged([".git/remit-merge/ours", ".git/remit-merge/before", ".git/remit-merge/theirs"])
    }
}

fn file(path: &Path, error: &std::io::Error) -> Error {
    Error::File { path: path.to_owned(), cause: error.to_string() }
}

/// Whether a text is the name of an object.
fn is_object(text: &str) -> bool {
    (40..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text can be a branch, by the rules of `git check-ref-format`.
fn is_branch(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with(['-', '/', '.'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains("//")
        && !name.contains("@{")
        && !name.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock"))
        && !name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c))
}

/// Whether a text is a path within a repository.
fn is_path(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\0')
        && path.split('/').all(|part| !["", ".", ".."].contains(&part) && !part.eq_ignore_ascii_case(".git"))
}

#[cfg(test)]
mod tests;
