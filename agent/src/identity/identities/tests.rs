use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::*;

const UID: &str = "0f3c1a52-5a7e-4c44-9d0b-3a1f0d6f8e11";
const OTHER: &str = "1f3c1a52-5a7e-4c44-9d0b-3a1f0d6f8e11";

struct Node {
    folder: tempfile::TempDir,
    identities: Identities,
}

impl Node {
    fn new(capacity: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (cgroup, proc) = (folder.path().join("cgroup"), folder.path().join("proc"));
        fs::create_dir_all(&cgroup).unwrap();
        fs::create_dir_all(&proc).unwrap();
        fs::write(cgroup.join("cgroup.controllers"), "").unwrap();
        let settings =
            IdentitySettings { cluster: Some("prod".into()), capacity, ..IdentitySettings::default() };
        Self { identities: Identities::new(CgroupTree::new(&cgroup, &proc), settings), folder }
    }

    fn start(&self, pid: u32, path: &str, program: &str) -> u64 {
        let folder = self.folder.path().join("cgroup").join(path.trim_start_matches('/'));
        fs::create_dir_all(&folder).unwrap();
        let process = self.process(pid);
        fs::create_dir_all(&process).unwrap();
        fs::write(process.join("cgroup"), format!("0::{path}\n")).unwrap();
        let _ = fs::remove_file(process.join("exe"));
        std::os::unix::fs::symlink(format!("/usr/bin/{program}"), process.join("exe")).unwrap();
        fs::metadata(folder).unwrap().ino()
    }

    fn process(&self, pid: u32) -> PathBuf {
        self.folder.path().join("proc").join(pid.to_string())
    }

    fn end(&self, pid: u32) {
        fs::remove_dir_all(self.process(pid)).unwrap();
    }
}

fn path(uid: &str, digit: char) -> String {
    format!("/kubepods/burstable/pod{uid}/{}", digit.to_string().repeat(64))
}

fn pods(of: &[(&str, &str, &str)]) -> PodList {
    let mut list = PodList::default();
    for (uid, account, id) in of {
        let container = super::super::Container {
            image: Some("registry/app:1".into()),
            role: Some(format!("arn:aws:iam::123456789012:role/{account}")),
            ids: vec![id.repeat(64)],
        };
        let pod = Pod {
            namespace: "shop".into(),
            name: format!("{account}-1"),
            owner_kind: "Deployment".into(),
            owner_name: (*account).into(),
            service_account: (*account).into(),
            containers: [("app".to_owned(), container)].into(),
        };
        list.pods.insert((*uid).to_owned(), pod);
    }
    list
}

fn owner(subject: &Subject) -> (Option<String>, Option<String>) {
    let workload = subject.identity().workload.clone();
    (workload.owner_kind, workload.owner_name)
}

fn process(name: &str) -> (Option<String>, Option<String>) {
    (Some("process".to_owned()), Some(name.to_owned()))
}

#[test]
fn two_pods_of_one_image_are_told_apart_by_their_accounts() {
    let mut node = Node::new(100);
    let (a, b) = (node.start(7, &path(UID, 'a'), "app"), node.start(8, &path(OTHER, 'b'), "app"));
    let (one, two) = (node.identities.executed(a, 7, "", 0), node.identities.executed(b, 8, "", 0));
    assert_eq!(one.identity().workload.namespace, None);
    assert!(node.identities.wants_pods(SECOND));
    node.identities.learn(pods(&[(UID, "web", "a"), (OTHER, "worker", "b")]), SECOND);
    assert!(!node.identities.wants_pods(SECOND));
    // Both were handed out before the kubelet told.
    assert_eq!(one.identity().token_subject().as_deref(), Some("system:serviceaccount:shop:web"));
    assert_eq!(two.identity().token_subject().as_deref(), Some("system:serviceaccount:shop:worker"));
    let identity = two.identity();
    let workload = &identity.workload;
    assert_eq!((workload.cluster.as_deref(), workload.container.as_deref()), (Some("prod"), Some("app")));
    assert_eq!(workload.image.as_deref(), Some("registry/app:1"));
    assert_eq!(identity.role.as_deref(), Some("arn:aws:iam::123456789012:role/worker"));
}

#[test]
fn the_dead_are_remembered_ten_minutes() {
    let mut node = Node::new(100);
    let number = node.start(7, &path(UID, 'a'), "app");
    node.identities.executed(number, 7, "", 0);
    node.end(7);
    fs::remove_dir_all(node.folder.path().join("cgroup/kubepods")).unwrap();
    node.identities.exited(7, 0);
    // The kubelet tells of it after its death.
    node.identities.learn(pods(&[(UID, "web", "a")]), 5 * SECOND);
    node.identities.expire(599 * SECOND);
    let late = node.identities.subject(number, 7, 599 * SECOND);
    assert_eq!(late.identity().service_account.as_deref(), Some("web"));
    // What called last is remembered as long from then on.
    node.identities.expire(1198 * SECOND);
    assert_eq!(node.identities.remembered().0, 1);
    node.identities.expire(1199 * SECOND);
    assert_eq!(node.identities.remembered().0, 0);
    let gone = node.identities.subject(number, 7, 1199 * SECOND);
    assert_eq!(*gone.identity(), Identity::default());
}

