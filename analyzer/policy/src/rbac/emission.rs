//! The files of a proven proposal. Nothing that is not proven can be emitted.

use std::collections::BTreeSet;

use serde_json::Value;

use super::evidence::{Evidence, EvidenceContext, Files};
use super::granted::BoundRole;
use super::manifest::{self, yaml};
use super::object::{Binding, ObjectName, Role};
use super::proposal::Edit;
use super::prove::Proven;
use super::steps::steps;
use crate::diff;
use crate::emission::EmittedFile;

/// What cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// Not as YAML.
    #[error("cannot write YAML")]
    Yaml(#[from] serde_saphyr::ser::Error),
    /// Not as JSON.
    #[error("cannot write JSON")]
    Json(#[from] serde_json::Error),
}

/// The files of a subject's folder: `before.yaml`, `stays.yaml`, `apply.yaml`, `edit.yaml`, `remove.yaml`, as far as there is
/// something in them, `changes.diff`, `evidence.json` and `steps.md`.
pub fn emit(proven: &Proven<'_>, context: EvidenceContext<'_>) -> Result<Vec<EmittedFile>, EmitError> {
    let proposal = proven.proposal();
    let before: Vec<BoundRole<'_>> = proposal.changes.iter().map(|change| change.before).collect();
    let new: Vec<BoundRole<'_>> = proposal.new.iter().map(|(binding, role)| (binding, role)).collect();
    let changed: Vec<_> = proposal.changes.iter().filter(|change| change.edit != Edit::Keep).collect();
    let edited: Vec<&Binding> = changed.iter().filter_map(|change| change.after.as_ref()).collect();
    let gone: Vec<&Binding> =
        changed.iter().filter(|change| change.after.is_none()).map(|change| change.before.0).collect();
    let bindings =
        |bindings: &[&Binding]| bindings.iter().map(|one| manifest::binding(one)).collect::<Vec<_>>();
    let mut files = Vec::new();
    let mut names = Files::default();
    for (name, manifests, place) in [
        ("before.yaml", objects(&before), &mut names.before),
        ("stays.yaml", objects(&proposal.fixed), &mut names.stays),
        ("apply.yaml", objects(&new), &mut names.apply),
        ("edit.yaml", bindings(&edited), &mut names.edit),
        ("remove.yaml", bindings(&gone), &mut names.remove),
    ] {
        if !manifests.is_empty() {
            files.push(EmittedFile { path: name.to_owned(), text: yaml(&manifests)? });
            *place = Some(name.to_owned());
        }
    }
    let old: Vec<BoundRole<'_>> = changed.iter().map(|change| change.before).collect();
    let mut after = objects(&new);
    after.extend(bindings(&edited));
    let old = yaml(&objects(&old))?;
    let text = diff::unified(Some(("bound.yaml", &old)), Some(("bound.yaml", &yaml(&after)?)));
    files.push(EmittedFile { path: "changes.diff".to_owned(), text });
    files.push(EmittedFile { path: "steps.md".to_owned(), text: steps(proposal, &names) });
    let mut text = serde_json::to_string_pretty(&Evidence::of(proven, names, context))?;
    text.push('\n');
    files.push(EmittedFile { path: "evidence.json".to_owned(), text });
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Roles, each once, and then bindings.
fn objects(bound: &[BoundRole<'_>]) -> Vec<Value> {
    let mut seen: BTreeSet<&ObjectName> = BTreeSet::new();
    let roles = bound.iter().map(|(_, role)| *role).filter(|role: &&Role| seen.insert(&role.name));
    let roles: Vec<Value> = roles.map(manifest::role).collect();
    roles.into_iter().chain(bound.iter().map(|(binding, _)| manifest::binding(binding))).collect()
}
