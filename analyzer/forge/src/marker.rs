//! What a pull request remembers of itself, in a comment of its body that nobody sees.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a pull request remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// The identity.
    pub(crate) identity: String,
    /// Digest of the evidence.
    pub(crate) evidence: String,
    /// Permissions that people asked to keep, here or in an earlier pull request of the unit.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) keep: BTreeSet<String>,
    /// Why Remit closed it; none where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<End>,
    /// What it takes away.
    #[serde(default, skip_serializing_if = "Packed::is_empty")]
    pub(crate) removed: Packed,
}

/// Why Remit closed a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// Nothing is left to do.
    Resolved,
    /// Someone does not want to see it before a day.
    Snoozed(Date),
}

/// Names, packed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Packed(String);

const START: &str = "<!-- remit:1 ";
const STOP: &str = " -->";

/// Characters that packed names may have, and bytes that they may come to.
const LONGEST: usize = 24_000;
const LARGEST: u64 = 4 << 20;

impl Marker {
    /// The last marker of a body: what a person quotes above it is not it.
    pub(crate) fn read(body: &str) -> Option<Self> {
        let (_, rest) = body.rsplit_once(START)?;
        serde_json::from_str(rest.split_once(STOP)?.0).ok()
    }

    /// It as a line. Nothing in it can end the comment.
    pub(crate) fn line(&self) -> String {
        format!("{START}{}{STOP}", hidden(self))
    }

    /// A body with this marker in the place of its own.
    pub(crate) fn put_into(&self, body: &str) -> String {
        let rest =
            body.rsplit_once(START).and_then(|(before, rest)| Some((before, rest.split_once(STOP)?.1)));
        match rest {
            Some((before, after)) => format!("{before}{}{after}", self.line()),
            None => format!("{}\n\n{}\n", body.trim_end(), self.line()),
        }
    }
}

/// Bytes that patterns of what stays may have, so that a body never is too long for its forge.
const MANY: usize = 12_000;

/// Patterns of what stays, fewer and wider ones where they would be too many: then more stays than was asked for, and nothing goes that somebody
/// needs.
pub(crate) fn bounded(all: BTreeSet<String>) -> BTreeSet<String> {
    // Each stands between quotation marks, with a comma behind it, and what is escaped takes six bytes.
    let fits = |all: &BTreeSet<String>| all.iter().map(|one| hidden(one).len() + 1).sum::<usize>() <= MANY;
    if fits(&all) {
        return all;
    }
    let wider: BTreeSet<String> = all.iter().map(|name| wide(name)).collect();
    if fits(&wider) { wider } else { BTreeSet::from(["*".to_owned()]) }
}

/// A shorter pattern that covers whatever a pattern covers.
fn wide(name: &str) -> String {
    if let Some((verb, rest)) = name.split_once(' ') {
        // A verb of a cluster with its resource.
        return format!("{verb} {}*", rest.split(' ').next().unwrap_or_default());
    }
    match name.split_once(':') {
        Some((service, _)) => format!("{service}:*"),
        // It may be of any service or verb, as `*Object` and `get*` are, so nothing that is put behind it covers the same.
        None => name.to_owned(),
    }
}

/// Something as JSON for a comment that nobody sees, which nothing in it can end.
pub(crate) fn hidden(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default().replace('<', "\\u003c").replace('>', "\\u003e")
}

impl Packed {
    /// Packs names. Where they are too many, it is what they begin with, up to `:`, each with a `*`, or a `*` alone where they are of no
    /// services: then more is believed to be removed than was, and a refused call is rather taken for one of these than overlooked.
    pub(crate) fn of(names: &BTreeSet<&str>) -> Self {
        let all = Self::pack(names.iter().copied());
        if all.0.len() <= LONGEST {
            return all;
        }
        // Names of a cluster's permissions have spaces in them, and may have a `:` anywhere.
        let service = |name: &str| name.split_once(':').map(|(service, _)| format!("{service}:*"));
        let services = names.iter().map(|name| service(name).filter(|service| !service.contains(' ')));
        let services: Option<BTreeSet<String>> = services.collect();
        let short = services.map(|services| Self::pack(services.iter().map(String::as_str)));
        short.filter(|short| short.0.len() <= LONGEST).unwrap_or_else(|| Self::pack(["*"].into_iter()))
    }

