//! What the first bytes of a write look like.

use aya_ebpf::helpers::generated::bpf_probe_read_user;
use remit_abi::Direction;

/// How many bytes tell.
pub(crate) const FIRST: usize = 16;

/// What the first bytes of a write look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A head of HTTP/1: of a request where it is written, of a response where it is read.
    Head,
    /// The preface of an HTTP/2 connection.
    Preface,
    /// A frame of HTTP/2.
    Frame,
    /// A form that names its action, as the query protocols of AWS send it.
    Action,
    /// A JSON-RPC request, as clients write it.
    Rpc,
    /// None of these.
    Other,
}

/// A text that something begins with, as the numbers that are compared: a loop over bytes is what costs here.
struct Text {
    value: [u64; FIRST / 8],
    mask: [u64; FIRST / 8],
}

/// The methods of RFC 9110 and RFC 5789, Vault's and OpenBao's, those of Azure's tables, of WebDAV and of caches, with the space
/// that follows.
const GET: Text = Text::of(b"GET ");
const PUT: Text = Text::of(b"PUT ");
const POST: Text = Text::of(b"POST ");
const HEAD: Text = Text::of(b"HEAD ");
const LIST: Text = Text::of(b"LIST ");
const PATCH: Text = Text::of(b"PATCH ");
const TRACE: Text = Text::of(b"TRACE ");
const DELETE: Text = Text::of(b"DELETE ");
const OPTIONS: Text = Text::of(b"OPTIONS ");
const CONNECT: Text = Text::of(b"CONNECT ");
const SCAN: Text = Text::of(b"SCAN ");
const MERGE: Text = Text::of(b"MERGE ");
const PURGE: Text = Text::of(b"PURGE ");
const QUERY: Text = Text::of(b"QUERY ");
const SEARCH: Text = Text::of(b"SEARCH ");
const PROPFIND: Text = Text::of(b"PROPFIND ");

/// The beginning of the preface of RFC 9113, section 3.4.
const PREFACE: Text = Text::of(b"PRI * HTTP/2.0\r\n");

/// The beginning of a response of HTTP/1.
const RESPONSE: Text = Text::of(b"HTTP/1.");

/// The beginning of a form that names its action.
const ACTION: Text = Text::of(b"Action=");

/// The beginnings of JSON-RPC requests: any other JSON need not be looked at closely.
const RPC: [Text; 4] =
    [Text::of(b"{\"jsonrpc\""), Text::of(b"{\"method\""), Text::of(b"{\"id\""), Text::of(b"{\"params\"")];

/// What methods of MCP begin with (specification of 2025-06-18), whose requests may say that they are JSON-RPC only behind
/// arguments of any length.
const MCP: [Text; 9] = [
    Text::of(b"completion/"),
    Text::of(b"elicitation/"),
    Text::of(b"logging/"),
    Text::of(b"notifications/"),
    Text::of(b"prompts/"),
    Text::of(b"resources/"),
    Text::of(b"roots/"),
    Text::of(b"sampling/"),
    Text::of(b"tools/"),
];

/// The method of MCP that calls a tool.
const CALL: Text = Text::of(b"tools/call\0");

/// Reads the first bytes of what a process wrote. None where they cannot be read.
#[inline(always)]
pub(crate) fn read(buffer: u64, length: u32) -> Option<[u64; FIRST / 8]> {
    let mut first = [0_u64; FIRST / 8];
    let count = if length < FIRST as u32 { length } else { FIRST as u32 };
    // SAFETY: the destination has room for what is asked, and the kernel checks the source.
    let read = unsafe { bpf_probe_read_user(first.as_mut_ptr().cast(), count, buffer as *const _) };
    (read == 0).then_some(first)
}

