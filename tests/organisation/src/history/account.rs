//! The account's side of a history: roles and users with their grants, in the form that the rest of the crate has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::call::{Target, arguments};
use super::day::LOGGED;
use super::member::Member;
use super::output::Resources;
use super::policy::{self, Statement};
use super::world::World;
use super::{ACCOUNT, REGION};
use crate::mint::Mint;
use crate::moment;
use crate::organisation::Organisation;
use crate::pattern::Scene;
use crate::profile::{DataEvents, PolicyDescription, Profile, Trail};
use crate::truth::{PrincipalTruth, Truth};

/// The organisation whose grants and selectors are to be written. It has no log of its own; `last` is the last
/// day on which each identity called.
pub(super) fn organisation(
    world: &World,
    needed: &BTreeMap<usize, Resources>,
    last: &BTreeMap<usize, u32>,
) -> Organisation {
    let day = |moment| moment::format(moment, "%Y-%m-%d");
    let mut principals = Vec::new();
    let mut identities = Vec::new();
    let mut truth = Truth::default();
    let mut managed: BTreeMap<&'static str, Value> = BTreeMap::new();
    for (index, member) in world.members.iter().enumerate().filter(|(_, member)| member.subject.is_none()) {
        let mut description = member.description.clone();
        let known = all_resources(world, index, member, needed.get(&index));
        let mut statements = Vec::new();
        for statement in &member.policy {
            if let Some(name) = statement.managed {
                description.attached.push(name.to_owned());
                managed.entry(name).or_insert_with(|| document(&[policy::document(statement, &[])]));
            } else {
                statements.push(policy::document(statement, &resources(statement, &known)));
            }
        }
        if !statements.is_empty() {
            description.inline.insert("main".to_owned(), document(&statements));
        }
        let last = last.get(&index);
        principals.push(description);
        identities.push(member.identity.clone());
        truth.principals.push(PrincipalTruth {
            // The account says when a role was last used to within minutes; the day is enough here.
            last_used: last.map(|last| moment::format(world.calendar.second(*last), "%Y-%m-%dT23:50:00Z")),
            last_region: last.map(|_| REGION.to_owned()),
            ..PrincipalTruth::default()
        });
    }
    let profile = Profile {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        start: day(world.calendar.start),
        end: day(world.calendar.second(world.calendar.days)),
        trail: Trail {
            name: "org".to_owned(),
            bucket: "audit-logs".to_owned(),
            data: LOGGED
                .iter()
                .map(|kind| DataEvents {
                    name: (*kind).to_owned(),
                    resource_type: (*kind).to_owned(),
                    prefixes: Vec::new(),
                })
                .collect(),
        },
        policies: managed
            .into_iter()
            .map(|(name, document)| PolicyDescription {
                name: name.to_owned(),
                path: "/".to_owned(),
                provider_managed: true,
                created: "2015-02-06".to_owned(),
                versions: vec![document],
            })
            .collect(),
        groups: Vec::new(),
        principals,
        background: Vec::new(),
        duplicates: 0.0,
        hours_per_file: 24,
    };
    let seed = world.history.seed;
    Organisation { seed, profile, identities, records: Vec::new(), truth }
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Resources by action: those that were needed, and those of calls that never came to be made.
fn all_resources(world: &World, index: usize, member: &Member, needed: Option<&Resources>) -> Resources {
    let mut all = needed.cloned().unwrap_or_default();
    let mut mint = Mint::new(world.history.seed, &format!("grants/{index}"));
    for call in member.calls() {
        let Target::Cloud { template, with } = &call.target else { continue };
        let region = template.region.as_deref().unwrap_or(REGION);
        let scene = Scene { account: ACCOUNT, region, now: world.calendar.start };
        let mut arguments = arguments(template, with, &scene, &mut mint);
        for need in &template.needs {
            let mut resource = String::new();
            need.resource.fill(&mut resource, &scene, &mut arguments, &mut mint);
            all.entry(need.action.clone()).or_default().insert(resource);
        }
    }
    all
}

/// The resources that a statement names.
fn resources(statement: &Statement, needed: &Resources) -> Vec<String> {
    let of_statement: BTreeSet<_> = needed
        .iter()
        .filter(|(action, _)| statement.allows(action))
        .flat_map(|(_, resources)| resources.iter().cloned())
        .collect();
    policy::widened(&of_statement)
}
