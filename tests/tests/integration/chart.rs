//! The Helm chart: what it renders to is what Kubernetes takes, and grants what the programs ask for.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex};

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};
use remit_policy::Origin;
use remit_policy::rbac::{State, User, read_objects};
use remit_tests::chart::{rendered, rendered_as};
use remit_tests::program;
use serde_json::{Value, json};

/// One value of each kind of installation: as it is, as little as can be, all parts on volumes, and a store.
fn installations() -> [Value; 4] {
    let minimal = json!({
        "agent": { "sysAdmin": false, "capabilities": ["BPF", "PERFMON"], "kubelet": { "enabled": false } },
    });
    let volumes = json!({
        "image": { "repository": "registry.example/remit", "tag": "1.2.3", "pullPolicy": "Always" },
        "imagePullSecrets": [{ "name": "pull" }],
        "cluster": "production",
        "ledger": { "claim": "shared" },
        "agent": {
            "vault": ["vault.example:8200"],
            "account": "111122223333",
            "kubelet": { "certificates": "/var/lib/kubelet/pki/kubelet.crt", "proxy": true },
        },
        "webhook": {
            "enabled": true,
            "tls": "webhook-tls",
            "clients": "api-servers",
            "service": { "clusterIP": "10.96.0.77" },
            "tolerations": [{ "operator": "Exists" }],
        },
        "report": { "enabled": true, "claim": "reports", "auditPolicy": "eks", "workloads": true },
        "metrics": { "monitor": { "enabled": true, "labels": { "release": "prometheus" } } },
    });
    let store = json!({
        "ledger": {
            "url": "s3://usage/ledger",
            "region": "eu-west-1",
            "endpoint": "https://store.example",
            "secret": "store",
        },
        "agent": { "serviceAccount": { "annotations": { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/agent" } } },
        "report": {
            "enabled": true,
            "auditPolicyConfigMap": "audit-policy",
            "serviceAccount": { "annotations": { "a": "b" } },
        },
        "compaction": {
            "enabled": true,
            "tolerations": [{ "operator": "Exists" }],
            "serviceAccount": { "annotations": { "c": "d" } },
        },
    });
    [json!({}), minimal, volumes, store]
}

fn objects(answer: &Value) -> &[Value] {
    answer["objects"].as_array().unwrap()
}

fn kinds(answer: &Value) -> Vec<&str> {
    objects(answer).iter().map(|object| object["kind"].as_str().unwrap()).collect()
}

#[test]
fn every_object_is_one_that_kubernetes_knows() {
    let Some(answers) = rendered(&installations()) else { return };
    for answer in &answers {
        assert_eq!(answer["lint"], json!([]));
        assert_eq!(answer.get("refused"), None);
        // The operator's own kind is in no schema of Kubernetes.
        let is_known = |problem: &&Value| *problem != "no schema of monitoring.coreos.com/v1 PodMonitor";
        let problems: Vec<&Value> = answer["problems"].as_array().unwrap().iter().filter(is_known).collect();
        assert!(problems.is_empty(), "{problems:#?}");
        let names = objects(answer).iter().map(|object| (&object["kind"], &object["metadata"]["name"]));
        let distinct: BTreeSet<String> = names.map(|name| format!("{name:?}")).collect();
        assert_eq!(distinct.len(), objects(answer).len());
    }
    let agent = ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet"];
    assert_eq!(kinds(&answers[0]), agent);
    assert_eq!(kinds(&answers[1]), ["ServiceAccount", "DaemonSet"]);
    for kind in ["DaemonSet", "Deployment", "Service", "CronJob", "PodMonitor"] {
        assert!(kinds(&answers[2]).contains(&kind), "{kind}");
    }
    assert!(!kinds(&answers[2]).contains(&"PersistentVolumeClaim"), "both claims were named");
    assert!(kinds(&answers[3]).contains(&"PersistentVolumeClaim"), "reports need a place");
    assert!(answers[0]["notes"].as_str().unwrap().contains("rollout status daemonset/remit-agent"));
}

#[test]
fn values_that_mean_nothing_are_refused() {
    let refused = [
        (json!({ "agnet": {} }), "'agnet' not allowed"),
        (json!({ "agent": { "kubelet": { "adress": "" } } }), "'adress' not allowed"),
        (json!({ "agent": { "capabilities": ["SYS_ADMIN"] } }), "capabilities"),
        (json!({ "agent": { "responses": "all" } }), "responses"),
        (json!({ "agent": { "interval": "60" } }), "interval"),
        (json!({ "ledger": { "url": "gs://usage" } }), "url"),
        (json!({ "report": { "auditPolicy": "esk" } }), "auditPolicy"),
        (
            json!({
                "ledger": { "claim": "l" },
                "report": { "enabled": true, "auditPolicy": "eks", "auditPolicyConfigMap": "c" },
            }),
            "the audit policy is a provider's",
        ),
        (json!({ "report": { "enabled": true } }), "the report would have nothing to read"),
        (
            json!({ "ledger": { "url": "s3://usage", "claim": "l" } }),
            "`ledger.url`, or on volumes, `ledger.claim`: set one of them",
        ),
        (
            json!({
                "webhook": { "enabled": true, "tls": "t", "clients": "c" },
                "metrics": { "port": 8443 },
            }),
            "set `metrics.port` to another",
        ),
        (json!({ "agent": { "spool": 1_000_000_001 } }), "spool"),
        (json!({ "compaction": { "enabled": true } }), "set `ledger.url`"),
        (json!({ "compaction": { "shedule": "" } }), "'shedule' not allowed"),
        (json!({ "metrics": { "port": 0 } }), "port"),
        (json!({ "webhook": { "enabled": true } }), "set `webhook.tls`"),
        (
            json!({ "webhook": { "enabled": true, "tls": "t" }, "ledger": { "url": "s3://usage" } }),
            "set `ledger.claim`",
        ),
        (json!({ "webhook": { "enabled": true, "tls": "t" } }), "set `webhook.clients`"),
        (
            json!({ "webhook": { "enabled": true, "tls": "t", "clients": "c", "anonymousClients": true } }),
            "`webhook.anonymousClients`, anyone",
        ),
        (json!({ "webhook": { "anonymousClients": "yes" } }), "anonymousClients"),
    ];
    let values: Vec<Value> = refused.iter().map(|(values, _)| values.clone()).collect();
    let Some(answers) = rendered(&values) else { return };
    for ((values, reason), answer) in refused.iter().zip(answers) {
        let said = answer["refused"].as_str().unwrap_or_else(|| panic!("{values} was taken"));
        assert!(said.contains(reason), "{values}: {said}");
    }
}

/// Whatever a name looks like in YAML, programs and Kubernetes get it as it is.
#[test]
fn values_arrive_as_they_were_given() {
    let words =
        ["east #1", "prod: east", "123", "0x1f", "yes", "null", "- a", "a\"b'c\\d", "{a}", "*a", "&a", "@a"];
    let store = "s3://usage/#1: a";
    let values: Vec<Value> = words
        .iter()
        .flat_map(|word| {
            let agent = json!({
                "account": word, "vault": [word], "folder": format!("/a {word}"), "priorityClassName": word,
                "kubelet": { "address": format!("https://{word}"), "certificates": format!("/{word}") },
            });
            let report = json!({ "enabled": true, "claim": word, "auditPolicyConfigMap": word });
            let volumes = json!({
                "image": { "repository": word, "tag": word },
                "cluster": word,
                "ledger": { "claim": word },
                "agent": &agent,
                "webhook": {
                    "enabled": true, "tls": word, "clients": word, "priorityClassName": word,
                    "service": { "clusterIP": word },
                },
                "report": &report,
                "metrics": { "monitor": { "enabled": true, "interval": word } },
            });
            let store = json!({
                "ledger": { "url": store, "secret": word, "region": word, "endpoint": word },
                "agent": { "enabled": false },
                "report": { "enabled": true },
                "compaction": { "enabled": true },
            });
            let made = json!({
                "ledger": { "storageClass": word, "size": word },
                "webhook": { "enabled": true, "tls": word, "clients": word },
            });
            [volumes, store, made]
        })
        .collect();
    let Some(answers) = rendered(&values) else { return };
    for (word, answers) in words.iter().zip(answers.chunks(3)) {
        for answer in answers {
            assert_eq!(answer.get("refused"), None, "{word}");
            let problems = answer["problems"].as_array().unwrap().iter();
            let types: Vec<_> =
                problems.filter(|problem| problem.as_str().unwrap().contains("is not of type")).collect();
            assert!(types.is_empty(), "{word}: {types:?}");
        }
        let [volumes, store, made] = answers else { panic!("{word}") };
        let all = |answer: &Value, wanted: &str| {
            let mut found = Vec::new();
            strings(&answer["objects"], &mut found);
            found.iter().filter(|text| *text == wanted).count()
        };
        for (wanted, times) in [
            (format!("--cluster={word}"), 3),
            (format!("--account={word}"), 1),
            (format!("--vault={word}"), 1),
            (format!("--kubelet=https://{word}"), 1),
            (format!("/{word}"), 1),
            (format!("/a {word}"), 1),
            (format!("{word}:{word}"), 4),
            // Three claims of the ledger and one of reports, two Secrets and a ConfigMap, two classes, an address and an interval.
            ((*word).to_owned(), 11),
        ] {
            assert_eq!(all(volumes, &wanted), times, "{wanted}");
        }
        assert_eq!(all(store, "--ledger=s3://usage/#1: a"), 2, "{word}");
        // A Secret, a region and an endpoint, for the report and the compaction.
        assert_eq!(all(store, word), 6, "{word}");
        // Class and size of the claim, and two Secrets.
        assert_eq!(all(made, word), 4, "{word}");
    }
}

/// All strings of a value.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(values) => values.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

#[test]
fn numbers_are_written_out_and_lists_may_be_empty() {
    let values = [
        json!({ "agent": { "spool": 1_000_000, "capabilities": [] } }),
        json!({ "agent": { "spool": 1_000_000_000, "capabilities": [], "sysAdmin": false } }),
    ];
    let Some(answers) = rendered(&values) else { return };
    for (answer, (spool, added)) in
        answers.iter().zip([("1000000", json!(["SYS_ADMIN"])), ("1000000000", json!([]))])
    {
        assert_eq!(answer["problems"], json!([]));
        let agent = containers(answer)[0];
        assert!(arguments(agent, "").contains(&format!("--spool-limit={spool}")));
        assert_eq!(agent["securityContext"]["capabilities"]["add"], added);
    }
}

/// Helm takes names of releases that names of objects may not be made of.
#[test]
fn names_are_such_that_api_servers_take_them_whatever_the_release_is_called() {
    let values = [
        json!({
            "ledger": { "url": "s3://usage" },
            "report": { "enabled": true },
            "compaction": { "enabled": true },
            "metrics": { "monitor": { "enabled": true } },
        }),
        json!({ "webhook": { "enabled": true, "tls": "t", "clients": "c" }, "report": { "enabled": true } }),
    ];
    let long = |end: &str| format!("{}{end}", "a".repeat(49));
    let releases = [
        ("123".to_owned(), "r-123-webhook".to_owned()),
        ("remit.eu".to_owned(), "remit-eu-webhook".to_owned()),
        (long(".bbb"), long("-webhook")),
        (long("-bbb"), long("-webhook")),
        (format!("1{}", "a".repeat(52)), format!("r-1{}", long("-webhook"))),
        ("a".to_owned(), "a-webhook".to_owned()),
    ];
    for (release, service) in releases {
        let Some(answers) = rendered_as(&release, &values) else { return };
        for object in answers.iter().flat_map(objects) {
            let (kind, name) =
                (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
            let is_label = |label: &str| {
                let is_edge =
                    |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
                is_edge(label.chars().next()) && is_edge(label.chars().next_back())
            };
            assert!(name.split('.').all(is_label), "{kind} {name}");
            // What a CronJob makes has eleven letters more, in 63.
            let limit = if kind == "CronJob" { 52 } else { 63 };
            assert!(name.len() <= limit, "{kind} {name}");
            if kind == "Service" {
                assert_eq!(name, service);
            }
            assert_eq!(
                object["metadata"]["labels"]["app.kubernetes.io/instance"],
                release.as_str(),
                "{kind}"
            );
        }
        for answer in &answers {
            let problems = answer["problems"].as_array().unwrap().iter();
            let typed: Vec<_> =
                problems.filter(|problem| !problem.as_str().unwrap().starts_with("no schema")).collect();
            assert!(typed.is_empty(), "{typed:?}");
        }
        assert!(
            answers[1]["notes"].as_str().unwrap().contains(&format!("https://{service}.observing.svc:443"))
        );
    }
    // Names that nothing is wrong with stay.
    let Some(answers) = rendered_as("remit.eu", &values) else { return };
    let names: BTreeSet<&str> =
        objects(&answers[1]).iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
    for name in
        ["remit.eu-agent", "remit.eu-webhook", "remit.eu-report", "remit.eu-ledger", "remit.eu-reports"]
    {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn anyone_may_send_events_only_where_that_is_said() {
    let webhook = |senders: &str, value: Value| json!({ "agent": { "enabled": false }, "webhook": { "enabled": true, "tls": "t", senders: value } });
    let installations = [webhook("clients", json!("c")), webhook("anonymousClients", json!(true))];
    let Some(answers) = rendered(&installations) else { return };
    for (answer, is_open) in answers.iter().zip([false, true]) {
        assert_eq!(answer["problems"], json!([]));
        let arguments = arguments(containers(answer)[0], "");
        let has = |flag: &str| arguments.iter().any(|word| word == flag);
        assert_eq!((has("--anonymous-clients"), has("--clients=/clients/ca.crt")), (is_open, !is_open));
        let notes = answer["notes"].as_str().unwrap();
        assert_eq!(notes.contains("WARNING: anyone who reaches it can send events"), is_open, "{notes}");
    }
}

/// A ledger may have several clusters, and an API server a policy of its own.
#[test]
fn the_report_is_of_this_cluster_and_of_its_own_audit_policy() {
    let report =
        |values: Value| json!({ "cluster": "blue", "ledger": { "claim": "shared" }, "report": values });
    let values = [
        report(json!({ "enabled": true, "auditPolicy": "gke-data-access" })),
        report(json!({ "enabled": true, "auditPolicyConfigMap": "own" })),
    ];
    let Some(answers) = rendered(&values) else { return };
    for (answer, policy) in answers.iter().zip(["gke-data-access", "/audit-policy/policy.yaml"]) {
        assert_eq!(answer["problems"], json!([]));
        let report = containers(answer).into_iter().find(|container| container["name"] == "report").unwrap();
        let arguments = arguments(report, "");
        for wanted in ["--cluster=blue".to_owned(), format!("--audit-policy={policy}")] {
            assert!(arguments.contains(&wanted), "{wanted}: {arguments:?}");
        }
        let mounts = report["volumeMounts"].as_array().unwrap();
        let is_mounted = mounts.iter().any(|mount| mount["mountPath"] == "/audit-policy");
        assert_eq!(is_mounted, policy.starts_with('/'), "{mounts:?}");
        let volumes = answer["objects"].as_array().unwrap().iter();
        let volumes =
            volumes.filter_map(|object| object.pointer("/spec/jobTemplate/spec/template/spec/volumes"));
        let named = volumes.flat_map(|volumes| volumes.as_array().unwrap());
        let named: Vec<_> = named.filter_map(|volume| volume.pointer("/configMap/name")).collect();
        assert_eq!(!named.is_empty(), is_mounted, "{named:?}");
    }
}

/// Containers of all pods of an installation.
fn containers(answer: &Value) -> Vec<&Value> {
    let pods = objects(answer).iter().filter_map(|object| match object["kind"].as_str()? {
        "CronJob" => object.pointer("/spec/jobTemplate/spec/template/spec"),
        _ => object.pointer("/spec/template/spec"),
    });
    let lists = pods.flat_map(|pod| [&pod["initContainers"], &pod["containers"]]);
    lists.filter_map(Value::as_array).flatten().collect()
}

#[test]
fn no_container_may_do_more_than_it_needs() {
    let Some(answers) = rendered(&installations()) else { return };
    for container in answers.iter().flat_map(containers) {
        let name = container["name"].as_str().unwrap();
        let context = &container["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{name}");
        let added = context["capabilities"].get("add");
        let is_admin = added.is_some_and(|added| added.as_array().unwrap().contains(&json!("SYS_ADMIN")));
        assert_eq!(context["allowPrivilegeEscalation"], is_admin, "Kubernetes refuses other pairs: {name}");
        assert_eq!(added.is_some(), name == "agent", "{name}");
        assert_eq!(context.get("privileged"), None, "{name}");
    }
}

#[test]
fn the_agent_may_ask_kubelets_for_pods_and_nothing_else() {
    let Some(answers) = rendered(&installations()) else { return };
    let allowed = |answer: &Value, verb: &str, resource: &str, subresource: &str| {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": answer["objects"] });
        let origin = Origin { file: "chart".to_owned(), line: 1 };
        let (read, _) = read_objects(&list, &origin);
        let request = Request {
            verb: verb.to_owned(),
            target: Target::Resource(ResourceRequest {
                group: String::new(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                namespace: String::new(),
                name: "node".to_owned(),
            }),
        };
        !State::new(read).allowances(&User::service_account("observing", "remit-agent"), &request).is_empty()
    };
    assert!(allowed(&answers[0], "get", "nodes", "pods"));
    for (verb, resource, subresource) in
        [("get", "nodes", "proxy"), ("get", "nodes", ""), ("create", "nodes", "pods"), ("get", "pods", "")]
    {
        assert!(!allowed(&answers[0], verb, resource, subresource), "{verb} {resource}/{subresource}");
    }
    assert!(
        !allowed(&answers[1], "get", "nodes", "pods"),
        "where the kubelet is not asked nothing is needed"
    );
    assert!(allowed(&answers[2], "get", "nodes", "proxy"), "older kubelets ask for that");
}

/// The arguments of a container, as they are given to a program with folders of a test.
fn arguments(container: &Value, folder: &str) -> Vec<String> {
    let words = container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    words.map(|word| word.replace("=/", &format!("={folder}/"))).collect()
}

#[test]
fn the_programs_know_what_the_chart_tells_them() {
    let Some(answers) = rendered(&installations()) else { return };
    for container in answers.iter().flat_map(containers) {
        let program = match container["command"][0].as_str().unwrap() {
            "/remit" => program::remit_path(),
            "/remit-agent" => program::agent(),
            other => panic!("the image has no `{other}`"),
        };
        let arguments = arguments(container, "");
        let verbs = arguments.iter().take_while(|word| !word.starts_with("--"));
        let help = program::ran(Command::new(program).args(verbs).arg("--help"));
        assert_eq!(help.code, Some(0), "{arguments:?}: {}", help.talk);
        for flag in arguments.iter().filter_map(|word| word.split('=').next()?.strip_prefix("--")) {
            let names = help.out.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
            assert!(names.into_iter().any(|name| name == format!("--{flag}")), "{arguments:?}: --{flag}");
        }
    }
}

/// Answers every question with an empty list, and writes down what was asked. It ends with the process.
fn api_server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = head.take_while(|line| !line.is_empty()).collect();
            log.lock().unwrap().extend(head.into_iter().next());
            let body = r#"{"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}"#;
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
            let _ = write!(stream, "{head} {}\r\n\r\n{body}", body.len());
        }
    });
    (address, asked)
}

/// Verb, group and resource.
type Permission = (String, String, String);

/// What a role allows.
fn granted(answer: &Value, role: &str) -> BTreeSet<Permission> {
    let is_wanted = |object: &&Value| {
        object["kind"] == "ClusterRole"
            && object.pointer("/metadata/name").and_then(Value::as_str) == Some(role)
    };
    let rules = objects(answer).iter().find(is_wanted).unwrap()["rules"].as_array().unwrap();
    let words = |rule: &Value, name: &str| -> Vec<String> {
        rule[name].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let mut granted = BTreeSet::new();
    for rule in rules {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                let verbs = words(rule, "verbs").into_iter();
                granted.extend(verbs.map(|verb| (verb, group.clone(), resource.clone())));
            }
        }
    }
    granted
}

#[test]
fn the_report_asks_for_all_that_the_chart_grants_and_for_nothing_else() {
    let Some(answers) = rendered(&installations()) else { return };
    // With workloads and without.
    for answer in &answers[2..] {
        let folder = tempfile::tempdir().unwrap();
        let (address, asked) = api_server();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
            "clusters": [{ "name": "c", "cluster": { "server": format!("http://{address}") } }],
            "users": [{ "name": "u", "user": {} }],
        });
        let config_path = folder.path().join("config");
        std::fs::write(&config_path, config.to_string()).unwrap();
        let grants = containers(answer).into_iter().find(|container| container["name"] == "grants").unwrap();
        let mut command = program::command();
        command.args(arguments(grants, folder.path().to_str().unwrap())).env("KUBECONFIG", &config_path);
        let ran = program::ran(&mut command);
        assert_eq!(ran.code, Some(0), "{}", ran.talk);
        let asked = asked.lock().unwrap();
        let permissions = asked.iter().map(|line| {
            let (method, rest) = line.split_once(' ').unwrap();
            let path = rest.split([' ', '?']).next().unwrap();
            let request = Request::read(method, path, |_| None).unwrap().request;
            let Target::Resource(resource) = request.target else { panic!("{line}") };
            assert_eq!((resource.namespace.as_str(), resource.subresource.as_str()), ("", ""), "{line}");
            (request.verb, resource.group, resource.resource)
        });
        assert_eq!(permissions.collect::<BTreeSet<_>>(), granted(answer, "remit-report"));
    }
}
