use crate::head::Head;
use crate::naming::tests::{head, line, scope};
use crate::naming::{Surroundings, name};

fn of(method: &str, host: &str, address: &str) -> String {
    line(&name(&head(method, host, address), &Surroundings::default()))
}

#[test]
fn what_an_address_asks_for_is_named() {
    for (method, address, expected) in [
        ("GET", "/api/v1/namespaces/other", "core get namespaces on namespaces/other"),
        ("PUT", "/api/v1/namespaces/other/finalize", "core update namespaces/finalize on namespaces/other"),
        ("GET", "/api/v1/namespaces/other/pods", "core list pods on namespaces/other/pods"),
        ("GET", "/api/v1/namespaces/other/pods/foo", "core get pods on namespaces/other/pods/foo"),
        ("GET", "/api/v1/pods", "core list pods on pods"),
        ("GET", "/api/v1/pods?watch=true", "core watch pods on pods"),
        (
            "GET",
            "/api/v1/namespaces/a/pods?fieldSelector=metadata.name=p",
            "core list pods on namespaces/a/pods/p",
        ),
        ("POST", "/api/v1/namespaces/a/pods/p/exec?command", "core create pods/exec on namespaces/a/pods/p"),
        (
            "GET",
            "/api/v1/namespaces/a/services/s/proxy/any/where",
            "core get services/proxy on namespaces/a/services/s",
        ),
        ("DELETE", "/api/v1/namespaces/a/pods", "core deletecollection pods on namespaces/a/pods"),
        (
            "GET",
            "/apis/apps/v1/namespaces/a/deployments",
            "apps list deployments on namespaces/a/deployments",
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/a/deployments/d/scale",
            "apps patch deployments/scale on namespaces/a/deployments/d",
        ),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "authorization.k8s.io create selfsubjectaccessreviews on selfsubjectaccessreviews",
        ),
        ("GET", "/", "nonResourceURLs get / on /"),
        ("GET", "/healthz", "nonResourceURLs get /healthz on /healthz"),
        ("GET", "/api", "nonResourceURLs get /api on /api"),
        ("GET", "/apis/apps/v1", "nonResourceURLs get /apis/apps/v1 on /apis/apps/v1"),
        ("GET", "/api/v1", "nonResourceURLs get /api/v1 on /api/v1"),
        ("GET", "/hooks/T00000000/a%20b", "nonResourceURLs get /hooks/T00000000/a b on /hooks/T00000000/a b"),
        ("GET", "/apis/core/v1/pods", "core unknown"),
        ("BREW", "/api/v1/pods", "core unknown"),
        ("GET", "/api/v1/watch", "core unknown"),
        ("GET", "/api/v1/namespaces/a/p%20q", "core unknown"),
    ] {
        let expected = format!("kubernetes {expected}");
        assert_eq!(of(method, "kubernetes.default.svc", address), expected, "{method} {address}");
    }
    let named = name(
        &head("GET", "k:6443", "/apis/apps/v1beta1/namespaces/a/deployments/d"),
        &Surroundings::default(),
    );
    let parameters = [("namespace".to_owned(), "a".to_owned()), ("version".to_owned(), "v1beta1".to_owned())];
    assert_eq!(named.parameters, parameters);
}

#[test]
fn other_services_are_not_taken_for_a_cluster() {
    for (host, address, is_cluster) in [
        ("10.96.0.1", "/api/v1/namespaces/a/pods", true),
        ("127.0.0.1:40001", "/api/v1/namespaces/a/secrets/s", true),
        ("10.96.0.1:443", "/api/v1/nodes?watch=true", true),
        ("127.0.0.1:40001", "/api/v1/events", false),
        ("collector:8080", "/api/v1/events", false),
        ("ABC.gr7.eu-west-1.eks.amazonaws.com", "/version", true),
        ("cluster.example.com", "/apis/apps/v1/deployments", true),
        ("cluster.example.com", "/apis/example.com/v1alpha1/things", true),
        ("cluster.example.com:6443", "/version", true),
        ("prometheus.example.com", "/api/v1/query", false),
        ("127.0.0.1:9090", "/api/v1/query", false),
        ("example.com", "/api/v1/pods", false),
        ("example.com", "/apis/things/v1/x", false),
        ("example.com", "/apis/apps/vnext/x", false),
        ("10.96.0.1", "/healthz", false),
    ] {
        assert_eq!(of("GET", host, address).starts_with("kubernetes "), is_cluster, "{host}{address}");
    }
    let client = Head { is_bearer: true, ..head("GET", "127.0.0.1:40001", "/api/v1/pods") };
    assert_eq!(line(&name(&client, &Surroundings::default())), "kubernetes core list pods on pods");
    let api_servers = ["cluster.example.com".to_owned()];
    let surroundings = Surroundings { api_servers: &api_servers, ..Surroundings::default() };
    let request = head("GET", "cluster.example.com:443", "/api/v1/secrets");
    assert_eq!(line(&name(&request, &surroundings)), "kubernetes core list secrets on secrets");
    let signed = Head { scope: scope("apps"), ..head("GET", "example.com", "/apis/apps/v1/deployments") };
    assert_eq!(line(&name(&signed, &Surroundings::default())), "aws apps unknown");
}
