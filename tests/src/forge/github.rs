//! GitHub's part. Fields and types are those of the calls that Remit makes in GitHub's OpenAPI description of its REST API
//! (github/rest-api-description, `api.github.com`, version 2022-11-28).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::schema::{Kind, Operation};
use super::{Comment, Issue, PROJECT, Pull, State, page, text, texts};

const STATES: Kind = Kind::OneOf(&["open", "closed", "all"]);
const DIRECTIONS: Kind = Kind::OneOf(&["asc", "desc"]);
const PAGES: [(&str, Kind); 2] = [("per_page", Kind::Number), ("page", Kind::Number)];

const OPERATIONS: &[Operation] = &[
    Operation { method: "GET", path: "/api/v3/repos/{owner}/{repo}", query: &[], body: &[] },
    Operation {
        method: "GET",
        path: "/api/v3/repos/{owner}/{repo}/pulls",
        query: &[
            ("state", STATES),
            ("head", Kind::Text),
            ("base", Kind::Text),
            ("sort", Kind::OneOf(&["created", "updated", "popularity", "long-running"])),
            ("direction", DIRECTIONS),
            PAGES[0],
            PAGES[1],
        ],
        body: &[],
    },
    Operation {
        method: "POST",
        path: "/api/v3/repos/{owner}/{repo}/pulls",
        query: &[],
        body: &[
            ("title", Kind::Text),
            ("!head", Kind::Text),
            ("!base", Kind::Text),
            ("body", Kind::Text),
            ("maintainer_can_modify", Kind::Flag),
            ("draft", Kind::Flag),
        ],
    },
    Operation {
        method: "PATCH",
        path: "/api/v3/repos/{owner}/{repo}/pulls/{number}",
        query: &[],
        body: &[
            ("title", Kind::Text),
            ("body", Kind::Text),
            ("state", Kind::OneOf(&["open", "closed"])),
            ("base", Kind::Text),
        ],
    },
    Operation {
        method: "POST",
        path: "/api/v3/repos/{owner}/{repo}/pulls/{number}/requested_reviewers",
        query: &[],
        body: &[("reviewers", Kind::Texts), ("team_reviewers", Kind::Texts)],
    },
    Operation {
        method: "POST",
        path: "/api/v3/repos/{owner}/{repo}/issues/{number}/labels",
        query: &[],
        body: &[("labels", Kind::Texts)],
    },
    Operation {
        method: "GET",
        path: "/api/v3/repos/{owner}/{repo}/issues/{number}/comments",
        query: &[("since", Kind::Text), PAGES[0], PAGES[1]],
        body: &[],
    },
    Operation {
        method: "POST",
        path: "/api/v3/repos/{owner}/{repo}/issues/{number}/comments",
        query: &[],
        body: &[("!body", Kind::Text)],
    },
    Operation {
        method: "PATCH",
        path: "/api/v3/repos/{owner}/{repo}/issues/comments/{id}",
        query: &[],
        body: &[("!body", Kind::Text)],
    },
    Operation { method: "GET", path: "/api/v3/user", query: &[], body: &[] },
    Operation {
        method: "GET",
        path: "/api/v3/repos/{owner}/{repo}/collaborators/{user}/permission",
        query: &[],
        body: &[],
    },
    Operation {
        method: "GET",
        path: "/api/v3/repos/{owner}/{repo}/issues",
        query: &[
            ("labels", Kind::Text),
            ("state", STATES),
            ("sort", Kind::OneOf(&["created", "updated", "comments"])),
            ("direction", DIRECTIONS),
            PAGES[0],
            PAGES[1],
        ],
        body: &[],
    },
    Operation {
        method: "POST",
        path: "/api/v3/repos/{owner}/{repo}/issues",
        query: &[],
        body: &[("!title", Kind::Text), ("body", Kind::Text), ("labels", Kind::Texts)],
    },
    Operation {
        method: "PATCH",
        path: "/api/v3/repos/{owner}/{repo}/issues/{number}",
        query: &[],
        body: &[("title", Kind::Text), ("body", Kind::Text), ("state", Kind::OneOf(&["open", "closed"]))],
    },
];

