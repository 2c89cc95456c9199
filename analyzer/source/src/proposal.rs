//! Proposals as their folders hold them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use remit_policy::rbac::{self, Claim, Permission};
use remit_policy::{Document, Edit, Evidence, parse};

/// What is proposed of one principal, or of one subject of a cluster.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its folder.
    pub folder: PathBuf,
    /// ARN of the principal, or name of the subject.
    pub principal: String,
    /// What is to change.
    pub changes: Changes,
    /// Policies of the principal that stay as they are.
    pub staying: Vec<PolicyChange>,
}

/// What is to change.
#[derive(Clone, Debug)]
pub enum Changes {
    /// Policies of a principal of AWS.
    Policies(Vec<PolicyChange>),
    /// Roles and bindings of a subject of a cluster.
    Cluster(Box<ClusterChange>),
}

/// What changes for a subject of a cluster.
#[derive(Clone, Debug)]
pub struct ClusterChange {
    /// Its bindings with their roles, today and as proposed.
    pub claim: Claim,
    /// Roles that nothing binds any more once this is applied, such as `Role/shop/reader`.
    pub unbound: BTreeSet<String>,
    /// Permissions that go, with the bindings that granted them.
    pub removed: Vec<(Permission, BTreeSet<String>)>,
    /// New roles and bindings, as `kubectl apply` takes them; none where nothing is needed.
    pub apply: Option<String>,
    /// Bindings without the subject, which others keep; none where there are none.
    pub edit: Option<String>,
}

/// One policy that changes.
#[derive(Clone, Debug)]
pub struct PolicyChange {
    /// Its name.
    pub name: String,
    /// Its ARN, if it is a managed one.
    pub arn: Option<String>,
    /// The name of the role, user or group that holds it, if it is inline.
    pub holder: Option<String>,
    /// What is to be done with it.
    pub edit: Edit,
    /// What it says today.
    pub before: Document,
    /// What is to take its place, by name.
    pub after: Vec<(String, Document)>,
}

/// Why a folder holds no proposal.
#[derive(Debug, thiserror::Error)]
#[error("cannot use proposal `{}`: {message}", folder.display())]
pub struct ProposalError {
    /// The folder.
    pub folder: PathBuf,
    /// Why.
    pub message: String,
}

impl Proposal {
    /// Reads the folder of one principal or subject: its `evidence.json`, and the files that this names.
    pub fn read(folder: &Path) -> Result<Self, ProposalError> {
        let fail = |message: String| ProposalError { folder: folder.to_owned(), message };
        let read = |file: &str| {
            if Path::new(file).components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
                return Err(fail(format!("`{file}` is no file in it")));
            }
            std::fs::read_to_string(folder.join(file)).map_err(|error| fail(format!("`{file}`: {error}")))
        };
        let text = read("evidence.json")?;
        if rbac::Evidence::is_of(&text) {
            let evidence: rbac::Evidence =
                serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
            let claim = Claim::of_evidence(&evidence, read)?.map_err(fail)?;
            let apply = evidence.files.apply.as_deref().map(read).transpose()?;
            let edit = evidence.files.edit.as_deref().map(read).transpose()?;
            let removed = evidence.removed.into_iter().map(|one| (one.permission.permission(), one.bindings));
            let removed = removed.collect();
            let unbound = evidence.unbound_roles;
            let changes = Changes::Cluster(Box::new(ClusterChange { claim, unbound, removed, apply, edit }));
            let (folder, principal) = (folder.to_owned(), evidence.principal);
            return Ok(Self { folder, principal, changes, staying: Vec::new() });
        }
        let evidence: Evidence = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        let document = |file: &str| parse(&read(file)?).map_err(|error| fail(format!("`{file}`: {error}")));
        let own = evidence.principal.rsplit('/').next().unwrap_or_default().to_owned();
        let (mut changes, mut staying) = (Vec::new(), Vec::new());
        for policy in &evidence.policies {
            let after = policy.after.iter().map(|after| Ok((after.name.clone(), document(&after.file)?)));
            let all = if policy.edit == Edit::Keep { &mut staying } else { &mut changes };
            all.push(PolicyChange {
                name: policy.name.clone(),
                arn: policy.arn.clone(),
                holder: policy.arn.is_none().then(|| policy.group.clone().unwrap_or_else(|| own.clone())),
                edit: policy.edit,
                before: document(&policy.before)?,
                after: after.collect::<Result<_, _>>()?,
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            principal: evidence.principal,
            changes: Changes::Policies(changes),
            staying,
        })
    }
}
