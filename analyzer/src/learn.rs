//! What is learned from the past beyond single calls: which unused permissions may be needed all the same.

mod companions;
mod disposition;
mod kin;
mod level;
mod metadata;
mod peers;
mod rare;
mod rhythm;
mod stratum;
mod tier;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::{ActionId, Catalog};
use remit_policy::{Judgement, Retained, Verdict};

pub(crate) use self::disposition::{Disposition, dispositions, watched};
pub(crate) use self::level::{is_sensitive, weight};
pub(crate) use self::peers::{Kinds, Peers};
pub(crate) use self::rhythm::{Rhythm, is_working_day};
pub(crate) use self::stratum::{PIPELINES, Stratum, stratum_of};
pub(crate) use self::tier::Tier;
use self::words::Words;
pub(crate) use self::words::split;

/// The permissions of a principal that have this verdict.
pub(crate) fn with_verdict(judgement: &Judgement, wanted: &Verdict) -> BTreeSet<ActionId> {
    let verdicts = judgement.verdicts.iter().filter(|(_, verdict)| *verdict == wanted);
    verdicts.map(|(id, _)| *id).collect()
}

/// The unused permissions of a principal that stay in a tier, each with the first rule that keeps it.
pub(crate) fn retained(
    catalog: &Catalog,
    used: &BTreeSet<ActionId>,
    unused: impl IntoIterator<Item = ActionId>,
    peers: Option<&Peers>,
    tier: Tier,
) -> BTreeMap<ActionId, Retained> {
    if used.is_empty() {
        // Of what does nothing, nothing is learned.
        return BTreeMap::new();
    }
    let words = Words::of(catalog, used);
    let mut retained = BTreeMap::new();
    for id in unused {
        let Some(action) = catalog.action(id) else { continue };
        let learned_of_others = peers.filter(|_| tier.asks_peers());
        let why = companions::of(action, &words)
            // What is watched stays as well, and is told apart.
            .or_else(|| rare::of(action, &words))
            .or_else(|| learned_of_others.and_then(|peers| peers.use_of(id, action)))
            .or_else(|| learned_of_others.and_then(|peers| peers.in_service(id, action, &words)))
            .or_else(|| if tier.keeps_kin() { kin::of(action, &words) } else { None })
            .or_else(|| if tier.keeps_metadata() { metadata::of(action, &words) } else { None });
        retained.extend(why.map(|why| (id, why)));
    }
    retained
}

#[cfg(test)]
mod tests;
