//! What is to be said of one thing that a change grants.

use remit_catalog::AccessLevel;
use remit_policy::{ActionSet, Expander, Usage};
use serde::Serialize;

use super::{Growth, Input, Whom};
use crate::finding::{LEVELS, identifier, level_order};
use crate::output::counted;
use crate::pattern::Pattern;
use crate::report::model::Mute;
use crate::sarif::Rule;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// A rule forbids it.
    Error,
    /// It can change permissions, or a whole service; or it cannot be told what it grants
    Warning,
    /// It grants more than before
    Note,
}

impl Severity {
    /// Of what an identity may do newly.
    pub(super) fn of_privilege(is_wildcard: bool, level: AccessLevel) -> Self {
        let is_grave = is_wildcard || level == AccessLevel::PermissionsManagement;
        if is_grave { Self::Warning } else { Self::Note }
    }

    /// Its word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Whether what is granted was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Demand {
    /// Calls that needed it were denied.
    Denied(u64),
    /// Calls that needed it were allowed, by something else.
    Allowed(u64),
    /// No call needed it, as far as the ledger shows.
    NotSeen,
}

/// Something to be said of a change.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Objection {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The rule that says so.
    pub(crate) rule: &'static str,
    /// The file in the tree.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u32,
    /// What the policy, role or binding is called in its file.
    pub(crate) address: String,
    /// Who has it, where the source says.
    pub(crate) identity: Option<String>,
    /// What is to be said, in words.
    pub(crate) message: String,
    /// What is granted that was not before.
    pub(crate) names: Vec<String>,
    /// The most dangerous access level of it.
    #[serde(rename = "access_level", serialize_with = "level")]
    pub(crate) access: AccessLevel,
    /// Whether it was asked for; none where no ledger tells.
    pub(crate) demand: Option<Demand>,
    /// Who looks after it.
    pub(crate) owner: Option<String>,
    /// Why it is accepted, where somebody said so.
    pub(crate) muted: Option<Mute>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn level<S: serde::Serializer>(level: &AccessLevel, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(word(*level))
}

/// The word of an access level.
pub(super) fn word(level: AccessLevel) -> &'static str {
    LEVELS.iter().find(|(other, _)| *other == level).map_or("unknown", |(_, name)| name)
}

/// How many there are of each severity; muted ones apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Errors.
    pub(crate) errors: usize,
    /// Warnings.
    pub(crate) warnings: usize,
    /// Notes.
    pub(crate) notes: usize,
    /// Whatever is muted.
    pub(crate) muted: usize,
}

impl Counts {
    /// Counts.
    pub(crate) fn of(objections: &[Objection]) -> Self {
        let mut counts = Self::default();
        for objection in objections {
            let count = match (&objection.muted, objection.severity) {
                (Some(_), _) => &mut counts.muted,
                (None, Severity::Error) => &mut counts.errors,
                (None, Severity::Warning) => &mut counts.warnings,
                (None, Severity::Note) => &mut counts.notes,
            };
            *count += 1;
        }
        counts
    }

    /// What they come to, in a few words.
    pub(crate) fn shown(self) -> String {
        let of = |count: usize, one: &str, more: &str| (count > 0).then(|| counted(count as u64, one, more));
        let parts = [
            of(self.errors, "error", "errors"),
            of(self.warnings, "warning", "warnings"),
            of(self.notes, "note", "notes"),
            of(self.muted, "muted", "muted"),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "no new privilege".to_owned() } else { parts.join(", ") }
    }
}

impl Objection {
    /// What it is known by, as long as it is about the same.
    pub(crate) fn id(&self) -> String {
        identifier([self.rule, &self.file, &self.address, &self.message])
    }

    /// Of something that cannot be told.
    pub(super) fn unjudged(file: &str, line: u32, address: &str, why: &str) -> Self {
        Self {
            severity: Severity::Warning,
            rule: "unjudged",
            file: file.to_owned(),
            line,
            address: address.to_owned(),
            identity: None,
            message: format!("it cannot be told what it grants: {why}"),
            names: Vec::new(),
            access: AccessLevel::Write,
            demand: None,
            owner: None,
            muted: None,
        }
    }
}

/// The rules of the gate.
pub(crate) const GATE_RULES: [Rule; 8] = [
    Rule {
        id: "new_privilege",
        name: "NewPrivilege",
        text: "A change grants more than before.",
        help: "Grant only what is needed; the message names a request that is newly allowed.",
    },
    Rule {
        id: "new_trust",
        name: "NewTrust",
        text: "A change lets somebody become a role who could not before.",
        help: "Name whom it is for, and keep the conditions: the account, and the subject and audience of a token.",
    },
    Rule {
        id: "new_resource_access",
        name: "NewResourceAccess",
        text: "A change lets somebody use a resource who could not before.",
        help: "Name whom it is for, and keep the conditions; nothing but a public website is for everybody.",
    },
    Rule {
        id: "forbidden_action",
        name: "ForbiddenAction",
        text: "A change grants an action that the rules forbid.",
        help: "Grant something narrower, or have the rule changed.",
    },
    Rule {
        id: "too_much_privilege",
        name: "TooMuchPrivilege",
        text: "A change grants an access level above the one that the rules allow.",
        help: "Grant something narrower, or have the rule changed.",
    },
    Rule {
        id: "no_review_date",
        name: "NoReviewDate",
        text: "A wildcard, or the right to change permissions, is granted without a date of review or expiry.",
        help: "Write `remit: review DATE` into a comment at the grant, or end it by a condition on `aws:CurrentTime`.",
    },
    Rule {
        id: "no_owner",
        name: "NoOwner",
        text: "More is granted where nobody is said to look after it.",
        help: "Tag the role with its owner, or add the path to CODEOWNERS, or the identity to `[[owner]]` in `remit.toml`.",
    },
    Rule {
        id: "unjudged",
        name: "GrantUnjudged",
        text: "It cannot be told what a change grants.",
        help: "Look at it, or compare what it is rendered to.",
    },
];

