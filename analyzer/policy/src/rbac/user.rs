//! Who asks the authorizer.

/// Who asks: what authentication found out, or whom the caller impersonates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The user's name, such as `system:serviceaccount:NAMESPACE:NAME`.
    pub name: String,
    /// The groups, those that authentication adds included.
    pub groups: Vec<String>,
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
