//! What was called and on what: packed while events are counted, unpacked when they are flushed.

use std::borrow::Cow;

use remit_catalog::{ParameterUse, Place, partition_of};
use remit_ledger::Outcome;

use super::operation::{Plan, PlanList};
use super::table::Table;
use crate::bounded::Excess;
use crate::interner::Interner;
use crate::scan::{Cursor, Fault, Find, Text, Value};

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

/// A call whose target is worked out, as it lies in the table. Equal calls are equal here whatever the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Call<'a> {
    pub(crate) service: &'a str,
    pub(crate) operation: &'a str,
    /// Resources and parameters, packed: most calls are compared or written once, and a list of texts costs more.
    target: Cow<'a, [u8]>,
    pub(crate) outcome: Outcome,
    pub(crate) error_code: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
}

/// Starts packing a call into `scratch`: its head and the ARNs that the event lists.
pub(crate) fn pack<F: Find>(
    scratch: &mut Vec<u8>,
    head: Head,
    resources: Option<Cursor<'_, F>>,
) -> Result<(), &'static str> {
    scratch.clear();
    for number in [head.plan, head.region, head.recipient, head.error] {
        scratch.extend_from_slice(&number.to_le_bytes());
    }
    let outcome = Outcome::ALL.iter().position(|outcome| *outcome == head.outcome).unwrap_or(0);
    scratch.push(u8::try_from(outcome).unwrap_or(0));
    let place = scratch.len();
    scratch.extend_from_slice(&[0; 4]);
    let mut count = 0_u32;
    if let Some(mut resources) = resources {
        let listed = (|| -> Result<(), Fault> {
            let mut first = true;
            resources.expect(b'[')?;
            while resources.element(&mut first)? {
                if resources.look()? != b'{' {
                    resources.value()?;
                    continue;
                }
                if let Some(arn) = arn_of(&mut resources)? {
                    pack_bytes(scratch, &arn);
                    count += 1;
                }
            }
            Ok(())
        })();
        listed.map_err(|_| "malformed")?;
    }
    if let Some(slot) = scratch.get_mut(place..place + 4) {
        slot.copy_from_slice(&count.to_le_bytes());
    }
    Ok(())
}

/// Packs the head and request parameters of `packed` anew, with the listed ARNs bounded by `bound`; false when that
/// changes nothing or they are not UTF-8.
pub(crate) fn pack_bounded(
    scratch: &mut Vec<u8>,
    packed: &[u8],
    mut bound: impl FnMut(&str) -> Option<String>,
) -> bool {
    let Some((listed, rest)) = listed(packed) else { return false };
    let mut is_changed = false;
    let mut names: Vec<Cow<'_, str>> = Vec::with_capacity(listed.len());
    for arn in listed {
        let name = bound(arn);
        is_changed |= name.is_some();
        names.push(name.map_or(Cow::Borrowed(arn), Cow::Owned));
    }
    if is_changed {
        names.sort_unstable();
        names.dedup();
        scratch.clear();
        scratch.extend_from_slice(packed.get(..HEAD).unwrap_or_default());
        scratch.extend_from_slice(&u32::try_from(names.len()).unwrap_or(0).to_le_bytes());
        for name in &names {
            pack_bytes(scratch, name.as_bytes());
        }
        scratch.extend_from_slice(rest);
    }
    is_changed
}

/// The ARNs of a packed call, and its packed request parameters.
fn listed(packed: &[u8]) -> Option<(Vec<&str>, &[u8])> {
    let (count, mut rest) = packed.get(HEAD..)?.split_first_chunk::<4>()?;
    let mut listed = Vec::with_capacity(4);
    for _ in 0..u32::from_le_bytes(*count) {
        listed.push(std::str::from_utf8(take_bytes(&mut rest)?).ok()?);
    }
    Some((listed, rest))
}

/// Whether a listed ARN of a packed call ends with this value, so that the value tells nothing new. Each ARN tells one
/// value only: an index may be named like its table. `used` marks the ARNs that told one, by their place.
pub(crate) fn is_told(packed: &[u8], used: &mut u64, value: Value<'_>) -> bool {
    let Value::Text(Text { raw: value }) = value else { return false };
    let Some((count, mut rest)) = packed.get(HEAD..).and_then(|tail| tail.split_first_chunk::<4>()) else {
        return false;
    };
    let mut told: Option<&[u8]> = None;
    // What is listed beyond the bits of the mark tells nothing, and the templates are asked.
    for place in 0..u32::from_le_bytes(*count).min(u64::BITS) {
        let Some(arn) = take_bytes(&mut rest) else { break };
        if *used & (1 << place) != 0 {
            continue;
        }
        let ends_with_value =
            || arn.strip_suffix(value).and_then(<[u8]>::last).is_some_and(|byte| b":/".contains(byte));
        // The same ARN, listed again, is the same resource.
        if told.map_or_else(ends_with_value, |told| told == arn) {
            told = Some(arn);
            *used |= 1 << place;
        }
    }
    told.is_some()
}

