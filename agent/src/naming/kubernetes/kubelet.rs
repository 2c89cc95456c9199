//! A kubelet's own API, which no audit log shows: whoever calls it needs a permission on a subresource of `nodes`.
//!
//! The rules are those of `GetRequestAttributes` in Kubernetes' `pkg/kubelet/server/auth.go`.

use remit_catalog::kubernetes::{CORE, verb};
use remit_ledger::Provider;

use crate::head::Head;
use crate::naming::host::Host;
use crate::naming::{Named, path};

/// The port that kubelets have unless they are told otherwise.
const PORT: u16 = 10250;

/// The first part of a path, and the subresource that it needs.
///
/// Not told are `pods`, `runningpods`, `healthz` and `configz`: from 1.33 on a kubelet asks for a subresource of its own (`pods` of
/// both former) and, where that is refused, for `proxy`, and which of the two let the caller in is known to nobody else.
const SUBRESOURCES: &[(&str, &str)] = &[
    ("stats", "stats"),
    ("metrics", "metrics"),
    ("logs", "log"),
    ("checkpoint", "checkpoint"),
    ("exec", "proxy"),
    ("run", "proxy"),
    ("attach", "proxy"),
    ("portForward", "proxy"),
    ("containerLogs", "proxy"),
];

/// The node: a kubelet is called by its address as often as by a name, so which one it is stays open.
const NODE: &str = "nodes/*";

/// Names a request to a kubelet; none where it is not one, or it is not known what it needs.
pub(in crate::naming) fn name(head: &Head, host: &Host<'_>) -> Option<Named> {
    // Of HEAD a kubelet makes no verb, unlike an API server.
    if host.port != Some(PORT) || head.scope.is_some() || head.method == "HEAD" {
        return None;
    }
    let decoded = path::decoded(&head.path);
    let first = decoded.strip_prefix('/')?.split('/').next()?;
    let (_, subresource) = SUBRESOURCES.iter().find(|(own, _)| *own == first)?;
    let verb = verb(&head.method)?;
    Some(Named::new(Provider::Kubernetes, CORE, format!("{verb} nodes/{subresource}")).on(NODE))
}

#[cfg(test)]
mod tests {
    use remit_catalog::kubernetes::{Target, Words};

    use crate::naming::tests::{head, line};
    use crate::naming::{Surroundings, name as named};

    #[test]
    fn what_a_kubelet_asks_permission_for_is_named() {
        for (method, host, address, expected) in [
            ("GET", "10.0.0.7:10250", "/metrics/cadvisor", "kubernetes core get nodes/metrics on nodes/*"),
            ("GET", "node-1:10250", "/metrics", "kubernetes core get nodes/metrics on nodes/*"),
            ("GET", "[fd00::7]:10250", "/stats/summary", "kubernetes core get nodes/stats on nodes/*"),
            ("GET", "10.0.0.7:10250", "/logs/", "kubernetes core get nodes/log on nodes/*"),
            (
                "POST",
                "10.0.0.7:10250",
                "/exec/a/b/c?command=id",
                "kubernetes core create nodes/proxy on nodes/*",
            ),
            ("POST", "10.0.0.7:10250", "/run/a/b/c", "kubernetes core create nodes/proxy on nodes/*"),
            ("GET", "10.0.0.7:10250", "/containerLogs/a/b/c", "kubernetes core get nodes/proxy on nodes/*"),
            (
                "POST",
                "10.0.0.7:10250",
                "/checkpoint/a/b/c",
                "kubernetes core create nodes/checkpoint on nodes/*",
            ),
            // Either of two permissions would do.
            ("GET", "10.0.0.7:10250", "/pods", "http 10.0.0.7:10250 GET /pods"),
            ("GET", "10.0.0.7:10250", "/healthz", "http 10.0.0.7:10250 GET /healthz"),
            ("GET", "10.0.0.7:10250", "/metricsfoo", "http 10.0.0.7:10250 GET /metricsfoo"),
            ("HEAD", "10.0.0.7:10250", "/metrics", "http 10.0.0.7:10250 HEAD /metrics"),
            ("GET", "10.0.0.7:9100", "/metrics", "http 10.0.0.7:9100 GET /metrics"),
        ] {
            let name = named(&head(method, host, address), &Surroundings::default());
            assert_eq!(line(&name), expected, "{method} {host} {address}");
        }
    }

    #[test]
    fn its_words_are_a_request_for_some_node() {
        let name = named(&head("GET", "10.0.0.7:10250", "/metrics"), &Surroundings::default());
        let words = Words {
            service: name.service,
            operation: name.operation,
            resource: name.resources.concat(),
            namespace: String::new(),
        };
        let Some(Target::Resource(asked)) = words.request().map(|request| request.target) else {
            panic!("it is no request")
        };
        assert_eq!((asked.resource.as_str(), asked.subresource.as_str()), ("nodes", "metrics"));
        assert_eq!((asked.group.as_str(), asked.name.as_str()), ("", "*"));
    }
}
