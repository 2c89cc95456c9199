//! Which request parameters make up the ARNs of an operation's resources.

use super::draft::{FillDraft, OperationDraft, Origin, TemplateDraft, Transform, TypeDraft, Use};
use super::map::Row;
use super::overrides::{MemberFilling, Rule, TypeRow};
use super::paths::{Member, lower_first};

/// What an operation's templates are made from.
pub(super) struct Inputs<'f> {
    /// IAM prefix of the service whose resource types are meant.
    pub(super) prefix: &'f str,
    pub(super) members: &'f [Member],
    pub(super) rules: &'f [Rule],
    pub(super) rows: &'f [Row],
    /// Resource types that accounts share.
    pub(super) shared: &'f [TypeRow],
    /// How many resource types the action has: where several have an id, a general name tells none of them.
    pub(super) types: usize,
}

/// One way to fill a placeholder.
#[derive(Clone)]
struct Way {
    paths: Vec<String>,
    transform: Transform,
    prefix: String,
    otherwise: String,
    origin: Origin,
}

/// Adds templates and parameters for a resource type: by the hand-kept rules where there are such for it.
pub(super) fn add(operation: &mut OperationDraft, resource_type: &TypeDraft, inputs: &Inputs<'_>) {
    let mut is_ruled = false;
    let name = operation.name.clone();
    for rule in inputs.rules.iter().filter(|rule| {
        rule.service == inputs.prefix && rule.resource_type == resource_type.name && rule.is_for(&name)
    }) {
        let ways: Option<Vec<(&str, Way)>> = rule
            .from
            .iter()
            .map(|(placeholder, filling)| Some((placeholder.as_str(), ruled_way(filling, inputs.members)?)))
            .collect();
        let Some(ways) = ways else { continue };
        is_ruled = true;
        let patterns = if rule.arns.is_empty() { &resource_type.arns } else { &rule.arns };
        for pattern in patterns {
            add_templates(operation, resource_type, pattern, &ways);
        }
    }
    let is_shared = inputs
        .shared
        .iter()
        .any(|row| row.service == inputs.prefix && row.types.contains(&resource_type.name));
    if !is_ruled {
        for pattern in &resource_type.arns {
            let pattern = &if is_shared { pattern.replace("${Account}", "*") } else { pattern.clone() };
            let placeholders = placeholders(pattern);
            let ways: Option<Vec<(&str, Way)>> = placeholders
                .iter()
                .map(|name| Some((*name, way(operation, resource_type, name, placeholders.len(), inputs)?)))
                .collect();
            if let Some(ways) = ways.filter(|ways| !ways.is_empty()) {
                add_templates(operation, resource_type, pattern, &ways);
            }
        }
    }
    // The text of a schema to be created names no schema.
    let is_new = is_new(operation, resource_type);
    let is_content = |member: &Member| is_new && Words::of_member(member).kind == Kind::None;
    let naming = inputs.members.iter().filter(|member| holds_arn(member, resource_type));
    for member in naming.filter(|member| !is_content(member)) {
        for path in &member.paths {
            operation.add_parameter(path, Use::Resource);
        }
    }
}

/// What the operation makes gets its id afterwards: any of the type is meant then.
pub(super) fn add_created(operation: &mut OperationDraft, resource_type: &TypeDraft, prefix: &str) {
    const MAKING: &[&str] =
        &["Create", "Allocate", "Copy", "Import", "Request", "Restore", "Purchase", "Provision"];
    let is_making = MAKING.iter().any(|verb| operation.name.starts_with(verb));
    let is_about = prefix == "ec2" || is_named_after(&operation.name, resource_type);
    let is_told = operation.templates.iter().any(|template| makes(template, resource_type));
    if !is_making || !is_about || is_told {
        return;
    }
    for pattern in &resource_type.arns {
        let mut open = pattern.clone();
        for placeholder in placeholders(pattern) {
            open = open.replace(&format!("${{{placeholder}}}"), "*");
        }
        let template = TemplateDraft {
            resource_type: resource_type.name.clone(),
            origin: Origin::Shape,
            pattern: open,
            fills: Vec::new(),
        };
        operation.templates.push(template);
    }
}

