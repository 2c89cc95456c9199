//! Who asks the authorizer.

use super::permission::MANY;

/// Who asks: what authentication found out, or whom the caller impersonates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The user's name, such as `system:serviceaccount:NAMESPACE:NAME`.
    pub name: String,
    /// The groups, those that authentication adds included.
    pub groups: Vec<String>,
    /// Whether it stands for whoever is in its one group.
    pub is_group: bool,
}

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// What a group is called stands behind this.
const GROUP: &str = "group ";

/// The group that every authenticated user has.
pub(super) const AUTHENTICATED: &str = "system:authenticated";

/// Who gives no credentials.
pub(super) const ANONYMOUS: &str = "system:anonymous";

/// The group of all ServiceAccounts, and what names of those of one namespace begin with.
pub(super) const ACCOUNTS: &str = "system:serviceaccounts";

impl User {
    /// A ServiceAccount, with the groups that its tokens have.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            name: format!("{SERVICE_ACCOUNT}{namespace}:{name}"),
            groups: vec![ACCOUNTS.to_owned(), format!("{ACCOUNTS}:{namespace}"), AUTHENTICATED.to_owned()],
            is_group: false,
        }
    }

    /// A group that bindings name, whoever is in it. It is called `group NAME`.
    pub fn group(name: &str) -> Self {
        Self { name: format!("{GROUP}{name}"), groups: vec![name.to_owned()], is_group: true }
    }

    /// The name of the group that is called so.
    pub fn group_of(name: &str) -> Option<&str> {
        name.strip_prefix(GROUP)
    }

    /// The name of the group that it stands for.
    pub fn as_group(&self) -> Option<&str> {
        self.groups.first().map(String::as_str).filter(|_| self.is_group)
    }

    /// The user of that name, with these groups and those that it has by its name. `*`, which stands for more than are known, is none.
    pub fn named(name: &str, groups: impl IntoIterator<Item = String>) -> Self {
        let mut user = match parts(name) {
            Some((namespace, name)) => Self::service_account(namespace, name),
            None => {
                let group = if name == ANONYMOUS { "unauthenticated" } else { "authenticated" };
                Self { name: name.to_owned(), groups: vec![format!("system:{group}")], is_group: false }
            }
        };
        for group in groups {
            if group != MANY && !user.groups.contains(&group) {
                user.groups.push(group);
            }
        }
        user
    }

    /// Whether it is certainly in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }

    /// The namespace and the name of a ServiceAccount.
    pub fn account(&self) -> Option<(&str, &str)> {
        parts(&self.name)
    }
}

/// The namespace and the name of a ServiceAccount of which this is the user's name.
pub(super) fn parts(name: &str) -> Option<(&str, &str)> {
    let (namespace, name) = name.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}
