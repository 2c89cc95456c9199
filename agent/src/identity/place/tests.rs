use proptest::prelude::*;

use super::*;

const UID: &str = "0f3c1a52-5a7e-4c44-9d0b-3a1f0d6f8e11";
const STATIC: &str = "0123456789abcdef0123456789abcdef";

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn in_pod(path: &str) {
    let place = Place::of_path(path);
    assert_eq!((place.pod.as_deref(), place.container), (Some(UID), Some(id('a'))), "{path}");
    assert_eq!(place.unit, None, "{path}");
}

#[test]
fn containers_of_pods() {
    let (a, slice) = (id('a'), format!("kubepods-burstable-pod{}.slice", UID.replace('-', "_")));
    let parents = "/kubepods.slice/kubepods-burstable.slice";
    in_pod(&format!("{parents}/{slice}/cri-containerd-{a}.scope"));
    in_pod(&format!("{parents}/{slice}/crio-{a}.scope"));
    in_pod(&format!("{parents}/{slice}/docker-{a}.scope"));
    in_pod(&format!("/kubepods.slice/kubepods-pod{}.slice/cri-containerd-{a}.scope", UID.replace('-', "_")));
    in_pod(&format!("/kubepods/burstable/pod{UID}/{a}"));
    in_pod(&format!("/kubepods/pod{UID}/{a}"));
    in_pod(&format!("/kubepods/besteffort/pod{UID}/crio-{a}"));
    // CRI-O and systemd in a container make cgroups below the container's.
    in_pod(&format!("{parents}/{slice}/crio-{a}.scope/container"));
    in_pod(&format!("{parents}/{slice}/cri-containerd-{a}.scope/system.slice/nginx.service"));
    // A kubelet with systemd above a containerd without.
    in_pod(&format!("/system.slice/containerd.service/{slice}:cri-containerd:{a}"));
    in_pod(&format!("/system.slice/k3s.service/kubepods/burstable/pod{UID}/{a}"));
    // As an agent sees it that has a cgroup namespace of its own.
    in_pod(&format!("/../../{slice}/cri-containerd-{a}.scope"));
    let place = Place::of_path(&format!("/kubepods/burstable/pod{STATIC}/{a}"));
    assert_eq!(place.pod.as_deref(), Some(STATIC));
}

#[test]
fn containers_of_plain_hosts() {
    let a = id('a');
    for path in [
        format!("/docker/{a}"),
        format!("/system.slice/docker-{a}.scope"),
        format!("/machine.slice/libpod-{a}.scope/container"),
        format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{a}.scope"),
        format!("/libpod_parent/libpod-{a}"),
        format!("/ecs/0123456789abcdef/{a}"),
        format!("/k8s.io/{a}"),
    ] {
        let place = Place::of_path(&path);
        assert_eq!(place, Place { container: Some(a.clone()), ..Place::default() }, "{path}");
        assert!(!place.is_telling());
    }
}

#[test]
fn units() {
    assert_eq!(Place::of_path("/system.slice/sshd.service").unit.as_deref(), Some("sshd.service"));
    assert_eq!(Place::of_path("/system.slice/a.service/b.service").unit.as_deref(), Some("a.service"));
    for path in ["/", "", "/init.scope", "/user.slice/user-1000.slice/session-3.scope", "/podruntime/kubelet"]
    {
        assert_eq!(Place::of_path(path), Place::default(), "{path}");
    }
}

#[test]
fn no_name_below_a_container_or_a_user_changes_who_it_is() {
    let (a, b) = (id('a'), id('b'));
    let forged =
        format!("kubepods.slice/kubepods-pod{}.slice/cri-containerd-{b}.scope", UID.replace('-', "_"));
    in_pod(&format!("/kubepods/burstable/pod{UID}/{a}/{forged}"));
    let place = Place::of_path(&format!("/system.slice/docker-{a}.scope/{forged}"));
    assert_eq!(place, Place { container: Some(a), ..Place::default() });
    let users = format!("/user.slice/user-1000.slice/user@1000.service/{forged}");
    let place = Place::of_path(&users);
    assert_eq!(place, Place { container: Some(b), ..Place::default() });
    let unit = Place::of_path("/user.slice/user-1000.slice/user@1000.service/app.slice/sshd.service");
    assert_eq!(unit, Place::default());
}

#[test]
fn what_only_looks_like_a_container() {
    let a = id('a');
    for path in [
        format!("/system.slice/crio-conmon-{a}.scope"),
        format!("/machine.slice/libpod-conmon-{a}.scope"),
        format!("/system.slice/{a}"),
        format!("/docker/{}", id('A')),
        format!("/docker/{a}0"),
        "/kubepods/burstable/podcast".to_owned(),
        format!("/pod{UID}/{a}"),
    ] {
        assert_eq!(Place::of_path(&path), Place::default(), "{path}");
    }
}

proptest! {
    #[test]
    fn any_path_is_read(path in "(/|kubepods|-pod|pod|[0-9a-f]{32}|\\.slice|\\.scope|:|cri-containerd-|\\PC){0,40}") {
        let place = Place::of_path(&path);
        prop_assert!(place.container.is_none_or(|id| id.len() == 64));
        prop_assert!(place.pod.is_none_or(|uid| matches!(uid.len(), 32 | 36)));
    }
}