/// Holds one thing against all rules.
pub(super) fn objections(
    input: &Input<'_>,
    expander: &mut Expander<'_>,
    growth: &Growth,
    objections: &mut Vec<Objection>,
) {
    let owner = (input.owner)(Whom {
        file: &growth.file,
        line: growth.line,
        address: &growth.address,
        identity: growth.identity.as_deref(),
    });
    let demand = demand(input, growth);
    let all: Vec<String> = growth.names.iter().chain(&growth.widened).cloned().collect();
    let mut say = |severity, rule, message: String, names: Vec<String>| {
        objections.push(Objection {
            severity,
            rule,
            file: growth.file.clone(),
            line: growth.line,
            address: growth.address.clone(),
            identity: growth.identity.clone(),
            message,
            names,
            access: growth.level,
            demand: demand.clone(),
            owner: owner.clone(),
            muted: None,
        });
    };
    let is_grave = growth.is_wildcard || growth.level == AccessLevel::PermissionsManagement;
    let gained = match growth.names.len() {
        0 => String::new(),
        1 => format!("; new: `{}`", growth.names.first().map(String::as_str).unwrap_or_default()),
        count => format!("; {} are new", counted(count as u64, "permission", "permissions")),
    };
    let asked = match &demand {
        None => String::new(),
        Some(Demand::Denied(calls)) => {
            let were = if *calls == 1 { "was" } else { "were" };
            format!("; {} that needed it {were} denied", counted(*calls, "call", "calls"))
        }
        Some(Demand::Allowed(calls)) => {
            let were = if *calls == 1 { "was" } else { "were" };
            format!("; {} needed it and {were} allowed", counted(*calls, "call", "calls"))
        }
        Some(Demand::NotSeen) => "; no recorded call needed it".to_owned(),
    };
    let what = format!("{} ({}){gained}{asked}", growth.how, word(growth.level));
    say(growth.severity, growth.rule, what, all.clone());

    for forbidden in &input.policy.forbidden {
        if is_granted(expander, growth, forbidden) {
            let pattern = forbidden.text().to_owned();
            let message = format!("grants `{pattern}`, which is forbidden");
            say(Severity::Error, "forbidden_action", message, vec![pattern]);
        }
    }
    let is_above = |most: AccessLevel| level_order(growth.level) < level_order(most);
    if let Some(most) = input.policy.most.filter(|most| is_above(*most)) {
        let message = format!("grants {}, and at most {} is allowed", word(growth.level), word(most));
        say(Severity::Error, "too_much_privilege", message, all.clone());
    }
    if input.policy.needs_review && is_grave {
        let what = if growth.is_wildcard { "a wildcard" } else { "permissions management" };
        let message = match growth.review {
            None => Some(format!("grants {what} without a date of review or expiry")),
            Some(date) if date < input.today => {
                Some(format!("grants {what}, which was to be reviewed until {date}"))
            }
            Some(_) => None,
        };
        if let Some(message) = message {
            say(Severity::Error, "no_review_date", message, all.clone());
        }
    }
    if input.policy.needs_owner && owner.is_none() {
        let message = "grants more, and no tag, `CODEOWNERS` or `remit.toml` names an owner".to_owned();
        say(Severity::Error, "no_owner", message, all);
    }
}

/// Whether what is newly granted has something of a forbidden pattern.
fn is_granted(expander: &mut Expander<'_>, growth: &Growth, forbidden: &Pattern) -> bool {
    let text = forbidden.text();
    let forbidden_set: ActionSet = expander.pattern(text).clone();
    let catalog = expander.catalog();
    let all = || growth.names.iter().chain(&growth.widened);
    let is_new = all().filter_map(|name| catalog.find(name)).any(|id| forbidden_set.contains(id));
    // What was there and is widened, and what the catalog lacks, is as forbidden.
    let pattern = remit_policy::Glob::action(text);
    let written =
        growth.written.iter().any(|written| remit_policy::Glob::action(written).intersects(&pattern));
    is_new
        || all().any(|name| forbidden.matches(name))
        || (all().next().is_none() && written)
        || growth.written.iter().any(|one| one.eq_ignore_ascii_case(text))
}

/// Whether the identity asked for what it gains.
fn demand(input: &Input<'_>, growth: &Growth) -> Option<Demand> {
    // What others may do is nothing that calls of the identity ask for.
    let identity = growth.identity.as_deref().filter(|_| growth.rule == "new_privilege")?;
    let usage: &Usage = input.usage?.get(identity)?;
    let ids = growth.names.iter().filter_map(|name| input.catalog.find(name));
    let (mut denied, mut allowed) = (0, 0);
    for use_ in ids.filter_map(|id| usage.actions.get(&id)) {
        denied += use_.denied.distinct();
        allowed += use_.seen.as_ref().map_or(0, |seen| seen.count.distinct());
    }
    Some(match (denied, allowed) {
        (0, 0) => Demand::NotSeen,
        (0, allowed) => Demand::Allowed(allowed),
        (denied, _) => Demand::Denied(denied),
    })
}
