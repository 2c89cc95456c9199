//! Every file of the corpus: the places that are found in it, and edits of all of them.

mod bindings;
mod resources;
mod suggestions;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::{
    Changes, ClusterChange, Content, Edits, FileId, Found, Grant, Limits, Options, Place, PolicyChange,
    Proposal, Repository,
};
use remit_policy::{Document, Effect, rbac};
use support::{Sample, document, fill, filled, strokes};

/// Repositories of the corpus: its folders.
fn repositories() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut folders: Vec<_> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn read(folder: &Path) -> Repository {
    Repository::read(folder, Limits::default()).unwrap()
}

/// A place as one line of what is expected.
fn line(repository: &Repository, place: &Place) -> String {
    let text = |text: &Option<crate::Text>| text.as_ref().map_or("-".to_owned(), ToString::to_string);
    let names = &place.names;
    let mut line = format!(
        "{} {} {} name={} holder={} namespace={}",
        repository.position(place),
        place.form.as_str(),
        place.address,
        text(&names.name),
        text(&names.holder),
        text(&names.namespace)
    );
    for reason in &place.reasons {
        let _ = write!(line, " [{reason}]");
    }
    let (count, reasons): (usize, Vec<_>) = match &place.content {
        Content::Statements(all) => (all.len(), all.iter().flat_map(|one| &one.reasons).collect()),
        Content::Rules(all) => (all.len(), all.iter().flat_map(|one| &one.reasons).collect()),
        Content::Binding(bound) => (bound.subjects.len(), Vec::new()),
        Content::Unknown => (0, Vec::new()),
    };
    let _ = write!(line, " parts={count}");
    for reason in reasons {
        let _ = write!(line, " ({reason})");
    }
    line
}

