//! What is summed up of a principal's permissions.

use std::collections::BTreeMap;

use remit_policy::Verdict;

use super::gaps::Gaps;
use crate::finding::{LEVELS, level_order};
use crate::judged::Judged;
use crate::learn::level_weight;
use crate::report::model::{Gap, LevelRow, PermissionCounts, ServiceLevel, ServiceRow};

/// Examples listed per access level.
const EXAMPLES: usize = 20;

/// Sums over a principal's permissions.
pub(crate) struct Sums {
    pub(crate) permissions: PermissionCounts,
    pub(crate) levels: Vec<LevelRow>,
    pub(crate) score: u64,
    pub(crate) services: Vec<ServiceRow>,
    pub(crate) gaps: Vec<Gap>,
}

/// What is summed up of one service.
#[derive(Default)]
struct Service {
    counts: [PermissionCounts; LEVELS.len()],
    unused: [Vec<String>; LEVELS.len()],
}

impl Sums {
    pub(crate) fn of<'a>(judged: impl Iterator<Item = Judged<'a>>) -> Self {
        let mut gaps = Gaps::default();
        let mut services: BTreeMap<String, Service> = BTreeMap::new();
        for Judged { name, service, level, verdict } in judged {
            let Service { counts, unused } = services.entry(service).or_default();
            let at = level_order(level);
            if let Some(counts) = counts.get_mut(at) {
                counts.count(verdict);
            }
            match verdict {
                Verdict::Used => {}
                Verdict::Unobservable(reason) => gaps.add(reason, name, ""),
                Verdict::Unused => {
                    if let Some(names) = unused.get_mut(at) {
                        names.push(name);
                    }
                }
            }
        }
        let mut permissions = PermissionCounts::default();
        services.values().flat_map(|service| &service.counts).for_each(|counts| permissions.add(*counts));
        let levels: Vec<_> = (0..LEVELS.len()).filter_map(|at| level_row(at, &services)).collect();
        let score = levels.iter().map(LevelRow::points).sum();
        let mut services: Vec<_> =
            services.into_iter().map(|(name, service)| service_row(name, &service)).collect();
        services.sort_by(|a, b| {
            (std::cmp::Reverse(a.permissions.unused), &a.service)
                .cmp(&(std::cmp::Reverse(b.permissions.unused), &b.service))
        });
        Self { permissions, levels, score, services, gaps: gaps.finish() }
    }
}

impl PermissionCounts {
    /// Counts one more.
    fn count(&mut self, verdict: &Verdict) {
        self.granted += 1;
        match verdict {
            Verdict::Used => self.used += 1,
            Verdict::Unused => self.unused += 1,
            Verdict::Unobservable(_) => self.unobservable += 1,
        }
    }
}

fn service_row(name: String, service: &Service) -> ServiceRow {
    let mut permissions = PermissionCounts::default();
    service.counts.iter().for_each(|counts| permissions.add(*counts));
    let levels = LEVELS.iter().zip(service.counts).filter(|(_, counts)| counts.granted > 0);
    let levels =
        levels.map(|((_, level), permissions)| ServiceLevel { level: (*level).to_owned(), permissions });
    ServiceRow { service: name, permissions, levels: levels.collect() }
}

/// The permissions of one access level, if there are any. The services with most unused ones give the examples.
fn level_row(at: usize, services: &BTreeMap<String, Service>) -> Option<LevelRow> {
    let (level, name) = LEVELS.get(at)?;
    let mut permissions = PermissionCounts::default();
    services
        .values()
        .filter_map(|service| service.counts.get(at))
        .for_each(|counts| permissions.add(*counts));
    let mut unused: Vec<_> = services.values().filter_map(|service| service.unused.get(at)).collect();
    unused.sort_by_key(|names| std::cmp::Reverse(names.len()));
    (permissions.granted > 0).then(|| LevelRow {
        level: (*name).to_owned(),
        weight: level_weight(*level),
        permissions,
        examples: unused.into_iter().flatten().take(EXAMPLES).cloned().collect(),
    })
}
