//! A route: method, path and query of an operation's requests, and how requests are matched with it.

use crate::routes::RoutedService;

/// A request, as far as it tells its operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `GET`, `POST`, ...
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// Query parameters, each with its value where it is known.
    pub query: &'a [(&'a str, Option<&'a str>)],
    /// Whether it has the header `X-Amz-Copy-Source`.
    pub is_copy: bool,
}

/// What a request calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The service as the audit log names it.
    pub service: &'static str,
    /// The operation as the audit log names it.
    pub operation: &'static str,
    /// Parameters that the path holds, spelled as the catalog's are, with their values decoded.
    pub parameters: Vec<(&'static str, String)>,
}

/// An operation with what requests for it look like.
#[derive(Debug)]
pub struct RoutedOperation {
    /// Its name in the model.
    pub name: &'static str,
    /// Its name in the audit log.
    pub event: &'static str,
    /// The method; empty where the operation is called by name.
    pub method: &'static str,
    /// What its path consists of.
    pub template: Vec<Segment>,
    /// Query parameters that every request for it has.
    pub constraints: Vec<Constraint>,
    /// Whether every request for it has the header `X-Amz-Copy-Source`.
    pub is_copy: bool,
    /// Other query parameters that a request for it may have; only kept where they tell operations apart.
    pub optional: Vec<&'static str>,
}

/// What stands between two slashes of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// This text.
    Literal(&'static str),
    /// The value of a parameter.
    Label(&'static str),
    /// The value of a parameter, which may have slashes.
    Greedy(&'static str),
}

/// A query parameter that a request has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub name: &'static str,
    /// Its value; empty where any will do.
    pub value: &'static str,
}

/// In whose value SDKs for JavaScript, Go and Rust name the operation.
const OPERATION_NAME: &str = "x-id";

/// How well a template fits, two bits for each of its segments: the least is the closest. Templates longer than this are
/// told apart by their beginnings.
const RANKED: u32 = 32;

impl Request<'_> {
    /// The operations that the request fits best: by the most literal path, then by the most required of the query.
    pub(crate) fn of(&self, operations: &[RoutedOperation], service: &RoutedService) -> Vec<Route> {
        let mut best = u64::MAX;
        let mut found: Vec<&RoutedOperation> = Vec::new();
        let segments: Vec<&str> = self.path.strip_prefix('/').unwrap_or(self.path).split('/').collect();
        for operation in operations {
            // Most methods are as long as this one and begin otherwise.
            let begins = operation.method.as_bytes().first() == self.method.as_bytes().first();
            if !begins || operation.method != self.method || !self.allows(operation, service.is_strict) {
                continue;
            }
            let Some(rank) = operation.rank(&segments) else { continue };
            if rank < best {
                found.clear();
                best = rank;
            }
            if rank == best {
                found.push(operation);
            }
        }
        found
            .iter()
            .filter(|operation| !found.iter().any(|other| other.asks_more(operation)))
            .map(|operation| Route {
                parameters: operation.parameters(&segments),
                ..operation.route(service)
            })
            .collect()
    }

    /// Whether query and headers are those of the operation.
    fn allows(&self, operation: &RoutedOperation, is_strict: bool) -> bool {
        let is_met = |constraint: &Constraint| {
            self.query.iter().any(|(name, value)| {
                *name == constraint.name && (constraint.value.is_empty() || *value == Some(constraint.value))
            })
        };
        let is_known = |(name, value): &(&str, Option<&str>)| {
            if *name == OPERATION_NAME {
                return value.is_none_or(|value| value == operation.name);
            }
            !is_strict
                || is_of_signature(name)
                || operation.optional.contains(name)
                || operation.constraints.iter().any(|constraint| constraint.name == *name)
        };
        (self.is_copy || !operation.is_copy)
            && operation.constraints.iter().all(is_met)
            && self.query.iter().all(is_known)
    }
}

/// Whether a query parameter belongs to a presigned address of version 4 or 2.
fn is_of_signature(name: &str) -> bool {
    name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"))
        || matches!(name, "AWSAccessKeyId" | "Signature" | "Expires")
}

impl RoutedOperation {
    /// An operation that is called by its name.
    pub(crate) fn named(name: &'static str, event: &'static str) -> Self {
        Self {
            name,
            event,
            method: "",
            template: Vec::new(),
            constraints: Vec::new(),
            is_copy: false,
            optional: Vec::new(),
        }
    }

    pub(crate) fn route(&self, service: &RoutedService) -> Route {
        Route { service: service.service, operation: self.event, parameters: Vec::new() }
    }

    /// Whether it requires everything that the other does, and more.
    fn asks_more(&self, other: &Self) -> bool {
        let has = |constraint: &Constraint| self.constraints.iter().any(|own| own.name == constraint.name);
        let is_equal = self.constraints.len() == other.constraints.len() && self.is_copy == other.is_copy;
        !is_equal && (self.is_copy || !other.is_copy) && other.constraints.iter().all(has)
    }

    /// How well the path fits the template; none where it does not.
    fn rank(&self, segments: &[&str]) -> Option<u64> {
        let mut rank = u64::MAX;
        let mut place = 0;
        self.spans(segments, |segment, value| {
            let (fits, kind) = match segment {
                Segment::Literal(text) => (is_literal(value, text), 0),
                Segment::Label(_) => (!value.iter().all(|part| part.is_empty()), 1),
                Segment::Greedy(_) => (value.len() > 1 || value.iter().any(|part| !part.is_empty()), 2),
            };
            if place < RANKED {
                let shift = 2 * (RANKED - 1 - place);
                rank = (rank & !(3 << shift)) | kind << shift;
            }
            place += 1;
            fits
        })?;
        Some(rank)
    }

    fn parameters(&self, segments: &[&str]) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let _ = self.spans(segments, |segment, value| {
            if let Segment::Label(name) | Segment::Greedy(name) = segment {
                parameters.push((name, decoded(&value.join("/"))));
            }
            true
        });
        parameters
    }

    /// Hands every segment of the template with its part of the path to `take`, until that says no; none where the two do
    /// not go together. A slash at the end counts only in a greedy value.
    fn spans<'s>(
        &self,
        segments: &'s [&'s str],
        mut take: impl FnMut(Segment, &'s [&'s str]) -> bool,
    ) -> Option<()> {
        let mut rest = segments;
        for (place, segment) in self.template.iter().enumerate() {
            let following = self.template.len() - place - 1;
            let length = match segment {
                Segment::Literal(_) | Segment::Label(_) => 1,
                Segment::Greedy(_) => rest.len().checked_sub(following).filter(|length| *length > 0)?,
            };
            let (value, after) = rest.split_at_checked(length)?;
            if !take(*segment, value) {
                return None;
            }
            rest = after;
        }
        matches!(rest, [] | [""]).then_some(())
    }
}

impl Route {
    pub(crate) fn is_same_operation(&self, other: &Self) -> bool {
        self.service == other.service && self.operation == other.operation
    }
}

fn is_literal(value: &[&str], text: &str) -> bool {
    match value {
        [value] if value.contains('%') => decoded(value) == text,
        [value] => *value == text,
        _ => false,
    }
}

/// Percent-decoded; what is no UTF-8 then stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |place: usize| after.get(place).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high << 4 | low).unwrap_or(b'?'));
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
