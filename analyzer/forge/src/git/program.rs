//! The program `git`, started such that nothing of a repository or of this machine's settings leads it elsewhere.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::file;
use crate::error::Error;

/// The program in a scratch folder, which goes away when this is dropped.
pub(super) struct Program {
    folder: tempfile::TempDir,
    /// Among them may be the token.
    settings: Vec<(String, String)>,
}

/// What a repository brings must not run, and what is read from it must be what is in it.
const SETTINGS: &[(&str, &str)] = &[
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
];

impl Program {
    /// In a folder of its own, with a further setting.
    pub(super) fn new(further: Option<(String, String)>) -> Result<Self, Error> {
        let settings = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let folder = tempfile::Builder::new().prefix("remit-").tempdir();
        let folder = folder.map_err(|error| file(&std::env::temp_dir(), &error))?;
        Ok(Self { folder, settings: settings.chain(further).collect() })
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it, and takes what it writes as text.
    pub(super) fn text(&self, arguments: &[&str]) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.run(arguments, None)?).into_owned())
    }

    /// Starts it. What it writes.
    pub(super) fn run(&self, arguments: &[&str], input: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        self.start(arguments, input, &[])
    }

    /// The same with more in its environment.
    pub(super) fn start(
        &self,
        arguments: &[&str],
        input: Option<&[u8]>,
        settings: &[(&str, &OsStr)],
    ) -> Result<Vec<u8>, Error> {
        let output = self.output(arguments, input, settings)?;
        if output.status.success() { Ok(output.stdout) } else { Err(failure(verb(arguments), &output)) }
    }

    /// Starts it, however it ends.
    fn output(
        &self,
        arguments: &[&str],
        input: Option<&[u8]>,
        settings: &[(&str, &OsStr)],
    ) -> Result<Output, Error> {
        let mut command = self.command();
        command.args(arguments).envs(settings.iter().copied());
        finish(&mut command, verb(arguments), input)
    }

    /// Three files of the scratch folder merged; none where they conflict.
    pub(super) fn merged(&self, [ours, before, theirs]: [&str; 3]) -> Result<Option<Vec<u8>>, Error> {
        let arguments = ["merge-file", "-p", "--quiet", "--", ours, before, theirs];
        let output = self.output(&arguments, None, &[])?;
        match output.status.code() {
            Some(0) => Ok(Some(output.stdout)),
            // As many conflicts as there are, and an error from 128 on.
            Some(1..=127) => Ok(None),
            _ => Err(failure(verb(&arguments), &output)),
        }
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

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What it is to do, of its arguments.
fn verb<'a>(arguments: &[&'a str]) -> &'a str {
    arguments.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default()
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
