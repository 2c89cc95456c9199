//! Who calls, as events tell it.

use std::collections::BTreeMap;

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use serde::Deserialize;

use super::pod::stem;

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";
const AUTHENTICATED: &str = "system:authenticated";
const NODE: &str = "system:node:";

/// The verb of acting as another, where that is not constrained.
pub(crate) const IMPERSONATE: &str = "impersonate";
const ANONYMOUS: &str = "system:anonymous";

/// Names of users, groups and pods are shorter, in bytes.
const NAME_LIMIT: usize = 1024;

/// Groups that take more bytes together are not kept one by one.
const GROUPS_LIMIT: usize = 4096;

/// Who made a call, without where from. Those of whom one example speaks follow each other in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Who {
    /// The name that was judged.
    pub(crate) principal: String,
    /// The groups that were judged, beyond those that a ServiceAccount always has: in order, with commas between. `*` where
    /// they are too many.
    pub(crate) groups: String,
    /// Namespace and name of the pod whose token it is; what was generated of the name is cut.
    pub(crate) pod: Option<(String, String)>,
    /// Who asked on the principal's behalf what it may do.
    pub(crate) via: Option<String>,
    /// Who impersonated the principal.
    pub(crate) source: Option<String>,
    /// The public identifier of the token or certificate.
    pub(crate) credential: Option<String>,
}

/// `user` and `impersonatedUser` of an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    username: Option<String>,
    uid: Option<String>,
    groups: Option<Vec<String>>,
    extra: Option<BTreeMap<String, Option<Vec<String>>>>,
}

impl User {
    /// Reads the object; none where it is none.
    pub(crate) fn read(object: &[u8]) -> Option<Self> {
        serde_json::from_slice(object).ok()
    }

    fn extra(&self, key: &str) -> Option<&String> {
        let values = self.extra.as_ref()?.get(key)?.as_ref()?;
        values.first().filter(|value| is_name(value))
    }

    fn groups(&self) -> &[String] {
        self.groups.as_deref().unwrap_or_default()
    }
}

impl Who {
    /// Who calls: the user, or whom it impersonates. None without a name.
    pub(crate) fn read(user: &User, impersonated: Option<&User>) -> Option<Self> {
        let judged = impersonated.unwrap_or(user);
        let own = name_of(user)?;
        let principal = name_of(judged)?;
        let pod = user.extra("authentication.kubernetes.io/pod-name");
        let namespace = service_account(own).map(|(namespace, _)| namespace.to_owned());
        Some(Self {
            groups: groups(principal, judged.groups()),
            principal: principal.to_owned(),
            source: impersonated.map(|_| own.to_owned()),
            credential: user.extra("authentication.kubernetes.io/credential-id").cloned(),
            pod: namespace.zip(pod.map(|pod| stem(pod))),
            via: None,
        })
    }

    /// One of whom only name and groups are known.
    pub(crate) fn named(name: &str, listed: &[String]) -> Option<Self> {
        is_name(name).then(|| Self {
            principal: name.to_owned(),
            groups: groups(name, listed),
            ..Self::default()
        })
    }

    /// The user that impersonates, by itself.
    pub(crate) fn impersonator(&self, user: &User) -> Option<Self> {
        let name = self.source.as_deref()?;
        Some(Self {
            principal: name.to_owned(),
            groups: groups(name, user.groups()),
            source: None,
            ..self.clone()
        })
    }

    /// Whether the other differs in nothing but credential and impersonator.
    pub(crate) fn is_kin(&self, other: &Self) -> bool {
        (&self.principal, &self.groups, &self.pod, &self.via)
            == (&other.principal, &other.groups, &other.pod, &other.via)
    }

