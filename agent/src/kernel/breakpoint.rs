//! Where the kernel put breakpoints.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::ptr;

/// A page's size on the architectures that the programs are compiled for.
const PAGE: usize = 4096;

/// Whether somebody's probe is attached at an offset of a file.
///
/// The kernel keeps probes by the file that is behind all names and overlays, and puts their breakpoints into whatever maps
/// it. So a mapping of one's own tells what no name does: whether two files are the same to the kernel.
///
/// # Errors
///
/// Where the file cannot be mapped or read there.
#[expect(unsafe_code, reason = "a mapping is made by its address")]
pub fn has_breakpoint(file: &File, offset: u64) -> io::Result<bool> {
    let page = offset / PAGE as u64 * PAGE as u64;
    let start = libc::off_t::try_from(page).map_err(|_| io::ErrorKind::InvalidInput)?;
    let (kind, file_number) = (libc::MAP_PRIVATE, file.as_raw_fd());
    // SAFETY: the kernel chooses an address where nothing is.
    let mapping = unsafe { libc::mmap(ptr::null_mut(), PAGE, libc::PROT_READ, kind, file_number, start) };
    if mapping == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let (mut original, mut mapped) = ([0], [0]);
    // Asked of the kernel: whoever owns the file may truncate it, and then the memory must not be touched.
    let read = file.read_exact_at(&mut original, offset).and_then(|()| {
        File::open("/proc/self/mem")?.read_exact_at(&mut mapped, mapping as u64 + (offset - page))
    });
    // SAFETY: it was mapped above with this size, and nothing refers to it.
    unsafe { libc::munmap(mapping, PAGE) };
    read?;
    Ok(original != mapped)
}
