//! GitLab's REST API, version 4, as "Merge requests API", "Notes API", "Issues API" and "Members API" document it.

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
    accept: "application/json",
    headers: &[],
    needs: "access to the project, as a developer of it, and the scope `api`",
};

/// What a developer's level of access is, by "Members API".
const DEVELOPER: u64 = 30;

#[derive(Debug)]
pub(super) struct GitLab {
    rest: Rest,
    project: String,
}

#[derive(Debug, Deserialize)]
struct Project {
    default_branch: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Merge {
    iid: u64,
    web_url: String,
    state: String,
    title: String,
    description: Option<String>,
    labels: Vec<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
    sha: Option<String>,
    source_branch: String,
    source_project_id: Option<u64>,
    target_project_id: u64,
}

#[derive(Debug, Deserialize)]
struct Note {
    id: u64,
    body: String,
    author: Account,
    created_at: Timestamp,
    system: bool,
}

#[derive(Debug, Deserialize)]
struct Account {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct Member {
    access_level: u64,
}

#[derive(Debug, Deserialize)]
struct Ticket {
    iid: u64,
    web_url: String,
    state: String,
    description: Option<String>,
}

impl GitLab {
    pub(super) fn new(api: &Url, project: &str, token: Token, patience: u64) -> Result<Self, Error> {
        let is_number = !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number && (!project.contains('/') || project.split('/').any(str::is_empty)) {
            return Err(Error::Wrong(format!(
                "`{}` is no project of GitLab\nhint: name it as `group/name`, or by its number",
                project.escape_debug()
            )));
        }
        Ok(Self { rest: Rest::new(api, token, &DIALECT, patience)?, project: project.to_owned() })
    }

