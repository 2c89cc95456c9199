//! Any texts of any role of the corpus, and of real roles, can be taken away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use remit_policy::rbac::{self, Permission};

use super::strokes::{Gone, strokes};
use super::support::{Sample, fill, filled};
use super::{is_ambiguous, read, repositories};
use crate::{
    Changes, ClusterChange, Content, Found, Grant, Options, Place, Proposal, Reason, Repository, Rule,
};

/// A place of a role, with what makes up its rules: which texts of which list may go.
fn texts(rules: &[Rule]) -> Vec<(usize, usize, usize)> {
    let mut all = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        for (list, tokens) in rule.lists().into_iter().enumerate() {
            // Without names a rule is for all, so that taking the last one away would give more.
            let is_only = tokens.items.len() < 2;
            // A marker without groups has one all the same.
            all.extend((0..tokens.items.len()).filter(|_| !is_only).map(|token| (at, list, token)));
        }
        all.push((at, 0, 0));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The rules without some of their texts; a rule of which a list is left empty goes whole. Where it was, its place.
fn left(rules: &[Rule], gone: &BTreeSet<(usize, usize, usize)>) -> Option<Vec<(usize, rbac::Rule)>> {
    let mut all = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let mut lists = rule.lists().map(|tokens| tokens.known());
        let mut is_gone = false;
        for (list, texts) in lists.iter_mut().enumerate() {
            let texts = texts.as_mut()?;
            let had_any = !texts.is_empty();
            let mut place = 0;
            texts.retain(|_| {
                place += 1;
                !gone.contains(&(at, list, place - 1))
            });
            is_gone |= had_any && texts.is_empty();
        }
        let [verbs, groups, resources, names, urls] = lists.map(|texts| own(texts.unwrap_or_default()));
        if !is_gone {
            all.push((at, rbac::Rule { verbs, groups, resources, names, urls }));
        }
    }
    Some(all)
}

fn own(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// The proposal that leaves a subject no more than some rules of the role that it is bound to.
pub(super) fn narrowed(place: &Place, rules: Vec<rbac::Rule>, left: Vec<rbac::Rule>) -> Proposal {
    let origin = || remit_policy::Origin { file: "cluster".to_owned(), line: 1 };
    let namespace = place.names.namespace.as_ref().map(|text| fill(text, 0));
    let role = |name: String, rules| rbac::Role {
        name: rbac::ObjectName { namespace: namespace.clone(), name },
        labels: BTreeMap::new(),
        rules,
        aggregates: Vec::new(),
        since: None,
        origin: origin(),
    };
    let account =
        || rbac::Subject::ServiceAccount { namespace: Some("shop".to_owned()), name: "worker".to_owned() };
    let binding = |role: &rbac::Role| rbac::Binding {
        name: rbac::ObjectName { namespace: namespace.clone(), name: "worker".to_owned() },
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        subjects: vec![account()],
        role: match namespace {
            Some(_) => rbac::RoleRef::Role(role.name.name.clone()),
            None => rbac::RoleRef::ClusterRole(role.name.name.clone()),
        },
        since: None,
        origin: origin(),
    };
    let (old, new) = (role(filled(&place.names.name), rules), role("remit-worker".to_owned(), left));
    let user = "system:serviceaccount:shop:worker".to_owned();
    let claim = rbac::Claim {
        user: rbac::User::named(&user, []),
        own: vec![(binding(&old), old.clone())],
        unchanged: BTreeSet::new(),
        edited: Vec::new(),
        gone: vec![binding(&old)],
        fixed: Vec::new(),
        new: vec![(binding(&new), new)],
        protected: Vec::new(),
        replayed: Vec::new(),
    };
    let unbound = BTreeSet::from([old.name.of_role()]);
    let change = ClusterChange { claim, unbound, removed: Vec::new(), apply: None, edit: None };
    let changes = Changes::Cluster(Box::new(change));
    Proposal { folder: PathBuf::new(), principal: user, changes, staying: Vec::new() }
}

/// What came of edits: how many were made, of how many all bytes were looked at, how many were refused, and what is wrong.
#[derive(Default)]
struct Tried {
    edited: usize,
    looked: usize,
    refused: usize,
    problems: Vec<String>,
}

impl Tried {
    fn add(&mut self, other: Self) {
        self.edited += other.edited;
        self.looked += other.looked;
        self.refused += other.refused;
        self.problems.extend(other.problems);
    }
}

/// Tries edits of every role of a repository. Of samples one in `every` is tried.
fn try_roles(repository: &Repository, folder: &Path, every: usize) -> Tried {
    let mut at = 0;
    let mut tried = Tried::default();
    let Tried { edited, looked, refused, problems } = &mut tried;
    for place in &repository.places {
        let Content::Rules(rules) = &place.content else { continue };
        let Some(known) = rules.iter().map(Rule::known).collect::<Option<Vec<_>>>() else { continue };
        if known.is_empty() {
            continue;
        }
        let name = rbac::ObjectName {
            namespace: place.names.namespace.as_ref().map(|text| fill(text, 0)),
            name: filled(&place.names.name),
        };
        let here = format!("{}/{}", folder.display(), repository.position(place));
        let found = repository.find(&Grant::Role { name: &name, rules: &known });
        let is_found = matches!(&found, Found::One { place: at, is_equal: true } if std::ptr::eq(&repository.places[*at], place));
        let is_generated = place.reasons.iter().any(|one| matches!(one, Reason::Generated(_)));
        let is_free = place.reasons.is_empty() && rules.iter().all(|one| one.reasons.is_empty());
        if is_free && !is_found && !is_ambiguous(&here, &found) {
            problems.push(format!("{here}: not found: {found:?}"));
        }
        let is_disjoint = is_disjoint(&known);
        // Of real roles there are many, which say much.
        let samples = Sample::of(&texts(rules)).into_iter().filter(|_| {
            at += 1;
            at % every == 0
        });
        for gone in samples {
            let Some(left) = left(rules, &gone).filter(|left| !left.is_empty()) else { continue };
            let proposal =
                narrowed(place, known.clone(), left.iter().map(|(_, rule)| rule.clone()).collect());
            let edits = repository.edit(&proposal, Options { resources: true });
            let is_edited = edits.outcomes.iter().all(|outcome| outcome.is_edited);
            if !is_free || !is_found {
                *refused += 1;
                // What is generated stays, and its source may change.
                let is_own = |path: &PathBuf| !is_generated || path == repository.path(place.file);
                if !place.reasons.is_empty() && edits.files.iter().any(|file| is_own(&file.path)) {
                    problems.push(format!("{here}: edited although {:?}", place.reasons));
                }
                continue;
            }
            if !is_edited {
                problems.push(format!("{here} without {gone:?}: {:?}", edits.suggestions));
                break;
            }
            *edited += 1;
            let kept: BTreeSet<usize> = left.iter().map(|(at, _)| *at).collect();
            if !is_disjoint {
                continue;
            }
            *looked += 1;
            for file in &edits.files {
                let id = repository.files.iter().position(|one| one.path == file.path).unwrap();
                let mut all = Vec::new();
                for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.file == id) {
                    if !kept.contains(&at) {
                        all.push(Gone::rule(rule));
                        continue;
                    }
                    for (list, tokens) in rule.lists().into_iter().enumerate() {
                        let own = (0..tokens.items.len()).filter(|token| gone.contains(&(at, list, *token)));
                        all.extend(own.map(|token| Gone::token(tokens, token)));
                    }
                }
                if let Some(problem) = strokes(&file.before, &all, &file.after) {
                    problems.push(format!("{here} without {gone:?}: {problem}"));
                }
            }
            if !problems.is_empty() {
                break;
            }
        }
    }
    tried
}

