//! Applying hand-kept rows to operations, and making operations fit to be written.

use std::collections::BTreeSet;

use anyhow::ensure;

use super::arns::placeholders;
use super::dependents::exists;
use super::draft::{
    FillDraft, NeedDraft, OperationDraft, Origin, ParameterDraft, TemplateDraft, Transform, Use, WhenDraft,
};
use super::models::Operation;
use super::overrides::OperationRow;
use super::paths::lower_first;
use super::resolve::Facts;

pub(super) const PASS_ROLE: &str = "iam:passrole";

/// Applies a hand-kept row to an operation. What the row does not speak of stays.
pub(super) fn apply(facts: &Facts, draft: &mut OperationDraft, row: &OperationRow) -> anyhow::Result<()> {
    let mut needs = Vec::new();
    let mut need = |action: &String, when: WhenDraft| -> anyhow::Result<()> {
        let name = action.to_ascii_lowercase();
        ensure!(exists(&facts.actions, &name), "the action `{action}` does not exist");
        needs.push(NeedDraft { action: name, when, origin: Origin::Override, ambiguous: false });
        Ok(())
    };
    for action in row.needs.iter().flatten() {
        need(action, WhenDraft::Always)?;
    }
    for action in &row.may {
        need(action, WhenDraft::Perhaps)?;
    }
    for (path, actions) in &row.with {
        for action in actions {
            need(action, WhenDraft::With(path.clone()))?;
        }
    }
    for (path, actions) in &row.surely_with {
        for action in actions {
            need(action, WhenDraft::SurelyWith(path.clone()))?;
        }
    }
    for (path, actions) in &row.without {
        for action in actions {
            need(action, WhenDraft::Without(path.clone()))?;
        }
    }
    if row.needs.is_some() {
        draft.needs = needs;
        draft.parameters.clear();
        draft.templates.clear();
    } else {
        draft.needs.retain(|old| !needs.iter().any(|new| new.action == old.action));
        draft.needs.extend(needs);
    }
    for path in row.with.keys().chain(row.surely_with.keys()).chain(row.without.keys()) {
        draft.add_parameter(path, Use::Selector);
    }
    for path in &row.roles {
        set_role(draft, path);
    }
    for path in &row.names_of_resources {
        draft.add_parameter(path, Use::Resource);
    }
    if !row.templates.is_empty() {
        draft.templates.clear();
        draft.parameters.retain(|parameter| {
            parameter.used_for != Use::Resource || row.names_of_resources.contains(&parameter.path)
        });
        for template in &row.templates {
            add_template(draft, &template.arn, &template.from)?;
        }
    }
    for action in &row.ambiguous {
        let found = draft.needs.iter_mut().find(|need| need.action.eq_ignore_ascii_case(action));
        match found {
            Some(need) => need.ambiguous = true,
            None => anyhow::bail!("the action `{action}` is called ambiguous but not needed"),
        }
    }
    draft.alternatives |= row.alternatives;
    Ok(())
}

fn add_template(
    draft: &mut OperationDraft,
    arn: &str,
    from: &std::collections::BTreeMap<String, super::overrides::Filling>,
) -> anyhow::Result<()> {
    let wanted: BTreeSet<&str> = placeholders(arn).into_iter().collect();
    let given: BTreeSet<&str> = from.keys().map(String::as_str).collect();
    ensure!(
        wanted.is_subset(&given),
        "the template `{arn}` has the placeholders {wanted:?} and values for {given:?}"
    );
    let mut fills = Vec::new();
    for (placeholder, filling) in from {
        let mut fill = filling.fill(placeholder);
        draft.add_parameter(&fill.parameter, Use::Resource);
        if let Some(spelling) = draft.spelling(&fill.parameter) {
            fill.parameter = spelling.to_owned();
        }
        fills.push(fill);
    }
    draft.templates.push(TemplateDraft {
        resource_type: String::new(),
        origin: Origin::Override,
        pattern: arn.to_owned(),
        fills,
    });
    Ok(())
}

/// A parameter that holds a passed role names no resource of the operation itself.
pub(super) fn set_role(draft: &mut OperationDraft, path: &str) {
    draft
        .templates
        .retain(|template| !template.fills.iter().any(|fill| fill.parameter.eq_ignore_ascii_case(path)));
    draft.parameters.retain(|parameter| !parameter.path.eq_ignore_ascii_case(path));
    draft.parameters.push(ParameterDraft { path: path.to_owned(), used_for: Use::PassedRole });
}

