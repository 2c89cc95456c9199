//! What the agent sees on the wire of clients of an API server is what the server's own audit log says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use remit_ingest::{NoProgress, Options, kubernetes};
use remit_ledger::{KUBERNETES_AUDIT, Provider, UsageRecord, WIRE};
use serde_json::{Value, json};

use crate::run::records;
use crate::server::{Server, controller, succeed};
use crate::trace::Trace;

/// What is equal in both views: the credential, service, operation, resource, what the answer told beside, outcome and code.
type Use = (String, String, String, String, String, String, String);

/// A token of a pod's ServiceAccount, and by which its identifier is known.
fn token(name: &str, namespace: &str) -> (String, String) {
    let identifier = format!("{namespace}-{name}");
    let claims = json!({
        "aud": ["https://kubernetes.default.svc"], "exp": 1_900_000_000, "jti": identifier,
        "kubernetes.io": { "namespace": namespace, "pod": { "name": format!("{name}-0"), "uid": "1" },
            "serviceaccount": { "name": name, "uid": "2" } },
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    let header = json!({ "alg": "RS256", "kid": "hunter2" });
    let parts = [header.to_string(), claims.to_string(), "hunter2".repeat(40)];
    (parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join("."), format!("JTI={identifier}"))
}

/// A command of kubectl, with what it writes where it is told to.
struct Kubectl<'a> {
    server: &'a Server,
    token: String,
    namespace: String,
    folder: tempfile::TempDir,
}

impl Kubectl<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut kubectl = Command::new("kubectl");
        kubectl.arg("--server").arg(self.server.address("")).arg("--certificate-authority");
        kubectl.arg(&self.server.certificate()[0]).args([
            "--token",
            &self.token,
            "--namespace",
            &self.namespace,
        ]);
        // What it finds in a person's home must not matter, nor what it keeps of another server at this address.
        kubectl.env("HOME", self.folder.path()).env_remove("KUBECONFIG").args(arguments);
        kubectl.stdout(Stdio::null()).stderr(Stdio::piped());
        kubectl
    }

    /// Runs it, and tells whether it succeeds.
    fn run(&self, arguments: &[&str], succeeds: bool) {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), succeeds, "{arguments:?}: {said}");
    }

    /// A file of an object.
    fn file(&self, object: &Value) -> String {
        let file = self.folder.path().join(format!("{}.json", object["metadata"]["name"].as_str().unwrap()));
        std::fs::write(&file, object.to_string()).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Waits until the agent watches what kubectl is. Some are a program that runs another, so one is kept waiting until all
    /// that it consists of is known.
    fn known_to(self, run: &mut Trace) {
        let mut waiting = self.command(&["get", "--raw", "/livez"]).stderr(Stdio::null()).spawn().unwrap();
        let (own, mut parts) = (waiting.id(), Vec::new());
        let asked = || std::fs::read_to_string(self.server.audit_log()).unwrap_or_default();
        while !asked().contains("/livez") {
            assert!(waiting.try_wait().unwrap().is_none(), "kubectl ended");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        for process in processes(own) {
            let program = std::fs::read_link(format!("/proc/{process}/exe")).unwrap();
            parts.push(process);
            assert!(run.says(&format!("{} of process", program.display())), "{program:?} is not watched");
        }
        end(&mut waiting, &parts);
    }
}

/// A process and those that it started.
fn processes(own: u32) -> Vec<u32> {
    let mut found = vec![own];
    let mut at = 0;
    while let Some(process) = found.get(at) {
        let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
        found.extend(
            children.unwrap_or_default().split_whitespace().map(|child| child.parse::<u32>().unwrap()),
        );
        at += 1;
    }
    found
}

fn end(child: &mut Child, parts: &[u32]) {
    for part in parts.iter().rev() {
        // The last ends with the one before, at times.
        let _ = Command::new("kill").arg(part.to_string()).stderr(Stdio::null()).status();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

/// Everything that kubectl is used for in a namespace.
fn use_kubectl(kubectl: &Kubectl<'_>) {
    let map = |name: &str| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } });
    let create = |object: &Value, succeeds| {
        kubectl.run(&["create", "--validate=false", "-f", &kubectl.file(object)], succeeds);
    };
    create(&map("remit-made"), true);
    create(&map("remit-made"), false);
    create(&map("remit-wrong"), false);
    create(&map("remit-refused"), false);
    kubectl.run(&["get", "configmaps"], true);
    kubectl.run(&["get", "configmaps", "--all-namespaces"], true);
    kubectl.run(&["get", "configmaps", "--watch-only", "--request-timeout=20s"], true);
    kubectl.run(&["get", "configmap", "remit-absent"], false);
    kubectl.run(&["label", "configmap", "remit-made", "a=b"], true);
    for _ in 0..2 {
        let applied = kubectl.file(&map("remit-ours"));
        kubectl.run(&["apply", "--server-side", "--validate=false", "-f", &applied], true);
    }
    kubectl.run(&["get", "secrets"], false);
    kubectl.run(&["get", "configmap", "remit-made", "--as=alice"], true);
    create(
        &json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web-0" },
        "spec": { "containers": [{ "name": "c", "image": "i" }] } }),
        true,
    );
    kubectl.run(&["logs", "web-0"], true);
    kubectl.run(&["exec", "web-0", "--", "true"], true);
    kubectl.run(&["auth", "can-i", "list", "pods"], true);
    create(
        &json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": { "replicas": 1 } }),
        true,
    );
    kubectl.run(&["scale", "deployment", "web", "--replicas=2"], true);
    kubectl.run(&["delete", "configmap", "remit-made", "--wait=false"], true);
    kubectl.run(&["get", "--raw", "/healthz"], true);
}