/// Whether an operation makes one of the type that did not exist before.
fn is_new(operation: &OperationDraft, resource_type: &TypeDraft) -> bool {
    let is_making = ["Create", "Register", "Import"].iter().any(|verb| operation.name.starts_with(verb));
    is_making && is_named_after(&operation.name, resource_type)
}

/// `CreateTrail` is about trails.
fn is_named_after(operation: &str, resource_type: &TypeDraft) -> bool {
    operation_noun(operation) == Words::of(&resource_type.name).stem
}

/// The last part of an ARN pattern, whatever its placeholders are called. Account and region may be more open in a
/// template than in the type's own patterns.
pub(super) fn shape(arn: &str) -> String {
    let resource = arn.splitn(6, ':').last().unwrap_or_default();
    placeholders(resource)
        .iter()
        .fold(resource.to_owned(), |shape, name| shape.replace(&format!("${{{name}}}"), "*"))
}

/// Whether a template makes ARNs of the type.
pub(super) fn makes(template: &TemplateDraft, resource_type: &TypeDraft) -> bool {
    template.resource_type == resource_type.name
        || resource_type.arns.iter().any(|own| shape(own) == shape(&template.pattern))
}

/// A member that is not in the input is never given, so what stands for it then always does.
fn ruled_way(filling: &MemberFilling, members: &[Member]) -> Option<Way> {
    let (name, transform, prefix, otherwise) = filling.parts();
    let paths = match members.iter().find(|member| member.name.eq_ignore_ascii_case(name)) {
        Some(member) => member.paths.clone(),
        None if !otherwise.is_empty() => vec![lower_first(name)],
        None => return None,
    };
    let (prefix, otherwise) = (prefix.to_owned(), otherwise.to_owned());
    Some(Way { paths, transform, prefix, otherwise, origin: Origin::Override })
}

/// Every spelling of a parameter makes a template of its own. Spellings come together, so the first of one
/// placeholder goes with the first of the others.
fn add_templates(
    operation: &mut OperationDraft,
    resource_type: &TypeDraft,
    pattern: &str,
    ways: &[(&str, Way)],
) {
    let spellings = ways.iter().map(|(_, way)| way.paths.len()).max().unwrap_or(1);
    for spelling in 0..spellings {
        let mut fills = Vec::new();
        for (placeholder, way) in ways {
            let Some(path) = way.paths.get(spelling).or_else(|| way.paths.last()) else { return };
            operation.add_parameter(path, Use::Resource);
            fills.push(FillDraft {
                placeholder: (*placeholder).to_owned(),
                parameter: operation.spelling(path).unwrap_or(path).to_owned(),
                transform: way.transform,
                prefix: way.prefix.clone(),
                otherwise: way.otherwise.clone(),
            });
        }
        // The least certain source of a part is the source of the whole.
        let origin = ways.iter().map(|(_, way)| way.origin).max().unwrap_or(Origin::Override);
        let template = TemplateDraft {
            resource_type: resource_type.name.clone(),
            origin,
            pattern: pattern.to_owned(),
            fills,
        };
        if !operation.templates.contains(&template) {
            operation.templates.push(template);
        }
    }
}

