//! From what is granted to where a repository says it.

use remit_policy::Document;
use remit_policy::rbac::{self, ObjectName};

use crate::content;
use crate::kubernetes::kind;
use crate::place::{Content, Place};
use crate::repository::Repository;
use crate::text::{Fit, Text};

/// What is granted, as an account or a cluster holds it.
#[derive(Clone, Copy, Debug)]
pub enum Grant<'a> {
    /// A policy of AWS.
    Policy {
        /// Its name.
        name: &'a str,
        /// The name of the role, user or group that holds it, where it is inline.
        holder: Option<&'a str>,
        /// What it says.
        document: &'a Document,
    },
    /// A role of Kubernetes.
    Role {
        /// Its name.
        name: &'a ObjectName,
        /// What it says.
        rules: &'a [rbac::Rule],
    },
    /// A binding of Kubernetes.
    Binding {
        /// Its name.
        name: &'a ObjectName,
    },
}

/// What was found of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The place that says it.
    One {
        /// Its place among [`Repository::places`].
        place: usize,
        /// Whether it says the same as what is in force.
        is_equal: bool,
    },
    /// Several places may be it, and nothing tells which.
    Several(Vec<usize>),
    /// None.
    None,
}

/// How well a place fits: what it says, how it is called, who holds it, and of which namespace it is.
type Rank = (bool, Fit, Fit, Fit);

impl Repository {
    /// Finds where a grant is written. Where several places fit equally well, all of them are told.
    pub fn find(&self, grant: &Grant<'_>) -> Found {
        let mut best: Option<Rank> = None;
        let mut found = Vec::new();
        for (at, place) in self.places.iter().enumerate() {
            let Some(rank) = rank(place, grant) else { continue };
            if best.is_none_or(|best| rank > best) {
                best = Some(rank);
                found.clear();
            }
            if best == Some(rank) {
                found.push(at);
            }
        }
        match (found.as_slice(), best) {
            ([only], Some((is_equal, ..))) => Found::One { place: *only, is_equal },
            ([], _) | (_, None) => Found::None,
            _ => Found::Several(found),
        }
    }
}

/// How well a place fits; none where it cannot be it. What says something else is only the place of a grant if it has its name.
fn rank(place: &Place, grant: &Grant<'_>) -> Option<Rank> {
    // What the source does not say may be anything.
    let fit = |text: Option<&Text>, wanted: &str| text.map_or(Fit::Open, |text| text.fit(wanted));
    let (is_equal, name, holder, namespace) = match grant {
        Grant::Policy { name, holder, document } => {
            let is_equal = match &place.content {
                Content::Statements(statements) => content::pair(statements, document).is_some(),
                Content::Unknown if place.names.namespace.is_none() => false,
                _ => return None,
            };
            let holder = match holder {
                Some(holder) => fit(place.names.holder.as_ref(), holder),
                // A managed policy is nobody's own.
                None if place.names.holder.is_some() => return None,
                None => Fit::Exact,
            };
            (is_equal, fit(place.names.name.as_ref(), name), holder, Fit::Exact)
        }
        Grant::Role { name, rules } => {
            let Content::Rules(own) = &place.content else { return None };
            let (fit, namespace) = object(place, name, "Role")?;
            (content::is_same(own, rules), fit, Fit::Exact, namespace)
        }
        Grant::Binding { name } => {
            let Content::Binding(_) = &place.content else { return None };
            let (fit, namespace) = object(place, name, "RoleBinding")?;
            (true, fit, Fit::Exact, namespace)
        }
    };
    if [name, holder, namespace].contains(&Fit::No) {
        return None;
    }
    let is_named = name == Fit::Exact && (holder == Fit::Exact || place.names.holder.is_none());
    (is_equal || is_named).then_some((is_equal, name, holder, namespace))
}

/// How the name and namespace of a manifest fit.
fn object(place: &Place, name: &ObjectName, sort: &str) -> Option<(Fit, Fit)> {
    let wanted = if name.namespace.is_some() { sort.to_owned() } else { format!("Cluster{sort}") };
    if kind(place) != wanted {
        return None;
    }
    let fit = place.names.name.as_ref()?.fit(&name.name);
    let namespace = match (&name.namespace, &place.names.namespace) {
        (Some(wanted), Some(own)) => own.fit(wanted),
        _ => Fit::Exact,
    };
    Some((fit, namespace))
}
