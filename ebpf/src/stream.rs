//! What is remembered of a connection.

use aya_ebpf::macros::map;
use aya_ebpf::maps::LruHashMap;
use remit_abi::{STREAM, STREAM_ASKS, STREAM_KEY, STREAM_OPEN, STREAM_SEQUENCE};

/// Names a connection: the address of its object, in a process.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(crate) connection: u64,
    pub(crate) process: u32,
    /// The direction; also fills the key, all of whose bytes the kernel compares.
    pub(crate) direction: u32,
}

/// What is remembered of one direction of a connection.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Stream {
    /// Where the next byte is: see `position` of the events' header.
    pub(crate) position: u64,
    /// How many events there were, lost ones included.
    pub(crate) sequence: u32,
    /// How many requests were the same as those before, which the agent was told. In the same word as the sequence, so that
    /// the agent reads both of the same moment.
    pub(crate) repeats: u32,
    /// The last two bytes of a head so far, by which its end is recognised.
    pub(crate) window: u32,
    /// One of the states below.
    pub(crate) state: u32,
    /// Bytes of a frame yet to come, or bytes of a head already taken.
    pub(crate) bytes: u32,
    /// Flags of the next piece.
    pub(crate) flags: u32,
    /// While a call is followed: where in what it writes. This and the next two are here and not in variables because
    /// the verifier follows each value that a variable can have, and knows nothing of values in a map.
    pub(crate) cursor: u32,
    /// While a call is followed: how it ends, a `Counter`.
    pub(crate) end: u32,
    /// Whether the head may have a body, and one that is looked at: one of the numbers below.
    pub(crate) has_body: u32,
    /// What waits for an answer: of the flags below.
    pub(crate) asks: u32,
    /// While a call is followed: a digest of the beginning of its head.
    pub(crate) digest: u64,
    /// What tells the last head from others: a digest of its beginning and its length.
    pub(crate) mark: u64,
    /// How far the handshake is known to be: 0 where it is not, 1 where it was just over, 2 where it was over before, or
    /// is made by a function of its own. Before 2, a write may have failed and be made again, as Node does; that is not
    /// another call. Where it is not known, each write that was taken for the one before adds [`HANDSHAKES`].
    pub(crate) handshake: u64,
    /// When the head of `mark` was written first, or the request that is open.
    pub(crate) marked: u64,
    /// When it was last told that its plaintext is seen; 0 where that was not.
    pub(crate) told: u64,
    /// A digest of the request that the agent was told last; 0 where it was another event.
    pub(crate) request: u64,
    /// While a call is followed: a digest of what the agent would keep of the head.
    pub(crate) fields: u64,
    /// When it was last told how many requests were the same.
    pub(crate) summed: u64,
    /// The digits of the status that answered the request that was told last, where that was told, too, and is one of
    /// success; 0 otherwise.
    pub(crate) status: u64,
}

// The agent reads these.
const _: () = assert!(size_of::<Key>() == STREAM_KEY && size_of::<Stream>() == STREAM);
const _: () = assert!(core::mem::offset_of!(Stream, sequence) == STREAM_SEQUENCE);
const _: () = assert!(core::mem::offset_of!(Stream, repeats) == STREAM_SEQUENCE + 4);
const _: () = assert!(core::mem::offset_of!(Stream, asks) == STREAM_ASKS);

/// More than there are ways in which the handshake is known.
pub(crate) const HANDSHAKES: u64 = 4;

/// Reads a value that the compiler must not remember from writing it.
#[inline(always)]
pub(crate) fn get(value: &u32) -> u32 {
    // SAFETY: a reference is readable.
    unsafe { core::ptr::read_volatile(value) }
}

/// Writes a value that is read so.
#[inline(always)]
pub(crate) fn set(value: &mut u32, new: u32) {
    // SAFETY: a mutable reference is writable.
    unsafe { core::ptr::write_volatile(value, new) }
}

/// The request has no body.
pub(crate) const NONE: u32 = 0;
/// It may have one.
pub(crate) const SOME: u32 = 1;
/// It is a POST, whose body may name something.
pub(crate) const NAMING: u32 = 2;

/// A request waits for its answer.
pub(crate) const WAITS: u32 = 1;
/// That one is the same as the one before, and was not told.
pub(crate) const OPEN: u32 = STREAM_OPEN;
/// A request was written while another waited. So it is not known any more which one an answer is to, nor ever again on this
/// object: whose end is not seen may be of the next connection.
pub(crate) const PIPELINES: u32 = 4;

/// Nothing is expected: the next head shows by its first bytes.
pub(crate) const IDLE: u32 = 0;
/// Within a head of HTTP/1.
pub(crate) const HEAD: u32 = 1;
/// HTTP/2, within a frame that is not wanted, or between frames.
pub(crate) const SKIP: u32 = 2;
/// HTTP/2, within a frame that is wanted.
pub(crate) const TAKE: u32 = 3;
/// Behind the head of a POST: what is written next is its body.
pub(crate) const BODY: u32 = 4;
/// Before a form that names its action.
pub(crate) const ACTION: u32 = 5;
/// Before a JSON-RPC request.
pub(crate) const RPC: u32 = 6;
/// Nothing of HTTP was written yet.
pub(crate) const FOREIGN: u32 = 7;

#[map]
static STREAMS: LruHashMap<Key, Stream> = LruHashMap::with_max_entries(16384, 0);

impl Stream {
    /// What is remembered of a connection, if anything is.
    #[inline(always)]
    pub(crate) fn find(key: &Key) -> Option<&'static mut Stream> {
        // SAFETY: a value of a map whose values are preallocated stays readable and writable. Where a value is used
        // again for another connection meanwhile, its pieces are out of sequence, which the agent notices.
        STREAMS.get_ptr_mut(key).map(|stream| unsafe { &mut *stream })
    }

    /// Takes flags from what waits for an answer, and adds others.
    #[inline(always)]
    pub(crate) fn turn(&mut self, from: u32, to: u32) {
        let asks = get(&self.asks);
        set(&mut self.asks, asks & !from | to);
    }

    /// Begins to remember a connection.
    #[inline(always)]
    pub(crate) fn start(key: &Key, position: u64) -> Option<&'static mut Stream> {
        let new = Stream {
            position,
            window: 0,
            sequence: 0,
            state: IDLE,
            bytes: 0,
            flags: 0,
            cursor: 0,
            end: 0,
            has_body: 0,
            asks: 0,
            digest: 0,
            mark: 0,
            handshake: 0,
            marked: 0,
            told: 0,
            request: 0,
            summed: 0,
            fields: 0,
            repeats: 0,
            status: 0,
        };
        let _ = STREAMS.insert(key, new, 0);
        Stream::find(key)
    }

    /// Forgets a connection whose object is freed, since the next may have its address.
    #[inline(always)]
    pub(crate) fn end(key: &Key) {
        let _ = STREAMS.remove(key);
    }
}
