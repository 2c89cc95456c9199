//! Whether a subject of a cluster asks for other names, or in other namespaces, as time goes by: what was known on dates gone by
//! is held against what came in the days behind, as for resources of AWS.

use std::collections::{BTreeMap, BTreeSet};

use remit_catalog::kubernetes::{Request, Target};
use remit_policy::{Days, Generalise};

/// Days from one date to the next.
const STEP: i64 = 15;

/// Days behind a date.
const HORIZON: i64 = 30;

/// How many dates are tried.
const DATES: i64 = 24;

/// On fewer dates with use behind them nothing is shown.
const FEWEST: usize = 5;

/// On as many days names of contents have to come that were not known before.
const OFTEN: usize = 2;

/// What of places is not what it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changing {
    /// Names within namespaces that are known.
    pub(super) names: bool,
    /// Namespaces.
    pub(super) namespaces: bool,
}

/// The days on which one verb was asked for on one resource, by namespace and name.
#[derive(Default)]
pub(super) struct Sightings<'u> {
    days: BTreeMap<(&'u str, &'u str), Days>,
}

impl<'u> Sightings<'u> {
    pub(super) fn add(&mut self, request: &'u Request, days: &Days) {
        if let Target::Resource(asked) = &request.target {
            let place = (asked.namespace.as_str(), asked.name.as_str());
            self.days.entry(place).or_default().add(days);
        }
    }

    /// What changes, where that is asked for; everything, where places are to stay as they are granted, or where there are too
    /// few dates to try.
    pub(super) fn changing(&self, way: Generalise, today: i64) -> Changing {
        let all = Changing { names: true, namespaces: true };
        match way {
            Generalise::Granted => all,
            Generalise::Tried => self.tried(today).unwrap_or(all),
            Generalise::Exact | Generalise::Templates | Generalise::Containers => Changing::default(),
        }
    }

    /// The namespaces in which new names keep coming: on several days of the last year, a while after the first was seen. There names are
    /// no way to narrow what is read; a single new name does not say so.
    pub(super) fn where_names_keep_coming(&self, today: i64) -> BTreeSet<&'u str> {
        let mut firsts: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for ((namespace, _), days) in self.days.iter().filter(|((namespace, _), _)| !namespace.is_empty()) {
            firsts.entry(namespace).or_default().extend(days.first());
        }
        firsts.retain(|_, firsts| {
            // What is seen early was there before anybody looked.
            let settled = firsts.first().map_or(today, |first| (first + HORIZON).max(today - DATES * STEP));
            firsts.range(settled..).count() >= OFTEN
        });
        firsts.into_keys().collect()
    }

    /// None where there are too few dates.
    fn tried(&self, today: i64) -> Option<Changing> {
        if self.days.values().any(Days::is_empty) {
            // Nobody asked on which days, so nothing can be tried.
            return Some(Changing::default());
        }
        let first = |days: &Days| days.first().unwrap_or(i64::MAX);
        let (mut changing, mut tried) = (Changing::default(), 0);
        for date in (1..=DATES).map(|at| today - at * STEP) {
            let known = self.days.iter().filter(|(_, days)| first(days) < date);
            let known: BTreeSet<&str> = known.map(|((namespace, _), _)| *namespace).collect();
            if known.is_empty() {
                break;
            }
            let is_behind = |days: &Days| !days.between(date, date + HORIZON).is_empty();
            if !self.days.values().any(is_behind) {
                // Days without use show nothing.
                continue;
            }
            tried += 1;
            let new = self.days.iter().filter(|(_, days)| (date..date + HORIZON).contains(&first(days)));
            for ((namespace, _), _) in new {
                let is_known = known.contains(namespace);
                changing.names |= is_known;
                changing.namespaces |= !is_known;
            }
        }
        (tried >= FEWEST).then_some(changing)
    }
}

#[cfg(test)]
mod tests {
    use remit_catalog::kubernetes::ResourceRequest;

    use super::*;

    /// What changes of these, each asked for every few days from its first one on; the hundredth is today.
    fn changing(way: Generalise, seen: &[(&str, &str, usize)]) -> Changing {
        with_sightings(seen, |sightings| sightings.changing(way, 100))
    }

    fn with_sightings<T>(seen: &[(&str, &str, usize)], ask: impl FnOnce(&Sightings<'_>) -> T) -> T {
        let asked = |(namespace, name, first): &(&str, &str, usize)| {
            let (namespace, name) = ((*namespace).to_owned(), (*name).to_owned());
            let asked = ResourceRequest { namespace, name, ..ResourceRequest::default() };
            let mut days = Days::none(0);
            (0..100).skip(*first).step_by(5).for_each(|day| days.insert(day));
            (Request { verb: "get".to_owned(), target: Target::Resource(asked) }, days)
        };
        let requests: Vec<(Request, Days)> = seen.iter().map(asked).collect();
        let mut sightings = Sightings::default();
        requests.iter().for_each(|(request, days)| sightings.add(request, days));
        ask(&sightings)
    }

    #[test]
    fn names_keep_coming_where_several_days_brought_some() {
        let keep = |seen: &[(&str, &str, usize)]| {
            let owned = |all: &Sightings<'_>| {
                all.where_names_keep_coming(100).into_iter().map(str::to_owned).collect::<Vec<_>>()
            };
            with_sightings(seen, owned)
        };
        let of_shop = [("shop", "a", 1), ("shop", "b", 40), ("shop", "c", 80)];
        assert_eq!(keep(&of_shop), ["shop"]);
        assert_eq!(keep(&of_shop[1..]), [""; 0]);
        assert_eq!(keep(&[("shop", "a", 1), ("shop", "b", 60), ("shop", "c", 60)]), [""; 0]);
        // A fixed set of names, of which none is asked for at first.
        assert_eq!(keep(&[("shop", "a", 1), ("shop", "b", 2), ("shop", "c", 3), ("shop", "d", 30)]), [""; 0]);
        assert_eq!(keep(&[("shop", "a", 1), ("pay", "b", 40), ("tax", "c", 80)]), [""; 0]);
        assert_eq!(keep(&of_shop.map(|(_, name, day)| ("", name, day))), [""; 0]);
    }

    #[test]
    fn what_came_behind_dates_gone_by_tells_what_changes() {
        let of = |names, namespaces| Changing { names, namespaces };
        let way = Generalise::Tried;
        assert_eq!(changing(way, &[("shop", "a", 1), ("shop", "b", 2)]), of(false, false));
        assert_eq!(changing(way, &[("shop", "a", 1), ("shop", "b", 60)]), of(true, false));
        assert_eq!(changing(way, &[("shop", "a", 1), ("pay", "a", 60)]), of(false, true));
        // Too few dates to try it on.
        assert_eq!(changing(way, &[("shop", "a", 80)]), of(true, true));
        // Days that nobody asked for.
        assert_eq!(changing(way, &[("shop", "a", 100)]), of(false, false));
        assert_eq!(changing(Generalise::Granted, &[("shop", "a", 1)]), of(true, true));
        assert_eq!(changing(Generalise::Exact, &[("shop", "a", 1), ("pay", "b", 90)]), of(false, false));
    }
}
