//! From what is granted to where a repository says it.

pub(crate) mod doubt;

use std::path::Path;

use remit_policy::Document;
use remit_policy::rbac::{self, ObjectName};

use crate::content;
use crate::place::{Content, Form, Place};
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

/// How well a place fits: whether its names are written out, what it says, how it is called, who holds it, of which namespace it is, and
/// whether somebody wrote it. Of whom a place says by name that it is theirs nothing else is the place, though it says the same. What is
/// generated follows from its source, which is the one to change.
type Rank = (bool, bool, Fit, Fit, Fit, bool);

impl Repository {
    /// Finds where a grant is written. Where several places fit equally well, all of them are told.
    pub fn find(&self, grant: &Grant<'_>) -> Found {
        let mut best: Option<Rank> = None;
        let mut found = Vec::new();
        for (at, place) in self.places.iter().enumerate() {
            let Some(rank) = rank(place, self.path(place.file), grant) else { continue };
            if best.is_none_or(|best| rank > best) {
                best = Some(rank);
                found.clear();
            }
            if best == Some(rank) {
                found.push(at);
            }
        }
        match (found.as_slice(), best) {
            ([only], Some((_, is_equal, ..))) => Found::One { place: *only, is_equal },
            ([], _) | (_, None) => Found::None,
            _ => Found::Several(found),
        }
    }

    /// What is generated of a place, and says the old until it is made anew.
    pub(crate) fn copies(&self, place: &Place) -> Vec<&Place> {
        let is_copy = |one: &&Place| {
            one.is_generated()
                && !std::ptr::eq(*one, place)
                && one.kind() == place.kind()
                && one.names.name == place.names.name
                && one.names.namespace == place.names.namespace
        };
        self.places.iter().filter(is_copy).collect()
    }
}

/// How well a place fits; none where it cannot be it. What says something else is only the place of a grant if it has its name.
fn rank(place: &Place, path: &Path, grant: &Grant<'_>) -> Option<Rank> {
    let (is_equal, name, holder, namespace) = match grant {
        Grant::Policy { name, holder, document } => {
            let is_equal = match &place.content {
                Content::Statements(statements) => content::pair(statements, document).is_some(),
                Content::Unknown if place.names.namespace.is_none() => false,
                _ => return None,
            };
            let (of_name, of_holder) = fits(place, path, name, *holder)?;
            if is_told_by_path(place) {
                let is_named = of_name == Fit::Exact && of_holder == Fit::Exact;
                let rank = (false, is_equal, of_name, of_holder, Fit::Exact, true);
                return (is_equal || is_named).then_some(rank);
            }
            (is_equal, of_name, of_holder, Fit::Exact)
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
    let is_policy = matches!(grant, Grant::Policy { .. });
    let is_written = is_policy && name == Fit::Exact && holder == Fit::Exact;
    let rank = (is_written, is_equal, name, holder, namespace, !place.is_generated());
    (is_equal || is_named).then_some(rank)
}

/// Whether nothing but the path of a document says whose it is.
fn is_told_by_path(place: &Place) -> bool {
    place.form == Form::Document && place.names.name.is_none()
}

/// How the name of a policy's place fits, and its holder; none where it cannot be a policy of that sort.
fn fits(place: &Place, path: &Path, name: &str, holder: Option<&str>) -> Option<(Fit, Fit)> {
    if is_told_by_path(place) {
        return Some(of_document(path, name, holder));
    }
    // A managed policy is nobody's own.
    if holder.is_none() && place.names.holder.is_some() {
        return None;
    }
    // What the source does not say may be anything.
    let fit = |text: Option<&Text>, wanted: &str| text.map_or(Fit::Open, |text| text.fit(wanted));
    let of = |own: Option<&Text>, holding: Option<&Text>| {
        (fit(own, name), holder.map_or(Fit::Exact, |holder| fit(holding, holder)))
    };
    let rounds = place.names.made.iter().map(|(own, holding)| of(own.as_ref(), holding.as_ref()));
    let can_be = |(name, holder): &(Fit, Fit)| *name != Fit::No && *holder != Fit::No;
    match place.names.made.is_empty() {
        true => Some(of(place.names.name.as_ref(), place.names.holder.as_ref())),
        false => rounds.filter(can_be).max(),
    }
}

/// How well a document fits that says nothing of names: its file and folders may be called like its policy and whoever holds
/// it, and need not.
fn of_document(path: &Path, name: &str, holder: Option<&str>) -> (Fit, Fit) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if holder.is_some_and(|holder| is_joined(&stem, holder, name) || is_joined(&stem, name, holder)) {
        return (Fit::Exact, Fit::Exact);
    }
    let called = |wanted: &str| match stem.contains(wanted) || wanted.contains(&*stem) {
        true => Fit::Open,
        false => Fit::Unsaid,
    };
    let of_name = if stem == name { Fit::Exact } else { called(name) };
    let of_holder = match holder {
        None => Fit::Exact,
        Some(holder) if is_below(path, holder) => Fit::Exact,
        Some(holder) => called(holder),
    };
    (of_name, of_holder)
}

/// Whether a file is below a folder of that name.
fn is_below(path: &Path, name: &str) -> bool {
    path.parent().into_iter().flatten().any(|folder| folder == name)
}

/// Whether a text is one and another with a sign between them.
fn is_joined(text: &str, first: &str, second: &str) -> bool {
    let sign = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(second));
    sign.is_some_and(|sign| ["-", "_", "."].contains(&sign))
}

/// How the name and namespace of a manifest fit.
fn object(place: &Place, name: &ObjectName, sort: &str) -> Option<(Fit, Fit)> {
    let wanted = if name.namespace.is_some() { sort.to_owned() } else { format!("Cluster{sort}") };
    if place.kind() != wanted {
        return None;
    }
    let fit = place.names.name.as_ref()?.fit(&name.name);
    let namespace = match (&name.namespace, &place.names.namespace) {
        (Some(wanted), Some(own)) => own.fit(wanted),
        _ => Fit::Exact,
    };
    Some((fit, namespace))
}

#[cfg(test)]
mod tests;
