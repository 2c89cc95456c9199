//! Roles and bindings in manifests and templates of charts.

use crate::helm::Masked;
use crate::helm::values::{Values, is_values};
use crate::inputs::{Follower, Inputs};
use crate::node::{Node, Span};
use crate::place::{Content, FileId, Form, Names, Place, Reason};
use crate::repository::{File, Parsed};
use crate::rule::Rule;
use crate::statement::{Removal, has_repeated};
use crate::subject::{Bound, SubjectPlace};
use crate::text::Text;
use crate::tokens::{Sequence, Tokens};
use crate::{helm, kustomize, markers};

/// What a condition around a role or binding is called.
const CONDITION: &str = "the condition around it";

/// Lists may hold lists, but nobody nests them deeper.
const DEPTH: usize = 4;

/// Places of all manifests.
pub(crate) fn places(files: &[File]) -> Vec<Place> {
    let mut places = Vec::new();
    let values: Vec<&File> = files.iter().filter(|file| is_values(&file.path)).collect();
    let charts = files.iter().filter_map(|file| helm::chart(&file.path)).collect();
    for (id, file) in files.iter().enumerate() {
        let is_copied =
            file.path.iter().any(|part| part == "vendor") || helm::is_brought(&charts, &file.path);
        let before = places.len();
        let mut reader = Reader { id, file, masked: None, is_copied, places: &mut places };
        match file.parsed() {
            Parsed::Documents(documents) => reader.all(documents),
            Parsed::Helm(documents, masked) => {
                reader.masked = Some(masked);
                let mut documents = documents.clone();
                documents.iter_mut().for_each(|document| masked.unmask(document, file.text()));
                reader.all(&documents);
                note(file, masked, &values, places.iter_mut().skip(before));
            }
            _ => {}
        }
    }
    let mut extra = markers::places(files, &mut places);
    places.append(&mut extra);
    kustomize::apply(files, &mut places);
    places
}

/// Notes at the places of a template what their expressions refer to.
fn note<'p>(file: &File, masked: &Masked, values: &[&File], places: impl Iterator<Item = &'p mut Place>) {
    let follower = Follower::new(Values::of(values, file));
    for place in places {
        let around = masked.choices_around(&place.span, file.text());
        if !around.is_empty() {
            place.inputs.add(CONDITION, &around.replace("{{-", "{{").replace("-}}", "}}"));
        }
        let more = follower.scope.deciding(place, &around);
        follower.note_place(place, more.into_iter().chain([around.as_str()]));
    }
}

struct Reader<'a> {
    id: FileId,
    file: &'a File,
    masked: Option<&'a Masked>,
    /// Whether it is somebody else's.
    is_copied: bool,
    places: &'a mut Vec<Place>,
}

