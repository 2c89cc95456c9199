//! What the path of a cgroup tells: pod, container, or systemd unit.
//!
//! The outermost name counts. A container that may make cgroups of its own makes them below its own, so that whatever it
//! calls them, it stays itself. For the same reason nothing below a user's own service manager is taken for a pod.

/// What names a container's cgroup by the runtime that made it, before 64 hexadecimal digits.
/// `*-conmon-` scopes are helpers of the runtime and no containers.
const RUNTIMES: [&str; 7] =
    ["cri-containerd-", "crio-", "docker-", "libpod-", "nerdctl-", "containerd-", "podman-"];

/// Folders in which drivers without systemd put containers whose names are bare identifiers.
const PARENTS: [&str; 4] = ["docker", "k8s.io", "libpod_parent", "moby"];

/// A path has at most so many parts that are looked at: the kernel's own limit on paths allows more only of names that
/// nobody uses.
const PARTS_LIMIT: usize = 128;

/// What the path of a cgroup tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The pod's unique identifier, with hyphens as the API writes it.
    pub pod: Option<String>,
    /// The container's identifier: 64 hexadecimal digits.
    pub container: Option<String>,
    /// The systemd service.
    pub unit: Option<String>,
}

impl Place {
    /// Reads a path such as `/kubepods.slice/kubepods-pod<uid>.slice/cri-containerd-<id>.scope`.
    pub fn of_path(path: &str) -> Self {
        let mut place = Self::default();
        let mut is_users = false;
        let mut above = ["", ""];
        for part in path.split('/').filter(|part| !part.is_empty()).take(PARTS_LIMIT) {
            // containerd without systemd under a kubelet with it names `<pod's slice>:cri-containerd:<id>`.
            let mut pieces = part.splitn(3, ':');
            let first = pieces.next().unwrap_or_default();
            let prefixed = (pieces.next(), pieces.next());
            if place.pod.is_none() && !is_users {
                place.pod = pod_uid(first, above);
            }
            let of_prefix = prefixed.0.zip(prefixed.1).and_then(|(_, id)| identifier(id));
            place.container = of_prefix.or_else(|| container(first, above, place.pod.is_some()));
            if place.container.is_some() {
                break;
            }
            if first.starts_with("user@") && first.ends_with(".service") {
                is_users = true;
            } else if first.ends_with(".service") && place.unit.is_none() && !is_users {
                place.unit = Some(first.to_owned());
            }
            above = [above[1], part];
        }
        if place.pod.is_some() || place.container.is_some() {
            place.unit = None;
        }
        place
    }

    /// Whether every process of the cgroup is the same workload.
    pub fn is_telling(&self) -> bool {
        self.pod.is_some() || self.unit.is_some()
    }
}

/// `kubepods-burstable-pod<uid>.slice` of the systemd driver, where hyphens are underscores, and `pod<uid>` below
/// `kubepods`, `kubepods/burstable` or `kubepods/besteffort` of the other.
fn pod_uid(part: &str, above: [&str; 2]) -> Option<String> {
    let uid = match part.strip_suffix(".slice") {
        Some(slice) if slice.starts_with("kubepods") => slice.rsplit_once("-pod")?.1,
        _ if above.iter().any(|name| name.starts_with("kubepods")) => part.strip_prefix("pod")?,
        _ => return None,
    };
    let is_uid = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'_');
    // A pod of the API has a UUID of 36 characters, one of the kubelet's own files a hash of 32.
    (matches!(uid.len(), 32 | 36) && uid.bytes().all(is_uid)).then(|| uid.replace('_', "-"))
}

fn container(part: &str, above: [&str; 2], is_in_pod: bool) -> Option<String> {
    let name = part.strip_suffix(".scope").unwrap_or(part);
    if let Some(id) = RUNTIMES.iter().find_map(|runtime| identifier(name.strip_prefix(runtime)?)) {
        return Some(id);
    }
    let is_ecs = above[0] == "ecs";
    (is_in_pod || is_ecs || PARENTS.contains(&above[1])).then(|| identifier(name)).flatten()
}

/// 64 hexadecimal digits: the name that every runtime gives to a container.
fn identifier(text: &str) -> Option<String> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    (text.len() == 64 && text.bytes().all(is_digit)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
