//! Who a source binds to a role of Kubernetes.

use crate::node::Span;
use crate::statement::Removal;
use crate::text::Text;
use crate::tokens::Sequence;

/// A binding of Kubernetes.
#[derive(Clone, Debug)]
pub struct Bound {
    /// `Role` or `ClusterRole`.
    pub role_kind: Text,
    /// The role's name.
    pub role: Text,
    /// Who is bound.
    pub subjects: Vec<SubjectPlace>,
    /// The list that holds them.
    pub sequence: Option<Sequence>,
    pub(crate) removal: Removal,
    /// What an overlay makes of names.
    pub(crate) overlay: Option<Overlay>,
}

/// What an overlay makes of names of roles and subjects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overlay {
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    pub(crate) namespace: Option<String>,
}

/// Who is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectPlace {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: Text,
    /// The name.
    pub name: Text,
    /// The namespace of a ServiceAccount.
    pub namespace: Option<Text>,
    /// Its bytes.
    pub span: Span,
}

impl Bound {
    /// The expressions that say who is bound to what.
    pub(crate) fn expressions(&self) -> Vec<&str> {
        let subjects = self.subjects.iter();
        let subjects = subjects.flat_map(|one| [&one.kind, &one.name].into_iter().chain(&one.namespace));
        [&self.role_kind, &self.role].into_iter().chain(subjects).flat_map(Text::expressions).collect()
    }

    pub(crate) fn texts_mut(&mut self) -> Vec<&mut Text> {
        let subjects = self.subjects.iter_mut();
        let subjects =
            subjects.flat_map(|one| [&mut one.kind, &mut one.name].into_iter().chain(&mut one.namespace));
        [&mut self.role_kind, &mut self.role].into_iter().chain(subjects).collect()
    }

    /// Whether another says the same, wherever it is written.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_subject = |(own, other): (&SubjectPlace, &SubjectPlace)| {
            let is_namespace = match (&own.namespace, &other.namespace) {
                (Some(own), Some(other)) => own.is_written_as(other),
                (own, other) => own.is_none() && other.is_none(),
            };
            own.kind.is_written_as(&other.kind) && own.name.is_written_as(&other.name) && is_namespace
        };
        self.role_kind.is_written_as(&other.role_kind)
            && self.role.is_written_as(&other.role)
            && self.subjects.len() == other.subjects.len()
            && self.subjects.iter().zip(&other.subjects).all(is_subject)
    }
}
