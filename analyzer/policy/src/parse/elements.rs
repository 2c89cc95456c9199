//! From JSON to the elements of a policy document.
//! Source: AWS IAM User Guide, "Grammar of the IAM JSON policy language".

use serde_json::Value;

use super::ParseError;
use super::json::{Entry, Kind, Node, Place};
use crate::{Condition, Document, Effect, Matcher, PrincipalElement, Statement};

const DOCUMENT_ELEMENTS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
const VERSIONS: &[&str] = &["2012-10-17", "2008-10-17"];

pub(super) fn document(node: Node) -> Result<Document, ParseError> {
    let place = node.place;
    let mut document = Document { version: None, id: None, statements: Vec::new(), single_statement: false };
    let mut has_statement = false;
    for entry in object(node, "a policy document")? {
        match entry.key.as_str() {
            "Version" => document.version = Some(version(entry.value)?),
            "Id" => document.id = Some(string(entry.value, "`Id`")?),
            "Statement" => {
                has_statement = true;
                match entry.value.kind {
                    Kind::List(items) => {
                        document.statements = items.into_iter().map(statement).collect::<Result<_, _>>()?;
                    }
                    kind => {
                        document.single_statement = true;
                        document.statements = vec![statement(Node { place: entry.value.place, kind })?];
                    }
                }
            }
            _ => return Err(unknown(&entry, "a policy document", DOCUMENT_ELEMENTS)),
        }
    }
    if !has_statement {
        return Err(ParseError::new(place, "the document has no `Statement`".to_owned()));
    }
    Ok(document)
}

fn statement(node: Node) -> Result<Statement, ParseError> {
    let place = node.place;
    let (mut sid, mut effect, mut principal, mut actions, mut resources) = (None, None, None, None, None);
    let mut conditions = Vec::new();
    for entry in object(node, "a statement")? {
        let Entry { place, key, value } = entry;
        match key.as_str() {
            "Sid" => sid = Some(string(value, "`Sid`")?),
            "Effect" => effect = Some(read_effect(value)?),
            "Principal" | "NotPrincipal" => {
                only_one(&principal, place, "`Principal` and `NotPrincipal`")?;
                principal = Some(read_principal(value, key == "NotPrincipal")?);
            }
            "Action" | "NotAction" => {
                only_one(&actions, place, "`Action` and `NotAction`")?;
                actions = Some(matcher(value, &key, key == "NotAction")?);
            }
            "Resource" | "NotResource" => {
                only_one(&resources, place, "`Resource` and `NotResource`")?;
                resources = Some(matcher(value, &key, key == "NotResource")?);
            }
            "Condition" => conditions = read_conditions(value)?,
            _ => return Err(unknown(&Entry { place, key, value }, "a statement", STATEMENT_ELEMENTS)),
        }
    }
    let missing = |element: &str| ParseError::new(place, format!("the statement has no {element}"));
    let effect = effect.ok_or_else(|| missing("`Effect`"))?;
    let actions = actions.ok_or_else(|| missing("`Action` or `NotAction`"))?;
    if resources.is_none() && principal.is_none() {
        return Err(missing("`Resource` or `NotResource`")
            .hint("only the statements of a trust policy, which have a `Principal`, do without"));
    }
    Ok(Statement { sid, effect, actions, resources, principal, conditions, line: place.line })
}

fn version(node: Node) -> Result<String, ParseError> {
    let place = node.place;
    let version = string(node, "`Version`")?;
    if VERSIONS.contains(&version.as_str()) {
        return Ok(version);
    }
    Err(ParseError::new(place, format!("unknown policy version `{version}`"))
        .hint("the version of the policy language is `2012-10-17`; it is not the date of the document"))
}

fn read_effect(node: Node) -> Result<Effect, ParseError> {
    let place = node.place;
    match string(node, "`Effect`")?.as_str() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => Err(ParseError::new(place, format!("unknown effect `{other}`"))
            .hint("the effect is `Allow` or `Deny`, written so")),
    }
}

