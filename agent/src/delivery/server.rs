//! The server: connections, and what is asked on them.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_ENCODING, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::counters::Counters;
use super::journal::Refusal;
use super::lobby::{Guest, Lobby};
use super::tls::Tls;
use super::writer::{Asking, Waiting, Writer};

/// How long a connection may be idle, and how long a head may take. API servers send what they have every thirty seconds.
const IDLE: Duration = Duration::from_secs(90);

/// How long a body may take, once there is room for it.
const SENDING: Duration = Duration::from_secs(30);

/// How long connections may take to end when the server is told to stop.
const FAREWELL: Duration = Duration::from_secs(20);

/// When a sender that was refused may try again, in seconds.
const RETRY: HeaderValue = HeaderValue::from_static("5");

/// The largest head of a request.
const HEAD_LIMIT: usize = 16 << 10;

/// Bounds on what is taken at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Bytes of the largest body.
    pub body_limit: u32,
    /// Bytes of all bodies that are not answered yet. Those beyond wait until there is room.
    pub room: usize,
    /// Connections at a time that are served. As many more wait until one ends.
    pub connections: u32,
    /// Connections at a time whose handshake is not over. The oldest is closed for one beyond.
    pub handshakes: usize,
    /// How long a handshake may take.
    pub handshake: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        // An API server sends at most ten megabytes at a time where it cuts batches, which it does unless told otherwise.
        let (body_limit, room) = (32 << 20, 64 << 20);
        // All connections together leave some of the 1,024 file descriptors that a program usually has.
        Self { body_limit, room, connections: 128, handshakes: 512, handshake: Duration::from_secs(10) }
    }
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    tls: Tls,
    desk: Arc<Desk>,
    lobby: Arc<Lobby>,
    writer: Writer,
}

/// What all connections share.
struct Desk {
    settings: ServerSettings,
    room: Arc<Semaphore>,
    counters: Arc<Counters>,
}

impl Server {
    /// A server at a socket, whose bodies go to a writer.
    pub fn new(
        listener: TcpListener,
        tls: Tls,
        settings: ServerSettings,
        writer: Writer,
        counters: Arc<Counters>,
    ) -> Self {
        // One body of the largest size must find room.
        let room = settings.room.max(settings.body_limit as usize).min(Semaphore::MAX_PERMITS);
        let lobby = Lobby::new(settings.handshakes, settings.connections, Arc::clone(&counters));
        let desk = Arc::new(Desk { settings, room: Arc::new(Semaphore::new(room)), counters });
        Self { listener, tls, desk, lobby, writer }
    }

    /// Serves until told to stop. Then requests that were begun are answered, and all that was answered is durable.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let (farewell, ending) = watch::channel(());
        let mut stop = pin!(stop);
        loop {
            let stream = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut stop => break,
            };
            let Ok((stream, _)) = stream else {
                // Without file descriptors the next attempt fails as well, until some are given back.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (acceptor, guest) = (self.tls.acceptor(), self.lobby.enter());
            let (desk, bodies) = (Arc::clone(&self.desk), self.writer.bodies.clone());
            let mut ending = ending.clone();
            tokio::spawn(async move {
                let admitted = tokio::select! {
                    admitted = admitted(stream, acceptor, guest, &desk) => admitted,
                    // Nothing was begun that has to be answered. The sender is gone when the server ends.
                    _ = ending.changed() => return,
                };
                let Some((stream, slot)) = admitted else { return };
                if !connection(stream, ending, &desk, &bodies).await {
                    desk.counters.broke();
                }
                drop(slot);
            });
        }
        drop(self.listener);
        drop(ending);
        drop(farewell);
        let _ = tokio::time::timeout(FAREWELL, self.lobby.emptied()).await;
        let writer = self.writer;
        // What of it is left ends with the program.
        let _ = tokio::time::timeout(FAREWELL, tokio::task::spawn_blocking(|| writer.end())).await;
    }
}

/// Waits for the handshake, and then for a slot. Before the handshake nobody knows who it is, so that it takes no slot from others.
async fn admitted(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    mut guest: Guest,
    desk: &Desk,
) -> Option<(TlsStream<TcpStream>, OwnedSemaphorePermit)> {
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(desk.settings.handshake, acceptor.accept(stream)) => shaken,
        () = guest.given_up() => return None,
    };
    let Ok(Ok(stream)) = shaken else {
        desk.counters.broke();
        return None;
    };
    Some((stream, guest.slot().await?))
}

/// Serves one connection, and says whether it ended well.
async fn connection(
    stream: TlsStream<TcpStream>,
    mut ending: watch::Receiver<()>,
    desk: &Desk,
    bodies: &Sender<Waiting>,
) -> bool {
    let service = service_fn(|request| async {
        let response = desk.answer(request, bodies).await;
        desk.counters.answered(response.status().as_u16());
        Ok::<_, Infallible>(response)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(HEAD_LIMIT);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        done = &mut served => return done.is_ok(),
        _ = ending.changed() => served.as_mut().graceful_shutdown(),
    }
    served.await.is_ok()
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>, bodies: &Sender<Waiting>) -> Response<Full<Bytes>> {
        if request.method() != Method::POST {
            let mut response = said(StatusCode::METHOD_NOT_ALLOWED, "audit events are sent with POST");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        if request.headers().contains_key(CONTENT_ENCODING) {
            return said(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bodies are sent as they are, and not encoded");
        }
        // A body of unknown length may become as large as any.
        let limit = u64::from(self.settings.body_limit);
        let size = request.body().size_hint().exact().unwrap_or(limit);
        let Some(size) = u32::try_from(size).ok().filter(|size| *size <= self.settings.body_limit) else {
            return said(StatusCode::PAYLOAD_TOO_LARGE, &format!("a body has at most {limit} bytes"));
        };
        // The room is never closed.
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(size).await else { return away("no room") };
        let limited = http_body_util::Limited::new(request.into_body(), size as usize);
        let body = match tokio::time::timeout(SENDING, limited.collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return said(StatusCode::PAYLOAD_TOO_LARGE, &format!("a body has at most {limit} bytes"));
            }
            Ok(Err(error)) => return said(StatusCode::BAD_REQUEST, &error.to_string()),
            Err(_) => return said(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
        };
        let (answer, answered) = oneshot::channel();
        if bodies.send(Waiting { body, asking: Asking { room, answer } }).is_err() {
            return away("the server ends");
        }
        match answered.await {
            Ok(Ok(())) => Response::new(Full::default()),
            Ok(Err(refusal @ Refusal::Foreign(_))) => said(StatusCode::BAD_REQUEST, &refusal.to_string()),
            Ok(Err(refusal @ Refusal::Away(_))) => away(&refusal.to_string()),
            Err(_) => away("the server ends"),
        }
    }
}

/// An answer after which the sender tries again.
fn away(reason: &str) -> Response<Full<Bytes>> {
    let mut response = said(StatusCode::SERVICE_UNAVAILABLE, reason);
    response.headers_mut().insert(RETRY_AFTER, RETRY);
    response
}

fn said(status: StatusCode, reason: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{reason}\n")));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
