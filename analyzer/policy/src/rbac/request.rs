//! What the authorizer is asked.

/// Who asks: what authentication found out, or whom the caller impersonates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The user's name, such as `system:serviceaccount:NAMESPACE:NAME`.
    pub name: String,
    /// The groups, those that authentication adds included.
    pub groups: Vec<String>,
}

/// A request as the authorizer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request {
    /// The verb: `get`, `list`, `create`, ..., or an HTTP method in lower case where no resource is asked for.
    pub verb: String,
    /// What is asked for.
    pub target: Target,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A resource.
    Resource(ResourceRequest),
    /// A path that is no resource's, such as `/healthz`.
    Url(String),
}

/// A resource that is asked for. Texts are empty where the request has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceRequest {
    /// The API group; empty for the core.
    pub group: String,
    /// The resource, such as `pods`.
    pub resource: String,
    /// The subresource, such as `log`.
    pub subresource: String,
    /// The namespace; empty for what is in none and for all of them at once.
    pub namespace: String,
    /// The name; empty for a collection and for what is to be created.
    pub name: String,
}

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

impl User {
    /// A ServiceAccount, with the groups that its tokens have.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            name: format!("{SERVICE_ACCOUNT}{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
        }
    }
}

impl Request {
    /// The namespace whose own bindings count, if any.
    pub fn namespace(&self) -> Option<&str> {
        match &self.target {
            Target::Resource(resource) if !resource.namespace.is_empty() => Some(&resource.namespace),
            Target::Resource(_) | Target::Url(_) => None,
        }
    }
}
