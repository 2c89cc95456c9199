//! Values of a chart, which its templates refer to.

use std::path::{Path, PathBuf};

use crate::inputs::{Followed, Scope};
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
fn is_of(chart: &Path, path: &Path) -> bool {
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

    /// Expressions that decide a place beside its own: `around` are the conditions that it is in.
    pub(crate) fn deciding(&self, place: &Place, around: &str) -> Vec<&'a str> {
        let expressions: Vec<&str> = match &place.content {
            Content::Rules(rules) => rules.iter().flat_map(crate::rule::Rule::expressions).collect(),
            Content::Binding(bound) => bound.expressions(),
            Content::Statements(_) | Content::Unknown => Vec::new(),
        };
        let is_led_elsewhere =
            expressions.into_iter().chain([place.context.as_str(), around]).any(leads_elsewhere);
        is_led_elsewhere.then_some(self.template).into_iter().collect()
    }
}

/// What a template of a chart knows by these names is nothing of its own.
const KNOWN: [&str; 6] = ["Values", "Release", "Chart", "Capabilities", "Files", "Template"];

/// Whether an expression has a variable, or part of the value that a `with` or `range` is about: both lead elsewhere in the template.
fn leads_elsewhere(expression: &str) -> bool {
    let mut before = ' ';
    expression.char_indices().any(|(at, sign)| {
        let rest = expression.get(at + sign.len_utf8()..).unwrap_or_default();
        let is_name = rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        let is_known = KNOWN.iter().any(|known| rest.starts_with(known));
        let is_field = !(before.is_alphanumeric() || "_$.)]".contains(before));
        before = sign;
        match sign {
            '$' => is_name,
            '.' => is_field && !is_known,
            _ => false,
        }
    })
}

/// Whether a value has parts that are written elsewhere in its file: aliases, and maps that are merged.
fn has_aliases(node: &Node) -> bool {
    match &node.kind {
        Kind::Expression(text) => text.starts_with('*'),
        Kind::List(list) => list.items.iter().any(has_aliases),
        Kind::Map(entries) => entries.iter().any(|entry| entry.key == "<<" || has_aliases(&entry.value)),
        _ => false,
    }
}

impl Scope for Values<'_> {
    type Name = String;

    fn names(&self, expression: &str) -> Vec<String> {
        let is_name = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '.';
        // It is the same whatever it is taken out of: `$.Values`, or a variable for the root.
        let found = expression.match_indices(".Values").map(|(at, word)| {
            let rest = expression.get(at + word.len()..).unwrap_or_default();
            let end = rest.find(|sign| !is_name(sign)).unwrap_or(rest.len());
            let path = rest.get(..end).unwrap_or_default().trim_end_matches('.');
            if path.starts_with('.') { format!("{word}{path}") } else { word.to_owned() }
        });
        found.collect()
    }

    fn shown(&self, name: &String) -> String {
        name.clone()
    }

    fn meaning(&self, name: &String) -> Option<Followed<String>> {
        let path = name.strip_prefix(".Values")?;
        let of_file = |file: &&File| {
            let Parsed::Documents(documents) = file.parsed() else { return Some(file.text().to_owned()) };
            let root: &Node = documents.first()?;
            let (mut found, mut is_merged) = (root, false);
            for key in path.split('.').filter(|key| !key.is_empty()) {
                // What is taken out of something that is no map decides the rest.
                let Kind::Map(_) = found.kind else { break };
                is_merged |= found.get("<<").is_some();
                match found.get(key) {
                    Some(below) => found = below,
                    None if is_merged => break,
                    None => return None,
                }
            }
            // What is written elsewhere in the file may be anywhere there.
            if is_merged || has_aliases(found) {
                found = root;
            }
            // What one environment gets is nothing that another has, though that may be the same.
            Some(format!("{}: {}", file.path.display(), found.said(file.text())))
        };
        let all: Vec<_> = self.files.iter().filter_map(of_file).collect();
        (!all.is_empty()).then(|| Followed { meaning: all.join("\n").into(), names: Vec::new() })
    }

    fn everything(&self) -> String {
        self.files.iter().map(|file| file.text()).collect()
    }
}
