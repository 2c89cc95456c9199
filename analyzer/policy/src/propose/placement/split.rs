//! Splits a document that is too large for one policy. Allow statements are independent of one another,
//! and so are the actions of one, so that the parts together say what the whole said.

use crate::{Document, Effect, Statement};

/// Documents of at most `limit` characters; none when a single action with its resources exceeds it.
pub(super) fn split(document: Document, limit: usize) -> Option<Vec<Document>> {
    if document.size() <= limit {
        return Some(vec![document]);
    }
    let mut parts: Vec<Document> = Vec::new();
    let mut statements: Vec<Statement> = document.statements.clone();
    statements.reverse();
    while let Some(statement) = statements.pop() {
        let fits = parts.last().map(|last| with(last, &statement)).filter(|joined| joined.size() <= limit);
        if let (Some(joined), Some(last)) = (fits, parts.last_mut()) {
            *last = joined;
            continue;
        }
        let empty = Document { statements: Vec::new(), single_statement: false, ..document.clone() };
        let alone = with(&empty, &statement);
        if alone.size() <= limit {
            parts.push(alone);
            continue;
        }
        let (first, second) = halve(&statement)?;
        statements.push(second);
        statements.push(first);
    }
    Some(parts)
}

fn with(document: &Document, statement: &Statement) -> Document {
    let mut joined = document.clone();
    let mut statement = statement.clone();
    let is_taken = |sid: &String| joined.statements.iter().any(|other| other.sid.as_ref() == Some(sid));
    if let Some(sid) = statement.sid.clone().filter(is_taken) {
        let free = (2..).map(|number| format!("{sid}{number}")).find(|sid| !is_taken(sid));
        statement.sid = free;
    }
    joined.statements.push(statement);
    joined
}

/// Two statements that say together what the one says. A `NotAction` or `NotResource` has no halves, and
/// neither has a deny that lists exceptions.
fn halve(statement: &Statement) -> Option<(Statement, Statement)> {
    let mut first = statement.clone();
    let mut second = statement.clone();
    let actions = statement.actions.patterns.len();
    if actions > 1 && !statement.actions.negated {
        second.actions.patterns = first.actions.patterns.split_off(actions / 2);
        return Some((first, second));
    }
    let (first_resources, second_resources) = (first.resources.as_mut()?, second.resources.as_mut()?);
    let resources = first_resources.patterns.len();
    if resources > 1 && !first_resources.negated && statement.effect == Effect::Allow {
        second_resources.patterns = first_resources.patterns.split_off(resources / 2);
        return Some((first, second));
    }
    None
}