/// What is found is what was written down beside each repository when a person had looked at it.
#[test]
fn places_are_found_with_their_names_and_reasons() {
    let mut problems = Vec::new();
    for folder in repositories() {
        let repository = read(&folder);
        let mut found = String::new();
        for place in &repository.places {
            let _ = writeln!(found, "{}", line(&repository, place));
        }
        for problem in &repository.problems {
            let _ = writeln!(found, "{}:{}: {}", problem.path.display(), problem.line, problem.message);
        }
        let expected = folder.with_extension("places");
        if std::env::var_os("REMIT_BLESS").is_some() {
            std::fs::write(&expected, &found).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != found {
            problems.push(format!("{}: found\n{found}", expected.display()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_corpus_is_large() {
    let files: usize = repositories().iter().map(|folder| remit_tests::case::files(folder).len()).sum();
    assert!(files >= 150, "{files} files");
}

/// Whether a place is of an identity's policy, whose edits are tried.
fn is_policy(place: &Place) -> bool {
    let Content::Statements(statements) = &place.content else { return false };
    !statements.is_empty() && !statements.iter().any(|statement| statement.principals.is_some())
}

/// The actions that may go: of statements that allow, by place in them.
fn removable(place: &Place) -> Vec<(usize, usize)> {
    let allows = place
        .statements()
        .iter()
        .enumerate()
        .filter(|(_, one)| one.effect == Some(Effect::Allow) && !one.not_actions);
    let tokens = allows.flat_map(|(at, one)| {
        let known = one.actions.items.iter().enumerate().filter(|(_, token)| token.text.known().is_some());
        known.map(move |(token, _)| (at, token))
    });
    tokens.collect()
}

fn edited(repository: &Repository, place: &Place, gone: &BTreeSet<(usize, usize)>) -> Option<Edits> {
    let Content::Statements(statements) = &place.content else { return None };
    let before = document(statements, &BTreeSet::new());
    let after = document(statements, gone);
    if after.statements.is_empty() {
        return None;
    }
    Some(edit(repository, place, before, after, Options::default()))
}

/// Writes a proposal that one place's document is to be another.
fn edit(
    repository: &Repository,
    place: &Place,
    before: Document,
    after: Document,
    options: Options,
) -> Edits {
    let name = filled(&place.names.name);
    let holder = place.names.holder.is_some().then(|| filled(&place.names.holder));
    let change = PolicyChange {
        name: name.clone(),
        arn: None,
        holder,
        edit: "put_inline".to_owned(),
        before,
        after: vec![(name, after)],
    };
    let changes = Changes::Policies(vec![change]);
    let proposal = Proposal { folder: PathBuf::new(), principal: "role/app".to_owned(), changes };
    repository.edit(&proposal, options)
}

/// Edits of every policy in the corpus leave every byte that is not of what is removed, and are proven; and what cannot be edited
/// is not.
#[test]
fn any_actions_of_any_policy_can_be_taken_away() {
    let (mut tried, mut refused) = (0, 0);
    let mut problems = Vec::new();
    for folder in repositories() {
        let repository = read(&folder);
        for place in repository.places.iter().filter(|place| is_policy(place)) {
            let Content::Statements(statements) = &place.content else { continue };
            let whole = document(statements, &BTreeSet::new());
            let (name, holder) =
                (filled(&place.names.name), place.names.holder.as_ref().map(|_| filled(&place.names.holder)));
            let grant = Grant::Policy { name: &name, holder: holder.as_deref(), document: &whole };
            let found = repository.find(&grant);
            let here = format!("{}/{}", folder.display(), repository.position(place));
            let is_found = matches!(&found, Found::One { place: at, is_equal: true } if std::ptr::eq(&repository.places[*at], place));
            let is_free = place.reasons.is_empty() && statements.iter().all(|one| one.reasons.is_empty());
            if !is_found && is_free && !matches!(found, Found::Several(_)) {
                problems.push(format!("{here}: not found: {found:?}"));
                continue;
            }
            for gone in Sample::of(&removable(place)) {
                let Some(edits) = edited(&repository, place, &gone) else { continue };
                if !is_free || !is_found {
                    refused += 1;
                    // What stays as it is may be left where the statement itself could be edited.
                    if !place.reasons.is_empty() && !edits.files.is_empty() {
                        problems.push(format!("{here}: edited although {:?}", place.reasons));
                    }
                    continue;
                }
                tried += 1;
                if let Some(problem) = wrong(&repository, place, &gone, &edits) {
                    problems.push(format!("{here} without {gone:?}: {problem}"));
                    break;
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} of {tried}:\n{}", problems.len(), problems.join("\n"));
    assert!(tried > 500 && refused > 30, "{tried} edits, {refused} refused");
}

/// What is wrong with an edit, if anything.
fn wrong(
    repository: &Repository,
    place: &Place,
    gone: &BTreeSet<(usize, usize)>,
    edits: &Edits,
) -> Option<String> {
    if gone.is_empty() {
        return (!edits.files.is_empty()).then(|| "changed without need".to_owned());
    }
    let [file] = edits.files.as_slice() else {
        return Some(format!("not edited: {:?}", edits.suggestions));
    };
    let Content::Statements(statements) = &place.content else { return None };
    let mut spans = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let own: Vec<_> = gone.iter().filter(|(one, _)| *one == at).map(|(_, token)| *token).collect();
        if own.len() == statement.actions.items.len() {
            spans.push(statement.span.clone());
        } else {
            spans.extend(own.iter().map(|token| statement.actions.items[*token].span.clone()));
        }
    }
    let id: FileId = place.file;
    strokes(repository.files[id].text(), &spans, &file.after)
}

/// A place of a role, with what makes up its rules: which texts of which list may go.
fn texts(rules: &[crate::Rule]) -> Vec<(usize, usize, usize)> {
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
fn left(rules: &[crate::Rule], gone: &BTreeSet<(usize, usize, usize)>) -> Option<Vec<(usize, rbac::Rule)>> {
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
fn narrowed(place: &Place, rules: Vec<rbac::Rule>, left: Vec<rbac::Rule>) -> Proposal {
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
    Proposal { folder: PathBuf::new(), principal: user, changes: Changes::Cluster(Box::new(change)) }
}

/// Tries edits of every role of a repository. What came of them: edited, refused, and problems.
fn try_roles(repository: &Repository, folder: &Path, is_disjoint: bool) -> (usize, usize, Vec<String>) {
    let (mut edited, mut refused, mut at) = (0, 0, 0);
    let mut problems = Vec::new();
    for place in &repository.places {
        let Content::Rules(rules) = &place.content else { continue };
        let Some(known) = rules.iter().map(crate::Rule::known).collect::<Option<Vec<_>>>() else { continue };
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
        let is_free = place.reasons.is_empty() && rules.iter().all(|one| one.reasons.is_empty());
        if is_free && !is_found && !matches!(found, Found::Several(_)) {
            problems.push(format!("{here}: not found: {found:?}"));
        }
        // Of real roles there are many, which say much.
        let samples = Sample::of(&texts(rules)).into_iter().filter(|_| {
            at += 1;
            is_disjoint || at % 40 == 0
        });
        for gone in samples {
            let Some(left) = left(rules, &gone).filter(|left| !left.is_empty()) else { continue };
            let proposal =
                narrowed(place, known.clone(), left.iter().map(|(_, rule)| rule.clone()).collect());
            let edits = repository.edit(&proposal, Options { resources: true });
            let is_edited = edits.outcomes.iter().all(|outcome| outcome.is_edited);
            if !is_free || !is_found {
                refused += 1;
                if !place.reasons.is_empty() && !edits.files.is_empty() {
                    problems.push(format!("{here}: edited although {:?}", place.reasons));
                }
                continue;
            }
            if !is_edited {
                problems.push(format!("{here} without {gone:?}: {:?}", edits.suggestions));
                break;
            }
            edited += 1;
            let kept: BTreeSet<usize> = left.iter().map(|(at, _)| *at).collect();
            for file in &edits.files {
                let id = repository.files.iter().position(|one| one.path == file.path).unwrap();
                let mut spans = Vec::new();
                for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.file == id) {
                    if !kept.contains(&at) {
                        spans.push(rule.span.clone());
                        continue;
                    }
                    for (list, tokens) in rule.lists().into_iter().enumerate() {
                        let own = tokens
                            .items
                            .iter()
                            .enumerate()
                            .filter(|(token, _)| gone.contains(&(at, list, *token)));
                        spans.extend(own.map(|(_, token)| token.span.clone()));
                    }
                }
                if let (true, Some(problem)) = (is_disjoint, strokes(&file.before, &spans, &file.after)) {
                    problems.push(format!("{here} without {gone:?}: {problem}"));
                }
            }
            if !problems.is_empty() {
                break;
            }
        }
    }
    (edited, refused, problems)
}

/// Edits of every role leave every byte that is not of what is removed, and are proven.
#[test]
fn any_texts_of_any_role_can_be_taken_away() {
    let (mut edited, mut refused, mut problems) = (0, 0, Vec::new());
    for folder in repositories() {
        let (some, others, mut more) = try_roles(&read(&folder), &folder, true);
        edited += some;
        refused += others;
        problems.append(&mut more);
    }
    assert!(problems.is_empty(), "{} of {edited}:\n{}", problems.len(), problems.join("\n"));
    assert!(edited > 500 && refused > 50, "{edited} edits, {refused} refused");
}

/// The same of roles that nobody on this project wrote. Rules of one may say the same twice there, so that less goes
/// or one becomes two; it is what they allow that is shown.
#[test]
fn any_texts_of_real_roles_can_be_taken_away() {
    let Some(folder) = remit_tests::data::require("kubernetes/rbac") else { return };
    let repository = read(&folder);
    assert!(repository.problems.is_empty(), "{:?}", repository.problems);
    let (edited, _, problems) = try_roles(&repository, &folder, false);
    assert!(problems.is_empty(), "{} of {edited}:\n{}", problems.len(), problems.join("\n"));
    assert!(edited > 100, "{edited} edits");
}
