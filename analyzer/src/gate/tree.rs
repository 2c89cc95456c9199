//! The two trees that are compared: a folder, a file, or a folder as it was at a revision of git.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use remit_source::{Limits, Repository, may_hold};

/// A folder, or a single file.
pub(crate) fn of_path(path: &Path) -> anyhow::Result<Repository> {
    if path.is_file() {
        return Ok(Repository::of([(alone(path), crate::proposals::read_file(path)?)]));
    }
    Ok(Repository::read(path, Limits::default())?)
}

/// What a single file goes by: two are compared whatever they are called.
fn alone(path: &Path) -> PathBuf {
    let end = path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    PathBuf::from(format!("policy{end}"))
}

/// A folder or file as it was where its branch left a revision, or at the revision where they have nothing in common.
pub(crate) fn of_revision(path: &Path, revision: &str) -> anyhow::Result<Repository> {
    let file = path.file_name().filter(|_| path.is_file()).map(OsStr::to_string_lossy);
    let folder = match file {
        Some(_) => path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        None => path,
    };
    let hint = "hint: give a folder, or a revision of the repository such as `origin/main`; a shallow clone lacks \
                earlier ones: `git fetch --unshallow`";
    if revision.starts_with('-') {
        bail!("`{revision}` is no revision\n{hint}");
    }
    let commit = format!("{revision}^{{commit}}");
    let commit = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
        .map_err(|_| anyhow::anyhow!("no folder and no revision is named `{revision}`\n{hint}"))?;
    let commit = commit.trim();
    let base = git(folder, &["merge-base", commit, "HEAD"]).unwrap_or_else(|_| commit.to_owned());
    let wanted = file.as_deref().unwrap_or(".");
    let listed = git(folder, &["ls-tree", "-r", "-z", "--long", base.trim(), "--", wanted])
        .with_context(|| format!("cannot list `{revision}`"))?;
    let limits = Limits::default();
    let mut files = Vec::new();
    for entry in listed.split('\0').filter(|entry| !entry.is_empty()) {
        let Some((about, name)) = entry.split_once('\t') else { continue };
        let mut about = about.split_whitespace();
        let (mode, _, object, size) = (about.next(), about.next(), about.next(), about.next());
        let size = size.and_then(|size| size.parse::<u64>().ok());
        let is_file = mode.is_some_and(|mode| mode.starts_with("100"));
        let name = if file.is_some() { alone(path) } else { PathBuf::from(name) };
        if let (Some(object), Some(size)) = (object, size)
            && is_file
            && (file.is_some() || may_hold(&name))
            && size <= limits.file
        {
            files.push((name, object.to_owned(), size));
        }
    }
    let total: u64 = files.iter().map(|(.., size)| size).sum();
    if total > limits.total {
        bail!(
            "`{revision}` has more than {} bytes of policies\nhint: name the folder that holds them",
            limits.total
        );
    }
    Ok(Repository::of(contents(folder, files)?))
}

/// Texts of objects, those that are no text left out.
fn contents(folder: &Path, files: Vec<(PathBuf, String, u64)>) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut child = command(folder, &["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run `git`")?;
    let asked: String = files.iter().map(|(_, object, _)| format!("{object}\n")).collect();
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut bytes = Vec::new();
    // Asked and read at the same time, since a pipe holds only so much of either.
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(asked.as_bytes())));
        stdout.map(|mut stdout| stdout.read_to_end(&mut bytes)).transpose()
    })
    .context("cannot read from `git`")?;
    child.wait().context("cannot run `git`")?;
    let mut rest = bytes.as_slice();
    let mut texts = Vec::new();
    for (path, object, size) in files {
        // `OBJECT blob SIZE`, the bytes, and the end of a line.
        let head = format!("{object} blob {size}\n");
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let body = rest.strip_prefix(head.as_bytes()).and_then(|rest| rest.split_at_checked(size));
        let Some((body, behind)) = body else {
            bail!("`git cat-file` answers something else for `{}`", path.display())
        };
        rest = behind.strip_prefix(b"\n").unwrap_or(behind);
        texts.extend(String::from_utf8(body.to_vec()).ok().map(|text| (path, text)));
    }
    Ok(texts)
}

/// What git prints. No hook, pager or terminal of the user has a part in it.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = command(folder, arguments).output().context("cannot run `git`")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("git failed").trim());
    }
    String::from_utf8(output.stdout).context("`git` prints names that are not UTF-8")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["--no-pager", "--literal-pathspecs"]).args(arguments);
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").stdin(Stdio::null());
    command
}
