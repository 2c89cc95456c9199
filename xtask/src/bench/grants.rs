//! Grants for whoever is in the measured log, as the provider prints them: everyone may do everything, so that there is
//! as much to take away as there can be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    let mut usage = Command::new(&bench.programs.remit);
    let said = once(usage.args(["usage", "--format", "json", "--ledger"]).arg(ledger))?.said;
    let lines: Vec<Value> = serde_json::from_str(&said)?;
    let principals = lines.iter().filter_map(|line| line.get("principal")?.as_str());
    let file = bench.place.target.join("bench/grants.json");
    std::fs::write(&file, details(&principals.collect()).to_string())?;
    Ok(file)
}

/// What `aws iam get-account-authorization-details` prints of these roles and users.
fn details(principals: &BTreeSet<&str>) -> Value {
    let anything = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }],
    });
    let inline = json!([{ "PolicyName": "everything", "PolicyDocument": anything }]);
    let of_kind = |kind: &str, policies: &str| -> Vec<Value> {
        let named = principals.iter().filter_map(|arn| Some((arn, arn.split_once(&format!(":{kind}/"))?.1)));
        let key = if kind == "role" { "RoleName" } else { "UserName" };
        named.map(|(arn, name)| json!({ "Arn": arn, "Path": "/", key: name, policies: inline })).collect()
    };
    json!({
        "RoleDetailList": of_kind("role", "RolePolicyList"),
        "UserDetailList": of_kind("user", "UserPolicyList"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_users_have_a_policy_and_services_none() {
        let (role, user) = ("arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:user/ann");
        let details = details(&BTreeSet::from([role, user, "ec2.amazonaws.com"]));
        assert_eq!(details["RoleDetailList"].as_array().unwrap().len(), 1);
        assert_eq!(details["RoleDetailList"][0]["RoleName"], "app");
        assert_eq!(details["UserDetailList"][0]["Arn"], user);
        assert_eq!(details["UserDetailList"][0]["UserPolicyList"][0]["PolicyName"], "everything");
    }
}
