//! A binding of a cluster that is there during windows alone: jobs that make it and take it away again.

use remit_policy::rbac::{Binding, BoundRole, RoleRef, Subject, yaml};
use serde_json::{Value, json};
use twox_hash::XxHash3_64;

use super::{Demand, MOSTLY_WORKING_DAYS};
use crate::intent::pace::WEEKDAYS;

/// What a cluster grants a service account, of which the bindings are to be there for windows alone.
pub(crate) struct Granting<'a> {
    /// Its bindings.
    pub(crate) own: &'a [BoundRole<'a>],
}

/// Bindings for which jobs are written.
const MOST: usize = 4;

/// An image that has nothing but `kubectl`.
const IMAGE: &str = "registry.k8s.io/kubectl:v1.34.1";

/// Adds the jobs that make bindings before a window and take them away after it.
pub(crate) fn binding(mut demand: Demand, granting: &Granting<'_>) -> Demand {
    let Some((open, close)) = schedules(&demand) else {
        demand.notes.push(
            "jobs are written for what comes every day, on working days or on one day of the week, and for nothing else"
                .to_owned(),
        );
        return demand;
    };
    let mut objects = Vec::new();
    for (binding, _) in granting.own {
        match jobs(binding, &open, &close) {
            Some(written) if objects.len() < MOST => objects.push(written),
            _ => demand.notes.push(format!(
                "no jobs are written for {}: they would have to be trusted with more than they save, or others are bound \
                 by it",
                binding.name.of_binding()
            )),
        }
    }
    if objects.is_empty() {
        return demand;
    }
    let objects: Vec<Value> = objects.into_iter().flatten().collect();
    demand.manifest = yaml(&objects).ok();
    demand.notes.push(
        "the jobs run as a service account of their own, which may bind this role to anybody, take away this binding, and \
         nothing else; the binding that is there today has to go; it is made a quarter of an hour before the window, which is as \
         seen: widen it for what runs late"
            .to_owned(),
    );
    demand
}

/// When a CronJob opens the window, a quarter of an hour before it, and when one closes it: none where a schedule has no words
/// for that.
fn schedules(demand: &Demand) -> Option<(String, String)> {
    let to = (demand.from_hour + demand.hours) % 24;
    let (opens_before, closes_after) = (demand.from_hour == 0, to <= demand.from_hour);
    let open_hour = (demand.from_hour + 23) % 24;
    let (open, close) = match (demand.weekday, demand.rhythm.as_str()) {
        (Some(weekday), _) => {
            // The first of the names is a Thursday, which is 4 to a CronJob.
            let day = (WEEKDAYS.iter().position(|name| *name == weekday)? + 4) % 7;
            let before = if opens_before { (day + 6) % 7 } else { day };
            let after = if closes_after { (day + 1) % 7 } else { day };
            (before.to_string(), after.to_string())
        }
        (None, "every day" | MOSTLY_WORKING_DAYS) => ("*".to_owned(), "*".to_owned()),
        (None, "on working days") => {
            let days = |is_moved, moved: &str| if is_moved { moved.to_owned() } else { "1-5".to_owned() };
            (days(opens_before, "0-4"), days(closes_after, "2-6"))
        }
        _ => return None,
    };
    Some((format!("45 {open_hour} * * {open}"), format!("0 {to} * * {close}")))
}

/// Ends the names of the objects that are written.
const SUFFIX: &str = "-window";

/// The longest name of a CronJob is of 52 characters, of which `-close` takes six (Kubernetes documentation, "CronJob limitations").
const LONGEST: usize = 46;

/// Characters of a digest that keep names apart.
const DIGEST: usize = 8;

/// A name for what opens and closes a binding: a label of DNS (RFC 1123), whatever the binding is named. Where letters had to go, a
/// digest keeps it apart from that of another binding.
fn window_name(binding: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let is_label = binding.chars().all(is_plain) && !binding.starts_with('-') && !binding.is_empty();
    if is_label && binding.len() + SUFFIX.len() <= LONGEST {
        return format!("{binding}{SUFFIX}");
    }
    let lower = binding.chars().map(|letter| letter.to_ascii_lowercase());
    let safe: String = lower.map(|letter| if is_plain(letter) { letter } else { '-' }).collect();
    let room = LONGEST - SUFFIX.len() - DIGEST - 1;
    let safe: String = safe.trim_matches('-').chars().take(room).collect();
    let safe = match safe.trim_end_matches('-') {
        "" => "binding",
        safe => safe,
    };
    let digest = format!("{:016x}", XxHash3_64::oneshot(binding.as_bytes()));
    let digest: String = digest.chars().take(DIGEST).collect();
    format!("{safe}-{digest}{SUFFIX}")
}

