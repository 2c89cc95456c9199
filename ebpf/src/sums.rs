//! Requests that a connection makes again and again, added up here, where no response is followed that would tell them
//! apart: the agent is told how many there were, once a second.
//!
//! Two requests are the same to the agent if it would keep the same of them: the request line, and the fields it has a use
//! for. What else changes from one to the next, such as a signature, does not matter.

use core::arch::asm;

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::{bpf_get_current_cgroup_id, bpf_ktime_get_boot_ns};
use remit_abi::{Header, Kind, Library};

use crate::piece::{ONES, equal, mix, tell};
use crate::stream::{Key, Stream};

/// Whether requests are added up. The agent sets it.
#[unsafe(no_mangle)]
static SUMS: u64 = 0;

/// Nanoseconds after which the agent is told again.
const AGAIN: u64 = 1_000_000_000;

/// Names of fields that the agent has a use for, as far as they fit a word, with what counts of that, and whether their
/// values count only up to the first comma, behind which is a signature of AWS. By their first letters, which differ: so one
/// comparison does for all.
static FIELDS: [[u64; 4]; 32] = fields();

/// Fields of AWS, which begin with the same letter: the operation, and the source of a copy.
const TARGET: u64 = field(b"x-amz-ta")[0];
const COPY: u64 = field(b"x-amz-co")[0];

const fn fields() -> [[u64; 4]; 32] {
    // A name has no zeros, so this is none.
    let mut fields = [[0, u64::MAX, 0, 0]; 32];
    let names: [&[u8]; 7] =
        [b"host:", b"content-", b"transfer", b"smithy-p", b"x-ms-cop", b"authoriz", b"imperson"];
    let mut index = 0;
    while index < names.len() {
        fields[(names[index][0] & 31) as usize] = field(names[index]);
        index += 1;
    }
    fields[(b'a' & 31) as usize][2] = u64::MAX;
    fields
}

const fn field(name: &[u8]) -> [u64; 4] {
    let (mut value, mut mask, mut index) = (0, 0, 0);
    while index < name.len() {
        value |= ((name[index] | LOWER as u8) as u64) << (index * 8);
        mask |= 0xff << (index * 8);
        index += 1;
    }
    [value, mask, 0, 0]
}

/// The bit that makes a letter a small one.
const LOWER: u64 = 0x20;

/// Whether requests are added up.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    // SAFETY: the loader may have replaced the value, which the compiler must not assume away.
    unsafe { core::ptr::read_volatile(&raw const SUMS) != 0 }
}

/// A digest of what the agent would keep of a head, as far as that was looked at.
pub(crate) struct Fields {
    digest: u64,
    /// All bits where what comes is kept.
    keep: u64,
    /// All bits where it is kept up to a comma.
    signed: u64,
    /// Not zero where the head is none that can be looked at so.
    odd: u64,
}

impl Fields {
    /// Before a head, whose first line is kept.
    #[inline(always)]
    pub(crate) fn new() -> Fields {
        Fields { digest: 0, keep: u64::MAX, signed: 0, odd: 0 }
    }

    /// Takes eight bytes of the head with their line feeds, that lie at an index of a text.
    ///
    /// # Safety
    ///
    /// The text must have room for two words more.
    #[inline(always)]
    pub(crate) unsafe fn take(&mut self, text: *const u8, index: usize, bytes: u64, feeds: u64) {
        let commas = equal(bytes, b',') & self.signed;
        let kept = self.keep & up_to(commas);
        let still = self.keep & none(commas);
        let behind = !(up_to(feeds) | (feeds & feeds.wrapping_neg()));
        // Of two lines that end within eight bytes, only the empty one that ends a head is expected.
        self.odd |= feeds & feeds.wrapping_sub(1) & !(feeds << 16);
        // How many bytes are before the next line; its name is read from there.
        let at = ((up_to(feeds) & ONES).wrapping_mul(ONES) >> 56) & 15;
        // SAFETY: the caller says so.
        let name = unsafe { text.add(index + at as usize).cast::<u64>().read_unaligned() } | (ONES * LOWER);
        let [value, mask, is_cut, _] = FIELDS[(name & 31) as usize];
        let is_known = none((name ^ value) & mask);
        let ends = !none(feeds);
        let next = ends & (is_known | none(name ^ TARGET) | none(name ^ COPY));
        self.digest = mix(self.digest, bytes & ((kept & !behind) | (behind & next)));
        self.keep = (still & !ends) | next;
        self.signed = (self.signed & !ends) | (ends & is_known & is_cut);
    }

    /// The digest. 0 where there is none.
    #[inline(always)]
    pub(crate) fn digest(&self) -> u64 {
        (self.digest | 1) & none(self.odd)
    }
}

/// All bits below the lowest of some; all where there is none.
#[inline(always)]
fn up_to(bits: u64) -> u64 {
    (bits & bits.wrapping_neg()).wrapping_sub(1)
}

/// All bits where there are none of some, and none otherwise. The compiler must not see that this is a comparison: it would
/// turn it into a jump, of which the verifier goes both ways.
#[inline(always)]
fn none(bits: u64) -> u64 {
    hidden(hidden(bits | bits.wrapping_neg()) >> 63).wrapping_sub(1)
}

/// A value of which the compiler knows nothing.
#[inline(always)]
fn hidden(mut value: u64) -> u64 {
    // SAFETY: this does nothing.
    unsafe { asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags)) };
    value
}

/// Adds a request that is the same as the last that the agent was told.
#[inline(always)]
pub(crate) fn add(key: &Key, library: u8, cgroup: u64, time: u64, stream: &mut Stream) {
    stream.repeats += 1;
    if time - stream.summed >= AGAIN && told(key, library, cgroup, time, stream) {
        stream.summed = time;
    }
}

/// A connection's object is freed: tells what was added up.
#[inline(always)]
pub(crate) fn end(key: &Key) {
    if is_on()
        && let Some(stream) = Stream::find(key)
        && stream.repeats > 0
    {
        // SAFETY: helpers without arguments.
        let (cgroup, time) = unsafe { (bpf_get_current_cgroup_id(), bpf_ktime_get_boot_ns()) };
        told(key, Library::None as u8, cgroup, time, stream);
    }
}

#[inline(always)]
fn told(key: &Key, library: u8, cgroup: u64, time: u64, stream: &Stream) -> bool {
    tell(Header {
        time,
        cgroup,
        connection: key.connection,
        process: key.process,
        thread: bpf_get_current_pid_tgid() as u32,
        sequence: stream.sequence,
        kind: Kind::Sum as u8,
        library,
        repeats: stream.repeats,
        ..Header::default()
    })
}