impl State {
    pub(super) fn github(&mut self, request: &Request) -> Answer {
        if let Err(answer) = self.check(OPERATIONS, request) {
            return answer;
        }
        for (name, value) in
            [("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")]
        {
            if request.header(name).is_none_or(|found| found != value) {
                self.violations.push(format!("{name} is {:?}", request.header(name)));
            }
        }
        if request.header("user-agent").is_none() {
            self.violations.push("there is no user agent".to_owned());
            return Answer::message(403, "Request forbidden by administrative rules.");
        }
        let parts = request.parts();
        if request.path == "/api/v3/user" {
            return match &self.me {
                Some(me) => Answer::ok(json!({ "login": me, "type": "User" })),
                None => Answer::message(403, "Resource not accessible by integration"),
            };
        }
        let parts: Vec<&str> = parts.iter().skip(3).map(String::as_str).collect();
        let [owner, name, rest @ ..] = parts.as_slice() else { return Answer::message(404, "Not Found") };
        if format!("{owner}/{name}") != PROJECT {
            return Answer::message(404, "Not Found");
        }
        let body = &request.body;
        let number = rest.get(1).and_then(|number| number.parse().ok()).unwrap_or(0);
        match (request.method.as_str(), rest) {
            ("GET", []) => Answer::ok(json!({ "full_name": PROJECT, "default_branch": "main" })),
            ("GET", ["pulls"]) => {
                let state = request.query("state").unwrap_or("open");
                let head = request.query("head");
                let is_wanted = |pull: &&Pull| {
                    (state == "all" || (state == "open") == (pull.state == "open"))
                        && head
                            .is_none_or(|head| head == format!("{owner}:{}", pull.branch) && !pull.is_foreign)
                };
                let mut pulls: Vec<&Pull> = self.pulls.iter().filter(is_wanted).collect();
                if request.query("sort") == Some("updated") {
                    pulls.sort_by(|one, other| other.updated.cmp(&one.updated));
                }
                page(pulls.into_iter().map(pull).collect(), request)
            }
            ("POST", ["pulls"]) => {
                let word = |name: &str| text(body, name).unwrap_or_default().to_owned();
                match self.open(&word("head"), &word("base"), &word("title"), &word("body")) {
                    Ok(opened) => Answer::created(pull(&opened)),
                    Err(problem) => Answer::message(422, &problem),
                }
            }
            ("PATCH", ["pulls", _]) => {
                let Some(found) = self.touch(number) else { return Answer::message(404, "Not Found") };
                for (name, place) in
                    [("title", &mut found.title), ("body", &mut found.body), ("state", &mut found.state)]
                {
                    if let Some(value) = text(body, name) {
                        value.clone_into(place);
                    }
                }
                Answer::ok(pull(found))
            }
            ("POST", ["pulls", _, "requested_reviewers"]) => {
                let wanted: BTreeSet<String> =
                    texts(body, "reviewers").union(&texts(body, "team_reviewers")).cloned().collect();
                if wanted.intersection(&self.unwilling).next().is_some() {
                    return Answer::message(422, "Reviews may only be requested from collaborators.");
                }
                let Some(found) = self.touch(number) else { return Answer::message(404, "Not Found") };
                found.reviewers.extend(wanted);
                Answer::created(pull(found))
            }
            ("POST", ["issues", _, "labels"]) => {
                let Some(found) = self.touch(number) else { return Answer::message(404, "Not Found") };
                found.labels.extend(texts(body, "labels"));
                Answer::ok(labels(&found.labels))
            }
            ("GET", ["issues", _, "comments"]) => {
                page(self.comments.get(&number).into_iter().flatten().map(comment).collect(), request)
            }
            ("POST", ["issues", _, "comments"]) => {
                let me = self.me.clone().unwrap_or_else(|| "github-actions[bot]".to_owned());
                let said = self.said(number, &me, text(body, "body").unwrap_or_default());
                Answer::created(comment(&said))
            }
            ("PATCH", ["issues", "comments", id]) => {
                let said = id.parse().ok().and_then(|id| self.said_anew(id, text(body, "body")?));
                said.map_or_else(|| Answer::message(404, "Not Found"), |said| Answer::ok(comment(&said)))
            }
            ("GET", ["collaborators", user, "permission"]) => {
                let permission = if self.writers.contains(*user) { "write" } else { "read" };
                Answer::ok(
                    json!({ "permission": permission, "role_name": permission, "user": { "login": user } }),
                )
            }
            ("GET", ["issues"]) => {
                let label = request.query("labels");
                let has = |labels: &BTreeSet<String>| label.is_none_or(|label| labels.contains(label));
                let issues = self.issues.iter().filter(|issue| has(&issue.labels)).map(issue);
                // GitHub's issues are its pull requests, too.
                let pulls = self.pulls.iter().filter(|pull| has(&pull.labels)).map(|pull| {
                    let mut value = self::pull(pull);
                    if let Some(fields) = value.as_object_mut() {
                        fields.insert("pull_request".to_owned(), json!({}));
                    }
                    value
                });
                page(issues.chain(pulls).collect(), request)
            }
            ("POST", ["issues"]) => {
                let word = |name: &str| text(body, name).unwrap_or_default().to_owned();
                let opened = self.new_issue(&word("title"), &word("body"), texts(body, "labels"));
                Answer::created(issue(&opened))
            }
            ("PATCH", ["issues", _]) => {
                let found = self.issues.iter_mut().find(|issue| issue.number == number);
                let Some(found) = found else { return Answer::message(404, "Not Found") };
                if let Some(value) = text(body, "body") {
                    value.clone_into(&mut found.body);
                }
                Answer::ok(issue(found))
            }
            _ => Answer::message(404, "Not Found"),
        }
    }
}

fn comment(comment: &Comment) -> Value {
    let kind = if comment.author.ends_with("[bot]") { "Bot" } else { "User" };
    let user = json!({ "login": comment.author, "type": kind });
    json!({ "id": comment.id, "body": comment.body, "user": user, "created_at": comment.written })
}

fn labels(labels: &BTreeSet<String>) -> Value {
    labels.iter().map(|name| json!({ "name": name })).collect()
}

fn pull(pull: &Pull) -> Value {
    let is_merged = pull.state == "merged";
    let head = if pull.is_foreign { "somebody/fork" } else { PROJECT };
    json!({
        "number": pull.number,
        "html_url": format!("https://forge.example/{PROJECT}/pull/{}", pull.number),
        "state": if pull.state == "open" { "open" } else { "closed" },
        "title": pull.title,
        "body": pull.body,
        "labels": labels(&pull.labels),
        "created_at": pull.created,
        "updated_at": pull.updated,
        "merged_at": is_merged.then_some(&pull.updated),
        "merge_commit_sha": pull.commit,
        "head": { "ref": pull.branch, "repo": { "full_name": head } },
        "base": { "ref": pull.base, "repo": { "full_name": PROJECT } },
    })
}

fn issue(issue: &Issue) -> Value {
    json!({
        "number": issue.number,
        "html_url": format!("https://forge.example/{PROJECT}/issues/{}", issue.number),
        "state": if issue.is_open { "open" } else { "closed" },
        "title": issue.title,
        "body": issue.body,
        "labels": labels(&issue.labels),
    })
}