/// The objects by which one binding is there for windows alone. None of a binding of the whole cluster, or of several subjects.
fn jobs(binding: &Binding, open: &str, close: &str) -> Option<Vec<Value>> {
    let namespace = binding.name.namespace.as_deref()?;
    let [Subject::ServiceAccount { namespace: of, name: account }] = binding.subjects.as_slice() else {
        return None;
    };
    let of = of.as_deref().unwrap_or(namespace);
    let (flag, kind, role) = match &binding.role {
        RoleRef::Role(name) => ("--role", "roles", name),
        RoleRef::ClusterRole(name) => ("--clusterrole", "clusterroles", name),
    };
    let name = window_name(&binding.name.name);
    let bound = binding.name.name.clone();
    let meta = |name: &str| json!({ "name": name, "namespace": namespace });
    let group = "rbac.authorization.k8s.io";
    let job = |suffix: &str, schedule: &str, arguments: Vec<String>| {
        json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta(&format!("{name}-{suffix}")),
            "spec": { "schedule": schedule, "timeZone": "Etc/UTC", "concurrencyPolicy": "Forbid", "jobTemplate": {
                "spec": { "template": { "spec": {
                    "serviceAccountName": name, "restartPolicy": "OnFailure",
                    "containers": [{ "name": "kubectl", "image": IMAGE, "args": arguments }]
                } } }
            } }
        })
    };
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut create = own(&["create", "rolebinding", &bound, "--namespace", namespace]);
    create.extend([format!("{flag}={role}"), format!("--serviceaccount={of}:{account}")]);
    let delete = own(&["delete", "rolebinding", &bound, "--namespace", namespace, "--ignore-not-found"]);
    Some(vec![
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(&name) }),
        json!({
            "apiVersion": format!("{group}/v1"), "kind": "Role", "metadata": meta(&name),
            "rules": [
                // A request to create has no name that a rule could hold it against; what may be bound is held by `bind`.
                { "apiGroups": [group], "resources": ["rolebindings"], "verbs": ["create"] },
                { "apiGroups": [group], "resources": ["rolebindings"], "verbs": ["get", "delete"], "resourceNames": [bound] },
                { "apiGroups": [group], "resources": [kind], "verbs": ["bind"], "resourceNames": [role] }
            ]
        }),
        json!({
            "apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": meta(&name),
            "roleRef": { "apiGroup": group, "kind": "Role", "name": name },
            "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": namespace }]
        }),
        job("open", open, create),
        job("close", close, delete),
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use remit_policy::Origin;
    use remit_policy::rbac::{ObjectName, Role};

    use super::*;

    fn demand(weekday: Option<&'static str>, rhythm: &str) -> Demand {
        Demand {
            rhythm: rhythm.to_owned(),
            window: String::new(),
            from_hour: 23,
            hours: 2,
            weekday,
            cycles: 9,
            share_per_thousand: 10,
            started_by: Vec::new(),
            next: None,
            grant: None,
            manifest: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_window_over_midnight_closes_on_the_next_day() {
        let of = |weekday, rhythm| schedules(&demand(weekday, rhythm));
        let two = |open: &str, close: &str| Some((open.to_owned(), close.to_owned()));
        assert_eq!(of(Some("Saturday"), "every Saturday (9 times)"), two("45 22 * * 6", "0 1 * * 0"));
        assert_eq!(of(None, "every day"), two("45 22 * * *", "0 1 * * *"));
        assert_eq!(of(None, "on working days"), two("45 22 * * 1-5", "0 1 * * 2-6"));
        assert_eq!(of(None, MOSTLY_WORKING_DAYS), two("45 22 * * *", "0 1 * * *"));
        assert_eq!(of(None, "every month (9 times)"), None);
        let early = Demand { from_hour: 0, ..demand(Some("Sunday"), "every Sunday (9 times)") };
        assert_eq!(schedules(&early), two("45 23 * * 6", "0 2 * * 0"));
    }

    /// Names of bindings may hold what names of jobs may not, and be longer.
    #[test]
    fn whatever_a_binding_is_named_its_jobs_have_names_of_dns() {
        assert_eq!(window_name("report"), "report-window");
        let long = "data:etl-Jobs_writer-of-everything-that-comes-in-at-night-from-anywhere";
        let names = [long, "data:etl-Jobs_writer", "data.etl-jobs-writer", "-", "Äöü", "a-", &"x".repeat(46)];
        let made: std::collections::BTreeSet<String> = names.iter().map(|name| window_name(name)).collect();
        assert_eq!(made.len(), names.len(), "{made:?}");
        for name in made {
            let is_label =
                name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-');
            assert!(is_label && !name.starts_with('-') && name.len() <= LONGEST, "{name}");
        }
        assert!(window_name(long).starts_with("data-etl-jobs-writer-of-everyt"), "{}", window_name(long));
    }

    #[test]
    fn jobs_are_written_for_a_binding_of_one_account_in_a_namespace() {
        let origin = Origin { file: "a.yaml".to_owned(), line: 1 };
        let name = |namespace: Option<&str>| ObjectName {
            namespace: namespace.map(str::to_owned),
            name: "report".to_owned(),
        };
        let role = Role {
            name: name(Some("shop")),
            labels: BTreeMap::new(),
            rules: Vec::new(),
            aggregates: Vec::new(),
            since: None,
            origin: origin.clone(),
        };
        let bound = |namespace| Binding {
            name: name(namespace),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            subjects: vec![Subject::ServiceAccount {
                namespace: Some("shop".to_owned()),
                name: "report".to_owned(),
            }],
            role: RoleRef::Role("report".to_owned()),
            since: None,
            origin: origin.clone(),
        };
        let (here, everywhere) = (bound(Some("shop")), bound(None));
        let made =
            binding(demand(None, "every day"), &Granting { own: &[(&here, &role), (&everywhere, &role)] });
        let manifest = made.manifest.unwrap();
        assert_eq!(manifest.matches("kind: CronJob").count(), 2, "{manifest}");
        assert!(
            manifest.contains("--serviceaccount=shop:report") && manifest.contains("- bind"),
            "{manifest}"
        );
        assert!(made.notes.iter().any(|note| note.contains("ClusterRoleBinding/report")), "{:?}", made.notes);
    }
}