/// Writes that are given a role pass it, it seems, even where no source says so.
pub(super) fn infer_roles(draft: &mut OperationDraft, paths: Vec<String>) {
    const KEEPING: &[&str] =
        &["Get", "List", "Describe", "Delete", "Cancel", "Disassociate", "Search", "Assume", "Batch"];
    let is_role = |path: &String| {
        let name = path.rsplit('.').next().unwrap_or(path).trim_end_matches("[]").to_ascii_lowercase();
        name.ends_with("rolearn") || matches!(name.as_str(), "executionrole" | "servicerole" | "iamrole")
    };
    let paths: Vec<String> = paths.into_iter().filter(is_role).collect();
    if draft.needs.is_empty() || paths.is_empty() || KEEPING.iter().any(|verb| draft.name.starts_with(verb)) {
        return;
    }
    draft.needs.push(NeedDraft {
        action: PASS_ROLE.to_owned(),
        when: WhenDraft::Perhaps,
        origin: Origin::Shape,
        ambiguous: true,
    });
    for path in paths {
        set_role(draft, &path);
    }
}

/// EC2 shows in the request whether tags were given, in one of two forms; what was tagged it does not tell.
pub(super) fn tag_on_create(draft: &mut OperationDraft, prefix: &str) {
    const CREATE_TAGS: &str = "ec2:createtags";
    let Some(tagging) = draft.needs.iter().find(|need| need.action == CREATE_TAGS) else { return };
    if prefix != "ec2" || tagging.when != WhenDraft::Perhaps {
        return;
    }
    let origin = tagging.origin;
    draft.needs.retain(|need| need.action != CREATE_TAGS);
    for path in ["tagSpecificationSet".to_owned(), format!("{}Request.TagSpecification", draft.name)] {
        draft.add_parameter(&path, Use::Selector);
        draft.needs.push(NeedDraft {
            action: CREATE_TAGS.to_owned(),
            when: WhenDraft::SurelyWith(path),
            origin,
            ambiguous: true,
        });
    }
}

/// API Gateway's resources are the paths of its own API.
pub(super) fn api_gateway(draft: &mut OperationDraft, operation: &Operation) {
    let uri = operation.http.request_uri.split('?').next().unwrap_or_default();
    let uri = uri.strip_prefix("/v2").unwrap_or(uri);
    draft.templates.clear();
    draft.parameters.clear();
    draft.alternatives = true;
    if uri.contains("arn}") {
        return;
    }
    let mut pattern = "arn:${Partition}:apigateway:${Region}::".to_owned();
    let mut fills = Vec::new();
    let mut rest = uri;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { return };
        let name = name.trim_end_matches('+');
        pattern.push_str(&format!("{before}${{{name}}}"));
        let path = camel(name);
        draft.add_parameter(&path, Use::Resource);
        fills.push(FillDraft {
            placeholder: name.to_owned(),
            parameter: path,
            transform: Transform::Plain,
            prefix: String::new(),
            otherwise: String::new(),
        });
        rest = after;
    }
    pattern.push_str(rest);
    draft.templates.push(TemplateDraft {
        resource_type: String::new(),
        origin: Origin::Verb,
        pattern,
        fills,
    });
}

/// `restapi_id` to `restApiId`.
fn camel(name: &str) -> String {
    let joined: String = name
        .split('_')
        .map(|word| match word {
            "restapi" => "RestApi".to_owned(),
            "vpclink" => "VpcLink".to_owned(),
            "usageplan" => "UsagePlan".to_owned(),
            other => {
                let mut characters = other.chars();
                let first = characters.next().map(|first| first.to_ascii_uppercase()).unwrap_or_default();
                format!("{first}{}", characters.as_str())
            }
        })
        .collect();
    lower_first(&joined)
}

/// Brings an operation's rows into one order, and drops parameters that nothing uses.
pub(super) fn tidy(draft: &mut OperationDraft) {
    draft.needs.sort();
    draft.needs.dedup();
    draft.parameters.sort();
    draft.parameters.dedup();
    draft.templates.sort();
    draft.templates.dedup();
}
