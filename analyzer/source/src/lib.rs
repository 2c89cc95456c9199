//! Where policies live in a repository, and edits that change only what is removed.
//!
//! A [`Repository`] is read once; it tells the places of policies and roles in it.

mod attachment;
mod cloudformation;
mod code;
mod content;
#[cfg(test)]
mod corpus;
mod declared;
mod documents;
mod edit;
mod grant;
mod hcl;
mod held;
mod helm;
mod inputs;
mod json;
mod kubernetes;
mod kustomize;
mod lines;
mod markers;
mod node;
mod notation;
mod permission;
mod place;
mod principal;
mod proposal;
mod repository;
mod rule;
mod splice;
mod statement;
mod subject;
mod terraform;
mod terraform_json;
mod text;
mod tokens;
mod walk;
mod yaml;

pub use attachment::Attachment;
pub use declared::{Boundary, Declared};
pub use edit::{ChangedFile, Edits, Options, Outcome, Suggestion};
pub use grant::{Found, Grant};
pub use held::{Held, Known};
pub use inputs::Inputs;
pub use node::Span;
pub use place::{Content, FileId, Form, Names, Place, Reason};
pub use principal::{Principal, Principals};
pub use proposal::{Changes, ClusterChange, PolicyChange, Proposal, ProposalError};
pub use repository::{File, Problem, Repository, slashed};
pub use rule::Rule;
pub use statement::{SourceCondition, Statement};
pub use subject::{Bound, SubjectPlace};
pub use text::{Expression, Fit, Piece, Text};
pub use tokens::{Sequence, Token, Tokens};
pub use walk::{Limits, ReadError, may_hold};
