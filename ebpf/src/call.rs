//! A call of a library's write function: what happens to what it writes.
//!
//! A program takes one step of a call: a piece of a head, or frames up to one that is wanted. What is left is for the next
//! program, which takes a step and calls itself. So the kernel's verifier sees each step once, and not once for each that
//! may come before it, and as many steps are taken as the kernel lets programs call programs.

use aya_ebpf::EbpfContext;
use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::{bpf_get_current_cgroup_id, bpf_ktime_get_boot_ns};
use aya_ebpf::macros::{map, uprobe};
use aya_ebpf::maps::{LruHashMap, ProgramArray};
use aya_ebpf::programs::ProbeContext;
use remit_abi::{Counter, Direction, Library, flag};

use crate::counter::count;
use crate::shape::{Shape, read, shape};
use crate::stream::{ACTION, BODY, FOREIGN, HANDSHAKES, HEAD, IDLE, Key, RPC, SKIP, Stream, TAKE, get, set};
use crate::{action, frames, head, notice, sums};

/// A call of a library's write function.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) buffer: u64,
    pub(crate) length: u32,
    pub(crate) key: Key,
    pub(crate) thread: u32,
    pub(crate) library: u8,
    /// Whether the cgroup's share allows it; asked once, when there is something to say.
    pub(crate) admission: u8,
    pub(crate) time: u64,
    pub(crate) cgroup: u64,
}

/// The share has not been asked.
pub(crate) const UNASKED: u8 = 0;
/// The share allows it.
pub(crate) const ADMITTED: u8 = 1;
/// The share is used up.
pub(crate) const REFUSED: u8 = 2;

/// The length of the preface of RFC 9113, section 3.4.
const PREFACE: u32 = 24;

/// What a call writes or has read.
pub(crate) struct Data {
    pub(crate) library: Library,
    pub(crate) direction: Direction,
    pub(crate) connection: u64,
    pub(crate) buffer: u64,
    pub(crate) length: u64,
}

/// Calls of which a step is left, by thread.
#[map]
static CALLS: LruHashMap<u64, Call> = LruHashMap::with_max_entries(4096, 0);

/// The program that takes the next step, which the agent puts here.
#[map]
static STEPS: ProgramArray = ProgramArray::with_max_entries(1, 0);

/// What becomes of a call.
pub(crate) enum Step {
    /// It is over.
    End(Counter),
    /// There is another step.
    More,
}

/// Looks at what a call writes, and counts how that ended.
#[inline(always)]
pub(crate) fn written(
    context: &impl EbpfContext,
    library: Library,
    connection: u64,
    buffer: u64,
    length: u64,
) {
    followed(context, &Data { library, direction: Direction::Written, connection, buffer, length });
}

/// Looks at what a call writes or has read, and counts how that ended. Where there is more to do than one step, this does
/// not return.
#[inline(always)]
pub(crate) fn followed(context: &impl EbpfContext, data: &Data) {
    count(Counter::Attempts);
    if let Err(end) = begin(context, data) {
        count(end);
    }
}

/// The next step of a call, of any library.
#[uprobe]
pub fn next_step(context: ProbeContext) -> u32 {
    let thread = bpf_get_current_pid_tgid();
    let found = CALLS.get_ptr_mut(thread).and_then(|call| {
        // SAFETY: a value of a map whose values are preallocated stays readable and writable, and the key is of this thread.
        let call = unsafe { &mut *call };
        Stream::find(&call.key).map(|stream| (call, stream))
    });
    match found {
        Some((call, stream)) => match any_step(call, stream) {
            Step::End(end) => count(end),
            Step::More => {
                again(&context);
                count(lose(call, stream));
            }
        },
        None => count(Counter::Untracked),
    }
    0
}

