use super::*;

fn read(json: &str) -> (String, &'static str, Option<String>) {
    let identity = Identity::read(Some(json.as_bytes()), Some("111122223333"));
    (identity.principal, identity.kind.as_str(), identity.session)
}

#[test]
fn a_session_is_its_role() {
    let with_issuer = r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/web/i-1",
        "accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role",
        "arn":"arn:aws:iam::111122223333:role/shop/web","accountId":"111122223333"}}}"#;
    let role = "arn:aws:iam::111122223333:role/shop/web".to_owned();
    assert_eq!(read(with_issuer), (role, "role", Some("i-1".to_owned())));
    let without = r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/web/i-1"}"#;
    assert_eq!(read(without).0, "arn:aws:iam::111122223333:role/web");
}

#[test]
fn users_root_and_services_are_told_apart() {
    let user = r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann","userName":"ann"}"#;
    assert_eq!(read(user), ("arn:aws:iam::111122223333:user/ann".to_owned(), "user", None));
    let root = r#"{"type":"Root","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}"#;
    assert_eq!(read(root).1, "root");
    let service = r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#;
    assert_eq!(read(service).1, "service");
}

#[test]
fn a_call_without_a_caller_has_some_principal() {
    for json in ["{}", "null", "{\"type\":7}", "{\"type\":\"Unheard\"", "[]"] {
        assert!(!read(json).0.is_empty(), "{json}");
    }
    assert!(!Identity::read(None, None).principal.is_empty());
}
