//! Tags given on creation: most services ask for their tagging action besides the creating one.

use super::classes::is_read;
use super::draft::{ActionDraft, Level, NeedDraft, OperationDraft, Origin, WhenDraft};
use super::models::{Model, Operation, Shape};
use super::placed::Placed;
use super::resolve::Facts;

/// Deeper members than these belong to what is described, not to what is made.
const DEPTH: usize = 2;

/// Adds the service's tagging actions to an operation that takes tags. Whether tags were given the log does not tell
/// in one way for all services, and a few services ask for nothing more: so they may be needed, whatever the request
/// shows. A hand-kept row that speaks of tagging has the last word. EC2's tags on creation have one name; others are those
/// of instances, copies and the like.
pub(super) fn add(facts: &Facts, placed: &Placed<'_>, operation: &Operation, draft: &mut OperationDraft) {
    let takes_tags = placed.model.input(operation).is_some_and(|input| match placed.prefix.as_str() {
        "ec2" => input.members.keys().any(|name| name.ends_with("TagSpecifications")),
        _ => takes(placed.model, input, DEPTH),
    });
    let level = |need: &NeedDraft| Some(action(facts, &need.action)?.level);
    let is_told =
        draft.needs.iter().any(|need| need.origin == Origin::Override && level(need) == Some(Level::Tagging));
    let sure = draft.needs.iter().find(|need| need.when != WhenDraft::Perhaps).and_then(level);
    let makes_nothing = match sure {
        // Here and there the list calls an action that makes something a tagging or reading one.
        Some(Level::Tagging) => words(&draft.name).iter().any(|word| word.contains("tag")),
        Some(Level::List | Level::Read) => is_read(&draft.name),
        _ => false,
    };
    if !takes_tags || is_told || makes_nothing || draft.needs.is_empty() || is_message(&draft.name) {
        return;
    }
    if placed.prefix == "apigateway" {
        add_verb(placed, draft);
        return;
    }
    for action in tagging(facts, &placed.prefix, &draft.name) {
        add_possible(draft, action);
    }
}

fn add_possible(draft: &mut OperationDraft, action: String) {
    if !draft.needs.iter().any(|need| need.action == action) {
        draft.needs.push(NeedDraft {
            action,
            when: WhenDraft::Perhaps,
            origin: Origin::Shape,
            ambiguous: false,
        });
    }
}

/// API Gateway's actions are HTTP verbs, and tags a resource of their own: where the verb is the creating one too, it is
/// needed on more than what the request names.
fn add_verb(placed: &Placed<'_>, draft: &mut OperationDraft) {
    let Some(tagging) = placed.operation("TagResource") else { return };
    let action = format!("apigateway:{}", tagging.http.method.to_ascii_lowercase());
    match draft.needs.iter_mut().find(|need| need.action == action) {
        Some(need) => need.ambiguous = true,
        None => add_possible(draft, action),
    }
}

/// The tags of a message are not those of a resource.
fn is_message(operation: &str) -> bool {
    operation.starts_with("Send")
}

fn takes(model: &Model, shape: &Shape, depth: usize) -> bool {
    shape.members.iter().any(|(name, reference)| {
        is_tags(name)
            || (depth > 0
                && model
                    .shape(&reference.shape)
                    .is_some_and(|member| member.kind == "structure" && takes(model, member, depth - 1)))
    })
}

/// Whether a member holds tags, or says that tags are copied: `Tags`, `tagList`, `TagSpecifications`,
/// `HostedZoneTags`, `TagsToAdd`, `propagateTags`, `Tagging`. Not `TagKeys`, `imageTag` or `ETag`.
fn is_tags(name: &str) -> bool {
    let words = words(name);
    let follows = |place: usize| words.get(place + 1).map(String::as_str);
    words.iter().enumerate().any(|(place, word)| match word.as_str() {
        "tags" | "tagging" => true,
        "tag" => matches!(follows(place), Some("list" | "set" | "specification" | "specifications")),
        _ => false,
    })
}

/// `HostedZoneTags` as `hosted`, `zone`, `tags`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if !character.is_ascii_uppercase() => word.push(character),
            _ => words.push(character.to_ascii_lowercase().to_string()),
        }
    }
    words
}

/// The actions of a service that tag what an operation makes: those for any resource and those for its own noun; all
/// of them where there are none such.
fn tagging(facts: &Facts, prefix: &str, operation: &str) -> Vec<String> {
    let Some(service) = facts.actions.get(prefix) else { return Vec::new() };
    let all: Vec<(&String, &str)> =
        service.actions.iter().filter_map(|(key, action)| Some((key, tagged(action)?))).collect();
    let is_meant = |noun: &str| noun.is_empty() || noun.ends_with("Resource") || operation.contains(noun);
    let is_any_meant = all.iter().any(|(_, noun)| is_meant(noun));
    all.into_iter()
        .filter(|(_, noun)| !is_any_meant || is_meant(noun))
        .map(|(key, _)| format!("{prefix}:{key}"))
        .collect()
}

/// What an action tags: `Role` of `TagRole`, nothing of `CreateTags`; none where it does not tag.
fn tagged(action: &ActionDraft) -> Option<&str> {
    let name = action.name.as_str();
    let takes_away =
        ["Untag", "UnTag", "Remove", "Delete", "Replicate"].iter().any(|verb| name.starts_with(verb));
    if takes_away || !(action.level == Level::Tagging || name == "TagResource") {
        return None;
    }
    let noun = ["AddTagsTo", "UpdateTagsFor", "ChangeTagsFor", "SetTagsFor", "Tag"]
        .iter()
        .find_map(|verb| name.strip_prefix(verb))
        .or_else(|| name.strip_prefix("Put")?.strip_suffix("Tagging"));
    Some(noun.unwrap_or_default())
}

fn action<'f>(facts: &'f Facts, name: &str) -> Option<&'f ActionDraft> {
    let (service, name) = name.split_once(':')?;
    facts.actions.get(service)?.actions.get(name)
}
