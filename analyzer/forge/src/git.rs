//! Git, as the program `git` in a scratch repository: no shell, no hook, no filter, no credential on disk.

mod seal;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

pub(crate) use self::seal::{EVIDENCE, Seal, UNIT};
use crate::change::Edited;
use crate::error::Error;
use crate::rest::is_loopback;
use crate::token::Token;

/// A scratch repository beside a remote one. It goes away when it is dropped.
#[derive(Debug)]
pub struct Git {
    folder: tempfile::TempDir,
    remote: String,
    settings: Vec<(String, String)>,
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

impl Git {
    /// A scratch repository for a remote one. The token goes into a header that only this remote's host is sent, by the
    /// environment of the programs that are started.
    pub fn open(remote: &str, token: Option<(&str, &Token)>) -> Result<Self, Error> {
        if remote.is_empty() || remote.starts_with('-') || remote.chars().any(char::is_control) {
            return Err(Error::Wrong(format!("`{}` is no address of a repository", remote.escape_debug())));
        }
        let mut settings: Vec<(String, String)> = [
            // What a repository brings must not run, and what is read from it must be what is in it.
            ("core.hooksPath", "/dev/null"),
            ("core.fsmonitor", "false"),
            ("core.autocrlf", "false"),
            ("core.symlinks", "false"),
            ("core.quotePath", "false"),
            ("submodule.recurse", "false"),
            ("gc.auto", "0"),
            ("advice.detachedHead", "false"),
            ("commit.gpgSign", "false"),
            ("push.gpgSign", "false"),
            ("push.followTags", "false"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
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
                settings.push((format!("http.{host}/.extraHeader"), format!("Authorization: Basic {basic}")));
            }
        }
        let folder = tempfile::Builder::new().prefix("remit-").tempdir();
        let folder = folder.map_err(|error| file(&std::env::temp_dir(), &error))?;
        let git = Self { folder, remote: remote.to_owned(), settings };
        git.run(&["init", "--quiet", "--template=", "--", "."], None)?;
        // Attributes of the repository would have files read otherwise than they are.
        let info = git.folder.path().join(".git/info");
        fs::create_dir_all(&info).map_err(|error| file(&info, &error))?;
        let attributes = info.join("attributes");
        let nothing = "* -text -filter -ident -working-tree-encoding -merge=text\n";
        fs::write(&attributes, nothing).map_err(|error| file(&attributes, &error))?;
        Ok(git)
    }

    /// The name of the branch that the remote's `HEAD` is, where it tells.
    pub fn head(&self) -> Result<Option<String>, Error> {
        let said = self.text(&["ls-remote", "--symref", "--", &self.remote, "HEAD"])?;
        let named = said.lines().find_map(|line| line.strip_prefix("ref: refs/heads/")?.split_once('\t'));
        Ok(named.map(|(name, _)| name.to_owned()))
    }

    /// Branches of the remote below a prefix, with their commits.
    pub(crate) fn branches(&self, prefix: &str) -> Result<BTreeMap<String, String>, Error> {
        let pattern = format!("refs/heads/{prefix}*");
        let said = self.text(&["ls-remote", "--refs", "--", &self.remote, &pattern])?;
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
        self.run(&["checkout", "--quiet", "--force", "--detach", BASE, "--"], None)?;
        self.resolve(BASE)
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Fetches a branch with the commit that it stands on.
    pub(crate) fn fetch_branch(&self, branch: &str) -> Result<String, Error> {
        let name = format!("refs/remit/heads/{branch}");
        self.fetch(&format!("refs/heads/{branch}"), &name, 2)?;
        self.resolve(&name)
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
        self.run(&arguments, None).map(drop)
    }

    fn resolve(&self, name: &str) -> Result<String, Error> {
        let commit = self.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", name])?;
        Ok(commit.trim().to_owned())
    }

    /// The commit that a commit stands on, its first where it has several.
    pub(crate) fn parent(&self, commit: &str) -> Result<String, Error> {
        self.resolve(&format!("{commit}^1"))
    }

    /// What a commit says of itself, where it is sealed and nobody touched it since.
    pub(crate) fn seal(&self, commit: &str) -> Result<Option<Seal>, Error> {
        Ok(Seal::read(&self.text(&["cat-file", "commit", commit])?))
    }

    /// Makes a commit.
    pub(crate) fn commit(&self, draft: &Draft<'_>) -> Result<String, Error> {
        let index = self.folder.path().join(".git/remit-index");
        let with_index: &[(&str, &OsStr)] = &[("GIT_INDEX_FILE", index.as_os_str())];
        self.start(&["read-tree", draft.parent], None, with_index)?;
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
            let object = self.run(&["hash-object", "-w", "--stdin"], Some(&edited.bytes))?;
            let object = String::from_utf8_lossy(&object);
            entries.extend_from_slice(format!("{mode} {}\t{}\0", object.trim(), edited.path).as_bytes());
        }
        self.start(&["update-index", "-z", "--add", "--index-info"], Some(&entries), with_index)?;
        let tree = self.start(&["write-tree"], None, with_index)?;
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
        let commit = self.start(
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
        self.run(&["push", "--quiet", "--no-verify", &lease, "--", &self.remote, &refspec], None).map(drop)
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
        self.run(&["format-patch", "--stdout", "-1", "--no-signature", "--binary", commit, "--"], None)
    }

    /// Paths of files that differ between two commits. Names that are no text are nobody's that Remit edits.
    fn changed(&self, old: &str, new: &str) -> Result<Vec<String>, Error> {
        let said =
            self.run(&["diff-tree", "-r", "-z", "--no-renames", "--name-only", old, new, "--"], None)?;
        let paths = said.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.filter_map(|path| String::from_utf8(path.to_vec()).ok()).collect())
    }

