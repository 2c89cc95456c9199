//! Events as an API server writes them.

use serde_json::{Value, json};

/// An event, which every field of can be set.
#[derive(Clone)]
pub(crate) struct Event(pub(crate) Value);

pub(crate) const ACCOUNT: &str = "system:serviceaccount:shop:api";

impl Event {
    /// A request that was answered with this code, and which the authorizer let through.
    pub(crate) fn new(number: u32, verb: &str, uri: &str, code: u16) -> Self {
        let reason = r#"RBAC: allowed by RoleBinding "api/shop" of Role "api" to ServiceAccount "api/shop""#;
        Self(json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": format!("00000000-0000-4000-8000-{number:012}"),
            "stage": "ResponseComplete",
            "requestURI": uri,
            "verb": verb,
            "user": {
                "username": ACCOUNT,
                "uid": "0b7e0f9c-7f4c-4f0e-9c50-3d2a1b6f8e11",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"],
                "extra": {
                    "authentication.kubernetes.io/credential-id": ["JTI=c1"],
                    "authentication.kubernetes.io/pod-name": ["api-7998647bdf-phvq7"],
                },
            },
            "sourceIPs": ["198.51.100.7", "10.0.3.11"],
            "userAgent": "shop/1.0",
            "responseStatus": {"metadata": {}, "code": code},
            "requestReceivedTimestamp": format!("2026-11-23T10:{:02}:{:02}.{:06}Z", number / 60 % 60, number % 60, number),
            "stageTimestamp": "2026-11-23T11:59:59.000000Z",
            "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": reason},
        }))
    }

    pub(crate) fn with(mut self, field: &str, value: Value) -> Self {
        self.0[field] = value;
        self
    }

    pub(crate) fn without(mut self, field: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(field);
        self
    }

    /// In another stage.
    pub(crate) fn stage(self, stage: &str) -> Self {
        self.with("stage", json!(stage))
    }

    /// Refused by the authorizer.
    pub(crate) fn forbidden(self) -> Self {
        self.with(
            "responseStatus",
            json!({"metadata": {}, "status": "Failure", "reason": "Forbidden", "code": 403}),
        )
        .with(
            "annotations",
            json!({"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""}),
        )
    }

    /// JSON as Go writes it.
    pub(crate) fn to_json(&self) -> String {
        self.0.to_string().replace('&', "\\u0026")
    }
}

/// Events, one a line.
pub(crate) fn lines(events: &[Event]) -> String {
    events.iter().map(|event| event.to_json() + "\n").collect()
}
