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

    /// The user of that name, with these groups and those that it has by its name.
    pub fn named(name: &str, groups: impl IntoIterator<Item = String>) -> Self {
        let mut user = match parts(name) {
            Some((namespace, name)) => Self::service_account(namespace, name),
            None => {
                let group = if name == "system:anonymous" { "unauthenticated" } else { "authenticated" };
                Self { name: name.to_owned(), groups: vec![format!("system:{group}")] }
            }
        };
        for group in groups {
            if !user.groups.contains(&group) {
                user.groups.push(group);
            }
        }
        user
    }

    /// The namespace and the name of a ServiceAccount.
    pub fn account(&self) -> Option<(&str, &str)> {
        parts(&self.name)
    }
}

fn parts(name: &str) -> Option<(&str, &str)> {
    let (namespace, name) = name.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}
