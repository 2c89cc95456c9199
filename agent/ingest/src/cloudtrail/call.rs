//! What was called and on what: packed while events are counted, unpacked when they are flushed.

use remit_catalog::Place;
use remit_ledger::Outcome;

use super::operation::{Plan, Plans};
use super::table::Table;
use crate::scan::{Cursor, Text, Value};

/// The fixed part of a packed call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) plan: u32,
    /// Numbers in the table's names.
    pub(crate) region: u32,
    pub(crate) recipient: u32,
    pub(crate) error: u32,
    pub(crate) outcome: Outcome,
}

/// A call, unpacked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) resources: Vec<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) outcome: Outcome,
    pub(crate) error_code: Option<String>,
    pub(crate) region: Option<String>,
}

/// Starts packing a call into `scratch`.
pub(crate) fn pack(scratch: &mut Vec<u8>, head: Head, resources: &[u8]) {
    scratch.clear();
    for number in [head.plan, head.region, head.recipient, head.error] {
        scratch.extend_from_slice(&number.to_le_bytes());
    }
    let outcome = Outcome::ALL.iter().position(|outcome| *outcome == head.outcome).unwrap_or(0);
    scratch.push(u8::try_from(outcome).unwrap_or(0));
    pack_bytes(scratch, resources);
}

/// Packs a request parameter; false when its text is not what JSON allows.
pub(crate) fn pack_parameter(scratch: &mut Vec<u8>, path: u16, selector: bool, value: Value<'_>) -> bool {
    scratch.extend_from_slice(&path.to_le_bytes());
    if selector {
        pack_bytes(scratch, &[]);
        return true;
    }
    match value {
        Value::Text(text) => match text.decode() {
            Some(text) => pack_bytes(scratch, text.as_bytes()),
            None => return false,
        },
        Value::Bare(bytes) | Value::Nested(bytes) => pack_bytes(scratch, bytes),
    }
    true
}

fn pack_bytes(scratch: &mut Vec<u8>, bytes: &[u8]) {
    // A record is at most 4 MB, so lengths fit.
    scratch.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
    scratch.extend_from_slice(bytes);
}

/// The length of a packed call's beginning that is plain numbers.
const HEAD: usize = 17;

/// The numbers of a packed call's plan and recipient.
pub(crate) fn peek(packed: &[u8]) -> Option<(u32, u32)> {
    let mut numbers =
        packed.get(..HEAD)?.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let plan = numbers.next()?;
    Some((plan, numbers.nth(1)?))
}

/// What a packed call is called on, worked out.
#[derive(Debug, Default)]
pub(crate) struct Target {
    pub(crate) resources: Vec<String>,
    pub(crate) parameters: Vec<(String, String)>,
}

/// Works out what a call is called on from the listed resources and request parameters that were packed.
pub(crate) fn target(packed: &[u8], table: &Table, plan: &Plan) -> Option<Target> {
    let (head, mut rest) = packed.split_at_checked(HEAD)?;
    let mut numbers =
        head.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes).skip(1);
    let (region, recipient) = (table.name(numbers.next()?), table.name(numbers.next()?));
    let listed = listed_resources(take_bytes(&mut rest)?);
    let mut values = Vec::new();
    while let Some((path, tail)) = rest.split_first_chunk::<2>() {
        rest = tail;
        let path = plan.request.get(u16::from_le_bytes(*path))?;
        values.push((path.path, std::str::from_utf8(take_bytes(&mut rest)?).ok()?));
    }
    let place = Place {
        partition: partition_of(region.as_deref().unwrap_or_default()),
        region: region.as_deref().unwrap_or_default(),
        account: recipient.as_deref().unwrap_or_default(),
    };
    let (resources, parameters) = resources_and_parameters(plan, &place, listed, &values);
    Some(Target { resources, parameters })
}

/// Packs a call whose target is worked out, with the head of `packed`.
pub(crate) fn repack(scratch: &mut Vec<u8>, packed: &[u8], target: &Target) {
    scratch.clear();
    scratch.extend_from_slice(packed.get(..HEAD).unwrap_or_default());
    scratch.extend_from_slice(&u32::try_from(target.resources.len()).unwrap_or(0).to_le_bytes());
    for resource in &target.resources {
        pack_bytes(scratch, resource.as_bytes());
    }
    for (path, value) in &target.parameters {
        pack_bytes(scratch, path.as_bytes());
        pack_bytes(scratch, value.as_bytes());
    }
}

