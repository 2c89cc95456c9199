//! What came of proposing something for a principal, in whichever language its permissions are.

use std::fmt::Display;

use crate::output::{counted, grouped};

/// What is proposed for a principal.
#[derive(Clone, Debug)]
pub(crate) enum Outcome<P, N, V> {
    /// A proven proposal, which may change nothing.
    Proven(Box<P>),
    /// None can be made.
    Impossible(N),
    /// One was made and does not meet its obligations, so it is withheld. This is our fault.
    Unproven(Vec<V>),
}

/// A proven proposal.
pub(crate) trait Edits {
    /// Whether it changes anything.
    fn changes_anything(&self) -> bool;

    /// How many permissions it keeps.
    fn kept(&self) -> usize;

    /// How many permissions it removes as a whole.
    fn removed(&self) -> usize;

    /// How many permissions it removes in part.
    fn narrowed(&self) -> usize;

    /// How many permissions stay on less than today.
    fn on_less(&self) -> usize {
        self.narrowed()
    }
}

impl Edits for remit_policy::Proven {
    fn changes_anything(&self) -> bool {
        self.proposal().changes_anything()
    }

    fn kept(&self) -> usize {
        self.proposal().kept.len()
    }

    fn removed(&self) -> usize {
        self.proposal().removed.len()
    }

    /// None: what stays of an action is told by its resources.
    fn narrowed(&self) -> usize {
        0
    }

    fn on_less(&self) -> usize {
        self.proposal().kept.iter().filter(|kept| !kept.narrowed.is_empty()).count()
    }
}

impl Edits for remit_policy::rbac::Proven<'_> {
    fn changes_anything(&self) -> bool {
        self.proposal().changes_anything()
    }

    fn kept(&self) -> usize {
        self.proposal().kept.len()
    }

    fn removed(&self) -> usize {
        self.proposal().removed.iter().filter(|removed| !removed.is_narrowed).count()
    }

    fn narrowed(&self) -> usize {
        self.proposal().removed.iter().filter(|removed| removed.is_narrowed).count()
    }
}

/// An outcome as it is told.
pub(crate) enum Told<'a, P> {
    /// A proposal that changes something.
    Changes(&'a P),
    /// There is nothing to change.
    Nothing,
    /// None can be made: why.
    Impossible(String),
    /// It is withheld: which obligation it does not meet.
    Withheld(String),
}

impl<P: Edits, N: Display, V: Display> Outcome<P, N, V> {
    /// What came of a proposal that was made, of which `proved` is the proof, or why it could not be made once more.
    pub(crate) fn of(proved: Result<Result<P, Vec<V>>, N>, not_deterministic: V) -> Self {
        match proved {
            Ok(Ok(proven)) => Self::Proven(Box::new(proven)),
            Ok(Err(violations)) => Self::Unproven(violations),
            Err(_) => Self::Unproven(vec![not_deterministic]),
        }
    }

    /// It as it is told.
    pub(crate) fn told(&self) -> Told<'_, P> {
        match self {
            Self::Proven(proven) if proven.changes_anything() => Told::Changes(proven),
            Self::Proven(_) => Told::Nothing,
            Self::Impossible(why) => Told::Impossible(why.to_string()),
            Self::Unproven(violations) => {
                Told::Withheld(violations.first().map(ToString::to_string).unwrap_or_default())
            }
        }
    }

    /// The proposal, where it is proven, whether or not it changes anything.
    pub(crate) fn proven(&self) -> Option<&P> {
        match self {
            Self::Proven(proven) => Some(proven),
            Self::Impossible(_) | Self::Unproven(_) => None,
        }
    }

    /// The proposal, where it is proven and changes something.
    pub(crate) fn changing(&self) -> Option<&P> {
        match self.told() {
            Told::Changes(proven) => Some(proven),
            Told::Nothing | Told::Impossible(_) | Told::Withheld(_) => None,
        }
    }

    /// Why there is no proposal.
    pub(crate) fn why_none(&self) -> Option<String> {
        match self.told() {
            Told::Changes(_) | Told::Nothing => None,
            Told::Impossible(why) => Some(why),
            Told::Withheld(why) => Some(format!("withheld, since it could not be proven: {why}")),
        }
    }

    /// It in a few words.
    pub(crate) fn words(&self) -> String {
        match self.changing() {
            Some(proven) => {
                let kept = counted(proven.kept() as u64, "permission", "permissions");
                let removed = grouped(proven.removed() as u64);
                match proven.narrowed() as u64 {
                    0 => format!("keeps {kept}, removes {removed}"),
                    narrowed => format!("keeps {kept}, removes {removed}, narrows {}", grouped(narrowed)),
                }
            }
            None => self.why_none().unwrap_or_else(|| "nothing to change".to_owned()),
        }
    }
}
