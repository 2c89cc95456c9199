//! Pods without a cluster are told apart.

use std::collections::BTreeMap;
use std::fs::{File, FileTimes};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::UNIX_EPOCH;

use remit_ledger::{UsageRecord, Workload};

use crate::kubelet::{Kubelet, file};
use crate::pod::{Cgroup, Container, Images};
use crate::run::records;
use crate::server::{Server, succeed};
use crate::trace::{Trace, identity};

/// The pod of a number: unique identifier, and the container's identifier. No other test on this machine has them.
pub(crate) fn identifiers(number: usize) -> (String, String) {
    let uid = format!("{:08x}-5a7e-4c44-9d0b-3a1f0d6f8e{number:02x}", std::process::id());
    let id = format!("{:032x}{number:032x}", std::process::id());
    (uid, id)
}

/// What a kubelet tells of a pod.
pub(crate) fn pod(number: usize, account: &str) -> String {
    let (uid, id) = identifiers(number);
    format!(
        r#"{{"metadata": {{"namespace": "shop", "name": "{account}-0", "uid": "{uid}", "ownerReferences":
            [{{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "{account}", "controller": true}}]}},
            "spec": {{"serviceAccountName": "{account}", "containers": [{{"name": "app", "image": "registry/app:1"}}]}},
            "status": {{"containerStatuses": [{{"name": "app", "containerID": "containerd://{id}"}}]}}}}"#
    )
}