    /// The path of something of the project, whose name is one part of it.
    fn path<'a>(&'a self, of: &[&'a str]) -> Vec<&'a str> {
        let mut path = vec!["projects", &self.project];
        path.extend(of);
        path
    }

    pub(super) async fn default_branch(&self) -> Result<String, Error> {
        let project: Project = self.rest.get(&self.path(&[]), &[]).await?;
        project.default_branch.ok_or_else(|| Error::Wrong("the repository has no branch".to_owned()))
    }

    pub(super) async fn open(&self) -> Result<Vec<PullRequest>, Error> {
        let query = [("state", "opened")];
        let merges = self.rest.pages(&self.path(&["merge_requests"]), &query, OPEN_PAGES, |_| false).await?;
        Ok(own(merges))
    }

    pub(super) async fn ended(&self, since: Timestamp) -> Result<Vec<PullRequest>, Error> {
        let mut all = Vec::new();
        for state in ["closed", "merged"] {
            let query = [("state", state), ("order_by", "updated_at"), ("sort", "desc")];
            let enough = |some: &[Merge]| some.last().is_some_and(|merge| merge.updated_at < since);
            let merges =
                self.rest.pages(&self.path(&["merge_requests"]), &query, ENDED_PAGES, enough).await?;
            all.extend(own(merges));
        }
        Ok(all)
    }

    pub(super) async fn of_branch(&self, branch: &str) -> Result<Vec<PullRequest>, Error> {
        let query = [("state", "all"), ("source_branch", branch)];
        let mut merges = own(self.rest.pages(&self.path(&["merge_requests"]), &query, 1, |_| true).await?);
        merges.retain(|merge| merge.branch == branch);
        Ok(merges)
    }

    pub(super) async fn create(&self, new: &NewPullRequest<'_>) -> Result<PullRequest, Error> {
        let body = json!({
            "source_branch": new.branch,
            "target_branch": new.base,
            "title": new.title,
            "description": new.body,
            "remove_source_branch": true,
        });
        let merge: Merge = self.rest.send(Method::POST, &self.path(&["merge_requests"]), &body).await?;
        Ok(merge.into())
    }

    pub(super) async fn complete(
        &self,
        number: u64,
        label: &str,
        reviewers: &[String],
    ) -> Result<Vec<String>, Error> {
        let mut problems = Vec::new();
        let mut ids = Vec::new();
        for owner in reviewers.iter().filter_map(|owner| owner.strip_prefix('@')).take(REVIEWERS) {
            let found: Vec<Account> = self.rest.get(&["users"], &[("username", owner)]).await?;
            match found.first() {
                Some(account) => ids.push(account.id),
                // A group or a role: GitLab asks their members for approval by itself, where that is switched on.
                None => {
                    problems.push(format!("`{owner}` is no user who can be asked for a review of !{number}"));
                }
            }
        }
        let body = match ids.as_slice() {
            [] => json!({ "add_labels": label }),
            ids => json!({ "add_labels": label, "reviewer_ids": ids }),
        };
        self.put("merge_requests", number, &body).await?;
        Ok(problems)
    }

    pub(super) async fn rewrite(&self, number: u64, title: &str, body: &str) -> Result<(), Error> {
        self.put("merge_requests", number, &json!({ "title": title, "description": body })).await
    }

    pub(super) async fn close(&self, number: u64, body: &str) -> Result<(), Error> {
        self.put("merge_requests", number, &json!({ "state_event": "close", "description": body })).await
    }

    async fn put(&self, what: &str, number: u64, body: &Value) -> Result<(), Error> {
        let path = [what, &number.to_string()];
        self.rest.send::<Value>(Method::PUT, &self.path(&path), body).await.map(drop)
    }

    pub(super) async fn comments(&self, number: u64) -> Result<Vec<Comment>, Error> {
        let number = number.to_string();
        let path = self.path(&["merge_requests", &number, "notes"]);
        let query = [("sort", "asc"), ("order_by", "created_at")];
        let notes: Vec<Note> = self.rest.pages(&path, &query, COMMENT_PAGES, |_| false).await?;
        let comment = |note: Note| Comment {
            id: note.id,
            author: note.author.id.to_string(),
            is_of_program: false,
            body: note.body,
            written: note.created_at,
        };
        Ok(notes.into_iter().filter(|note| !note.system).map(comment).collect())
    }

    /// Whose the token is; one of a project or group is of a user of its own.
    pub(super) async fn me(&self) -> Result<Option<String>, Error> {
        let account: Account = self.rest.get(&["user"], &[]).await?;
        Ok(Some(account.id.to_string()))
    }

    pub(super) async fn create_comment(&self, number: u64, body: &str) -> Result<(), Error> {
        let path = ["merge_requests", &number.to_string(), "notes"];
        let body = json!({ "body": body });
        self.rest.send::<Value>(Method::POST, &self.path(&path), &body).await.map(drop)
    }

    pub(super) async fn rewrite_comment(&self, number: u64, id: u64, body: &str) -> Result<(), Error> {
        let path = ["merge_requests", &number.to_string(), "notes", &id.to_string()];
        let body = json!({ "body": body });
        self.rest.send::<Value>(Method::PUT, &self.path(&path), &body).await.map(drop)
    }

    pub(super) async fn may_write(&self, author: &str) -> Result<bool, Error> {
        match self.rest.get::<Member>(&self.path(&["members", "all", author]), &[]).await {
            Ok(member) => Ok(member.access_level >= DEVELOPER),
            Err(Error::Forbidden { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn issues(&self, label: &str) -> Result<Vec<Issue>, Error> {
        let query = [("labels", label), ("state", "all"), ("order_by", "created_at"), ("sort", "asc")];
        let found: Vec<Ticket> =
            self.rest.pages(&self.path(&["issues"]), &query, ENDED_PAGES, |_| false).await?;
        Ok(found.into_iter().map(Issue::from).collect())
    }

    pub(super) async fn create_issue(&self, title: &str, body: &str, label: &str) -> Result<Issue, Error> {
        let body = json!({ "title": title, "description": body, "labels": label });
        let ticket: Ticket = self.rest.send(Method::POST, &self.path(&["issues"]), &body).await?;
        Ok(ticket.into())
    }

    pub(super) async fn rewrite_issue(&self, number: u64, body: &str) -> Result<(), Error> {
        self.put("issues", number, &json!({ "description": body })).await
    }
}

/// Those from the project itself: anybody can open one from a fork, with any branch and description.
fn own(merges: Vec<Merge>) -> Vec<PullRequest> {
    let own = merges.into_iter().filter(|merge| merge.source_project_id == Some(merge.target_project_id));
    own.map(PullRequest::from).collect()
}

impl From<Merge> for PullRequest {
    fn from(merge: Merge) -> Self {
        let state = match merge.state.as_str() {
            "opened" | "locked" => State::Open,
            "merged" => State::Merged {
                at: merge.merged_at.unwrap_or(merge.updated_at),
                // One of them came onto the base, depending on how the project merges.
                commit: merge.merge_commit_sha.or(merge.squash_commit_sha).or(merge.sha),
            },
            _ => State::Closed,
        };
        Self {
            number: merge.iid,
            url: merge.web_url,
            branch: merge.source_branch,
            state,
            title: merge.title,
            body: merge.description.unwrap_or_default(),
            labels: merge.labels,
            created: merge.created_at,
        }
    }
}

impl From<Ticket> for Issue {
    fn from(ticket: Ticket) -> Self {
        Self {
            number: ticket.iid,
            url: ticket.web_url,
            body: ticket.description.unwrap_or_default(),
            is_open: ticket.state == "opened",
        }
    }
}
