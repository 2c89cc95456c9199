//! `remit pull kubernetes` against a stand-in for an API server.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use remit_tests::program;
use serde_json::{Value, json};

/// The stand-in, which ends when it is dropped.
struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts one that serves these objects, and writes a kubeconfig with a context `stand-in` for it.
    fn start(place: &Path, objects: &Value) -> Server {
        let [certificate, key, served, config] =
            ["certificate.pem", "key.pem", "objects.json", "kubeconfig"].map(|name| place.join(name));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=stand-in", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        fs::write(&served, objects.to_string()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/apiserver.py");
        let mut child = Command::new("python3")
            .arg(script)
            .args([&certificate, &key, &served])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap();
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "elsewhere",
            "clusters": [
                {"name": "here", "cluster": {"server": format!("https://127.0.0.1:{port}"),
                    "certificate-authority": certificate}},
                {"name": "there", "cluster": {"server": "https://127.0.0.1:1"}},
            ],
            "users": [{"name": "me", "user": {"token": "not-to-be-printed"}}],
            "contexts": [
                {"name": "stand-in", "context": {"cluster": "here", "user": "me"}},
                {"name": "elsewhere", "context": {"cluster": "there", "user": "me"}},
            ],
        });
        fs::write(&config, text.to_string()).unwrap();
        Server { child, lines }
    }

    /// What it was asked, once it has ended.
    fn asked(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.lines.by_ref().map_while(Result::ok).collect()
    }
}

fn pull(place: &Path, arguments: &[&str]) -> program::Ran {
    let mut command = program::command();
    command.current_dir(place).env("KUBECONFIG", place.join("kubeconfig"));
    program::ran(command.args(["pull", "kubernetes", "--out", "out"]).args(arguments))
}

fn with(name: &str, fields: &Value) -> Value {
    let mut object = json!({"metadata": {"name": name, "namespace": "shop", "uid": "1",
        "managedFields": [{"manager": "x", "operation": "Apply", "time": "2026-11-01T08:00:00Z", "fieldsV1": {"f:rules": "SECRET"}}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "SECRET",
            "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/web"}}});
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    object
}

fn served() -> Value {
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let rules = json!({"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]});
    let binding = json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "e"},
        "subjects": [{"kind": "ServiceAccount", "name": "web"}]});
    let template = json!({"spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {
        "serviceAccountName": "web", "containers": [{"env": [{"name": "PASSWORD", "value": "SECRET"}]}]}}}});
    let roles: Vec<_> = ["e", "d", "c", "b", "a"].iter().map(|name| with(name, &rules)).collect();
    json!({
        (format!("{rbac}/clusterroles")): [],
        (format!("{rbac}/clusterrolebindings")): [],
        (format!("{rbac}/roles")): roles,
        (format!("{rbac}/rolebindings")): [with("w", &binding)],
        "/api/v1/serviceaccounts": [with("web", &json!({"secrets": [{"name": "token"}]}))],
        "/apis/apps/v1/deployments": [with("web", &template)],
        "/apis/apps/v1/daemonsets": [],
        "/apis/apps/v1/statefulsets": [],
        "/apis/batch/v1/jobs": [],
        "/apis/batch/v1/cronjobs": [],
    })
}

