//! What to take from the events of one operation.

use std::sync::Arc;

use remit_catalog::{Catalog, Operation, ParameterUse, Resolution};

use super::request::{Path, Paths};
use crate::interner::{Interned, Interner};
use crate::scan::Text;

/// Index of an operation's plan.
pub(crate) type PlanNumber = u32;

/// What to take from the events of one operation.
#[derive(Debug)]
pub(crate) struct Plan {
    /// First label of the event source, such as `s3`.
    pub(crate) service: String,
    /// The operation as the log names it.
    pub(crate) operation: String,
    /// Request parameters that name resources or passed roles.
    pub(crate) request: Paths,
    /// Response elements that name credentials handed out.
    pub(crate) issued: Paths,
    /// Whether the catalog knows the operation.
    pub(crate) known: bool,
    /// The catalog's operation, which makes ARNs of request parameters.
    pub(crate) resolved: Option<&'static Operation>,
}

/// The plans of every operation met so far.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    names: Interner,
    scratch: Vec<u8>,
    list: PlanList,
}

/// Plans by their numbers; none for an operation whose name is not UTF-8.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlanList {
    plans: Vec<Option<Arc<Plan>>>,
}

impl PlanList {
    pub(crate) fn get(&self, number: PlanNumber) -> Option<&Plan> {
        self.plans.get(number as usize)?.as_deref()
    }
}

impl Plans {
    /// The plan for an operation; none when its names are not UTF-8.
    #[inline]
    pub(crate) fn find(&mut self, source: Text<'_>, name: Text<'_>) -> Option<PlanNumber> {
        self.scratch.clear();
        self.scratch.extend_from_slice(source.raw);
        self.scratch.push(0);
        self.scratch.extend_from_slice(name.raw);
        match self.names.intern(&self.scratch) {
            Interned::Old(number) => self.get(number).map(|_| number),
            Interned::New(number) => {
                self.list.plans.push(plan(source, name).map(Arc::new));
                self.get(number).map(|_| number)
            }
        }
    }

    pub(crate) fn get(&self, number: PlanNumber) -> Option<&Plan> {
        self.list.get(number)
    }

    /// The plans so far; operations met later are not in it.
    pub(crate) fn list(&self) -> PlanList {
        self.list.clone()
    }
}

fn plan(source: Text<'_>, name: Text<'_>) -> Option<Plan> {
    let source = source.decode()?;
    let operation = name.decode()?.into_owned();
    let service = source.split('.').next().unwrap_or_default().to_owned();
    let resolution =
        Catalog::embedded().map_or(Resolution::Unknown, |catalog| catalog.operation(&service, &operation));
    let (known, resolved) = match resolution {
        Resolution::Known(operation) | Resolution::Permissionless(operation) => (true, Some(operation)),
        Resolution::Unknown => (false, None),
    };
    let request = Paths::new(resolved.iter().flat_map(|operation| {
        operation.parameters().iter().map(|parameter| Path {
            path: parameter.path,
            used_for: parameter.used_for,
            goes_on: operation.goes_on(parameter.path),
        })
    }));
    let issued = issued_paths(&service, &operation).iter().map(|path| Path {
        path,
        used_for: ParameterUse::Resource,
        goes_on: false,
    });
    Some(Plan { service, operation, request, issued: Paths::new(issued), known, resolved })
}

/// Where the response of an operation names the credential it hands out.
fn issued_paths(service: &str, operation: &str) -> &'static [&'static str] {
    match (service, operation) {
        (
            "sts",
            "AssumeRole"
            | "AssumeRoleWithSAML"
            | "AssumeRoleWithWebIdentity"
            | "AssumeRoot"
            | "GetSessionToken"
            | "GetFederationToken",
        ) => &["credentials.accessKeyId"],
        ("iam", "CreateAccessKey") => &["accessKey.accessKeyId"],
        ("iam", "CreateServiceSpecificCredential") => {
            &["serviceSpecificCredential.serviceSpecificCredentialId"]
        }
        ("cognito-identity", "GetCredentialsForIdentity") => &["credentials.accessKeyId"],
        ("rolesanywhere", "CreateSession") => &["credentialSet[].credentials.accessKeyId"],
        ("sso", "GetRoleCredentials") => &["roleCredentials.accessKeyId"],
        _ => &[],
    }
}