    pub(crate) fn kind(&self) -> &'static str {
        let name = self.principal.as_str();
        if service_account(name).is_some() {
            "service_account"
        } else if name.starts_with(NODE) {
            "node"
        } else if name == ANONYMOUS {
            "anonymous"
        } else {
            "user"
        }
    }

    /// Bytes of memory that it takes, roughly.
    pub(crate) fn footprint(&self) -> usize {
        let optional = [&self.source, &self.credential, &self.via].into_iter().flatten();
        let texts: usize = [&self.principal, &self.groups].into_iter().chain(optional).map(String::len).sum();
        size_of::<Self>() + texts + 2 * NAME_LIMIT * usize::from(self.pod.is_some()) / 8
    }
}

/// What a user was allowed to do in order to act as another: each of it is judged for itself, and none has an event. Groups
/// that the server may have added are not asked for. Values of `extra` are not told. Where the impersonation is constrained (KEP-5284),
/// `constraint` is its verb, such as `impersonate:user-info`. None where it is more than can be told: no name stands for several
/// fields of `extra`, since each is a resource.
pub(crate) fn impersonations(other: &User, constraint: Option<&str>) -> Option<Vec<Request>> {
    const AUTHENTICATION: &str = "authentication.k8s.io";
    let mut asked = Vec::new();
    let name = name_of(other)?;
    let verb = constraint.unwrap_or(IMPERSONATE);
    let core = if constraint.is_some() { AUTHENTICATION } else { "" };
    match (service_account(name), name.strip_prefix(NODE), constraint) {
        (Some((namespace, name)), _, _) => {
            asked.push(impersonate(verb, core, "serviceaccounts", "", namespace, name));
        }
        // Which node that is follows from who asks.
        (_, Some(_), Some("impersonate:associated-node")) => {
            asked.push(impersonate(verb, core, "nodes", "", "", MANY));
        }
        (_, Some(node), Some(_)) => asked.push(impersonate(verb, core, "nodes", "", "", node)),
        _ => asked.push(impersonate(verb, core, "users", "", "", name)),
    }
    if constraint.is_some_and(|constraint| constraint != "impersonate:user-info") {
        // The rest of a ServiceAccount or node is given with its name.
        return Some(asked);
    }
    let mut groups = requested(name, other.groups());
    if groups.len() > IMPERSONATED || !groups.iter().all(|group| is_name(group)) {
        groups = vec![MANY];
    }
    asked.extend(groups.into_iter().map(|group| impersonate(verb, core, "groups", "", "", group)));
    if let Some(uid) = other.uid.as_deref().filter(|uid| !uid.is_empty()) {
        let uid = if is_name(uid) { uid } else { MANY };
        asked.push(impersonate(verb, AUTHENTICATION, "uids", "", "", uid));
    }
    let extra = other.extra.iter().flatten().map(|(key, _)| key);
    if extra.clone().count() > IMPERSONATED || !extra.clone().all(|key| is_name(key)) {
        return None;
    }
    asked.extend(extra.map(|key| impersonate(verb, AUTHENTICATION, "userextras", key, "", MANY)));
    Some(asked)
}

/// Groups of one impersonation that are told one by one; of more it is told that there were some, which may have been any. Each is
/// a row of its own, and who sends a request says how many there are.
const IMPERSONATED: usize = 64;

/// Stands for names that are not told one by one.
const MANY: &str = "*";

/// A request to act as another.
pub(crate) fn impersonate(
    verb: &str,
    group: &str,
    resource: &str,
    subresource: &str,
    namespace: &str,
    name: &str,
) -> Request {
    let own = str::to_owned;
    let asked = ResourceRequest {
        group: own(group),
        resource: own(resource),
        subresource: own(subresource),
        namespace: own(namespace),
        name: own(name),
    };
    Request { verb: own(verb), target: Target::Resource(asked) }
}

fn name_of(user: &User) -> Option<&str> {
    user.username.as_deref().filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    (1..=NAME_LIMIT).contains(&name.len())
}

/// Namespace and name of a ServiceAccount.
fn service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')
}

