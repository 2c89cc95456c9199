//! The scope of a signature or which token it is and whose, and nothing else of an `Authorization` header.
//!
//! Sources: AWS, "Signature Version 4 signing process", of which 4a leaves the region out; and "Signing and authenticating
//! REST requests" of S3, the older one, which S3 alone has and which names no region.

use super::{field::Field, token};
use crate::head::Scope;

/// Reads `AKIA.../20261128/eu-west-1/s3/aws4_request`.
pub(super) fn scope(credential: &str) -> Option<Scope> {
    let mut parts = credential.rsplit('/');
    if parts.next()? != "aws4_request" {
        return None;
    }
    let service = parts.next()?;
    let (region, date) = match parts.next()? {
        date if is_date(date) => ("", date),
        region => (region, parts.next()?),
    };
    let access_key = parts.next()?;
    let is_sound = is_date(date)
        && parts.next().is_none()
        && is_word(service, "-_.")
        && (region.is_empty() || is_word(region, "-"))
        && is_word(access_key, "-_");
    is_sound.then(|| Scope {
        access_key: access_key.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

/// What a signature of version 2 is for.
pub(super) fn older(access_key: &str) -> Option<Scope> {
    is_word(access_key, "-_").then(|| Scope {
        access_key: access_key.to_owned(),
        region: String::new(),
        service: "s3".to_owned(),
    })
}

/// What is kept of an `Authorization` header: the scope of a signature, or that it is a bearer token, which and whose.
pub(super) fn authorization(value: &str) -> Field {
    let (kind, rest) = value.split_once(' ').unwrap_or((value, ""));
    if kind.eq_ignore_ascii_case("bearer") {
        return Field::Authorization { scope: None, is_bearer: true, token: token::read(rest.trim()) };
    }
    let scope = match kind {
        "AWS" => rest.split_once(':').and_then(|(access_key, _)| older(access_key)),
        // All write it first, and no more than that is compared where requests are added up (`ebpf/src/sums.rs`).
        _ if kind.starts_with("AWS4-") => {
            let mut first = rest.split(',').next().unwrap_or_default().split(' ');
            first.find_map(|part| part.strip_prefix("Credential=")).and_then(scope)
        }
        _ => None,
    };
    Field::Authorization { scope, is_bearer: false, token: None }
}

fn is_date(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str, besides: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || besides.as_bytes().contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(credential: &str) -> Option<[String; 3]> {
        scope(credential).map(|scope| [scope.access_key, scope.region, scope.service])
    }

    #[test]
    fn scopes_of_both_versions_are_read() {
        assert_eq!(
            parts("AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request").unwrap(),
            ["AKIDEXAMPLE", "us-east-1", "iam"]
        );
        assert_eq!(parts("AKIDEXAMPLE/20150830/s3/aws4_request").unwrap(), ["AKIDEXAMPLE", "", "s3"]);
    }

    #[test]
    fn what_is_no_scope_is_not_kept() {
        for text in [
            "",
            "aws4_request",
            "a/20150830/r/s/aws4_request/",
            "x/a/20150830/r/s/aws4_request",
            "a b/20150830/r/s/aws4_request",
            "a/2015/r/s/aws4_request",
            "a/20150830/r//aws4_request",
        ] {
            assert_eq!(scope(text), None, "{text}");
        }
    }

    #[test]
    fn an_authorization_keeps_its_scope_only() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20150830/eu-west-1/sts/aws4_request, \
            SignedHeaders=host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        let signed = |scope| Field::Authorization { scope, is_bearer: false, token: None };
        let [access_key, region, service] = ["AKID", "eu-west-1", "sts"].map(str::to_owned);
        assert_eq!(authorization(header), signed(Some(Scope { access_key, region, service })));
        let bearer = Field::Authorization { scope: None, is_bearer: true, token: None };
        assert_eq!(authorization("bearer hunter2"), bearer);
        assert_eq!(authorization("Basic aHVudGVyMg=="), signed(None));
        let [access_key, region, service] = ["AKID", "", "s3"].map(str::to_owned);
        assert_eq!(authorization("AWS AKID:hunter2="), signed(Some(Scope { access_key, region, service })));
        assert_eq!(authorization("AWS hunter2"), signed(None));
    }

    /// Where requests are added up, those are equal that are equal up to the first comma.
    #[test]
    fn a_scope_behind_a_comma_is_not_kept() {
        let header =
            "AWS4-HMAC-SHA256 SignedHeaders=host, Credential=AKID/20150830/eu-west-1/sts/aws4_request";
        assert_eq!(
            authorization(header),
            Field::Authorization { scope: None, is_bearer: false, token: None }
        );
    }
}
