//! What a process reads: known when the function returns, with what it was called with.

use aya_ebpf::EbpfContext;
use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use aya_ebpf::helpers::generated::bpf_probe_read_user;
use aya_ebpf::macros::{map, uprobe, uretprobe};
use aya_ebpf::maps::LruHashMap;
use aya_ebpf::programs::{ProbeContext, RetProbeContext};
use remit_abi::{Direction, Library, PIECE};

use crate::call::{Data, followed};
use crate::shape::{FIRST, Shape, read, shape};
use crate::stream::{IDLE, Key, SKIP, Stream, TAKE, WAITS};
use crate::sums;

/// Who called a read function: a thread of a process, or a goroutine, which may return on another thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    process: u64,
    id: u64,
}

/// What a read function was called with.
#[repr(C)]
#[derive(Clone, Copy)]
struct Pending {
    connection: u64,
    buffer: u64,
    /// Where the function says how much it read; 0 where it returns that.
    count: u64,
    /// A `Library`; a number of this size, so that all of the value is written.
    library: u64,
}

/// What a read function is called with.
pub(crate) struct Read {
    pub(crate) library: Library,
    pub(crate) connection: u64,
    pub(crate) buffer: u64,
    /// Where the function says how much it read; 0 where it returns that.
    pub(crate) count: u64,
}

/// Read functions that did not return yet, by who called them.
#[map]
static PENDING: LruHashMap<Reader, Pending> = LruHashMap::with_max_entries(8192, 0);

/// Whether only the first piece of each response of HTTP/1 is followed. The agent sets it.
#[unsafe(no_mangle)]
static FIRST_ONLY: u64 = 1;

/// Whether what processes read is followed. The agent sets it.
#[unsafe(no_mangle)]
static READS: u64 = 1;

impl Reader {
    /// The thread that runs.
    #[inline(always)]
    pub(crate) fn thread() -> Reader {
        let thread = bpf_get_current_pid_tgid();
        Reader { process: thread >> 32, id: thread }
    }

    /// A goroutine of the process that runs.
    #[inline(always)]
    pub(crate) fn goroutine(address: u64) -> Reader {
        Reader { process: bpf_get_current_pid_tgid() >> 32, id: address }
    }
}

/// A thread calls a read function whose connection no other thread writes to meanwhile. So what it will read matters only
/// where an answer is due now.
#[inline(always)]
pub(crate) fn entered_alone(call: &Read) {
    let reader = Reader::thread();
    if due(call.connection, reader.process).is_some() {
        entered(&reader, call);
    }
}

/// A read function is called.
#[inline(always)]
pub(crate) fn entered(reader: &Reader, call: &Read) {
    let Read { library, connection, buffer, count } = *call;
    let _ = PENDING.insert(reader, Pending { connection, buffer, count, library: library as u64 }, 0);
}

/// Which of a connection's requests an answer is due to, by its number. None where no request was written, or the last was
/// answered and no more than that is followed.
#[inline(always)]
fn due(connection: u64, process: u64) -> Option<u64> {
    let key = |direction| Key { connection, process: process as u32, direction: direction as u32 };
    let asked = number(Stream::find(&key(Direction::Written))?);
    if is_first_only()
        && let Some(answers) = Stream::find(&key(Direction::Read))
        && answers.state != SKIP
        && answers.state != TAKE
        && answers.mark == asked
    {
        return None;
    }
    Some(asked)
}

/// The number of a connection's last request.
#[inline(always)]
fn number(written: &Stream) -> u64 {
    u64::from(written.sequence) << 1 | u64::from(sums::is_open(written))
}

/// Whether answers are followed.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    // SAFETY: the loader may have replaced the value, which the compiler must not assume away.
    unsafe { core::ptr::read_volatile(&raw const READS) != 0 }
}

#[inline(always)]
fn is_first_only() -> bool {
    // SAFETY: the loader may have replaced the value, which the compiler must not assume away.
    unsafe { core::ptr::read_volatile(&raw const FIRST_ONLY) != 0 }
}

