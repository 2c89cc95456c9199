//! What a forge is to Remit: pull requests, what is said to them, and one issue; whichever forge it is.

mod github;
mod gitlab;

use std::collections::BTreeMap;

use jiff::Timestamp;
use url::Url;

use self::github::GitHub;
use self::gitlab::GitLab;
use crate::codeowners::Dialect;
use crate::error::Error;
use crate::token::Token;

/// Which forge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// GitHub, or an enterprise host of it.
    GitHub,
    /// GitLab, on whichever host.
    GitLab,
}

impl Kind {
    /// Which forge has its API at such an address, where that tells.
    pub(crate) fn of_api(api: &Url) -> Option<Self> {
        match api.path().trim_end_matches('/') {
            path if path.ends_with("/api/v4") => Some(Self::GitLab),
            path if path.ends_with("/api/v3") => Some(Self::GitHub),
            _ => None,
        }
    }

    /// How it reads `CODEOWNERS`.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::GitHub => Dialect::GitHub,
            Self::GitLab => Dialect::GitLab,
        }
    }

    /// How people refer to a pull request: to GitLab a number behind `#` is an issue's.
    pub fn reference(self, number: u64) -> String {
        match self {
            Self::GitHub => format!("#{number}"),
            Self::GitLab => format!("!{number}"),
        }
    }

    /// Who a token is of when Git asks for a user.
    pub fn git_user(self) -> &'static str {
        match self {
            Self::GitHub => "x-access-token",
            Self::GitLab => "oauth2",
        }
    }
}

/// A forge, asked about one repository.
#[derive(Debug)]
pub struct Forge {
    api: Api,
    /// Whether who wrote a comment may write to the repository, as far as it was asked.
    writers: std::sync::Mutex<BTreeMap<String, bool>>,
}

#[derive(Debug)]
enum Api {
    GitHub(GitHub),
    GitLab(GitLab),
}

/// A pull request, from a branch of the repository itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PullRequest {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) branch: String,
    pub(crate) state: State,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) labels: Vec<String>,
    pub(crate) created: Timestamp,
}

/// What became of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Closed,
    Merged {
        at: Timestamp,
        /// The commit by which its change came onto the base, where the forge tells.
        commit: Option<String>,
    },
}

/// What is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewPullRequest<'a> {
    pub(crate) branch: &'a str,
    pub(crate) base: &'a str,
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    /// What the forge knows its author by.
    pub(crate) author: String,
    /// Whether the forge says that a program is its author.
    pub(crate) is_of_program: bool,
    pub(crate) body: String,
    pub(crate) written: Timestamp,
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) is_open: bool,
}

/// Pages of open pull requests that are read, each of a hundred.
const OPEN_PAGES: usize = 20;

/// Pages of those that ended. What is further back is asked for by branch when that matters.
const ENDED_PAGES: usize = 5;

/// Pages of comments.
const COMMENT_PAGES: usize = 5;

/// Reviewers that are asked.
const REVIEWERS: usize = 10;

macro_rules! ask {
    ($forge:expr, $api:ident => $call:expr) => {
        match &$forge.api {
            Api::GitHub($api) => $call,
            Api::GitLab($api) => $call,
        }
    };
}

impl Forge {
    /// A forge at the address of its API, asked about a repository such as `owner/name`. `patience` is how many seconds may be waited in all where
    /// the forge asks for that.
    ///
    /// # Errors
    ///
    /// Where the address or the token cannot be used.
    pub fn new(kind: Kind, api: &Url, project: &str, token: Token, patience: u64) -> Result<Self, Error> {
        let api = match kind {
            Kind::GitHub => Api::GitHub(GitHub::new(api, project, token, patience)?),
            Kind::GitLab => Api::GitLab(GitLab::new(api, project, token, patience)?),
        };
        Ok(Self { api, writers: std::sync::Mutex::default() })
    }

    pub(crate) fn kind(&self) -> Kind {
        match &self.api {
            Api::GitHub(_) => Kind::GitHub,
            Api::GitLab(_) => Kind::GitLab,
        }
    }

    /// The branch that pull requests are for.
    pub(crate) async fn default_branch(&self) -> Result<String, Error> {
        ask!(self, api => api.default_branch().await)
    }

    /// Open pull requests.
    pub(crate) async fn open(&self) -> Result<Vec<PullRequest>, Error> {
        ask!(self, api => api.open().await)
    }

