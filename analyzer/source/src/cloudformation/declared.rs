//! Roles, users, groups and tags in templates of CloudFormation.

use crate::declared::{Boundary, Declared};
use crate::node::{Entry, Kind, Node};
use crate::repository::File;
use crate::statement::Source;
use crate::text::Text;

use super::{holder, listed, text_of, whole};

/// All of a template's resources.
pub(super) fn all(resources: &[Entry], source: Source<'_>, file: &File) -> Vec<Declared> {
    let all = resources.iter().filter_map(|entry| one(resources, entry, source, file));
    all.filter(Declared::says).collect()
}

fn one(resources: &[Entry], entry: &Entry, source: Source<'_>, file: &File) -> Option<Declared> {
    let kind = entry.value.get("Type").and_then(Node::known)?;
    let properties = entry.value.get("Properties")?;
    let span = entry.key_span.start..entry.value.span.end;
    let mut declared = Declared::new(source.file, file, span, format!("Resources.{}", entry.key));
    let path = file.path.as_path();
    let own = || holder(kind, &Text::opaque(&entry.key), path);
    let list = |name: &str| properties.get(name).map(listed).unwrap_or_default();
    let group = |node: &Node| holder("group", &whole(node, source.text), path);
    match kind {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => {
            declared.holders = vec![own()];
            let boundary = properties.get("PermissionsBoundary");
            declared.boundary = boundary.map(|node| bounded(resources, node, source));
            declared.members = list("Groups").iter().map(|node| (own(), group(node))).collect();
        }
        "AWS::IAM::UserToGroupAddition" => {
            let to = group(properties.get("GroupName")?);
            let user = |node: &Node| holder("user", &whole(node, source.text), path);
            declared.members = list("Users").iter().map(|node| (user(node), to.clone())).collect();
        }
        _ => {}
    }
    match properties.get("Tags").map(|node| &node.kind) {
        Some(Kind::List(all)) => {
            let text = |node: &Node, name: &str| Some(node.get(name)?.known()?.to_owned());
            let pairs = all.items.iter().filter_map(|node| Some((text(node, "Key")?, text(node, "Value")?)));
            declared.tags.extend(pairs);
        }
        // Functions of SAM have a map of them.
        Some(Kind::Map(all)) => {
            let pairs = all.iter().filter_map(|one| Some((one.key.clone(), one.value.known()?.to_owned())));
            declared.tags.extend(pairs);
        }
        _ => {}
    }
    Some(declared)
}

fn bounded(resources: &[Entry], node: &Node, source: Source<'_>) -> Boundary {
    let name = text_of(node, source.text).map(|text| text.to_string()).unwrap_or_default();
    let is_own = resources.iter().any(|entry| entry.key == name);
    Boundary { policy: whole(node, source.text), address: is_own.then(|| format!("Resources.{name}")) }
}