/// A read function returns.
#[inline(always)]
pub(crate) fn returned(context: &impl EbpfContext, reader: &Reader, result: u64) {
    let Some(pending) = PENDING.get_ptr(reader) else { return };
    // SAFETY: a value of a map whose values are preallocated stays readable.
    let Pending { connection, buffer, count, library } = unsafe { *pending };
    let _ = PENDING.remove(reader);
    // OpenSSL's return an `int`.
    let is_openssl = library == Library::OpenSsl as u64;
    let mut length = if is_openssl { i64::from(result as i32) } else { result as i64 };
    if length <= 0 {
        return;
    }
    if count != 0 {
        // SAFETY: the destination has room for what is asked, and the kernel checks the source.
        let read = unsafe { bpf_probe_read_user((&raw mut length).cast(), 8, count as *const _) };
        if read != 0 || length <= 0 {
            return;
        }
    }
    if due(connection, reader.process).is_none() {
        return;
    }
    let key = Key { connection, process: reader.process as u32, direction: Direction::Written as u32 };
    let Some(written) = Stream::find(&key) else { return };
    // Who is answered is through with the handshake, also where nothing was seen of that.
    (written.handshake, written.mark) = (2, 0);
    // SAFETY: what is masked is one of the values, which a comparison would make as many cases to verify.
    let library = unsafe { core::mem::transmute::<u8, Library>(library as u8 & Library::Go as u8) };
    let mut data = Data { library, direction: Direction::Read, connection, buffer, length: length as u64 };
    let status = if is_first_only() { cut(&mut data) } else { 0 };
    // What comes before the answer tells nothing of it, but for an interim response, behind which it may stand.
    if sums::is_open(written) && (status == 0 || sums::answered(&key, library as u8, status, written)) {
        return;
    }
    let asked = number(written);
    // One piece is one step, after which this returns.
    followed(context, &data);
    if status != 0 && status != INTERIM {
        let key = Key { connection, process: reader.process as u32, direction: Direction::Read as u32 };
        if let Some(answers) = Stream::find(&key) {
            (answers.state, answers.mark) = (IDLE, asked);
            // All three digits of it.
            let is_success = status & 0xff == u64::from(b'2') && status >> 16 != 0;
            // What the agent was not told of leaves the request waiting there, so it does here.
            let is_told = answers.request != 0;
            written.status = if is_success && is_told { status } else { 0 };
            written.turn(if is_told { WAITS } else { 0 }, 0);
        }
    }
}

/// In the place of a status: of an interim response, which is not the one that is due.
const INTERIM: u64 = 2;

/// Cuts a response of HTTP/1 down to its first piece, and says the digits of its status; 0 where it is none.
#[inline(always)]
fn cut(data: &mut Data) -> u64 {
    // The verifier follows this comparison, and not one of a part of the number.
    let count = if data.length > FIRST as u64 { FIRST as u64 } else { data.length };
    let Some(first) = read(data.buffer, count as u32) else { return 0 };
    if shape(first, Direction::Read) != Shape::Head {
        return 0;
    }
    if data.length > PIECE as u64 {
        data.length = PIECE as u64;
    }
    // The tenth byte is the first of the status, after `HTTP/1.1 `.
    match first[1] >> 8 & 0xff_ffff {
        interim if interim & 0xff == u64::from(b'1') => INTERIM,
        // Not read yet, and an answer all the same.
        0 => 1,
        status => status,
    }
}

/// Where a read function of C returns.
#[uprobe]
pub fn read_return(context: ProbeContext) -> u32 {
    // SAFETY: the kernel hands over registers that live as long as the program runs.
    returned(&context, &Reader::thread(), unsafe { &*context.regs }.rax);
    0
}

/// The same, told by the caller's side of the return.
#[uretprobe]
pub fn read_returned(context: RetProbeContext) -> u32 {
    // SAFETY: as above.
    returned(&context, &Reader::thread(), unsafe { &*context.regs }.rax);
    0
}