/// Tells by the first bytes. Bytes that were not written are zero.
#[inline(always)]
pub(crate) fn shape(first: [u64; FIRST / 8], direction: Direction) -> Shape {
    if direction as u8 == Direction::Read as u8 {
        return match RESPONSE.begins(first) {
            true => Shape::Head,
            false if Frame::of(first).is_certain() => Shape::Frame,
            false => Shape::Other,
        };
    }
    if GET.begins(first)
        || POST.begins(first)
        || PUT.begins(first)
        || HEAD.begins(first)
        || LIST.begins(first)
        || DELETE.begins(first)
        || PATCH.begins(first)
        || OPTIONS.begins(first)
        || CONNECT.begins(first)
        || TRACE.begins(first)
        || is_rare(first)
    {
        return Shape::Head;
    }
    if PREFACE.begins(first) {
        return Shape::Preface;
    }
    if ACTION.begins(first) {
        return Shape::Action;
    }
    if RPC[0].begins(first) || RPC[1].begins(first) || RPC[2].begins(first) || RPC[3].begins(first) {
        return Shape::Rpc;
    }
    if Frame::of(first).is_certain() { Shape::Frame } else { Shape::Other }
}

/// Whether these are methods that few requests have: without a way through for each, which the verifier would follow.
#[inline(always)]
fn is_rare(first: [u64; FIRST / 8]) -> bool {
    SCAN.begins(first)
        | MERGE.begins(first)
        | PURGE.begins(first)
        | QUERY.begins(first)
        | SEARCH.begins(first)
        | PROPFIND.begins(first)
}

/// Whether a name is that of a method of MCP, by its first bytes, behind which are zeros.
#[inline(always)]
pub(crate) fn is_mcp(first: [u64; FIRST / 8]) -> bool {
    MCP.iter().any(|family| family.begins(first))
}

/// Whether it is that of the method that calls a tool.
#[inline(always)]
pub(crate) fn is_tool_call(first: [u64; FIRST / 8]) -> bool {
    CALL.begins(first)
}

impl Text {
    const fn of(text: &[u8]) -> Text {
        let (mut value, mut mask) = ([0; FIRST / 8], [0; FIRST / 8]);
        let mut index = 0;
        while index < text.len() {
            value[index / 8] |= (text[index] as u64) << (index % 8 * 8);
            mask[index / 8] |= 0xff << (index % 8 * 8);
            index += 1;
        }
        Text { value, mask }
    }

    #[inline(always)]
    fn begins(&self, first: [u64; FIRST / 8]) -> bool {
        (first[0] & self.mask[0] == self.value[0]) & (first[1] & self.mask[1] == self.value[1])
    }
}

/// The header of a frame of HTTP/2: RFC 9113, section 4.1.
pub(crate) struct Frame {
    /// Bytes that follow the header.
    pub(crate) length: u32,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// With the reserved bit.
    pub(crate) stream: u32,
}

impl Frame {
    /// Reads a header.
    #[inline(always)]
    pub(crate) fn of(bytes: [u64; 2]) -> Frame {
        Frame {
            length: (bytes[0] as u32).swap_bytes() >> 8,
            kind: (bytes[0] >> 24) as u8,
            flags: (bytes[0] >> 32) as u8,
            stream: ((bytes[0] >> 40) as u32 | (bytes[1] as u32) << 24).swap_bytes(),
        }
    }

    /// Whether it carries headers: RFC 9113, sections 6.2 and 6.10.
    #[inline(always)]
    pub(crate) fn has_headers(&self) -> bool {
        self.kind == 1 || self.kind == 9
    }

    /// Whether it may be a header. Extensions use few types above those of the RFC, and text read as a header has a
    /// letter for its type.
    #[inline(always)]
    pub(crate) fn is_possible(&self) -> bool {
        self.kind < 0x20 && self.stream & 0x8000_0000 == 0
    }

    /// Whether this is surely a header, so that a connection that was not seen from its start is known for HTTP/2: a
    /// type with flags, length and stream that agree (section 6).
    #[inline(always)]
    fn is_certain(&self) -> bool {
        match self.kind {
            // HEADERS: of a request, no longer than frames are unless agreed otherwise, and without unknown flags.
            1 => {
                self.stream & 0x8000_0001 == 1
                    && self.length > 0
                    && self.length <= 16384
                    && self.flags & !0x2d == 0
            }
            // SETTINGS: six bytes a setting, none in an acknowledgement.
            4 => {
                self.stream == 0
                    && self.length <= 600
                    && self.length % 6 == 0
                    && (self.flags == 0 || (self.flags == 1 && self.length == 0))
            }
            // PING.
            6 => self.stream == 0 && self.flags <= 1 && self.length == 8,
            // WINDOW_UPDATE.
            8 => self.stream & 0x8000_0000 == 0 && self.flags == 0 && self.length == 4,
            _ => false,
        }
    }
}
