//! A forge's REST API: requests with a token, answers of bounded size, and waiting as the forge asks for, for a bounded time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Host, Url};

use crate::error::Error;
use crate::token::Token;

/// Bytes of an answer that are read: a hundred bodies of 65,536 characters, and what is around them.
const LARGEST: usize = 32 << 20;

/// Items of a page, the most that either forge gives.
pub(crate) const PAGE: usize = 100;

/// Times a question is asked where the network or the forge fails. What changes something is asked once.
const ATTEMPTS: u32 = 3;

/// The API of a forge.
#[derive(Debug)]
pub(crate) struct Rest {
    client: reqwest::Client,
    base: Url,
    token: Token,
    needs: &'static str,
    /// Seconds that may still be waited.
    patience: AtomicU64,
}

/// What a forge's own API adds.
pub(crate) struct Dialect {
    /// What it is to answer with.
    pub(crate) accept: &'static str,
    /// Further headers.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// Rights that a token needs, in words.
    pub(crate) needs: &'static str,
}

impl Rest {
    /// An API at an address, with a token. `patience` is how many seconds may be waited in all.
    pub(crate) fn new(base: &Url, token: Token, dialect: &Dialect, patience: u64) -> Result<Self, Error> {
        if base.scheme() != "https" && !is_loopback(base) {
            return Err(Error::Wrong(format!(
                "a token is not sent to `{base}`, which anybody on the way could read\nhint: give an address that begins with `https://`"
            )));
        }
        let mut headers = HeaderMap::new();
        let mut secret = HeaderValue::from_str(&format!("Bearer {}", token.secret()))
            .map_err(|_| Error::Wrong(format!("what is in `{}` cannot be a token", token.variable())))?;
        secret.set_sensitive(true);
        headers.insert(AUTHORIZATION, secret);
        headers.insert(ACCEPT, HeaderValue::from_static(dialect.accept));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("remit/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in dialect.headers {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let client = reqwest::Client::builder()
            .default_headers(headers)
            // A token follows no redirect to wherever an answer points.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(20))
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| unreachable(base.as_str(), &error))?;
        let patience = AtomicU64::new(patience);
        Ok(Self { client, base: base.clone(), token, needs: dialect.needs, patience })
    }

    /// Asks for something.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        self.ask(Method::GET, path, query, None).await
    }

    /// Asks for a list, page by page, for as many pages as are wanted; the pages end with one that is not full, or when `enough` says so.
    pub(crate) async fn pages<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        pages: usize,
        mut enough: impl FnMut(&[T]) -> bool,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let size = PAGE.to_string();
        for page in 1..=pages {
            let page = page.to_string();
            let mut query = query.to_vec();
            query.extend([("per_page", size.as_str()), ("page", page.as_str())]);
            let some: Vec<T> = self.get(path, &query).await?;
            let is_last = some.len() < PAGE || enough(&some);
            all.extend(some);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Changes something.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<T, Error> {
        self.ask(method, path, &[], Some(body)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, Error> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let place = format!("{method} {}", url.path());
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let attempts = if body.is_some() { 1 } else { ATTEMPTS };
        let mut failed = 0;
        loop {
            let mut request = self.client.request(method.clone(), url.clone());
            if let Some(body) = body {
                request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
            }
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => {
                    failed += 1;
                    if failed < attempts && self.wait(failed.into()).await {
                        continue;
                    }
                    return Err(unreachable(&place, &error));
                }
            };
            let status = answer.status();
            if let Some(seconds) = limited(&answer) {
                // The forge did nothing, so that anything may be asked again.
                if self.wait(seconds).await {
                    continue;
                }
                return Err(Error::Limited { place, seconds });
            }
            if status.is_server_error() {
                failed += 1;
                if failed < attempts && self.wait(failed.into()).await {
                    continue;
                }
            }
            let needs = self.needs(&answer);
            let text = text(answer, &place).await?;
            if status.is_success() {
                let text = if text.is_empty() { b"null".as_slice() } else { &text };
                return serde_json::from_slice(text)
                    .map_err(|error| Error::Unreadable { place, cause: error.to_string() });
            }
            return Err(self.failure(status, place, &text, needs));
        }
    }

    /// Waits, as long as there is patience for that.
    async fn wait(&self, seconds: u64) -> bool {
        let left = self.patience.load(Ordering::Relaxed);
        let Some(rest) = left.checked_sub(seconds) else { return false };
        self.patience.store(rest, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        true
    }

    /// The rights that the answer says are needed, or those that are needed in all.
    fn needs(&self, answer: &Response) -> String {
        let named = answer.headers().get("x-accepted-github-permissions");
        let named = named.and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
        named.map_or_else(|| self.needs.to_owned(), |named| format!("`{named}`"))
    }

    fn failure(&self, status: StatusCode, place: String, text: &[u8], needs: String) -> Error {
        let variable = self.token.variable().to_owned();
        let message = message(text);
        match status {
            StatusCode::UNAUTHORIZED => Error::Unauthorised { place, variable },
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Error::Forbidden { status: status.as_u16(), place, variable, message, needs }
            }
            status if status.is_redirection() => Error::Wrong(format!(
                "the forge points elsewhere for `{place}`\nhint: was the repository renamed? give its new address"
            )),
            status => Error::Refused { status: status.as_u16(), place, message },
        }
    }
}

/// Whether nobody but this machine is at an address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// For how many seconds the forge wants no more requests.
///
/// GitHub: "Rate limits for the REST API" (429 or 403 with `retry-after`, or with nothing left until `x-ratelimit-reset`).
/// GitLab: 429 with `Retry-After`.
fn limited(answer: &Response) -> Option<u64> {
    if !matches!(answer.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::FORBIDDEN) {
        return None;
    }
    let number = |name: &str| answer.headers().get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(seconds.max(1));
    }
    if number("x-ratelimit-remaining") == Some(0) || number("ratelimit-remaining") == Some(0) {
        let reset = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"))?;
        let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
        return Some(reset.saturating_sub(now).max(1));
    }
    (answer.status() == StatusCode::TOO_MANY_REQUESTS).then_some(60)
}

/// An answer's bytes, as far as they may be read.
async fn text(mut answer: Response, place: &str) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if text.len() + chunk.len() <= LARGEST => text.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                let cause = format!("it is larger than {LARGEST} bytes");
                return Err(Error::Unreadable { place: place.to_owned(), cause });
            }
            Ok(None) => return Ok(text),
            Err(error) => return Err(unreachable(place, &error)),
        }
    }
}

/// What the forge said in an answer: `message` or `error`, and what is wrong with which field.
fn message(text: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return "without a reason".to_owned() };
    let said = ["message", "error"].into_iter().find_map(|name| value.get(name));
    let said = match said {
        Some(Value::String(said)) => said.clone(),
        Some(other) => other.to_string(),
        None => "without a reason".to_owned(),
    };
    let errors = value.get("errors").map(Value::to_string).unwrap_or_default();
    let all = if errors.is_empty() { said } else { format!("{said} {errors}") };
    all.chars().take(400).collect()
}

/// The network's failure, without the address that reqwest adds: its query is nobody's business.
fn unreachable(place: &str, error: &reqwest::Error) -> Error {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    let cause = causes.pop().unwrap_or_else(|| "the connection failed".to_owned());
    let cause = if error.is_timeout() { "no answer in time".to_owned() } else { cause };
    Error::Unreachable { place: place.to_owned(), cause }
}
