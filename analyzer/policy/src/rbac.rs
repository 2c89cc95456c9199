//! Role-based access control of Kubernetes: roles and bindings, what they allow, and whether others allow no more.
//!
//! It only ever allows: there is no deny, and what no rule allows is refused. The semantics are those of the API
//! server's own authorizer (`plugin/pkg/auth/authorizer/rbac` and `pkg/apis/rbac/v1/evaluation_helpers.go` in
//! kubernetes/kubernetes) and of "Using RBAC Authorization" in the Kubernetes documentation.

mod aggregate;
mod allowance;
mod audit_policy;
mod contain;
mod fields;
mod object;
mod read;
mod rule;
mod state;
mod user;

pub use allowance::Allowance;
pub use audit_policy::{AuditPolicy, Hidden, Level, Stage, Visibility};
pub use contain::{Bound, excess};
pub use object::{Binding, Expression, Object, ObjectName, Role, RoleRef, Selector, Subject};
pub use read::read_objects;
pub use rule::Rule;
pub use state::State;
pub use user::User;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
