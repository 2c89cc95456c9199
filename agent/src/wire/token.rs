//! The identifier of a bearer token, and nothing else of it.
//!
//! Sources: RFC 7515, section 3.1, the three parts of a token; RFC 7519, section 4.1.7, `jti`, by which its issuer knows it.
//! Kubernetes gives each token of a ServiceAccount one, and its audit log names it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::field::word;

/// Characters of claims that are decoded; Kubernetes writes a tenth of it.
const LONGEST: usize = 8192;

/// The claims of a token, as far as they are looked at.
#[derive(serde::Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    jti: Option<Cow<'a, str>>,
}

/// Reads the identifier, where the token is one of JSON and has one.
pub(super) fn identifier(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || claims.len() > LONGEST {
        return None;
    }
    let mut decoded = Zeroizing::new(vec![0; claims.len()]);
    let length = BASE64_URL_SAFE_NO_PAD.decode_slice(claims, &mut decoded).ok()?;
    let claims: Claims<'_> = serde_json::from_slice(decoded.get(..length)?).ok()?;
    word(claims.jti.as_deref(), 64, "-_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        [encode("{}"), encode(claims), encode("hunter2")].join(".")
    }

    #[test]
    fn the_identifier_is_kept() {
        let claims = r#"{"aud":["https://kubernetes.default.svc"],"exp":1795000000,
            "jti":"ea28ed49-2e11-4280-9ec5-bc3d1d84661a","sub":"system:serviceaccount:shop:orders"}"#;
        assert_eq!(identifier(&token(claims)).unwrap(), "ea28ed49-2e11-4280-9ec5-bc3d1d84661a");
    }

    #[test]
    fn what_is_no_token_of_json_or_no_identifier_is_not_kept() {
        let long = format!(r#"{{"jti":"{}"}}"#, "a".repeat(65));
        let large = format!(r#"{{"jti":"a","sub":"{}"}}"#, "a".repeat(LONGEST));
        for claims in ["", "{}", r#"{"jti":1}"#, r#"{"jti":""}"#, r#"{"jti":"a b"}"#, "[]", &long, &large] {
            assert_eq!(identifier(&token(claims)), None, "{claims}");
        }
        let one = token(r#"{"jti":"a"}"#);
        for other in ["", "hunter2", "a.b", "a.b.c", &format!("{one}.x"), &one.replace('.', "=.")] {
            assert_eq!(identifier(other), None, "{other}");
        }
    }
}
