//! Proposal folders on disk: written, and read back to be verified.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rayon::prelude::*;
use remit_catalog::{ActionId, Catalog, Visibility};
use remit_policy::{EmittedFile, EvidenceContext, Principal, Proven, emit, file_stem};
use remit_source::{Known, Proposal};
use serde::{Deserialize, Serialize};

use crate::analysis::{Analysed, Analysis, account_of};
use crate::cluster::{self, AnalysedSubject, Cluster};
use crate::outcome::{Edits, Told};
use crate::review::{self, Forecasts};

/// The index of a proposals folder, `index.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Index {
    /// Version of this format.
    pub(crate) schema: String,
    /// One entry per principal with a proposal that changes something.
    pub(crate) proposals: Vec<IndexEntry>,
    /// Principals that were judged and of which nothing is to be changed.
    #[serde(default)]
    pub(crate) settled: BTreeSet<String>,
}

/// One proposal in the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexEntry {
    /// ARN of the principal, or name of a cluster's user.
    pub(crate) principal: String,
    /// Its folder, relative to the index.
    pub(crate) folder: String,
    /// Permissions kept.
    pub(crate) kept: usize,
    /// Permissions removed, as a whole or in part.
    pub(crate) removed: usize,
}

/// Version of the index format.
pub(crate) const INDEX_SCHEMA: &str = "remit.proposals/v1";

/// A principal's folder, relative to the proposals folder.
pub(crate) fn folder_of(principal: &Principal) -> String {
    let account = account_of(&principal.arn);
    format!("{}/{}/{}", file_stem(account), principal.kind.as_str(), file_stem(&principal.name))
}

/// A proposal that is to be written.
struct Due<'a> {
    entry: IndexEntry,
    files: Box<dyn Fn() -> anyhow::Result<Vec<EmittedFile>> + Send + Sync + 'a>,
}

/// Writes every proven proposal that changes something.
pub(crate) fn write(
    catalog: &Catalog,
    analysis: &Analysis,
    cluster: Option<&Cluster>,
    forecasts: &Forecasts,
    only: Option<&str>,
    folder: &Path,
) -> anyhow::Result<Index> {
    let settled = settled(analysis, cluster).filter(|name| only.is_none_or(|only| only == *name));
    let mut index = Index {
        schema: INDEX_SCHEMA.to_owned(),
        proposals: Vec::new(),
        settled: settled.map(str::to_owned).collect(),
    };
    let is_wanted = |name: &str| only.is_none_or(|only| only == name);
    let wanted = analysis.principals.iter().filter(|one| is_wanted(&one.principal.arn));
    let of_account = wanted.filter_map(|one| due(catalog, analysis, one, forecasts));
    let of_cluster = cluster
        .into_iter()
        .flat_map(|cluster| cluster.all().map(move |subject| (cluster, subject)))
        .filter(|(_, subject)| is_wanted(&subject.user.name))
        .filter_map(|(cluster, subject)| due_of_cluster(cluster, subject, forecasts));
    let all: Vec<_> = of_account.chain(of_cluster).collect();
    // Texts are made in parallel, and written in order; not all of them are held at once.
    for some in all.chunks(64) {
        let texts: Vec<_> = some.par_iter().map(|due| (due.files)()).collect();
        for (Due { entry, .. }, files) in some.iter().zip(texts) {
            for file in files? {
                write_file(&folder.join(&entry.folder).join(&file.path), &file.text)?;
            }
            index.proposals.push(entry.clone());
        }
    }
    write_file(&folder.join("index.json"), &format!("{}\n", serde_json::to_string_pretty(&index)?))?;
    Ok(index)
}

/// Principals of which nothing is to be changed, which is not the same as that nothing could be proposed.
fn settled<'a>(analysis: &'a Analysis, cluster: Option<&'a Cluster>) -> impl Iterator<Item = &'a str> {
    let of_account = analysis.principals.iter().filter(|one| matches!(one.outcome.told(), Told::Nothing));
    let of_cluster = cluster.into_iter().flat_map(Cluster::all);
    let of_cluster = of_cluster.filter(|one| matches!(one.outcome.told(), Told::Nothing));
    of_account.map(|one| one.principal.arn.as_str()).chain(of_cluster.map(|one| one.user.name.as_str()))
}

/// The proposal of a principal, where it is proven and changes something.
fn due<'a>(
    catalog: &'a Catalog,
    analysis: &'a Analysis,
    analysed: &'a Analysed,
    forecasts: &'a Forecasts,
) -> Option<Due<'a>> {
    let proven = analysed.outcome.changing()?;
    Some(Due {
        entry: entry(analysed.principal.arn.clone(), folder_of(&analysed.principal), proven),
        files: Box::new(|| {
            let mut files = files_of(catalog, analysis, analysed, proven)?;
            files.extend(review::of_principal(catalog, analysed, forecasts)?);
            Ok(files)
        }),
    })
}

fn due_of_cluster<'a>(
    cluster: &'a Cluster,
    subject: &'a AnalysedSubject,
    forecasts: &'a Forecasts,
) -> Option<Due<'a>> {
    let proven = subject.outcome.changing()?;
    Some(Due {
        entry: entry(subject.user.name.clone(), cluster::folder_of(cluster, &subject.user), proven),
        files: Box::new(|| {
            let mut files = cluster::files_of(cluster, proven)?;
            files.extend(review::of_user(cluster, subject, forecasts)?);
            Ok(files)
        }),
    })
}

fn entry(principal: String, folder: String, proven: &impl Edits) -> IndexEntry {
    let removed = proven.removed() + proven.narrowed();
    IndexEntry { principal, folder, kept: proven.kept(), removed }
}

