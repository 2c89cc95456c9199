//! `remit-agent trace`, started and read.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use remit_tests::skip;

use crate::server::{Server, succeed};

/// A running `remit-agent trace`.
pub(crate) struct Trace {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    printed: Option<std::thread::JoinHandle<String>>,
    listener: Option<std::thread::JoinHandle<()>>,
}

/// However busy the machine is, what is waited for comes within this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a trace printed, and what it said of itself at its end.
pub(crate) struct Seen {
    pub(crate) lines: Vec<String>,
    pub(crate) printed: String,
    pub(crate) summary: String,
}

impl Trace {
    /// Starts it, and waits until it watches. None where the kernel does not permit BPF, which it says loudly.
    pub(crate) fn start() -> Option<Trace> {
        Trace::start_with(&[])
    }

    /// Starts it with options.
    pub(crate) fn start_with(options: &[&str]) -> Option<Trace> {
        // However busy the machine is, answers come within this.
        let arguments: Vec<&OsStr> =
            ["trace", "--paths", "--patience", "60"].iter().chain(options).map(OsStr::new).collect();
        Self::of(&arguments)
    }

    /// Starts another verb, and waits until it watches.
    pub(crate) fn of(arguments: &[&OsStr]) -> Option<Trace> {
        Self::by(Command::new(env!("CARGO_BIN_EXE_remit-agent")).args(arguments))
    }

