//! Go's `crypto/tls`.

use aya_ebpf::macros::uprobe;
use aya_ebpf::programs::ProbeContext;
use remit_abi::Library;

use crate::call::written;

/// `func (c *Conn) Write(b []byte) (int, error)`, as Go 1.17 and later pass arguments: in RAX, RBX and RCX.
#[uprobe]
pub fn go_tls_write(context: ProbeContext) -> u32 {
    // SAFETY: the kernel hands over registers that live as long as the program runs.
    let registers = unsafe { &*context.regs };
    written(&context, Library::Go, registers.rax, registers.rbx, registers.rcx);
    0
}