    /// Pull requests that ended, those that changed last first, as far back as a moment or as there are pages.
    pub(crate) async fn ended(&self, since: Timestamp) -> Result<Vec<PullRequest>, Error> {
        ask!(self, api => api.ended(since).await)
    }

    /// All pull requests from a branch.
    pub(crate) async fn of_branch(&self, branch: &str) -> Result<Vec<PullRequest>, Error> {
        ask!(self, api => api.of_branch(branch).await)
    }

    /// Opens a pull request.
    pub(crate) async fn create(&self, new: &NewPullRequest<'_>) -> Result<PullRequest, Error> {
        ask!(self, api => api.create(new).await)
    }

    /// Completes a pull request: reviewers, as `CODEOWNERS` names them, and then the label, which says that all is done. What could not be,
    /// in words.
    pub(crate) async fn complete(
        &self,
        number: u64,
        label: &str,
        reviewers: &[String],
    ) -> Result<Vec<String>, Error> {
        ask!(self, api => api.complete(number, label, reviewers).await)
    }

    /// Writes title and body anew.
    pub(crate) async fn rewrite(&self, number: u64, title: &str, body: &str) -> Result<(), Error> {
        ask!(self, api => api.rewrite(number, title, body).await)
    }

    /// Closes a pull request, and writes its body anew in the same request.
    pub(crate) async fn close(&self, number: u64, body: &str) -> Result<(), Error> {
        ask!(self, api => api.close(number, body).await)
    }

    /// What was said to a pull request, by those who may write to the repository.
    pub(crate) async fn comments_of_writers(&self, number: u64) -> Result<Vec<Comment>, Error> {
        let mut comments = ask!(self, api => api.comments(number).await)?;
        comments.retain(|comment| comment.body.contains("/remit "));
        let mut heard = Vec::new();
        for comment in comments {
            if self.may_write(&comment.author).await? {
                heard.push(comment);
            }
        }
        Ok(heard)
    }

    /// The first comment that begins with a line, if whoever the token is of wrote it, or a program: a person may quote the line.
    pub(crate) async fn own_comment(&self, number: u64, mark: &str) -> Result<Option<Comment>, Error> {
        let mut comments = ask!(self, api => api.comments(number).await)?;
        let is_all = comments.len() < COMMENT_PAGES * crate::rest::PAGE;
        comments.retain(|comment| comment.body.lines().next().is_some_and(|line| line.trim_end() == mark));
        let own = match comments.iter().position(|comment| comment.is_of_program) {
            Some(at) => Some(at),
            None if comments.is_empty() => None,
            None => {
                let me = ask!(self, api => api.me().await)?;
                comments.iter().position(|comment| Some(&comment.author) == me.as_ref())
            }
        };
        match own {
            None if !is_all => Err(Error::Wrong(format!(
                "{} has so many comments that it cannot be told whether one of them is to be replaced",
                self.kind().reference(number)
            ))),
            own => Ok(own.map(|at| comments.swap_remove(at))),
        }
    }

    /// Says something to a pull request.
    pub(crate) async fn create_comment(&self, number: u64, body: &str) -> Result<(), Error> {
        ask!(self, api => api.create_comment(number, body).await)
    }

    /// Writes a comment's body anew.
    pub(crate) async fn rewrite_comment(&self, number: u64, id: u64, body: &str) -> Result<(), Error> {
        ask!(self, api => api.rewrite_comment(number, id, body).await)
    }

    async fn may_write(&self, author: &str) -> Result<bool, Error> {
        let known = self.writers.lock().ok().and_then(|known| known.get(author).copied());
        if let Some(known) = known {
            return Ok(known);
        }
        let may = ask!(self, api => api.may_write(author).await)?;
        if let Ok(mut known) = self.writers.lock() {
            known.insert(author.to_owned(), may);
        }
        Ok(may)
    }

    /// Issues with a label.
    pub(crate) async fn issues(&self, label: &str) -> Result<Vec<Issue>, Error> {
        ask!(self, api => api.issues(label).await)
    }

    /// Opens an issue.
    pub(crate) async fn create_issue(&self, title: &str, body: &str, label: &str) -> Result<Issue, Error> {
        ask!(self, api => api.create_issue(title, body, label).await)
    }

    /// Writes an issue's body anew.
    pub(crate) async fn rewrite_issue(&self, number: u64, body: &str) -> Result<(), Error> {
        ask!(self, api => api.rewrite_issue(number, body).await)
    }
}
