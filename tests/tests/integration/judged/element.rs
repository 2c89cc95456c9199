//! What a policy consists of, and what is left of it without each.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{is, statements, texts};

/// An element of a policy, and the policy without it.
pub(super) struct Element {
    pub(super) name: String,
    /// Its statement, with no other action or resource.
    pub(super) statement: Map<String, Value>,
    /// The policy's place among all.
    pub(super) at: usize,
    pub(super) rest: Arc<Value>,
}

/// Every statement that allows, every one of its actions, and every one of its resources.
pub(super) fn elements(policies: &[Arc<Value>]) -> Vec<Element> {
    let mut found = Vec::new();
    for (at, policy) in policies.iter().enumerate() {
        for (number, statement) in statements(policy).into_iter().enumerate() {
            if !is(statement, "Allow") {
                continue;
            }
            let without = |edit: &dyn Fn(&mut Vec<Value>)| {
                let mut rest = Value::clone(policy);
                let list = rest.get_mut("Statement").unwrap();
                if !list.is_array() {
                    *list = Value::Array(vec![list.take()]);
                }
                edit(list.as_array_mut().unwrap());
                Arc::new(rest)
            };
            found.push(Element {
                name: format!("statement {number}"),
                statement: statement.clone(),
                at,
                rest: without(&|list| drop(list.remove(number))),
            });
            for key in ["Action", "Resource"] {
                let names = texts(statement.get(key));
                for name in names.iter().filter(|_| names.len() > 1) {
                    let mut alone = statement.clone();
                    alone.insert(key.to_owned(), json!(name));
                    let left: Vec<&String> = names.iter().filter(|other| *other != name).collect();
                    let rest = without(&|list| {
                        if let Some(slot) = list.get_mut(number).and_then(|one| one.get_mut(key)) {
                            *slot = json!(left);
                        }
                    });
                    found.push(Element { name: name.clone(), statement: alone, at, rest });
                }
            }
        }
    }
    found
}
