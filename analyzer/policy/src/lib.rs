//! The pure policy core: parse, evaluate, contain, diff, propose, prove, emit.
//!
//! No file, clock, environment or network is touched here; edges feed values in.

mod account;
mod action_set;
mod bare;
mod condition;
mod contain;
mod coverage;
mod days;
pub mod diff;
mod document;
mod emission;
mod emit;
mod evaluate;
mod evidence;
#[cfg(test)]
mod generated;
mod glob;
mod grant;
mod inventory;
pub mod link;
pub mod markdown;
mod parse;
mod part;
mod proposal;
mod propose;
mod prove;
pub mod rbac;
pub mod reference;
mod retained;
pub mod shell;
mod steps;
mod unlisted;
mod usage;
mod verdict;

pub use account::{AccountFile, account_of, read_account};
pub use action_set::{ActionSet, Expander};
pub use bare::BareDocument;
pub use contain::{Counterexample, Gap, contain};
pub use coverage::{Coverage, DataCoverage, Reason, Window};
pub use days::{DAY_WORDS, Days};
pub use document::{Condition, Document, Effect, Matcher, PrincipalElement, Statement};
pub use emission::{EmittedFile, derived, emit, file_stem, folder_stem};
pub use evaluate::{
    CompiledStatement, Context, ContextValue, Decision, Evaluation, Layer, PolicySet, Relation, Request,
    StatementRef, Unknown,
};
pub use evidence::{Evidence, EvidenceContext, KeptEntry, PolicyEntry, RemovedEntry, SeenEntry, day, moment};
pub use glob::Glob;
pub use grant::{
    Account, Attachment, Origin, Policy, PolicyKind, Principal, PrincipalKind, Problem, Versions,
};
pub use inventory::Inventory;
pub use parse::{ParseError, from_value, parse};
pub use proposal::{Edit, Kept, NewPolicy, PolicyChange, Proposal, Removed};
pub use propose::{Generalise, MANAGED_LIMIT, NoProposal, ProposeOptions, inline_limit, propose, templates};
pub use prove::{Claim, NoAction, Proof, Protected, Proven, Violation, check, prove};
pub use retained::Retained;
pub use usage::{ActionUse, Call, CallOutcome, Count, Seen, Usage};
pub use verdict::{Counts, GivenUp, GrantRef, Granted, Judgement, Unlisted, Verdict, granted_by, judge};
