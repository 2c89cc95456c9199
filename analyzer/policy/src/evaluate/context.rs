//! What is known of a request's context.

use hashbrown::HashMap;

use crate::glob::{Binding, Bindings, Variable};

/// What is known of one context key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// The request has these values; keys with one value are usual.
    Known(Vec<String>),
    /// The request does not have the key.
    Absent,
    /// It is not known: a log does not tell most keys.
    Unknown,
}

/// The context of a request.
#[derive(Clone, Debug)]
pub struct Context {
    values: HashMap<Box<str>, ContextValue, foldhash::fast::RandomState>,
    other: ContextValue,
}

impl Context {
    /// A context of which nothing is known yet, as of a recorded call.
    pub fn unknown() -> Self {
        Self { values: HashMap::default(), other: ContextValue::Unknown }
    }

    /// A context that has no keys but those it is given.
    pub fn complete() -> Self {
        Self { values: HashMap::default(), other: ContextValue::Absent }
    }

    /// Says what is known of a key, whatever its case.
    pub fn set(&mut self, key: &str, value: ContextValue) {
        self.values.insert(key.to_ascii_lowercase().into(), value);
    }

    /// Gives a key one value.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.set(key, ContextValue::Known(vec![value.to_owned()]));
        self
    }

    /// What is known of a key in lower case.
    pub(crate) fn get(&self, key: &str) -> &ContextValue {
        self.values.get(key).unwrap_or(&self.other)
    }
}

impl Bindings for Context {
    /// A variable takes the value of a key that has one value. Of several it is not documented which counts, and of
    /// an empty one not whether it counts as none.
    fn binding<'v>(&'v self, variable: &'v Variable) -> Binding<'v> {
        let absent = variable.default.as_deref().map_or(Binding::Absent, Binding::Value);
        match self.get(&variable.key) {
            ContextValue::Known(values) => match values.as_slice() {
                [] => absent,
                [only] if !only.is_empty() => Binding::Value(only),
                _ => Binding::Unknown,
            },
            ContextValue::Absent => absent,
            ContextValue::Unknown => Binding::Unknown,
        }
    }
}
