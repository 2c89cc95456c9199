//! The call that an event tells of: what was asked for, and what came of it.

use memchr::{memchr, memmem};
use remit_catalog::kubernetes::{Reading, Request};
use remit_ledger::Outcome;

use super::asked::{Asked, is_read, of_address, of_object};
use super::caller::{IMPERSONATE, impersonate};
use super::event::Event;
use super::outcome::{authorizer, outcome};
use super::table::Call;
use crate::scan::Text;

impl Call {
    pub(super) fn of(asked: Asked, outcome: Outcome) -> Self {
        Self {
            asked,
            outcome,
            error: None,
            authorizer: None,
            is_created: false,
            is_upgraded: false,
            is_read: false,
        }
    }
}

/// Everything of an event that makes its call another one. Of the query that is only a selector; of the answer only its code.
pub(super) fn pack(raw: &mut Vec<u8>, verb: Text<'_>, event: &Event<'_>) {
    let decision = event.decision.map(|text| text.raw).unwrap_or_default();
    let reason = event.reason.map(|text| text.raw).unwrap_or_default();
    raw.clear();
    raw.extend_from_slice(verb.raw);
    raw.push(0);
    match event.uri {
        Some(uri) => {
            let end = memchr(b'?', uri.raw).unwrap_or(uri.raw.len());
            let (path, query) = uri.raw.split_at(end);
            raw.extend_from_slice(path);
            raw.push(0);
            raw.extend_from_slice(selecting(query));
        }
        None => {
            raw.push(1);
            raw.extend_from_slice(event.object.unwrap_or_default());
        }
    }
    for part in [event.code.unwrap_or_default(), decision, reason] {
        raw.push(0);
        raw.extend_from_slice(part);
    }
}

/// The part of a query, still in JSON, that a name may be selected by.
fn selecting(query: &[u8]) -> &[u8] {
    const SELECTOR: &[u8] = b"fieldSelector";
    // As JSON of Go has an ampersand.
    const AND: &[u8] = b"\\u0026";
    let Some(at) = memmem::find(query, SELECTOR) else { return &[] };
    let rest = query.get(at + SELECTOR.len()..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'&' | b'\\')).unwrap_or(rest.len());
    let is_end =
        rest.get(end..).is_none_or(|rest| rest.is_empty() || rest.starts_with(b"&") || rest.starts_with(AND));
    if !is_end || memmem::find(rest, SELECTOR).is_some() {
        return query;
    }
    query.get(at.saturating_sub(AND.len())..at + SELECTOR.len() + end).unwrap_or(query)
}

/// The call of an event whose like was not met before.
#[cold]
pub(super) fn new_call(verb: Text<'_>, event: &Event<'_>) -> Result<Call, &'static str> {
    let text = |text: Option<Text<'_>>| match text {
        Some(text) => text.decode().map(|text| Some(text.into_owned())).ok_or("not_utf8"),
        None => Ok(None),
    };
    let verb = verb.decode().ok_or("not_utf8")?;
    let reading = match (text(event.uri)?, event.object) {
        (Some(uri), _) => of_address(&verb, &uri),
        (None, Some(object)) => of_object(&verb, object),
        (None, None) => return Err("incomplete"),
    };
    let code = event.code.and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
    let (decision, reason) = (text(event.decision)?, text(event.reason)?.unwrap_or_default());
    Ok(called(reading.as_ref(), &verb, decision.as_deref(), code, &reason))
}

/// What was asked for and what came of it.
pub(super) fn called(
    reading: Option<&Reading>,
    verb: &str,
    decision: Option<&str>,
    code: Option<u16>,
    reason: &str,
) -> Call {
    let asked = Asked::of(
        reading.map(|reading| &reading.request),
        reading.map_or("", |reading| reading.version.as_str()),
    );
    let outcome = outcome(decision, code);
    Call {
        asked,
        outcome,
        error: code.filter(|_| outcome != Outcome::Allowed),
        authorizer: (decision == Some("allow")).then(|| authorizer(reason)).flatten(),
        is_created: matches!(verb, "patch" | "update") && code == Some(201),
        is_upgraded: code == Some(101),
        is_read: is_read(verb),
    }
}

/// What the server says where it refuses to let a user act as another.
pub(super) const REFUSED: &str = "cannot impersonate resource";

/// The refused impersonation that an answer tells of: the request itself was not judged.
pub(super) fn refused(status: &[u8]) -> Option<Call> {
    #[derive(serde::Deserialize)]
    struct Status {
        message: String,
        details: Option<Details>,
    }
    #[derive(serde::Deserialize)]
    struct Details {
        name: Option<String>,
    }
    let Status { message, details } = serde_json::from_slice(status).ok()?;
    let quoted = |text: &str, before: &str| {
        let (_, rest) = text.rsplit_once(before)?;
        rest.strip_prefix(" \"")?.split('"').next().map(str::to_owned)
    };
    let resource = quoted(&message, REFUSED)?;
    let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
    let group = quoted(&message, "in API group").unwrap_or_default();
    let namespace = quoted(&message, "in the namespace").unwrap_or_default();
    // Values of `extra` are not told.
    let name = if resource == "userextras" {
        Some("*".to_owned())
    } else {
        details.and_then(|details| details.name)
    };
    let request: Request = impersonate(
        IMPERSONATE,
        &group,
        resource,
        subresource,
        &namespace,
        name.as_deref().unwrap_or_default(),
    );
    let call = Call::of(Asked::of(Some(&request), ""), Outcome::Denied);
    Some(Call { error: Some(403), ..call })
}
