//! Which members of an operation's input hold roles that the call passes.

use super::models::{Model, Operation, Shape};
use super::paths::lower_first;

/// Deeper members are of recursive shapes, or none that a person would write.
const DEPTH: usize = 5;

/// The paths of the members that hold role ARNs.
pub(super) fn paths(model: &Model, operation: &Operation) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(input) = model.input(operation) {
        search(model, input, "", DEPTH, &mut found);
    }
    if model.metadata.protocol == "ec2" {
        let wrapped: Vec<String> = found.iter().map(|path| wrap(&operation.name, path)).collect();
        found.extend(wrapped);
    }
    found
}

fn search(model: &Model, shape: &Shape, prefix: &str, depth: usize, found: &mut Vec<String>) {
    for (name, reference) in &shape.members {
        let Some(mut member) = model.shape(&reference.shape) else { continue };
        let mut path = format!("{prefix}{}", lower_first(name));
        while let (true, Some(element)) = (member.kind == "list", &member.member) {
            let Some(inner) = model.shape(&element.shape) else { break };
            member = inner;
            path.push_str("[]");
        }
        if member.kind == "string" && is_role(name) {
            found.push(path);
        } else if member.kind == "structure" && depth > 0 {
            search(model, member, &format!("{path}."), depth - 1, found);
        }
    }
}

/// EC2's newer operations are recorded under the request's name, with the spelling of the query.
fn wrap(operation: &str, path: &str) -> String {
    let upper: Vec<String> = path
        .split('.')
        .map(|name| {
            let mut characters = name.chars();
            let first = characters.next().map(|first| first.to_ascii_uppercase()).unwrap_or_default();
            format!("{first}{}", characters.as_str())
        })
        .collect();
    format!("{operation}Request.{}", upper.join("."))
}

fn is_role(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_arn = name.ends_with("rolearn") || name.ends_with("rolearns");
    let is_named = matches!(
        name.as_str(),
        "role" | "servicerole" | "executionrole" | "jobrole" | "taskrole" | "iamrole" | "delegatedadminrole"
    );
    is_arn || is_named || name == "deliverlogspermissionarn"
}