/// Packs a request parameter; false when its text is not what JSON allows.
pub(crate) fn pack_parameter(
    scratch: &mut Vec<u8>,
    path: u16,
    used_for: ParameterUse,
    value: Value<'_>,
) -> bool {
    scratch.extend_from_slice(&path.to_le_bytes());
    if used_for == ParameterUse::Selector {
        pack_bytes(scratch, &[]);
        return true;
    }
    match value {
        Value::Text(text) => match text.decode() {
            Some(text) => pack_bytes(scratch, without_secrets(&text).as_bytes()),
            None => return false,
        },
        Value::Bare(bytes) | Value::Nested(bytes) => pack_bytes(scratch, bytes),
    }
    true
}

/// An address without its query, which may be signed, and without a user and password. Other texts are names.
fn without_secrets(text: &str) -> Cow<'_, str> {
    // Few texts begin so, and to search all of them for the rest takes longer.
    let address = if text.starts_with("http") { text.split_once("://") } else { None };
    let Some((scheme, rest)) = address else { return Cow::Borrowed(text) };
    let place = rest.split(['?', '#']).next().unwrap_or_default();
    match place.split_once('@') {
        Some((user, host)) if !user.contains('/') => Cow::Owned(format!("{scheme}://{host}")),
        _ => Cow::Borrowed(text.get(..scheme.len() + 3 + place.len()).unwrap_or_default()),
    }
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

/// Works out what a call is called on from the listed resources and request parameters that were packed; none when
/// they are not UTF-8. Resources that parameters suggest are bounded by `bound`, as those that are listed were before.
pub(crate) fn target(
    packed: &[u8],
    names: &Interner,
    plan: &Plan,
    bound: impl FnMut(&str) -> Option<String>,
) -> Option<Target> {
    let head = packed.get(..HEAD)?;
    let mut numbers =
        head.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes).skip(1);
    let mut name = || std::str::from_utf8(names.get(numbers.next()?)).ok();
    let (region, account) = (name()?, name()?);
    let (listed, mut rest) = listed(packed)?;
    let mut listed: Vec<String> = listed.into_iter().map(str::to_owned).collect();
    listed.sort_unstable();
    listed.dedup();
    if rest.is_empty() {
        return Some(Target { resources: listed, parameters: Vec::new() });
    }
    let mut values = Vec::with_capacity(4);
    while let Some((path, tail)) = rest.split_first_chunk::<2>() {
        rest = tail;
        let path = plan.request.get(u16::from_le_bytes(*path))?;
        values.push((path.path, std::str::from_utf8(take_bytes(&mut rest)?).ok()?));
    }
    let place = Place { partition: partition_of(region), region, account };
    let (resources, parameters) = resources_and_parameters(plan, &place, listed, &values, bound);
    Some(Target { resources, parameters })
}

/// Packs a call whose target is worked out, with the head of `packed`.
pub(crate) fn repack(scratch: &mut Vec<u8>, packed: &[u8], target: &Target) {
    scratch.clear();
    scratch.extend_from_slice(packed.get(..HEAD).unwrap_or_default());
    pack_target(scratch, target);
}

fn pack_target(scratch: &mut Vec<u8>, target: &Target) {
    scratch.extend_from_slice(&u32::try_from(target.resources.len()).unwrap_or(0).to_le_bytes());
    for resource in &target.resources {
        pack_bytes(scratch, resource.as_bytes());
    }
    for (path, value) in &target.parameters {
        pack_bytes(scratch, path.as_bytes());
        pack_bytes(scratch, value.as_bytes());
    }
}

