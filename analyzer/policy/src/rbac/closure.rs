//! Rules by which more stays than single requests need. None goes beyond what is granted today, and each can be switched
//! off.

use super::unasked::After;

/// A rule by which more stays than single requests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Closure {
    /// Who lists or watches, keeps both.
    Informer,
    /// Who holds a lock, keeps what taking it over needs.
    LeaderElection,
    /// Who writes events, keeps both ways to.
    Events,
    /// Who makes objects, keeps its other verbs whatever they are called.
    CreatedNames,
    /// Who lists or watches a resource in all namespaces, keeps its other verbs in all of them; and so does who uses it in
    /// namespaces whose names are made up.
    AllNamespaces,
    /// Who runs commands in pods, keeps both ways to.
    WebsocketExec,
    /// What is checked of who writes objects with owner references, stays.
    OwnerReferences,
    /// What is checked of who writes roles, bindings, certificate requests and some others, stays.
    Admission,
    /// Who writes or binds roles, and may not go beyond what it holds itself, keeps all that it holds.
    Delegation,
    /// The security policies of the subject's pods stay.
    PodSecurity,
    /// Impersonation stays where the log does not show every request.
    Impersonation,
    /// What other servers may have asked the API server about, stays.
    Reviews,
}

impl Closure {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Informer,
        Self::LeaderElection,
        Self::Events,
        Self::CreatedNames,
        Self::AllNamespaces,
        Self::WebsocketExec,
        Self::OwnerReferences,
        Self::Admission,
        Self::Delegation,
        Self::PodSecurity,
        Self::Impersonation,
        Self::Reviews,
    ];

    /// A stable short name, by which it is switched off.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informer => "informer",
            Self::LeaderElection => "leader-election",
            Self::Events => "events",
            Self::CreatedNames => "created-names",
            Self::AllNamespaces => "all-namespaces",
            Self::WebsocketExec => "websocket-exec",
            Self::OwnerReferences => "owner-references",
            Self::Admission => "admission",
            Self::Delegation => "delegation",
            Self::PodSecurity => "pod-security",
            Self::Impersonation => "impersonation",
            Self::Reviews => "reviews",
        }
    }

    /// The rule of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|closure| closure.as_str() == name)
    }

    /// Why it is one.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Informer => {
                "clients list to begin with and after a break, and watch in between; a stretch of time may show one of the two only"
            }
            Self::LeaderElection => {
                "taking a lock over needs to create, read and change it, and to tell so in an event"
            }
            Self::Events => {
                "libraries create an event and patch it when it repeats, in either of two API groups"
            }
            Self::CreatedNames => "what a client creates it may call otherwise the next time",
            Self::AllNamespaces => "what a client looks for in all namespaces it may find in any of them",
            Self::WebsocketExec => {
                "clients choose between two protocols, of which one asks for `get`, the other for `create`, and newer servers check both"
            }
            Self::OwnerReferences => {
                "where admission protects owner references, `update` of the owner's `finalizers` and `delete` are checked without a request"
            }
            Self::Admission => {
                "writes of roles, bindings, certificate requests, trust bundles, admission policies, device claims and endpoints are checked for more without a request"
            }
            Self::Delegation => {
                "the server lets nobody write or bind a role that allows more than they hold, but for who may `escalate` or `bind`"
            }
            Self::PodSecurity => "`use` of a security policy is checked when a pod is made, whoever makes it",
            Self::Impersonation => "requests that the log leaves out may have been made in another's name",
            Self::Reviews => {
                "other servers ask the API server what their clients may do, and the log does not tell what"
            }
        }
    }

    /// The rule by which permissions stay that are checked after such requests.
    pub(super) fn of_unasked(after: After) -> Self {
        match after {
            After::Others => Self::PodSecurity,
            After::Requests => Self::Impersonation,
            After::Writes => Self::OwnerReferences,
            After::WritesOf(..) => Self::Admission,
        }
    }
}
