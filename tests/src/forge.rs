//! A stand-in for a forge's REST API on loopback, which holds each call against what the forge documents, and fails where it is told to.

mod github;
mod gitlab;
mod http;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use self::http::{Answer, Request};

/// The repository that the stand-in has.
pub const PROJECT: &str = "acme/infra";

/// The token that it takes.
pub const TOKEN: &str = "token-of-a-test";

/// Which forge it stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// GitHub.
    GitHub,
    /// GitLab.
    GitLab,
}

/// A stand-in for a forge. It ends when it is dropped.
#[derive(Debug)]
pub struct Forge {
    address: String,
    state: Arc<Mutex<State>>,
    is_over: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

/// What the forge knows.
#[derive(Debug)]
struct State {
    flavour: Flavour,
    remote: PathBuf,
    now: String,
    pulls: Vec<Pull>,
    issues: Vec<Issue>,
    comments: BTreeMap<u64, Vec<Comment>>,
    writers: BTreeSet<String>,
    unwilling: BTreeSet<String>,
    /// Whose the token is; none where it is an installation's.
    me: Option<String>,
    failures: Vec<Failure>,
    calls: Vec<String>,
    violations: Vec<String>,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Its branch.
    pub branch: String,
    /// What it is for.
    pub base: String,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// `open`, `closed` or `merged`.
    pub state: String,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// Who was asked for a review.
    pub reviewers: BTreeSet<String>,
    /// When it was opened.
    pub created: String,
    /// When it was changed last.
    pub updated: String,
    /// The commit by which it was merged.
    pub commit: Option<String>,
    /// Whether it is from a fork.
    pub is_foreign: bool,
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// Whether it is open.
    pub is_open: bool,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub written: String,
}

/// What goes wrong, once, with a call whose method and path contain a text.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The text.
    pub on: &'static str,
    /// What goes wrong.
    pub how: How,
}

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub enum How {
    /// It is not done, and answered so, with headers.
    Answer(u16, &'static [(&'static str, &'static str)], &'static str),
    /// The connection is cut before anything is done.
    CutBefore,
    /// It is done, and the connection is cut before the answer.
    CutAfter,
}

impl Forge {
    /// A forge whose repository is a bare one at a path; `now` is the time that it writes, in ISO 8601.
    ///
    /// # Panics
    ///
    /// Where no port of this machine can be listened on.
    #[must_use]
    pub fn start(flavour: Flavour, remote: &Path, now: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let address = listener.as_ref().ok().and_then(|listener| listener.local_addr().ok());
        assert!(address.is_some(), "nothing can be listened on: {listener:?}");
        let address = address.map(|address| format!("http://{address}")).unwrap_or_default();
        let state = Arc::new(Mutex::new(State {
            flavour,
            remote: remote.to_owned(),
            now: now.to_owned(),
            pulls: Vec::new(),
            issues: Vec::new(),
            comments: BTreeMap::new(),
            writers: BTreeSet::new(),
            unwilling: BTreeSet::new(),
            me: (flavour == Flavour::GitLab).then(|| "project_7_bot".to_owned()),
            failures: Vec::new(),
            calls: Vec::new(),
            violations: Vec::new(),
        }));
        let is_over = Arc::new(AtomicBool::new(false));
        let (shared, over) = (Arc::clone(&state), Arc::clone(&is_over));
        let serve = move || {
            for stream in listener.iter().flat_map(TcpListener::incoming).map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                answer(&shared, stream);
            }
        };
        Self { address, state, is_over, server: Some(std::thread::spawn(serve)) }
    }

    /// The address of its API.
    #[must_use]
    pub fn api(&self) -> String {
        match self.state().flavour {
            Flavour::GitHub => format!("{}/api/v3", self.address),
            Flavour::GitLab => format!("{}/api/v4", self.address),
        }
    }

    /// Which forge it stands in for.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.state().flavour
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is from now on.
    pub fn set_now(&self, now: &str) {
        now.clone_into(&mut self.state().now);
    }

    /// Its pull requests.
    #[must_use]
    pub fn pulls(&self) -> Vec<Pull> {
        self.state().pulls.clone()
    }

    /// Its issues.
    #[must_use]
    pub fn issues(&self) -> Vec<Issue> {
        self.state().issues.clone()
    }

    /// Changes a pull request, as people do.
    pub fn change(&self, number: u64, change: impl FnOnce(&mut Pull)) {
        let mut state = self.state();
        if let Some(pull) = state.pulls.iter_mut().find(|pull| pull.number == number) {
            change(pull);
        }
    }

    /// Changes an issue, as people do.
    pub fn change_issue(&self, number: u64, change: impl FnOnce(&mut Issue)) {
        let mut state = self.state();
        if let Some(issue) = state.issues.iter_mut().find(|issue| issue.number == number) {
            change(issue);
        }
    }

    /// Opens a pull request as somebody else would.
    pub fn add(&self, pull: Pull) {
        self.state().pulls.push(pull);
    }

    /// Says something to a pull request.
    pub fn say(&self, number: u64, author: &str, body: &str, may_write: bool) {
        let mut state = self.state();
        if may_write {
            state.writers.insert(author.to_owned());
        }
        state.said(number, author, body);
    }

    /// What was said to a pull request.
    #[must_use]
    pub fn comments(&self, number: u64) -> Vec<Comment> {
        self.state().comments.get(&number).cloned().unwrap_or_default()
    }

    /// Whose the token is from now on.
    pub fn set_me(&self, me: &str) {
        self.state().me = Some(me.to_owned());
    }

    /// Somebody who cannot be asked for a review.
    pub fn refuse_reviews_of(&self, who: &str) {
        self.state().unwilling.insert(who.to_owned());
    }

    /// Lets something go wrong, once.
    pub fn fail(&self, on: &'static str, how: How) {
        self.state().failures.push(Failure { on, how });
    }

    /// Calls since it was asked last, as method and path.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    /// Of these calls, those that change something.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        let calls = self.calls();
        calls.into_iter().filter(|call| !call.starts_with("GET ")).collect()
    }

    /// What was not as the forge documents it.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // The server waits for a connection before it looks.
        let address = self.address.trim_start_matches("http://");
        let _ = TcpStream::connect(address);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

