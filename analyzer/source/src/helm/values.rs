//! Values of a chart, which its templates refer to.

use std::path::Path;

use crate::inputs::{Inputs, Scope, references};
use crate::node::{Kind, Node};
use crate::place::{Content, Place};
use crate::repository::{File, Parsed};

/// The files of values that a chart has itself.
pub(crate) struct Values<'a> {
    files: Vec<&'a File>,
}

/// Whether a file is called like one of values.
pub(crate) fn is_values(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.contains("values") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

impl<'a> Values<'a> {
    /// Of the chart whose template a file is: those in its folder, and in folders of it that hold neither templates nor other charts.
    pub(crate) fn of(files: &[&'a File], template: &Path) -> Self {
        let chart =
            template.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "templates"));
        let chart = chart.and_then(Path::parent);
        let is_its = |file: &&&File| {
            let below = chart.and_then(|chart| file.path.strip_prefix(chart).ok());
            below.is_some_and(|path| !path.starts_with("templates") && !path.starts_with("charts"))
        };
        Self { files: files.iter().filter(is_its).copied().collect() }
    }

    /// Notes at a place what its expressions refer to. `around` is what decides whether it is there at all.
    pub(crate) fn note(&self, place: &mut Place, around: &str) {
        if !around.is_empty() {
            place.inputs.add(around, "");
        }
        let mut own: Vec<&str> = vec![&place.context];
        match &mut place.content {
            Content::Rules(rules) => {
                for one in rules {
                    one.inputs = Inputs::of(self, one.expressions());
                }
            }
            Content::Binding(bound) => own.extend(bound.expressions()),
            Content::Statements(_) | Content::Unknown => {}
        }
        own.extend(place.reasons.iter().filter_map(crate::place::Reason::expression));
        place.inputs.follow(self, own);
    }
}

impl Scope for Values<'_> {
    fn names(&self, expression: &str) -> Vec<String> {
        let is_name = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '.';
        let whole = |after: Option<char>| !after.is_some_and(|sign| sign == '.' || sign.is_alphanumeric());
        let wholes = expression.match_indices(".Values").filter(|(at, word)| {
            whole(expression.get(at + word.len()..).and_then(|rest| rest.chars().next()))
        });
        let named = references(&expression.replace('$', " "), ".Values.", is_name);
        wholes.map(|_| ".Values".to_owned()).chain(named).collect()
    }

    fn meaning(&self, name: &str) -> Option<String> {
        let path = name.strip_prefix(".Values")?;
        let of_file = |file: &&File| {
            let Parsed::Documents(documents) = file.parsed() else { return Some(file.text().to_owned()) };
            let mut found: &Node = documents.first()?;
            for key in path.split('.').filter(|key| !key.is_empty()) {
                // What is taken out of something that is no map decides the rest.
                let Kind::Map(_) = found.kind else { break };
                found = found.get(key)?;
            }
            Some(file.text().get(found.span.clone())?.to_owned())
        };
        let all: Vec<_> = self.files.iter().filter_map(of_file).collect();
        (!all.is_empty()).then(|| all.join("\n"))
    }
}
