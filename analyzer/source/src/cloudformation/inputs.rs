//! What expressions of a template refer to: its parameters, mappings and conditions.
//! Source: AWS CloudFormation User Guide, "Template anatomy".

use crate::attachment::Attachment;
use crate::declared::Declared;
use crate::inputs::{Inputs, Scope};
use crate::node::Node;
use crate::place::{Content, Place};

/// The sections whose entries resources refer to by their names.
const SECTIONS: [&str; 3] = ["Parameters", "Mappings", "Conditions"];

/// A template and the text of its file.
pub(super) struct Template<'a> {
    pub(super) root: &'a Node,
    pub(super) text: &'a str,
}

impl Template<'_> {
    /// Notes at places of the template what their expressions refer to.
    pub(super) fn note(&self, places: &mut [Place]) {
        for place in places {
            if let Content::Statements(statements) = &mut place.content {
                for one in statements {
                    one.inputs = Inputs::of(self, one.expressions());
                }
            }
            if place.reasons.iter().any(crate::place::Reason::is_unread) {
                place.inputs = Inputs::of(self, self.text.get(place.span.clone()));
            }
        }
    }

    /// The same of attachments.
    pub(super) fn note_attached(&self, attachments: &mut [Attachment]) {
        for one in attachments {
            one.inputs = Inputs::of(self, one.policy.expressions());
        }
    }

    /// The same of what is declared.
    pub(super) fn noted(&self, mut declared: Vec<Declared>) -> Vec<Declared> {
        for one in &mut declared {
            one.inputs = Inputs::of(self, one.expressions());
        }
        declared
    }

    fn entry(&self, name: &str) -> Option<&Node> {
        SECTIONS.iter().find_map(|section| self.root.get(section)?.get(name))
    }
}

impl Scope for Template<'_> {
    fn names(&self, expression: &str) -> Vec<String> {
        let words = expression.split(|sign: char| !sign.is_ascii_alphanumeric());
        words.filter(|word| self.entry(word).is_some()).map(str::to_owned).collect()
    }

    fn meaning(&self, name: &str) -> Option<String> {
        Some(self.text.get(self.entry(name)?.span.clone())?.to_owned())
    }
}
