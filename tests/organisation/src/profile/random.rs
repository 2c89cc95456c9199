//! Random organisations of any size, whose log and grants fit.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::mint::Mint;
use crate::moment;
use crate::pattern::{Arguments, Pattern, Scene};
use crate::profile::{
    DataEvents, Job, JobCall, Kind, OriginDescription, PolicyDescription, PrincipalDescription, Profile,
    SessionDescription, Trail,
};
use crate::rhythm::Rhythm;
use crate::scope;
use crate::template::{Template, Templates};

/// How large a random organisation shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Roles.
    pub roles: u32,
    /// Days of log.
    pub days: u32,
    /// Different operations that each role calls, at most.
    pub operations: u32,
}

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
/// First second of the log: 1 September 2026.
const START: i64 = 1_788_220_800;

impl Profile {
    /// A random organisation. Each role calls random operations in random rhythms. What it calls with success is
    /// granted, exactly or more widely, by inline policies and by managed ones that several roles may share; some
    /// of what it is granted it never calls, and some of what it calls it is refused.
    ///
    /// # Errors
    /// A template that cannot be read.
    pub fn random(seed: u64, size: Size) -> Result<Self, Error> {
        let mut mint = Mint::new(seed, "profile");
        let templates: Vec<_> =
            Templates::embedded()?.iter().filter(|(operation, _)| !operation.starts_with("sts:")).collect();
        let mut policies = Vec::new();
        for number in 0..1 + size.roles / 4 {
            let granted: Vec<_> = (0..4).filter_map(|_| mint.pick(&templates).copied()).collect();
            policies.push(PolicyDescription {
                name: format!("shared-{number}"),
                path: "/".to_owned(),
                provider_managed: mint.chance(0.3),
                created: "2025-01-01".to_owned(),
                versions: vec![document(&granted, &mut mint)?],
            });
        }
        let mut principals = Vec::new();
        for number in 0..size.roles {
            principals.push(principal(number, size, &templates, &policies, &mut mint)?);
        }
        let end = START + i64::from(size.days) * moment::DAY;
        let day = |time| moment::format(time, "%Y-%m-%d");
        Ok(Self {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            start: day(START),
            end: day(end),
            trail: Trail {
                name: "trail".to_owned(),
                bucket: "audit-logs".to_owned(),
                data: vec![DataEvents {
                    name: "some buckets".to_owned(),
                    resource_type: "AWS::S3::Object".to_owned(),
                    prefixes: vec!["arn:aws:s3:::bucket-0/".to_owned()],
                }],
            },
            policies,
            groups: Vec::new(),
            principals,
            background: Vec::new(),
            duplicates: 0.01,
            hours_per_file: 24,
        })
    }
}

fn principal(
    number: u32,
    size: Size,
    templates: &[(&str, &Template)],
    policies: &[PolicyDescription],
    mint: &mut Mint,
) -> Result<PrincipalDescription, Error> {
    let name = format!("role-{number}");
    let mut allowed = Vec::new();
    for _ in 0..=mint.below(u64::from(size.operations)) {
        allowed.extend(mint.pick(templates).copied());
    }
    let used: BTreeSet<_> =
        allowed.iter().flat_map(|(_, template)| &template.needs).map(|need| &need.action).collect();
    let unused: Vec<_> = (0..mint.below(4))
        .filter_map(|_| mint.pick(templates).copied())
        .filter(|(_, template)| template.needs.iter().all(|need| !used.contains(&need.action)))
        .collect();
    let mut inline = Map::new();
    inline.insert("needed".to_owned(), document(&allowed, mint)?);
    if !unused.is_empty() {
        inline.insert("idle".to_owned(), document(&unused, mint)?);
    }
    let mut jobs: Vec<_> =
        allowed.iter().map(|(operation, template)| job(operation, template, None, mint)).collect();
    if mint.chance(0.4) {
        // A denial of its own makes sure that the refused call is granted by nothing else.
        let refused = mint.pick(templates).filter(|(_, template)| {
            !template.needs.is_empty() && template.needs.iter().all(|need| !used.contains(&need.action))
        });
        if let Some((operation, template)) = refused {
            let actions: Vec<_> = template.needs.iter().map(|need| need.action.as_str()).collect();
            let statement = json!([{"Effect": "Deny", "Action": actions, "Resource": "*"}]);
            inline.insert("refused".to_owned(), json!({"Version": "2012-10-17", "Statement": statement}));
            jobs.push(job(operation, template, Some("denied_explicitly"), mint));
        }
    }
    let young = mint.chance(0.15);
    let attached = policies.iter().filter(|_| mint.chance(0.25)).map(|policy| policy.name.clone()).collect();
    Ok(PrincipalDescription {
        kind: Kind::Role,
        path: "/".to_owned(),
        created: if young {
            moment::format(START + moment::DAY, "%Y-%m-%d")
        } else {
            "2025-01-01".to_owned()
        },
        retired: None,
        character: "random".to_owned(),
        trust: json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }]}),
        boundary: None,
        inline,
        attached,
        groups: Vec::new(),
        tags: Map::new(),
        session: Some(SessionDescription::Service {
            service: "lambda.amazonaws.com".to_owned(),
            name: name.clone(),
            in_scope_of: None,
            calls_itself: false,
        }),
        origin: OriginDescription {
            addresses: vec!["198.51.100.10".to_owned()],
            agent: "Boto3/1.40.61".to_owned(),
            endpoint: None,
        },
        jobs,
        name,
    })
}

