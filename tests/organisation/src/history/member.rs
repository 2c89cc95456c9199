//! One identity of a history: who it is, what it does, what it is granted.

use serde_json::{Map, Value, json};

use super::ACCOUNT;
use super::archetype::{Archetype, Session};
use super::calendar::Calendar;
use super::call::{self, Call, Names};
use super::policy::{self, Statement};
use super::prior::{self, Prior};
use super::workload::Workload;
use crate::cluster::SubjectDescription;
use crate::error::Error;
use crate::identity::Identity;
use crate::mint::Mint;
use crate::moment::{self, DAY};
use crate::profile::{Kind, OriginDescription, PrincipalDescription, SessionDescription};

/// An identity.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Name of its archetype.
    pub(super) archetype: String,
    /// `workload`, `ci`, `human` or `agent`.
    pub(super) stratum: String,
    /// The module that its tag names.
    pub(super) module: String,
    /// The module that it is made from: another one where siblings are shuffled.
    pub(super) made_from: String,
    /// What it deploys.
    pub(super) delivers: String,
    /// The role or user; for a ServiceAccount only its name counts.
    pub(super) description: PrincipalDescription,
    /// Names and unique identifiers.
    pub(super) identity: Identity,
    /// The user of the API server, for a ServiceAccount.
    pub(super) subject: Option<SubjectDescription>,
    /// Day of creation, counted from the history's first day; negative before it.
    pub(super) created: i64,
    /// Day from which it does nothing more.
    pub(super) until: u32,
    /// Days off of a person; empty for the others.
    pub(super) off: Vec<bool>,
    /// What it does; several workloads may share a role, and an idle one has none.
    pub(super) workloads: Vec<Workload>,
    /// What it is granted.
    pub(super) policy: Vec<Statement>,
    /// What it asks for and is refused, and on which days.
    pub(super) probes: Vec<(Call, Vec<u32>)>,
}

impl Member {
    /// An identity that does nothing yet.
    pub(super) fn new(
        archetype: &Archetype,
        module: &str,
        description: PrincipalDescription,
        identity: Identity,
        created: i64,
        until: u32,
        off: Vec<bool>,
    ) -> Self {
        let subject = archetype.in_cluster.then(|| SubjectDescription {
            user: format!(
                "system:serviceaccount:{}:{}",
                description.path.trim_matches('/'),
                description.name
            ),
            groups: Vec::new(),
            pod: Some(format!("{}-6d5f9c7b8-{{}}", description.name)),
            character: archetype.name.clone(),
            jobs: Vec::new(),
        });
        Self {
            archetype: archetype.name.clone(),
            stratum: archetype.stratum.clone(),
            module: module.to_owned(),
            made_from: module.to_owned(),
            delivers: archetype.delivers.clone(),
            description,
            identity,
            subject,
            created,
            until,
            off,
            workloads: Vec::new(),
            policy: Vec::new(),
            probes: Vec::new(),
        }
    }

    /// ARN of the role or user, or user name of the ServiceAccount.
    pub(super) fn arn(&self) -> &str {
        self.subject.as_ref().map_or(&self.identity.arn, |subject| &subject.user)
    }

    /// Whether it can call on a day.
    pub(super) fn is_alive(&self, day: u32) -> bool {
        i64::from(day) >= self.created && day < self.until
    }

    /// All calls that it may ever make.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        let tasks = self.workloads.iter().flat_map(|workload| &workload.tasks);
        tasks.flat_map(|task| &task.calls).map(|(call, _)| call)
    }

    /// Draws what it is granted, and what it is refused.
    ///
    /// # Errors
    /// A template that cannot be read.
    pub(super) fn grant(&mut self, prior: &Prior, calendar: Calendar, mint: &mut Mint) -> Result<(), Error> {
        let probing = !self.workloads.is_empty() && mint.chance(prior.probes);
        let in_cluster = self.subject.is_some();
        self.policy = if in_cluster { policy::of_cluster(self, mint) } else { policy::of_cloud(self, mint)? };
        if !probing {
            return Ok(());
        }
        let names = self.names();
        let tries = if in_cluster { 1 } else { mint.between(1, 3) };
        for _ in 0..tries {
            let text = if in_cluster { Some(&CLUSTER_PROBE) } else { mint.pick(PROBES) };
            let calls = Call::parse_all(text.copied().unwrap_or_default(), &names, in_cluster)?;
            if calls.iter().all(|call| policy::refuses(&self.policy, call)) {
                let days = calendar.scattered(prior::twice((2.0, 200.0), mint), mint);
                self.probes.extend(calls.into_iter().map(|call| (call, days.clone())));
            }
        }
        Ok(())
    }

    /// The names of its first workload.
    pub(super) fn names(&self) -> Names {
        self.workloads.first().map(|workload| workload.names.clone()).unwrap_or_default()
    }
}

