//! Calls for this module's tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use remit_ledger::{Outcome, Provider, Workload};

use super::Call;
use crate::identity::{Identity, Subject};

/// The first moment of a day in 2026.
pub(super) const START: i64 = 20_500 * remit_ledger::DAY;

pub(super) fn subject(name: &str) -> Arc<Subject> {
    Subject::new(Identity {
        workload: Workload {
            namespace: Some("shop".into()),
            owner_kind: Some("Deployment".into()),
            owner_name: Some(name.into()),
            ..Workload::default()
        },
        service_account: Some(name.into()),
        ..Identity::default()
    })
}

/// One call a second after the start.
pub(super) fn call(subject: &Arc<Subject>, operation: &str, key: &str) -> Call {
    Call {
        subject: Arc::clone(subject),
        evidence: super::EVIDENCE,
        provider: Provider::Aws,
        principal: None,
        account: None,
        region: Some("eu-west-1".into()),
        credential: Some("ASIAEXAMPLE".into()),
        service: "s3".into(),
        operation: operation.into(),
        resources: vec![format!("arn:aws:s3:::bucket/{key}")],
        parameters: BTreeMap::from([("bucketName".to_owned(), "bucket".to_owned())]),
        outcome: Outcome::Allowed,
        error_code: None,
        sample_id: None,
        count: 1,
        first: START + 1_000_000,
        last: START + 1_000_000,
    }
}