/// The uses of an audit log with the identifiers of their events, read as the log's documentation says, and by nothing of what
/// the agent reads with.
fn logged(log: &Path) -> BTreeMap<Use, BTreeSet<String>> {
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for line in std::fs::read_to_string(log).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let id = event["auditID"].as_str().unwrap().to_owned();
        // Stages come in their order. One that was received only is not answered.
        if event["stage"] != "RequestReceived" {
            last.insert(id, event);
        }
    }
    let mut uses: BTreeMap<Use, BTreeSet<String>> = BTreeMap::new();
    for (id, event) in last {
        uses.entry(logged_use(&event)).or_default().insert(id);
    }
    uses
}

fn logged_use(event: &Value) -> Use {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let code = event["responseStatus"]["code"].as_u64().unwrap();
    let uri = text(&event["requestURI"]);
    let path = uri.split('?').next().unwrap();
    let (verb, asked) = (text(&event["verb"]), &event["objectRef"]);
    let (service, operation, resource) = if asked.is_null() {
        ("nonResourceURLs".to_owned(), format!("{verb} {path}"), path.to_owned())
    } else {
        let group = asked["apiGroup"].as_str().unwrap_or("core").to_owned();
        let subresource = asked["subresource"].as_str().map_or_else(String::new, |name| format!("/{name}"));
        let kind = text(&asked["resource"]);
        // Of what is created, the log takes the name from the body, which is no part of the address.
        let is_named = !(verb == "create" && path.ends_with(&format!("/{kind}")));
        let name =
            asked["name"].as_str().filter(|_| is_named).map_or_else(String::new, |name| format!("/{name}"));
        let namespace = asked["namespace"].as_str();
        let place = namespace.map_or_else(String::new, |namespace| format!("namespaces/{namespace}/"));
        (group, format!("{verb} {kind}{subresource}"), format!("{place}{kind}{name}"))
    };
    let is_allowed = event["annotations"]["authorization.k8s.io/decision"] == "allow";
    let (outcome, error) = match code {
        _ if !is_allowed => ("denied", code.to_string()),
        400.. => ("failed", code.to_string()),
        _ => ("allowed", String::new()),
    };
    let beside = match (code, verb.as_str()) {
        (101, _) => "upgraded",
        (201, "patch" | "update") => "created",
        _ => "",
    };
    // Whose token it is tells nothing of who is asked to be.
    let identifier = &event["user"]["extra"]["authentication.kubernetes.io/credential-id"][0];
    let credential = if event["impersonatedUser"].is_null() { text(identifier) } else { String::new() };
    (credential, service, operation, resource, beside.to_owned(), outcome.to_owned(), error)
}

/// The uses in a ledger that a source showed, with the identifiers that are kept of them. What it takes to act as another is no call
/// of its own, and not on the wire.
fn shown(ledger: &Path, evidence: &str) -> BTreeMap<Use, (u64, BTreeSet<String>)> {
    let mut uses: BTreeMap<Use, (u64, BTreeSet<String>)> = BTreeMap::new();
    let is_use = |record: &UsageRecord| {
        record.evidence == evidence
            && record.provider == Provider::Kubernetes
            && !record.operation.starts_with("impersonate ")
    };
    for record in records(ledger).into_iter().filter(is_use) {
        // Whose token it is tells nothing of who is asked to be.
        let is_own = record.source_identity.is_none();
        let credential = record.credential.filter(|_| is_own).unwrap_or_default();
        let beside = ["created", "upgraded"].into_iter().find(|name| record.parameters.contains_key(*name));
        let resource = record.resources.join(" ");
        let (outcome, error) = (record.outcome.as_str().to_owned(), record.error_code.unwrap_or_default());
        let beside = beside.unwrap_or_default().to_owned();
        let of = (credential, record.service, record.operation, resource, beside, outcome, error);
        let (count, samples) = uses.entry(of).or_default();
        *count += record.count;
        samples.extend(record.sample_id);
    }
    uses
}

