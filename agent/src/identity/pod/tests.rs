use proptest::prelude::*;

use super::*;
use crate::identity::NAME_LIMIT;

const DEPLOYMENT: &str = r#"{
  "metadata": {"name": "web-5d4f8c7b9d-abcde", "namespace": "shop", "uid": "u1",
    "creationTimestamp": "2026-11-28T05:00:07Z",
    "labels": {"app": "web", "pod-template-hash": "5d4f8c7b9d"},
    "ownerReferences": [{"kind": "Node", "name": "n"}, {"kind": "ReplicaSet", "name": "web-5d4f8c7b9d", "controller": true}]},
  "spec": {"serviceAccountName": "web",
    "containers": [
      {"name": "app", "image": "registry/app:1", "env": [
        {"name": "PASSWORD", "value": "hunter2"}, {"name": "NODE", "valueFrom": {"fieldRef": {}}},
        {"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::123456789012:role/web"}]},
      {"name": "proxy", "image": "registry/proxy:2", "env": null}],
    "initContainers": [{"name": "migrate", "image": "registry/app:1"}]},
  "status": {"phase": "Running",
    "containerStatuses": [
      {"name": "app", "containerID": "containerd://aaaa", "state": {"running": {}},
       "lastState": {"terminated": {"containerID": "containerd://bbbb"}}},
      {"name": "unheard-of", "containerID": "containerd://cccc"}],
    "initContainerStatuses": [{"name": "migrate", "containerID": "cri-o://dddd"}]}}"#;

fn read(items: &str) -> PodList {
    PodList::read(
        format!(r#"{{"kind": "PodList", "metadata": {{}}, "items": [{items}], "x": 1}}"#).as_bytes(),
    )
    .unwrap()
}

fn owned(kind: &str, name: &str, more: &str) -> (String, String) {
    let owner = format!(r#"[{{"kind": "{kind}", "name": "{name}", "controller": true}}]"#);
    let list = read(&format!(
        r#"{{"metadata": {{"name": "p", "namespace": "n", "uid": "u", "creationTimestamp": "2026-11-28T05:00:07Z",
            "ownerReferences": {owner} {more}}}, "spec": {{}}}}"#
    ));
    let pod = &list.pods["u"];
    (pod.owner_kind.clone(), pod.owner_name.clone())
}

#[test]
fn a_pod_of_a_deployment() {
    let list = read(DEPLOYMENT);
    let pod = &list.pods["u1"];
    assert_eq!((pod.owner_kind.as_str(), pod.owner_name.as_str()), ("Deployment", "web"));
    assert_eq!((pod.namespace.as_str(), pod.service_account.as_str()), ("shop", "web"));
    let app = &pod.containers["app"];
    assert_eq!(app.ids, ["aaaa", "bbbb"]);
    assert_eq!(app.image.as_deref(), Some("registry/app:1"));
    assert_eq!(app.role.as_deref(), Some("arn:aws:iam::123456789012:role/web"));
    assert_eq!(pod.containers["migrate"].ids, ["dddd"]);
    assert_eq!(
        pod.containers["proxy"],
        Container { image: Some("registry/proxy:2".into()), ..Container::default() }
    );
    assert_eq!((pod.containers.len(), list.odd), (3, 0));
    assert!(!format!("{list:?}").contains("hunter2"), "no other variable is kept");
}

