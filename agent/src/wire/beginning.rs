//! The beginning of a body, kept only until it is known what it names.

use super::{query::is_operation, rpc, scratch::Scratch};
use crate::head::{Body, Head};

/// How much of a body is looked at. Forms of AWS begin with `Action=`, and JSON-RPC's members are few.
const MOST: usize = 4 * 1024;

#[derive(Debug)]
enum Kind {
    Form,
    Json,
}

/// Bytes from the beginning of a body.
#[derive(Debug)]
pub(super) struct Beginning {
    kind: Kind,
    bytes: Scratch,
}

impl Beginning {
    /// Whether a request's body can name something.
    pub(super) fn of(head: &Head) -> Option<Self> {
        let kind = match head.content_type.as_deref()? {
            "application/x-www-form-urlencoded" => Kind::Form,
            "application/json" | "application/json-rpc" => Kind::Json,
            _ => return None,
        };
        (head.method == "POST").then(|| Self { kind, bytes: Scratch::default() })
    }

    /// Adds the bytes that follow, and tells whether as much is there as is looked at.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> bool {
        let room = MOST.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.get(..room).unwrap_or(bytes));
        self.bytes.len() >= MOST
    }

    /// What it names. A value at the very end is one only where the body ends there.
    pub(super) fn body(&self, is_whole: bool) -> Option<Body> {
        match self.kind {
            Kind::Form => action(&self.bytes, is_whole).map(Body::Action),
            Kind::Json => rpc::read(&self.bytes),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// The value of a form's `Action`.
fn action(form: &[u8], is_whole: bool) -> Option<String> {
    let mut pairs = form.split(|byte| *byte == b'&').peekable();
    while let Some(pair) = pairs.next() {
        if let Some(value) = pair.strip_prefix(b"Action=") {
            let is_complete = is_whole || pairs.peek().is_some();
            return (is_complete && is_operation(value)).then(|| String::from_utf8_lossy(value).into_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginning(kind: &str, bytes: &[u8], is_whole: bool) -> Option<Body> {
        let head = Head { method: "POST".to_owned(), content_type: Some(kind.to_owned()), ..Head::default() };
        let mut beginning = Beginning::of(&head)?;
        beginning.extend(bytes);
        beginning.body(is_whole)
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_form_names_its_action() {
        let action = Some(Body::Action("GetCallerIdentity".to_owned()));
        assert_eq!(beginning(FORM, b"Action=GetCallerIdentity&Version=2011-06-15", true), action);
        assert_eq!(beginning(FORM, b"Version=2011-06-15&Action=GetCallerIdentity", true), action);
        assert_eq!(beginning(FORM, b"Action=GetCallerIdentity&", false), action);
    }

    #[test]
    fn what_may_be_cut_off_names_nothing() {
        assert_eq!(beginning(FORM, b"Action=GetCaller", false), None);
        assert_eq!(beginning(FORM, b"Action=hunter2%20", true), None);
        assert_eq!(beginning(FORM, b"MyAction=A&action=B", true), None);
        assert_eq!(beginning("text/plain", b"Action=A", true), None);
    }

    #[test]
    fn only_the_beginning_is_kept() {
        let head = Head { method: "POST".to_owned(), content_type: Some(FORM.to_owned()), ..Head::default() };
        let mut beginning = Beginning::of(&head).unwrap();
        assert!(!beginning.extend(&[b'a'; 1000]));
        assert!(beginning.extend(&[b'a'; 100_000]));
        assert_eq!(beginning.bytes.len(), MOST);
    }
}
