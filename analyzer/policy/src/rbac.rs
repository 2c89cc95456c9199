//! Role-based access control of Kubernetes: roles and bindings, what they allow, and whether others allow no more.
//!
//! It only ever allows: there is no deny, and what no rule allows is refused. The semantics are those of the API
//! server's own authorizer (`plugin/pkg/auth/authorizer/rbac` and `pkg/apis/rbac/v1/evaluation_helpers.go` in
//! kubernetes/kubernetes) and of "Using RBAC Authorization" in the Kubernetes documentation.

mod aggregate;
mod allowance;
mod audit_policy;
mod call;
mod closure;
mod contain;
mod emission;
mod evidence;
mod fields;
mod generalise;
mod granted;
mod hidden;
mod impersonators;
mod interned;
mod manifest;
mod members;
mod names;
mod naming;
mod object;
mod permission;
mod privilege;
mod proposal;
mod propose;
mod prove;
mod read;
mod rule;
mod rules;
mod sight;
mod state;
mod steps;
mod unasked;
mod user;
mod verdict;

pub use allowance::Allowance;
pub use audit_policy::{AuditPolicy, Hidden, Level, Stage, Visibility};
pub use call::{Call, Usage, Use};
pub use closure::Closure;
pub use contain::{Bound, excess};
pub use emission::{EmitError, emit};
pub use evidence::{Evidence, EvidenceContext};
pub use generalise::{Needed, needed};
pub use granted::{BoundRole, Granted, allows};
pub use manifest::{read_yaml, yaml};
pub use members::{Member, Members};
pub use object::{Binding, Expression, Object, ObjectName, Role, RoleRef, Selector, Subject};
pub use permission::{Detail, On, Permission, without_subresource};
pub use privilege::{PATHS, Path, Privilege, paths_left, privileges};
pub use proposal::{Change, Edit, Elsewhere, Kept, Proposal, Removed};
pub use propose::{NoProposal, propose};
pub use prove::{Claim, Proof, Proven, Violation, check, prove};
pub use read::read_objects;
pub use rule::Rule;
pub use sight::Coverage;
pub use state::State;
pub use unasked::VERBS;
pub use user::User;
pub use verdict::{Judgement, judge};

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
