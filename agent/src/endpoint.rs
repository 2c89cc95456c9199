//! Where metrics and health are asked for: pages on this machine, and only where the user asks for them.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::metrics::{Metric, text};

/// How long one question may take, however slowly it is asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest question that is read.
const QUESTION_LIMIT: usize = 8192;

/// Questions that are answered at the same time.
const ASKED_AT_ONCE: usize = 8;

/// What the pages say. The agent writes on it what it knows, and whoever asks reads that, without holding up the agent.
#[derive(Debug)]
pub struct Board {
    content: Mutex<Content>,
    /// How old what is written may be until the agent counts as stuck.
    patience: Duration,
}

#[derive(Debug)]
struct Content {
    metrics: Vec<Metric>,
    problems: Vec<String>,
    written: Instant,
    /// Whether anything was written yet.
    is_begun: bool,
}

/// The pages' server. It ends when it is dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    is_ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    /// A board on which the agent writes at least as often as this.
    pub fn new(patience: Duration) -> Arc<Self> {
        let content =
            Content { metrics: Vec::new(), problems: Vec::new(), written: Instant::now(), is_begun: false };
        Arc::new(Self { content: Mutex::new(content), patience })
    }

    /// Writes down how the agent is: healthy where there are no problems.
    pub fn write(&self, metrics: Vec<Metric>, problems: Vec<String>) {
        *self.lock() = Content { metrics, problems, written: Instant::now(), is_begun: true };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Status line and content of a page.
    fn page(&self, path: &str) -> (&'static str, String) {
        let content = self.lock();
        let is_stuck = content.written.elapsed() > self.patience;
        let stuck = is_stuck.then(|| "the agent is stuck".to_owned());
        match path {
            "/metrics" => ("200 OK", text(&content.metrics)),
            "/healthz" => told(content.problems.iter().cloned().chain(stuck)),
            // Whether to take it for dead. What else is wrong would be no better after a start.
            "/livez" => told(stuck.filter(|_| content.is_begun)),
            "/readyz" => {
                let unready = (!content.is_begun).then(|| "the agent has not begun".to_owned());
                told(unready.into_iter().chain(content.problems.iter().cloned()).chain(stuck))
            }
            _ => ("404 Not Found", "ask for /metrics, /healthz, /livez or /readyz\n".to_owned()),
        }
    }
}

/// All is well where there are no problems.
fn told(problems: impl IntoIterator<Item = String>) -> (&'static str, String) {
    let problems: Vec<String> = problems.into_iter().collect();
    match problems.as_slice() {
        [] => ("200 OK", "ok\n".to_owned()),
        _ => ("503 Service Unavailable", format!("{}\n", problems.join("\n"))),
    }
}

impl Endpoint {
    /// Answers at an address: where it is not `exposed`, one of this machine alone.
    ///
    /// # Errors
    /// When others could ask and may not, or the address is taken.
    pub fn open(address: SocketAddr, is_exposed: bool, board: Arc<Board>) -> io::Result<Self> {
        if !is_exposed && !address.ip().is_loopback() {
            let reason = format!(
                "`{address}` can be reached from other machines\nhint: use an address such as `127.0.0.1:9464`, or \
                 `--exposed` where others may ask"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let is_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_ended);
        let thread = std::thread::Builder::new()
            .name("endpoint".to_owned())
            .spawn(move || answer_all(&listener, &board, &ended))?;
        Ok(Self { address, is_ended, thread: Some(thread) })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Release);
        // The thread waits for a question, so it is asked one. Where it listens everywhere, this machine is one of the places.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        let is_woken = TcpStream::connect_timeout(&address, PATIENCE).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_woken) {
            let _ = thread.join();
        }
    }
}

fn answer_all(listener: &TcpListener, board: &Arc<Board>, is_ended: &AtomicBool) {
    let asked = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if is_ended.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            // Without file descriptors the next attempt fails as well, until some are given back.
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        // Beyond the limit the connection is closed, so that slow questions take no more than so many threads.
        if asked.fetch_add(1, Ordering::AcqRel) >= ASKED_AT_ONCE {
            asked.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let (board, done) = (Arc::clone(board), Arc::clone(&asked));
        let spawned = std::thread::Builder::new().name("answer".to_owned()).spawn(move || {
            // Whoever went away needs no answer.
            let _ = answer(stream, &board);
            done.fetch_sub(1, Ordering::AcqRel);
        });
        if spawned.is_err() {
            asked.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn answer(mut stream: TcpStream, board: &Board) -> io::Result<()> {
    let (status, content) = match question(&mut stream)? {
        Some(head) => match head.split(' ').collect::<Vec<_>>().as_slice() {
            ["GET", path, version] if version.starts_with("HTTP/1.") => {
                board.page(path.split('?').next().unwrap_or_default())
            }
            [_, _, version] if version.starts_with("HTTP/1.") => {
                ("405 Method Not Allowed", "only GET is answered\n".to_owned())
            }
            _ => ("400 Bad Request", "that is no question\n".to_owned()),
        },
        None => ("431 Request Header Fields Too Large", "that is too long a question\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
         Allow: GET\r\nConnection: close\r\n\r\n",
        content.len()
    );
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(content.as_bytes())
}

/// The first line of a question, once its head is there; none where it is too long.
fn question(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let end = Instant::now() + PATIENCE;
    let mut head: Vec<u8> = Vec::new();
    let mut bytes = [0; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > QUESTION_LIMIT {
            return Ok(None);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let read = stream.read(&mut bytes)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(bytes.get(..read).unwrap_or_default());
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Ok(Some(String::from_utf8_lossy(line).into_owned()))
}

#[cfg(test)]
mod tests;
