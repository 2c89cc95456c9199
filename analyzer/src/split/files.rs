//! The files of a split: for each part its policies and a summary, and an index of all.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use remit_catalog::Catalog;
use remit_policy::shell::{block, option};
use remit_policy::{Edit, Evidence, PrincipalKind, file_stem, moment};
use serde_json::json;

use super::{Cover, Listing, Part};
use crate::analysis::Analysed;
use crate::intent::Starters;
use crate::outcome::Edits as _;
use crate::output::{counted, grouped};
use crate::proposals::{self, write_file};
use crate::report::markdown::{code, prose};

/// The index of a split, by which its folder is known.
pub(crate) const SPLIT_FILE: &str = "split.json";

/// A part's summary, by which its folder is known.
const SUMMARY: &str = "summary.md";

/// Makes the folder ready: an old split goes away whole, and anything else is not touched.
pub(crate) fn prepare(folder: &Path) -> anyhow::Result<()> {
    if !proposals::holds(folder, SPLIT_FILE, "split")? {
        return Ok(());
    }
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.with_context(|| format!("cannot read folder `{}`", folder.display()))?;
    for entry in entries {
        let path = entry.path();
        // Links are not followed.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && path.join(SUMMARY).is_file() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// Writes the policies and the summary of each part, and the index of all.
pub(crate) fn write(
    catalog: &Catalog,
    analysis: &crate::analysis::Analysis,
    whole: &Analysed,
    (parts, cover): (&[Part], Cover),
    starters: &Starters,
    folder: &Path,
) -> anyhow::Result<()> {
    let mut index = Vec::new();
    for part in parts {
        let place = folder.join(&part.stem);
        let mut policies = Vec::new();
        let mut steps = String::new();
        if let Some(proven) = part.analysed.outcome.proven() {
            let files = proposals::files_of(catalog, analysis, &part.analysed, proven)?;
            let evidence =
                files.iter().find(|file| file.path == "evidence.json").map(|file| file.text.as_str());
            let evidence: Evidence = serde_json::from_str(evidence.unwrap_or_default())?;
            for file in files.iter().filter(|file| file.path.starts_with("after/")) {
                let path = file.path.replacen("after/", "policies/", 1);
                write_file(&place.join(&path), &file.text)?;
                policies.push(path);
            }
            steps = commands(whole, part, &evidence);
        }
        let listing = Listing::of(catalog, part);
        write_file(&place.join(SUMMARY), &summary(whole, part, &listing, starters, &steps))?;
        let (removed, granted) = part.loses();
        index.push(json!({
            "caller": part.name,
            "folder": part.stem,
            "role": role_of(whole, part),
            "state": state(part),
            "policies": policies,
            "calls": part.calls,
            "days": part.days.len(),
            "used": part.used(),
            "unobservable": part.analysed.judgement.counts().unobservable,
            "loses": removed,
            "granted": granted,
            "permissions": listing,
            "used_by_others_only": part.leaves_to_others(whole),
            "resources": part.analysed.outcome.proven().map_or(0, |proven| proven.on_less()),
        }));
    }
    let window = whole.coverage.window;
    let split = json!({
        "schema": "remit.split/v1",
        "principal": whole.principal.arn,
        "window": format!("{}/{}", moment(window.start), moment(window.end)),
        "covered": { "permissions_on_resources": cover.pairs, "requests": cover.requests },
        "parts": index,
    });
    write_file(&folder.join(SPLIT_FILE), &format!("{}\n", serde_json::to_string_pretty(&split)?))
}

/// What came of a part, in a word.
fn state(part: &Part) -> &'static str {
    if part.analysed.outcome.proven().is_some() { "proven" } else { "none" }
}

/// The name of the part's role, as long as one may be.
fn role_of(whole: &Analysed, part: &Part) -> String {
    const LONGEST: usize = 64;
    let room = LONGEST.saturating_sub(part.stem.len() + 1);
    let own: String = file_stem(&whole.principal.name).chars().filter(char::is_ascii).take(room).collect();
    format!("{own}-{}", part.stem)
}

fn summary(whole: &Analysed, part: &Part, listing: &Listing, starters: &Starters, steps: &str) -> String {
    let mut text = String::new();
    let (removed, granted) = part.loses();
    let _ = writeln!(text, "# {}\n", prose(&part.name.words()));
    let _ = writeln!(text, "One of the workloads that call as {}.\n", code(&whole.principal.arn));
    let _ = writeln!(
        text,
        "- {} on {}",
        counted(part.calls, "call", "calls"),
        counted(u64::from(part.days.len()), "day", "days")
    );
    let _ = writeln!(text, "- uses {}", counted(part.used() as u64, "permission", "permissions"));
    let _ = writeln!(
        text,
        "- loses {} of {} permissions that it has today",
        grouped(removed as u64),
        grouped(granted as u64)
    );
    let unknown = part.analysed.judgement.counts().unobservable as u64;
    if unknown > 0 {
        let unknown = counted(unknown, "permission", "permissions");
        let _ = writeln!(text, "- keeps {unknown} of which it cannot be told whether it needs them");
    }
    let left = part.leaves_to_others(whole) as u64;
    let _ = writeln!(
        text,
        "- leaves {} to the other workloads, which use what it does not",
        counted(left, "permission", "permissions")
    );
    listing.uses(&mut text);
    if let Some(why) = part.why_none() {
        let _ =
            writeln!(text, "\nNo policies are written for it, and it stays with today's: {}.", prose(&why));
        return text;
    }
    listing.rest(&mut text);
    let rest = if listing.keeps_what_is_not_needed() {
        "nothing of them is there for anything but what it uses and what is named above"
    } else {
        "nothing of them is superfluous"
    };
    let _ = writeln!(
        text,
        "\n## What is proven\n\nThe policies allow every recorded call of this workload that today's allow, and everything of \
         which it cannot be told whether it is used; whatever they allow, today's allow; and {rest}. \
         Not proven is that a future call is one that was seen.\n\n## How to give it a role of its own\n"
    );
    let who: Vec<String> = starters.keys().take(10).map(|starter| prose(&starter.words())).collect();
    let who = if who.is_empty() { "the ledger does not show who".to_owned() } else { who.join(", ") };
    let _ = writeln!(
        text,
        "1. Write `trust.json`: what the old role trusts, less those who do not run this workload. Sessions are begun by: {who}."
    );
    let _ = writeln!(
        text,
        "2. Make the role:\n\n{}\n3. Let the workload use it, and look whether it does.",
        block(steps)
    );
    let _ = writeln!(text, "4. When all workloads have moved, take the old identity away.");
    text
}

/// The commands that make the part's role.
fn commands(whole: &Analysed, part: &Part, evidence: &Evidence) -> String {
    let role = option("--role-name", &role_of(whole, part));
    let partition = whole.principal.arn.split(':').nth(1).unwrap_or("aws");
    let mut text = format!("aws iam create-role {role} --assume-role-policy-document file://trust.json\n");
    for policy in &evidence.policies {
        if let (true, Some(arn)) = (policy.edit == Edit::Keep, &policy.arn) {
            let _ = writeln!(text, "aws iam attach-role-policy {role} {}", option("--policy-arn", arn));
            continue;
        }
        for after in &policy.after {
            let file = after.file.replacen("after/", "policies/", 1);
            let name = file_stem(&after.name);
            // A user's policies may be of a group, and a role has none.
            let document = option("--policy-document", &format!("file://{file}"));
            if after.inline || whole.principal.kind == PrincipalKind::User {
                let _ = writeln!(
                    text,
                    "aws iam put-role-policy {role} {} {document}",
                    option("--policy-name", &name)
                );
            } else {
                let own: String = format!("{name}-{}", part.stem).chars().take(128).collect();
                let arn = format!("arn:{partition}:iam::{}:policy/{own}", whole.account);
                let _ = writeln!(
                    text,
                    "aws iam create-policy {} {document}\naws iam attach-role-policy {role} {}",
                    option("--policy-name", &own),
                    option("--policy-arn", &arn)
                );
            }
        }
    }
    if evidence.boundary.is_some() {
        text.push_str("# The old identity has a permissions boundary: give the role the same one.\n");
    }
    text
}