/// The placeholders that the place of the call does not fill.
pub(super) fn placeholders(pattern: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = pattern;
    while let Some((_, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        if !matches!(name, "Partition" | "Region" | "Account") {
            names.push(name);
        }
        rest = after;
    }
    names
}

/// By equal name, then as the map of 2022 says, then by a name that can mean nothing else.
fn way(
    operation: &OperationDraft,
    resource_type: &TypeDraft,
    placeholder: &str,
    count: usize,
    inputs: &Inputs<'_>,
) -> Option<Way> {
    let plain = |member: &Member| Way {
        paths: member.paths.clone(),
        transform: Transform::Plain,
        prefix: String::new(),
        otherwise: String::new(),
        origin: Origin::Shape,
    };
    let wanted = Words::of(placeholder);
    if wanted.is_general() && inputs.types > 1 {
        return None;
    }
    // What is made gets its id from the service, unless the request has a member of that kind.
    let is_new = is_new(operation, resource_type);
    let is_kept_from = |member: &Words| is_new && wanted.kind.is_id() && !member.kind.is_id();
    // A `ResourceId` in a request is the id of what a rule, policy or target is for, and not of itself.
    let is_same = |member: &&Member| !wanted.is_general() && Words::of_member(member).is(&wanted);
    if let Some(member) = inputs.members.iter().find(is_same) {
        return Some(plain(member));
    }
    for row in inputs.rows {
        if let Some(path) =
            row.fills.iter().find(|(name, _)| Words::of(name).is(&wanted)).map(|(_, path)| path)
            && !is_kept_from(&Words::of(path))
        {
            return Some(way_of_path(path, inputs.members));
        }
    }
    let own = Words::of(&resource_type.name);
    let is_named = |member: &&Member| {
        let words = Words::of_member(member);
        wanted.kind.allows(words.kind)
            && !is_kept_from(&words)
            && !words.stem.is_empty()
            && ((words.stem == wanted.stem && !wanted.is_general())
                || (words.stem == own.stem && (count == 1 || wanted.is_general())))
    };
    if let Some(member) = inputs.members.iter().find(is_named) {
        return Some(plain(member));
    }
    let noun = operation_noun(&operation.name);
    let is_about = count == 1 && (noun == own.stem || noun == wanted.stem);
    let is_bare = |member: &&Member| {
        let words = Words::of_member(member);
        member.is_required && words.stem.is_empty() && wanted.kind.allows(words.kind) && !is_kept_from(&words)
    };
    inputs.members.iter().find(|member| is_about && is_bare(member)).map(plain)
}

fn way_of_path(path: &str, members: &[Member]) -> Way {
    let paths = match members.iter().find(|member| member.name == path.trim_end_matches("[]")) {
        Some(member) => member.paths.clone(),
        None => vec![path.split('.').map(lower_first).collect::<Vec<_>>().join(".")],
    };
    Way {
        paths,
        transform: Transform::Plain,
        prefix: String::new(),
        otherwise: String::new(),
        origin: Origin::Map2022,
    }
}

/// Whether a member may hold the whole ARN of a resource of this type.
fn holds_arn(member: &Member, resource_type: &TypeDraft) -> bool {
    let words = Words::of_member(member);
    let own = Words::of(&resource_type.name);
    match words.kind {
        Kind::Arn => words.stem.is_empty() || words.stem == "resource" || words.stem == own.stem,
        Kind::None | Kind::Identifier => words.stem == "resource" || words.stem == own.stem,
        Kind::Id | Kind::Name => words.stem == "resource",
    }
}

/// A name, cut into what it is about and what kind of name it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Words {
    stem: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Id,
    Name,
    Identifier,
    Arn,
}

impl Kind {
    /// A name is never taken for an id: the id of a thing just made is not in the request.
    fn allows(self, member: Self) -> bool {
        match (self, member) {
            (_, Self::Arn) | (Self::Id | Self::Identifier, Self::Name) | (Self::Name, Self::Id) => false,
            (Self::None | Self::Id | Self::Name | Self::Identifier | Self::Arn, _) => true,
        }
    }

    fn is_id(self) -> bool {
        matches!(self, Self::Id | Self::Identifier)
    }
}

impl Words {
    fn of(name: &str) -> Self {
        let lower: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_lowercase())
            .collect();
        for (ending, kind) in
            [("identifier", Kind::Identifier), ("arn", Kind::Arn), ("name", Kind::Name), ("id", Kind::Id)]
        {
            if let Some(stem) = lower.strip_suffix(ending) {
                return Self { stem: stem.to_owned(), kind };
            }
        }
        Self { stem: lower, kind: Kind::None }
    }

    fn of_member(member: &Member) -> Self {
        let name =
            if member.is_list { member.name.strip_suffix('s').unwrap_or(&member.name) } else { &member.name };
        Self::of(name)
    }

    /// The same name, whatever the case, with `Identifier` for `Id`.
    fn is(&self, other: &Self) -> bool {
        self.stem == other.stem && (self.kind == other.kind) && !self.stem.is_empty()
    }

    fn is_general(&self) -> bool {
        self.stem.is_empty() || self.stem == "resource"
    }
}

/// `DeleteTrail` is about a trail.
fn operation_noun(operation: &str) -> String {
    let after_verb = operation.char_indices().skip(1).find(|(_, character)| character.is_ascii_uppercase());
    let noun = after_verb.and_then(|(place, _)| operation.get(place..)).unwrap_or_default();
    Words::of(noun).stem
}
