use super::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/team/app";

fn holder(kind: &str, principal: &str) -> Holder {
    Holder {
        principal: principal.to_owned(),
        kind: kind.to_owned(),
        account: Some("111122223333".to_owned()),
    }
}

fn settled(keys: &[&str], tell: impl FnOnce(&mut Holders)) -> Vec<(String, String)> {
    let mut holders = Holders::of(keys.iter().map(|key| (*key).to_owned()));
    tell(&mut holders);
    holders.settled().map(|(key, holder)| (key, holder.principal)).collect()
}

fn pair(key: &str, principal: &str) -> (String, String) {
    (key.to_owned(), principal.to_owned())
}

#[test]
fn a_key_is_whose_the_log_says() {
    let user = "arn:aws:iam::111122223333:user/ops";
    let told = settled(&["AKIA1", "ASIA1", "ASIA2", "test"], |holders| {
        holders.used("AKIA1", holder("user", user));
        holders.used("ASIA1", holder("role", ROLE));
        holders.used("ASIA3", holder("role", ROLE));
        holders.used("test", holder("user", user));
    });
    assert_eq!(told, [pair("AKIA1", user), pair("ASIA1", ROLE)]);
}

#[test]
fn a_long_term_key_is_no_session_and_another_account_tells_nothing() {
    let told = settled(&["AKIA1", "ASIA1"], |holders| {
        holders.used("AKIA1", holder("role", ROLE));
        holders.used("ASIA1", holder("account", "111122223333"));
        holders.used("ASIA1", holder("unknown", "unknown"));
    });
    assert_eq!(told, []);
    let told = settled(&["ASIA1"], |holders| {
        holders.used("ASIA1", holder("account", "111122223333"));
        holders.used("ASIA1", holder("role", ROLE));
    });
    assert_eq!(told, [pair("ASIA1", ROLE)]);
}

#[test]
fn a_token_of_kubernetes_is_a_service_accounts() {
    let (orders, other) = ("system:serviceaccount:shop:orders", "system:serviceaccount:shop:other");
    let told = settled(&["JTI=1", "JTI=2", "JTI=3"], |holders| {
        holders.used("JTI=1", holder("service_account", orders));
        holders.used("JTI=2", holder("user", "alice"));
        holders.used("JTI=3", holder("service_account", orders));
        holders.used("JTI=3", holder("service_account", other));
    });
    assert_eq!(told, [pair("JTI=1", orders)]);
}

#[test]
fn of_several_holders_none_is_taken() {
    let told = settled(&["ASIA1"], |holders| {
        holders.used("ASIA1", holder("role", ROLE));
        holders.used("ASIA1", holder("role", "arn:aws:iam::111122223333:role/other"));
    });
    assert_eq!(told, []);
}

#[test]
fn a_role_without_its_path_is_the_role_of_that_name() {
    let told = settled(&["ASIA1", "ASIA2"], |holders| {
        holders.used("ASIA1", holder("role", "arn:aws:iam::111122223333:role/app"));
        holders.used("ASIA1", holder("role", ROLE));
        holders.used("ASIA2", holder("role", "arn:aws:iam::111122223333:role/app"));
    });
    assert_eq!(told, [pair("ASIA1", ROLE), pair("ASIA2", "arn:aws:iam::111122223333:role/app")]);
}

#[test]
fn keys_are_made_for_the_role_that_was_assumed() {
    let keys = ["ASIA1".to_owned(), "ASIA2".to_owned()];
    let issued = |operation: &str, resources: &[&str]| {
        let resources: Vec<String> = resources.iter().map(|&name| name.to_owned()).collect();
        settled(&["ASIA1"], |holders| {
            let caller = holder("user", "arn:aws:iam::111122223333:user/ops");
            holders.issued(Issue { caller, operation, resources: &resources }, &keys);
        })
    };
    assert_eq!(issued("AssumeRole", &[ROLE]), [pair("ASIA1", ROLE)]);
    let provider = "arn:aws:iam::111122223333:oidc-provider/cluster";
    assert_eq!(issued("AssumeRoleWithWebIdentity", &[provider, ROLE]), [pair("ASIA1", ROLE)]);
    assert_eq!(issued("GetSessionToken", &[]), [pair("ASIA1", "arn:aws:iam::111122223333:user/ops")]);
    for (operation, resources) in [
        ("AssumeRole", &[][..]),
        ("AssumeRole", &[ROLE, "arn:aws:iam::111122223333:role/other"]),
        ("AssumeRole", &["arn:aws:iam::111122223333:role/*"]),
        ("GetFederationToken", &[ROLE]),
    ] {
        assert_eq!(issued(operation, resources), [], "{operation} {resources:?}");
    }
}
