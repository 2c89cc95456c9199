//! What the answer to a call tells, in the words of the provider's own log.

use remit_ledger::{Outcome, Provider};

use crate::head::Response;

/// The codes of gRPC by which a call is refused.
const PERMISSION_DENIED: u32 = 7;
const UNAUTHENTICATED: u32 = 16;

/// The answer of a provider to a call, as far as it was seen.
pub(super) struct Answer<'a> {
    pub(super) provider: Provider,
    /// Whether the request is a call by gRPC.
    pub(super) is_grpc: bool,
    /// Whether it is a call of Cloud Storage, which answers 308 to a part of an upload that goes on.
    pub(super) is_storage: bool,
    pub(super) response: Option<&'a Response>,
}

impl Answer<'_> {
    fn status(&self) -> Option<u16> {
        self.response.map(|response| response.status)
    }

    /// What a status tells.
    ///
    /// AWS's protocols of JSON and queries answer 400 both when they refuse and when a request is wrong, and say which in the
    /// body, which is not seen. A redirect tells where to ask and not whether that is allowed. An API server of Kubernetes
    /// refuses with 429 before it asks whether a call is allowed, and whether it came to ask before it failed, it does not
    /// tell. gRPC answers 200 to all, and says what became of a call at the end, which may not have been seen.
    pub(super) fn outcome(&self) -> Outcome {
        if let Some(response) = self.response
            && (self.is_grpc || response.is_grpc)
            && (response.grpc_status.is_some() || (200..300).contains(&response.status))
        {
            return match response.grpc_status {
                None => Outcome::Unknown,
                Some(0) => Outcome::Allowed,
                Some(PERMISSION_DENIED | UNAUTHENTICATED) => Outcome::Denied,
                Some(_) => Outcome::Failed,
            };
        }
        let is_kubernetes = self.provider == Provider::Kubernetes;
        match self.status() {
            None => Outcome::Unknown,
            Some(101..=299 | 304) => Outcome::Allowed,
            Some(308) if self.is_storage => Outcome::Allowed,
            Some(300..=399) => Outcome::Unknown,
            Some(401 | 403 | 407) => Outcome::Denied,
            Some(429) if is_kubernetes => Outcome::Denied,
            Some(500..) if is_kubernetes => Outcome::Unknown,
            Some(400) if self.provider == Provider::Aws => Outcome::Unknown,
            Some(_) => Outcome::Failed,
        }
    }

    /// The code of an error, which the log of Kubernetes has as the status.
    pub(super) fn error_code(&self) -> Option<String> {
        let is_error = self.provider == Provider::Kubernetes && self.outcome() != Outcome::Allowed;
        self.status().filter(|_| is_error).map(|status| status.to_string())
    }

    /// What an answer says of a request that its address does not: that it made what was not there, or that the connection is
    /// another protocol's from there on.
    pub(super) fn parameter(&self, method: &str) -> Option<(String, String)> {
        let name = match (self.provider, self.status()?) {
            (Provider::Kubernetes, 101) => "upgraded",
            (Provider::Kubernetes, 201) if matches!(method, "PATCH" | "PUT") => "created",
            _ => return None,
        };
        Some((name.to_owned(), "true".to_owned()))
    }
}
