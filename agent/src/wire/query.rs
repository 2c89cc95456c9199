//! What is kept of a query: names, and the values of those that name an operation or a resource.

use percent_encoding::percent_decode_str;
use remit_catalog::kubernetes::selected_name;

use super::scope::{older, scope};
use crate::head::{Query, Scope};

/// Most parameters that are kept of one query; no route looks at more.
const MOST: usize = 64;

/// Names whose values tell operations apart. Their values are words or small numbers; any other value is left out, since
/// the same name may carry something else elsewhere.
const DISCRIMINATORS: &[&str] = &[
    // AWS: the query protocol, S3, and the fixed queries of REST operations in botocore's service models.
    "Action",
    "list-type",
    "select-type",
    "x-id",
    "operation",
    "Operation",
    "find",
    "List",
    "mode",
    "aws_iam",
    "format",
    "pretty",
    "scope",
    "type",
    "view",
    // Kubernetes.
    "watch",
    // Azure blob storage.
    "comp",
    "restype",
    // Google Cloud Storage.
    "alt",
    "uploadType",
    // Vault.
    "list",
];

/// Splits a query, and finds the scope that a presigned address is signed for.
pub(super) fn read(raw: &str, path: &str) -> (Vec<Query>, Option<Scope>) {
    let (mut signed, mut access_key) = (None, None);
    let mut kept = Vec::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && !value.starts_with('=') => (name, Some(value)),
            // A token may stand alone (`?eyJhbGci...==`), and S3's subresources (`?acl`) have letters only.
            split => {
                let name = split.map_or(pair, |(name, _)| name);
                if name.len() > 40 || !name.bytes().all(is_letter) {
                    continue;
                }
                (name, None)
            }
        };
        let Some(name) = decoded(name, 64) else { continue };
        if name.eq_ignore_ascii_case("X-Amz-Credential") {
            signed = value.and_then(|value| decoded(value, 512)).and_then(|value| scope(&value));
        } else if name == "AWSAccessKeyId" {
            access_key = value.and_then(|value| decoded(value, 128));
        }
        if kept.len() < MOST {
            let value = value.and_then(|value| self::value(&name, value, path));
            kept.push(Query { name, value });
        }
    }
    // An address of S3 that is signed by version 2. Queries of other services are signed so too, and say the version.
    let has = |name: &str| kept.iter().any(|query| query.name == name);
    if has("Signature") && has("Expires") && !has("SignatureVersion") {
        signed = signed.or_else(|| older(&access_key?));
    }
    (kept, signed)
}

/// The value of a name that is allowed to keep one.
fn value(name: &str, raw: &str, path: &str) -> Option<String> {
    if DISCRIMINATORS.contains(&name) {
        let is_word = raw.len() <= 64 && raw.bytes().all(is_letter);
        let is_number = raw.len() <= 2 && raw.bytes().all(|byte| byte.is_ascii_digit());
        // Names of operations end in digits now and then (`ListObjectsV2`).
        let is_operation = ["Action", "x-id"].contains(&name) && is_operation(raw.as_bytes());
        return (is_word || is_number || is_operation).then(|| raw.to_owned());
    }
    match name {
        // An upload to Cloud Storage names its object here, and a name elsewhere may be anyone's.
        "name" if path.starts_with("/upload/storage/") || path.starts_with("/resumable/upload/storage/") => {
            decoded(raw, 1024)
        }
        // A list of one object is authorised by that object's name.
        "fieldSelector" => decoded(raw, 300)
            .and_then(|value| selected_name(&value).map(|name| format!("metadata.name={name}"))),
        _ => None,
    }
}

/// What a parameter occupies.
pub(super) fn query_size(query: &Query) -> usize {
    size_of::<Query>() + query.name.len() + query.value.as_ref().map_or(0, String::len)
}

/// Whether it can be an operation's name.
pub(super) fn is_operation(text: &[u8]) -> bool {
    (1..=128).contains(&text.len())
        && text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(u8::is_ascii_alphanumeric)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_'
}

/// Percent-decoded text without control characters.
fn decoded(raw: &str, longest: usize) -> Option<String> {
    if raw.len() > longest * 3 {
        return None;
    }
    let text = percent_decode_str(raw).decode_utf8().ok()?;
    (text.len() <= longest && !text.chars().any(char::is_control)).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(raw: &str, path: &str) -> String {
        let (query, _) = read(raw, path);
        let shown = query.iter().map(|query| match &query.value {
            Some(value) => format!("{}={value}", query.name),
            None => query.name.clone(),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_are_kept_and_values_by_an_allow_list() {
        assert_eq!(
            kept("list-type=2&prefix=secret%2F&encoding-type=url", "/"),
            "list-type=2 prefix encoding-type"
        );
        assert_eq!(
            kept("x-id=ListObjectsV2&acl&uploadId=abc&partNumber=1", "/k"),
            "x-id=ListObjectsV2 acl uploadId partNumber"
        );
        assert_eq!(
            kept("watch=true&fieldSelector=metadata.name%3Dx&fieldSelector=a%3Db", "/"),
            "watch=true fieldSelector=metadata.name=x fieldSelector"
        );
        assert_eq!(
            kept("fieldSelector=type%3Dx%2Cmetadata.name%3Ddb&fieldSelector=metadata.name%3Dx%2Cy", "/"),
            "fieldSelector=metadata.name=db fieldSelector"
        );
        assert_eq!(
            kept("name=a%20b&uploadType=media", "/upload/storage/v1/b/x/o"),
            "name=a b uploadType=media"
        );
        assert_eq!(kept("name=secret&command=cat&command=secret", "/exec"), "name command command");
    }

    #[test]
    fn what_an_allowed_name_would_not_carry_is_left_out() {
        assert_eq!(
            kept("type=sk-12345&scope=read%20all&Action=a%20b&watch=100", "/"),
            "type scope Action watch"
        );
        assert_eq!(kept("eyJhbGciOiJIUzI1NiJ9&abc12==&&%zz=1&%ff=1&acl=", "/"), "%zz acl");
    }

    #[test]
    fn a_presigned_address_tells_its_scope() {
        let raw = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
            &X-Amz-Security-Token=secret&X-Amz-Signature=secret";
        let (query, scope) = read(raw, "/");
        assert_eq!(scope.unwrap().service, "s3");
        assert!(query.iter().all(|query| query.value.is_none()));
    }

    #[test]
    fn so_does_one_of_the_older_version_where_it_is_that_of_s3() {
        let (query, scope) = read("AWSAccessKeyId=AKID&Signature=hunter2%3D&Expires=1", "/");
        assert_eq!(scope.map(|scope| [scope.access_key, scope.service]).unwrap(), ["AKID", "s3"]);
        assert!(query.iter().all(|query| query.value.is_none()));
        for other in [
            "AWSAccessKeyId=AKID&Signature=a&Expires=1&SignatureVersion=2",
            "AWSAccessKeyId=AKID&Expires=1",
            "AWSAccessKeyId=hunter2%20&Signature=a&Expires=1",
        ] {
            assert_eq!(read(other, "/").1, None, "{other}");
        }
    }

    #[test]
    fn a_query_is_bounded() {
        assert_eq!(read(&"a=1&".repeat(1000), "/").0.len(), MOST);
    }
}