#[test]
fn the_wire_and_an_audit_log_show_the_same_uses() {
    let server = Server::kubernetes();
    let controller = controller();
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let api_server = format!("127.0.0.1:{}", server.port);
    let arguments = ["run", "--ledger", ledger.to_str().unwrap(), "--api-server", &api_server];
    let Some(mut run) = Trace::of(&arguments.map(AsRef::as_ref)) else { return };
    let namespace = format!("remit-{}", server.port);
    let (mine, of_mine) = token("kubectl", &namespace);
    let (its, of_its) = token("controller", &namespace);
    let kubectl = |token: String| {
        let folder = tempfile::tempdir().unwrap();
        Kubectl { server: &server, token, namespace: namespace.clone(), folder }
    };
    // Libraries of OpenSSL are known since the beginning.
    assert!(run.says("libssl"));
    kubectl(token("other", &namespace).0).known_to(&mut run);
    use_kubectl(&kubectl(mine));
    let certificate = &server.certificate()[0];
    succeed(Command::new(controller).arg(server.address("")).arg(certificate).args([&its, &namespace]));
    let summary = run.stop().summary;
    // Who asks to be another and for no resource, the wire cannot tell from others on this machine.
    let is_own = |of: &Use| of.0 == of_mine || of.0 == of_its || of.0.is_empty() && of.3.contains(&namespace);
    let (mut log, mut wire) = (logged(&server.audit_log()), shown(&ledger, WIRE));
    log.retain(|of, _| is_own(of));
    wire.retain(|of, _| is_own(of));
    // What the reader of audit logs makes of the same file.
    let inputs = vec![server.audit_log().to_str().unwrap().to_owned()];
    let options = Options { inputs, ledger: folder.path().join("logged"), ..Options::default() };
    let summary_of_log = kubernetes::ingest(options, None, &NoProgress).unwrap();
    assert!(summary_of_log.diagnostics.is_empty(), "{:?}", summary_of_log.diagnostics);
    let mut read = shown(&folder.path().join("logged"), KUBERNETES_AUDIT);
    read.retain(|of, _| is_own(of));
    let lines = |uses: &BTreeMap<Use, (u64, BTreeSet<String>)>| -> BTreeSet<String> {
        uses.iter().map(|(of, (count, _))| format!("{count} {of:?}")).collect()
    };
    let compare = |left: &BTreeSet<String>, right: &BTreeSet<String>, names: &str| {
        let (first, second): (Vec<_>, Vec<_>) =
            (left.difference(right).collect(), right.difference(left).collect());
        assert!(left == right, "{names}: {first:#?} and {second:#?}; {summary}");
    };
    let of_log = log.iter().map(|(of, ids)| (of.clone(), (ids.len() as u64, ids.clone()))).collect();
    compare(&lines(&read), &lines(&of_log), "the log as it is read, and as it is written");
    // What admission refuses was allowed before. The address and the status tell no difference.
    let by_admission: Vec<Use> =
        read.keys().filter(|of| of.5 == "failed" && of.6 == "403").cloned().collect();
    assert_eq!(by_admission.len(), 1, "{by_admission:?}");
    for of in by_admission {
        let (calls, ids) = (read.remove(&of).unwrap(), log.remove(&of).unwrap());
        let of = (of.0, of.1, of.2, of.3, of.4, "denied".to_owned(), of.6);
        read.insert(of.clone(), calls);
        log.insert(of, ids);
    }
    compare(&lines(&wire), &lines(&read), "the wire, and the log");
    // Each is one of the events by its identifier, but for those that have none on the wire.
    for (of, ids) in &log {
        let (_, samples) = wire.remove(of).unwrap();
        assert!(samples.is_subset(ids), "{of:?}: {samples:?} of {ids:?}");
        assert_eq!(samples.is_empty(), of.4 == "upgraded", "{of:?}");
    }
    let calls: usize = log.values().map(BTreeSet::len).sum();
    eprintln!("{calls} calls in {} uses, of both views the same", log.len());
    assert!(calls >= 60, "{calls}");
}
