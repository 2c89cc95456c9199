//! Writes policy documents as AWS formats them.

#[cfg(test)]
mod tests;

use hashbrown::HashMap;
use serde_json::Value;

use crate::{Condition, Document, Effect, Matcher, Statement};

impl Document {
    /// The document's text: four spaces of indentation, the elements in AWS's order, a final newline.
    pub fn emit(&self) -> String {
        let mut writer = Writer { text: String::new(), depth: 0, is_pretty: true, needs_comma: false };
        self.write(&mut writer);
        writer.text.push('\n');
        writer.text
    }

    /// Characters as AWS counts them against its quotas: all but the white space outside of strings.
    pub fn size(&self) -> usize {
        let mut writer = Writer { text: String::new(), depth: 0, is_pretty: false, needs_comma: false };
        self.write(&mut writer);
        writer.text.chars().count()
    }

    fn write(&self, writer: &mut Writer) {
        writer.open('{');
        if let Some(version) = &self.version {
            writer.key("Version");
            writer.string(version);
        }
        if let Some(id) = &self.id {
            writer.key("Id");
            writer.string(id);
        }
        writer.key("Statement");
        match self.statements.as_slice() {
            [only] if self.single_statement => write_statement(only, writer),
            statements => {
                writer.open('[');
                for statement in statements {
                    writer.item();
                    write_statement(statement, writer);
                }
                writer.close(']');
            }
        }
        writer.close('}');
    }
}

fn write_statement(statement: &Statement, writer: &mut Writer) {
    writer.open('{');
    if let Some(sid) = &statement.sid {
        writer.key("Sid");
        writer.string(sid);
    }
    writer.key("Effect");
    writer.string(match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    });
    if let Some(principal) = &statement.principal {
        writer.key(if principal.negated { "NotPrincipal" } else { "Principal" });
        writer.value(&principal.value);
    }
    write_matcher(&statement.actions, if statement.actions.negated { "NotAction" } else { "Action" }, writer);
    if let Some(resources) = &statement.resources {
        write_matcher(resources, if resources.negated { "NotResource" } else { "Resource" }, writer);
    }
    if !statement.conditions.is_empty() {
        writer.key("Condition");
        write_conditions(&statement.conditions, writer);
    }
    writer.close('}');
}

fn write_matcher(matcher: &Matcher, element: &str, writer: &mut Writer) {
    writer.key(element);
    match matcher.patterns.as_slice() {
        [only] if matcher.bare => writer.string(only),
        patterns => {
            writer.open('[');
            for pattern in patterns {
                writer.item();
                writer.string(pattern);
            }
            writer.close(']');
        }
    }
}

fn write_conditions(conditions: &[Condition], writer: &mut Writer) {
    // An operator is written once, where it comes first, with all its keys.
    let mut places = HashMap::<&str, usize>::new();
    let mut operators: Vec<(&str, Vec<&Condition>)> = Vec::new();
    for condition in conditions {
        let place = *places.entry(&condition.operator).or_insert(operators.len());
        match operators.get_mut(place) {
            Some((_, keys)) => keys.push(condition),
            None => operators.push((&condition.operator, vec![condition])),
        }
    }
    writer.open('{');
    for (operator, keys) in operators {
        writer.key(operator);
        writer.open('{');
        for condition in keys {
            writer.key(&condition.key);
            match condition.values.as_slice() {
                [only] if condition.bare => writer.value(only),
                values => {
                    writer.open('[');
                    for value in values {
                        writer.item();
                        writer.value(value);
                    }
                    writer.close(']');
                }
            }
        }
        writer.close('}');
    }
    writer.close('}');
}

/// Writes JSON; with or without white space.
struct Writer {
    text: String,
    depth: usize,
    is_pretty: bool,
    needs_comma: bool,
}

impl Writer {
    fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.depth += 1;
        self.needs_comma = false;
    }

    fn close(&mut self, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        // An empty list stays on its line.
        if self.needs_comma {
            self.line();
        }
        self.text.push(bracket);
        self.needs_comma = true;
    }

    fn item(&mut self) {
        if self.needs_comma {
            self.text.push(',');
        }
        self.line();
        self.needs_comma = true;
    }

    fn key(&mut self, key: &str) {
        self.item();
        self.string(key);
        self.text.push(':');
        if self.is_pretty {
            self.text.push(' ');
        }
    }

    fn line(&mut self) {
        if self.is_pretty {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("    ", self.depth));
        }
    }

    fn string(&mut self, string: &str) {
        self.scalar(&Value::from(string));
    }

    fn scalar(&mut self, value: &Value) {
        self.text.push_str(&value.to_string());
        self.needs_comma = true;
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                self.open('[');
                for item in items {
                    self.item();
                    self.value(item);
                }
                self.close(']');
            }
            Value::Object(entries) => {
                self.open('{');
                for (key, value) in entries {
                    self.key(key);
                    self.value(value);
                }
                self.close('}');
            }
            scalar => self.scalar(scalar),
        }
    }
}