/// Unpacks a call whose target is worked out.
pub(crate) fn unpack(packed: &[u8], table: &Table, plans: &Plans) -> Option<Call> {
    let (head, mut rest) = packed.split_at_checked(HEAD)?;
    let mut numbers = head.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let plan = plans.get(numbers.next()?)?;
    let mut name = || Some(table.name(numbers.next()?));
    let (region, _, error_code) = (name()?, name()?, name()?);
    let outcome = Outcome::ALL.get(usize::from(*head.last()?)).copied()?;
    let (count, tail) = rest.split_first_chunk::<4>()?;
    rest = tail;
    let text = |rest: &mut &[u8]| Some(std::str::from_utf8(take_bytes(rest)?).ok()?.to_owned());
    let mut resources = Vec::new();
    for _ in 0..u32::from_le_bytes(*count) {
        resources.push(text(&mut rest)?);
    }
    let mut parameters = Vec::new();
    while !rest.is_empty() {
        parameters.push((text(&mut rest)?, text(&mut rest)?));
    }
    Some(Call {
        service: plan.service.clone(),
        operation: plan.operation.clone(),
        resources,
        parameters,
        outcome,
        error_code,
        region,
    })
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let (bytes, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = tail;
    Some(bytes)
}

/// The ARNs of an event's `resources`, sorted. An `ARNPrefix` names what was asked about, not what was touched.
fn listed_resources(list: &[u8]) -> Vec<String> {
    let mut arns = Vec::new();
    let mut cursor = Cursor::new(list);
    let mut first = true;
    if list.is_empty() || cursor.expect(b'[').is_err() {
        return arns;
    }
    while let Ok(true) = cursor.element(&mut first) {
        let Ok(value) = cursor.value() else { break };
        if let Some(object) = value.nested() {
            arns.extend(arn_of(object));
        }
    }
    arns.sort_unstable();
    arns.dedup();
    arns
}

fn arn_of(object: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(object);
    let mut first = true;
    cursor.enter().ok()?;
    while let Ok(Some(key)) = cursor.key(&mut first) {
        let value = cursor.value().ok()?;
        if key.raw.eq_ignore_ascii_case(b"arn") {
            let text = value.text().and_then(Text::decode)?;
            return text.starts_with("arn:").then(|| text.into_owned());
        }
    }
    None
}

/// What the event lists goes before what its parameters suggest: parameters add resources of kinds that are not
/// listed, and are all there is for most events, which list none.
fn resources_and_parameters(
    plan: &Plan,
    place: &Place<'_>,
    mut resources: Vec<String>,
    values: &[(&str, &str)],
) -> (Vec<String>, Vec<(String, String)>) {
    let Some(operation) = plan.resolved else { return (resources, Vec::new()) };
    let reading = operation.read(place, values);
    let listed = resources.clone();
    let is_listed = |arn: &String| listed.iter().any(|other| kind_of(other) == kind_of(arn));
    resources.extend(reading.resources.into_iter().filter(|arn| !is_listed(arn)));
    resources.sort_unstable();
    resources.dedup();
    let mut kept: Vec<(&str, &str)> = reading.kept;
    kept.sort_unstable();
    kept.dedup();
    let mut parameters: Vec<(String, String)> = Vec::new();
    for (path, value) in kept {
        match parameters.last_mut() {
            Some((last, values)) if last == path => {
                values.push(',');
                values.push_str(value);
            }
            _ => parameters.push((path.to_owned(), value.to_owned())),
        }
    }
    (resources, parameters)
}

/// What tells kinds of ARN apart: the service, and the type where the ARN has one. S3's have none: there a slash
/// tells an object from a bucket.
fn kind_of(arn: &str) -> (&str, &str) {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2).unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    if service == "s3" {
        return (service, if resource.contains('/') { "/" } else { "" });
    }
    (service, resource.split_once(['/', ':']).map_or("", |(kind, _)| kind))
}

/// The partition of a region's ARNs.
pub(crate) fn partition_of(region: &str) -> &'static str {
    let beginnings = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    beginnings.iter().find(|(start, _)| region.starts_with(start)).map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests;
