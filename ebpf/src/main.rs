//! Kernel programs that see what workloads write into TLS connections: one file per family of hooks, and what they
//! share.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch, core_intrinsics)]
#![expect(internal_features, reason = "atomic additions have no other name on this target")]

mod action;
mod bucket;
mod call;
mod counter;
mod dns;
mod floor;
mod frames;
mod gnutls;
mod go;
mod head;
mod hello;
mod notice;
mod openssl;
mod own;
mod packet;
mod piece;
mod reads;
mod retry;
mod rustls;
mod shape;
mod socket;
mod start;
mod stream;
mod sums;

/// The kernel lets only programs under a compatible licence read a process's memory.
#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

/// Nothing here panics, but the language wants to know what would happen.
#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
