//! Policy documents in files of their own.

use std::collections::BTreeSet;

use crate::inputs::Inputs;
use crate::node::Node;
use crate::place::{Content, FileId, Form, Names, Place};
use crate::repository::{File, Parsed};
use crate::statement::{self, Source, plain};
use crate::text::Text;

/// Documents of all files, but for those that something else was found to read; those of resources apart.
pub(crate) fn places(
    files: &[File],
    taken: &BTreeSet<FileId>,
    places: &mut Vec<Place>,
    resource_policies: &mut Vec<Place>,
) {
    for (id, file) in files.iter().enumerate().filter(|(id, _)| !taken.contains(id)) {
        let Parsed::Documents(documents) = file.parsed() else { continue };
        for (document, around) in documents.iter().filter_map(policy) {
            let source = Source {
                file: id,
                text: file.text(),
                lines: file.lines(),
                text_of: plain,
                definitions: None,
            };
            let mut reasons = Vec::new();
            let statements = statement::document(document, source, &mut reasons);
            let stem = file.path.file_stem().unwrap_or_default().to_string_lossy();
            // One with principals says who may use a resource, or become a role.
            let lets_in = statements.iter().any(|statement| statement.principals.is_some());
            let places = if lets_in { &mut *resource_policies } else { &mut *places };
            places.push(Place {
                file: id,
                line: file.lines().of(document.span.start),
                span: document.span.clone(),
                form: Form::Document,
                address: stem.clone().into_owned(),
                names: names(around),
                content: Content::Statements(statements),
                reasons,
                context: String::new(),
                inputs: Inputs::default(),
                uses: Vec::new(),
            });
        }
    }
}

/// The policy that a document is, or that it holds beside names, as the provider's tools write and take it.
fn policy(document: &Node) -> Option<(&Node, &Node)> {
    let inner = ["PolicyDocument", "Document"].into_iter().filter_map(|key| document.get(key));
    let version = document.get("PolicyVersion").and_then(|version| version.get("Document"));
    let mut all = std::iter::once(document).chain(inner).chain(version);
    all.find(|one| is_policy(one)).map(|one| (one, document))
}

fn is_policy(document: &Node) -> bool {
    let statements = document.get("Statement").map(Node::items).unwrap_or_default();
    statements.iter().all(|one| one.get("Effect").is_some()) && !statements.is_empty()
}

/// What stands beside a policy of its names; most have none. Its file may be called like it, and need not.
fn names(around: &Node) -> Names {
    let text = |names: &[&str]| names.iter().find_map(|name| around.get(name)).and_then(Node::known);
    let of_arn = || text(&["Arn", "PolicyArn"]).filter(|arn| arn.contains(":policy/"))?.rsplit('/').next();
    let literal = |name: &str| Text::literal(name);
    Names {
        name: text(&["PolicyName"]).or_else(of_arn).map(literal),
        holder: text(&["RoleName", "UserName", "GroupName"]).map(literal),
        ..Names::default()
    }
}