/// Whether no permission is said twice, so that what is taken away of one rule is gone, and nothing else need be.
fn is_disjoint(rules: &[rbac::Rule]) -> bool {
    let all: Vec<Permission> = rules.iter().flat_map(|rule| Permission::of_rule(None, rule)).collect();
    all.iter().enumerate().all(|(at, one)| all[at + 1..].iter().all(|other| one.meet(other).is_none()))
}

/// Edits of every role leave every byte that is not of what is removed, and are proven.
#[test]
fn any_texts_of_any_role_can_be_taken_away() {
    let mut all = Tried::default();
    for folder in repositories() {
        all.add(try_roles(&read(&folder), &folder, 1));
    }
    let Tried { edited, looked, refused, problems } = all;
    assert!(problems.is_empty(), "{} of {edited}:\n{}", problems.len(), problems.join("\n"));
    assert!(looked > 500 && refused > 50, "{edited} edits, {looked} looked at, {refused} refused");
}

/// The same of roles that nobody on this project wrote. Where rules of one say the same twice, less goes or one becomes two: there
/// it is only what they allow that is shown.
#[test]
fn any_texts_of_real_roles_can_be_taken_away() {
    let Some(folder) = remit_tests::data::require("kubernetes/rbac") else { return };
    let mut all = Tried::default();
    for file in read(&folder).files {
        let text = file.text();
        let documents =
            text.split_inclusive("\n---\n").filter(|one| one.contains("rbac.authorization.k8s.io"));
        let documents: Vec<&str> = documents.collect();
        // Each edit reads its repository again, so each is of few documents.
        for documents in documents.chunks(12) {
            let repository = Repository::of([(file.path.clone(), documents.concat())]);
            assert!(repository.problems.is_empty(), "{:?}", repository.problems);
            all.add(try_roles(&repository, &folder, 5));
        }
    }
    let Tried { edited, looked, problems, .. } = all;
    assert!(problems.is_empty(), "{} of {edited}:\n{}", problems.len(), problems.join("\n"));
    assert!(edited > 500 && looked > 300, "{edited} edits, {looked} looked at");
}
