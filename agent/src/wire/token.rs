//! The identifier of a bearer token and whose it is, and nothing else of it.
//!
//! Sources: RFC 7515, section 3.1, the three parts of a token; RFC 7519, section 4.1.7, `jti`, by which its issuer knows it.
//! Kubernetes gives each token of a ServiceAccount one, and its audit log names it. Microsoft identity platform, "Access
//! token claims reference": `appid` in tokens of version 1, `azp` in those of version 2, `scp` where a user lets an
//! application act. Google, AIP-4111: a service account may sign a token itself, as issuer and subject, and show that.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::field::word;
use crate::head::{Bearer, Token};

/// Characters of claims that are decoded; Kubernetes writes a tenth of it.
const LONGEST: usize = 8192;

/// What the issuers of Microsoft Entra's tokens begin with, in each of its clouds, in versions 1 and 2.
const ENTRA: &[&str] = &[
    "https://sts.windows.net/",
    "https://sts.chinacloudapi.cn/",
    "https://login.microsoftonline.com/",
    "https://login.microsoftonline.us/",
    "https://login.partner.microsoftonline.cn/",
];

/// What the address of every service account of Google Cloud ends in.
const GOOGLE: &str = ".gserviceaccount.com";

/// The claims of a token, as far as they are looked at.
#[derive(serde::Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    jti: Option<Cow<'a, str>>,
    #[serde(borrow)]
    iss: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sub: Option<Cow<'a, str>>,
    #[serde(borrow)]
    appid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    azp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    oid: Option<Cow<'a, str>>,
    scp: Option<IgnoredAny>,
}

/// Reads what a token tells of itself, where it is one of JSON and tells something.
pub(super) fn read(token: &str) -> Option<Token> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || claims.len() > LONGEST {
        return None;
    }
    let mut decoded = Zeroizing::new(vec![0; claims.len()]);
    let length = BASE64_URL_SAFE_NO_PAD.decode_slice(claims, &mut decoded).ok()?;
    let claims: Claims<'_> = serde_json::from_slice(decoded.get(..length)?).ok()?;
    let token = Token { id: word(claims.jti.as_deref(), 64, "-_"), bearer: bearer(&claims) };
    (token.id.is_some() || token.bearer.is_some()).then_some(token)
}

fn bearer(claims: &Claims<'_>) -> Option<Bearer> {
    let issuer = claims.iss.as_deref()?;
    if ENTRA.iter().any(|start| issuer.starts_with(start)) {
        let is_for_user = claims.scp.is_some();
        let client = claims.appid.as_deref().or(claims.azp.as_deref());
        let whose = if is_for_user { claims.oid.as_deref() } else { client };
        let whose = identifier(whose?)?;
        return Some(if is_for_user { Bearer::User(whose) } else { Bearer::Application(whose) });
    }
    let is_own = issuer.ends_with(GOOGLE) && claims.sub.as_deref() == Some(issuer);
    word(Some(issuer).filter(|_| is_own), 254, "-._@").map(Bearer::ServiceAccount)
}

/// An identifier of Microsoft Entra, such as `6fdb3a32-15b0-4a1b-9a0f-0d5d6b1f5e77`.
fn identifier(text: &str) -> Option<String> {
    let is_sound = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_sound.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "6FDB3A32-15b0-4a1b-9a0f-0d5d6b1f5e77";
    const OBJECT: &str = "0d5d6b1f-4a1b-4a1b-9a0f-6fdb3a3215b0";

    fn token(claims: &str) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        [encode("{}"), encode(claims), encode("hunter2")].join(".")
    }

    fn id(token: &str) -> Option<String> {
        read(token)?.id
    }

    fn bearer_of(claims: &str) -> Option<Bearer> {
        read(&token(claims))?.bearer
    }

    #[test]
    fn the_identifier_is_kept() {
        let claims = r#"{"aud":["https://kubernetes.default.svc"],"exp":1795000000,
            "jti":"ea28ed49-2e11-4280-9ec5-bc3d1d84661a","sub":"system:serviceaccount:shop:orders"}"#;
        let kept = Token { id: Some("ea28ed49-2e11-4280-9ec5-bc3d1d84661a".to_owned()), bearer: None };
        assert_eq!(read(&token(claims)), Some(kept));
    }

    #[test]
    fn what_is_no_token_of_json_or_no_identifier_is_not_kept() {
        let long = format!(r#"{{"jti":"{}"}}"#, "a".repeat(65));
        let large = format!(r#"{{"jti":"a","sub":"{}"}}"#, "a".repeat(LONGEST));
        for claims in ["", "{}", r#"{"jti":1}"#, r#"{"jti":""}"#, r#"{"jti":"a b"}"#, "[]", &long, &large] {
            assert_eq!(read(&token(claims)), None, "{claims}");
        }
        let one = token(r#"{"jti":"a"}"#);
        assert_eq!(id(&one).as_deref(), Some("a"));
        for other in ["", "hunter2", "a.b", "a.b.c", &format!("{one}.x"), &one.replace('.', "=.")] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_of_entra_tells_the_application_or_the_user() {
        let of = |claims: &str| bearer_of(&format!(r#"{{{claims},"oid":"{OBJECT}","tid":"{OBJECT}"}}"#));
        let application = Some(Bearer::Application(CLIENT.to_ascii_lowercase()));
        let first = format!(r#""iss":"https://sts.windows.net/{OBJECT}/","appid":"{CLIENT}""#);
        assert_eq!(of(&format!(r#"{first},"idtyp":"app","roles":["a"]"#)), application);
        let second = format!(r#""iss":"https://login.microsoftonline.com/{OBJECT}/v2.0","azp":"{CLIENT}""#);
        assert_eq!(of(&second), application);
        let user = Some(Bearer::User(OBJECT.to_owned()));
        assert_eq!(of(&format!(r#"{second},"scp":"user_impersonation","name":"hunter2""#)), user);
        for other in [
            format!(r#""iss":"https://sts.windows.net.example/","appid":"{CLIENT}""#),
            format!(r#""iss":"https://sts.windows.net/{OBJECT}/","appid":"hunter2""#),
            format!(r#""iss":"https://sts.windows.net/{OBJECT}/","sub":"{CLIENT}""#),
            format!(r#""appid":"{CLIENT}""#),
        ] {
            assert_eq!(of(&other), None, "{other}");
        }
    }

    #[test]
    fn a_token_that_a_service_account_signed_tells_it() {
        let address = "orders@shop-1.iam.gserviceaccount.com";
        let of = |issuer: &str, subject: &str| {
            bearer_of(&format!(
                r#"{{"iss":"{issuer}","sub":"{subject}","aud":"https://storage.googleapis.com/"}}"#
            ))
        };
        assert_eq!(of(address, address), Some(Bearer::ServiceAccount(address.to_owned())));
        assert_eq!(of(address, "somebody@example.com"), None);
        assert_eq!(of("somebody@example.com", "somebody@example.com"), None);
        assert_eq!(of("a b.gserviceaccount.com", "a b.gserviceaccount.com"), None);
    }
}
