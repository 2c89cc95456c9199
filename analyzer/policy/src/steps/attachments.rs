//! In which order managed policies are attached and detached, so that never more are attached than the provider allows.

use crate::propose::ATTACHED_LIMIT;

/// Policies, by ARN, that take the place of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Swap {
    pub(super) attach: Vec<String>,
    pub(super) detach: Vec<String>,
}

/// How all of it is done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// First all is attached, and then detached, so that nothing is missing in between.
    AtOnce { attach: Vec<String>, detach: Vec<String> },
    /// There is no room for all of it.
    InTurn(Vec<Turn>),
}

/// One step of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Attach(String),
    Detach(String),
    /// What is attached next is missing until then.
    Gap,
}

impl Exchange {
    /// `attached` are there before. `most` of them at once were there, or will be: more than usual where the provider raised the quota.
    pub(super) fn of(mut swaps: Vec<Swap>, attached: usize, most: usize) -> Self {
        let limit = ATTACHED_LIMIT.max(most);
        if attached + swaps.iter().map(|swap| swap.attach.len()).sum::<usize>() <= limit {
            let (attach, detach): (Vec<_>, Vec<_>) =
                swaps.into_iter().map(|swap| (swap.attach, swap.detach)).unzip();
            return Self::AtOnce { attach: attach.concat(), detach: detach.concat() };
        }
        // What makes room comes first, so that in the end there is room for what takes it.
        swaps.sort_by_key(|swap| (swap.attach.len() + 1).saturating_sub(swap.detach.len()));
        let mut turns = Vec::new();
        let mut now = attached;
        for Swap { attach, detach } in swaps {
            let has_room = now + attach.len() <= limit;
            now = (now + attach.len()).saturating_sub(detach.len());
            let attach = attach.into_iter().map(Turn::Attach);
            let detach = detach.into_iter().map(Turn::Detach);
            if has_room {
                turns.extend(attach.chain(detach));
            } else {
                turns.extend(detach.chain([Turn::Gap]).chain(attach));
            }
        }
        Self::InTurn(turns)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn swap(attach: usize, detach: usize, at: usize) -> Swap {
        let names = |count: usize, what: &str| (0..count).map(|one| format!("{what}{at}-{one}")).collect();
        Swap { attach: names(attach, "new"), detach: names(detach, "old") }
    }

    #[test]
    fn with_room_nothing_is_ever_missing() {
        let exchange = Exchange::of(vec![swap(1, 1, 0), swap(2, 1, 1)], 4, 5);
        let attach = ["new0-0", "new1-0", "new1-1"].map(str::to_owned).to_vec();
        let detach = ["old0-0", "old1-0"].map(str::to_owned).to_vec();
        assert_eq!(exchange, Exchange::AtOnce { attach, detach });
    }

    proptest! {
        #[test]
        fn there_are_never_more_than_are_allowed(
            sizes in prop::collection::vec((0..4_usize, 0..2_usize), 1..12),
            others in 0..4_usize,
        ) {
            let swaps: Vec<_> = sizes.iter().enumerate().map(|(at, (attach, detach))| swap(*attach, *detach, at)).collect();
            let before = others + sizes.iter().map(|(_, detach)| detach).sum::<usize>();
            let after = others + sizes.iter().map(|(attach, _)| attach).sum::<usize>();
            prop_assume!(after <= ATTACHED_LIMIT.max(before));
            let most = before.max(after);
            let mut now = before;
            let mut count = |turn: &Turn| {
                match turn {
                    Turn::Attach(_) => now += 1,
                    Turn::Detach(_) => now -= 1,
                    Turn::Gap => {}
                }
                now
            };
            match Exchange::of(swaps, before, most) {
                Exchange::AtOnce { attach, .. } => prop_assert!(before + attach.len() <= ATTACHED_LIMIT.max(most)),
                Exchange::InTurn(turns) => {
                    for turn in &turns {
                        prop_assert!(count(turn) <= ATTACHED_LIMIT.max(most), "{turns:?}");
                    }
                    prop_assert_eq!(now, after);
                }
            }
        }
    }
}
