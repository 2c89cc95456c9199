//! Rules of roles of Kubernetes as a source writes them.

use remit_policy::rbac;

use crate::inputs::Inputs;
use crate::node::Span;
use crate::place::{FileId, Reason};
use crate::statement::Removal;
use crate::text::Text;
use crate::tokens::Tokens;

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The file that holds it.
    pub file: FileId,
    /// Line, from 1, on which it starts.
    pub line: u32,
    /// Its bytes.
    pub span: Span,
    /// Verbs.
    pub verbs: Tokens,
    /// API groups.
    pub groups: Tokens,
    /// Resources.
    pub resources: Tokens,
    /// Names of objects.
    pub names: Tokens,
    /// Paths that are no resource's.
    pub urls: Tokens,
    /// Why it cannot be edited.
    pub reasons: Vec<Reason>,
    /// What its expressions refer to.
    pub inputs: Inputs,
    pub(crate) removal: Removal,
}

impl Rule {
    /// Whether another says the same, wherever it is written.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.lists().iter().zip(other.lists()).all(|(own, other)| own.is_same(other))
    }

    /// Its lists: verbs, groups, resources, names and paths.
    pub fn lists(&self) -> [&Tokens; 5] {
        [&self.verbs, &self.groups, &self.resources, &self.names, &self.urls]
    }

    pub(crate) fn lists_mut(&mut self) -> [&mut Tokens; 5] {
        [&mut self.verbs, &mut self.groups, &mut self.resources, &mut self.names, &mut self.urls]
    }

    /// The expressions in it of which it is not known what they stand for.
    pub(crate) fn expressions(&self) -> Vec<&str> {
        let texts = self.lists().into_iter().flat_map(Tokens::said);
        texts.flat_map(Text::expressions).chain(self.reasons.iter().filter_map(Reason::expression)).collect()
    }

    /// The rule that it says; none where part of it is not known.
    pub fn known(&self) -> Option<rbac::Rule> {
        let own = |tokens: &Tokens| -> Option<Vec<String>> {
            match tokens.reason {
                Some(Reason::Expression(_)) => None,
                _ => Some(tokens.known()?.into_iter().map(str::to_owned).collect()),
            }
        };
        Some(rbac::Rule {
            verbs: own(&self.verbs)?,
            groups: own(&self.groups)?,
            resources: own(&self.resources)?,
            names: own(&self.names)?,
            urls: own(&self.urls)?,
        })
    }
}
