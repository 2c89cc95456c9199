//! Statements of policies as sources write them, with the bytes of each action and resource.

use remit_policy::Effect;

use crate::hcl::Block;
use crate::inputs::Inputs;
use crate::node::{Node, Span};
use crate::place::{FileId, Reason};
use crate::principal::Principals;
use crate::text::{Piece, Text};
use crate::tokens::{Sequence, Token, Tokens};

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The file that holds it.
    pub file: FileId,
    /// Line, from 1, on which it starts.
    pub line: u32,
    /// Its bytes.
    pub span: Span,
    /// Its `Sid`.
    pub sid: Option<Token>,
    /// Allow or deny; none where the source does not tell.
    pub effect: Option<Effect>,
    /// The expression that says which.
    pub open_effect: Option<Text>,
    /// Whether it names what it does not mean: `NotAction`.
    pub not_actions: bool,
    /// Its actions.
    pub actions: Tokens,
    /// Whether it names what it does not mean: `NotResource`.
    pub not_resources: bool,
    /// Its resources.
    pub resources: Tokens,
    /// Whom it is about: of a resource's policy, or one that says who may become a role.
    pub principals: Option<Principals>,
    /// Its conditions.
    pub conditions: Vec<SourceCondition>,
    /// Why it cannot be edited.
    pub reasons: Vec<Reason>,
    /// What its expressions refer to.
    pub inputs: Inputs,
    pub(crate) removal: Removal,
}

/// A condition of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCondition {
    /// The operator, such as `StringLike`.
    pub operator: Text,
    /// The key, such as `aws:RequestedRegion`.
    pub key: Text,
    /// The values.
    pub values: Vec<Text>,
}

/// How a statement or rule is taken away whole.
#[derive(Clone, Debug)]
pub(crate) enum Removal {
    /// As an item of a list.
    Item(Sequence, usize),
    /// As a block on lines of its own.
    Lines,
    /// As a document of a file that holds several.
    Document,
    /// As a line, whose neighbours are others of its kind.
    Marker,
    /// Not at all: it is the only one, and no list holds it.
    Only,
}

impl Removal {
    /// Of a block of Terraform, which is one of a list where it is written as JSON.
    pub(crate) fn of(block: &Block) -> Self {
        match &block.list {
            Some((list, at)) => match Sequence::of(list) {
                Some(sequence) => Self::Item(sequence, *at),
                None => Self::Only,
            },
            None => Self::Lines,
        }
    }
}

/// What a notation writes for a text that is none: functions of CloudFormation.
pub(crate) type TextOf = fn(&Node, &str) -> Option<Text>;

/// A text is a text.
pub(crate) fn plain(node: &Node, _source: &str) -> Option<Text> {
    node.text().cloned()
}

/// Follows names that a notation defines itself.
pub(crate) trait Definitions {
    /// The texts that a value is, or is a list of. What is not known stands for itself.
    fn texts(&self, file: FileId, node: &Node) -> Vec<Text>;
}

/// The file that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: FileId,
    pub(crate) text: &'a str,
    pub(crate) lines: &'a crate::lines::Lines,
    pub(crate) text_of: TextOf,
    /// None where nothing defines names.
    pub(crate) definitions: Option<&'a dyn Definitions>,
}

/// The statements of a document: a map with the key `Statement`.
pub(crate) fn document(node: &Node, source: Source<'_>, reasons: &mut Vec<Reason>) -> Vec<Statement> {
    let Some(entries) = node.entries() else {
        reasons.push(Reason::Expression(source.text.get(node.span.clone()).unwrap_or_default().to_owned()));
        return Vec::new();
    };
    if has_repeated(entries.iter().map(|entry| entry.key.as_str())) {
        reasons.push(Reason::Unreadable("a key is given twice".to_owned()));
    }
    if node.is_shared {
        reasons.push(Reason::Anchored);
    }
    match node.get("Statement") {
        Some(statements) => list(statements, source, reasons),
        None => {
            reasons.push(Reason::Unreadable("there is no `Statement`".to_owned()));
            Vec::new()
        }
    }
}

/// The statements of a list, or the only one.
pub(crate) fn list(node: &Node, source: Source<'_>, reasons: &mut Vec<Reason>) -> Vec<Statement> {
    if node.is_shared {
        reasons.push(Reason::Anchored);
    }
    let sequence = Sequence::of(node);
    let mut statements = Vec::new();
    for (at, item) in node.items().iter().enumerate() {
        let removal = match &sequence {
            Some(sequence) => Removal::Item(sequence.clone(), at),
            None => Removal::Only,
        };
        match map(item, source, removal) {
            Some(statement) => statements.push(statement),
            None => {
                let tag = item.tag.as_ref().map(|tag| format!("!{tag}"));
                let written = || source.text.get(item.span.clone()).unwrap_or_default().to_owned();
                reasons.push(Reason::Expression(tag.unwrap_or_else(written)));
            }
        }
    }
    statements
}