/// What ServiceAccounts try without being allowed to.
const CLUSTER_PROBE: &str = "list rbac.authorization.k8s.io/v1/clusterroles";

/// What roles and users try without being allowed to.
const PROBES: &[&str] = &[
    "iam:ListUsers",
    "iam:GetRole role_name=admin",
    "organizations:DescribeOrganization",
    "ec2:DescribeInstances",
    "s3:ListBuckets",
    "kms:ListKeys",
    "ce:GetCostAndUsage",
    "guardduty:ListDetectors",
    "ssm:DescribeParameters",
    "secretsmanager:ListSecrets",
    "rds:DescribeDBInstances",
    "cloudtrail:DescribeTrails",
];

/// The role or user of an archetype.
pub(super) fn principal(
    name: &str,
    archetype: &Archetype,
    module: &str,
    created: i64,
    calendar: Calendar,
    names: &Names,
    mint: &mut Mint,
) -> PrincipalDescription {
    let kind = match archetype.session {
        Session::Console | Session::Key => Kind::User,
        _ => Kind::Role,
    };
    let mut tags = Map::new();
    tags.insert("module".into(), module.into());
    tags.insert("env".into(), call::name(names, "env").into());
    let team = mint.pick(&["payments", "platform", "data", "shop", "growth"]).copied().unwrap_or_default();
    tags.insert("team".into(), team.into());
    let instance = SessionDescription::Instance { instance: format!("i-{}", call::name(names, "hex")) };
    PrincipalDescription {
        kind,
        name: name.to_owned(),
        // A ServiceAccount's namespace takes the place of the path.
        path: if archetype.in_cluster { format!("/{}/", call::name(names, "ns")) } else { "/".to_owned() },
        created: moment::format(calendar.start + created * DAY, "%Y-%m-%d"),
        retired: None,
        character: archetype.name.clone(),
        trust: if kind == Kind::User {
            Value::Null
        } else {
            trust(archetype.session, call::name(names, "co"), name)
        },
        boundary: None,
        inline: Map::new(),
        attached: Vec::new(),
        groups: Vec::new(),
        tags,
        session: (archetype.session == Session::Instance).then_some(instance),
        origin: OriginDescription::default(),
        jobs: Vec::new(),
    }
}

/// The service that assumes a role.
pub(super) fn service(session: Session) -> Option<&'static str> {
    match session {
        Session::Ecs => Some("ecs-tasks.amazonaws.com"),
        Session::Lambda => Some("lambda.amazonaws.com"),
        Session::Glue => Some("glue.amazonaws.com"),
        Session::Instance => Some("ec2.amazonaws.com"),
        _ => None,
    }
}

/// The identity provider of a kind of session: host and path, audience, and subject of a name.
pub(super) fn provider(session: Session, name: &str) -> Option<(&'static str, &'static str, String)> {
    match session {
        Session::Pod => Some((
            "oidc.eks.eu-west-1.amazonaws.com/id/0F1E2D3C4B5A69788695A4B3C2D1E0F9",
            "sts.amazonaws.com",
            format!("system:serviceaccount:apps:{name}"),
        )),
        Session::Ci => Some((
            "token.actions.githubusercontent.com",
            "sts.amazonaws.com",
            format!("repo:example/{name}:ref:refs/heads/main"),
        )),
        _ => None,
    }
}

fn trust(session: Session, company: &str, name: &str) -> Value {
    let statement = if let Some(service) = service(session) {
        json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
    } else if let Some((host, audience, subject)) = provider(session, name) {
        json!({
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{host}")},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {format!("{host}:aud"): audience, format!("{host}:sub"): subject}},
        })
    } else if session == Session::Saml {
        json!({
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:saml-provider/{company}")},
            "Action": "sts:AssumeRoleWithSAML",
            "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
        })
    } else {
        json!({
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{}:root", super::PARTNER)},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": format!("{company}-7f3c2d")}},
        })
    };
    json!({"Version": "2012-10-17", "Statement": [statement]})
}
