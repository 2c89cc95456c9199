//! What a person is told to write is in the notation of the source, and says what is proposed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use remit_policy::{Condition, Document};

use super::support::document;
use super::{is_policy, read, repositories};
use crate::notation::Notation;
use crate::{Content, Repository};

/// A file that holds what is suggested, as a person would put it there.
fn file(notation: Notation, text: &str) -> (&'static str, String) {
    let indented: String = text.lines().map(|line| format!("        {line}\n")).collect();
    let policy = |value: String| {
        format!("resource \"aws_iam_policy\" \"x\" {{\n  name   = \"x\"\n  policy = {value}\n}}\n")
    };
    match notation {
        Notation::Json => ("x.json", text.to_owned()),
        Notation::Template => ("x.tf", policy(format!("<<EOF\n{text}EOF"))),
        Notation::Blocks => ("x.tf", format!("data \"aws_iam_policy_document\" \"x\" {{\n{text}}}\n")),
        Notation::Object => ("x.tf", policy(format!("jsonencode({text})"))),
        Notation::Words => ("x.tf", format!("module \"x\" {{\n  name = \"x\"\n  statements = {text}}}\n")),
        Notation::Yaml => (
            "x.yaml",
            format!(
                "Resources:\n  X:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n{indented}"
            ),
        ),
    }
}

/// The same with statements alone, which stand in a policy.
fn around(notation: Notation, statements: &str) -> String {
    let version = "2012-10-17";
    match notation {
        Notation::Blocks | Notation::Words => statements.to_owned(),
        Notation::Json | Notation::Template => {
            format!("{{ \"Version\": \"{version}\", \"Statement\": {statements} }}\n")
        }
        Notation::Object => format!("{{\n  Version = \"{version}\"\n  Statement = {statements}\n}}\n"),
        Notation::Yaml => format!("Version: '{version}'\nStatement:\n{statements}"),
    }
}

/// What is wrong with a suggestion, if anything.
fn wrong(notation: Notation, text: &str, wanted: &Document) -> Option<String> {
    let (name, whole) = file(notation, text);
    let repository = Repository::of([(PathBuf::from(name), whole.clone())]);
    let own = repository.places.first().map(|place| &place.content);
    let Some(Content::Statements(statements)) = own else {
        return Some(format!("nothing is read: {:?}\n{whole}", repository.problems));
    };
    let is_same = statements.iter().all(|one| one.reasons.is_empty())
        && crate::content::pair(statements, wanted).is_some_and(|pairs| pairs.is_sorted());
    let sids = |all: Vec<Option<String>>| all.into_iter().flatten().collect::<Vec<_>>();
    let own = statements.iter().map(|one| Some(one.sid.as_ref()?.text.to_string())).collect();
    let is_named = sids(own) == sids(wanted.statements.iter().map(|one| one.sid.clone()).collect());
    (!is_same || !is_named).then(|| format!("it says something else\n{whole}"))
}

#[test]
fn suggestions_are_in_the_notation_of_their_source() {
    let mut problems = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for folder in repositories() {
        let repository = read(&folder);
        for place in repository.places.iter().filter(|place| is_policy(place)) {
            let Content::Statements(statements) = &place.content else { continue };
            let mut wanted = document(statements, &BTreeSet::new());
            for (at, statement) in wanted.statements.iter_mut().enumerate() {
                statement.sid = (at > 0).then(|| format!("Part{at}"));
                for (operator, key, value) in [
                    ("StringEquals", "aws:a", "b"),
                    ("Bool", "aws:c", "true"),
                    ("StringEquals", "aws:d", "${aws:e}"),
                ] {
                    let values = vec![value.into()];
                    let (operator, key) = (operator.to_owned(), key.to_owned());
                    statement.conditions.push(Condition { operator, key, values, bare: false });
                }
                let Some(resources) = &mut statement.resources else { continue };
                resources.patterns.push("arn:aws:s3:::home/${aws:username}/*".to_owned());
                resources.patterns.push("it's: \"odd\" #".to_owned());
            }
            let notation = repository.notation(place);
            *counts.entry(format!("{notation:?}")).or_default() += 1;
            let here = format!("{}/{}", folder.display(), repository.position(place));
            let parts = around(notation, &notation.statements(&wanted.statements));
            for text in [notation.policy(&wanted), parts] {
                if let Some(problem) = wrong(notation, &text, &wanted) {
                    problems.push(format!("{here} {notation:?}: {problem}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}:\n{}", problems.len(), problems.join("\n"));
    assert!(counts.len() == 6, "{counts:?}");
}