/// The files of a principal's folder.
pub(crate) fn files_of(
    catalog: &Catalog,
    analysis: &Analysis,
    analysed: &Analysed,
    proven: &Proven,
) -> anyhow::Result<Vec<EmittedFile>> {
    let boundary = analysed.principal.boundary.and_then(|at| analysis.account.policies.get(at));
    let class_of = |id: ActionId| class_of(catalog, id);
    let context = EvidenceContext { catalog_version: catalog.version(), class_of: &class_of };
    Ok(emit(proven, boundary, context)?)
}

/// The class of events that shows the use of an action.
pub(crate) fn class_of(catalog: &Catalog, id: ActionId) -> String {
    fn words(visibility: &Visibility) -> String {
        match visibility {
            Visibility::Management { write: true } => "management write events".to_owned(),
            Visibility::Management { write: false } => "management read events".to_owned(),
            Visibility::Data { resource_type, .. } => format!("data events of {resource_type}"),
            Visibility::Mixed(classes) => each_once(classes.iter().map(words)),
            Visibility::NotLogged(_) | Visibility::NoOperation => "given up by the user".to_owned(),
        }
    }
    catalog.action(id).map(|action| words(&action.visibility)).unwrap_or_default()
}

/// Classes of events in words: those that read and those that write of one type are called the same.
pub(crate) fn each_once(classes: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for class in classes {
        if !all.contains(&class) {
            all.push(class);
        }
    }
    all.join(" and ")
}

/// Whether a folder that is to be written has something in it, which may go away if it is of this sort: its index tells.
pub(crate) fn holds(folder: &Path, index: &str, what: &str) -> anyhow::Result<bool> {
    let Ok(mut entries) = fs::read_dir(folder) else { return Ok(false) };
    if entries.next().is_none() {
        return Ok(false);
    }
    if !folder.join(index).is_file() {
        bail!(
            "folder `{}` is not empty and holds no {what}\nhint: name a folder that does not exist",
            folder.display()
        );
    }
    Ok(true)
}

/// Writes a file and the folders it needs.
pub(crate) fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    make_folder_of(path)?;
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a value as JSON in one line, while it goes through it: as text it may be as large as all that it is made of.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    make_folder_of(path)?;
    let write = || -> std::io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path)?);
        serde_json::to_writer(&mut file, value)?;
        file.write_all(b"\n")?;
        file.flush()
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

fn make_folder_of(path: &Path) -> anyhow::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).with_context(|| format!("cannot create folder `{}`", folder.display()))
}

/// Reads a file as text.
pub(crate) fn read_file(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Reads the index of a proposals folder.
pub(crate) fn read_index(folder: &Path) -> anyhow::Result<Index> {
    let path = folder.join("index.json");
    let hint = "hint: give a folder that `remit propose` wrote";
    let Ok(text) = fs::read_to_string(&path) else { bail!("no proposals in `{}`\n{hint}", folder.display()) };
    let index: Index = match serde_json::from_str(&text) {
        Ok(index) => index,
        Err(error) => bail!("cannot read `{}`: {error}\n{hint}", path.display()),
    };
    if index.schema != INDEX_SCHEMA {
        bail!("`{}` has version `{}`, and not `{INDEX_SCHEMA}`\n{hint}", path.display(), index.schema);
    }
    Ok(index)
}

/// The proposals below a folder, and whose policies are known beside them: a folder of one principal is part of one that has an index.
pub(crate) fn read_all(folder: &Path) -> anyhow::Result<(Vec<Proposal>, Known)> {
    let whole =
        fs::canonicalize(folder).with_context(|| format!("cannot read folder `{}`", folder.display()))?;
    let index = match whole.join("index.json").is_file() {
        true => Some((whole.as_path(), read_index(&whole)?)),
        // A file of that name above may be of something else.
        false => whole.ancestors().skip(1).take(BELOW).find_map(|root| Some((root, read_index(root).ok()?))),
    };
    let read = |folder: &Path| -> anyhow::Result<Vec<Proposal>> {
        let folders = folders(folder)?;
        Ok(folders.iter().map(|folder| Proposal::read(folder)).collect::<Result<_, _>>()?)
    };
    let own = read(folder)?;
    let (all, settled) = match index {
        Some((root, index)) => (read(root)?, index.settled),
        None => (Vec::new(), BTreeSet::new()),
    };
    let known = Known::of(if all.is_empty() { &own } else { &all }, settled.iter().map(String::as_str));
    Ok((own, known))
}

/// A principal's folder is no further below the index: `ACCOUNT/KIND/NAME`.
const BELOW: usize = 3;

/// The principals' folders below a folder: those that hold an `evidence.json`. Sorted.
pub(crate) fn folders(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read folder `{}`", folder.display()))?;
        if folder.join("evidence.json").is_file() {
            found.push(folder);
            continue;
        }
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read folder `{}`", folder.display()))?;
            // Links are not followed, so that a loop of them ends.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_class_of_events_is_told_twice() {
        let catalog = Catalog::embedded().unwrap();
        let mut mixed = 0;
        for (id, action) in catalog.actions() {
            if matches!(action.visibility, Visibility::Mixed(_)) {
                let classes = class_of(catalog, id);
                let mut each: Vec<_> = classes.split(" and ").collect();
                let all = each.len();
                each.sort_unstable();
                each.dedup();
                assert_eq!(each.len(), all, "{}: {classes}", action.full_name());
                mixed += 1;
            }
        }
        assert!(mixed > 0);
    }
}
