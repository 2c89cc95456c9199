//! Policies written in the notations of sources, for a person to put there.

use remit_policy::{Document, Effect, Matcher, Statement};
use serde_json::Value;

use crate::place::{Form, Place};
use crate::splice;

/// How a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// JSON, as the provider writes it.
    Json,
    /// JSON that Terraform renders.
    Template,
    /// `statement` blocks of Terraform's data source.
    Blocks,
    /// An object of Terraform, as `jsonencode` takes it.
    Object,
    /// A list of objects of Terraform, in the words of its data source, as modules take it.
    Words,
    /// YAML.
    Yaml,
}

/// A value to be written.
enum Tree {
    Text(String),
    /// A number or a boolean.
    Plain(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Notation {
    /// The notation of a place. `text` is that of its file, whose name ends with `.json` or not.
    pub(crate) fn of(place: &Place, text: &str, is_json: bool) -> Self {
        let is_braced = text.get(place.span.clone()).is_some_and(|own| own.starts_with('{'));
        match place.form {
            _ if is_json => Self::Json,
            Form::TerraformDocument => Self::Blocks,
            Form::TerraformHeredoc => Self::Template,
            Form::TerraformFile | Form::Code => Self::Json,
            Form::Terraform if matches!(place.content, crate::Content::Statements(_)) => Self::Words,
            Form::Terraform | Form::TerraformJsonencode => Self::Object,
            _ if is_braced => Self::Json,
            Form::CloudFormation | Form::Sam | Form::Document => Self::Yaml,
            Form::Manifest | Form::Helm | Form::Markers => Self::Yaml,
        }
    }

    /// A whole policy.
    pub(crate) fn policy(self, document: &Document) -> String {
        let statements = document.statements.iter();
        match self {
            Self::Blocks | Self::Words => return self.statements(&document.statements),
            Self::Json => return document.emit(),
            Self::Template => return template(&document.emit()),
            Self::Object | Self::Yaml => {}
        }
        let mut entries = Vec::new();
        for (key, value) in [("Version", &document.version), ("Id", &document.id)] {
            entries.extend(value.clone().map(|value| (key.to_owned(), Tree::Text(value))));
        }
        entries.push(("Statement".to_owned(), Tree::List(statements.map(Tree::of).collect())));
        self.tree(&Tree::Map(entries))
    }

    /// Statements alone, as they stand in a policy.
    pub(crate) fn statements(self, statements: &[Statement]) -> String {
        match self {
            Self::Blocks => statements.iter().map(block).collect::<Vec<_>>().join("\n"),
            Self::Words => self.tree(&Tree::List(statements.iter().map(Tree::of_words).collect())),
            _ => self.tree(&Tree::List(statements.iter().map(Tree::of).collect())),
        }
    }

    fn tree(self, tree: &Tree) -> String {
        let mut text = String::new();
        match self {
            Self::Json => tree.json(&mut text, 0),
            Self::Template => {
                tree.json(&mut text, 0);
                text = template(&text);
            }
            Self::Yaml => tree.yaml(&mut text, 0),
            Self::Blocks | Self::Object | Self::Words => tree.hcl(&mut text, 0),
        }
        format!("{}\n", text.trim_end())
    }
}

impl Tree {
    fn texts(texts: &[String]) -> Self {
        Self::List(texts.iter().cloned().map(Self::Text).collect())
    }

    fn value(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.clone()),
            other => Self::Plain(other.to_string()),
        }
    }

    /// A statement in the words of the policy language.
    fn of(statement: &Statement) -> Self {
        let mut entries =
            elements(statement, |name, negated| format!("{}{name}", if negated { "Not" } else { "" }));
        let mut operators: Vec<(String, Self)> = Vec::new();
        for condition in &statement.conditions {
            let values = Self::List(condition.values.iter().map(Self::value).collect());
            let key = (condition.key.clone(), values);
            match operators.iter_mut().find(|(operator, _)| *operator == condition.operator) {
                Some((_, Self::Map(keys))) => keys.push(key),
                _ => operators.push((condition.operator.clone(), Self::Map(vec![key]))),
            }
        }
        if !operators.is_empty() {
            entries.push(("Condition".to_owned(), Self::Map(operators)));
        }
        Self::Map(entries)
    }

    /// A statement in the words of Terraform's data source.
    fn of_words(statement: &Statement) -> Self {
        let mut entries = words(statement);
        let conditions = statement.conditions.iter().map(|one| Self::Map(condition(one)));
        let conditions: Vec<_> = conditions.collect();
        if !conditions.is_empty() {
            entries.push(("conditions".to_owned(), Self::List(conditions)));
        }
        Self::Map(entries)
    }

