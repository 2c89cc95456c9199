//! Any subject of any binding of the corpus can be taken out, and the binding with the last one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use remit_policy::rbac;

use super::strokes::{Gone, strokes};
use super::support::{fill, filled};
use super::{read, repositories};
use crate::statement::Removal;
use crate::subject::Bound;
use crate::{Changes, ClusterChange, Content, Edits, Form, Options, Place, Proposal, Repository};

/// A name as the overlay makes it.
fn overlaid(bound: &Bound, name: &str) -> String {
    match &bound.overlay {
        Some(overlay) => format!("{}{name}{}", overlay.prefix, overlay.suffix),
        None => name.to_owned(),
    }
}

/// The binding that is in force where a place is applied; none where part of it is not known.
fn in_force(place: &Place, bound: &Bound) -> Option<rbac::Binding> {
    let subjects = bound.subjects.iter().map(|one| {
        let name = one.name.known()?.to_owned();
        Some(match one.kind.known()? {
            "User" => rbac::Subject::User(name),
            "Group" => rbac::Subject::Group(name),
            _ => {
                let overlay = bound.overlay.as_ref().and_then(|overlay| overlay.namespace.clone());
                let written = one.namespace.as_ref().map(|text| text.known().map(str::to_owned));
                let namespace = overlay.or(written.unwrap_or_default());
                rbac::Subject::ServiceAccount { namespace, name: overlaid(bound, &name) }
            }
        })
    });
    let role = overlaid(bound, bound.role.known()?);
    Some(rbac::Binding {
        name: rbac::ObjectName {
            namespace: place.names.namespace.as_ref().map(|text| fill(text, 0)),
            name: filled(&place.names.name),
        },
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        subjects: subjects.collect::<Option<_>>()?,
        role: match bound.role_kind.known()? {
            "Role" => rbac::RoleRef::Role(role),
            _ => rbac::RoleRef::ClusterRole(role),
        },
        since: None,
        origin: remit_policy::Origin { file: "cluster".to_owned(), line: 1 },
    })
}

/// Edits by which a binding loses a subject of which nothing was used, and goes where it has no other.
fn without(repository: &Repository, binding: &rbac::Binding, subject: usize, needed: bool) -> Edits {
    let rule = rbac::Rule {
        verbs: vec!["get".to_owned()],
        groups: vec![String::new()],
        resources: vec!["pods".to_owned()],
        ..rbac::Rule::default()
    };
    let role = rbac::Role {
        name: binding.role_name().unwrap(),
        labels: BTreeMap::new(),
        rules: vec![rule],
        aggregates: Vec::new(),
        since: None,
        origin: binding.origin.clone(),
    };
    let mut after = binding.clone();
    after.subjects.remove(subject);
    let (edited, gone) =
        if after.subjects.is_empty() { (vec![], vec![binding.clone()]) } else { (vec![after], vec![]) };
    let new = rbac::ObjectName { name: "new".to_owned(), ..binding.name.clone() };
    let new = (rbac::Binding { name: new, ..binding.clone() }, role.clone());
    let claim = rbac::Claim {
        user: rbac::User::named("system:serviceaccount:shop:worker", []),
        own: vec![(binding.clone(), role)],
        unchanged: BTreeSet::new(),
        edited,
        gone,
        fixed: Vec::new(),
        new: if needed { vec![new] } else { Vec::new() },
        protected: Vec::new(),
        replayed: Vec::new(),
    };
    let (unbound, removed) = (BTreeSet::new(), Vec::new());
    let (apply, edit) = (Some("apply".to_owned()), Some("edit".to_owned()));
    let change = Box::new(ClusterChange { claim, unbound, removed, apply, edit });
    let principal = "system:serviceaccount:shop:worker".to_owned();
    repository.edit(
        &Proposal {
            folder: PathBuf::new(),
            principal,
            changes: Changes::Cluster(change),
            staying: Vec::new(),
        },
        Options::default(),
    )
}

/// What is wrong with an edit, if anything.
fn wrong(place: &Place, bound: &Bound, subject: usize, edits: &Edits) -> Option<String> {
    let [file] = edits.files.as_slice() else { return Some(format!("not edited: {:?}", edits.suggestions)) };
    if bound.subjects.len() > 1 {
        let gone = match &bound.sequence {
            Some(list) => Gone::item(list, subject, true),
            None => Gone::block(&bound.subjects[subject].span),
        };
        return strokes(&file.before, &[gone], &file.after);
    }
    if let Removal::Item(list, at) = &bound.removal {
        return strokes(&file.before, &[Gone::item(list, *at, true)], &file.after);
    }
    // The document goes, and what is around it stays.
    let again = Repository::of([(file.path.clone(), file.after.clone())]);
    let old = Repository::of([(file.path.clone(), file.before.clone())]);
    // Another namespace may have one of that name.
    let left = old.places.iter().filter(|one| (&one.address, one.line) != (&place.address, place.line));
    let is_gone = again.places.iter().map(|one| &one.address).eq(left.map(|one| &one.address));
    let is_same = is_cut(&file.before, &place.span, &file.after);
    (!is_gone || !is_same || !again.problems.is_empty()).then(|| format!("became\n{}", file.after))
}

