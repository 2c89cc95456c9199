//! The agent's own function, with a probe of its own: calling it shows whether probes work.

use std::fs::{self, File};
use std::io;

use remit_abi::{OVERWRITTEN, RING};

use super::object::Link;

/// The agent's own function, with a probe. It is followed in the thread that attached it only.
#[derive(Debug)]
pub struct Own {
    _link: Link,
}

/// The function. It does nothing, and is called where the compiler cannot see that.
#[inline(never)]
extern "C" fn called(number: u64) -> u64 {
    std::hint::black_box(number)
}

impl Own {
    /// Calls to [`Own::overwrite`] by which all of the ring buffer is overwritten.
    pub const PARTS: u32 = RING.div_ceil(OVERWRITTEN);

    pub(super) fn new(link: Link) -> Own {
        Own { _link: link }
    }

    /// Calls it with a number above zero, which comes back as an event where probes work.
    pub fn call(&self, number: u64) {
        std::hint::black_box(called as extern "C" fn(u64) -> u64)(number);
    }

    /// Has the kernel overwrite a part of the ring buffer, whose events were taken, since its memory is not the agent's to
    /// write.
    pub fn overwrite(&self) {
        self.call(0);
    }
}

/// Where in the program's file the function is.
pub(super) fn offset() -> io::Result<u64> {
    let function: extern "C" fn(u64) -> u64 = called;
    let address = function as usize as u64;
    let maps = fs::read_to_string("/proc/self/maps")?;
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let offset = maps.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let (from, to) = fields.next()?.split_once('-')?;
        let (from, to, offset) = (number(from)?, number(to)?, number(fields.nth(1)?)?);
        (from..to).contains(&address).then(|| address - from + offset)
    });
    offset.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The program's file, whatever is at its path by now.
pub(super) fn file() -> io::Result<File> {
    File::open("/proc/self/exe")
}
