//! Findings that somebody has said are known: they are counted and not listed.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::configuration::Place;
use crate::finding::Finding;
use crate::pattern::Pattern;
use crate::report::model::Mute;

/// What is muted: whatever matches all that is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteRule {
    /// The principal.
    pub(crate) identity: Option<Pattern>,
    /// The permission.
    pub(crate) action: Option<Pattern>,
    /// The rule that found it.
    pub(crate) rule: Option<Spanned<String>>,
    /// Why.
    pub(crate) reason: String,
    /// The last day on which it holds.
    #[serde(default, deserialize_with = "date")]
    pub(crate) until: Option<Date>,
}

/// The mutes that hold, and those that have expired.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mutes {
    held: Vec<MuteRule>,
    expired: Vec<String>,
}

impl Mutes {
    /// Takes what a file says, as of a day.
    pub(crate) fn new(rules: Vec<(Place, MuteRule)>, today: Date) -> Self {
        let mut mutes = Self::default();
        for (place, rule) in rules {
            match rule.until {
                Some(until) if until < today => mutes.expired.push(format!(
                    "{place}: this mute held until {until}, and what it hid is listed again\nhint: give it a new \
                     `until` if its reason still holds, and remove it otherwise"
                )),
                Some(_) | None => mutes.held.push(rule),
            }
        }
        mutes
    }

    /// What is to be told of mutes that have expired.
    pub(crate) fn expired(&self) -> &[String] {
        &self.expired
    }

    /// The mute of a whole principal.
    pub(crate) fn of_identity(&self, identity: &str) -> Option<Mute> {
        let whole = self.held.iter().filter(|one| one.action.is_none() && one.rule.is_none());
        whole.into_iter().find(|one| one.concerns(identity, "")).map(MuteRule::mute)
    }

    /// The mutes of what a rule finds of an identity, some of them of some permissions only.
    pub(crate) fn concerning(&self, identity: &str, rule: &str) -> impl Iterator<Item = &MuteRule> {
        self.held.iter().filter(move |one| one.concerns(identity, rule))
    }

    /// The mute of what a rule says of an identity and permissions as a whole.
    pub(crate) fn of_names(&self, identity: &str, rule: &str, names: &[String]) -> Option<Mute> {
        self.concerning(identity, rule).find(|one| one.is_about(names)).map(MuteRule::mute)
    }

    /// The mute of a finding as a whole: one that names permissions has to match all of them.
    pub(crate) fn of_finding(&self, finding: &Finding) -> Option<Mute> {
        self.of_names(&finding.principal, finding.kind.as_str(), &finding.names)
    }
}

impl MuteRule {
    /// Whether it is about findings of a rule on a principal.
    fn concerns(&self, identity: &str, rule: &str) -> bool {
        self.identity.as_ref().is_none_or(|pattern| pattern.matches_identity(identity))
            && self.rule.as_ref().is_none_or(|own| own.get_ref() == rule)
    }

    /// Whether it is about a permission; one that names none is about any.
    pub(crate) fn mutes(&self, name: &str) -> bool {
        self.action.as_ref().is_none_or(|action| action.matches(name))
    }

    /// Whether it is about all of these permissions; one that names none is about any.
    fn is_about(&self, names: &[String]) -> bool {
        let Some(action) = &self.action else { return true };
        !names.is_empty() && names.iter().all(|name| action.matches(name))
    }

    /// As findings tell it.
    pub(crate) fn mute(&self) -> Mute {
        Mute { reason: self.reason.clone(), until: self.until.map(|until| until.to_string()) }
    }
}

/// A date, in quotes or as TOML has dates.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    let hint = || serde::de::Error::custom(format!("`{text}` is no date\nhint: write it as `2027-01-31`"));
    text.parse().map(Some).map_err(|_| hint())
}

#[cfg(test)]
mod tests;
