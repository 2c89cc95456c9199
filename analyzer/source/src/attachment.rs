//! Attachments of policies whose statements the repository does not hold, such as those of AWS.

use crate::node::Span;
use crate::place::FileId;
use crate::text::Text;

/// A policy that is attached to somebody, and is not in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}
