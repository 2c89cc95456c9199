//! A remote repository with policies in it, its forge, and runs against both.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use remit_forge::{
    Author, Change, Edited, Editor, Error, Facts, Forge, Git, Kind, Line, Proof, Report, Settings, Standing,
    Token, run,
};
use remit_tests::forge::{self, Flavour, PROJECT, TOKEN};
use tempfile::TempDir;

pub(crate) const NOW: &str = "2026-11-28T12:00:00Z";

/// A remote repository and its forge.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) forge: forge::Forge,
    pub(crate) flavour: Flavour,
    pub(crate) settings: Settings,
    pub(crate) now: String,
}

/// Takes lines with permissions out of `iam/NAME.json`, as long as there is such a file.
pub(crate) struct Lines;

impl Editor for Lines {
    fn change(
        &mut self,
        repository: &Path,
        facts: &Facts,
        kept: &BTreeSet<String>,
    ) -> Result<Change, String> {
        let path = format!("iam/{}.json", facts.name);
        let Ok(text) = fs::read_to_string(repository.join(&path)) else {
            return Ok(Change { absent: Some("no file has it".to_owned()), ..Change::default() });
        };
        let going: Vec<String> =
            facts.going(kept, &BTreeSet::new()).map(|line| format!("\"{}\"", line.permission)).collect();
        let stays = text.split_inclusive('\n').filter(|line| !going.iter().any(|gone| line.contains(gone)));
        let new: String = stays.collect();
        let files = if new == text { vec![] } else { vec![Edited { path, bytes: new.into_bytes() }] };
        Ok(Change { files, ..Change::default() })
    }
}

/// What is proposed for a role whose policy has the permissions `a` to `f`.
pub(crate) fn facts(name: &str, removed: &[&str]) -> Facts {
    let line = |permission: &str, standing| Line {
        group: "s3".to_owned(),
        permission: format!("s3:{permission}"),
        why: "no use in 90 days".to_owned(),
        standing,
        denied: 0,
        from: BTreeSet::from(["one".to_owned()]),
    };
    Facts {
        folder: PathBuf::new(),
        identity: format!("arn:aws:iam::111122223333:role/{name}"),
        kind: "role".to_owned(),
        name: name.to_owned(),
        window: ("2026-08-30T00:00:00Z".to_owned(), "2026-11-28T00:00:00Z".to_owned()),
        used_since: None,
        coverage: vec!["management write events".to_owned()],
        lost: Some(0),
        removed: removed.iter().map(|one| line(one, Standing::Removed)).collect(),
        kept: vec![line("a", Standing::Used)],
        proof: Proof { what: "recorded requests", form: None, replayed: 7, allowed: 7, calls: 7 },
        replay: None,
        tier: None,
        watched: None,
    }
}

