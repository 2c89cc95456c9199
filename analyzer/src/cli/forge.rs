//! What the verbs that ask a forge have in common.

use std::path::PathBuf;

use anyhow::Context as _;
use remit_forge::codeowners::Dialect;
use remit_forge::{Address, Author, Facts, Forge, Git, Kind, Outcome, Report, Said, Settings, Token};
use serde::Serialize;
use url::Url;

use super::{Streams, WrongUsage};
use crate::exit::Exit;
use crate::output::{Cell, Format, Row, plain, print};
use crate::proposals;

/// A forge's API
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ApiArguments {
    /// Which forge it is, where nothing else tells
    #[arg(long, value_enum)]
    forge: Option<Which>,
    /// The forge's API, where it is not where that of its host usually is
    #[arg(long, value_name = "URL")]
    api: Option<Url>,
    /// The repository's name on the forge, where nothing else tells
    #[arg(long, value_name = "OWNER/NAME")]
    project: Option<String>,
    /// The environment variable with the token [default: GITHUB_TOKEN or GITLAB_TOKEN]
    #[arg(long, value_name = "NAME")]
    token_env: Option<String>,
    /// The longest time to wait in all where the forge asks for that, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    max_wait: u64,
}

/// Which repository, on which forge
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ForgeArguments {
    /// The repository, as `git clone` takes it
    #[arg(long, value_name = "URL")]
    repo: String,
    #[command(flatten)]
    of_api: ApiArguments,
    /// The branch that pull requests are for [default: the repository's own]
    #[arg(long, value_name = "BRANCH")]
    base: Option<String>,
    /// The label of what Remit opens
    #[arg(long, value_name = "NAME", default_value = "remit")]
    label: String,
    /// Who commits
    #[arg(long, value_name = "NAME <ADDRESS>", default_value = "Remit <remit@noreply.invalid>", value_parser = author)]
    author: Author,
    /// Say what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Which {
    /// GitHub, or an enterprise host of it
    Github,
    /// GitLab, on whichever host
    Gitlab,
}

impl From<Which> for Kind {
    fn from(which: Which) -> Self {
        match which {
            Which::Github => Self::GitHub,
            Which::Gitlab => Self::GitLab,
        }
    }
}

impl ForgeArguments {
    /// Settings of a run that opens nothing but what it has to.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            base: self.base.clone(),
            label: self.label.clone(),
            max_open: 3,
            a_day: 1,
            has_dashboard: false,
            author: self.author.clone(),
            is_dry: self.dry_run,
        }
    }

    /// The forge, and the repository beside it.
    pub(super) fn open(&self) -> anyhow::Result<(Forge, Git)> {
        let address =
            Address::of(&self.repo, self.of_api.said()).map_err(|error| WrongUsage(error.to_string()))?;
        let token = self.of_api.token(address.kind, "write to the repository and its pull requests")?;
        let git = Git::open(&self.repo, Some((address.kind.git_user(), &token)))?;
        Ok((self.of_api.open(&address, token)?, git))
    }

    /// The repository alone, without a token.
    pub(super) fn repository(&self) -> anyhow::Result<Git> {
        Ok(Git::open(&self.repo, None)?)
    }

    /// Whose rules `CODEOWNERS` follows, as far as anything tells which forge the repository is on.
    pub(super) fn dialect(&self) -> Dialect {
        let address = Address::of(&self.repo, self.of_api.said());
        let kind = self.of_api.forge.map(Kind::from).or_else(|| Some(address.ok()?.kind));
        kind.unwrap_or(Kind::GitHub).dialect()
    }

    /// Prints what became of each identity, and says the rest.
    pub(super) fn print(&self, report: &Report, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
        let lines: Vec<Line<'_>> = report.outcomes.iter().map(Line).collect();
        print(&lines, self.format, streams.out)?;
        report.notes.iter().for_each(|note| streams.say(note));
        report.problems.iter().for_each(|problem| streams.problem(problem));
        Ok(if report.problems.is_empty() { Exit::Done } else { Exit::Failed })
    }
}

impl ApiArguments {
    /// What the options say of the forge.
    pub(super) fn said(&self) -> Said {
        Said { kind: self.forge.map(Kind::from), api: self.api.clone(), project: self.project.clone() }
    }

    /// The forge at an address.
    pub(super) fn open(&self, address: &Address, token: Token) -> anyhow::Result<Forge> {
        Ok(Forge::new(address.kind, &address.api, &address.project, token, self.max_wait)?)
    }

    /// The token for a forge, from the environment. `needed` is what it may do, in words.
    pub(super) fn token(&self, kind: Kind, needed: &str) -> anyhow::Result<Token> {
        let usual: &[&str] = match kind {
            Kind::GitHub => &["GITHUB_TOKEN", "GH_TOKEN"],
            Kind::GitLab => &["GITLAB_TOKEN"],
        };
        let named = self.token_env.as_deref();
        let names = named.as_ref().map_or(usual, std::slice::from_ref);
        let found = names.iter().find_map(|name| {
            let secret = std::env::var(name).ok().filter(|secret| !secret.trim().is_empty())?;
            Some(Token::new(name, &secret))
        });
        found.with_context(|| {
            format!(
                "there is no token in the environment variable `{}`\nhint: put one there that may {needed}, or \
                 name another variable by `--token-env`",
                names.join("` or `")
            )
        })
    }
}

/// `Name <address>`, as Git writes it.
fn author(text: &str) -> Result<Author, String> {
    let parts = text.strip_suffix('>').and_then(|text| text.split_once('<'));
    let parts = parts.map(|(name, email)| (name.trim(), email.trim()));
    match parts.filter(|(name, email)| !name.is_empty() && !email.is_empty() && !text.contains(['\n', '\0']))
    {
        Some((name, email)) => Ok(Author { name: name.to_owned(), email: email.to_owned() }),
        None => Err("write it like `Name <address@example.org>`".to_owned()),
    }
}

/// The proposals of a folder, and identities of which it says that nothing is to be proposed.
pub(super) fn proposals_in(
    folder: &std::path::Path,
) -> anyhow::Result<(Vec<Facts>, std::collections::BTreeSet<String>)> {
    let index = proposals::read_index(folder)?;
    let folders: Vec<PathBuf> = proposals::folders(folder)?;
    let facts = folders.iter().map(|folder| Facts::read(folder).map_err(anyhow::Error::from));
    Ok((facts.collect::<anyhow::Result<_>>()?, index.settled))
}

/// A runtime for the few requests of a run.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

#[derive(Serialize)]
#[serde(transparent)]
struct Line<'a>(&'a Outcome);

impl Row for Line<'_> {
    const TITLES: &'static [&'static str] = &["IDENTITY", "STATE", "REMOVED", "URL", "DETAIL"];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Text(plain(&self.0.identity)),
            Cell::Text(self.0.state.to_owned()),
            Cell::Number(self.0.removed),
            Cell::Text(plain(&self.0.url)),
            Cell::Text(plain(&self.0.detail)),
        ]
    }
}
