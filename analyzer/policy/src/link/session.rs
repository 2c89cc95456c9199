//! Which links were used: sessions of roles that logs tell of, and calls that pods were seen to make, and whose they are.

use std::collections::{BTreeMap, BTreeSet};

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

/// Calls of a cloud that runs no sessions, or whose logs are not read, as pods were seen to make them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodCalls {
    /// How service accounts become identities of that cloud.
    pub mechanism: Mechanism,
    /// Whom the pods run as.
    pub service_account: ServiceAccount,
    /// The cloud identity that the calls were made as, or that they asked a token of; none where that is not told.
    pub identity: Option<String>,
    /// What was called, `service:operation`.
    pub called: String,
    /// How many and when.
    pub seen: LinkSeen,
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

/// Whether a link was used, as far as sessions and calls tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    /// It was.
    Seen(LinkSeen),
    /// Some may have been of it, or of others.
    Ambiguous(LinkSeen),
    /// Nothing was of it.
    NotSeen,
}

/// Operations of one link that are kept.
const OPERATIONS: usize = 64;

/// Sessions by the links that they may be of.
#[derive(Debug)]
pub struct Sessions<'a> {
    links: &'a [Link],
    /// Places of links by their role, without its path.
    by_role: BTreeMap<String, Vec<usize>>,
    /// Places of links by their service account and how that becomes another.
    by_account: BTreeMap<(Mechanism, &'a ServiceAccount), Vec<usize>>,
    uses: Vec<LinkUse>,
    called: Vec<BTreeSet<String>>,
}

/// What the name of a session that Pod Identity makes begins with; cluster, pod and a random part follow (Amazon EKS Auth API
/// reference, `AssumedRoleUser`).
const POD_IDENTITY: &str = "eks-";

impl<'a> Sessions<'a> {
    /// No sessions yet of these links.
    pub fn of(links: &'a [Link]) -> Self {
        let mut by_role: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_account: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, link) in links.iter().enumerate() {
            by_role.entry(pathless(&link.principal)).or_default().push(at);
            by_account.entry((link.mechanism, &link.service_account)).or_default().push(at);
        }
        let (uses, called) = (vec![LinkUse::NotSeen; links.len()], vec![BTreeSet::new(); links.len()]);
        Self { links, by_role, by_account, uses, called }
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

    /// Counts calls that pods made. Those that do not tell whom they were made as may be of any link of the service account, or
    /// of a key that the pod has.
    pub fn add_calls(&mut self, calls: &PodCalls) {
        let Some(places) = self.by_account.get(&(calls.mechanism, &calls.service_account)) else { return };
        for at in places {
            let (Some(link), Some(use_), Some(called)) =
                (self.links.get(*at), self.uses.get_mut(*at), self.called.get_mut(*at))
            else {
                continue;
            };
            match &calls.identity {
                Some(identity) if identity.eq_ignore_ascii_case(&link.principal) => {
                    *use_ = use_.with(calls.seen, true);
                    if called.len() < OPERATIONS {
                        called.insert(calls.called.clone());
                    }
                }
                Some(_) => {}
                None => *use_ = use_.with(calls.seen, false),
            }
        }
    }

    /// What was seen of each link, in the order of the links, and what was called through it where its own calls tell.
    pub fn uses(self) -> Vec<(LinkUse, BTreeSet<String>)> {
        self.uses.into_iter().zip(self.called).collect()
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