    /// Starts to record into a folder, and shows itself on a port of its own, which it gives.
    pub(crate) fn recording(ledger: &Path) -> Option<(Trace, u16)> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let arguments = ["run", "--listen", &listen, "--ledger"].map(OsStr::new);
        let run = Self::of(&[&arguments[..], &[ledger.as_os_str()]].concat())?;
        Some((run, port))
    }

    /// Starts it by a command, and waits until it watches.
    pub(crate) fn by(command: &mut Command) -> Option<Trace> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let printed = std::thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).unwrap();
            text
        });
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
        });
        let mut trace = Trace { child, said, printed: Some(printed), listener: Some(listener) };
        if trace.says("calls follow") {
            return Some(trace);
        }
        let said = trace.said.lock().unwrap().join("; ");
        let is_forbidden = ["not permitted", "Permission denied"].iter().any(|words| said.contains(words));
        assert!(is_forbidden, "the trace did not start: {said}");
        skip::loudly(
            &format!("BPF is not permitted here: {said}"),
            "run as root on a kernel with BPF and uprobes",
        );
        None
    }

    /// Waits until it watches a library or program. A program with a library of its own is known once it ran for a while, so
    /// what follows its name runs it for so long.
    pub(crate) fn knows(&mut self, known: &[&str]) {
        let (name, arguments) = known.split_first().unwrap();
        if !arguments.is_empty() {
            return self.learns(name, Command::new(name).args(arguments));
        }
        assert!(self.says(name), "`{name}` is not watched");
    }

    /// Runs a program until a file is watched, that it uses long enough.
    pub(crate) fn learns(&mut self, name: &str, program: &mut Command) {
        let start = Instant::now();
        while !self.said(name) && start.elapsed() < PATIENCE {
            succeed(program);
        }
        assert!(self.says(name), "`{name}` is not watched");
    }

    /// Whether it said something.
    pub(crate) fn said(&self, words: &str) -> bool {
        self.said_times(words) > 0
    }

    fn said_times(&self, words: &str) -> usize {
        self.said.lock().unwrap().iter().filter(|line| line.contains(words)).count()
    }

    /// Waits until it says something, or ended.
    pub(crate) fn says(&mut self, words: &str) -> bool {
        self.says_times(words, 1)
    }

    /// Waits until it said something so many times, or ended.
    pub(crate) fn says_times(&mut self, words: &str, times: usize) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if self.said_times(words) >= times {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                // Then all is read that it said.
                if let Some(listener) = self.listener.take() {
                    listener.join().unwrap();
                }
                return self.said_times(words) >= times;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// The files that it holds open. Probes are attached through these.
    pub(crate) fn files(&self) -> Vec<(u64, u64)> {
        let links = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().flatten();
        // Some are closed meanwhile.
        links.filter_map(|link| Some(identity_of(&std::fs::metadata(link.path()).ok()?))).collect()
    }

    /// Its number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without giving it a chance to clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a person would, and answers what it saw.
    pub(crate) fn stop(mut self) -> Seen {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let printed = self.printed.take().unwrap().join().unwrap();
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
        let said = self.said.lock().unwrap();
        assert!(status.success(), "{}", said.join("\n"));
        let summary = said.join("; ");
        Seen { lines: printed.lines().map(str::to_owned).collect(), printed, summary }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Device and inode of a file.
pub(crate) fn identity(path: &Path) -> (u64, u64) {
    identity_of(&std::fs::metadata(path).unwrap())
}

fn identity_of(metadata: &std::fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl Seen {
    /// Method and path of the calls to a server whose path begins so, in order of name. Other programs of the machine may
    /// call, too.
    pub(crate) fn calls(&self, server: &Server, prefix: &str) -> Vec<String> {
        let own = format!(":{}", server.port);
        let calls = self.lines.iter().filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            let (method, path, host) = (words.next()?, words.next()?, words.next()?);
            (host.ends_with(&own) && path.starts_with(prefix)).then(|| format!("{method} {path}"))
        });
        let mut calls: Vec<String> = calls.collect();
        calls.sort();
        calls
    }

    /// Of the calls of a process to AWS: requests (method, path, host and status) and names (service, operation and resources).
    pub(crate) fn named(&self, process: u32) -> (Vec<String>, Vec<String>) {
        let own = format!("{process} ");
        let calls = self.lines.iter().filter_map(|line| line.strip_prefix(&own));
        // What is said of connections is not of calls.
        let calls = calls.filter(|call| !call.contains(" -> "));
        let calls = calls.map(|call| call.split_once(" aws: ").unwrap_or((call, "not of AWS")));
        calls.map(|(request, name)| (request.to_owned(), name.to_owned())).unzip()
    }

    /// Asserts that of so many calls to a server, whose path begins so, each was seen once, with its outcome, and that the
    /// counts add up.
    pub(crate) fn is_exactly(&self, server: &Server, prefix: &str, calls: usize) {
        self.has_exactly(server, prefix, calls);
        let wrong: Vec<(String, Option<u16>)> = self
            .statuses(server, prefix)
            .into_iter()
            .filter(|(path, status)| *status != Some(if path.contains("/denied/") { 403 } else { 200 }))
            .collect();
        assert_eq!(wrong, [], "{}", self.summary);
    }

    /// The same, but for the statuses.
    pub(crate) fn has_exactly(&self, server: &Server, prefix: &str, calls: usize) {
        let mut asked = server.asked();
        // Some clients ask what the server is, too.
        asked.retain(|call| call.contains(prefix));
        assert_eq!(asked.len(), calls);
        self.equals(&self.calls(server, prefix), &asked);
        let ends = ["emitted", "empty", "other", "throttled", "full", "unreadable", "untracked", "repeated"];
        let ended = ends.iter().map(|end| self.count(end)).sum::<u64>();
        assert_eq!(ended, self.count("attempts"), "{}", self.summary);
        assert_eq!(self.count("pieces"), self.count("pieces read"), "{}", self.summary);
    }

    /// Asserts that exactly these were seen, in any order.
    pub(crate) fn equals(&self, seen: &[String], truth: &[String]) {
        let mut missing = truth.to_vec();
        let mut surplus = seen.to_vec();
        surplus.retain(|one| {
            let found = missing.iter().position(|other| other == one);
            found.map(|at| missing.swap_remove(at)).is_none()
        });
        assert_eq!((missing, surplus), (Vec::new(), Vec::new()), "missing and surplus; {}", self.summary);
    }

    /// Path and status of these calls, in order of path.
    pub(crate) fn statuses(&self, server: &Server, prefix: &str) -> Vec<(String, Option<u16>)> {
        let own = format!(":{}", server.port);
        let calls = self.lines.iter().filter_map(|line| {
            let mut words = line.split(' ').skip(2);
            let (path, host, status) = (words.next()?, words.next()?, words.next()?);
            (host.ends_with(&own) && path.starts_with(prefix)).then(|| (path.to_owned(), status.parse().ok()))
        });
        let mut calls: Vec<(String, Option<u16>)> = calls.collect();
        calls.sort();
        calls
    }

    /// A number of the summary, by its name.
    pub(crate) fn count(&self, name: &str) -> u64 {
        let number =
            self.summary.split([',', ';']).find_map(|part| part.trim().strip_suffix(&format!(" {name}")));
        number.unwrap_or_else(|| panic!("no {name} in {}", self.summary)).parse().unwrap()
    }
}