impl<'a> Call<'a> {
    /// A call by its packed form.
    pub(crate) fn of(packed: &'a [u8], table: &'a Table, plans: &'a PlanList) -> Option<Self> {
        let (head, target) = packed.split_at_checked(HEAD)?;
        let mut numbers =
            head.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes);
        let plan = plans.get(numbers.next()?)?;
        let mut name = || Some(table.name(numbers.next()?));
        let (region, _, error_code) = (name()?, name()?, name()?);
        let outcome = Outcome::ALL.get(usize::from(*head.last()?)).copied()?;
        Some(Self {
            service: &plan.service,
            operation: &plan.operation,
            target: Cow::Borrowed(target),
            outcome,
            error_code,
            region,
        })
    }

    /// Unpacks what was called on; none when it is not what was packed.
    pub(crate) fn unpack<'c>(
        &'c self,
        resources: &mut Vec<&'c str>,
        parameters: &mut Vec<(&'c str, &'c str)>,
    ) -> Option<()> {
        resources.clear();
        parameters.clear();
        let (count, mut rest) = self.target.split_first_chunk::<4>()?;
        let text = |rest: &mut &'c [u8]| std::str::from_utf8(take_bytes(rest)?).ok();
        for _ in 0..u32::from_le_bytes(*count) {
            resources.push(text(&mut rest)?);
        }
        while !rest.is_empty() {
            parameters.push((text(&mut rest)?, text(&mut rest)?));
        }
        Some(())
    }

    /// Renames what was called on, where names that were met since are too many to keep each.
    pub(crate) fn bound(&mut self, excess: &Excess, tree: u64) -> Option<()> {
        let (mut resources, mut parameters) = (Vec::with_capacity(4), Vec::new());
        self.unpack(&mut resources, &mut parameters)?;
        let names: Vec<_> = resources.iter().map(|resource| excess.resource(tree, resource)).collect();
        let is_excess =
            |(path, value): &(&str, &str)| *value != "*" && excess.is_excess_value(tree, path, value);
        if names.iter().all(Option::is_none) && !parameters.iter().any(is_excess) {
            return Some(());
        }
        let mut resources: Vec<String> = names
            .into_iter()
            .zip(resources)
            .map(|(name, own)| name.unwrap_or_else(|| own.to_owned()))
            .collect();
        resources.sort_unstable();
        resources.dedup();
        let parameters = parameters.into_iter().map(|parameter| {
            let value = if is_excess(&parameter) { "*" } else { parameter.1 };
            (parameter.0.to_owned(), value.to_owned())
        });
        let target = Target { resources, parameters: parameters.collect() };
        let mut packed = Vec::with_capacity(self.target.len());
        pack_target(&mut packed, &target);
        self.target = Cow::Owned(packed);
        Some(())
    }
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let (bytes, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = tail;
    Some(bytes)
}

/// The ARN of a listed resource. An `ARNPrefix` names what was asked about, not what was touched.
fn arn_of<'a, F: Find>(object: &mut Cursor<'a, F>) -> Result<Option<Cow<'a, [u8]>>, Fault> {
    let mut first = true;
    let mut arn = None;
    object.enter()?;
    while let Some(key) = object.key(&mut first)? {
        let value = object.value()?;
        if key.raw.eq_ignore_ascii_case(b"arn") {
            arn = value.text();
        }
    }
    let arn = match arn {
        Some(arn) if arn.raw.contains(&b'\\') => {
            arn.decode().map(|text| Cow::Owned(text.into_owned().into_bytes()))
        }
        Some(arn) => Some(Cow::Borrowed(arn.raw)),
        None => None,
    };
    Ok(arn.filter(|arn| arn.starts_with(b"arn:")))
}

/// What the event lists goes before what its parameters suggest: parameters add resources of kinds that are not
/// listed, and are all there is for most events, which list none.
fn resources_and_parameters(
    plan: &Plan,
    place: &Place<'_>,
    mut resources: Vec<String>,
    values: &[(&str, &str)],
    mut bound: impl FnMut(&str) -> Option<String>,
) -> (Vec<String>, Vec<(String, String)>) {
    let Some(operation) = plan.resolved else { return (resources, Vec::new()) };
    let reading = operation.read(place, values);
    let listed = resources.len();
    for arn in reading.resources {
        let is_listed = resources.iter().take(listed).any(|other| is_same_kind(other, &arn));
        if !is_listed {
            resources.push(bound(&arn).unwrap_or(arn));
        }
    }
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

/// Whether two ARNs are of one service and name things of one kind: all that names a type in them is equal, as in
/// `table/a/index/b` and `table/c/index/d` but not in `table/a`. S3's ARNs name no type: there a slash tells an object
/// from a bucket.
fn is_same_kind(left: &str, right: &str) -> bool {
    let split = |arn| {
        let mut fields = str::splitn(arn, 6, ':');
        (fields.nth(2).unwrap_or_default(), fields.nth(2).unwrap_or_default())
    };
    let ((service, left), (other, right)) = (split(left), split(right));
    if service != other {
        return false;
    }
    if service == "s3" {
        return left.contains('/') == right.contains('/');
    }
    // Types and names take turns; a resource of one part is a name without a type.
    let depth = parts(left).count();
    let is_type_equal = || parts(left).zip(parts(right)).step_by(2).all(|(left, right)| left == right);
    depth == parts(right).count() && (depth == 1 || is_type_equal())
}

fn parts(resource: &str) -> impl Iterator<Item = &str> {
    resource.trim_start_matches('/').split(['/', ':'])
}

#[cfg(test)]
mod tests;