/// Answers one call.
fn answer(state: &Mutex<State>, mut stream: TcpStream) {
    let Some(request) = Request::read(&mut stream) else { return };
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let call = format!("{} {}", request.method, request.path);
    state.calls.push(call.clone());
    let failure = state.failures.iter().position(|failure| call.contains(failure.on));
    let failure = failure.map(|at| state.failures.remove(at));
    match failure.map(|failure| failure.how) {
        Some(How::CutBefore) => return,
        Some(How::Answer(status, headers, message)) => {
            let body = json!({ "message": message });
            Answer { status, headers, body }.write(&mut stream);
            return;
        }
        Some(How::CutAfter) => {
            let _ = state.answer(&request);
            return;
        }
        None => {}
    }
    state.answer(&request).write(&mut stream);
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        if request.header("authorization") != Some(&bearer) {
            return Answer::message(401, "Bad credentials");
        }
        match self.flavour {
            Flavour::GitHub => self.github(request),
            Flavour::GitLab => self.gitlab(request),
        }
    }

    /// Holds a call against what is documented, and answers it so where it is not.
    fn check(&mut self, operations: &[schema::Operation], request: &Request) -> Result<(), Answer> {
        let problems = schema::problems(operations, request);
        if problems.is_empty() {
            return Ok(());
        }
        let message = problems.join("; ");
        self.violations.push(format!("{} {}: {message}", request.method, request.path));
        Err(Answer::message(422, &message))
    }

    /// Keeps a comment.
    fn said(&mut self, number: u64, author: &str, body: &str) -> Comment {
        let id = 900 + self.comments.values().map(Vec::len).sum::<usize>() as u64;
        let (author, body) = (author.to_owned(), body.to_owned());
        let comment = Comment { id, author, body, written: self.now.clone() };
        self.comments.entry(number).or_default().push(comment.clone());
        comment
    }

    /// Writes a comment anew.
    fn said_anew(&mut self, id: u64, body: &str) -> Option<Comment> {
        let comment = self.comments.values_mut().flatten().find(|comment| comment.id == id)?;
        body.clone_into(&mut comment.body);
        Some(comment.clone())
    }

    fn next_number(&self) -> u64 {
        1 + self.pulls.len() as u64 + self.issues.len() as u64
    }

    /// Whether the repository has a branch.
    fn has_branch(&self, branch: &str) -> bool {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(&self.remote).args(["rev-parse", "--verify", "--quiet"]);
        command.arg(format!("refs/heads/{branch}")).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn open(&mut self, branch: &str, base: &str, title: &str, body: &str) -> Result<Pull, String> {
        if !self.has_branch(branch) || !self.has_branch(base) {
            return Err(format!("branch {branch} or {base} is not there"));
        }
        if body.chars().count() > 65_536 {
            return Err("body is too long (maximum is 65536 characters)".to_owned());
        }
        if self.pulls.iter().any(|pull| pull.branch == branch && pull.state == "open") {
            return Err(format!("A pull request already exists for {branch}."));
        }
        let pull = Pull {
            number: self.next_number(),
            branch: branch.to_owned(),
            base: base.to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            state: "open".to_owned(),
            labels: BTreeSet::new(),
            reviewers: BTreeSet::new(),
            created: self.now.clone(),
            updated: self.now.clone(),
            commit: None,
            is_foreign: false,
        };
        self.pulls.push(pull.clone());
        Ok(pull)
    }

    /// A pull request that is about to be changed.
    fn touch(&mut self, number: u64) -> Option<&mut Pull> {
        let now = self.now.clone();
        let pull = self.pulls.iter_mut().find(|pull| pull.number == number)?;
        pull.updated = now;
        Some(pull)
    }

    fn new_issue(&mut self, title: &str, body: &str, labels: BTreeSet<String>) -> Issue {
        let number = self.next_number();
        let issue = Issue { number, title: title.to_owned(), body: body.to_owned(), labels, is_open: true };
        self.issues.push(issue.clone());
        issue
    }
}

/// A page of a list.
fn page(all: Vec<Value>, request: &Request) -> Answer {
    let number = |name: &str, default: usize| {
        request.query(name).and_then(|value| value.parse::<usize>().ok()).unwrap_or(default).max(1)
    };
    let (size, page) = (number("per_page", 30).min(100), number("page", 1));
    Answer::ok(Value::Array(all.into_iter().skip((page - 1) * size).take(size).collect()))
}

/// A text of a body.
fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// Texts of a list in a body.
fn texts(body: &Value, name: &str) -> BTreeSet<String> {
    let list = body.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|one| one.as_str().map(str::to_owned)).collect()
}