    fn json(&self, text: &mut String, depth: usize) {
        let all: Vec<(String, &Self)> = match self {
            Self::Text(own) => return text.push_str(&quoted(own)),
            Self::Plain(own) => return text.push_str(own),
            Self::List(items) => items.iter().map(|item| (String::new(), item)).collect(),
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| (format!("{}: ", quoted(key)), value)).collect()
            }
        };
        let (open, close) = if matches!(self, Self::List(_)) { ('[', ']') } else { ('{', '}') };
        text.push(open);
        for (at, (key, value)) in all.iter().enumerate() {
            text.push_str(if at > 0 { ",\n" } else { "\n" });
            text.push_str(&"    ".repeat(depth + 1));
            text.push_str(key);
            value.json(text, depth + 1);
        }
        text.push('\n');
        text.push_str(&"    ".repeat(depth));
        text.push(close);
    }

    fn hcl(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth + 1);
        match self {
            Self::Text(own) => text.push_str(&string(own)),
            Self::Plain(own) => text.push_str(own),
            Self::List(items) => match items.as_slice() {
                [only @ (Self::Text(_) | Self::Plain(_))] => {
                    text.push('[');
                    only.hcl(text, depth);
                    text.push(']');
                }
                items => {
                    text.push_str("[\n");
                    for item in items {
                        text.push_str(&indent);
                        item.hcl(text, depth + 1);
                        text.push_str(",\n");
                    }
                    text.push_str(&"  ".repeat(depth));
                    text.push(']');
                }
            },
            Self::Map(entries) => {
                text.push_str("{\n");
                attributes(entries, text, depth + 1);
                text.push_str(&"  ".repeat(depth));
                text.push('}');
            }
        }
    }

    fn yaml(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Text(own) => text.push_str(&scalar(own)),
            Self::Plain(own) => text.push_str(own),
            Self::List(items) => {
                for item in items {
                    text.push_str(&indent);
                    text.push_str("- ");
                    let mut own = String::new();
                    item.yaml(&mut own, depth + 1);
                    text.push_str(own.trim());
                    text.push('\n');
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    text.push_str(&format!("{indent}{}:", scalar(key)));
                    let is_inner = matches!(value, Self::List(_) | Self::Map(_));
                    text.push(if is_inner { '\n' } else { ' ' });
                    value.yaml(text, depth + 1);
                    if !is_inner {
                        text.push('\n');
                    }
                }
            }
        }
    }
}

/// Attributes below each other, with the signs of those that follow each other on one line below each other, too.
fn attributes(entries: &[(String, Tree)], text: &mut String, depth: usize) {
    let written: Vec<(String, String)> = entries
        .iter()
        .map(|(key, value)| {
            let mut own = String::new();
            value.hcl(&mut own, depth);
            let is_name = key.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
            (if is_name { key.clone() } else { string(key) }, own)
        })
        .collect();
    let mut rest = written.as_slice();
    while let Some(first) = rest.first() {
        let is_row = |(_, value): &(String, String)| !value.contains('\n');
        let count = if is_row(first) { rest.iter().take_while(|one| is_row(one)).count() } else { 1 };
        let (run, others) = rest.split_at(count);
        let width = run.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
        for (key, value) in run {
            text.push_str(&format!("{}{key:width$} = {value}\n", "  ".repeat(depth)));
        }
        rest = others;
    }
}

/// A `statement` block.
fn block(statement: &Statement) -> String {
    let mut text = "statement {\n".to_owned();
    attributes(&words(statement), &mut text, 1);
    for one in &statement.conditions {
        text.push_str("\n  condition {\n");
        attributes(&condition(one), &mut text, 2);
        text.push_str("  }\n");
    }
    // In a data source a variable of the policy language has a sign of its own.
    format!("{}}}\n", text.replace("$${", "&{"))
}

/// What a statement says but for conditions, in the words of Terraform's data source.
fn words(statement: &Statement) -> Vec<(String, Tree)> {
    elements(statement, |name, negated| {
        let plural = if matches!(name, "Action" | "Resource") { "s" } else { "" };
        format!("{}{}{plural}", if negated { "not_" } else { "" }, name.to_ascii_lowercase())
    })
}

/// What a statement says but for conditions. Each element gets the word for its name, of which the statement may have the `Not` form.
fn elements(statement: &Statement, word: impl Fn(&str, bool) -> String) -> Vec<(String, Tree)> {
    let Statement { sid, actions, resources, .. } = statement;
    let sid = sid.as_ref().map(|sid| (word("Sid", false), Tree::Text(sid.clone())));
    let effect = (word("Effect", false), Tree::Text(effect(statement).to_owned()));
    let list = |name, of: &Matcher| (word(name, of.negated), Tree::texts(&of.patterns));
    let resources = resources.as_ref().map(|all| list("Resource", all));
    sid.into_iter().chain([effect, list("Action", actions)]).chain(resources).collect()
}

/// A condition in the words of Terraform's data source, whose values are texts.
fn condition(condition: &remit_policy::Condition) -> Vec<(String, Tree)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let values: Vec<String> = condition.values.iter().map(text).collect();
    vec![
        ("test".to_owned(), Tree::Text(condition.operator.clone())),
        ("variable".to_owned(), Tree::Text(condition.key.clone())),
        ("values".to_owned(), Tree::texts(&values)),
    ]
}

fn effect(statement: &Statement) -> &'static str {
    match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    }
}

/// A text of JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A text of Terraform, which has the escapes of JSON and takes `${` and `%{` for something else.
fn string(text: &str) -> String {
    template(&quoted(text))
}

fn template(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A text of YAML, with quotes where it needs some.
fn scalar(text: &str) -> String {
    if splice::is_plain(text) {
        return text.to_owned();
    }
    let is_simple = !text.contains('\'') && !text.chars().any(char::is_control);
    if is_simple { format!("'{text}'") } else { quoted(text) }
}