fn job(operation: &str, template: &Template, outcome: Option<&str>, mint: &mut Mint) -> Job {
    let rhythm = match mint.below(8) {
        0 => Rhythm::Weekly("tue 05:00".to_owned()),
        1 => Rhythm::Never("every quarter".to_owned()),
        2 | 3 => Rhythm::PerDay { count: 3.0, from: 6, to: 20, working_days: mint.chance(0.5) },
        _ => Rhythm::Daily("03:30".to_owned()),
    };
    let failure = template.errors.keys().next().filter(|_| mint.chance(0.2)).cloned();
    let call = JobCall {
        operation: operation.to_owned(),
        with: arguments(template).into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
        times: (1, 2),
        chance: 0.9,
        outcome_chance: if outcome.is_some() { 1.0 } else { 0.3 },
        outcome: outcome.map(str::to_owned).or(failure),
        via: (outcome.is_none() && mint.chance(0.1)).then(|| "cloudformation.amazonaws.com".to_owned()),
        region: None,
    };
    Job { name: operation.to_owned(), rhythm, with: BTreeMap::new(), calls: vec![call] }
}

/// A document that grants what the operations need, statement by statement, exactly or more widely.
fn document(operations: &[(&str, &Template)], mint: &mut Mint) -> Result<Value, Error> {
    let mut statements = Vec::new();
    for (_, template) in operations {
        let region = template.region.as_deref().unwrap_or(REGION);
        let scene = Scene { account: ACCOUNT, region, now: START };
        let mut known = Arguments::default();
        for (name, text) in arguments(template) {
            let (mut value, mut general) = (String::new(), String::new());
            Pattern::text(&text)?.fill_both(
                &mut value,
                &mut general,
                &scene,
                &mut Arguments::default(),
                mint,
            );
            known.insert(crate::pattern::Argument { name: name.to_owned(), value: general.clone(), general });
        }
        for (name, default) in &template.defaults {
            let (mut value, mut general) = (String::new(), String::new());
            default.fill_both(&mut value, &mut general, &scene, &mut known, mint);
            known.insert(crate::pattern::Argument { name: name.clone(), value: general.clone(), general });
        }
        for need in &template.needs {
            let (mut value, mut general) = (String::new(), String::new());
            need.resource.fill_both(&mut value, &mut general, &scene, &mut known, mint);
            let resource = if general == "*" { general } else { scope::resource(&general, mint) };
            let mut statement = json!({
                "Effect": "Allow",
                "Action": scope::action(&need.action, mint),
                "Resource": resource,
            });
            if mint.chance(0.1) {
                let regions = json!([REGION, "us-east-1"]);
                if let Some(fields) = statement.as_object_mut() {
                    fields.insert(
                        "Condition".into(),
                        json!({"StringEquals": {"aws:RequestedRegion": regions}}),
                    );
                }
            }
            statements.push(statement);
        }
    }
    if statements.is_empty() {
        statements.push(json!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}));
    }
    Ok(json!({"Version": "2012-10-17", "Statement": statements}))
}

/// Arguments for a template: fixed names where a resource has one, fresh ones where every call has its own.
fn arguments(template: &Template) -> BTreeMap<&str, String> {
    let patterns = [&template.request, &template.response].into_iter();
    let patterns = patterns.chain(template.needs.iter().map(|need| &need.resource));
    let patterns =
        patterns.chain(template.resources.as_ref()).chain(template.defaults.iter().map(|(_, value)| value));
    let names: BTreeSet<_> = patterns.flat_map(Pattern::argument_names).collect();
    let known = |name: &str| template.defaults.iter().any(|(default, _)| default == name);
    let text = |name: &str| match name {
        "object" | "source_object" => Some("data/{date}/{hex:8}.json".to_owned()),
        "parameter" | "path" => Some(format!("/{name}/0")),
        "role" | "task_role" | "execution_role" => Some(format!("arn:aws:iam::{ACCOUNT}:role/{name}-0")),
        "policy" => Some(format!("arn:aws:iam::{ACCOUNT}:policy/policy-0")),
        "key" => Some("0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9".to_owned()),
        "instance" => Some("i-0123456789abcdef0".to_owned()),
        "volume" => Some("vol-0123456789abcdef0".to_owned()),
        // Identifiers of things that calls make, or that there are many of, are minted.
        "snapshot" | "interface" | "security_group" | "subnet" | "image" | "rule" | "reservation" => None,
        _ => Some(format!("{name}-0")),
    };
    names.into_iter().filter(|name| !known(name)).filter_map(|name| Some((name, text(name)?))).collect()
}
