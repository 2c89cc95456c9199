//! Roles and bindings of Kubernetes that Terraform makes.
//! Source: the documentation of Terraform's provider `kubernetes`, resources `kubernetes_role_v1`, `kubernetes_role_binding_v1` and
//! those of the cluster; the ones without `_v1` take the same.

use crate::hcl::Block;
use crate::inputs::Inputs;
use crate::node::Node;
use crate::place::{Content, FileId, Form, Names, Place, Reason};
use crate::rule::Rule;
use crate::statement::{Definitions as _, Removal, has_repeated};
use crate::subject::{Bound, SubjectPlace};
use crate::text::Text;
use crate::tokens::{Sequence, Tokens};

use super::tags::Tags;
use super::{Module, repeats, rounds};

/// What Kubernetes calls that which a resource makes; none where it is something else.
pub(crate) fn kind(resource: &str) -> Option<&'static str> {
    match resource.strip_suffix("_v1").unwrap_or(resource) {
        "kubernetes_role" => Some("Role"),
        "kubernetes_cluster_role" => Some("ClusterRole"),
        "kubernetes_role_binding" => Some("RoleBinding"),
        "kubernetes_cluster_role_binding" => Some("ClusterRoleBinding"),
        _ => None,
    }
}

/// The namespace in which the provider puts what does not say one, and in which it looks for service accounts.
const NAMESPACE: &str = "default";

/// Labels by which roles of Kubernetes take over the rules of the one that has them.
const AGGREGATING: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// The places of a module.
pub(super) fn places(module: &Module<'_>) -> Vec<Place> {
    let resources = module.blocks.iter().filter(|(_, block)| block.kind == "resource");
    let known = resources.filter_map(|(file, block)| Some((*file, *block, kind(block.labels.first()?)?)));
    known.map(|(file, block, kind)| place(module, file, block, kind)).collect()
}

fn place(module: &Module<'_>, file: FileId, block: &Block, kind: &str) -> Place {
    let mut reasons: Vec<Reason> = repeats(block).into_iter().collect();
    if block.blocks("dynamic").next().is_some() {
        reasons.push(Reason::Dynamic);
    }
    if block.blocks("aggregation_rule").next().is_some() {
        reasons.push(Reason::Aggregated);
    }
    reasons.extend(module.called_often());
    let content = if kind.ends_with("Binding") {
        Content::Binding(Box::new(binding(module, file, block)))
    } else {
        Content::Rules(block.blocks("rule").map(|block| rule(module, file, block)).collect())
    };
    let place = module.place(file, &block.span, Form::Terraform, content, reasons);
    Place {
        address: block.address(),
        names: names(module, file, block, !kind.starts_with("Cluster")),
        context: context(module, file, block),
        ..place
    }
}

fn names(module: &Module<'_>, file: FileId, block: &Block, is_namespaced: bool) -> Names {
    let metadata = block.blocks("metadata").next();
    let text = |name: &str| metadata?.get(name).map(|node| module.text(file, node));
    let generated = || {
        let mut name = text("generate_name")?;
        name.push_opaque("(random)");
        Some(name)
    };
    Names {
        name: text("name").or_else(generated),
        namespace: is_namespaced.then(|| text("namespace").unwrap_or_else(|| Text::literal(NAMESPACE))),
        ..Names::default()
    }
}

/// What else decides what is granted: what is gone through, and by what other roles take over the rules of this one.
fn context(module: &Module<'_>, file: FileId, block: &Block) -> String {
    let mut context = String::new();
    if repeats(block).is_some() {
        context.push_str(&rounds::Loop::of(module, file, block).written);
    }
    for inner in block.blocks("dynamic").chain(block.blocks("aggregation_rule")) {
        context.push_str(module.written(file).get(inner.span.clone()).unwrap_or_default());
    }
    let labels = block.blocks("metadata").next().and_then(|metadata| metadata.get("labels"));
    let labels = labels.map(|node| Tags::of(module, file, node)).unwrap_or_default();
    for (key, value) in labels.entries.iter().filter(|(key, _)| key.starts_with(AGGREGATING)) {
        context.push_str(&format!("{key}={value}\n"));
    }
    // What cannot be read may be such labels, too.
    for written in labels.unread {
        context.push_str(&format!("labels = {written}\n"));
    }
    context
}

fn rule(module: &Module<'_>, file: FileId, block: &Block) -> Rule {
    let source = module.written(file);
    let tokens = |name: &str| {
        let of = |node: &Node| Tokens {
            said: Some(module.texts(file, node)),
            ..Tokens::of(node, |item| item.text().cloned(), source)
        };
        block.get(name).map(of).unwrap_or_default()
    };
    let mut rule = Rule {
        file,
        line: module.files.get(file).map_or(0, |file| file.lines().of(block.span.start)),
        span: block.span.clone(),
        verbs: tokens("verbs"),
        groups: tokens("api_groups"),
        resources: tokens("resources"),
        names: tokens("resource_names"),
        urls: tokens("non_resource_urls"),
        reasons: Vec::new(),
        inputs: Inputs::default(),
        removal: Removal::of(block),
    };
    if has_repeated(block.attributes.iter().map(|entry| entry.key.as_str())) {
        rule.reasons.push(Reason::Unreadable("a key is given twice".to_owned()));
    }
    let of_lists: Vec<_> = rule.lists().into_iter().filter_map(|tokens| tokens.reason.clone()).collect();
    rule.reasons.extend(of_lists);
    rule
}

fn binding(module: &Module<'_>, file: FileId, block: &Block) -> Bound {
    let text = |block: &Block, name: &str| block.get(name).map(|node| module.text(file, node));
    let role = block.blocks("role_ref").next();
    let of_role = |name: &str| role.and_then(|role| text(role, name)).unwrap_or_default();
    let subjects: Vec<&Block> = block.blocks("subject").collect();
    let sequence = subjects.first().and_then(|first| Sequence::of(&first.list.as_ref()?.0));
    let of = |subject: &&Block| {
        let kind = text(subject, "kind").unwrap_or_default();
        // Users and groups are of no namespace.
        let is_of_one = kind.known().is_none_or(|kind| kind == "ServiceAccount");
        let default = || is_of_one.then(|| Text::literal(NAMESPACE));
        SubjectPlace {
            name: text(subject, "name").unwrap_or_default(),
            namespace: text(subject, "namespace").or_else(default),
            span: subject.span.clone(),
            kind,
        }
    };
    Bound {
        role_kind: of_role("kind"),
        role: of_role("name"),
        subjects: subjects.iter().map(of).collect(),
        sequence,
        // Others may refer to the resource, which go with it by hand.
        removal: Removal::Only,
        overlay: None,
    }
}
