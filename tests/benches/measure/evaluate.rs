//! Proposals held against the truth of the days behind their cut-off.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use remit_policy::Glob;
use serde_json::{Value, json};

/// What a principal's proposal says of one permission.
enum Fate {
    Removed,
    /// It stays on these resources; on all that it had where there are none.
    Kept(Vec<Glob>),
}

/// Counts what proposals in `folder`, made from the days before `cut`, would have broken in the `horizon` days behind it.
pub(crate) fn run(folder: &Path, truth: &Path, cut: i64, horizon: i64) -> anyhow::Result<String> {
    let truth = read(truth)?;
    let index = read(&folder.join("index.json"))?;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for name in ["identities", "proposals", "broken", "missed_by_removal", "missed_by_resource"] {
        counts.insert(name, 0);
    }
    for name in
        ["removed_unobservable", "quarterly_once", "quarterly_watched", "intruder", "intruder_flagged"]
    {
        counts.insert(name, 0);
    }
    let mut add = |name, by| *counts.entry(name).or_default() += by;
    let folders: BTreeMap<&str, PathBuf> = list(&index, "proposals")
        .filter_map(|one| Some((one.get("principal")?.as_str()?, folder.join(one.get("folder")?.as_str()?))))
        .collect();
    for identity in list(&truth, "identities") {
        let arn = text(identity, "arn");
        if !arn.starts_with("arn:") || number(identity, "created_day") > cut - 90 {
            continue;
        }
        add("identities", 1);
        let Some(folder) = folders.get(arn) else { continue };
        add("proposals", 1);
        let fates = fates(&read(&folder.join("evidence.json"))?);
        let review = read(&folder.join("review.json"))?;
        let said = said(&review);
        let mut is_broken = false;
        for need in list(identity, "needs") {
            let permission = text(need, "permission");
            let is_shown =
                need.get("observed").is_none_or(|days| days.as_array().is_some_and(|days| !days.is_empty()));
            let Some(fate) = fates.get(&permission.to_ascii_lowercase()) else { continue };
            if matches!(fate, Fate::Removed) && !is_shown && !is_in_gaps(need, &truth) {
                add("removed_unobservable", 1);
            }
            let of_permission =
                || list(identity, "needs").filter(|other| text(other, "permission") == permission);
            let is_quarterly = of_permission().all(|other| text(other, "cause") == "cron:91");
            if is_quarterly && of_permission().map(|other| runs_before(other, cut)).sum::<usize>() == 1 {
                add("quarterly_once", 1);
                let is_watched = said.get(permission).is_some_and(|(disposition, _)| *disposition == "watch");
                add("quarterly_watched", u64::from(is_watched));
            }
            if !is_needed(need, cut, cut + horizon) {
                continue;
            }
            match fate {
                Fate::Removed => {
                    is_broken = true;
                    add("missed_by_removal", 1);
                }
                Fate::Kept(globs) => {
                    let resource = text(need, "resource");
                    if !globs.is_empty() && !globs.iter().any(|glob| glob.matches(resource)) {
                        is_broken = true;
                        add("missed_by_resource", 1);
                    }
                }
            }
        }
        add("broken", u64::from(is_broken));
        for one in list(&truth, "intruder").filter(|one| text(one, "arn") == arn && number(one, "day") < cut)
        {
            let permission = text(one, "permission");
            let is_own = list(identity, "needs").any(|need| text(need, "permission") == permission);
            let is_allowed = one.get("allowed").and_then(Value::as_bool) == Some(true);
            let is_shown = one.get("observed").and_then(Value::as_bool) != Some(false);
            if is_allowed && is_shown && !is_own && fates.contains_key(&permission.to_ascii_lowercase()) {
                add("intruder", 1);
                let is_flagged = said.get(permission).is_some_and(|(_, why)| why.contains("suspect"));
                add("intruder_flagged", u64::from(is_flagged));
            }
        }
    }
    Ok(serde_json::to_string(&json!(counts))?)
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot read `{}`", path.display()))
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or(0)
}

/// What becomes of each permission, by its name in lower case.
fn fates(evidence: &Value) -> BTreeMap<String, Fate> {
    let removed = list(evidence, "removed").flat_map(|entry| list(entry, "permissions"));
    let removed = removed.filter_map(|name| Some((name.as_str()?.to_ascii_lowercase(), Fate::Removed)));
    let kept = list(evidence, "kept").map(|kept| {
        let patterns = kept.get("narrowed_to").and_then(Value::as_object).into_iter().flatten();
        let globs = patterns.map(|(pattern, _)| Glob::resource(pattern)).collect();
        (text(kept, "permission").to_ascii_lowercase(), Fate::Kept(globs))
    });
    removed.chain(kept).collect()
}

/// What the review says of each permission: what becomes of it, and why.
fn said(review: &Value) -> BTreeMap<&str, (&str, &str)> {
    let groups = list(review, "permissions").flat_map(|group| {
        let said = (text(group, "disposition"), text(group, "why"));
        list(group, "permissions").filter_map(move |name| Some((name.as_str()?, said)))
    });
    groups.collect()
}

/// The stretches of days on which something was needed.
fn days(need: &Value) -> impl Iterator<Item = (i64, i64)> {
    list(need, "days").filter_map(|range| {
        let range = range.as_array()?;
        Some((range.first()?.as_i64()?, range.last()?.as_i64()?))
    })
}

fn is_needed(need: &Value, from: i64, end: i64) -> bool {
    days(need).any(|(first, last)| first < end && last >= from)
}

/// How many runs a job had before a day: stretches at least two weeks apart.
fn runs_before(need: &Value, cut: i64) -> usize {
    let mut runs = 0;
    let mut end = i64::MIN;
    for (first, last) in days(need).filter(|(first, _)| *first < cut) {
        if end == i64::MIN || first - end > 14 {
            runs += 1;
        }
        end = last;
    }
    runs
}

/// Whether all days of a need lie in gaps of the logs.
fn is_in_gaps(need: &Value, truth: &Value) -> bool {
    let is_gap = |day: i64| {
        list(truth, "gaps")
            .any(|gap| gap_days(gap, truth).is_some_and(|(from, to)| (from..=to).contains(&day)))
    };
    days(need).all(|(first, last)| (first..=last).all(is_gap))
}

/// The days of a gap, counted as the truth counts them.
fn gap_days(gap: &Value, truth: &Value) -> Option<(i64, i64)> {
    let day = |text: &str| -> Option<i64> {
        let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
        let first: jiff::civil::Date = truth.get("first_day")?.as_str()?.parse().ok()?;
        Some(i64::from((date - first).get_days()))
    };
    Some((day(gap.get("from")?.as_str()?)?, day(gap.get("to")?.as_str()?)?))
}