/// Pages are followed, only lists are asked for, and nothing that may be secret is written.
#[test]
fn a_cluster_is_pulled_read_only() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(place.path(), &served());
    let ran = pull(place.path(), &["--context", "stand-in", "--workloads"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.talk.contains("roles: 5 objects in `out/roles.yaml`"), "{}", ran.talk);
    let asked = server.asked();
    assert!(!asked.is_empty() && asked.iter().all(|line| line.starts_with("GET ")), "{asked:#?}");
    assert_eq!(asked.iter().filter(|line| line.contains("/v1/roles?")).count(), 3, "{asked:#?}");
    let read = |name: &str| fs::read_to_string(place.path().join("out").join(name)).unwrap();
    let mut texts = String::new();
    for entry in fs::read_dir(place.path().join("out")).unwrap() {
        texts.push_str(&fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert!(!texts.contains("SECRET") && !ran.talk.contains("not-to-be-printed"), "{texts}");
    let roles = read("roles.yaml");
    let first = roles.split("- apiVersion").nth(1).unwrap();
    let lines = first.lines().map(str::trim).filter(|line| !line.starts_with("time: "));
    let lines: std::collections::BTreeSet<_> = lines.collect();
    assert!(first.contains("2026-11-01T08:00:00Z"), "when it was changed, and not what: {first}");
    let expected = [
        "- \"\"",
        "- apiGroups:",
        "- get",
        "- manager: x",
        "- pods",
        ": rbac.authorization.k8s.io/v1",
        "annotations:",
        "eks.amazonaws.com/role-arn: arn:aws:iam::1:role/web",
        "kind: Role",
        "managedFields:",
        "metadata:",
        "name: a",
        "namespace: shop",
        "operation: Apply",
        "resources:",
        "rules:",
        "verbs:",
    ];
    assert_eq!(lines.into_iter().collect::<Vec<_>>(), expected, "{roles}");
    let deployments = read("deployments.yaml");
    assert!(
        deployments.contains("serviceAccountName: web") && deployments.contains("app: web"),
        "{deployments}"
    );
}

/// What is not let be listed is said, with what would let it, and what was fetched before does not stand for it.
#[test]
fn what_cannot_be_listed_is_said() {
    let place = tempfile::tempdir().unwrap();
    let mut objects = served();
    objects["/apis/rbac.authorization.k8s.io/v1/rolebindings"] = json!(403);
    let _server = Server::start(place.path(), &objects);
    fs::create_dir(place.path().join("out")).unwrap();
    fs::write(place.path().join("out/rolebindings.yaml"), "of yesterday").unwrap();
    let ran = pull(place.path(), &["--context", "stand-in"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.talk.contains("warning: cannot list rolebindings: "), "{}", ran.talk);
    let hint = "hint: grant `list` on `rolebindings` of the API group `rbac.authorization.k8s.io`";
    assert!(ran.talk.contains(hint), "{}", ran.talk);
    let written = fs::read_dir(place.path().join("out")).unwrap();
    let mut written: Vec<_> =
        written.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    written.sort();
    let expected = ["clusterrolebindings.yaml", "clusterroles.yaml", "roles.yaml", "serviceaccounts.yaml"];
    assert_eq!(written, expected);
}

/// A server forgets where a list was left off, and one that never ends does not keep us.
#[test]
fn a_list_that_expires_is_asked_for_at_once() {
    let place = tempfile::tempdir().unwrap();
    let mut objects = served();
    let roles = "/apis/rbac.authorization.k8s.io/v1/roles";
    let served = objects[roles].take();
    objects[roles] = json!({"items": served, "after": 410});
    let server = Server::start(place.path(), &objects);
    let ran = pull(place.path(), &["--context", "stand-in"]);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.talk.contains("roles: 5 objects in `out/roles.yaml`"), "{}", ran.talk);
    assert_eq!(server.asked().iter().filter(|line| line.contains("/v1/roles")).count(), 3);
    let place = tempfile::tempdir().unwrap();
    objects[roles]["after"] = json!("again");
    let _server = Server::start(place.path(), &objects);
    let ran = pull(place.path(), &["--context", "stand-in"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.talk.contains("cannot list roles: the server names the same page again"), "{}", ran.talk);
}

/// The stand-in's certificate is not one that anybody else would take.
#[test]
fn a_context_or_certificate_that_cannot_be_used_is_said() {
    let place = tempfile::tempdir().unwrap();
    let _server = Server::start(place.path(), &served());
    let typo = pull(place.path(), &["--context", "typo"]);
    assert_eq!(typo.code, Some(2), "{typo:#?}");
    assert!(
        typo.talk.contains("error: cannot use context `typo`") && typo.talk.contains("hint: "),
        "{typo:#?}"
    );
    let config = fs::read_to_string(place.path().join("kubeconfig")).unwrap();
    let mut config: Value = serde_json::from_str(&config).unwrap();
    config["clusters"][0]["cluster"].as_object_mut().unwrap().remove("certificate-authority");
    fs::write(place.path().join("kubeconfig"), config.to_string()).unwrap();
    let ran = pull(place.path(), &["--context", "stand-in"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(
        ran.talk.contains("cannot list roles: ") && !place.path().join("out/roles.yaml").exists(),
        "{ran:#?}"
    );
}
