//! The agent as the Helm chart runs it: its arguments, its capabilities, and what it may ask.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use remit_tests::chart::rendered;
use serde_json::{Value, json};

use crate::kubelet::{Kubelet, file};
use crate::pod::Cgroup;
use crate::pods::{identifiers, pod};
use crate::server::{Server, succeed};
use crate::trace::Trace;

/// What a kubelet asks the API server whether somebody may, for a request: verb and resource.
///
/// Source: Kubernetes documentation, "Kubelet authentication/authorization", "Kubelet authorization".
fn permission(request: &str) -> (String, String) {
    let [method, path, "200"] = request.split(' ').collect::<Vec<_>>()[..] else {
        panic!("the kubelet refuses: {request}");
    };
    let verb = match method {
        "GET" | "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        _ => "delete",
    };
    let subresource = match path.split(['/', '?']).nth(1).unwrap() {
        "stats" => "stats",
        "metrics" => "metrics",
        "logs" => "log",
        "spec" => "spec",
        "checkpoint" => "checkpoint",
        "healthz" => "healthz",
        "configz" => "configz",
        "pods" | "runningpods" => "pods",
        _ => "proxy",
    };
    (verb.to_owned(), format!("nodes/{subresource}"))
}

/// All permissions of a role, which must be of the core group.
fn granted(objects: &[Value]) -> BTreeSet<(String, String)> {
    let words = |rule: &Value, name: &str| -> Vec<String> {
        rule[name].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let roles = objects.iter().filter(|object| object["kind"].as_str().unwrap().ends_with("Role"));
    let mut granted = BTreeSet::new();
    for rule in roles.flat_map(|role| role["rules"].as_array().unwrap()) {
        assert_eq!(words(rule, "apiGroups"), [""]);
        for resource in words(rule, "resources") {
            granted.extend(words(rule, "verbs").into_iter().map(|verb| (verb, resource.clone())));
        }
    }
    granted
}

#[test]
fn the_agent_asks_for_all_that_the_chart_grants_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("pods.json"), format!(r#"{{"kind": "PodList", "items": [{}]}}"#, pod(60, "web")))
        .unwrap();
    std::fs::write(path("token"), "token-of-the-chart").unwrap();
    let kubelet = Kubelet::start("token-of-the-chart", path("pods.json").as_ref());
    let values = json!({ "agent": { "kubelet": { "address": &kubelet.address } }, "cluster": "test" });
    let Some(answers) = rendered(&[values]) else { return };
    let objects = answers[0]["objects"].as_array().unwrap();
    let agent = objects.iter().find(|object| object["kind"] == "DaemonSet").unwrap();
    let container = &agent["spec"]["template"]["spec"]["containers"][0];
    let account = "/var/run/secrets/kubernetes.io/serviceaccount";
    // Where the pod has its volumes, and others could ask.
    let places = [
        ("=/ledger".to_owned(), format!("={}", path("ledger"))),
        ("=/node".to_owned(), format!("={}", path("node"))),
        (format!("={account}/token"), format!("={}", path("token"))),
        (format!("={account}/ca.crt"), format!("={}", file("authority.pem").display())),
        ("=0.0.0.0:9464".to_owned(), "=127.0.0.1:0".to_owned()),
    ];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let arguments = container["args"].as_array().unwrap().iter().map(text);
    let arguments = arguments.map(|word| places.iter().fold(word, |word, (from, to)| word.replace(from, to)));
    let added = container["securityContext"]["capabilities"]["add"].as_array().unwrap();
    let added: Vec<String> = added.iter().map(|name| format!(",+{}", text(name).to_lowercase())).collect();
    // Whoever asks the API server would be heard here.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let mut command = Command::new("setpriv");
    command.arg(format!("--bounding-set=-all{}", added.concat())).arg("--inh-caps=-all");
    command.arg(env!("CARGO_BIN_EXE_remit-agent")).args(arguments);
    command.env("KUBERNETES_SERVICE_HOST", "127.0.0.1");
    command.env("KUBERNETES_SERVICE_PORT", server.local_addr().unwrap().port().to_string());
    let Some(mut run) = Trace::by(&mut command) else { return };
    run.knows(&["libssl"]);

    let (uid, id) = identifiers(60);
    let path = format!("kubepods.slice/kubepods-pod{}.slice/crio-{id}.scope", uid.replace('-', "_"));
    let cgroup = Cgroup::new(&Cgroup::top(|kind, _| kind == "cgroup2").unwrap(), &path);
    let called = Server::start();
    let start = Instant::now();
    while kubelet.asked().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(60), "the kubelet is not asked");
        let address = called.address("/remit-chart");
        succeed(cgroup.run("curl").args(["-sSk", "-o", "/dev/null", &address]));
    }
    run.stop();
    let asked: BTreeSet<_> = kubelet.asked().iter().map(|request| permission(request)).collect();
    assert_eq!(asked, granted(objects));
    assert_eq!(server.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "the API server was asked");
}