impl Reader<'_> {
    fn all(&mut self, documents: &[Node]) {
        for (at, document) in documents.iter().enumerate() {
            let end = documents.get(at + 1).map_or(self.file.text().len(), |next| next.span.start);
            let removal = if self.masked.is_some() { Removal::Only } else { Removal::Document };
            self.one(document, end, removal, DEPTH);
        }
    }

    fn one(&mut self, node: &Node, end: usize, removal: Removal, depth: usize) {
        let Some(entries) = node.entries() else { return };
        let kind = node.get("kind").and_then(Node::known).unwrap_or_default();
        if let (Some(items), true) = (node.get("items"), kind.ends_with("List")) {
            let sequence = Sequence::of(items);
            for (at, item) in items.items().iter().enumerate().filter(|_| depth > 0) {
                let removal = sequence.clone().map_or(Removal::Only, |list| Removal::Item(list, at));
                self.one(item, end, removal, depth - 1);
            }
            return;
        }
        let version = node.get("apiVersion").and_then(Node::known).unwrap_or_default();
        if !version.starts_with("rbac.authorization.k8s.io/") {
            return;
        }
        let metadata = node.get("metadata");
        let text = |name: &str| metadata?.get(name).map(|node| node.as_text(self.file.text()));
        let is_namespaced = matches!(kind, "Role" | "RoleBinding");
        let names = Names {
            name: text("name").or_else(|| text("generateName").map(opened)),
            namespace: is_namespaced
                .then(|| text("namespace").unwrap_or_else(|| Text::opaque("(namespace)"))),
            ..Names::default()
        };
        let (mut reasons, mut context) = (Vec::new(), String::new());
        if has_repeated(entries.iter().map(|entry| entry.key.as_str())) {
            reasons.push(if self.masked.is_some() { Reason::Template } else { twice() });
        }
        // What follows a list within a document is the next key, which may be written before it.
        let end_of = |span: &Span| {
            let next =
                entries.iter().map(|entry| entry.key_span.start).filter(|start| *start >= span.end).min();
            next.unwrap_or(end)
        };
        let (span, content) = match kind {
            "Role" | "ClusterRole" => {
                if let Some(rule) = node.get("aggregationRule") {
                    reasons.push(Reason::Aggregated);
                    context.push_str(self.file.text().get(rule.span.clone()).unwrap_or_default());
                }
                context.push_str(&aggregating(metadata, self.file.text()));
                let content = match node.get("rules") {
                    Some(rules) => {
                        self.decided(rules, end_of(&rules.span), &mut reasons, &mut context);
                        self.rules(rules, &mut reasons)
                    }
                    None => Content::Rules(Vec::new()),
                };
                (node.span.clone(), content)
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                if let Some(subjects) = node.get("subjects") {
                    self.decided(subjects, end_of(&subjects.span), &mut reasons, &mut context);
                }
                (node.span.clone(), self.binding(node, removal))
            }
            _ => return,
        };
        let name = names.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let form = if self.masked.is_some() { Form::Helm } else { Form::Manifest };
        let line = self.file.lines().of(span.start);
        if self.is_copied {
            reasons.push(Reason::Vendored);
        }
        self.places.push(Place {
            file: self.id,
            line,
            span,
            form,
            address: format!("{kind}/{name}"),
            names,
            content,
            reasons,
            context,
            inputs: Inputs::default(),
            uses: Vec::new(),
        });
    }

    /// Takes over what templates decide of a list, and what they have there.
    fn decided(&self, list: &Node, end: usize, reasons: &mut Vec<Reason>, context: &mut String) {
        let own = self.templates(list, end);
        if own.iter().any(|why| matches!(why, Reason::Template | Reason::Repeated(_))) {
            let text = self.file.text();
            if let Some(masked) = self.masked {
                context.push_str(&masked.loops_around(&list.span, text));
            }
            context.push_str(text.get(list.span.start..end).unwrap_or_default().trim_end());
        }
        reasons.extend(own);
    }

    fn templates(&self, node: &Node, end: usize) -> Vec<Reason> {
        let mut reasons = self.masked.map(|masked| masked.reasons(&node.span, end)).unwrap_or_default();
        if node.is_shared {
            reasons.push(Reason::Anchored);
        }
        reasons
    }

    fn rules(&self, node: &Node, reasons: &mut Vec<Reason>) -> Content {
        let Some(sequence) = Sequence::of(node) else {
            if node.text().is_some() || matches!(node.kind, crate::node::Kind::Expression(_)) {
                reasons.push(Reason::Expression(node.as_text(self.file.text()).to_string()));
                return Content::Unknown;
            }
            return Content::Rules(Vec::new());
        };
        let rules = node
            .items()
            .iter()
            .enumerate()
            .map(|(at, item)| self.rule(item, Removal::Item(sequence.clone(), at)));
        Content::Rules(rules.collect())
    }

    fn rule(&self, node: &Node, removal: Removal) -> Rule {
        let source = self.file.text();
        let tokens = |name: &str| {
            node.get(name)
                .map(|node| Tokens::of(node, |item| item.text().cloned(), source))
                .unwrap_or_default()
        };
        let mut rule = Rule {
            file: self.id,
            line: self.file.lines().of(node.span.start),
            span: node.span.clone(),
            verbs: tokens("verbs"),
            groups: tokens("apiGroups"),
            resources: tokens("resources"),
            names: tokens("resourceNames"),
            urls: tokens("nonResourceURLs"),
            reasons: Vec::new(),
            inputs: Inputs::default(),
            removal,
        };
        if node.is_shared {
            rule.reasons.push(Reason::Anchored);
        }
        match node.entries() {
            Some(entries) if has_repeated(entries.iter().map(|entry| entry.key.as_str())) => {
                rule.reasons.push(twice());
            }
            Some(_) => {}
            None => rule.reasons.push(Reason::Expression(node.as_text(source).to_string())),
        }
        let of_lists: Vec<_> = rule.lists().into_iter().filter_map(|tokens| tokens.reason.clone()).collect();
        rule.reasons.extend(of_lists);
        rule
    }

    fn binding(&self, node: &Node, removal: Removal) -> Content {
        let source = self.file.text();
        let text = |node: &Node, name: &str| node.get(name).map(|node| node.as_text(source));
        let role = node.get("roleRef");
        let subjects = node.get("subjects");
        let of = |node: &Node| SubjectPlace {
            kind: text(node, "kind").unwrap_or_default(),
            name: text(node, "name").unwrap_or_default(),
            namespace: text(node, "namespace"),
            span: node.span.clone(),
        };
        Content::Binding(Box::new(Bound {
            role_kind: role.and_then(|role| text(role, "kind")).unwrap_or_default(),
            role: role.and_then(|role| text(role, "name")).unwrap_or_default(),
            subjects: subjects.map(|node| node.items().iter().map(of).collect()).unwrap_or_default(),
            sequence: subjects.and_then(Sequence::of),
            removal,
            overlay: None,
        }))
    }
}

/// The labels by which other roles take over the rules of one, as they are written.
fn aggregating(metadata: Option<&Node>, source: &str) -> String {
    let labels = metadata.and_then(|metadata| metadata.get("labels")).and_then(Node::entries);
    let labels = labels.unwrap_or_default().iter();
    let own = labels.filter(|entry| entry.key.starts_with("rbac.authorization.k8s.io/aggregate-to-"));
    own.map(|entry| format!("{}={}\n", entry.key, entry.value.as_text(source))).collect()
}

fn opened(mut text: Text) -> Text {
    text.push_opaque("(random)");
    text
}

fn twice() -> Reason {
    Reason::Unreadable("a key is given twice".to_owned())
}
