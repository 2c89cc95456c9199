//! What an API server's audit policy lets its log show.
//!
//! The semantics are those of the server's own checker (`pkg/audit/policy/checker.go` in kubernetes/apiserver): the first rule
//! that matches decides, and what none matches is not logged. Rules look at who was authenticated, not at whom they
//! impersonate, since the log is kept before impersonation.

mod profile;
mod read;
mod rule;
mod texts;

use remit_catalog::kubernetes::{Request, Target};

use self::rule::AuditRule;
pub(super) use self::texts::Texts;
use super::user::User;

/// An audit policy, or several that a log went through one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPolicy {
    /// Rules of each: what one does not show, the others cannot.
    layers: Vec<Vec<AuditRule>>,
    /// Whether some of the log tells of a request who asked, and not in whose name.
    hides_names: bool,
    /// Whether some of the log has neither codes of answers, which tell what was created, nor bodies.
    hides_answers: bool,
}

/// How much of a request is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    None,
    /// Who asked for what and what came of it.
    Metadata,
    /// What was sent, too.
    Request,
    /// What was answered, too.
    RequestResponse,
}

/// A moment of a request at which an event may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has come. Nothing is decided yet, so this alone does not tell what came of it.
    RequestReceived,
    /// The head of an answer that goes on has been sent: a watch, a command in a container.
    ResponseStarted,
    /// The answer is complete.
    ResponseComplete,
    /// The server failed on it.
    Panic,
}

/// Whether a log could show a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// It does.
    Shown,
    /// It does not.
    Hidden(Hidden),
}

/// Why a log does not show a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hidden {
    /// The audit policy has the level None for it.
    Unlogged,
    /// The audit policy omits every stage that would tell what came of it.
    Unfinished,
    /// The log that was delivered leaves it out.
    Undelivered,
}

impl Hidden {
    /// It in a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unlogged => "the audit policy does not log it",
            Self::Unfinished => "the audit policy omits the stages that tell what came of it",
            Self::Undelivered => "the log that the provider delivers leaves it out",
        }
    }
}

impl AuditPolicy {
    /// Whether the log shows a request of an authenticated user.
    pub fn shows(&self, user: &User, request: &Request) -> Visibility {
        let hidden = self.layers.iter().find_map(|rules| match rule(rules, user, request) {
            None => Some(Hidden::Unlogged),
            Some(rule) => rule.hides(is_long(request)),
        });
        hidden.map_or(Visibility::Shown, Visibility::Hidden)
    }

    /// How much of a request of an authenticated user is logged, and read.
    pub fn level(&self, user: &User, request: &Request) -> Level {
        let levels =
            self.layers.iter().map(|rules| rule(rules, user, request).map_or(Level::None, |rule| rule.level));
        let logged = levels.min().unwrap_or(Level::None);
        if self.hides_answers { logged.min(Level::Metadata) } else { logged }
    }

    /// What a log shows that both leave in.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.layers.extend(other.layers);
        self.hides_names |= other.hides_names;
        self.hides_answers |= other.hides_answers;
        self
    }

    /// Whether some of the log tells of a request who asked, and not in whose name.
    pub(super) fn hides_names(&self) -> bool {
        self.hides_names
    }

    /// Whether some of the log does not tell what a request created.
    pub(super) fn hides_answers(&self) -> bool {
        self.hides_answers
    }
}

/// The rule that decides.
fn rule<'a>(rules: &'a [AuditRule], user: &User, request: &Request) -> Option<&'a AuditRule> {
    rules.iter().find(|rule| rule.matches(user, request))
}

/// Whether the answer goes on, so that the event of its start shows it, too
/// (`BasicLongRunningRequestCheck` as kube-apiserver sets it up).
fn is_long(request: &Request) -> bool {
    let is_subresource = |asked: &str| matches!(asked, "attach" | "exec" | "log" | "portforward" | "proxy");
    matches!(request.verb.as_str(), "watch" | "proxy")
        || matches!(&request.target, Target::Resource(asked) if is_subresource(&asked.subresource))
}

#[cfg(test)]
mod tests;
