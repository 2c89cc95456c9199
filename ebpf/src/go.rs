//! Go's `crypto/tls`.

use aya_ebpf::macros::uprobe;
use aya_ebpf::programs::ProbeContext;
use remit_abi::Library;

use crate::call::written;
use crate::reads::{Read, Reader, entered, returned};

/// `func (c *Conn) Write(b []byte) (int, error)`, as Go 1.17 and later pass arguments: in RAX, RBX and RCX.
#[uprobe]
pub fn go_tls_write(context: ProbeContext) -> u32 {
    // SAFETY: the kernel hands over registers that live as long as the program runs.
    let registers = unsafe { &*context.regs };
    written(&context, Library::Go, registers.rax, registers.rbx, registers.rcx);
    0
}

/// `func (c *Conn) Read(b []byte) (int, error)`, likewise. The goroutine is in R14; it may return on another thread, and
/// what it waits for may be written by another goroutine meanwhile.
#[uprobe]
pub fn go_tls_read(context: ProbeContext) -> u32 {
    // SAFETY: as above.
    let registers = unsafe { &*context.regs };
    let call = Read { library: Library::Go, connection: registers.rax, buffer: registers.rbx, count: 0 };
    entered(&Reader::goroutine(registers.r14), &call);
    0
}

/// Where it returns.
#[uprobe]
pub fn go_tls_read_return(context: ProbeContext) -> u32 {
    // SAFETY: as above.
    let registers = unsafe { &*context.regs };
    returned(&context, &Reader::goroutine(registers.r14), registers.rax);
    0
}
