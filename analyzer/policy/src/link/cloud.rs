//! The side of clouds other than AWS: who may become a service account of Google Cloud or an identity of Azure, as their own
//! commands print it.
//!
//! Sources: Google Cloud, "Principal identifiers" and "Roles for service account authentication"; Cloud Asset Inventory,
//! `searchAllIamPolicies`; Microsoft Entra, "Workload identity federation" and "Flexible federated identity credentials"; the REST
//! reference of `Microsoft.ManagedIdentity`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Link, Mechanism, OpenTrust, ServiceAccount, Trust, USER};
use crate::Origin;

/// What those clouds say. Which pool or issuer is the cluster's own is not known here, as it is not of roles: one that takes the service
/// account's name and namespace suffices.
#[derive(Clone, Debug, Default)]
pub struct Clouds {
    /// Bindings of service accounts of Google Cloud, by their addresses.
    google: BTreeMap<String, Vec<Member>>,
    /// Client ids of Azure's identities, by the identities' resource ids in small letters.
    clients: BTreeMap<String, String>,
    /// Credentials by what they are of: an identity's resource id or a client id, in small letters.
    credentials: BTreeMap<String, Credentials>,
}

/// A member of a binding by which tokens of a service account can be had.
#[derive(Clone, Debug)]
struct Member {
    whom: Whom,
    /// Whether it is not certain to get tokens: a condition holds it, or it is not known what the role gives.
    is_held: bool,
    origin: Origin,
}

/// Whom a member of a binding means, of those that run in clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    One(ServiceAccount),
    /// Those of one namespace, or all.
    Many(Option<String>),
}

/// The credentials of one identity.
#[derive(Clone, Debug, Default)]
struct Credentials {
    /// Subjects whose tokens are taken, and whether with the audience that a cluster's webhook asks for.
    subjects: BTreeMap<String, bool>,
    /// Whether there may be more, or some that take subjects by an expression.
    is_open: bool,
}

/// How the names of service accounts begin where an asset is named.
const GOOGLE: &str = "//iam.googleapis.com/projects/";

/// Roles with `iam.serviceAccounts.getAccessToken`.
const TOKENS: [&str; 2] = ["roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator"];

/// How addresses of service accounts end.
const ADDRESS: &str = ".gserviceaccount.com";

/// How a project's pool of GKE's identities ends.
const POOL: &str = ".svc.id.goog";

/// The audience of a token that the webhook of Azure injects.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// What the issuer of a credential begins with that AKS makes for identity bindings: who may use such a one, roles of the cluster say.
const BOUND: &str = "https://ib.oic.";

const IDENTITY: &str = "/userassignedidentities/";
const CREDENTIAL: &str = "/federatedidentitycredentials/";

impl Clouds {
    /// Reads one value of what the commands print: an object, or a list of them. `file` is what the file is called, without its ending:
    /// what does not say whom it is of is whose that names. Answers what is wrong with it, if anything is.
    pub fn read(&mut self, value: &Value, file: &str, origin: &Origin) -> Option<String> {
        let list = value.as_array().or_else(|| value.get("value").and_then(Value::as_array));
        if list.is_some_and(Vec::is_empty) && is_client(file) {
            self.credentials.entry(file.to_lowercase()).or_default();
        }
        // One alone, or a page of them, may not be all.
        let is_last = |next: &str| value.get(next).is_none_or(Value::is_null);
        let is_all = list.is_some() && is_last("nextLink") && is_last("@odata.nextLink");
        let one = std::slice::from_ref(value);
        let mut problem = None;
        for item in list.map_or(one, Vec::as_slice) {
            let found = if is_policy(item) {
                self.policy(item, file, origin)
            } else {
                self.of_azure(item, is_all, file)
            };
            problem = problem.or(found);
        }
        problem
    }

