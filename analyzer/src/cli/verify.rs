//! `remit verify`

mod claimed;
mod cluster;
mod folder;
mod recorded;
mod said;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use remit_catalog::Catalog;
use remit_ledger::Provider;
use remit_policy::rbac;
use remit_policy::{Claim, Document, Evidence, Expander, Protected, Usage, Window, account_of, check, parse};
use serde::Serialize;

use self::recorded::{EVER, Recorded};
use self::said::Said;
use super::Streams;
use super::analysing::catalog;
use crate::exit::Exit;
use crate::ledgers::Ledger;
use crate::output::{self, Cell, Format, Row, plain, print};
use crate::proposals::{folders, read_file, read_index};
use crate::visible;

/// Check the proofs of a proposals folder again
///
/// Reads the documents before and after and the evidence, as they are on disk now, and checks that the new
/// policies are sufficient, no wider, necessary and valid.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The proposals folder, or one principal's folder in it
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also check that every allowed call in this ledger, of the proposal's window, would still be allowed
    #[arg(long, value_name = "DIR")]
    ledger: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Line {
    principal: String,
    result: &'static str,
    protected: usize,
    elements: usize,
    detail: String,
}

impl Line {
    /// Why a folder does not hold.
    fn failed(principal: String, detail: String) -> Self {
        Self { principal, result: "failed", protected: 0, elements: 0, detail }
    }

    fn violations(principal: &str, violations: &[impl ToString]) -> Vec<Self> {
        let lines = violations.iter().map(ToString::to_string);
        lines.map(|violation| Self::failed(principal.to_owned(), violation)).collect()
    }
}

