//! Who calls: from the cgroup of a process to its container, pod, owner and ServiceAccount, or to the unit or program of
//! a plain host.

mod cgroup;
mod group;
mod identities;
mod kubelet;
mod place;
mod pod;
mod subject;

pub use cgroup::CgroupTree;
pub use group::Group;
pub use identities::{Identities, IdentitySettings};
pub use kubelet::{Kubelet, KubeletError, KubeletSettings};
pub use place::Place;
pub use pod::{Container, Pod, PodList};
pub use subject::{Identity, Subject};

/// How many bytes a name may have. Kubernetes allows 253 for most, and paths of programs are not kept whole.
const NAME_LIMIT: usize = 512;
