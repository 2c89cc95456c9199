//! The words of an event's header, each a byte.

/// What an event is.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A process started a program. What follows is the name that the kernel knows the program by, of
    /// [`NAME`](crate::NAME) bytes with zeros behind it.
    Start = 1,
    /// A piece of a head of HTTP/1.
    Head = 2,
    /// A piece of a HEADERS or CONTINUATION frame of HTTP/2, which begins with the frame's nine bytes of header; or the
    /// preface of its connection.
    Frame = 3,
    /// The beginning of a form as a body, `Action=` and its value, and nothing else of a body.
    Action = 4,
    /// The first thread of a process ended, and with it, as a rule, the process. Nothing follows.
    Exit = 5,
    /// Plaintext of a connection's object was seen for the first time, or once more after a while. No plaintext follows.
    Seen = 6,
    /// A socket sent a ClientHello of TLS: a [`Peer`](crate::Peer) and its beginning follow.
    Hello = 7,
    /// A socket that had sent a ClientHello sent data for the first time. A [`Peer`](crate::Peer) follows.
    Data = 8,
    /// A socket received an answer of DNS: an empty [`Peer`](crate::Peer) and the answer's beginning follow.
    Answer = 9,
    /// The names in the beginning of a JSON-RPC request as a body, and nothing else of a body: see [`rpc`](crate::rpc).
    Rpc = 10,
    /// The agent called its own function, with the number in place of the connection. Nothing follows.
    Test = 11,
    /// Requests of a connection were the same as the last that was told. Nothing follows; the header says how many.
    Sum = 12,
    /// The request that was told last was made once more, which is not added up. Nothing follows.
    Again = 13,
}

/// Which library's function was called.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// None: the event is not a call.
    None = 0,
    /// OpenSSL and its descendants.
    OpenSsl = 1,
    /// GnuTLS.
    GnuTls = 2,
    /// Go's `crypto/tls`.
    Go = 3,
    /// rustls.
    Rustls = 4,
}

/// Which way the plaintext went.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The process wrote it.
    Written = 0,
    /// The process read it.
    Read = 1,
}

/// Flags of an event.
pub mod flag {
    /// The piece begins a head or frame.
    pub const FIRST: u8 = 1;
    /// The piece ends a head or frame.
    pub const LAST: u8 = 2;
    /// The piece is the preface of a connection of HTTP/2.
    pub const PREFACE: u8 = 4;
    /// The JSON-RPC request says to be one of version 2.0.
    pub const VERSION: u8 = 8;
    /// The piece is a whole request, and requests that are the same may be added up from now on.
    pub const WHOLE: u8 = 16;
}

impl Kind {
    /// The kind of that number.
    #[must_use]
    pub const fn of(number: u8) -> Option<Kind> {
        match number {
            1 => Some(Kind::Start),
            2 => Some(Kind::Head),
            3 => Some(Kind::Frame),
            4 => Some(Kind::Action),
            5 => Some(Kind::Exit),
            6 => Some(Kind::Seen),
            7 => Some(Kind::Hello),
            8 => Some(Kind::Data),
            9 => Some(Kind::Answer),
            10 => Some(Kind::Rpc),
            11 => Some(Kind::Test),
            12 => Some(Kind::Sum),
            13 => Some(Kind::Again),
            _ => None,
        }
    }
}

impl Library {
    /// The library of that number.
    #[must_use]
    pub const fn of(number: u8) -> Option<Library> {
        match number {
            0 => Some(Library::None),
            1 => Some(Library::OpenSsl),
            2 => Some(Library::GnuTls),
            3 => Some(Library::Go),
            4 => Some(Library::Rustls),
            _ => None,
        }
    }

    /// Whether the end of its connections is not seen.
    #[must_use]
    pub const fn ends_unseen(self) -> bool {
        matches!(self, Library::Go | Library::Rustls)
    }

    /// Whether what is read from its connections can be.
    #[must_use]
    pub const fn has_reads(self) -> bool {
        !matches!(self, Library::Rustls)
    }
}
