//! `remit-agent webhook` as API servers meet it.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use remit_ingest::kubernetes::ingest;
use remit_ingest::{NoProgress, Options};
use remit_ledger::{Snapshot, UsageRecord};
use remit_tests::data;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::metrics::series;
use crate::run::records;
use crate::secrets::page;
use crate::server::succeed;

/// A webhook that runs, and may be killed and run again on the same ledger.
struct Webhook {
    folder: TempDir,
    child: Option<Child>,
    address: String,
    /// Where it shows metrics, if it does.
    listen: Option<u16>,
}

impl Webhook {
    fn start() -> Webhook {
        Webhook::start_and_listen(None)
    }

    fn start_and_listen(listen: Option<u16>) -> Webhook {
        let folder = tempfile::tempdir().unwrap();
        let mut webhook = Webhook { folder, child: None, address: "127.0.0.1:0".to_owned(), listen };
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        openssl.args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]);
        // rustls takes no certificate of an authority for that of a server.
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        succeed(openssl.arg("-keyout").arg(webhook.path("tls.key")).arg("-out").arg(webhook.path("tls.crt")));
        webhook.run();
        webhook
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it, and waits until it takes events. It does not wait for others, and makes few files of many soon.
    fn run(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_remit-agent"));
        command.args([
            "webhook",
            "--cluster",
            "test",
            "--gather",
            "5",
            "--compact",
            "7",
            "--anonymous-clients",
        ]);
        command.arg("--at").arg(&self.address).arg("--ledger").arg(self.path("ledger"));
        command.arg("--certificate").arg(self.path("tls.crt")).arg("--key").arg(self.path("tls.key"));
        command.args(self.listen.map(|port| format!("--listen=127.0.0.1:{port}")));
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = said.by_ref().map_while(Result::ok);
        let address = told.find_map(|line| Some(line.strip_prefix("events are taken at ")?.to_owned()));
        self.address = address.unwrap();
        // What it says later is read, so that it is never held up.
        std::thread::spawn(move || said.for_each(drop));
        self.child = Some(child);
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends it as Kubernetes would.
    fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        succeed(Command::new("kill").arg(child.id().to_string()));
        assert!(child.wait().unwrap().success());
    }

    fn client(&self) -> Client {
        let pem = std::fs::read(self.path("tls.crt")).unwrap();
        let client = Client::builder().no_proxy().tls_built_in_root_certs(false);
        client.add_root_certificate(reqwest::Certificate::from_pem(&pem).unwrap()).build().unwrap()
    }

    /// Calls in the ledger.
    fn counted(&self) -> u64 {
        records(&self.path("ledger")).iter().map(|record| record.count).sum()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whoever sends events says what counts as used.
#[test]
fn who_may_send_events_is_never_left_open_by_default() {
    let told = |senders: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_remit-agent"));
        command.args(["webhook", "--ledger", "l", "--at", "127.0.0.1:0", "--certificate", "c", "--key", "k"]);
        let output = command.args(senders).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for senders in [&[][..], &["--anonymous-clients", "--clients", "ca.crt"]] {
        let (code, said) = told(senders);
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains("--clients <CLIENTS>") && said.contains("--anonymous-clients"), "{said}");
    }
    // With either it goes on to its files, which are not there.
    for senders in [&["--anonymous-clients"][..], &["--clients", "ca.crt"]] {
        let (code, said) = told(senders);
        assert!(code == Some(2) && said.contains("cannot use `c`"), "{said}");
    }
}

