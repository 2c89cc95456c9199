//! The target of a request: where it goes, without who it says it is.
//!
//! Source: RFC 9112, section 3.2.

use super::query;
use crate::head::{Query, Scope};

/// Longest path that is kept; no provider takes a longer one.
const LONGEST: usize = 8 * 1024;

/// What a request line or `:path` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The host of an absolute form.
    pub(super) host: Option<String>,
    pub(super) path: String,
    pub(super) query: Vec<Query>,
    /// The scope of a presigned address.
    pub(super) scope: Option<Scope>,
}

impl Target {
    /// Reads a target in origin, absolute or asterisk form.
    pub(super) fn read(raw: &[u8]) -> Option<Self> {
        let raw = visible(raw)?;
        let raw = raw.split('#').next()?;
        let (before, query) = raw.split_once('?').unwrap_or((raw, ""));
        let (host, path) = if before.starts_with('/') || before == "*" {
            (None, before)
        } else {
            let (scheme, rest) = before.split_once("://")?;
            if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
                return None;
            }
            let end = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at_checked(end)?;
            (Some(authority(host.as_bytes())?), if path.is_empty() { "/" } else { path })
        };
        if path.len() > LONGEST {
            return None;
        }
        let (query, scope) = query::read(query, path);
        Some(Self { host, path: path.to_owned(), query, scope })
    }

    /// What `CONNECT` names: a host alone.
    pub(super) fn tunnel(raw: &[u8]) -> Option<Self> {
        Some(Self { host: Some(authority(raw)?), path: String::new(), query: Vec::new(), scope: None })
    }
}

/// A host in lower case with its port; a user and password before it are dropped.
pub(super) fn authority(raw: &[u8]) -> Option<String> {
    let text = visible(raw)?;
    let host = text.rsplit('@').next()?;
    let is_sound = (1..=300).contains(&host.len())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte));
    is_sound.then(|| host.to_ascii_lowercase())
}

/// Text without spaces and control characters.
fn visible(raw: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(raw).ok()?;
    let is_visible = if text.is_ascii() {
        text.bytes().all(|byte| byte.is_ascii_graphic())
    } else {
        !text.chars().any(|letter| letter.is_control() || letter == ' ')
    };
    (!text.is_empty() && is_visible).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let target = Target::read(b"/a%20b/c?acl#part").unwrap();
        assert_eq!((target.path.as_str(), target.query.len(), target.host), ("/a%20b/c", 1, None));
        let target = Target::read(b"HTTPS://user:hunter2@Host.example:8443?x=1").unwrap();
        assert_eq!((target.path.as_str(), target.host.as_deref()), ("/", Some("host.example:8443")));
        assert_eq!(Target::read(b"*").unwrap().path, "*");
        assert_eq!(Target::tunnel(b"host:443").unwrap().host.as_deref(), Some("host:443"));
    }

    #[test]
    fn what_is_no_target_is_not_kept() {
        for raw in [&b""[..], b"host:443", b"ftp://host/", b"/a b", b"/\xff", b"http://a b/", b"http:///x"] {
            assert_eq!(Target::read(raw), None, "{raw:?}");
        }
        assert_eq!(Target::read(&[b"/", "x".repeat(LONGEST).as_bytes()].concat()), None);
    }
}
