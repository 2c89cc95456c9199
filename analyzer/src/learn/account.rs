//! What is learned of principals of AWS.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};
use remit_policy::{Account, Days, Effect, Granted, Judgement, Principal, Retained, Verdict, day};
use sha2::{Digest as _, Sha256};

use super::drill::drills;
use super::meaning::Meaning;
use super::peers::{Kind, Kinds, Peers, but_for_a_word};
use super::words::Words;
use super::{Language, Tier, companions, drop_watched, kept};

/// What of learning is of actions of AWS.
const ACTIONS: Language = Language {
    companion: companions::of,
    near: |meaning, words| words.uses(meaning.service).then(|| meaning.service.to_owned()),
    kin: Tier::Standard,
    is_one_service: false,
};

/// Tags that name what an identity was made from.
const TAGS: [&str; 6] =
    ["module", "role-template", "template", "blueprint", "aws:cloudformation:stack-name", "component"];

/// The permissions of a principal that have this verdict.
pub(crate) fn with_verdict(judgement: &Judgement, wanted: &Verdict) -> BTreeSet<ActionId> {
    let verdicts = judgement.verdicts.iter().filter(|(_, verdict)| *verdict == wanted);
    verdicts.map(|(id, _)| *id).collect()
}

/// What a principal was seen to do, and in what time.
#[derive(Clone, Copy)]
pub(crate) struct Deeds<'a> {
    /// The actions that it used, but those that a stranger alone may have used.
    pub(crate) used: &'a BTreeSet<ActionId>,
    /// What it is granted, where it made no call at all.
    pub(crate) idle: Option<(&'a Account, &'a Granted)>,
    /// The days of history that this is known of.
    pub(crate) history: i64,
    /// The day of a deploy so short ago that nothing goes yet.
    pub(crate) settling: Option<i64>,
    /// After how many days without use what is watched goes; none where it stays.
    pub(crate) drop_watched: Option<i64>,
}

/// The unused permissions of a principal that stay in a tier, each with the first rule that keeps it. All stay while a deploy is
/// settling.
pub(crate) fn retained(
    catalog: &Catalog,
    deeds: Deeds<'_>,
    unused: impl IntoIterator<Item = ActionId>,
    peers: Option<&Peers<'_, ActionId>>,
    tier: Tier,
) -> BTreeMap<ActionId, Retained> {
    let meaning = |id: ActionId| catalog.action(id).map(Meaning::of_action);
    let words = Words::of(deeds.used.iter().copied().filter_map(meaning));
    let unused: Vec<_> = unused.into_iter().filter_map(|id| Some((id, meaning(id)?))).collect();
    let mut stays = match deeds.idle {
        Some((account, granted)) => drills(account, granted, &unused, deeds.history),
        None => BTreeMap::new(),
    };
    let all: Vec<ActionId> = unused.iter().map(|(id, _)| *id).collect();
    stays.extend(kept(&words, unused, peers, tier, &ACTIONS));
    drop_watched(&mut stays, deeds.drop_watched, deeds.history);
    if let Some(on) = deeds.settling {
        let why = Retained::Settling(day(Days::moment_of(on)));
        for id in all {
            stays.entry(id).or_insert_with(|| why.clone());
        }
    }
    stays
}

impl Kinds {
    /// The kinds of principals of an account: those with the same tag that names what they were made from; else those with the
    /// same policies but for resources, and the same name but for one word.
    pub(crate) fn of<'a>(account: &Account, principals: impl Iterator<Item = &'a Principal>) -> Self {
        Self::among(principals.map(|principal| kinds_of(account, principal)))
    }

    /// The others of one principal's kind, by ARN.
    pub(crate) fn peers_of<'a>(account: &'a Account, arn: &str) -> impl Iterator<Item = &'a String> {
        let all = &account.principals;
        let at = all.iter().position(|principal| principal.arn == arn);
        let others = at.map(|at| Self::of(account, all.iter()).others(at)).unwrap_or_default();
        others.into_iter().filter_map(move |at| Some(&all.get(at)?.arn))
    }
}

fn kinds_of(account: &Account, principal: &Principal) -> Vec<Kind> {
    let kind = || principal.kind.as_str().to_owned();
    let tag = TAGS.iter().find_map(|tag| {
        let mut tags = principal.tags.iter();
        tags.find(|(key, value)| key.eq_ignore_ascii_case(tag) && !value.is_empty())
    });
    if let Some((key, value)) = tag {
        return vec![vec![kind(), key.to_ascii_lowercase(), value.clone()]];
    }
    let names = but_for_a_word(&principal.name);
    if names.is_empty() {
        return Vec::new();
    }
    // What is granted may be long, and the words of a name many.
    let granted = digest(granted(account, principal));
    names.into_iter().map(|name| vec![kind(), name, granted.clone()]).collect()
}

/// A short text that stands for all of these.
pub(super) fn digest(texts: BTreeSet<String>) -> String {
    let digest = Sha256::digest(texts.into_iter().collect::<Vec<_>>().join("\n"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the policies of a principal say, but for resources and conditions.
fn granted(account: &Account, principal: &Principal) -> BTreeSet<String> {
    let policies = principal.attachments.iter().filter_map(|one| account.policies.get(one.policy));
    let statements = policies.flat_map(|policy| &policy.document.statements);
    let said = statements.map(|statement| {
        let mut patterns: Vec<&str> = statement.actions.patterns.iter().map(String::as_str).collect();
        patterns.sort_unstable();
        let effect = if statement.effect == Effect::Allow { "allow" } else { "deny" };
        let negated = if statement.actions.negated { " not" } else { "" };
        format!("{effect}{negated} {}", patterns.join(" "))
    });
    said.collect()
}