/// One event of a call that was allowed.
fn event(id: &str, name: &str) -> Value {
    json!({
        "level": "Metadata",
        "auditID": id,
        "stage": "ResponseComplete",
        "requestURI": format!("/api/v1/namespaces/shop/pods/{name}"),
        "verb": "get",
        "user": {
            "username": "system:serviceaccount:shop:web",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"],
        },
        "sourceIPs": ["10.0.0.7"],
        "objectRef": { "resource": "pods", "namespace": "shop", "name": name, "apiVersion": "v1" },
        "responseStatus": { "metadata": {}, "code": 200 },
        "requestReceivedTimestamp": "2026-11-02T10:11:12.000001Z",
        "stageTimestamp": "2026-11-02T10:11:12.000002Z",
        "annotations": { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
    })
}

fn list(items: &[Value]) -> String {
    json!({ "kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items })
        .to_string()
}

/// Sends a body until it is acknowledged, as API servers do.
async fn send(client: &Client, address: &str, body: &str) {
    loop {
        match client.post(format!("https://{address}/")).body(body.to_owned()).send().await {
            Ok(answer) if answer.status() == 200 => return,
            Ok(answer) => assert_eq!(answer.status().as_u16(), 503),
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Events that a sender sends at a time.
const BATCH: u64 = 20;

/// Sends batches of events that nobody else sends, and adds up which are acknowledged.
async fn sender(
    number: usize,
    webhook: (Client, String),
    acknowledged: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
) {
    let (client, address) = webhook;
    let mut next = 0;
    while !is_over.load(Ordering::Relaxed) {
        let ids = next..next + BATCH;
        let events = ids.map(|id| event(&format!("{number}-{id}"), &format!("pod-{}", id % 3)));
        send(&client, &address, &list(&events.collect::<Vec<_>>())).await;
        acknowledged.fetch_add(BATCH, Ordering::Relaxed);
        next += BATCH;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_it_loses_nothing_that_it_acknowledged_and_counts_nothing_twice() {
    const KILLS: u64 = 25;
    let dice = RandomState::new();
    let mut webhook = Webhook::start();
    let (acknowledged, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let senders = (0..4).map(|number| {
        let webhook = (webhook.client(), webhook.address.clone());
        tokio::spawn(sender(number, webhook, Arc::clone(&acknowledged), Arc::clone(&is_over)))
    });
    let senders: Vec<_> = senders.collect();
    for kill in 0..KILLS {
        let random = dice.hash_one(kill);
        let wanted = acknowledged.load(Ordering::Relaxed) + (1 + random % 8) * BATCH;
        while acknowledged.load(Ordering::Relaxed) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(random / 8 % 30_000)).await;
        webhook.kill();
        // What was acknowledged is there, whatever else was on its way.
        assert!(webhook.counted() >= wanted);
        webhook.run();
    }
    is_over.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await.unwrap();
    }
    webhook.stop();
    // All was acknowledged in the end, and counts once.
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    assert_eq!(webhook.counted(), acknowledged);
    let counts = Snapshot::of_folder(&webhook.path("ledger")).unwrap().info().counts;
    assert_eq!((counts.recorded, counts.lost.len()), (acknowledged, 0));
}

#[tokio::test]
async fn what_the_ledger_holds_is_what_was_sent() {
    let mut webhook = Webhook::start();
    let client = webhook.client();
    let one = list(&[event("a", "pod-1"), event("b", "pod-1")]);
    send(&client, &webhook.address, &one).await;
    // Sent again, by another server, and after a start.
    send(&client, &webhook.address, &one).await;
    webhook.stop();
    webhook.run();
    send(&client, &webhook.address, &list(&[event("b", "pod-1"), event("c", "pod-1")])).await;
    webhook.stop();
    let records = records(&webhook.path("ledger"));
    let sums = records.iter().map(|record| record.count).sum::<u64>();
    assert_eq!(sums, 3);
    let record = &records[0];
    assert_eq!(record.principal, "system:serviceaccount:shop:web");
    assert_eq!((record.service.as_str(), record.operation.as_str()), ("core", "get pods"));
    assert_eq!(record.resources, ["namespaces/shop/pods/pod-1"]);
    assert_eq!((record.account.as_deref(), record.evidence.as_str()), (Some("test"), "kubernetes_audit"));
}

/// A real API server's log, line by line as it was written, and in batches as it would have been sent.
#[tokio::test]
async fn a_log_is_the_same_usage_by_the_webhook_as_by_a_file() {
    let Some(log) = data::require("kubernetes/audit/audit2rbac-demo.log") else { return };
    let mut webhook = Webhook::start();
    let text = std::fs::read_to_string(&log).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.len() >= 20);
    let client = webhook.client();
    for batch in events.chunks(7) {
        send(&client, &webhook.address, &list(batch)).await;
    }
    webhook.stop();
    let by_file = webhook.path("by-file");
    let inputs = vec![log.to_str().unwrap().to_owned()];
    let options = Options { inputs, ledger: by_file.clone(), ..Options::default() };
    ingest(options, Some("test"), &NoProgress).unwrap();
    assert_eq!(usage(&webhook.path("ledger")), usage(&by_file));
}

/// How often which call was made: batches of one hour have rows of their own.
fn usage(ledger: &Path) -> BTreeMap<String, u64> {
    let mut usage = BTreeMap::new();
    for record in records(ledger) {
        let call = UsageRecord { count: 0, first_seen: 0, last_seen: 0, sample_id: None, ..record.clone() };
        *usage.entry(format!("{call:?}")).or_default() += record.count;
    }
    usage
}

#[tokio::test]
async fn what_is_no_list_of_events_is_refused_and_the_rest_goes_on() {
    let mut webhook = Webhook::start();
    let client = webhook.client();
    let deep = "[".repeat(100_000);
    let good = list(&[event("a", "pod-1")]);
    let stranger = list(&[event("b", "pod-1"), json!(7)]);
    for body in [
        "",
        "null",
        "{}",
        "[]",
        "\u{0}",
        "{\"kind\":\"EventList\",\"items\":7}",
        &deep,
        &stranger,
        good.strip_suffix("}").unwrap(),
    ] {
        let answer = client.post(format!("https://{}/", webhook.address)).body(body.to_owned()).send().await;
        assert_eq!(answer.unwrap().status().as_u16(), 400, "{body:.60}");
    }
    send(&client, &webhook.address, &good).await;
    // A list without events says nothing, and what is in one and no event, or tells too little, is passed over or lost.
    send(&client, &webhook.address, &list(&[])).await;
    send(&client, &webhook.address, &list(&[json!({ "auditID": "b" }), json!({}), event("c", "pod-2")]))
        .await;
    webhook.stop();
    assert_eq!(webhook.counted(), 2);
    let counts = Snapshot::of_folder(&webhook.path("ledger")).unwrap().info().counts;
    assert_eq!((counts.read, counts.recorded, counts.lost_total()), (4, 2, 1));
}

#[tokio::test]
async fn its_metrics_are_as_others_read_them() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let webhook = Webhook::start_and_listen(Some(port));
    send(&webhook.client(), &webhook.address, &list(&[event("a", "pod-1")])).await;
    let is_counted = |page: &String| page.contains("remit_webhook_events_total{state=\"recorded\"} 1");
    let mut pages = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(100));
        page(port, "/metrics")
    });
    let page = pages.by_ref().take(600).find(is_counted).unwrap();
    assert!(series(&page).is_none_or(|series| series > 10));
}

#[test]
fn keys_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("empty"), "").unwrap();
    let run = |certificate: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_remit-agent"));
        command
            .args(["webhook", "--anonymous-clients", "--at", "127.0.0.1:0", "--ledger"])
            .arg(path("ledger"));
        let output = command.arg("--certificate").arg(certificate).arg("--key").arg(path("empty")).output();
        (output.as_ref().unwrap().status.code(), String::from_utf8(output.unwrap().stderr).unwrap())
    };
    for (certificate, reason) in [("missing", "No such file"), ("empty", "it holds no certificate")] {
        let (code, said) = run(&path(certificate));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(certificate) && said.contains(reason), "{said}");
    }
    assert!(!path("ledger").exists());
}
