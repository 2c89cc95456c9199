//! What permissions a recorded call needed, and on what.

use std::collections::BTreeMap;

use crate::arn::{Arn, is_arn};
use crate::catalog::Catalog;
use crate::operation::{Operation, Requirement, Resolution, When};
use crate::{Action, ActionId, ParameterPath};

/// A recorded call, as the ledger holds it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// First label of CloudTrail's event source, such as `monitoring`.
    pub service: &'a str,
    /// CloudTrail's event name, such as `CreateFunction20150331`.
    pub operation: &'a str,
    /// ARNs of what it touched.
    pub resources: &'a [String],
    /// Request parameters that were kept: passed roles, selectors, and values that became no resource.
    pub parameters: &'a BTreeMap<String, String>,
    /// The principal's account.
    pub account: Option<&'a str>,
    /// Region that served the call.
    pub region: Option<&'a str>,
}

/// A permission that a call needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The action.
    pub action: ActionId,
    /// Whether the call needed it for certain.
    pub certainty: Certainty,
    /// On what.
    pub scope: Scope,
}

/// Whether a call needed an action for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// It did.
    Certain,
    /// It may have: the action depends on something that the record does not tell. Never counts as use,
    /// and never as unused.
    Possible,
}

/// What a call needed an action on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The action has no resource-level permissions: the request's resource is `*`.
    Any,
    /// Every resource that the call needed the action on.
    Known(Vec<String>),
    /// The record does not tell all of them.
    Unknown,
}

impl Catalog {
    /// What permissions a recorded call needed; empty when it needed none, and when its operation is unknown.
    pub fn needs(&self, call: &Call<'_>) -> Vec<Need> {
        let Resolution::Known(operation) = self.operation(call.service, call.operation) else {
            return Vec::new();
        };
        let given = Given::sort(operation, call);
        let mut needs = Vec::with_capacity(operation.requirements.len());
        for requirement in operation.requirements {
            let Some(certainty) = given.certainty(requirement.when) else { continue };
            if Some(requirement.action) == self.pass_role() {
                needs.push(given.pass_role(requirement, certainty));
            } else if let Some(action) = self.action(requirement.action) {
                let scope = self.scope(action, requirement, &given);
                needs.push(Need { action: requirement.action, certainty, scope });
            }
        }
        needs.sort_unstable();
        // What is certain for one reason is not merely possible for another.
        needs.dedup_by(|later, earlier| {
            later == earlier || (later.action == earlier.action && later.certainty == Certainty::Possible)
        });
        needs
    }

    /// Sound by being reluctant: a resource counts as known only where the record shows one of every type that
    /// is required, and no other type can have been involved unseen.
    fn scope(&self, action: &Action, requirement: &Requirement, given: &Given<'_>) -> Scope {
        if action.resource_types.is_empty() {
            return Scope::Any;
        }
        let types = self.types_of(action.service);
        let mut known: Vec<&str> = Vec::new();
        let mut seen = vec![false; action.resource_types.len()];
        for arn in given.call.resources {
            let Some(split) = &Arn::split(arn) else { continue };
            let best = types.iter().filter_map(|rival| rival.matches(split)).max();
            for (place, resource) in action.resource_types.iter().enumerate() {
                let found = resource.resource_type.matches(split);
                if found.is_some() && found >= best {
                    known.push(arn);
                    if let Some(seen) = seen.get_mut(place) {
                        *seen = true;
                    }
                }
            }
        }
        let is_seen = |place: usize| seen.get(place).copied().unwrap_or(false);
        let required_seen = action
            .resource_types
            .iter()
            .enumerate()
            .all(|(place, resource)| !resource.required || is_seen(place));
        let silent_seen = requirement.silent.iter().all(|place| is_seen(usize::from(*place)));
        // An object asked for through an access point is listed by its bucket's name only, not by that of the point.
        let is_unlisted = known.iter().all(|arn| !is_of_access_point(arn))
            && given.call.resources.iter().any(|arn| is_of_access_point(arn));
        if known.is_empty()
            || is_unlisted
            || !required_seen
            || !silent_seen
            || requirement.ambiguous
            || given.is_unplaced(known.len())
        {
            return Scope::Unknown;
        }
        known.sort_unstable();
        known.dedup();
        Scope::Known(known.into_iter().map(str::to_owned).collect())
    }
}