    fn policy(&mut self, item: &Value, file: &str, origin: &Origin) -> Option<String> {
        let named = text(item, "resource").or_else(|| text(item, "name"));
        let account = match named {
            // Policies of projects and of what else is in them are listed, too.
            Some(name) => name.strip_prefix(GOOGLE)?.split_once("/serviceAccounts/")?.1,
            None => file,
        };
        if !account.ends_with(ADDRESS) {
            return Some(match named {
                Some(name) => format!(
                    "`{name}` does not name the service account by its address, as annotations do\nhint: `gcloud iam service-accounts \
                     get-iam-policy ADDRESS --format=json > ADDRESS.json`"
                ),
                None => "a policy does not say which service account it is of\nhint: name the file after its address, `ADDRESS.json`"
                    .to_owned(),
            });
        }
        let all = self.google.entry(account.to_owned()).or_default();
        for binding in bindings(item) {
            let role = text(binding, "role").unwrap_or_default();
            // A role of one's own may give tokens as well; others of Google's are not looked at.
            let is_own = !role.starts_with("roles/");
            if !TOKENS.contains(&role) && !is_own {
                continue;
            }
            let is_held = is_own || binding.get("condition").is_some_and(|condition| !condition.is_null());
            let members = binding.get("members").and_then(Value::as_array).into_iter().flatten();
            let members = members.filter_map(|member| whom(member.as_str()?));
            all.extend(members.map(|whom| Member { whom, is_held, origin: origin.clone() }));
        }
        None
    }

    fn of_azure(&mut self, item: &Value, is_all: bool, file: &str) -> Option<String> {
        let id = text(item, "id").unwrap_or_default().to_lowercase();
        let fields = item.get("properties").unwrap_or(item);
        if let Some((_, name)) = id.split_once(IDENTITY)
            && !name.contains('/')
        {
            if let Some(client) = text(fields, "clientId") {
                self.clients.insert(id, client.to_lowercase());
            }
            return None;
        }
        let issuer = text(fields, "issuer")?;
        let subject = text(fields, "subject");
        let is_by_expression = fields.get("claimsMatchingExpression").is_some_and(|one| !one.is_null());
        if subject.is_none() && !is_by_expression {
            return None;
        }
        let of = match id.split_once(CREDENTIAL) {
            Some((identity, _)) => identity.to_owned(),
            None if is_client(file) => file.to_lowercase(),
            None => {
                return Some(
                    "a credential does not say which application it is of\nhint: name the file after its client id, `CLIENT.json`"
                        .to_owned(),
                );
            }
        };
        let all = self.credentials.entry(of).or_default();
        all.is_open |= !is_all || is_by_expression || issuer.starts_with(BOUND);
        if let Some(subject) = subject {
            let audiences = fields.get("audiences").and_then(Value::as_array).into_iter().flatten();
            let is_usual = audiences.filter_map(Value::as_str).any(|audience| audience == AUDIENCE);
            *all.subjects.entry(subject.to_owned()).or_default() |= is_usual;
        }
        None
    }

    /// Whether the cloud lets the service account of a link become the identity.
    pub(super) fn trusts(&self, link: &Link) -> Trust {
        match link.mechanism {
            Mechanism::Gke => self.google_trusts(link),
            Mechanism::Azure => self.azure_trusts(link),
            Mechanism::Irsa | Mechanism::PodIdentity => Trust::Unknown,
        }
    }

    /// A policy of the project may give what the service account's own does not, so that nothing is refused.
    fn google_trusts(&self, link: &Link) -> Trust {
        let Some(members) = self.google.get(&link.principal) else { return Trust::Unknown };
        let mut meaning = members.iter().filter(|member| member.whom.is(&link.service_account));
        if meaning.any(|member| !member.is_held) { Trust::Given } else { Trust::Undetermined }
    }

    fn azure_trusts(&self, link: &Link) -> Trust {
        let client = &link.principal;
        let of_identity = self.clients.iter().filter(|(_, own)| *own == client).map(|(id, _)| id);
        let mut all = of_identity.chain([client]).filter_map(|of| self.credentials.get(of)).peekable();
        if all.peek().is_none() {
            return Trust::Unknown;
        }
        let mut trust = Trust::Refused;
        for credentials in all {
            match credentials.subjects.get(&link.service_account.user()) {
                Some(true) => return Trust::Given,
                Some(false) => trust = Trust::Undetermined,
                None if credentials.is_open => trust = Trust::Undetermined,
                None => {}
            }
        }
        trust
    }