impl Place {
    /// A repository with a policy for each of three roles, and a forge.
    pub(crate) fn new(flavour: Flavour) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        git(place, &["init", "--quiet", "--bare", "-b", "main", "remote.git"]);
        git(place, &["clone", "--quiet", "remote.git", "work"]);
        let forge = forge::Forge::start(flavour, &place.join("remote.git"), NOW);
        let settings = Settings {
            base: None,
            label: "remit".to_owned(),
            max_open: 3,
            a_day: 1,
            has_dashboard: true,
            author: Author { name: "Remit".to_owned(), email: "remit@example.org".to_owned() },
            is_dry: false,
        };
        let new = Self { folder, forge, flavour, settings, now: NOW.to_owned() };
        for name in ["one", "two", "three", "four", "five"] {
            let lines: String =
                ["a", "b", "c", "d", "e", "f"].map(|one| format!("  \"s3:{one}\",\n")).concat();
            new.write(&format!("iam/{name}.json"), &format!("[\n{lines}]\n"));
        }
        new.write(".github/CODEOWNERS", "/iam/ @maya @acme/platform\n/iam/two.json @lee\n");
        new.write("CODEOWNERS", "/iam/ @maya @acme/platform\n");
        new.commit("Begin");
        new
    }

    /// Writes a file of the main branch, which [`Self::commit`] publishes.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join("work").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Publishes what was written.
    pub(crate) fn commit(&self, message: &str) {
        let work = self.folder.path().join("work");
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "--quiet", "--allow-empty", "-m", message]);
        git(&work, &["push", "--quiet", "origin", "HEAD:main"]);
    }

    /// Runs git in the working copy.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.folder.path().join("work"), arguments)
    }

    /// A file of a branch of the remote.
    pub(crate) fn file(&self, branch: &str, path: &str) -> String {
        git(&self.folder.path().join("remote.git"), &["show", &format!("{branch}:{path}")])
    }

    /// Branches of the remote with their commits.
    pub(crate) fn branches(&self) -> BTreeMap<String, String> {
        let said = git(
            &self.folder.path().join("remote.git"),
            &["for-each-ref", "--format=%(refname:short) %(objectname)"],
        );
        said.lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect()
    }

    pub(crate) fn remote(&self) -> String {
        format!("file://{}", self.folder.path().join("remote.git").display())
    }

    pub(crate) fn api(&self, token: &str, patience: u64) -> Forge {
        let kind = match self.flavour {
            Flavour::GitHub => Kind::GitHub,
            Flavour::GitLab => Kind::GitLab,
        };
        let api = self.forge.api().parse().unwrap();
        Forge::new(kind, &api, PROJECT, Token::new("FORGE_TOKEN", token), patience).unwrap()
    }

    /// A run.
    pub(crate) fn try_run(&self, proposals: &[Facts], settled: &[&str]) -> Result<Report, Error> {
        self.try_run_as(&self.api(TOKEN, 10), proposals, settled)
    }

    pub(crate) fn try_run_as(
        &self,
        api: &Forge,
        proposals: &[Facts],
        settled: &[&str],
    ) -> Result<Report, Error> {
        self.try_run_at(&self.remote(), api, proposals, settled)
    }

    /// The same with the repository reached by another way.
    pub(crate) fn try_run_at(
        &self,
        remote: &str,
        api: &Forge,
        proposals: &[Facts],
        settled: &[&str],
    ) -> Result<Report, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let scratch = Git::open(remote, None)?;
        let settled = settled.iter().map(|name| format!("arn:aws:iam::111122223333:role/{name}")).collect();
        let now: Timestamp = self.now.parse().unwrap();
        runtime.block_on(run(api, &scratch, proposals, &settled, &mut Lines, &self.settings, now))
    }

    /// A run that must end well, and leaves nothing that the forge does not document.
    pub(crate) fn run(&self, proposals: &[Facts]) -> Report {
        let report = self.try_run(proposals, &[]).unwrap();
        assert_eq!(self.forge.violations(), [] as [&str; 0]);
        report
    }

    /// What became of each identity, in a word or two.
    pub(crate) fn states(&self, proposals: &[Facts]) -> Vec<(String, &'static str)> {
        let report = self.run(proposals);
        assert_eq!(report.problems, [] as [&str; 0]);
        let name = |identity: &str| identity.rsplit('/').next().unwrap().to_owned();
        let mut states: Vec<_> = report.outcomes.iter().map(|one| (name(&one.identity), one.state)).collect();
        states.sort();
        states
    }

    /// What became of the only identity.
    pub(crate) fn state(&self, proposal: &Facts) -> &'static str {
        self.states(std::slice::from_ref(proposal)).first().unwrap().1
    }

    /// Merges a pull request as a forge does.
    pub(crate) fn merge(&self, number: u64) {
        let pull = self.forge.pulls().into_iter().find(|pull| pull.number == number).unwrap();
        self.git(&["fetch", "--quiet", "origin"]);
        self.git(&["reset", "--quiet", "--hard", "origin/main"]);
        self.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", &format!("origin/{}", pull.branch)]);
        self.git(&["push", "--quiet", "origin", "HEAD:main"]);
        self.git(&["push", "--quiet", "origin", "--delete", &pull.branch]);
        let commit = self.git(&["rev-parse", "HEAD"]).trim().to_owned();
        let now = self.now.clone();
        self.forge.change(number, |pull| {
            pull.state = "merged".to_owned();
            pull.commit = Some(commit);
            pull.updated = now;
        });
    }

    /// What time it is from now on.
    pub(crate) fn set_now(&mut self, now: &str) {
        now.clone_into(&mut self.now);
        self.forge.set_now(now);
    }
}

/// Runs git, which must succeed, as somebody who is no part of the machine's settings.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments);
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Person"),
        ("GIT_AUTHOR_EMAIL", "person@example.org"),
        ("GIT_COMMITTER_NAME", "Person"),
        ("GIT_COMMITTER_EMAIL", "person@example.org"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