#[test]
fn a_container_that_the_status_does_not_name_yet_is_of_its_pod() {
    let mut node = Node::new(100);
    let number = node.start(7, &path(UID, 'c'), "app");
    node.identities.learn(pods(&[(UID, "web", "a")]), 0);
    let subject = node.identities.executed(number, 7, "", 0);
    assert_eq!(subject.identity().service_account.as_deref(), Some("web"));
    assert_eq!((&subject.identity().workload.container, &subject.identity().role), (&None, &None));
    assert!(!node.identities.wants_pods(SECOND - 1));
    assert!(node.identities.wants_pods(SECOND));
    node.identities.learn(pods(&[(UID, "web", "c")]), SECOND);
    assert_eq!(subject.identity().workload.container.as_deref(), Some("app"));
    // A pause container is never named, and not asked for without end.
    let pause = node.start(8, &path(UID, 'd'), "pause");
    node.identities.executed(pause, 8, "", 2 * SECOND);
    let mut asked = Vec::new();
    for second in 2..1000 {
        if node.identities.wants_pods(second * SECOND) {
            asked.push(second - 2);
            node.identities.learn(pods(&[(UID, "web", "c")]), second * SECOND);
        }
    }
    assert_eq!(asked, [0, 1, 2, 4, 8, 16, 32, 64]);
}

#[test]
fn units_and_programs_of_plain_hosts() {
    let mut node = Node::new(100);
    let unit = node.start(7, "/system.slice/backup.service", "sh");
    assert_eq!(owner(&node.identities.executed(unit, 7, "", 0)), process("backup.service"));
    let session = node.start(8, "/user.slice/session-1.scope", "aws");
    node.start(9, "/user.slice/session-1.scope", "curl");
    assert_eq!(owner(&node.identities.executed(session, 8, "", 0)), process("aws"));
    assert_eq!(owner(&node.identities.subject(session, 9, 0)), process("curl"));
    assert_eq!(node.identities.subject(session, 9, 0).identity().workload.cluster, None);
    let docker = node.start(10, &format!("/docker/{}", "a".repeat(64)), "nginx");
    let subject = node.identities.subject(docker, 10, 0);
    assert_eq!(owner(&subject), process("nginx"));
    assert_eq!(subject.identity().workload.container.as_deref(), Some("aaaaaaaaaaaa"));
    assert!(!node.identities.wants_pods(0));
}

#[test]
fn a_process_number_that_is_used_again_is_another_process() {
    let mut node = Node::new(100);
    let session = node.start(8, "/", "aws");
    assert_eq!(owner(&node.identities.executed(session, 8, "", 0)), process("aws"));
    node.end(8);
    node.identities.exited(8, 1);
    assert_eq!(owner(&node.identities.subject(session, 8, 2)), process("aws"));
    node.start(8, "/", "curl");
    assert_eq!(owner(&node.identities.subject(session, 8, 3)), process("curl"));
    node.start(8, "/", "wget");
    assert_eq!(owner(&node.identities.subject(session, 8, 4)), process("curl"), "nobody told of an exec");
    assert_eq!(owner(&node.identities.executed(session, 8, "", 5)), process("wget"));
}

#[test]
fn a_process_that_ended_is_soon_forgotten_and_one_that_runs_is_not() {
    let mut node = Node::new(100);
    for pid in [8, 9] {
        let session = node.start(pid, "/", "aws");
        node.identities.executed(session, pid, "", 0);
    }
    node.identities.exited(8, SECOND);
    node.identities.expire(LINGER);
    assert_eq!(node.identities.remembered().1, 2, "what it called last may be looked at late");
    node.identities.expire(SECOND + LINGER);
    node.identities.expire(500 * SECOND);
    assert_eq!(node.identities.remembered().1, 1);
}

#[test]
fn a_program_that_is_gone_already_has_the_name_that_the_kernel_knew() {
    let mut node = Node::new(100);
    let session = node.start(8, "/user.slice/session-1.scope", "aws");
    node.end(8);
    assert_eq!(owner(&node.identities.executed(session, 8, "aws", 0)), process("aws"));
    assert_eq!(owner(&node.identities.subject(session, 8, 1)), process("aws"));
    node.start(9, "/user.slice/session-1.scope", "python3.11");
    assert_eq!(owner(&node.identities.executed(session, 9, "job.py", 2)), process("python3.11"));
    // Whose cgroup is gone, too, may have been in a container.
    assert_eq!(owner(&node.identities.executed(1 << 40, 10, "kubelet", 3)), (None, None));
    let pod = node.start(11, &path(UID, 'a'), "app");
    node.end(11);
    assert_eq!(owner(&node.identities.executed(pod, 11, "kubelet", 5 * SECOND)), (None, None));
}

#[test]
fn memory_is_bounded_and_the_living_stay() {
    let mut node = Node::new(64);
    let number = node.start(1, &path(UID, 'a'), "app");
    node.identities.learn(pods(&[(UID, "web", "a")]), 0);
    for at in 0..1_000 {
        let pid = 1000 + u32::try_from(at).unwrap();
        node.identities.executed(1 << 40, pid, "", at);
        node.identities.exited(pid, at);
        node.identities.subject(number, 1, at);
    }
    let (cgroups, processes, pods) = node.identities.remembered();
    assert_eq!((cgroups, pods), (1, 1));
    assert!(processes <= 64, "{processes}");
}

#[test]
fn pods_that_come_and_go_are_forgotten() {
    let mut node = Node::new(64);
    for at in 0..12 {
        let name = format!("{at:0>512}");
        let uids: Vec<String> = (0..1000).map(|number| format!("pod-{at}-{number}")).collect();
        let list: Vec<(&str, &str, &str)> =
            uids.iter().map(|uid| (uid.as_str(), name.as_str(), "a")).collect();
        node.identities.learn(pods(&list), at);
        let bytes: usize = node.identities.pods.values().map(|(pod, _)| pod.footprint()).sum();
        assert!(bytes <= PODS_BYTES);
        assert!(node.identities.pods.contains_key(&format!("pod-{at}-999")), "the newest stay");
    }
    node.identities.expire(700 * SECOND);
    assert_eq!(node.identities.remembered().2, 0);
}