    fn pack<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let text = names.collect::<Vec<_>>().join("\n");
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
        // Writing into memory does not fail.
        Self(STANDARD.encode(packed.unwrap_or_default()))
    }

    /// The names again; none where this was tampered with.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let packed = STANDARD.decode(&self.0).unwrap_or_default();
        let mut text = String::new();
        let read = DeflateDecoder::new(packed.as_slice()).take(LARGEST).read_to_string(&mut text);
        if read.is_err() {
            return BTreeSet::new();
        }
        text.lines().map(str::to_owned).collect()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> Marker {
        let names = BTreeSet::from(["s3:PutObject", "ec2:RunInstances"]);
        Marker {
            identity: "--> <!-- remit:1 {} --> </details>".to_owned(),
            evidence: "ab".to_owned(),
            keep: BTreeSet::from(["s3:Get*".to_owned()]),
            end: Some(End::Snoozed(jiff::civil::date(2027, 2, 26))),
            removed: Packed::of(&names),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let body = format!("a <!-- remit:1 {{}} --> b\n{}\nc", marker().line());
        assert_eq!(Marker::read(&body), Some(marker()));
        let other = Marker { end: None, ..marker() };
        let changed = other.put_into(&body);
        assert_eq!(Marker::read(&changed), Some(other));
        assert!(changed.starts_with("a <!--") && changed.ends_with("\nc"));
        assert_eq!(
            marker().removed.names(),
            BTreeSet::from(["ec2:RunInstances".to_owned(), "s3:PutObject".to_owned()])
        );
    }

    #[test]
    fn a_name_cannot_end_the_comment() {
        let line = marker().line();
        assert_eq!(line.matches("-->").count(), 1);
        assert_eq!(line.matches("<!--").count(), 1);
    }

    #[test]
    fn more_than_fits_is_told_by_services() {
        let names: Vec<String> = (0..20_000_u64)
            .map(|number| format!("s{}:Do{:x}", number % 3, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        let packed = Packed::of(&names.iter().map(String::as_str).collect());
        assert_eq!(packed.names(), ["s0:*", "s1:*", "s2:*"].map(str::to_owned).into());
    }

    #[test]
    fn of_too_many_permissions_of_a_cluster_all_may_be_gone() {
        let names: Vec<String> = (0..20_000_u64)
            .map(|number| format!("get clusterroles system:{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        let packed = Packed::of(&names.iter().map(String::as_str).collect());
        assert_eq!(packed.names(), BTreeSet::from(["*".to_owned()]));
    }

    #[test]
    fn what_stays_is_bounded_and_never_less_than_was_asked_for() {
        let few = BTreeSet::from(["s3:Get*".to_owned(), "get pods in shop".to_owned()]);
        assert_eq!(bounded(few.clone()), few);
        let long = "<".repeat(60);
        let many: BTreeSet<String> = (0..500)
            .flat_map(|number| {
                [format!("get secrets {long}{number} in shop"), format!("s3:Do{long}{number}")]
            })
            .collect();
        let short = bounded(many.clone());
        assert_eq!(short, ["get secrets*", "s3:*"].map(str::to_owned).into());
        assert!(many.iter().all(|name| short.iter().any(|pattern| crate::command::covers(pattern, name))));
        let kinds = (0..500).map(|number| format!("get {long}{number}")).collect();
        assert_eq!(bounded(kinds), BTreeSet::from(["*".to_owned()]));
    }

    #[test]
    fn a_wider_pattern_covers_whatever_its_pattern_covers() {
        use crate::command::covers;
        let names = [
            "s3:GetObject",
            "s3",
            "s3-object-lambda:GetObject",
            "iam:PassRole",
            "get pods in shop",
            "get pods",
            "get pods/log in shop",
            "get clusterroles system:admin",
            "get /metrics/x",
            "delete secrets a:b in shop",
        ];
        let patterns = [
            "*",
            "**",
            "*Object",
            "get*",
            "s3*",
            "s3",
            "*pods*",
            "*:Get*",
            "s3:*Object",
            "s*:get*t",
            "get *",
            "get pods*",
            "get p*s in shop",
            "* secrets a:b in *",
            "*s system:*",
            "get /metrics/*",
            "g*t *",
        ];
        for pattern in patterns {
            let wider = wide(pattern);
            let before: Vec<_> = names.iter().filter(|name| covers(pattern, name)).collect();
            assert!(!before.is_empty(), "{pattern} covers nothing");
            for name in before {
                assert!(covers(&wider, name), "{pattern} covers {name}, and {wider} does not");
            }
        }
        // The same where what stays is bounded indeed.
        let many = (0..2_000).map(|number| format!("s3:DoSomething{number}"));
        let all: BTreeSet<String> = many.chain(["*Object", "get*"].map(str::to_owned)).collect();
        assert_eq!(bounded(all), ["*Object", "get*", "s3:*"].map(str::to_owned).into());
        let long = (0..500).map(|number| format!("*{number}{}", "x".repeat(60))).collect();
        assert_eq!(bounded(long), BTreeSet::from(["*".to_owned()]));
    }

    #[test]
    fn a_marker_that_was_tampered_with_is_none() {
        for body in ["", "<!-- remit:1 ", "<!-- remit:1 {} -->", "<!-- remit:1 [] -->", "<!-- remit:2 {} -->"]
        {
            assert_eq!(Marker::read(body), None, "{body}");
        }
        assert!(Packed("AAAA".to_owned()).names().is_empty());
    }
}
