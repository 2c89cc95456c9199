//! Proposals put into force and taken back as their steps say: with kubectl, against a stand-in for an API server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use remit_policy::Origin;
use remit_policy::rbac::{Object, read_objects, read_yaml};
use remit_tests::{case, peer, program};
use serde_json::{Value, json};

use crate::cluster::{analyse, cluster};

/// What `kubectl apply` notes on what it applied.
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The stand-in, which ends when it is dropped.
struct Server {
    child: Child,
    /// The home of kubectl.
    home: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(objects: &Value) -> Self {
        let home = tempfile::tempdir().unwrap();
        let begin = home.path().join("objects.json");
        fs::write(&begin, objects.to_string()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/rbac_server.py");
        let mut python = Command::new("python3");
        let child = python.arg(script).arg(begin).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let port = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": format!("http://127.0.0.1:{port}")}}],
            "contexts": [{"name": "here", "context": {"cluster": "here"}}],
        });
        fs::write(home.path().join("config"), config.to_string()).unwrap();
        Self { child, home }
    }

    /// What a command of the shell prints, which must succeed.
    fn sh(&self, folder: &Path, commands: &str) -> String {
        let mut shell = Command::new("sh");
        shell.current_dir(folder).args(["-ec", commands]).stdin(Stdio::null());
        shell.env("HOME", self.home.path()).env("KUBECONFIG", self.home.path().join("config"));
        let ran = program::ran(&mut shell);
        assert_eq!(ran.code, Some(0), "{commands}\n{ran:#?}");
        ran.out
    }

    /// The commands of a section of a proposal's steps.
    fn step(&self, folder: &Path, title: &str) {
        let steps = fs::read_to_string(folder.join("steps.md")).unwrap();
        if let Some((_, rest)) = steps.split_once(&format!("\n## {title}\n\n```sh\n")) {
            _ = self.sh(folder, rest.split_once("```\n").unwrap().0);
        }
    }

    fn put_into_force(&self, folder: &Path) {
        self.step(folder, "Add what stays");
        self.step(folder, "Take the rest away");
    }

    /// All that there is, without what kubectl notes.
    fn everything(&self) -> BTreeMap<String, Value> {
        let text = self.sh(self.home.path(), "kubectl get --raw /everything");
        let mut all: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        for object in all.values_mut() {
            let metadata = object["metadata"].as_object_mut().unwrap();
            if let Some(notes) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                notes.remove(APPLIED);
                if notes.is_empty() {
                    metadata.remove("annotations");
                }
            }
            if let Some(subjects) = object["subjects"].as_array_mut() {
                subjects.sort_by_key(Value::to_string);
            }
        }
        all
    }
}

/// Roles and bindings by name, wherever they were read.
fn named(objects: impl IntoIterator<Item = Object>) -> BTreeMap<String, Object> {
    let origin = Origin { file: String::new(), line: 1 };
    let named = objects.into_iter().map(|mut object| match &mut object {
        Object::Role(role) => {
            role.origin = origin.clone();
            (role.name.of_role(), object)
        }
        Object::Binding(binding) => {
            binding.origin = origin.clone();
            (binding.name.of_binding(), object)
        }
    });
    named.collect()
}

fn of_yaml(path: &Path) -> BTreeMap<String, Object> {
    named(read_yaml(&fs::read_to_string(path).unwrap(), "").unwrap())
}

fn of_json(value: &Value) -> BTreeMap<String, Object> {
    let (objects, problems) = read_objects(value, &Origin { file: String::new(), line: 1 });
    assert_eq!(problems, []);
    named(objects)
}

/// The proposals for the generated cluster, what there is before them, and their folders.
fn proposals() -> (tempfile::TempDir, Value, Vec<PathBuf>) {
    let (_, place) = cluster();
    _ = analyse(place.path(), &["propose", "--out", "out"]);
    let manifests = fs::read_to_string(place.path().join("manifests.json")).unwrap();
    let objects: Value = serde_json::from_str(&manifests).unwrap();
    let steps = case::files(&place.path().join("out")).into_iter().filter(|path| path.ends_with("steps.md"));
    let folders: Vec<PathBuf> = steps.map(|path| path.parent().unwrap().to_path_buf()).collect();
    assert!(folders.len() > 5, "{folders:?}");
    (place, objects.get("items").unwrap().clone(), folders)
}

#[test]
fn proposals_are_put_into_force_in_any_order_and_taken_back_one_by_one() {
    if peer::kubectl().is_none() {
        return;
    }
    let (_place, objects, folders) = proposals();
    let [server, other] = [&objects, &objects].map(Server::start);
    let before = server.everything();
    folders.iter().for_each(|folder| server.put_into_force(folder));
    folders.iter().rev().for_each(|folder| other.put_into_force(folder));
    let after = server.everything();
    assert_eq!(after, other.everything(), "the order does not matter");
    // Both of its subjects were taken out, each by its own proposal.
    let shared = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/orders-api";
    assert_eq!(before[shared]["subjects"].as_array().unwrap().len(), 2);
    assert_eq!(after[shared]["subjects"], json!([]));
    // What is there is what was proposed.
    let there = of_json(&json!({"kind": "List", "items": after.values().collect::<Vec<_>>()}));
    let mut proposed = 0;
    for folder in &folders {
        if folder.join("apply.yaml").exists() {
            for (name, object) in of_yaml(&folder.join("apply.yaml")) {
                assert_eq!(there.get(&name), Some(&object));
                proposed += 1;
            }
        }
        if folder.join("remove.yaml").exists() {
            let gone = of_yaml(&folder.join("remove.yaml"));
            assert!(gone.keys().all(|name| !there.contains_key(name)), "{gone:?}");
        }
    }
    assert!(proposed > 10, "{proposed}");
    // One is taken back, and gives nobody else anything.
    let orders = folders.iter().find(|folder| folder.ends_with("orders-api")).unwrap();
    other.step(orders, "The way back");
    let subject = json!([{"kind": "ServiceAccount", "name": "orders-api", "namespace": "shop"}]);
    assert_eq!(other.everything()[shared]["subjects"], subject);
    folders.iter().for_each(|folder| server.step(folder, "The way back"));
    assert_eq!(server.everything(), before);
}

/// All files of manifests, those that only show what there is among them.
#[test]
fn kubectl_takes_every_manifest_as_it_is_meant() {
    if peer::kubectl().is_none() {
        return;
    }
    let (place, objects, _) = proposals();
    let server = Server::start(&objects);
    let files = case::files(&place.path().join("out"));
    let mut taken = BTreeMap::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|kind| kind == "yaml")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let read = format!("kubectl create --dry-run=client --output json --filename {name}");
        let told = server.sh(path.parent().unwrap(), &read);
        // Of several documents it prints one object after the other.
        let told = serde_json::Deserializer::from_str(&told).into_iter::<Value>();
        let told: Vec<Value> = told.map(Result::unwrap).collect();
        assert_eq!(of_json(&json!({"kind": "List", "items": told})), of_yaml(path), "{}", path.display());
        *taken.entry(name).or_insert(0) += 1;
    }
    assert!(
        ["apply.yaml", "before.yaml", "edit.yaml", "remove.yaml"]
            .iter()
            .all(|name| taken.contains_key(*name)),
        "{taken:?}"
    );
}
