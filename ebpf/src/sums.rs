//! Requests that a connection makes again and again, added up here: the agent is told how many there were, once a second.
//!
//! Where no response is followed, two requests are the same to the agent if it would keep the same of them: the request
//! line, and the fields it has a use for. What else changes from one to the next, such as a signature, does not matter. Where
//! responses are followed, they are the same if all their bytes are, which costs nothing to find out, and if their answers
//! have the same status, one of success. So the second is open until it is answered; if by another status, or if the next
//! is written before, the agent is told that the first was made again.

use core::arch::asm;

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::{bpf_get_current_cgroup_id, bpf_ktime_get_boot_ns};
use remit_abi::{Counter, Header, Kind, Library, SUMS_BY_BYTES, SUMS_BY_FIELDS, flag};

use crate::call::Call;
use crate::counter::{self, count};
use crate::piece::{ONES, equal, mix, tell};
use crate::stream::{Key, OPEN, PIPELINES, Stream, WAITS, get};

/// Whether requests are added up, and how: 0 where they are not. The agent sets it.
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
    mode() != 0
}

/// Whether they are told apart by their fields.
#[inline(always)]
pub(crate) fn is_by_fields() -> bool {
    mode() == SUMS_BY_FIELDS
}

#[inline(always)]
fn mode() -> u64 {
    // SAFETY: the loader may have replaced the value, which the compiler must not assume away.
    unsafe { core::ptr::read_volatile(&raw const SUMS) }
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

/// A head is written, or a piece of one that is not its first. That it waits is known also where no answer is followed.
#[inline(always)]
pub(crate) fn asks(stream: &mut Stream) {
    // One where this is the first piece.
    let is_first = get(&stream.flags) & u32::from(flag::FIRST);
    stream.turn(0, is_first * (WAITS | (get(&stream.asks) & WAITS) * PIPELINES));
}

/// Whether all is known that a request could be added to: of the one before, its answer, where that is followed.
#[inline(always)]
pub(crate) fn is_known(call: &Call, status: u64, stream: &Stream) -> bool {
    is_at_once(call) || (status != 0 && get(&stream.asks) & PIPELINES == 0)
}

/// Whether requests are added up as soon as they are written.
#[inline(always)]
fn is_at_once(call: &Call) -> bool {
    is_by_fields() || call.library == Library::Rustls as u8
}

/// A request is the same as the last that the agent was told, which was answered by a status.
#[inline(always)]
pub(crate) fn again(call: &Call, status: u64, stream: &mut Stream) -> Counter {
    if is_at_once(call) {
        add(&call.key, call.library, (call.time, call.cgroup), stream);
        return Counter::Summed;
    }
    (stream.status, stream.marked) = (status, call.time);
    stream.turn(0, OPEN);
    Counter::Open
}

/// Adds a request up.
#[inline(always)]
fn add(key: &Key, library: u8, when: (u64, u64), stream: &mut Stream) {
    stream.repeats += 1;
    let (time, _) = when;
    if time - stream.summed >= AGAIN && told(key, library, when, Kind::Sum, stream) {
        stream.summed = time;
    }
}

/// Whether a request of a connection waits that was not told.
#[inline(always)]
pub(crate) fn is_open(stream: &Stream) -> bool {
    mode() == SUMS_BY_BYTES && get(&stream.asks) & OPEN != 0
}

/// A request that was not told is answered by a status: it is added up if the one before was answered so, and otherwise
/// told. Says which.
#[inline(always)]
pub(crate) fn answered(key: &Key, library: u8, status: u64, stream: &mut Stream) -> bool {
    if status != stream.status {
        reopen(key, library, stream);
        return false;
    }
    stream.turn(OPEN | WAITS, 0);
    counter::take_back(Counter::Open);
    count(Counter::Summed);
    add(key, library, now(), stream);
    true
}

/// Tells of a request that was not told: it is not to be added up.
#[inline(always)]
pub(crate) fn reopen(key: &Key, library: u8, stream: &mut Stream) {
    let (_, cgroup) = now();
    let is_told = told(key, library, (stream.marked, cgroup), Kind::Again, stream);
    stream.sequence += 1;
    // Nothing is to be added to what the agent does not know.
    (stream.status, stream.request) = (0, if is_told { stream.request } else { 0 });
    stream.turn(OPEN, 0);
    counter::take_back(Counter::Open);
    count(if is_told { Counter::Emitted } else { Counter::Full });
}

/// A connection's object is freed: tells what was not told.
#[inline(always)]
pub(crate) fn end(key: &Key) {
    let Some(stream) = Stream::find(key) else { return };
    if is_open(stream) {
        reopen(key, Library::None as u8, stream);
    }
    if is_on() && stream.repeats > 0 {
        told(key, Library::None as u8, now(), Kind::Sum, stream);
    }
}

#[inline(always)]
fn told(key: &Key, library: u8, when: (u64, u64), kind: Kind, stream: &Stream) -> bool {
    let (time, cgroup) = when;
    tell(Header {
        time,
        cgroup,
        connection: key.connection,
        process: key.process,
        thread: bpf_get_current_pid_tgid() as u32,
        sequence: stream.sequence,
        kind: kind as u8,
        library,
        repeats: stream.repeats,
        ..Header::default()
    })
}

/// When it is, and in which cgroup.
#[inline(always)]
fn now() -> (u64, u64) {
    // SAFETY: helpers without arguments.
    unsafe { (bpf_ktime_get_boot_ns(), bpf_get_current_cgroup_id()) }
}
