//! Grants for whoever is in the measured log, as the provider prints them: each may do everything in the services that
//! it calls, as people grant who have no time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::{Value, json};

use super::Bench;
use super::run::{Contestant, once};

/// Ingests the log once to learn who is in it, and writes a file for `--grants`.
pub(super) fn of_everyone(
    bench: &Bench<'_>,
    ingest: &Contestant<'_>,
    ledger: &Path,
) -> anyhow::Result<PathBuf> {
    once(&mut (ingest.command)()?)?;
    let mut usage = Command::new(&bench.programs()?.remit);
    let said = once(usage.args(["usage", "--format", "json", "--ledger"]).arg(ledger))?.said;
    let lines: Vec<Value> = serde_json::from_str(&said)?;
    let mut called: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in &lines {
        let text = |key: &str| line.get(key).and_then(Value::as_str).context("a line of usage lacks a name");
        called.entry(text("principal")?).or_default().insert(text("service")?);
    }
    let file = bench.place.target.join("bench/grants.json");
    std::fs::write(&file, details(&called).to_string())?;
    Ok(file)
}

/// What `aws iam get-account-authorization-details` prints of the roles and users among these callers of services.
fn details(called: &BTreeMap<&str, BTreeSet<&str>>) -> Value {
    let of_kind = |kind: &str, name: &str, policies: &str| -> Vec<Value> {
        let named = called.iter().filter_map(|(arn, services)| {
            let short = arn.split_once(&format!(":{kind}/"))?.1;
            let actions: Vec<String> = services.iter().map(|service| format!("{service}:*")).collect();
            let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
            let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
            let inline = json!([{ "PolicyName": "all", "PolicyDocument": document }]);
            Some(json!({ "Arn": arn, "Path": "/", name: short, policies: inline }))
        });
        named.collect()
    };
    json!({
        "RoleDetailList": of_kind("role", "RoleName", "RolePolicyList"),
        "UserDetailList": of_kind("user", "UserName", "UserPolicyList"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_users_have_a_policy_and_services_none() {
        let (role, user) = ("arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:user/ann");
        let called = [role, user, "ec2.amazonaws.com"].map(|name| (name, BTreeSet::from(["s3", "sqs"])));
        let details = details(&BTreeMap::from(called));
        assert_eq!(details["RoleDetailList"].as_array().unwrap().len(), 1);
        assert_eq!(details["RoleDetailList"][0]["RoleName"], "app");
        assert_eq!(details["UserDetailList"][0]["Arn"], user);
        let policy = &details["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"];
        assert_eq!(policy["Statement"][0]["Action"], json!(["s3:*", "sqs:*"]));
    }
}
