//! What a probe costs by itself.

use aya_ebpf::macros::uprobe;
use aya_ebpf::programs::ProbeContext;

/// Does nothing.
#[uprobe]
pub fn floor(_: ProbeContext) -> u32 {
    0
}
