//! GitLab's part. Fields and types are those that its documentation of the REST API, version 4, gives for the calls that Remit makes:
//! "Projects API", "Merge requests API", "Notes API", "Members API", "Users API" and "Issues API".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::schema::{Kind, Operation};
use super::{Comment, Issue, PROJECT, Pull, State, page, text};

const SORTS: Kind = Kind::OneOf(&["asc", "desc"]);
const PAGES: [(&str, Kind); 2] = [("per_page", Kind::Number), ("page", Kind::Number)];

const OPERATIONS: &[Operation] = &[
    Operation { method: "GET", path: "/api/v4/projects/{id}", query: &[], body: &[] },
    Operation {
        method: "GET",
        path: "/api/v4/projects/{id}/merge_requests",
        query: &[
            ("state", Kind::OneOf(&["opened", "closed", "locked", "merged", "all"])),
            ("source_branch", Kind::Text),
            ("order_by", Kind::OneOf(&["created_at", "updated_at", "title", "merged_at"])),
            ("sort", SORTS),
            PAGES[0],
            PAGES[1],
        ],
        body: &[],
    },
    Operation {
        method: "POST",
        path: "/api/v4/projects/{id}/merge_requests",
        query: &[],
        body: &[
            ("!source_branch", Kind::Text),
            ("!target_branch", Kind::Text),
            ("!title", Kind::Text),
            ("description", Kind::Text),
            ("labels", Kind::Text),
            ("reviewer_ids", Kind::Numbers),
            ("remove_source_branch", Kind::Flag),
        ],
    },
    Operation {
        method: "PUT",
        path: "/api/v4/projects/{id}/merge_requests/{iid}",
        query: &[],
        body: &[
            ("title", Kind::Text),
            ("description", Kind::Text),
            ("add_labels", Kind::Text),
            ("reviewer_ids", Kind::Numbers),
            ("state_event", Kind::OneOf(&["close", "reopen"])),
        ],
    },
    Operation {
        method: "GET",
        path: "/api/v4/projects/{id}/merge_requests/{iid}/notes",
        query: &[
            ("sort", SORTS),
            ("order_by", Kind::OneOf(&["created_at", "updated_at"])),
            PAGES[0],
            PAGES[1],
        ],
        body: &[],
    },
    Operation {
        method: "POST",
        path: "/api/v4/projects/{id}/merge_requests/{iid}/notes",
        query: &[],
        body: &[("!body", Kind::Text)],
    },
    Operation {
        method: "PUT",
        path: "/api/v4/projects/{id}/merge_requests/{iid}/notes/{note}",
        query: &[],
        body: &[("!body", Kind::Text)],
    },
    Operation { method: "GET", path: "/api/v4/user", query: &[], body: &[] },
    Operation { method: "GET", path: "/api/v4/projects/{id}/members/all/{user}", query: &[], body: &[] },
    Operation { method: "GET", path: "/api/v4/users", query: &[("username", Kind::Text)], body: &[] },
    Operation {
        method: "GET",
        path: "/api/v4/projects/{id}/issues",
        query: &[
            ("labels", Kind::Text),
            ("state", Kind::OneOf(&["opened", "closed", "all"])),
            ("order_by", Kind::OneOf(&["created_at", "updated_at"])),
            ("sort", SORTS),
            PAGES[0],
            PAGES[1],
        ],
        body: &[],
    },
    Operation {
        method: "POST",
        path: "/api/v4/projects/{id}/issues",
        query: &[],
        body: &[("!title", Kind::Text), ("description", Kind::Text), ("labels", Kind::Text)],
    },
    Operation {
        method: "PUT",
        path: "/api/v4/projects/{id}/issues/{iid}",
        query: &[],
        body: &[("title", Kind::Text), ("description", Kind::Text)],
    },
];

/// The project's number.
const ID: u64 = 7;

