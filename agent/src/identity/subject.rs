//! Who calls, as far as it is known by now.

use std::sync::{Arc, PoisonError, RwLock};

use remit_ledger::Workload;

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// What the ledger keeps of it.
    pub workload: Workload,
    /// The pod's ServiceAccount.
    pub service_account: Option<String>,
    /// The role that the container's environment tells the SDK to take on (`AWS_ROLE_ARN`, which IRSA's webhook sets). A
    /// hint: what a call was signed with tells whether the program did.
    pub role: Option<String>,
    /// The container's identifier.
    pub container_id: Option<String>,
}

impl Identity {
    /// The subject of the pod's projected token: `system:serviceaccount:<namespace>:<name>`.
    /// Source: Kubernetes documentation, "Authenticating", "Service account tokens".
    pub fn token_subject(&self) -> Option<String> {
        let (namespace, name) = (self.workload.namespace.as_ref()?, self.service_account.as_ref()?);
        Some(format!("system:serviceaccount:{namespace}:{name}"))
    }
}

/// A container, unit or process that calls. Its first call may be seen before the kubelet tells whose container it is, so
/// calls refer to the subject, and its identity is read when they are written.
#[derive(Debug, Default)]
pub struct Subject {
    identity: RwLock<Arc<Identity>>,
}

impl Subject {
    /// A subject whose identity is known so far.
    pub fn new(identity: Identity) -> Arc<Self> {
        Arc::new(Self { identity: RwLock::new(Arc::new(identity)) })
    }

    /// Who it is, as far as is known by now.
    pub fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes down what was learned.
    pub fn learn(&self, identity: Identity) {
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(identity);
    }
}
