//! GitHub's REST API, version 2022-11-28, as "REST API endpoints for pull requests", "for issues" and "for collaborators" document it.

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    COMMENT_PAGES, Comment, ENDED_PAGES, Issue, NewPullRequest, OPEN_PAGES, PullRequest, REVIEWERS, State,
};
use crate::error::Error;
use crate::rest::{Dialect, Rest};
use crate::token::Token;

const DIALECT: Dialect = Dialect {
    accept: "application/vnd.github+json",
    headers: &[("x-github-api-version", "2022-11-28")],
    needs: "access to the repository, with write access to contents, pull requests and issues",
};

#[derive(Debug)]
pub(super) struct GitHub {
    rest: Rest,
    owner: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Repository {
    default_branch: String,
}

#[derive(Debug, Deserialize)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    title: String,
    body: Option<String>,
    labels: Vec<Label>,
    created_at: Timestamp,
    updated_at: Timestamp,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<String>,
    head: Reference,
    base: Reference,
}

#[derive(Debug, Deserialize)]
struct Label {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(rename = "ref")]
    branch: String,
    /// None where a fork is gone.
    repo: Option<Named>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Named {
    full_name: String,
}

#[derive(Debug, Deserialize)]
struct Said {
    id: u64,
    body: Option<String>,
    user: Option<Account>,
    created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Account {
    login: String,
    /// `User`, `Bot`, `Organization`.
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Access {
    permission: String,
}

#[derive(Debug, Deserialize)]
struct Ticket {
    number: u64,
    html_url: String,
    state: String,
    body: Option<String>,
    /// There where the issue is a pull request.
    pull_request: Option<Value>,
}

impl GitHub {
    pub(super) fn new(api: &Url, project: &str, token: Token, patience: u64) -> Result<Self, Error> {
        let parts = project
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'));
        let Some((owner, name)) = parts else {
            return Err(Error::Wrong(format!(
                "`{}` is no repository of GitHub\nhint: name it as `owner/name`",
                project.escape_debug()
            )));
        };
        let rest = Rest::new(api, token, &DIALECT, patience)?;
        Ok(Self { rest, owner: owner.to_owned(), name: name.to_owned() })
    }

    /// The path of something of the repository.
    fn path<'a>(&'a self, of: &[&'a str]) -> Vec<&'a str> {
        let mut path = vec!["repos", &self.owner, &self.name];
        path.extend(of);
        path
    }

    pub(super) async fn default_branch(&self) -> Result<String, Error> {
        let repository: Repository = self.rest.get(&self.path(&[]), &[]).await?;
        Ok(repository.default_branch)
    }

    pub(super) async fn open(&self) -> Result<Vec<PullRequest>, Error> {
        let query = [("state", "open")];
        let pulls = self.rest.pages(&self.path(&["pulls"]), &query, OPEN_PAGES, |_| false).await?;
        Ok(own(pulls))
    }

    pub(super) async fn ended(&self, since: Timestamp) -> Result<Vec<PullRequest>, Error> {
        let query = [("state", "closed"), ("sort", "updated"), ("direction", "desc")];
        let enough = |some: &[Pull]| some.last().is_some_and(|pull| pull.updated_at < since);
        let pulls = self.rest.pages(&self.path(&["pulls"]), &query, ENDED_PAGES, enough).await?;
        Ok(own(pulls))
    }

    pub(super) async fn of_branch(&self, branch: &str) -> Result<Vec<PullRequest>, Error> {
        let head = format!("{}:{branch}", self.owner);
        let query = [("state", "all"), ("head", head.as_str())];
        let mut pulls = own(self.rest.pages(&self.path(&["pulls"]), &query, 1, |_| true).await?);
        pulls.retain(|pull| pull.branch == branch);
        Ok(pulls)
    }

    pub(super) async fn create(&self, new: &NewPullRequest<'_>) -> Result<PullRequest, Error> {
        let body = json!({ "title": new.title, "head": new.branch, "base": new.base, "body": new.body });
        let pull: Pull = self.rest.send(Method::POST, &self.path(&["pulls"]), &body).await?;
        Ok(pull.into())
    }

    pub(super) async fn complete(
        &self,
        number: u64,
        label: &str,
        reviewers: &[String],
    ) -> Result<Vec<String>, Error> {
        let number = number.to_string();
        let mut problems = Vec::new();
        let owners = reviewers.iter().filter_map(|owner| owner.strip_prefix('@')).take(REVIEWERS);
        let mut unwilling = Vec::new();
        let (mut people, mut teams) = (Vec::new(), Vec::new());
        for owner in owners {
            match owner.split_once('/') {
                Some((_, team)) => teams.push(team),
                None => people.push(owner),
            }
        }
        let path = self.path(&["pulls", &number, "requested_reviewers"]);
        let all = json!({ "reviewers": people, "team_reviewers": teams });
        if !people.is_empty() || !teams.is_empty() {
            match self.rest.send::<Value>(Method::POST, &path, &all).await {
                Ok(_) => {}
                // One that may not review takes the others with it.
                Err(Error::Refused { status: 422, .. }) => {
                    let people = people.iter().map(|one| (one, json!({ "reviewers": [one] })));
                    let teams = teams.iter().map(|one| (one, json!({ "team_reviewers": [one] })));
                    for (one, body) in people.chain(teams) {
                        match self.rest.send::<Value>(Method::POST, &path, &body).await {
                            Ok(_) => {}
                            Err(Error::Refused { status: 422, .. }) => unwilling.push(format!("`{one}`")),
                            Err(error) => return Err(error),
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if !unwilling.is_empty() {
            problems.push(format!("{} cannot be asked for a review of #{number}", unwilling.join(", ")));
        }
        let labels = json!({ "labels": [label] });
        self.rest.send::<Value>(Method::POST, &self.path(&["issues", &number, "labels"]), &labels).await?;
        Ok(problems)
    }

    pub(super) async fn rewrite(&self, number: u64, title: &str, body: &str) -> Result<(), Error> {
        self.patch("pulls", number, &json!({ "title": title, "body": body })).await
    }

    pub(super) async fn close(&self, number: u64, body: &str) -> Result<(), Error> {
        self.patch("pulls", number, &json!({ "state": "closed", "body": body })).await
    }

    async fn patch(&self, what: &str, number: u64, body: &Value) -> Result<(), Error> {
        let number = number.to_string();
        let path: Vec<&str> = what.split('/').chain([number.as_str()]).collect();
        self.rest.send::<Value>(Method::PATCH, &self.path(&path), body).await.map(drop)
    }

    pub(super) async fn comments(&self, number: u64) -> Result<Vec<Comment>, Error> {
        let number = number.to_string();
        let path = self.path(&["issues", &number, "comments"]);
        let said: Vec<Said> = self.rest.pages(&path, &[], COMMENT_PAGES, |_| false).await?;
        let comment = |said: Said| {
            let user = said.user?;
            Some(Comment {
                id: said.id,
                author: user.login,
                is_of_program: user.kind == "Bot",
                body: said.body?,
                written: said.created_at,
            })
        };
        Ok(said.into_iter().filter_map(comment).collect())
    }

    /// Whose the token is; none where it is an installation's, which may not ask that.
    pub(super) async fn me(&self) -> Result<Option<String>, Error> {
        match self.rest.get::<Account>(&["user"], &[]).await {
            Ok(account) => Ok(Some(account.login)),
            Err(Error::Forbidden { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn create_comment(&self, number: u64, body: &str) -> Result<(), Error> {
        let path = ["issues", &number.to_string(), "comments"];
        let body = json!({ "body": body });
        self.rest.send::<Value>(Method::POST, &self.path(&path), &body).await.map(drop)
    }

    pub(super) async fn rewrite_comment(&self, _: u64, id: u64, body: &str) -> Result<(), Error> {
        self.patch("issues/comments", id, &json!({ "body": body })).await
    }

    pub(super) async fn may_write(&self, author: &str) -> Result<bool, Error> {
        let access = self.rest.get::<Access>(&self.path(&["collaborators", author, "permission"]), &[]).await;
        match access {
            Ok(access) => Ok(["admin", "write"].contains(&access.permission.as_str())),
            // Nobody of that name, such as an account that is gone.
            Err(Error::Forbidden { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn issues(&self, label: &str) -> Result<Vec<Issue>, Error> {
        let query = [("labels", label), ("state", "all"), ("sort", "created"), ("direction", "asc")];
        let found: Vec<Ticket> =
            self.rest.pages(&self.path(&["issues"]), &query, ENDED_PAGES, |_| false).await?;
        Ok(found.into_iter().filter(|ticket| ticket.pull_request.is_none()).map(Issue::from).collect())
    }

    pub(super) async fn create_issue(&self, title: &str, body: &str, label: &str) -> Result<Issue, Error> {
        let body = json!({ "title": title, "body": body, "labels": [label] });
        let ticket: Ticket = self.rest.send(Method::POST, &self.path(&["issues"]), &body).await?;
        Ok(ticket.into())
    }

    pub(super) async fn rewrite_issue(&self, number: u64, body: &str) -> Result<(), Error> {
        self.patch("issues", number, &json!({ "body": body })).await
    }
}

/// Those from the repository itself: anybody can open one from a fork, with any branch and body.
fn own(pulls: Vec<Pull>) -> Vec<PullRequest> {
    let own = pulls.into_iter().filter(|pull| pull.head.repo.is_some() && pull.head.repo == pull.base.repo);
    own.map(PullRequest::from).collect()
}

impl From<Pull> for PullRequest {
    fn from(pull: Pull) -> Self {
        let state = match (pull.state.as_str(), pull.merged_at) {
            (_, Some(at)) => State::Merged { at, commit: pull.merge_commit_sha },
            ("open", None) => State::Open,
            (_, None) => State::Closed,
        };
        Self {
            number: pull.number,
            url: pull.html_url,
            branch: pull.head.branch,
            state,
            title: pull.title,
            body: pull.body.unwrap_or_default(),
            labels: pull.labels.into_iter().map(|label| label.name).collect(),
            created: pull.created_at,
        }
    }
}

impl From<Ticket> for Issue {
    fn from(ticket: Ticket) -> Self {
        Self {
            number: ticket.number,
            url: ticket.html_url,
            body: ticket.body.unwrap_or_default(),
            is_open: ticket.state == "open",
        }
    }
}