impl Row for Line {
    const TITLES: &'static [&'static str] = &["PRINCIPAL", "RESULT", "PROTECTED", "ELEMENTS", "DETAIL"];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Text(plain(&self.principal)),
            Cell::Text(self.result.to_owned()),
            Cell::count(self.protected),
            Cell::count(self.elements),
            Cell::Text(plain(&self.detail)),
        ]
    }
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let mut expander = Expander::new(catalog()?);
    let ledger = arguments.ledger.as_deref().map(Ledger::open).transpose()?;
    if !arguments.folder.is_dir() {
        anyhow::bail!(
            "no folder `{}`\nhint: give a folder that `remit propose` wrote",
            arguments.folder.display()
        );
    }
    let folders = folders(&arguments.folder)?;
    let index = arguments.folder.join("index.json").is_file().then(|| read_index(&arguments.folder));
    let index = index.transpose()?;
    if folders.is_empty() && index.as_ref().is_some_and(|index| index.proposals.is_empty()) {
        streams.say("the folder holds no proposal, since there was nothing to change");
        return Ok(Exit::Done);
    }
    if folders.is_empty() && index.is_none() {
        anyhow::bail!(
            "no proposal in `{}`\nhint: give a folder that `remit propose` wrote",
            arguments.folder.display()
        );
    }
    let mut lines = Vec::new();
    let mut recorded = ledger.as_ref().map(Recorded::in_ledger);
    for folder in &folders {
        lines.extend(verify(&mut expander, folder, recorded.as_mut()));
    }
    if let Some(index) = &index {
        lines.extend(folder::unlike(&arguments.folder, index, &folders));
    }
    print(&lines, arguments.format, streams.out)?;
    let mut failed = lines.iter().any(|line| line.result != "proven");
    if let Some(ledger) = &ledger {
        for problem in ledger.problems() {
            streams.problem(&problem);
            failed = true;
        }
        if ledger.info().rows == 0 {
            streams.say("the ledger holds no calls");
        }
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// One line per folder that holds, or per thing that does not.
fn verify(expander: &mut Expander<'_>, folder: &Path, recorded: Option<&mut Recorded<'_>>) -> Vec<Line> {
    let path = evidence_in(folder);
    let lines = read_file(&path).and_then(|text| match rbac::Evidence::is_of(&text) {
        true => cluster::verify(folder, &evidence(&path, &text)?, recorded),
        false => of_account(expander, folder, &evidence(&path, &text)?, recorded),
    });
    lines.unwrap_or_else(|error| vec![Line::failed(folder.display().to_string(), format!("{error:#}"))])
}

fn evidence<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> anyhow::Result<T> {
    serde_json::from_str(text).with_context(|| format!("cannot read evidence `{}`", path.display()))
}

fn of_account(
    expander: &mut Expander<'_>,
    folder: &Path,
    evidence: &Evidence,
    recorded: Option<&mut Recorded<'_>>,
) -> anyhow::Result<Vec<Line>> {
    let principal = evidence.principal.clone();
    let catalog = expander.catalog();
    let said = Said::of_account(evidence);
    let mut expected = folder::of_account(evidence, |file| text_of(folder, file))?;
    let service_of =
        |name: &str| name.split_once(':').map_or_else(String::new, |(service, _)| service.to_owned());
    let mut wrong = said.unlike_review(folder, &service_of, &mut expected)?;
    wrong.extend(folder::strange(folder, expected)?);
    let mut claim = Claim::of_evidence(evidence, catalog, |file| document(folder, file))?;
    wrong.extend(said.unlike_documents(expander, evidence, &claim));
    let counted = counted(folder, &evidence.window, evidence.used_since.as_deref())?;
    wrong.extend(said::times_of_account(evidence, counted));
    let mut detail = String::new();
    if evidence.catalog != catalog.version() {
        detail = format!(
            "what it says of each permission is by catalog `{}` and was not compared",
            evidence.catalog
        );
    }
    if let Some(recorded) = recorded {
        let calls = recorded.calls(Provider::Aws, &principal, counted)?;
        let usage = Usage::gather(catalog, &calls);
        let needed = needed(&usage);
        let in_use = format!(
            "{} in use in the ledger",
            output::counted(needed.len() as u64, "permission", "permissions")
        );
        detail = if detail.is_empty() { in_use } else { format!("{in_use}; {detail}") };
        claim.protected.extend(needed);
        wrong.extend(beyond(evidence, catalog, usage, recorded)?);
        let account = account_of(&principal);
        let of_account = recorded
            .records()
            .iter()
            .filter(|record| visible::is_log(record) && record.account.as_deref() == Some(account));
        wrong.extend(claimed::outside(of_account, window(folder, &evidence.window)?));
    }
    let mut lines = Line::violations(&principal, &wrong);
    match check(expander, &claim) {
        Ok(_) if !lines.is_empty() => {}
        Ok(proof) => lines.push(Line {
            principal,
            result: "proven",
            protected: proof.protected,
            elements: proof.elements,
            detail,
        }),
        Err(violations) => lines.extend(Line::violations(&principal, &violations)),
    }
    Ok(lines)
}

/// A file of the folder. Its name comes from one that anybody may have edited, so it must not lead out of the folder.
fn text_of(folder: &Path, file: &str) -> anyhow::Result<String> {
    let is_inside = Path::new(file).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    anyhow::ensure!(is_inside, "`{file}` is not a file of folder `{}`", folder.display());
    read_file(&folder.join(file))
}

/// The window that the evidence speaks of, an ISO 8601 interval.
fn window(folder: &Path, interval: &str) -> anyhow::Result<Window> {
    let moment = |text: &str| text.parse::<jiff::Timestamp>().ok().map(|time| time.as_microsecond());
    let read = |(start, end)| Some(Window { start: moment(start)?, end: moment(end)? });
    interval
        .split_once('/')
        .and_then(read)
        .with_context(|| format!("`{interval}` is no window in `{}`", evidence_in(folder).display()))
}

/// When the evidence's calls were made: in its window, or since the earlier time that it names.
fn counted(folder: &Path, interval: &str, since: Option<&str>) -> anyhow::Result<Window> {
    let window = window(folder, interval)?;
    let Some(since) = since else { return Ok(window) };
    let start = since.parse::<jiff::Timestamp>();
    let start =
        start.with_context(|| format!("`{since}` is no time in `{}`", evidence_in(folder).display()))?;
    Ok(Window { start: start.as_microsecond(), ..window })
}

fn evidence_in(folder: &Path) -> PathBuf {
    folder.join("evidence.json")
}

/// A policy document of the folder.
fn document(folder: &Path, file: &str) -> anyhow::Result<Document> {
    let text = text_of(folder, file)?;
    parse(&text).with_context(|| format!("cannot read policy `{}`", folder.join(file).display()))
}

/// What the evidence says of calls that the ledger does not have.
fn beyond(
    evidence: &Evidence,
    catalog: &Catalog,
    usage: Usage,
    recorded: &mut Recorded<'_>,
) -> anyhow::Result<Option<String>> {
    let usage = [usage];
    if claimed::beyond(evidence, catalog, &usage).is_none() {
        return Ok(None);
    }
    // What was seen on the wire behind the window's end counts as well, and so does all of a call that was repeated since it counts.
    let ever = recorded.calls(Provider::Aws, &evidence.principal, EVER)?;
    let [usage] = usage;
    Ok(claimed::beyond(evidence, catalog, &[usage, Usage::gather(catalog, &ever)]))
}

/// What allowed calls needed.
fn needed(usage: &Usage) -> Vec<Protected> {
    let used = usage.used().map(|(action, use_)| {
        let known = !use_.resource_unknown && !use_.any_resource;
        let resources = known.then(|| use_.resources.keys().cloned().collect());
        Protected { action, resources }
    });
    used.collect()
}