/// Whether the ARN is one of an access point to a bucket, or of an object behind it.
fn is_of_access_point(arn: &str) -> bool {
    let mut fields = arn.splitn(6, ':');
    fields.nth(2) == Some("s3") && fields.nth(2).is_some_and(|name| name.starts_with("accesspoint/"))
}

/// A call's kept parameters, by the operation's.
struct Given<'a> {
    operation: &'a Operation,
    call: &'a Call<'a>,
}

impl<'a> Given<'a> {
    fn sort(operation: &'a Operation, call: &'a Call<'a>) -> Self {
        Self { operation, call }
    }

    fn parameter(&self, place: u16) -> Option<&'a ParameterPath> {
        self.operation.parameters.get(usize::from(place))
    }

    fn has(&self, place: u16) -> bool {
        self.parameter(place)
            .is_some_and(|parameter| self.call.parameters.keys().any(|path| parameter.is(path)))
    }

    /// None where the call did not need it.
    fn certainty(&self, when: When) -> Option<Certainty> {
        match when {
            When::Always => Some(Certainty::Certain),
            When::Perhaps => Some(Certainty::Possible),
            When::With(place) => self.has(place).then_some(Certainty::Certain),
            When::SurelyWith(place) if self.has(place) => Some(Certainty::Certain),
            When::SurelyWith(_) => Some(Certainty::Possible),
            When::Without(place) => (!self.has(place)).then_some(Certainty::Certain),
        }
    }

    /// Passed roles are in the record's parameters, several joined by commas.
    fn pass_role(&self, requirement: &Requirement, certainty: Certainty) -> Need {
        let passed = self.operation.parameters.iter().filter(|parameter| parameter.is_passed_role());
        let mut roles: Vec<String> = passed
            .flat_map(|parameter| self.call.parameters.iter().filter(|(path, _)| parameter.is(path)))
            .flat_map(|(_, roles)| roles.split(','))
            .map(str::to_owned)
            .collect();
        roles.sort_unstable();
        roles.dedup();
        let action = requirement.action;
        if !roles.iter().all(|role| is_arn(role)) {
            Need { action, certainty, scope: Scope::Unknown }
        } else if roles.is_empty() {
            let certainty = if requirement.when == When::Always { Certainty::Possible } else { certainty };
            Need { action, certainty, scope: Scope::Unknown }
        } else {
            let certainty = if requirement.ambiguous { certainty } else { Certainty::Certain };
            Need { action, certainty, scope: Scope::Known(roles) }
        }
    }

    /// Whether some parameter that names a resource could not be turned into one. Where the source listed
    /// resources itself, a single name that could not be turned into an ARN is the one it lists.
    fn is_unplaced(&self, known: usize) -> bool {
        let mut unplaced = self.operation.parameters.iter().filter(|parameter| {
            parameter.used_for == crate::ParameterUse::Resource
                && self.call.parameters.keys().any(|path| parameter.is(path))
        });
        match (unplaced.next(), unplaced.next()) {
            (None, _) => false,
            (Some(only), None) => !(only.path.find("[]").is_none() && self.is_sole_name(only) && known == 1),
            (Some(_), Some(_)) => true,
        }
    }

    /// Whether no other parameter could have named the resource that the source listed.
    fn is_sole_name(&self, parameter: &ParameterPath) -> bool {
        self.operation
            .parameters
            .iter()
            .filter(|other| other.used_for == crate::ParameterUse::Resource)
            .all(|other| other.path == parameter.path)
    }
}

#[cfg(test)]
mod tests;
