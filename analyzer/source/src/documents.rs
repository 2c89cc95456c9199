//! Policy documents in files of their own.

use std::collections::BTreeSet;

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
        for document in documents.iter().filter(|document| is_policy(document)) {
            let source = Source { file: id, text: file.text(), lines: file.lines(), text_of: plain };
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
                // A file may be called like its policy, and need not.
                names: Names { name: Some(open(&stem)), holder: None, namespace: None, holders: Vec::new() },
                content: Content::Statements(statements),
                reasons,
            });
        }
    }
}

fn is_policy(document: &Node) -> bool {
    let statements = document.get("Statement").map(Node::items).unwrap_or_default();
    statements.iter().all(|one| one.get("Effect").is_some()) && !statements.is_empty()
}

fn open(stem: &str) -> Text {
    let mut text = Text::opaque("(any)");
    text.push(stem);
    text.push_opaque("(any)");
    text
}