    /// Links that the clouds allow, whatever annotations say: mechanism, service account and identity.
    pub(super) fn links(&self) -> Vec<(Mechanism, ServiceAccount, String)> {
        let of_google = self.google.iter().flat_map(|(account, members)| {
            members.iter().filter_map(|member| match &member.whom {
                Whom::One(one) => Some((Mechanism::Gke, one.clone(), account.clone())),
                Whom::Many(_) => None,
            })
        });
        let of_azure = self.credentials.iter().filter_map(|(of, credentials)| {
            // Whose client id is not known, nobody knows by what to call.
            let client = self.clients.get(of).or(is_client(of).then_some(of))?;
            let subjects = credentials.subjects.keys().filter_map(|subject| ServiceAccount::of_user(subject));
            Some(subjects.map(|one| (Mechanism::Azure, one, client.clone())).collect::<Vec<_>>())
        });
        of_google.chain(of_azure.flatten()).collect()
    }

    /// Service accounts of Google Cloud that any of a namespace, or any of all, can become.
    pub(super) fn open_trusts(&self) -> impl Iterator<Item = OpenTrust> {
        self.google.iter().flat_map(|(account, members)| {
            members.iter().filter(|member| !member.is_held).filter_map(|member| {
                let Whom::Many(namespace) = &member.whom else { return None };
                let subject = match namespace {
                    Some(namespace) => format!("{USER}{namespace}:*"),
                    None => format!("{USER}*"),
                };
                Some(OpenTrust { role: account.clone(), subject, origin: member.origin.clone() })
            })
        })
    }
}

impl Whom {
    fn is(&self, account: &ServiceAccount) -> bool {
        match self {
            Self::One(one) => one == account,
            Self::Many(namespace) => namespace.as_ref().is_none_or(|own| *own == account.namespace),
        }
    }
}

/// Where a policy is: of an asset that was searched for, of one that was exported, or by itself.
const POLICIES: [&str; 3] = ["policy", "iam_policy", "iamPolicy"];

/// Whether it is a policy of Google Cloud. One without bindings has a tag alone.
fn is_policy(item: &Value) -> bool {
    POLICIES.iter().chain(&["bindings", "etag"]).any(|name| item.get(name).is_some())
}

fn bindings(item: &Value) -> impl Iterator<Item = &Value> {
    let policy = POLICIES.iter().find_map(|name| item.get(name)).unwrap_or(item);
    policy.get("bindings").and_then(Value::as_array).into_iter().flatten()
}

/// Whom a member means, if it is of clusters. Everybody on the internet is, too.
fn whom(member: &str) -> Option<Whom> {
    if ["allUsers", "allAuthenticatedUsers"].contains(&member) {
        return Some(Whom::Many(None));
    }
    let one = |namespace: &str, name: &str| {
        ServiceAccount::of_user(&format!("{USER}{namespace}:{name}")).map(Whom::One)
    };
    if let Some(rest) = member.strip_prefix("serviceAccount:") {
        let (_, account) = rest.split_once(&format!("{POOL}["))?;
        let (namespace, name) = account.strip_suffix(']')?.split_once('/')?;
        return one(namespace, name);
    }
    let (_, rest) = member.split_once(&format!("{POOL}/"))?;
    if member.starts_with("principal://") {
        let (namespace, name) = rest.strip_prefix("subject/ns/")?.split_once("/sa/")?;
        return one(namespace, name);
    }
    member.strip_prefix("principalSet://")?;
    match rest.strip_prefix("namespace/") {
        Some(namespace) => Some(Whom::Many(Some(namespace.to_owned()))),
        // Others are of one cluster, and nobody knows of which.
        None => (rest == "*").then_some(Whom::Many(None)),
    }
}

/// Whether it looks like a client id, which is a UUID.
fn is_client(text: &str) -> bool {
    let mut parts = text.split('-').map(str::len);
    text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && [8, 4, 4, 4, 12].into_iter().all(|length| parts.next() == Some(length))
        && parts.next().is_none()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