#[test]
fn pods_of_one_image_are_told_apart_by_their_accounts() {
    let Some(mut images) = Images::new() else { return };
    let libraries = format!("/opt/remit-{}", std::process::id());
    let image = images.image(&libraries);
    let server = Server::start();
    let unified = Cgroup::top(|kind, _| kind == "cgroup2").unwrap();
    let mut cgroups = Vec::new();
    for number in 0..2 {
        let (uid, id) = identifiers(number);
        let slice = format!("kubepods-burstable-pod{}.slice", uid.replace('-', "_"));
        let path = format!("kubepods.slice/kubepods-burstable.slice/{slice}/cri-containerd-{id}.scope");
        cgroups.push(Cgroup::new(&unified, &path));
    }
    // On a hybrid machine, runtimes put containers into hierarchies of version 1 alone.
    if let Some(systemd) = Cgroup::top(|kind, options| kind == "cgroup" && options.contains("name=systemd")) {
        let (uid, id) = identifiers(2);
        cgroups.push(Cgroup::new(&systemd, &format!("kubepods/besteffort/pod{uid}/{id}")));
    }
    let accounts = ["web", "worker", "batch"];
    let pods: Vec<String> =
        (0..cgroups.len()).zip(accounts).map(|(number, account)| pod(number, account)).collect();
    let (token, answer) = (images.path("token"), images.path("pods.json"));
    std::fs::write(&token, "token-of-the-agent\n").unwrap();
    std::fs::write(&answer, format!(r#"{{"kind": "PodList", "items": [{}]}}"#, pods.join(","))).unwrap();
    let kubelet = Kubelet::start("token-of-the-agent", &answer);
    let (ledger, authority) = (images.path("ledger"), file("authority.pem"));
    let arguments = ["run", "--cluster", "test", "--kubelet", &kubelet.address].map(AsRef::as_ref);
    let files = ["--ledger".as_ref(), ledger.as_os_str(), "--kubelet-token".as_ref(), token.as_os_str()];
    let authority = ["--kubelet-ca".as_ref(), authority.as_os_str()];
    let Some(mut run) = Trace::of(&[&arguments[..], &files, &authority].concat()) else { return };
    let calls = [20, 30, 40];
    let mut expected = BTreeMap::new();
    for (number, cgroup) in cgroups.into_iter().enumerate() {
        let root = images.root(accounts[number], &image);
        let container = Container::curl(&root, cgroup, &libraries);
        assert!(run.says(&libraries), "the image is not watched");
        let asked: Vec<String> = (0..calls[number]).map(|_| server.address("/remit-pods")).collect();
        container.ask(&asked);
        expected.insert(Some(accounts[number].to_owned()), calls[number]);
    }
    let seen = run.stop();
    assert_eq!(seen.summary.matches(&libraries).count(), 1, "an image is probed once: {}", seen.summary);
    let host = format!("127.0.0.1:{}", server.port);
    let mut counts = BTreeMap::new();
    for record in records(&ledger).into_iter().filter(|record| record.service == host) {
        let account = check(&record);
        *counts.entry(account).or_insert(0) += record.count;
    }
    assert_eq!(counts, expected);
}

/// Names by which a pod's library could be taken for a file of the host: that of the file itself, and those that links lead to.
const NAMES: [&str; 4] = [
    "libssl.so.3",
    "libssl.so.3 (deleted)",
    "libssl.so.3\n7f0000000000-7f0000001000 r-xp 00000000 00:01 1 libssl.so.3",
    "..\\057..\\057libssl.so.3",
];

#[test]
fn no_name_in_a_pod_leads_a_probe_to_a_file_of_the_host() {
    let Some(mut images) = Images::new() else { return };
    let libraries = format!("/opt/remit-{}", std::process::id());
    let image = images.image(&libraries);
    let own = image.join(libraries.trim_start_matches('/')).join("libssl.so.3");
    let server = Server::start();
    let unified = Cgroup::top(|kind, _| kind == "cgroup2").unwrap();
    let Some(mut trace) = Trace::start() else { return };
    // Where links of the pods lead, if they are followed as the host sees them.
    let mut hosts = vec![images.path("libssl.so.3")];
    std::fs::copy(&own, &hosts[0]).unwrap();
    for (number, name) in NAMES.into_iter().enumerate() {
        // The host has a library of its own by every path that the pod's has.
        let folder = images.path(&format!("folder-{number}"));
        std::fs::create_dir(&folder).unwrap();
        let root = images.root(&format!("pod-{number}"), &image);
        let inside = root.join(folder.strip_prefix("/").unwrap());
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::copy(&own, inside.join(name)).unwrap();
        if name != NAMES[0] {
            symlink(name, inside.join("libssl.so.3")).unwrap();
        }
        for name in [name, NAMES[0]] {
            std::fs::copy(&own, folder.join(name)).unwrap();
            hosts.push(folder.join(name));
        }
        // What lies where libraries are looked for leads elsewhere.
        let system = root.join("usr/lib/x86_64-linux-gnu");
        std::fs::create_dir_all(&system).unwrap();
        symlink(&hosts[0], system.join("libssl.so.absolute")).unwrap();
        let above = "../".repeat(40);
        symlink(format!("{above}{}", hosts[0].display()), system.join("libssl.so.above")).unwrap();
        symlink(format!("/proc/1/root{}", hosts[0].display()), system.join("libssl.so.magic")).unwrap();
        for [name, kind] in [["libssl.so.pipe", "p"], ["libssl.so.device", "c 1 5"]] {
            succeed(Command::new("mknod").arg(system.join(name)).args(kind.split(' ')));
        }
        for host in &hosts {
            // So a reading shows.
            File::open(host).unwrap().set_times(FileTimes::new().set_accessed(UNIX_EPOCH)).unwrap();
        }
        let (uid, id) = identifiers(number + 10);
        let path = format!("kubepods.slice/kubepods-pod{}.slice/crio-{id}.scope", uid.replace('-', "_"));
        let container = Container::curl(&root, Cgroup::new(&unified, &path), folder.to_str().unwrap());
        assert!(trace.says(&format!("folder-{number}/")), "the library of the pod is not watched: {name}");
        let files = trace.files();
        assert!(files.contains(&identity(&inside.join(name))), "it is another that is watched: {name}");
        container.ask(&[server.address(&format!("/remit-name/{number}"))]);
        for host in &hosts {
            let accessed = std::fs::metadata(host).unwrap().accessed().unwrap();
            assert_eq!(accessed, UNIX_EPOCH, "{} of the host was read", host.display());
            assert!(!files.contains(&identity(host)));
        }
    }
    // That nothing was read can be told.
    std::fs::read(&hosts[0]).unwrap();
    assert_ne!(std::fs::metadata(&hosts[0]).unwrap().accessed().unwrap(), UNIX_EPOCH);
    let seen = trace.stop();
    let expected: Vec<String> = (0..NAMES.len()).map(|number| format!("GET /remit-name/{number}")).collect();
    assert_eq!(seen.calls(&server, "/remit-name/"), expected);
}

/// The ServiceAccount's name of a call, of which all else must be its pod's.
fn check(record: &UsageRecord) -> Option<String> {
    let workload = record.workload.clone().unwrap();
    let expected = Workload {
        cluster: Some("test".to_owned()),
        namespace: Some("shop".to_owned()),
        owner_kind: Some("StatefulSet".to_owned()),
        owner_name: workload.owner_name.clone(),
        container: Some("app".to_owned()),
        image: Some("registry/app:1".to_owned()),
    };
    assert_eq!(workload, expected);
    let account = record.source_identity.as_ref()?.strip_prefix("system:serviceaccount:shop:")?.to_owned();
    assert_eq!(workload.owner_name.as_ref(), Some(&account));
    Some(account)
}
