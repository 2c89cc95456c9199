//! The fields of a head that are kept, by an allow-list. The value of any other field is never copied.
//!
//! Whatever keeps fields for longer than a head, as HPACK's table does, keeps them in this form.

use std::str::FromStr;

use super::{
    query::query_size,
    scope::authorization,
    target::{Target, authority},
};
use crate::head::{Scope, Token};

/// The name of a field, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// `:method`.
    Method,
    /// `:path`.
    Path,
    /// `:authority`.
    Authority,
    /// `:status`.
    Status,
    Host,
    Target,
    Authorization,
    Impersonation,
    ContentType,
    SmithyProtocol,
    CopySource,
    /// Azure's, an address whose query may be a signature.
    CopyAddress,
    RequestId,
    GrpcStatus,
    Length,
    TransferEncoding,
    /// Any other.
    Other,
    /// A name in a part of HPACK's table that was not seen.
    Unknown,
}

impl Name {
    /// The name in any case.
    pub(super) fn of(name: &[u8]) -> Self {
        // By those of requests, the kernel's programs tell whether two requests are the same (`ebpf/src/sums.rs`).
        const NAMES: &[(&str, Name)] = &[
            (":method", Name::Method),
            (":path", Name::Path),
            (":authority", Name::Authority),
            (":status", Name::Status),
            ("host", Name::Host),
            ("x-amz-target", Name::Target),
            ("authorization", Name::Authorization),
            ("impersonate-user", Name::Impersonation),
            ("content-type", Name::ContentType),
            ("smithy-protocol", Name::SmithyProtocol),
            ("x-amz-copy-source", Name::CopySource),
            ("x-ms-copy-source", Name::CopyAddress),
            ("x-amzn-requestid", Name::RequestId),
            ("x-amz-request-id", Name::RequestId),
            ("audit-id", Name::RequestId),
            ("grpc-status", Name::GrpcStatus),
            ("content-length", Name::Length),
            ("transfer-encoding", Name::TransferEncoding),
        ];
        let known = NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
        known.map_or(Name::Other, |(_, known)| *known)
    }
}

/// A field as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Method(String),
    Path(Target),
    Authority(String),
    Status(u16),
    Host(String),
    Target(String),
    Authorization {
        scope: Option<Scope>,
        is_bearer: bool,
        token: Option<Token>,
    },
    Impersonation,
    ContentType(String),
    SmithyProtocol(String),
    CopySource(String),
    RequestId(String),
    GrpcStatus(u32),
    Length(u64),
    Chunked,
    /// Nothing of it is kept.
    Withheld,
    /// It would name the call, and its value cannot be what it has to be.
    Invalid,
    /// It may be any field: its name is in a part of HPACK's table that was not seen.
    Unknown,
}

/// Methods by which requests of HTTP/1 are told from other bytes, as the kernel's programs tell them.
pub(super) const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "LIST", "SCAN", "MERGE",
    "PURGE", "QUERY", "SEARCH", "PROPFIND",
];

impl Field {
    /// Reads a field of a name, and keeps what the allow-list lets through.
    pub(super) fn read(name: Name, value: &[u8]) -> Self {
        let value = value.trim_ascii();
        // Most fields are not kept, so they are not looked at either.
        let text = || std::str::from_utf8(value).ok();
        let read = match name {
            Name::Other => return Self::Withheld,
            Name::Unknown => return Self::Unknown,
            Name::Authorization => {
                return authorization(text().unwrap_or_default());
            }
            Name::Impersonation => return Self::Impersonation,
            Name::ContentType => {
                let kind = text().and_then(|text| text.split(';').next()).map(str::trim);
                return word(kind, 128, "/+-._")
                    .map_or(Self::Withheld, |kind| Self::ContentType(kind.to_ascii_lowercase()));
            }
            Name::RequestId => return word(text(), 128, "-_").map_or(Self::Withheld, Self::RequestId),
            Name::GrpcStatus => {
                return number(text()).map_or(Self::Withheld, Self::GrpcStatus);
            }
            Name::TransferEncoding => {
                let is_chunked = value.to_ascii_lowercase().ends_with(b"chunked");
                return if is_chunked { Self::Chunked } else { Self::Withheld };
            }
            Name::Method => text().filter(|text| is_method(text)).map(|text| Self::Method(text.to_owned())),
            Name::Path => Target::read(value).map(Self::Path),
            Name::Authority => authority(value).map(Self::Authority),
            Name::Host => authority(value).map(Self::Host),
            Name::Status => status(value).map(Self::Status),
            Name::Target => word(text(), 256, "._#-").map(Self::Target),
            Name::SmithyProtocol => word(text(), 64, "-._").map(Self::SmithyProtocol),
            Name::CopySource => text().and_then(versioned).map(Self::CopySource),
            Name::CopyAddress => text().and_then(unsigned).map(Self::CopySource),
            Name::Length => number(text()).map(Self::Length),
        };
        read.unwrap_or(Self::Invalid)
    }

