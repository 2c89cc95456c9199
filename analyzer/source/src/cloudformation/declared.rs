//! Roles, users, groups and tags in templates of CloudFormation.

use crate::declared::{Boundary, Declared};
use crate::node::{Entry, Kind, Node};
use crate::repository::File;
use crate::statement::Source;
use crate::text::Text;

use super::holder;
use super::text::{is_nothing, referred, whole};

/// All of a template's resources. What SAM gives to all functions is under `Globals`.
pub(super) fn all(
    resources: &[Entry],
    globals: Option<&Node>,
    source: Source<'_>,
    file: &File,
) -> Vec<Declared> {
    let all = resources.iter().filter_map(|entry| one((resources, globals), entry, source, file));
    all.filter(Declared::says).collect()
}

fn one(
    (resources, globals): (&[Entry], Option<&Node>),
    entry: &Entry,
    source: Source<'_>,
    file: &File,
) -> Option<Declared> {
    let kind = entry.value.get("Type").and_then(Node::known)?;
    let properties = entry.value.get("Properties")?;
    let span = entry.key_span.start..entry.value.span.end;
    let mut declared = Declared::new(source.file, file, span, format!("Resources.{}", entry.key));
    let path = file.path.as_path();
    let own = || holder(kind, &Text::opaque(&entry.key), path);
    let list = |name: &str| properties.get(name).map(Node::items).unwrap_or_default();
    let group = |node: &Node| holder("group", &whole(node, source.text), path);
    let global = || globals?.get(kind.strip_prefix("AWS::Serverless::")?);
    let given = |name: &str| properties.get(name).or_else(|| global()?.get(name));
    let boundary = || bounded(resources, given("PermissionsBoundary")?, source);
    match kind {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => {
            declared.holders = vec![(own(), boundary())];
            declared.members = list("Groups").iter().map(|node| (own(), group(node))).collect();
        }
        // SAM makes a role for what is given none, which is called after it.
        "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" if given("Role").is_none() => {
            declared.holders = vec![(own(), boundary())];
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

/// What bounds; none where the template says that nothing does.
fn bounded(resources: &[Entry], node: &Node, source: Source<'_>) -> Option<Boundary> {
    let policy = whole(node, source.text);
    if is_nothing(&policy) {
        return None;
    }
    let address = referred(&policy).filter(|name| resources.iter().any(|entry| entry.key == *name));
    let address = address.map(|name| format!("Resources.{name}"));
    let file = address.is_some().then_some(source.file);
    Some(Boundary { policy, address, file })
}
