//! What goes wrong: gaps of the logs, and strangers with stolen credentials.

use super::calendar::Calendar;
use super::call::{Call, Target};
use super::member::Member;
use super::policy;
use super::prior::{self, twice};
use crate::error::Error;
use crate::mint::Mint;
use crate::moment::DAY;

/// A time of which a log holds nothing, though there were calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gap {
    /// First second.
    pub(super) from: i64,
    /// The second after the last.
    pub(super) to: i64,
    /// Whether it is a gap of the cluster's audit log.
    pub(super) in_cluster: bool,
}

/// A burst of calls with somebody's credentials by somebody else.
#[derive(Clone, Debug)]
pub(super) struct Intrusion {
    /// Index of the identity whose credentials are used.
    pub(super) member: usize,
    /// The day.
    pub(super) day: u32,
    /// Where from.
    pub(super) address: String,
    /// What is called, and whether the grants allow it.
    pub(super) calls: Vec<(Call, bool)>,
}

/// What intruders try.
const WISHES: &[&str] = &[
    "sts:GetCallerIdentity",
    "s3:ListBuckets",
    "iam:ListUsers",
    "iam:ListRoles",
    "iam:GetAccountAuthorizationDetails",
    "iam:CreateAccessKey user=backdoor",
    "iam:CreateUser user=backdoor",
    "iam:AttachRolePolicy role_name=backdoor policy=arn:aws:iam::aws:policy/AdministratorAccess",
    "secretsmanager:ListSecrets",
    "secretsmanager:GetSecretValue secret=vault/master-Zk3vQp",
    "ssm:DescribeParameters",
    "ec2:DescribeInstances",
    "ec2:RunInstances image=ami-0stolen0 subnet=subnet-0stolen0 security_group=sg-0stolen0 instance_role=backdoor",
    "lambda:ListFunctions20150331",
    "s3:GetObject bucket=~co~-payroll object=2025/salaries-{number:1-40}.csv",
    "s3:DeleteObject bucket=~co~-payroll object=2025/salaries-{number:1-40}.csv",
    "rds:DescribeDBInstances",
    "rds:DeleteDBInstance db=payroll",
    "bedrock:InvokeModel model=anthropic.claude-opus-stolen",
    "kms:ListKeys",
    "dynamodb:ListTables",
];

/// Draws the gaps of both logs.
pub(super) fn gaps(calendar: Calendar, mint: &mut Mint) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for in_cluster in [false, true] {
        for _ in 0..mint.between(prior::GAPS.0, prior::GAPS.1) {
            let from = calendar.start + mint.between(0, i64::from(calendar.days) * DAY - 1);
            #[expect(clippy::cast_possible_truncation, reason = "a gap lasts a few days")]
            let seconds = (twice(prior::GAP_HOURS, mint) * 3600.0) as i64;
            let to = (from + seconds).min(calendar.second(calendar.days));
            gaps.push(Gap { from, to, in_cluster });
        }
    }
    gaps.sort_unstable();
    gaps
}

/// Draws the intrusions. An intruder is allowed what the identity's grants allow everywhere.
///
/// # Errors
/// A call that cannot be read.
pub(super) fn intrusions(
    members: &[Member],
    calendar: Calendar,
    mint: &mut Mint,
) -> Result<Vec<Intrusion>, Error> {
    let victims: Vec<_> = members
        .iter()
        .enumerate()
        .filter(|(_, member)| member.subject.is_none() && !member.workloads.is_empty())
        .collect();
    let mut intrusions = Vec::new();
    for _ in 0..mint.between(prior::INTRUSIONS.0, prior::INTRUSIONS.1) {
        let Some((index, member)) = mint.pick(&victims) else { break };
        let day = u32::try_from(mint.below(u64::from(calendar.days))).unwrap_or(0);
        if !member.is_alive(day) {
            continue;
        }
        let names = member.names();
        let mut calls = Vec::new();
        for _ in 0..mint.between(prior::INTRUSION_CALLS.0, prior::INTRUSION_CALLS.1) {
            let Some(wish) = mint.pick(WISHES) else { continue };
            for call in Call::parse_all(wish, &names, false)? {
                let Target::Cloud { template, .. } = &call.target else { continue };
                let mut needs = template.needs.iter();
                let allowed = needs.all(|need| policy::allows(&member.policy, &need.action, true));
                // What is granted on some resources, or in part, would depend on resources that are drawn later.
                if allowed || policy::refuses(&member.policy, &call) {
                    calls.push((call, allowed));
                }
            }
        }
        let address = format!("192.0.2.{}", mint.between(1, 254));
        intrusions.push(Intrusion { member: *index, day, address, calls });
    }
    Ok(intrusions)
}