/// A statement that is a map; its keys are those of the JSON language, or those of Terraform's modules.
pub(crate) fn map(node: &Node, source: Source<'_>, removal: Removal) -> Option<Statement> {
    let entries = node.entries()?;
    let mut statement = empty(node.span.clone(), source, removal);
    if node.is_shared {
        statement.reasons.push(Reason::Anchored);
    }
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.key.to_ascii_lowercase().replace('_', "");
        // What takes over another map, or is one of two by a condition, says more than is written here.
        if entry.key == "<<" || entry.key.starts_with("Fn::") {
            let end = if entry.key == "<<" { entry.value.span.end } else { entry.key_span.end };
            let written = source.text.get(entry.key_span.start..end).unwrap_or_default();
            statement.reasons.push(Reason::Expression(written.to_owned()));
        }
        take(&mut statement, &name, &entry.value, source);
        names.push(name);
    }
    if has_repeated(names.iter().map(String::as_str)) {
        statement.reasons.push(Reason::Unreadable("a key is given twice".to_owned()));
    }
    statement.check();
    Some(statement)
}

/// A `statement` block of Terraform. It allows where it does not say.
pub(crate) fn block(block: &Block, source: Source<'_>) -> Statement {
    let mut statement = empty(block.span.clone(), source, Removal::of(block));
    statement.effect = Some(Effect::Allow);
    for entry in &block.attributes {
        take(&mut statement, &entry.key.replace('_', ""), &entry.value, source);
    }
    statement.principals = Principals::of_blocks(block, source);
    for condition in block.blocks("condition") {
        let text = |name| condition.get(name).map(|node| node.as_text(source.text)).unwrap_or_default();
        let values = condition.get("values").map(|node| texts(node, source)).unwrap_or_default();
        let values = values.iter().map(variables).collect();
        statement.conditions.push(SourceCondition { operator: text("test"), key: text("variable"), values });
    }
    if block.blocks("dynamic").next().is_some() {
        statement.conditions.push(SourceCondition {
            operator: Text::opaque("dynamic"),
            key: Text::opaque("dynamic"),
            values: Vec::new(),
        });
    }
    for tokens in [&mut statement.actions, &mut statement.resources] {
        for token in &mut tokens.items {
            token.text = variables(&token.text);
        }
        for text in tokens.said.iter_mut().flatten() {
            *text = variables(text);
        }
    }
    statement.check();
    statement
}

/// `&{..}` is how Terraform's data source writes a variable of the policy language.
fn variables(text: &Text) -> Text {
    let mut all = Text::default();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text) => all.push(&text.replace("&{", "${")),
            Piece::Opaque(expression) => all.push_opaque(expression.source()),
        }
    }
    all
}

pub(crate) fn empty(span: Span, source: Source<'_>, removal: Removal) -> Statement {
    Statement {
        file: source.file,
        line: source.lines.of(span.start),
        span,
        sid: None,
        effect: None,
        open_effect: None,
        not_actions: false,
        actions: Tokens::default(),
        not_resources: false,
        resources: Tokens::default(),
        principals: None,
        conditions: Vec::new(),
        reasons: Vec::new(),
        inputs: Inputs::default(),
        removal,
    }
}

/// Takes over one element, by its name in lower case.
fn take(statement: &mut Statement, name: &str, value: &Node, source: Source<'_>) {
    let tokens = || Tokens {
        said: source.definitions.map(|all| all.texts(source.file, value)),
        ..Tokens::of(value, |node| (source.text_of)(node, source.text), source.text)
    };
    match name {
        "sid" => {
            let text = (source.text_of)(value, source.text).unwrap_or_else(|| value.as_text(source.text));
            statement.sid = Some(Token { text, span: value.span.clone() });
        }
        "effect" => {
            let text = texts(value, source).into_iter().next().unwrap_or_default();
            statement.effect = match text.known() {
                Some("Allow") => Some(Effect::Allow),
                Some("Deny") => Some(Effect::Deny),
                _ => None,
            };
            statement.open_effect = Some(text).filter(|text| text.known().is_none());
        }
        "action" | "actions" | "notaction" | "notactions" => {
            statement.not_actions = name.starts_with("not");
            statement.actions = tokens();
        }
        "resource" | "resources" | "notresource" | "notresources" => {
            statement.not_resources = name.starts_with("not");
            statement.resources = tokens();
        }
        "principal" | "principals" | "notprincipal" | "notprincipals" => {
            statement.principals = Some(Principals::of_json(value, name.starts_with("not"), source));
        }
        "condition" | "conditions" => statement.conditions = conditions(value, source),
        _ => {}
    }
}

