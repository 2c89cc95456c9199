//! Every file of the corpus: the places that are found in it, and edits of all of them.

mod bindings;
mod generated;
mod resources;
mod roles;
mod strokes;
mod suggestions;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::{
    Changes, Content, Edits, FileId, Form, Found, Grant, Limits, Options, Place, PolicyChange, Proposal,
    Repository,
};
use remit_policy::{Document, Effect};
use strokes::{Gone, strokes};
use support::{Sample, called, document, filled};

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
    // A document of which no policy is made is nobody's.
    let is_used = place.form != Form::TerraformDocument || place.names.name.is_some();
    is_used && !statements.is_empty() && !statements.iter().any(|statement| statement.principals.is_some())
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
    let name = called(place);
    let holder = place.names.holder.is_some().then(|| filled(&place.names.holder));
    let kind = place.names.holders.first().map(ToString::to_string).unwrap_or_default();
    let kind = ["user", "group"].into_iter().find(|one| kind.starts_with(one)).unwrap_or("role");
    let principal = format!("arn:aws:iam::111122223333:{kind}/{}", holder.as_deref().unwrap_or("app"));
    let change = PolicyChange {
        name: name.clone(),
        arn: None,
        holder,
        edit: remit_policy::Edit::PutInline,
        before,
        after: vec![(name, after)],
    };
    let changes = Changes::Policies(vec![change]);
    let proposal = Proposal { folder: PathBuf::new(), principal, changes, staying: Vec::new() };
    repository.edit(&proposal, options)
}

/// Places that say the same under the same names, so that nothing tells which is meant.
const AMBIGUOUS: [&str; 2] = ["corpus/manifests/same-name-one.yaml", "corpus/manifests/same-name-two.yaml"];

/// Whether several places were found of a grant, as is expected of the one at hand.
fn is_ambiguous(here: &str, found: &Found) -> bool {
    let path = here.rsplit_once(':').map_or(here, |(path, _)| path);
    matches!(found, Found::Several(_)) && AMBIGUOUS.iter().any(|one| path.ends_with(one))
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
                (called(place), place.names.holder.as_ref().map(|_| filled(&place.names.holder)));
            let grant = Grant::Policy { name: &name, holder: holder.as_deref(), document: &whole };
            let found = repository.find(&grant);
            let here = format!("{}/{}", folder.display(), repository.position(place));
            let is_found = matches!(&found, Found::One { place: at, is_equal: true } if std::ptr::eq(&repository.places[*at], place));
            let is_free = place.reasons.is_empty() && statements.iter().all(|one| one.reasons.is_empty());
            if !is_found && is_free && !is_ambiguous(&here, &found) {
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
    let mut all = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let own: Vec<_> = gone.iter().filter(|(one, _)| *one == at).map(|(_, token)| *token).collect();
        if own.len() == statement.actions.items.len() {
            all.push(Gone::statement(statement));
        } else {
            all.extend(own.iter().map(|token| Gone::token(&statement.actions, *token)));
        }
    }
    let id: FileId = place.file;
    strokes(repository.files[id].text(), &all, &file.after)
}
