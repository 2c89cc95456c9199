use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn days(start: i64, of: &BTreeSet<i64>) -> Days {
    let mut days = Days::none(start);
    of.iter().for_each(|day| days.insert(*day));
    days
}

fn some() -> impl Strategy<Value = (i64, BTreeSet<i64>)> {
    (-500_i64..500).prop_flat_map(|start| {
        let within = start..start + Days::LENGTH;
        (Just(start), proptest::collection::btree_set(within, 0..40))
    })
}

proptest! {
    #[test]
    fn a_bitmap_is_a_set((start, of) in some(), day in -600_i64..1_100) {
        let days = days(start, &of);
        prop_assert_eq!(&days.iter().collect::<BTreeSet<_>>(), &of);
        prop_assert_eq!(days.len() as usize, of.len());
        prop_assert_eq!((days.first(), days.last()), (of.first().copied(), of.last().copied()));
        prop_assert_eq!(days.contains(day), of.contains(&day));
        prop_assert_eq!(days.is_empty(), of.is_empty());
        let before: BTreeSet<i64> = of.range(..day).copied().collect();
        prop_assert_eq!(days.before(day).iter().collect::<BTreeSet<_>>(), before);
        let rest: BTreeSet<i64> = of.range(day..day + 90).copied().collect();
        prop_assert_eq!(days.between(day, day + 90).iter().collect::<BTreeSet<_>>(), rest);
    }

    #[test]
    fn the_sum_is_the_union_within_the_later_span((a, of_a) in some(), (b, of_b) in some()) {
        let (left, right) = (days(a, &of_a), days(b, &of_b));
        let mut sum = left;
        sum.add(&right);
        let mut other = right;
        other.add(&left);
        let start = match (of_a.is_empty(), of_b.is_empty()) {
            (false, false) => a.max(b),
            _ => i64::MIN,
        };
        let union: BTreeSet<i64> = of_a.union(&of_b).copied().filter(|day| *day >= start).collect();
        prop_assert_eq!(&sum.iter().collect::<BTreeSet<_>>(), &union);
        prop_assert_eq!(other.iter().collect::<BTreeSet<_>>(), union);
    }

    #[test]
    fn moving_the_span_keeps_what_is_in_both((start, of) in some(), to in -1_000_i64..1_500) {
        let moved = days(start, &of).moved(to);
        let kept: BTreeSet<i64> = of.range(to..to + Days::LENGTH).copied().collect();
        prop_assert_eq!(moved.iter().collect::<BTreeSet<_>>(), kept);
        prop_assert_eq!(moved.start(), to);
    }
}
