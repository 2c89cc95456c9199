//! Markers in Go of which a role is generated: `+kubebuilder:rbac`.
//! Source: The Kubebuilder Book, "RBAC markers", and controller-gen's own description of the marker.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::inputs::Inputs;
use crate::node::{Layout, Span};
use crate::place::{Content, FileId, Form, Names, Place, Reason};
use crate::repository::{File, Parsed, named};
use crate::rule::Rule;
use crate::statement::Removal;
use crate::text::Text;
use crate::tokens::{Sequence, Token, Tokens};

/// What a marker begins with.
pub(crate) const MARKER: &str = "+kubebuilder:rbac:";

/// The file of a project that is generated of its markers.
pub(crate) const ROLES: &str = "config/rbac/role.yaml";

/// The file in which a project keeps all of its manifests, for those who install it.
const INSTALLER: &str = "dist/install.yaml";

/// One place for each role that markers of a project make. The file that is generated from them is none to edit.
pub(crate) fn places(files: &[File], others: &mut [Place]) -> Vec<Place> {
    let mut roles: BTreeMap<(PathBuf, Option<String>), Vec<Rule>> = BTreeMap::new();
    for (id, file) in files.iter().enumerate() {
        if !matches!(file.parsed(), Parsed::Code) || !file.text().contains(MARKER) {
            continue;
        }
        let project = project(files, &file.path);
        let mut at = 0;
        for line in file.text().split_inclusive('\n') {
            let span = at..at + line.len();
            at = span.end;
            let Some((rule, namespace)) = rule(id, file, line, span.start) else { continue };
            roles.entry((project.clone(), namespace)).or_default().push(rule);
        }
    }
    let projects: BTreeSet<PathBuf> = roles.keys().map(|(project, _)| project.clone()).collect();
    for place in others.iter_mut() {
        let path = files.get(place.file).map(|file| &file.path);
        if projects.iter().any(|project| path == Some(&project.join(INSTALLER))) {
            place.reasons.push(Reason::Generated("what is below `config`".to_owned()));
        }
    }
    let mut places = Vec::new();
    for ((project, namespace), rules) in roles {
        let Some(first) = rules.first() else { continue };
        let generated = others.iter_mut().filter(|place| {
            let is_generated = files
                .get(place.file)
                .is_some_and(|file| file.path.starts_with(&project) && file.path.ends_with(ROLES));
            is_generated && (namespace.is_some() == place.names.namespace.is_some())
        });
        let mut name = Text::literal("manager-role");
        for place in generated {
            place.reasons.push(Reason::Generated("markers `+kubebuilder:rbac`".to_owned()));
            if let Some(own) = &place.names.name {
                name = own.clone();
            }
        }
        let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
        places.push(Place {
            file: first.file,
            line: first.line,
            span: first.span.clone(),
            form: Form::Markers,
            address: format!("{kind}/{name}"),
            names: Names { name: Some(name), namespace: namespace.map(Text::literal), ..Names::default() },
            content: Content::Rules(rules),
            reasons: Vec::new(),
            context: String::new(),
            inputs: Inputs::default(),
            uses: Vec::new(),
        });
    }
    places
}

/// The folder of the project that a file is of: the nearest one above it with generated roles.
fn project(files: &[File], path: &Path) -> PathBuf {
    let has_roles = |folder: &&Path| named(files, &folder.join(ROLES)).is_some();
    path.ancestors().skip(1).find(has_roles).unwrap_or(Path::new("")).to_owned()
}

/// The rule of a line with a marker, and its namespace.
fn rule(id: FileId, file: &File, line: &str, start: usize) -> Option<(Rule, Option<String>)> {
    let comment = line.trim_start().strip_prefix("//")?.trim_start();
    let fields = comment.strip_prefix(MARKER)?.trim_end();
    let offset = start + line.find(MARKER)? + MARKER.len();
    let mut rule = Rule {
        file: id,
        line: file.lines().of(start),
        span: start + line.find("//")?..offset + fields.len(),
        verbs: Tokens::default(),
        groups: Tokens::default(),
        resources: Tokens::default(),
        names: Tokens::default(),
        urls: Tokens::default(),
        reasons: Vec::new(),
        inputs: Inputs::default(),
        removal: Removal::Marker,
    };
    let mut namespace = None;
    let mut at = offset;
    for field in split(fields, ',') {
        if let Some((name, values)) = field.split_once('=') {
            let values_at = at + name.len() + 1;
            match name.trim() {
                "verbs" => rule.verbs = tokens(values, values_at),
                "groups" => {
                    rule.groups = tokens(values, values_at);
                    rule.groups.items.iter_mut().for_each(|token| token.text = group(&token.text));
                }
                "resources" => rule.resources = tokens(values, values_at),
                "resourceNames" => rule.names = tokens(values, values_at),
                "urls" => rule.urls = tokens(values, values_at),
                "namespace" => namespace = Some(bare(values).to_owned()),
                "roleName" | "featureGate" => rule.reasons.push(Reason::Macro(name.to_owned())),
                other => rule.reasons.push(Reason::Unreadable(format!("`{other}` is no field of a marker"))),
            }
        }
        at += field.len() + 1;
    }
    // Without groups it is the core's.
    if rule.groups.items.is_empty() && !rule.resources.items.is_empty() {
        rule.groups.items.push(Token { text: Text::literal(""), span: offset..offset });
    }
    if fields.contains('{') {
        rule.reasons.push(Reason::Unreadable("lists between braces".to_owned()));
    }
    Some((rule, namespace))
}

/// A group as a role has it: the core's has no name there, and controller-gen takes `core` for it.
fn group(text: &Text) -> Text {
    if text.known() == Some("core") { Text::literal("") } else { text.clone() }
}

/// By what a generated file is made anew.
pub(crate) fn maker(path: &Path) -> &'static str {
    if path.ends_with(INSTALLER) { "`make build-installer`" } else { "`make manifests` (controller-gen)" }
}

fn tokens(values: &str, start: usize) -> Tokens {
    let mut tokens = Tokens::default();
    let mut items: Vec<Span> = Vec::new();
    let mut at = start;
    for value in split(values, ';') {
        let span = at..at + value.len();
        tokens.items.push(Token { text: Text::literal(bare(value)), span: span.clone() });
        items.push(span);
        at += value.len() + 1;
    }
    tokens.sequence = Some(Sequence { span: start..start + values.len(), items, layout: Layout::Semicolons });
    tokens
}

/// Parts between separators that are not within quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |sign: char| {
        if sign == '"' || sign == '`' {
            is_quoted = !is_quoted;
        }
        sign == separator && !is_quoted
    })
}

fn bare(value: &str) -> &str {
    value.trim().trim_matches(['"', '`'])
}