/// Conditions as the JSON language writes them, by operator and key, or as modules take them, in a list.
fn conditions(node: &Node, source: Source<'_>) -> Vec<SourceCondition> {
    if let Some(list) = node.list() {
        let of = |item: &Node| {
            let text = |name| item.get(name).map(|node| node.as_text(source.text)).unwrap_or_default();
            let values = item.get("values").map(|node| texts(node, source)).unwrap_or_default();
            SourceCondition { operator: text("test"), key: text("variable"), values }
        };
        return list.items.iter().map(of).collect();
    }
    let Some(operators) = node.entries() else {
        let text = node.as_text(source.text);
        return vec![SourceCondition { operator: text.clone(), key: text, values: Vec::new() }];
    };
    let mut all = Vec::new();
    for operator in operators {
        let name = Text::literal(operator.key.clone());
        match operator.value.entries() {
            Some(keys) => all.extend(keys.iter().map(|key| SourceCondition {
                operator: name.clone(),
                key: Text::literal(key.key.clone()),
                values: texts(&key.value, source),
            })),
            None => all.push(SourceCondition {
                operator: name,
                key: operator.value.as_text(source.text),
                values: Vec::new(),
            }),
        }
    }
    all
}

pub(crate) fn texts(node: &Node, source: Source<'_>) -> Vec<Text> {
    if let Some(definitions) = source.definitions {
        return definitions.texts(source.file, node);
    }
    let of = |node: &Node| (source.text_of)(node, source.text).unwrap_or_else(|| node.as_text(source.text));
    node.items().iter().map(of).collect()
}

pub(crate) fn has_repeated<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    !names.into_iter().all(|name| seen.insert(name))
}

fn are_written_as(own: &[Vec<&Text>], other: &[Vec<&Text>]) -> bool {
    let are_same = |(own, other): (&Vec<&Text>, &Vec<&Text>)| {
        own.len() == other.len() && own.iter().zip(other).all(|(own, other)| own.is_written_as(other))
    };
    own.len() == other.len() && own.iter().zip(other).all(are_same)
}

impl Statement {
    /// Whether another says the same, wherever it is written.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.effect == other.effect
            && self.sid.as_ref().map(|sid| &sid.text) == other.sid.as_ref().map(|sid| &sid.text)
            && self.not_actions == other.not_actions
            && self.not_resources == other.not_resources
            && are_written_as(&self.principals_and_conditions(), &other.principals_and_conditions())
            && self.principals.as_ref().map(|all| all.negated)
                == other.principals.as_ref().map(|all| all.negated)
            && self.actions.is_same(&other.actions)
            && self.resources.is_same(&other.resources)
            && self.conditions.len() == other.conditions.len()
    }

    /// Its texts beside actions and resources, those of each condition together.
    fn principals_and_conditions(&self) -> Vec<Vec<&Text>> {
        let conditions = self.conditions.iter();
        let conditions =
            conditions.map(|one| [&one.operator, &one.key].into_iter().chain(&one.values).collect());
        let principals = self.principals.iter().flat_map(|all| &all.items);
        principals.map(|one| vec![&one.kind, &one.id]).chain(conditions).collect()
    }

    /// The expressions in it of which it is not known what they stand for.
    pub(crate) fn expressions(&self) -> Vec<&str> {
        let lists = [&self.actions, &self.resources].into_iter().flat_map(|tokens| tokens.said());
        let conditions = self.conditions.iter();
        let conditions = conditions.flat_map(|one| [&one.operator, &one.key].into_iter().chain(&one.values));
        let principals = self.principals.iter().flat_map(|all| &all.items);
        let principals = principals.flat_map(|one| [&one.kind, &one.id]);
        let all = lists.chain(conditions).chain(principals).chain(&self.open_effect);
        all.flat_map(Text::expressions).collect()
    }

    /// The same whatever its expressions refer to.
    pub fn as_written(&self) -> Self {
        let mut plain = self.clone();
        let lists = [&mut plain.actions, &mut plain.resources].into_iter();
        lists.flat_map(|tokens| tokens.said.iter_mut().flatten()).for_each(|text| text.mark(|_| None));
        plain.texts_mut().into_iter().for_each(|text| text.mark(|_| None));
        plain
    }

    /// Its texts beside actions and resources.
    pub(crate) fn texts_mut(&mut self) -> Vec<&mut Text> {
        let conditions = self.conditions.iter_mut();
        let conditions =
            conditions.flat_map(|one| [&mut one.operator, &mut one.key].into_iter().chain(&mut one.values));
        let principals = self.principals.iter_mut().flat_map(|all| &mut all.items);
        let principals = principals.flat_map(|one| [&mut one.kind, &mut one.id]);
        conditions.chain(principals).chain(&mut self.open_effect).collect()
    }

    fn check(&mut self) {
        if self.effect.is_none() {
            self.reasons.push(Reason::Unreadable("its effect is not known".to_owned()));
        }
        self.reasons.extend(self.actions.reason.clone());
        if self.actions.items.is_empty() && self.actions.reason.is_none() {
            self.reasons.push(Reason::Unreadable("it has no actions".to_owned()));
        }
    }
}