/// Begins to look at a call, and takes its first step. Says how it ended where that is before any step.
#[inline(always)]
fn begin(context: &impl EbpfContext, data: &Data) -> Result<(), Counter> {
    if data.length == 0 {
        return Err(Counter::Empty);
    }
    let length = if data.length > u64::from(u32::MAX) { u32::MAX } else { data.length as u32 };
    let Some(first) = read(data.buffer, length) else { return Err(Counter::Unreadable) };
    let shape = shape(first, data.direction);
    let identity = bpf_get_current_pid_tgid();
    let key = Key {
        connection: data.connection,
        process: (identity >> 32) as u32,
        direction: data.direction as u32,
    };
    let is_foreign = matches!(shape, Shape::Other | Shape::Action | Shape::Rpc);
    let is_written = data.direction as u8 == Direction::Written as u8;
    let stream = match Stream::find(&key) {
        Some(stream) => stream,
        None if is_foreign && !(is_written && notice::is_matched()) => return Err(Counter::Other),
        // A connection that is known by a frame was there before, so this is not its first byte.
        None => match Stream::start(&key, u64::from(shape == Shape::Frame)) {
            Some(stream) => {
                stream.state = if is_foreign { FOREIGN } else { IDLE };
                stream
            }
            None => return Err(if is_foreign { Counter::Other } else { Counter::Untracked }),
        },
    };
    // SAFETY: helpers without arguments.
    let (time, cgroup) = unsafe { (bpf_ktime_get_boot_ns(), bpf_get_current_cgroup_id()) };
    if is_written {
        notice::seen(&key, data.library, (time, cgroup), &mut stream.told);
        if sums::is_open(stream) {
            sums::reopen(&key, data.library as u8, stream);
        }
    }
    if stream.state == FOREIGN {
        if is_foreign {
            return Err(Counter::Other);
        }
        (stream.state, stream.position) = (IDLE, u64::from(shape == Shape::Frame));
    }
    let is_framed = matches!(stream.state, SKIP | TAKE);
    // What lies within a frame begins with what it likes. Where it goes on behind the frame, it is another connection's.
    let is_within = shape == Shape::Head && is_framed && stream.bytes >= length;
    if shape == Shape::Preface || (shape == Shape::Head && is_framed && !is_within) {
        // Another connection has the address of one that is gone.
        stream.position = 0;
    }
    match shape {
        Shape::Head if !is_within => head::begin(stream, &key, first),
        Shape::Preface => {
            (stream.state, stream.bytes) = (TAKE, PREFACE);
            stream.flags = u32::from(flag::PREFACE);
        }
        Shape::Frame if stream.state == IDLE => (stream.state, stream.bytes, stream.flags) = (SKIP, 0, 0),
        Shape::Action if stream.state == BODY => stream.state = ACTION,
        Shape::Rpc if stream.state == BODY => stream.state = RPC,
        _ if stream.state == BODY => stream.state = IDLE,
        _ => {}
    }
    if stream.state == IDLE {
        stream.position += u64::from(length);
        return Err(Counter::Other);
    }
    // By way of memory, all lengths are one case to verify.
    set(&mut stream.cursor, length);
    let length = get(&stream.cursor);
    set(&mut stream.cursor, 0);
    set(&mut stream.end, Counter::Other as u32);
    let mut call = Call {
        buffer: data.buffer,
        length,
        key,
        thread: identity as u32,
        library: data.library as u8,
        admission: UNASKED,
        time,
        cgroup,
    };
    match step(&mut call, stream) {
        Step::End(end) => Err(end),
        Step::More => {
            let _ = CALLS.insert(identity, call, 0);
            again(context);
            Err(lose(&call, stream))
        }
    }
}

/// Takes a step of a call in the program that begins it. What bodies name is for the next, since few calls have it.
#[inline(always)]
fn step(call: &mut Call, stream: &mut Stream) -> Step {
    match get(&stream.state) {
        HEAD => head::step(call, stream),
        ACTION | RPC => Step::More,
        // As many as most writes have.
        _ => frames::step::<1, 3>(call, stream),
    }
}

/// Takes any step of a call.
#[inline(always)]
fn any_step(call: &mut Call, stream: &mut Stream) -> Step {
    match get(&stream.state) {
        ACTION => action::action(call, stream),
        RPC => action::method(call, stream),
        HEAD => head::step(call, stream),
        _ => frames::step::<4, 4>(call, stream),
    }
}

/// Goes on with the program for the next step. Returns only where that cannot be.
#[inline(always)]
fn again(context: &impl EbpfContext) {
    // SAFETY: nothing here waits to be dropped.
    unsafe { STEPS.tail_call(context, 0) };
}

/// Gives a connection up until a write shows what it is, and says so: of HTTP/2 a byte is missing that was never there. Of HTTP/1 all
/// is missing that is left, and it may be a body whose length is known.
#[inline(always)]
fn lose(call: &Call, stream: &mut Stream) -> Counter {
    let is_framed = matches!(get(&stream.state), SKIP | TAKE);
    stream.state = IDLE;
    stream.bytes = 0;
    stream.position += if is_framed { 1 } else { u64::from(call.length) };
    Counter::Untracked
}

/// A connection's handshake is made by a function of its own, or else is just over.
#[inline(always)]
pub(crate) fn opened(connection: u64, is_own: bool) {
    let process = (bpf_get_current_pid_tgid() >> 32) as u32;
    let key = Key { connection, process, direction: Direction::Written as u32 };
    let Some(stream) = Stream::find(&key).or_else(|| Stream::start(&key, 0)) else { return };
    if is_own {
        stream.handshake = 2;
    } else if stream.handshake % HANDSHAKES == 0 {
        stream.handshake = 1;
    }
}

/// A connection's object is freed.
#[inline(always)]
pub(crate) fn freed(connection: u64) {
    let process = (bpf_get_current_pid_tgid() >> 32) as u32;
    let written = Key { connection, process, direction: Direction::Written as u32 };
    sums::end(&written);
    Stream::end(&written);
    Stream::end(&Key { connection, process, direction: Direction::Read as u32 });
}
