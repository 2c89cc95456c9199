//! An evaluation as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Arguments;
use super::sums::Sums;
use super::truth::Checked;

/// What is compared with.
const BASE: (&str, u64) = ("exact observed", 90);

/// The document of one drift: of accounts, of clusters, and of proposals.
pub(super) fn document(arguments: &Arguments, drift: u32, sums: [&Sums; 2], checked: &Checked) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, arguments, drift, sums, checked);
    text
}

fn write(
    text: &mut String,
    arguments: &Arguments,
    drift: u32,
    [account, cluster]: [&Sums; 2],
    checked: &Checked,
) -> std::fmt::Result {
    let last = arguments.first_seed + arguments.seeds.saturating_sub(1);
    writeln!(text, "### Drift x{drift}, seeds {} to {last}\n", arguments.first_seed)?;
    if !arguments.no_accounts {
        tables(text, account)?;
    }
    writeln!(text, "\n#### Clusters, drift x{drift}\n")?;
    tables(text, cluster)?;
    for (tier, values) in &checked.tiers {
        writeln!(text, "\nProposals of tier {tier} at one cut-off, held against the truth:\n")?;
        for (name, value) in values {
            writeln!(text, "- {}: {value}", name.replace('_', " "))?;
        }
    }
    Ok(())
}

/// What became of identities, and how well the past told the future.
fn tables(text: &mut String, sums: &Sums) -> std::fmt::Result {
    let base =
        sums.lines.get(&(BASE.0.to_owned(), BASE.1)).map_or(0.0, |sum| sum.broken / sum.windows.max(1.0));
    writeln!(
        text,
        "| learned from | policy | windows | broken | of exact-90's | broken writes | calls met | permissions met | reduction | with resources | missed | met by a rule alone |"
    )?;
    writeln!(text, "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |")?;
    for ((policy, train), sum) in &sums.lines {
        let of = |part: f64| part / sum.windows.max(1.0);
        let listed = |counts: &BTreeMap<String, f64>| {
            let one = |(what, count): (&String, &f64)| format!("{} {count}", what.replace('_', " "));
            counts.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        writeln!(
            text,
            "| {train} days | {policy} | {} | {:.3} | {:.2} | {:.3} | {:.4} | {:.4} | {:.3} | {:.3} | {} | {} |",
            sum.windows,
            of(sum.broken),
            if base > 0.0 { of(sum.broken) / base } else { 0.0 },
            of(sum.broken_write),
            of(sum.calls_met),
            of(sum.permissions_met),
            of(sum.reduction),
            of(sum.narrowing),
            listed(&sum.causes),
            listed(&sum.saved),
        )?;
    }
    writeln!(
        text,
        "\n| learned from | policy | foretold | came | windows | Brier | of the base rate | of the mean | cut-offs within range |"
    )?;
    writeln!(text, "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for ((policy, train), sum) in &sums.calibrations {
        let mean = sum.broken / sum.windows.max(1.0);
        for [windows, foretold, came] in sum.bins.values() {
            let [within, all] = sum.within;
            writeln!(
                text,
                "| {train} days | {policy} | {:.3} | {:.3} | {windows} | {:.4} | {:.4} | {:.4} | {within} of {all} |",
                foretold / windows.max(1.0),
                came / windows.max(1.0),
                sum.brier / sum.windows.max(1.0),
                sum.base_rate / sum.windows.max(1.0),
                mean * (1.0 - mean),
            )?;
        }
    }
    Ok(())
}