fn read_principal(node: Node, negated: bool) -> Result<PrincipalElement, ParseError> {
    match &node.kind {
        Kind::Scalar(Value::String(_)) => {}
        Kind::Object(entries) => {
            for entry in entries {
                let is_text = |node: &Node| matches!(node.kind, Kind::Scalar(Value::String(_)));
                let fits = match &entry.value.kind {
                    Kind::List(items) => items.iter().all(is_text),
                    _ => is_text(&entry.value),
                };
                if !fits {
                    let message =
                        format!("principal type `{}` needs a string or a list of strings", entry.key);
                    return Err(ParseError::new(entry.value.place, message));
                }
            }
        }
        _ => {
            let message = format!("a principal is a string or an object, not {}", node.type_name());
            return Err(ParseError::new(node.place, message));
        }
    }
    Ok(PrincipalElement { negated, value: node.into_value() })
}

fn matcher(node: Node, element: &str, negated: bool) -> Result<Matcher, ParseError> {
    let what = format!("`{element}`");
    let place = node.place;
    let (patterns, bare) = match node.kind {
        Kind::List(items) => {
            let patterns = items.into_iter().map(|item| string(item, &what));
            (patterns.collect::<Result<Vec<_>, _>>()?, false)
        }
        kind => (vec![string(Node { place, kind }, &what)?], true),
    };
    Ok(Matcher { negated, patterns, bare })
}

fn read_conditions(node: Node) -> Result<Vec<Condition>, ParseError> {
    let mut conditions = Vec::new();
    for operator in object(node, "`Condition`")? {
        let what = format!("condition operator `{}`", operator.key);
        for key in object(operator.value, &what)? {
            let place = key.value.place;
            let (values, bare) = match key.value.kind {
                Kind::List(items) => {
                    let values = items.into_iter().map(|item| scalar(item, &key.key));
                    (values.collect::<Result<Vec<_>, _>>()?, false)
                }
                kind => (vec![scalar(Node { place, kind }, &key.key)?], true),
            };
            conditions.push(Condition { operator: operator.key.clone(), key: key.key, values, bare });
        }
    }
    Ok(conditions)
}

fn scalar(node: Node, key: &str) -> Result<Value, ParseError> {
    match node.kind {
        Kind::Scalar(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => Ok(value),
        _ => {
            let message =
                format!("condition key `{key}` needs strings, numbers or booleans, not {}", node.type_name());
            Err(ParseError::new(node.place, message))
        }
    }
}

fn string(node: Node, what: &str) -> Result<String, ParseError> {
    match node.kind {
        Kind::Scalar(Value::String(string)) => Ok(string),
        _ => Err(ParseError::new(node.place, format!("{what} needs a string, not {}", node.type_name()))),
    }
}

fn object(node: Node, what: &str) -> Result<Vec<Entry>, ParseError> {
    match node.kind {
        Kind::Object(entries) => Ok(entries),
        _ => Err(ParseError::new(node.place, format!("{what} is an object, not {}", node.type_name()))),
    }
}

fn only_one<T>(earlier: &Option<T>, place: Place, elements: &str) -> Result<(), ParseError> {
    match earlier {
        None => Ok(()),
        Some(_) => Err(ParseError::new(place, format!("a statement cannot have both {elements}"))),
    }
}

fn unknown(entry: &Entry, what: &str, known: &[&str]) -> ParseError {
    let error = ParseError::new(entry.place, format!("{what} has no element `{}`", entry.key));
    let singular = entry.key.trim_end_matches(['s', 'S']);
    match known
        .iter()
        .find(|name| name.eq_ignore_ascii_case(&entry.key) || name.eq_ignore_ascii_case(singular))
    {
        Some(name) => error.hint(format!("write `{name}`")),
        None => {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            error.hint(format!("its elements are {}", known.join(", ")))
        }
    }
}
