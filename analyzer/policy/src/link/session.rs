//! Which links were used: sessions of roles that logs tell of, and whose they are.

use std::collections::BTreeMap;

use super::{Link, Mechanism, ServiceAccount};

/// Sessions of a role: made of a token, or found in calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The role's ARN, with or without its path.
    pub role: String,
    /// Whose token it was made of, where the log tells.
    pub service_account: Option<ServiceAccount>,
    /// The session's name, where it has one.
    pub name: Option<String>,
    /// Calls.
    pub count: u64,
    /// Time of the first, in microseconds since the Unix epoch.
    pub first: i64,
    /// Time of the last.
    pub last: i64,
}

/// What was seen of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkSeen {
    /// Calls.
    pub count: u64,
    /// Time of the first, in microseconds since the Unix epoch.
    pub first: i64,
    /// Time of the last.
    pub last: i64,
}

/// Whether a link was used, as far as sessions tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    /// It was.
    Seen(LinkSeen),
    /// Some session may have been of it, or of others.
    Ambiguous(LinkSeen),
    /// No session was of it.
    NotSeen,
}

/// Sessions by the links that they may be of.
#[derive(Debug)]
pub struct Sessions<'a> {
    links: &'a [Link],
    /// Places of links by their role, without its path.
    by_role: BTreeMap<String, Vec<usize>>,
    uses: Vec<LinkUse>,
}

/// What the name of a session that Pod Identity makes begins with; cluster, pod and a random part follow (Amazon EKS Auth API
/// reference, `AssumedRoleUser`).
const POD_IDENTITY: &str = "eks-";

impl<'a> Sessions<'a> {
    /// No sessions yet of these links.
    pub fn of(links: &'a [Link]) -> Self {
        let mut by_role: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, link) in links.iter().enumerate() {
            by_role.entry(pathless(&link.principal)).or_default().push(at);
        }
        Self { links, by_role, uses: vec![LinkUse::NotSeen; links.len()] }
    }

    /// Counts sessions.
    pub fn add(&mut self, session: &Session) {
        let Some(places) = self.by_role.get(&pathless(&session.role)) else { return };
        let fit = |at: &usize| Some((*at, fit(self.links.get(*at)?, session)?));
        let fits: Vec<(usize, Fit)> = places.iter().filter_map(fit).collect();
        let seen = LinkSeen { count: session.count, first: session.first, last: session.last };
        // A pod's name does not tell its service account.
        let is_sure = matches!(fits.as_slice(), [(_, Fit::Whole)]);
        for (at, _) in fits {
            if let Some(use_) = self.uses.get_mut(at) {
                *use_ = use_.with(seen, is_sure);
            }
        }
    }

    /// What the sessions tell of each link, in the order of the links.
    pub fn uses(self) -> Vec<LinkUse> {
        self.uses
    }
}

impl LinkUse {
    fn with(self, seen: LinkSeen, is_sure: bool) -> Self {
        let join = |old: LinkSeen| LinkSeen {
            count: old.count.saturating_add(seen.count),
            first: old.first.min(seen.first),
            last: old.last.max(seen.last),
        };
        match (self, is_sure) {
            (Self::NotSeen | Self::Ambiguous(_), true) => Self::Seen(seen),
            (Self::NotSeen, false) => Self::Ambiguous(seen),
            (Self::Ambiguous(old), false) => Self::Ambiguous(join(old)),
            (Self::Seen(old), true) => Self::Seen(join(old)),
            (Self::Seen(old), false) => Self::Seen(old),
        }
    }
}

/// How well a session fits a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Whole,
    /// Names of sessions are short and those of clusters may be long: what there is of the cluster's is its beginning.
    CutOff,
}

fn fit(link: &Link, session: &Session) -> Option<Fit> {
    match (link.mechanism, &session.service_account, &session.name) {
        (Mechanism::Irsa, Some(service_account), _) => {
            (link.service_account == *service_account).then_some(Fit::Whole)
        }
        (Mechanism::PodIdentity, None, Some(name)) => {
            let rest = name.strip_prefix(POD_IDENTITY)?;
            let Some(cluster) = &link.cluster else { return Some(Fit::Whole) };
            match rest.strip_prefix(cluster.as_str()) {
                Some(pod) => pod.starts_with('-').then_some(Fit::Whole),
                None => cluster.starts_with(rest).then_some(Fit::CutOff),
            }
        }
        _ => None,
    }
}

/// A role's ARN without its path: logs do not always tell it, and no two roles of an account share a name.
fn pathless(arn: &str) -> String {
    match arn.split_once(":role/") {
        Some((head, path)) => format!("{head}:role/{}", path.rsplit('/').next().unwrap_or_default()),
        None => arn.to_owned(),
    }
}
