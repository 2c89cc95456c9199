//! Values of a chart, which its templates refer to.

use std::path::{Path, PathBuf};

use crate::inputs::{Followed, Scope, references};
use crate::node::{Kind, Node};
use crate::place::{Content, Place};
use crate::repository::{File, Parsed};

/// A template, and the files of values that its chart has itself.
pub(crate) struct Values<'a> {
    template: &'a str,
    files: Vec<&'a File>,
}

/// Whether a file is called like one of values.
pub(crate) fn is_values(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.contains("values") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

/// Whether a file of values is one that a chart has itself: its templates and the charts that it brings along have others.
pub(crate) fn is_of(chart: &Path, path: &Path) -> bool {
    let below = path.strip_prefix(chart);
    is_values(path) && below.is_ok_and(|path| !path.starts_with("templates") && !path.starts_with("charts"))
}

impl<'a> Values<'a> {
    /// Of the chart whose template a file is, among these files of values.
    pub(crate) fn of(files: &[&'a File], template: &'a File) -> Self {
        let mut folders = template.path.ancestors();
        let templates = folders.find(|folder| folder.file_name().is_some_and(|name| name == "templates"));
        let chart = templates.and_then(Path::parent).map(PathBuf::from);
        let is_its = |file: &&&File| chart.as_deref().is_some_and(|chart| is_of(chart, &file.path));
        Self { template: template.text(), files: files.iter().filter(is_its).copied().collect() }
    }

    /// Expressions that decide a place beside its own.
    pub(crate) fn deciding(&self, place: &Place) -> Vec<&'a str> {
        let is_open = |expression: &str| {
            // Variables, and what is said of the value that a `with` or `range` is about, lead elsewhere in the template.
            self.names(expression).is_empty() && (expression.contains('$') || expression.contains('.'))
                || expression.contains("$") && !expression.contains("$.Values")
        };
        let expressions: Vec<&str> = match &place.content {
            Content::Rules(rules) => rules.iter().flat_map(crate::rule::Rule::expressions).collect(),
            Content::Binding(bound) => bound.expressions(),
            Content::Statements(_) | Content::Unknown => Vec::new(),
        };
        let is_led_elsewhere = expressions.into_iter().chain([place.context.as_str()]).any(is_open);
        is_led_elsewhere.then_some(self.template).into_iter().collect()
    }
}

impl Scope for Values<'_> {
    type Name = String;

    fn names(&self, expression: &str) -> Vec<String> {
        let is_name = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '.';
        let whole = |after: Option<char>| !after.is_some_and(|sign| sign == '.' || sign.is_alphanumeric());
        let wholes = expression.match_indices(".Values").filter(|(at, word)| {
            whole(expression.get(at + word.len()..).and_then(|rest| rest.chars().next()))
        });
        let named = references(&expression.replace('$', " "), ".Values.", is_name);
        wholes.map(|_| ".Values".to_owned()).chain(named).collect()
    }

    fn shown(&self, name: &String) -> String {
        name.clone()
    }

    fn meaning(&self, name: &String) -> Option<Followed<String>> {
        let path = name.strip_prefix(".Values")?;
        let of_file = |file: &&File| {
            let Parsed::Documents(documents) = file.parsed() else { return Some(file.text().to_owned()) };
            let mut found: &Node = documents.first()?;
            for key in path.split('.').filter(|key| !key.is_empty()) {
                // What is taken out of something that is no map decides the rest.
                let Kind::Map(_) = found.kind else { break };
                found = found.get(key)?;
            }
            Some(found.said(file.text()))
        };
        let mut all: Vec<_> = self.files.iter().filter_map(of_file).collect();
        all.sort();
        all.dedup();
        (!all.is_empty()).then(|| Followed { meaning: all.join("\n").into(), names: Vec::new() })
    }

    fn everything(&self) -> String {
        self.files.iter().map(|file| file.text()).collect()
    }
}
