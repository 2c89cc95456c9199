//! Attachments of policies whose statements the repository does not hold, such as those of AWS.

use std::collections::BTreeSet;

use crate::inputs::Inputs;
use crate::node::Span;
use crate::place::FileId;
use crate::text::Text;

/// A policy that is attached to somebody, and is not in the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// The file that attaches it.
    pub file: FileId,
    /// Line, from 1.
    pub line: u32,
    /// The bytes of the policy's ARN or name.
    pub span: Span,
    /// What attaches it, as it is called in its file.
    pub address: String,
    /// Who has it then, as in [`crate::Names::holders`]; none where the source does not tell.
    pub holder: Option<Text>,
    /// Its ARN or name.
    pub policy: Text,
    /// What expressions of it refer to.
    pub inputs: Inputs,
    /// What decides whether it is there.
    pub switches: Inputs,
}

/// That several have a policy, in words.
pub(crate) fn attachments<'t>(holders: impl Iterator<Item = &'t Text>) -> Option<String> {
    let all: BTreeSet<String> = holders.map(|holder| format!("`{holder}`")).collect();
    (all.len() > 1)
        .then(|| format!("it is attached to {}", all.into_iter().collect::<Vec<_>>().join(" and ")))
}

/// A policy of the customer's that is attached by its name. It is no known text, since a name alone is one of the provider's policies.
/// Source: AWS, IAM Identity Center, `CustomerManagedPolicyReference`: its path is `/` where none is given.
pub(crate) fn customer_managed(name: &Text, path: &Text) -> Text {
    let path = path.to_string();
    let path = if path == "/" { "" } else { path.as_str() };
    Text::opaque(format!("customer managed policy {path}{name}"))
}