impl State {
    pub(super) fn gitlab(&mut self, request: &Request) -> Answer {
        if let Err(answer) = self.check(OPERATIONS, request) {
            return answer;
        }
        let parts = request.parts();
        let parts: Vec<&str> = parts.iter().skip(2).map(String::as_str).collect();
        let body = &request.body;
        if parts == ["users"] {
            let name = request.query("username").unwrap_or_default();
            let found =
                if name.contains('/') { json!([]) } else { json!([{ "id": id(name), "username": name }]) };
            return Answer::ok(found);
        }
        if parts == ["user"] {
            let me = self.me.as_deref().unwrap_or_default();
            return Answer::ok(json!({ "id": id(me), "username": me }));
        }
        let ["projects", project, rest @ ..] = parts.as_slice() else {
            return Answer::message(404, "404 Not found");
        };
        if *project != PROJECT && *project != ID.to_string() {
            return Answer::message(404, "404 Project Not Found");
        }
        let number = rest.get(1).and_then(|number| number.parse().ok()).unwrap_or(0);
        match (request.method.as_str(), rest) {
            ("GET", []) => Answer::ok(json!({ "id": ID, "default_branch": "main" })),
            ("GET", ["merge_requests"]) => {
                let state = request.query("state").unwrap_or("all");
                let branch = request.query("source_branch");
                let is_wanted = |pull: &&Pull| {
                    (state == "all" || state == word(pull))
                        && branch.is_none_or(|branch| branch == pull.branch)
                };
                let mut pulls: Vec<&Pull> = self.pulls.iter().filter(is_wanted).collect();
                if request.query("order_by") == Some("updated_at") {
                    pulls.sort_by(|one, other| other.updated.cmp(&one.updated));
                }
                page(pulls.into_iter().map(merge).collect(), request)
            }
            ("POST", ["merge_requests"]) => {
                let word = |name: &str| text(body, name).unwrap_or_default().to_owned();
                let (branch, base) = (word("source_branch"), word("target_branch"));
                match self.open(&branch, &base, &word("title"), &word("description")) {
                    Ok(opened) => Answer::created(merge(&opened)),
                    Err(problem) => Answer::message(409, &problem),
                }
            }
            ("PUT", ["merge_requests", _]) => {
                let Some(found) = self.touch(number) else { return Answer::message(404, "404 Not found") };
                for (name, place) in [("title", &mut found.title), ("description", &mut found.body)] {
                    if let Some(value) = text(body, name) {
                        value.clone_into(place);
                    }
                }
                if text(body, "state_event") == Some("close") {
                    found.state = "closed".to_owned();
                }
                found.labels.extend(text(body, "add_labels").map(str::to_owned));
                let reviewers = body.get("reviewer_ids").and_then(Value::as_array).into_iter().flatten();
                found.reviewers.extend(reviewers.map(Value::to_string));
                Answer::ok(merge(found))
            }
            ("GET", ["merge_requests", _, "notes"]) => {
                page(self.comments.get(&number).into_iter().flatten().map(note).collect(), request)
            }
            ("POST", ["merge_requests", _, "notes"]) => {
                let me = self.me.clone().unwrap_or_default();
                let said = self.said(number, &me, text(body, "body").unwrap_or_default());
                Answer::created(note(&said))
            }
            ("PUT", ["merge_requests", _, "notes", id]) => {
                let said = id.parse().ok().and_then(|id| self.said_anew(id, text(body, "body")?));
                said.map_or_else(|| Answer::message(404, "404 Not found"), |said| Answer::ok(note(&said)))
            }
            ("GET", ["members", "all", user]) => {
                let is_writer = self.writers.iter().any(|writer| id(writer).to_string() == *user);
                if is_writer {
                    Answer::ok(json!({ "id": 1, "access_level": 30 }))
                } else {
                    Answer::message(404, "404 Not found")
                }
            }
            ("GET", ["issues"]) => {
                let label = request.query("labels");
                let issues =
                    self.issues.iter().filter(|issue| label.is_none_or(|label| issue.labels.contains(label)));
                page(issues.map(issue).collect(), request)
            }
            ("POST", ["issues"]) => {
                let word = |name: &str| text(body, name).unwrap_or_default().to_owned();
                let labels: BTreeSet<String> = word("labels").split(',').map(str::to_owned).collect();
                let opened = self.new_issue(&word("title"), &word("description"), labels);
                Answer::created(issue(&opened))
            }
            ("PUT", ["issues", _]) => {
                let found = self.issues.iter_mut().find(|issue| issue.number == number);
                let Some(found) = found else { return Answer::message(404, "404 Not found") };
                if let Some(value) = text(body, "description") {
                    value.clone_into(&mut found.body);
                }
                Answer::ok(issue(found))
            }
            _ => Answer::message(404, "404 Not found"),
        }
    }
}

fn note(comment: &Comment) -> Value {
    let author = json!({ "id": id(&comment.author), "username": comment.author });
    json!({
        "id": comment.id,
        "body": comment.body,
        "author": author,
        "created_at": comment.written,
        "system": false,
    })
}

/// The number of a user.
fn id(name: &str) -> u64 {
    name.bytes().fold(100, |sum, byte| sum * 3 % 1_000_003 + u64::from(byte))
}

fn word(pull: &Pull) -> &str {
    if pull.state == "open" { "opened" } else { &pull.state }
}

fn merge(pull: &Pull) -> Value {
    json!({
        "iid": pull.number,
        "web_url": format!("https://forge.example/{PROJECT}/-/merge_requests/{}", pull.number),
        "state": word(pull),
        "title": pull.title,
        "description": pull.body,
        "labels": pull.labels,
        "created_at": pull.created,
        "updated_at": pull.updated,
        "merged_at": (pull.state == "merged").then_some(&pull.updated),
        "merge_commit_sha": pull.commit,
        "squash_commit_sha": null,
        "sha": null,
        "source_branch": pull.branch,
        "target_branch": pull.base,
        "source_project_id": if pull.is_foreign { ID + 1 } else { ID },
        "target_project_id": ID,
    })
}

fn issue(issue: &Issue) -> Value {
    json!({
        "iid": issue.number,
        "web_url": format!("https://forge.example/{PROJECT}/-/issues/{}", issue.number),
        "state": if issue.is_open { "opened" } else { "closed" },
        "title": issue.title,
        "description": issue.body,
    })
}
