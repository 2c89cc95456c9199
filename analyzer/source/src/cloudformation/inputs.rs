//! What expressions of a template refer to: its parameters, mappings and conditions.
//! Source: AWS CloudFormation User Guide, "Template anatomy".

use crate::attachment::Attachment;
use crate::declared::Declared;
use crate::inputs::{Followed, Follower, Scope};
use crate::node::Node;
use crate::place::{Place, Reason};

use super::text::shown;

/// A template and the text of its file.
pub(super) struct Template<'a> {
    pub(super) root: &'a Node,
    pub(super) text: &'a str,
}

/// What of a parameter decides its value.
const DECIDING: [&str; 3] = ["Type", "Default", "AllowedValues"];

impl<'a> Template<'a> {
    fn entries(&self, name: &str) -> impl Iterator<Item = (&'static str, &'a Node)> {
        let root = self.root;
        ["Parameters", "Mappings", "Conditions"]
            .into_iter()
            .filter_map(move |section| Some((section, root.get(section)?.get(name)?)))
    }

    /// The condition on which a resource is there.
    fn condition(&self, address: &str) -> Option<&'a str> {
        let resource = self.root.get("Resources")?.get(address.split('.').nth(1)?)?;
        resource.get("Condition")?.known()
    }
}

/// What a resource's condition is called.
const CONDITION: &str = "Condition";

/// Notes at places of a template what their expressions refer to.
pub(super) fn note(follower: &Follower<Template<'_>>, places: &mut [Place]) {
    for place in places {
        place.inputs = follower.switches(CONDITION, follower.scope.condition(&place.address));
        let is_open = |why: &Reason| why.is_unread() || matches!(why, Reason::Macro(_));
        let text = follower.scope.text.get(place.span.clone());
        follower.note_place(place, text.filter(|_| place.reasons.iter().any(is_open)));
    }
}

/// The same of attachments.
pub(super) fn note_attached(follower: &Follower<Template<'_>>, attachments: &mut [Attachment]) {
    for one in attachments {
        follower.note_attachment(one);
        one.switches = follower.switches(CONDITION, follower.scope.condition(&one.address));
    }
}

/// The same of what is declared.
pub(super) fn note_declared(follower: &Follower<Template<'_>>, declared: &mut [Declared]) {
    for one in declared {
        follower.note_declared(one);
        if !one.members.is_empty() {
            one.switches = follower.switches(CONDITION, follower.scope.condition(&one.address));
        }
    }
}

impl Scope for Template<'_> {
    type Name = String;

    fn names(&self, expression: &str) -> Vec<String> {
        let (mut names, mut start) = (Vec::new(), None);
        for (at, sign) in expression.char_indices().chain([(expression.len(), ' ')]) {
            match (sign.is_ascii_alphanumeric(), start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    let before = expression.get(..from).unwrap_or_default();
                    let word = expression.get(from..at).unwrap_or_default();
                    // `AWS::Region` is no parameter, and `Bucket.Arn` an attribute.
                    let is_part = before.ends_with("::") || before.ends_with('.');
                    if !is_part && self.entries(word).next().is_some() {
                        names.push(word.to_owned());
                    }
                    start = None;
                }
                _ => {}
            }
        }
        names
    }

    fn shown(&self, name: &String) -> String {
        name.clone()
    }

    fn meaning(&self, name: &String) -> Option<Followed<String>> {
        let of = |(section, node): (&str, &Node)| match section {
            "Parameters" => {
                let parts = DECIDING.iter().filter_map(|key| Some(shown(node.get(key)?, self.text)));
                parts.collect::<Vec<_>>().join(" ")
            }
            _ => shown(node, self.text),
        };
        let meaning = self.entries(name).map(of).collect::<Vec<_>>().join("\n");
        let names = self.names(&meaning);
        Some(Followed { meaning: meaning.into(), names })
    }

    fn everything(&self) -> String {
        self.text.to_owned()
    }
}
