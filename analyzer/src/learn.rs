//! What is learned from the past beyond single calls: which unused permissions may be needed all the same.

mod account;
mod changing;
mod companions;
mod disposition;
mod drill;
mod kin;
mod known;
mod level;
mod meaning;
mod metadata;
mod peers;
mod places;
mod rare;
mod rhythm;
mod stratum;
mod subject;
mod tier;
mod words;

use std::collections::BTreeMap;

use remit_policy::Retained;

pub(crate) use self::account::{Deeds, retained, with_verdict};
pub(crate) use self::disposition::{
    Disposed, Disposition, dispositions, of_subject, service_of, watched, watched_of_subject,
};
pub(crate) use self::known::Known;
pub(crate) use self::level::{is_sensitive, level_weight, weight};
pub(crate) use self::meaning::Meaning;
pub(crate) use self::peers::{Community, Kinds, Peers};
pub(crate) use self::rhythm::{Rhythm, is_working_day, weekdays};
pub(crate) use self::stratum::{PIPELINES, Stratum, stratum_of, stratum_of_user};
pub(crate) use self::subject::{Doing, retained as retained_of_subject, used as used_by_subject};
pub(crate) use self::tier::Tier;
use self::words::Words;
pub(crate) use self::words::split;

/// What of learning depends on the language that permissions are written in.
struct Language {
    /// What comes with what is used.
    companion: fn(&Meaning<'_>, &Words<'_>) -> Option<Retained>,
    /// What is used near a permission that others use.
    near: fn(&Meaning<'_>, &Words<'_>) -> Option<String>,
    /// From which tier on what is done to things of the same kind stays.
    kin: Tier,
    /// Whether whoever uses anything uses all services, since they are one.
    is_one_service: bool,
}

/// The unused permissions that stay in a tier, each with the first rule that keeps it.
fn kept<'a, P: Ord>(
    words: &Words<'_>,
    unused: impl IntoIterator<Item = (P, Meaning<'a>)>,
    peers: Option<&Peers<'_, P>>,
    tier: Tier,
    language: &Language,
) -> BTreeMap<P, Retained> {
    if words.is_empty() {
        // Of what does nothing, nothing is learned.
        return BTreeMap::new();
    }
    let others = peers.filter(|_| tier.asks_peers());
    let why = |permission: &P, meaning: &Meaning<'_>| {
        (language.companion)(meaning, words)
            // What is watched stays as well, and is told apart.
            .or_else(|| rare::of(meaning, words))
            .or_else(|| others.and_then(|peers| peers.use_of(permission, meaning)))
            .or_else(|| {
                others.and_then(|peers| {
                    peers.of_others(permission, meaning, || (language.near)(meaning, words))
                })
            })
            .or_else(|| if tier >= language.kin { kin::of(meaning, words) } else { None })
            .or_else(|| {
                let is_used =
                    tier.keeps_metadata() && (language.is_one_service || words.uses(meaning.service));
                if is_used { metadata::of(meaning) } else { None }
            })
    };
    let unused = unused.into_iter();
    unused
        .filter_map(|(permission, meaning)| Some((why(&permission, &meaning)?, permission)))
        .map(|(why, permission)| (permission, why))
        .collect()
}

/// Takes away what is watched, where a person says that it goes once it was not used for so many days: it was not in all of a history,
/// which is as long. What waits for a deploy to settle goes on to wait.
pub(crate) fn drop_watched<P: Ord>(kept: &mut BTreeMap<P, Retained>, after: Option<i64>, history: i64) {
    if after.is_some_and(|after| history >= after) {
        kept.retain(|_, why| !why.is_watched() || matches!(why, Retained::Settling(_)));
    }
}

#[cfg(test)]
mod tests;
