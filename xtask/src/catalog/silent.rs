//! Which optional resource types a call could involve without its request showing it.

use super::arns::makes;
use super::draft::{Draft, OperationDraft, Origin, TemplateDraft, Use};

/// Places, among the action's resource types, of the optional ones that no request parameter would show.
/// Where one parameter takes resources of several types, or a hand-kept row says so, they are alternatives.
pub(super) fn silent(draft: &Draft, operation: &OperationDraft, action: &str) -> Vec<usize> {
    let Some((prefix, _)) = action.split_once(':') else { return Vec::new() };
    let (Some(row), Some(service)) = (draft.action(action), draft.services.get(prefix)) else {
        return Vec::new();
    };
    if operation.alternatives || row.resource_types.len() < 2 {
        return Vec::new();
    }
    let takes_any = operation.parameters.iter().any(|parameter| {
        let name = parameter.path.to_ascii_lowercase();
        parameter.used_for == Use::Resource
            && matches!(
                name.trim_end_matches("[]"),
                "resourcearn"
                    | "arn"
                    | "resourceidentifier"
                    | "resourcearnlist"
                    | "resourceid"
                    | "resourcename"
            )
    });
    if takes_any {
        return Vec::new();
    }
    // How EC2 spells lists is known for the operations kept by hand only: others may be overlooked.
    let is_sure = |template: &TemplateDraft| {
        prefix != "ec2"
            || template.origin == Origin::Override
            || template.fills.iter().all(|fill| !fill.parameter.contains("[]"))
    };
    let is_shown = |name: &str| {
        service.types.get(name).is_some_and(|resource_type| {
            operation.templates.iter().any(|template| is_sure(template) && makes(template, resource_type))
        })
    };
    row.resource_types
        .iter()
        .enumerate()
        .filter(|(_, (name, required))| !**required && !is_shown(name))
        .filter(|(_, (name, _))| !draft.alternatives.contains(&(prefix.to_owned(), (*name).clone())))
        .map(|(place, _)| place)
        .collect()
}