    /// A file of a commit.
    fn entry(&self, commit: &str, path: &str) -> Result<Option<Entry>, Error> {
        if !is_path(path) {
            return Err(Error::Wrong(format!("`{}` is no path in a repository", path.escape_debug())));
        }
        let said = self.run(&["--literal-pathspecs", "ls-tree", "-z", commit, "--", path], None)?;
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
        self.run(&["cat-file", "blob", &entry.object], None)
    }

    /// Three versions of a file merged; none where they conflict.
    fn merge(&self, ours: &Entry, before: &Entry, theirs: &Entry) -> Result<Option<Vec<u8>>, Error> {
        let folder = self.folder.path().join(".git/remit-merge");
        fs::create_dir_all(&folder).map_err(|error| file(&folder, &error))?;
        let mut names: Vec<PathBuf> = Vec::new();
        for (name, entry) in [("ours", ours), ("before", before), ("theirs", theirs)] {
            let path = folder.join(name);
            fs::write(&path, self.bytes(entry)?).map_err(|error| file(&path, &error))?;
            names.push(path);
        }
        let mut command = self.command();
        command.args(["merge-file", "-p", "--quiet", "--"]).args(&names);
        let output = finish(&mut command, "merge-file", None)?;
        match output.status.code() {
            Some(0) => Ok(Some(output.stdout)),
            // As many conflicts as there are, and an error from 128 on.
            Some(1..=127) => Ok(None),
            _ => Err(failure("merge-file", &output)),
        }
    }

    fn text(&self, arguments: &[&str]) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.run(arguments, None)?).into_owned())
    }

    fn run(&self, arguments: &[&str], input: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        self.start(arguments, input, &[])
    }

    fn start(
        &self,
        arguments: &[&str],
        input: Option<&[u8]>,
        settings: &[(&str, &OsStr)],
    ) -> Result<Vec<u8>, Error> {
        let mut command = self.command();
        command.args(arguments).envs(settings.iter().copied());
        let verb = arguments.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
        let output = finish(&mut command, verb, input)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failure(verb, &output)) }
    }

    /// Git in the scratch folder, with its settings in the environment: an argument could be read by everybody on the machine, and
    /// a file would stay.
    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(self.folder.path());
        let inherited: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
        for name in inherited {
            let text = name.to_string_lossy();
            // Of another repository, or traces that would show what is sent.
            let is_foreign = text.starts_with("GIT_TRACE")
                || text.starts_with("GIT_CONFIG_KEY_")
                || text.starts_with("GIT_CONFIG_VALUE_")
                || FOREIGN.contains(&text.as_ref());
            if is_foreign {
                command.env_remove(&name);
            }
        }
        command.env("GIT_CONFIG_COUNT", self.settings.len().to_string());
        for (at, (name, value)) in self.settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), name).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("SSH_ASKPASS_REQUIRE", "never")
            // A connection that stands still is given up.
            .env("GIT_HTTP_LOW_SPEED_LIMIT", "100")
            .env("GIT_HTTP_LOW_SPEED_TIME", "60")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Variables that would lead Git elsewhere.
const FOREIGN: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CURL_VERBOSE",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

fn finish(command: &mut Command, verb: &str, input: Option<&[u8]>) -> Result<Output, Error> {
    let broken = |error: &std::io::Error| Error::Git {
        verb: verb.to_owned(),
        cause: error.to_string(),
        hint: "\nhint: is git installed?",
    };
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.spawn().map_err(|error| broken(&error))?;
    let pipe = child.stdin.take().zip(input.map(<[u8]>::to_vec));
    // Whoever writes all before anything is read may wait for ever.
    let writer = pipe.map(|(mut pipe, bytes)| std::thread::spawn(move || pipe.write_all(&bytes)));
    let output = child.wait_with_output().map_err(|error| broken(&error))?;
    if let Some(writer) = writer {
        // Git that ends before it has read all says why.
        let _ = writer.join();
    }
    Ok(output)
}

fn failure(verb: &str, output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    // What a remote says itself comes first and explains the rest; hints of git's are for people at a prompt.
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with("hint:")).take(4).collect();
    let cause: String = lines.join("; ").chars().take(500).collect();
    let is_denied =
        ["denied", "403", "401", "could not read Username", "Authentication failed", "Permission"]
            .iter()
            .any(|sign| cause.contains(sign));
    let hint = match verb {
        _ if cause.contains("stale info") => "\nhint: somebody changed the branch meanwhile: run again",
        "push" if is_denied => "\nhint: the token, or the key, needs the right to write to the repository",
        "fetch" | "ls-remote" if is_denied => {
            "\nhint: the token, or the key, needs the right to read the repository"
        }
        _ => "",
    };
    let cause = if cause.is_empty() { "it does not say why".to_owned() } else { cause };
    Error::Git { verb: verb.to_owned(), cause, hint }
}

fn file(path: &Path, error: &std::io::Error) -> Error {
    Error::File { path: path.to_owned(), cause: error.to_string() }
}

/// Whether a text is the name of an object.
fn is_object(text: &str) -> bool {
    (40..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text can be a branch, by the rules of `git check-ref-format`.
pub(crate) fn is_branch(name: &str) -> bool {
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