/// Whether a text is another without one stretch of it, in which there is nothing but what goes, comments, and the lines that part it
/// from others.
fn is_cut(before: &str, span: &crate::Span, after: &str) -> bool {
    let Some(length) = before.len().checked_sub(after.len()) else { return false };
    let is_around = |text: &str| {
        let mut lines = text.lines();
        lines.all(|line| {
            line.trim().is_empty()
                || ["---", "..."].contains(&line)
                || line.starts_with("--- #")
                || line.starts_with('#')
        })
    };
    (0..=span.start).any(|start| {
        let end = start + length;
        end >= span.end
            && before.get(..start).is_some_and(|head| after.starts_with(head))
            && before.get(end..).is_some_and(|tail| after.get(start..) == Some(tail))
            && before.get(start..span.start).is_some_and(is_around)
            && before.get(span.end..end).is_some_and(is_around)
    })
}

/// What became of subjects.
#[derive(Default)]
struct Tried {
    taken: usize,
    gone: usize,
    refused: usize,
    problems: Vec<String>,
}

impl Tried {
    /// Takes each subject out of each binding of a repository, by itself.
    fn all(&mut self, repository: &Repository, folder: &Path) {
        for place in &repository.places {
            let Content::Binding(bound) = &place.content else { continue };
            let here = format!("{}/{}", folder.display(), repository.position(place));
            let Some(binding) = in_force(place, bound) else { continue };
            for subject in 0..binding.subjects.len() {
                let edits = without(repository, &binding, subject, false);
                let is_free =
                    place.reasons.is_empty() && matches!(place.form, Form::Manifest | Form::Terraform);
                let left = ["it is all that its file holds", "nothing of it would be left"];
                let is_last =
                    |why: &str| bound.subjects.len() == 1 && left.iter().any(|one| why.contains(one));
                if !is_free || matches!(edits.suggestions.as_slice(), [one] if is_last(&one.why)) {
                    self.refused += 1;
                    if !edits.files.is_empty() || edits.suggestions.is_empty() {
                        self.problems.push(format!("{here}: edited"));
                    }
                    continue;
                }
                match wrong(place, bound, subject, &edits) {
                    Some(problem) => self.problems.push(format!("{here} {subject}: {problem}")),
                    None if bound.subjects.len() > 1 => self.taken += 1,
                    None => self.gone += 1,
                }
                // Who needs something of it needs a role of its own first, which nobody can write there.
                let needed = without(repository, &binding, subject, true);
                let why = needed.suggestions.first().map(|one| one.why.as_str()).unwrap_or_default();
                let text = needed.suggestions.first().map(|one| one.text.as_str());
                if !needed.files.is_empty()
                    || !why.starts_with("others are bound to it too")
                    || text != Some("apply---\nedit")
                {
                    self.problems.push(format!("{here} {subject}: {:?}", needed.suggestions));
                }
            }
        }
    }
}

#[test]
fn any_subject_of_any_binding_can_be_taken_out() {
    let mut tried = Tried::default();
    for folder in repositories() {
        tried.all(&read(&folder), &folder);
    }
    let Tried { taken, gone, refused, problems } = tried;
    assert!(problems.is_empty(), "{}:\n{}", problems.len(), problems.join("\n"));
    assert!(taken > 10 && gone > 3 && refused > 2, "{taken} taken out, {gone} gone, {refused} refused");
}

/// The same of bindings that nobody on this project wrote, in their files as they are.
#[test]
fn any_subject_of_real_bindings_can_be_taken_out() {
    let Some(folder) = remit_tests::data::require("kubernetes/rbac") else { return };
    let mut tried = Tried::default();
    for file in read(&folder).files {
        let repository = Repository::of([(file.path.clone(), file.text().to_owned())]);
        tried.all(&repository, &folder);
    }
    let Tried { taken, gone, refused, problems } = tried;
    assert!(problems.is_empty(), "{}:\n{}", problems.len(), problems.join("\n"));
    assert!(gone > 50, "{taken} taken out, {gone} gone, {refused} refused");
}

/// A binding that says something else than what is in force stays.
#[test]
fn another_binding_of_the_name_is_left_alone() {
    let folder = repositories().into_iter().find(|folder| folder.ends_with("manifests")).unwrap();
    let repository = read(&folder);
    let place = repository.places.iter().find(|place| place.address == "RoleBinding/lookers").unwrap();
    let Content::Binding(bound) = &place.content else { panic!() };
    let own = in_force(place, bound).unwrap();
    let mut others = vec![own; 3];
    others[0].subjects.push(rbac::Subject::Group("more".to_owned()));
    others[1].role = rbac::RoleRef::Role("view".to_owned());
    others[2].subjects[0] = rbac::Subject::User("worker".to_owned());
    for other in others {
        let edits = without(&repository, &other, 1, false);
        assert!(edits.files.is_empty(), "{edits:?}");
        assert_eq!(edits.suggestions[0].why, "it says something else than what is in force");
    }
}