#[test]
fn owners_that_have_another_name_each_time() {
    let is = |owner: (String, String), kind: &str, name: &str| {
        assert_eq!((owner.0.as_str(), owner.1.as_str()), (kind, name));
    };
    is(owned("StatefulSet", "db", ""), "StatefulSet", "db");
    is(owned("ReplicaSet", "web-1", ""), "ReplicaSet", "web-1");
    let labels = r#", "labels": {"pod-template-hash": "abc"}"#;
    is(owned("ReplicaSet", "web-abc", labels), "Deployment", "web");
    is(owned("ReplicaSet", "webabc", labels), "ReplicaSet", "webabc");
    // 2026-11-28T05:00 is minute 29930700.
    is(owned("Job", "nightly-29930700", ""), "CronJob", "nightly");
    is(owned("Job", "nightly-29930640", ""), "CronJob", "nightly");
    for job in ["nightly-29930701", "nightly-20000000", "nightly-1", "nightly", "n-99999999999999999999"] {
        is(owned("Job", job, ""), "Job", job);
    }
    let list = read(r#"{"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": {}}"#);
    let pod = &list.pods["u"];
    assert_eq!((pod.owner_kind.as_str(), pod.owner_name.as_str()), ("Pod", "p"));
}

#[test]
fn roles_are_arns_of_roles() {
    for value in [
        "",
        "web",
        "arn:aws:iam::1:role/a",
        "arn:aws:iam::123456789012:user/a",
        "arn:aws:iam::123456789012:role/",
    ] {
        let list = read(&DEPLOYMENT.replace("arn:aws:iam::123456789012:role/web", value));
        assert_eq!(list.pods["u1"].containers["app"].role, None, "{value}");
    }
}

#[test]
fn odd_pods_are_counted_and_the_others_read() {
    let long = "x".repeat(NAME_LIMIT + 1);
    for odd in [
        "null".to_owned(),
        "7".to_owned(),
        "{}".to_owned(),
        "[[[]]]".to_owned(),
        r#"{"metadata": {"name": 7, "namespace": "n", "uid": "u"}, "spec": {}}"#.to_owned(),
        r#"{"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": {"containers": {}}}"#.to_owned(),
        format!(r#"{{"metadata": {{"name": "{long}", "namespace": "n", "uid": "u"}}, "spec": {{}}}}"#),
        "[".repeat(120) + &"]".repeat(120),
    ] {
        let list = read(&format!("{odd}, {DEPLOYMENT}, {odd}"));
        assert_eq!((list.pods.len(), list.odd), (1, 2), "{odd}");
    }
}

#[test]
fn what_is_no_list() {
    for text in ["", "[]", "null", "{", r#"{"items": [}"#, r#"{"items": 1}"#, "<html>", r#"{"items": []} x"#]
    {
        PodList::read(text.as_bytes()).unwrap_err();
    }
    for text in ["{}", r#"{"items": null}"#] {
        assert_eq!(PodList::read(text.as_bytes()).unwrap(), PodList::default());
    }
}

/// An answer of pods with so many bytes beside what is kept of them.
fn answer(pods: usize, name: &str, padding: usize) -> Vec<u8> {
    let padding = "x".repeat(padding);
    let pod = |number: usize| {
        format!(
            r#"{{"metadata": {{"name": "{name}", "namespace": "n", "uid": "{number}", "annotations": {{"a": "{padding}"}}}}, "spec": {{}}}}"#
        )
    };
    let items = (0..pods).map(pod).collect::<Vec<_>>().join(",");
    format!(r#"{{"items": [{items}]}}"#).into_bytes()
}

#[test]
fn what_is_kept_is_bounded() {
    let list = PodList::read(answer(30_000, &"x".repeat(NAME_LIMIT), 0).as_slice()).unwrap();
    let kept: usize = list.pods.values().map(Pod::footprint).sum();
    assert!((KEPT_LIMIT..KEPT_LIMIT + 10_000).contains(&kept), "{kept}");
    assert_eq!(list.pods.len() as u64 + list.odd, 30_000);
}

#[test]
fn what_is_read_at_a_time_is_bounded() {
    // Many large pods are read, and one that is too large is not even held.
    let list = PodList::read(answer(12, "p", ITEM_LIMIT / 8).as_slice()).unwrap();
    assert_eq!((list.pods.len(), list.odd), (12, 0));
    let error = PodList::read(answer(1, "p", ITEM_LIMIT * 2).as_slice()).unwrap_err().to_string();
    assert!(error.contains("larger than any pod"), "{error}");
    let endless = br#"{"kind": ""#.chain(io::repeat(b'x'));
    PodList::read(endless).unwrap_err();
    let endless = br#"{"items": ["#.chain(io::repeat(b'['));
    PodList::read(endless).unwrap_err();
}

proptest! {
    #[test]
    fn damaged_answers_are_survived(at in 0..DEPLOYMENT.len(), byte: u8) {
        let mut bytes = format!(r#"{{"items": [{DEPLOYMENT}]}}"#).into_bytes();
        let at = at + 11;
        bytes[at] = byte;
        let _ = PodList::read(bytes.as_slice());
        let cut = PodList::read(&bytes[..at]);
        prop_assert!(cut.is_err());
    }
}
