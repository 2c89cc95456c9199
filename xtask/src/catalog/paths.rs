//! How CloudTrail spells request parameters.

use super::models::{Model, Operation, Reference};

/// A member of an operation's input.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The member's name in the model.
    pub(super) name: String,
    /// Whether it is a list of texts.
    pub(super) is_list: bool,
    /// Whether every call gives it.
    pub(super) is_required: bool,
    /// The paths under which CloudTrail may show it.
    pub(super) paths: Vec<String>,
}

/// The members of an operation's input that are texts, or lists of texts.
pub(super) fn members(model: &Model, operation: &Operation) -> Vec<Member> {
    let Some(input) = model.input(operation) else { return Vec::new() };
    let mut members = Vec::new();
    for (name, reference) in &input.members {
        let Some(shape) = model.shape(&reference.shape) else { continue };
        let is_list = shape.kind == "list";
        let text = match &shape.member {
            Some(element) if is_list => model.shape(&element.shape),
            _ => Some(shape),
        };
        if text.is_some_and(|text| text.kind == "string") {
            members.push(Member {
                name: name.clone(),
                is_list,
                is_required: input.required.contains(name),
                paths: paths(model, operation, name, reference, is_list),
            });
        }
    }
    members
}

fn paths(
    model: &Model,
    operation: &Operation,
    name: &str,
    reference: &Reference,
    is_list: bool,
) -> Vec<String> {
    let mark = if is_list { "[]" } else { "" };
    let plain = format!("{}{mark}", lower_first(name));
    match model.metadata.protocol.as_str() {
        "ec2" => {
            let query = upper_first(reference.location_name.as_deref().unwrap_or(name));
            let inner = if is_list { format!("{query}[].content") } else { query.clone() };
            let wrapped = format!("{}Request.{inner}", operation.name);
            if is_list {
                let one = lower_first(&query);
                vec![
                    format!("{}Set.items[].{one}", lower_first(name.trim_end_matches('s'))),
                    format!("{}Set.items[].{one}", lower_first(name)),
                    format!("{one}Set.items[].{one}"),
                    wrapped,
                ]
            } else {
                vec![plain, wrapped]
            }
        }
        "rest-xml" if model.name == "s3" => match name {
            "Bucket" => vec!["bucketName".to_owned()],
            _ => vec![reference.location_name.clone().unwrap_or_else(|| lower_first(name))],
        },
        "rest-json" | "rest-xml" => match &reference.location_name {
            Some(location) if !location.eq_ignore_ascii_case(name) && !location.contains('-') => {
                vec![plain, format!("{}{mark}", lower_first(location))]
            }
            _ => vec![plain],
        },
        _ => vec![plain],
    }
}

/// `VpcId` to `vpcId`, as CloudTrail does.
pub(super) fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + characters.as_str())
}

fn upper_first(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + characters.as_str())
}