/// The groups of an impersonated user that the request named for certain. Where it names none, the server gives a ServiceAccount
/// both groups of its kind; then it adds at the end that the user is authenticated, or is not. Sources: `WithImpersonation` in
/// `staging/src/k8s.io/apiserver/pkg/endpoints/filters` of kubernetes/kubernetes, and `MakeGroupNames` for the order of both.
fn requested<'a>(name: &str, groups: &'a [String]) -> Vec<&'a str> {
    let mut groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let last = if name == ANONYMOUS { "system:unauthenticated" } else { AUTHENTICATED };
    groups.pop_if(|group| *group == last);
    if service_accounts(name).is_some_and(|given| groups == given) {
        groups.clear();
    }
    groups
}

/// The groups that every ServiceAccount of this one's namespace is in.
fn service_accounts(name: &str) -> Option<[String; 2]> {
    const ALL: &str = "system:serviceaccounts";
    let (namespace, _) = service_account(name)?;
    Some([ALL.to_owned(), format!("{ALL}:{namespace}")])
}

/// Groups beyond those that a ServiceAccount always has.
fn groups(name: &str, groups: &[String]) -> String {
    let of_account = service_accounts(name);
    let is_usual =
        |group: &str| group == AUTHENTICATED || of_account.iter().flatten().any(|usual| usual == group);
    let told = groups.iter().map(String::as_str).filter(|group| !is_usual(group));
    // Names of a directory have commas of their own.
    let mut told: Vec<String> = told.map(|group| group.replace('%', "%25").replace(',', "%2C")).collect();
    told.sort_unstable();
    told.dedup();
    let joined = told.join(",");
    if joined.len() > GROUPS_LIMIT { "*".to_owned() } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(json: &str) -> User {
        User::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn who_is_judged_is_the_principal() {
        let pod = user(
            r#"{"username":"system:serviceaccount:shop:api","groups":["system:serviceaccounts","system:serviceaccounts:shop","system:authenticated","extra"],"extra":{"authentication.kubernetes.io/pod-name":["api-7998647bdf-phvq7"],"authentication.kubernetes.io/credential-id":["JTI=1"],"other":["secret"]}}"#,
        );
        let who = Who::read(&pod, None).unwrap();
        let expected = Who {
            principal: "system:serviceaccount:shop:api".to_owned(),
            groups: "extra".to_owned(),
            source: None,
            credential: Some("JTI=1".to_owned()),
            pod: Some(("shop".to_owned(), "api-*".to_owned())),
            via: None,
        };
        assert_eq!(who, expected);
        let other = user(r#"{"username":"bob","groups":["b","a","system:authenticated"]}"#);
        let who = Who::read(&pod, Some(&other)).unwrap();
        assert_eq!((who.principal.as_str(), who.groups.as_str(), who.kind()), ("bob", "a,b", "user"));
        assert_eq!(who.source.as_deref(), Some("system:serviceaccount:shop:api"));
        assert_eq!(who.impersonator(&pod).unwrap().groups, "extra");
        assert!(Who::read(&user(r#"{"username":""}"#), None).is_none());
        assert!(User::read(br#"{"username":7}"#).is_none() && User::read(b"7").is_none());
    }

    #[test]
    fn what_acting_as_another_takes_is_asked_one_by_one() {
        let other = user(
            r#"{"username":"system:serviceaccount:shop:api","uid":"u-1","groups":["admins","system:serviceaccounts","system:serviceaccounts:shop","system:authenticated"],"extra":{"scopes":["a secret"]}}"#,
        );
        let asked: Vec<_> = impersonations(&other, None)
            .unwrap()
            .iter()
            .filter_map(Request::words)
            .map(|words| format!("{} {} {}", words.service, words.operation, words.resource))
            .collect();
        assert_eq!(
            asked,
            [
                "core impersonate serviceaccounts namespaces/shop/serviceaccounts/api",
                "core impersonate groups groups/admins",
                "core impersonate groups groups/system:serviceaccounts",
                "core impersonate groups groups/system:serviceaccounts:shop",
                "authentication.k8s.io impersonate uids uids/u-1",
                "authentication.k8s.io impersonate userextras/scopes userextras/*",
            ]
        );
        let words = |json: &str, constraint: &str| {
            let asked = impersonations(&user(json), Some(constraint)).unwrap();
            let words = asked.iter().filter_map(Request::words);
            words.map(|words| format!("{} {}", words.operation, words.resource)).collect::<Vec<_>>()
        };
        assert_eq!(
            words(r#"{"username":"bob","groups":["g"]}"#, "impersonate:user-info"),
            ["impersonate:user-info users users/bob", "impersonate:user-info groups groups/g"]
        );
        let node = r#"{"username":"system:node:n1","groups":["system:nodes"]}"#;
        assert_eq!(words(node, "impersonate:arbitrary-node"), ["impersonate:arbitrary-node nodes nodes/n1"]);
        assert_eq!(words(node, "impersonate:associated-node"), ["impersonate:associated-node nodes nodes/*"]);
    }

    #[test]
    fn groups_that_the_server_would_not_have_added_were_asked_for() {
        let asked = |name: &str, groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
            requested(name, &groups).join(" ")
        };
        let account = "system:serviceaccount:shop:api";
        let [all, own] = ["system:serviceaccounts", "system:serviceaccounts:shop"];
        // It cannot be told whether these were asked for.
        assert_eq!(asked(account, &[all, own, AUTHENTICATED]), "");
        assert_eq!(asked("bob", &[AUTHENTICATED]), "");
        assert_eq!(asked(ANONYMOUS, &["system:unauthenticated"]), "");
        assert_eq!(asked("bob", &["a", AUTHENTICATED]), "a");
        // And of these it can.
        assert_eq!(asked("bob", &[AUTHENTICATED, "a"]), format!("{AUTHENTICATED} a"));
        assert_eq!(asked(account, &[own, AUTHENTICATED]), own);
        assert_eq!(asked(account, &[own, all, AUTHENTICATED]), format!("{own} {all}"));
        assert_eq!(asked(account, &[all, own, AUTHENTICATED, "a"]), format!("{all} {own} {AUTHENTICATED} a"));
        assert_eq!(
            asked(account, &["system:serviceaccounts:pay", AUTHENTICATED]),
            "system:serviceaccounts:pay"
        );
        assert_eq!(asked("bob", &[all, own, AUTHENTICATED]), format!("{all} {own}"));
        assert_eq!(asked(ANONYMOUS, &[AUTHENTICATED, "system:unauthenticated"]), AUTHENTICATED);
    }

    #[test]
    fn of_many_groups_it_is_told_that_they_may_be_any() {
        let resources = |groups: &[String], extra: usize| -> Option<Vec<String>> {
            let extra: serde_json::Map<_, _> =
                (0..extra).map(|key| (format!("k{key}"), serde_json::json!(["v"]))).collect();
            let other = serde_json::json!({"username": "bob", "uid": "u".repeat(2000), "groups": groups, "extra": extra});
            let asked = impersonations(&user(&other.to_string()), None)?;
            Some(asked.iter().filter_map(Request::words).map(|words| words.resource).collect())
        };
        let groups = |count: usize| (0..count).map(|number| format!("g{number}")).collect::<Vec<_>>();
        assert_eq!(resources(&groups(IMPERSONATED), 0).unwrap().len(), IMPERSONATED + 2);
        assert_eq!(resources(&groups(IMPERSONATED + 1), 0).unwrap(), ["users/bob", "groups/*", "uids/*"]);
        let long = ["g".to_owned(), "n".repeat(NAME_LIMIT + 1)];
        assert_eq!(resources(&long, 1).unwrap(), ["users/bob", "groups/*", "uids/*", "userextras/*"]);
        assert_eq!(resources(&[], IMPERSONATED).unwrap().len(), IMPERSONATED + 2);
        assert_eq!(resources(&[], IMPERSONATED + 1), None);
    }
}