    /// What it occupies beside its place.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Method(text)
            | Self::Authority(text)
            | Self::Host(text)
            | Self::Target(text)
            | Self::ContentType(text)
            | Self::SmithyProtocol(text)
            | Self::CopySource(text)
            | Self::RequestId(text) => text.len(),
            Self::Authorization { token, .. } => token.as_ref().map_or(0, Token::bytes),
            Self::Path(target) => target.path.len() + target.query.iter().map(query_size).sum::<usize>(),
            _ => 0,
        }
    }
}

/// The three digits of a status.
pub(super) fn status(text: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|status| digits && *status >= 100)
}

/// Whether it can be a method: `GET`, or another protocol's, such as `PROPFIND`.
fn is_method(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A number of digits alone.
fn number<Number: FromStr>(text: Option<&str>) -> Option<Number> {
    text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())).and_then(|text| text.parse().ok())
}

/// A bucket and key, and of the query behind them the version alone.
fn versioned(text: &str) -> Option<String> {
    let (place, query) = text.split_once('?').unwrap_or((text, ""));
    let version = query.split('&').find(|pair| pair.starts_with("versionId="));
    (text.len() <= 2048 && !text.chars().any(char::is_control))
        .then(|| version.map_or_else(|| place.to_owned(), |version| format!("{place}?{version}")))
}

/// An address without who asks, and without its query.
fn unsigned(text: &str) -> Option<String> {
    let (scheme, rest) = text.split(['?', '#']).next()?.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next()?;
    (text.len() <= 2048 && !text.chars().any(char::is_control)).then(|| format!("{scheme}://{host}/{path}"))
}

/// Text of letters, digits and some signs.
pub(super) fn word(text: Option<&str>, longest: usize, signs: &str) -> Option<String> {
    let text = text?;
    let is_word = (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || signs.as_bytes().contains(&byte));
    is_word.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Field {
        Field::read(Name::of(name.as_bytes()), value.as_bytes())
    }

    #[test]
    fn fields_of_the_allow_list_are_kept() {
        assert_eq!(read("HOST", " S3.amazonaws.com:443 "), Field::Host("s3.amazonaws.com:443".to_owned()));
        assert_eq!(
            read("X-Amz-Target", "DynamoDB_20120810.GetItem"),
            Field::Target("DynamoDB_20120810.GetItem".to_owned())
        );
        assert_eq!(
            read("content-type", "Application/JSON; charset=utf-8"),
            Field::ContentType("application/json".to_owned())
        );
        assert_eq!(read("Transfer-Encoding", "gzip, Chunked"), Field::Chunked);
        assert_eq!(read("Content-Length", "12"), Field::Length(12));
        assert_eq!(read(":status", "404"), Field::Status(404));
        assert_eq!(read("grpc-status", "16"), Field::GrpcStatus(16));
        assert_eq!(read(":method", "PROPFIND"), Field::Method("PROPFIND".to_owned()));
        assert_eq!(read("Audit-Id", "0d1c-2"), Field::RequestId("0d1c-2".to_owned()));
    }

    #[test]
    fn the_source_of_a_copy_is_kept_without_what_is_signed() {
        for (name, value, kept) in [
            ("x-amz-copy-source", "/from/key?versionId=3", "/from/key?versionId=3"),
            ("x-amz-copy-source", "/from/key?X-Amz-Signature=hunter2", "/from/key"),
            (
                "x-amz-copy-source",
                "from/key?X-Amz-Security-Token=hunter2&versionId=3&hunter2",
                "from/key?versionId=3",
            ),
            (
                "x-ms-copy-source",
                "https://a.blob.core.windows.net/c/k?sv=2&sig=hunter2",
                "https://a.blob.core.windows.net/c/k",
            ),
        ] {
            assert_eq!(read(name, value), Field::CopySource(kept.to_owned()));
        }
        assert_eq!(
            read("x-ms-copy-source", "https://user:hunter2@a/c@k"),
            Field::CopySource("https://a/c@k".to_owned())
        );
        assert_eq!(read("x-ms-copy-source", "/c/k"), Field::Invalid);
    }

    #[test]
    fn no_other_value_is_kept() {
        for name in ["cookie", "x-amz-security-token", "x-vault-token", "private-token", "x-amz-date"] {
            assert_eq!(read(name, "hunter2"), Field::Withheld);
        }
        assert_eq!(
            read("authorization", "token hunter2"),
            Field::Authorization { scope: None, is_bearer: false, token: None }
        );
        assert_eq!(read("impersonate-user", "hunter2"), Field::Impersonation);
        assert_eq!(read("content-type", "hunter2 hunter2"), Field::Withheld);
        assert_eq!(read("grpc-status", "hunter2"), Field::Withheld);
    }

    #[test]
    fn what_would_name_a_call_must_be_sound() {
        for (name, value) in [
            (":method", "get"),
            (":path", "no path"),
            ("host", "a b"),
            ("x-amz-target", "a b"),
            ("content-length", "+1"),
            ("content-length", "99999999999999999999"),
            (":status", "+20"),
            (":status", "099"),
        ] {
            assert_eq!(read(name, value), Field::Invalid, "{name}: {value}");
        }
    }
}
