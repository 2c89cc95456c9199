//! The nine bytes before every payload: RFC 9113, section 4.1.

/// What a frame is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Reset,
    Promise,
    Continuation,
    Other,
}

pub(super) const END_STREAM: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const PRIORITY: u8 = 0x20;

/// A frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) flags: u8,
    pub(super) stream: u32,
    /// Bytes of the payload that are still to come; for one that is kept, all of it.
    pub(super) left: u32,
}

impl Frame {
    pub(super) const HEADER: usize = 9;

    /// Reads a header, if all of it is there.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, s, t, u, v, ..] = *bytes else { return None };
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Headers,
            3 => Kind::Reset,
            5 => Kind::Promise,
            9 => Kind::Continuation,
            _ => Kind::Other,
        };
        Some(Self {
            kind,
            flags,
            stream: u32::from_be_bytes([s & 0x7f, t, u, v]),
            left: u32::from_be_bytes([0, a, b, c]),
        })
    }

    /// Whether bytes from the middle of a connection begin with a frame and go on with another, where they go on.
    ///
    /// It is strict, since a mistake reads bytes of a body as heads: only what the protocol defines, within the default
    /// length of a frame.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        let mut rest = bytes;
        loop {
            let Some(frame) = Self::read(rest) else { return rest.len() < bytes.len() };
            if !Self::is_sound(rest) {
                return false;
            }
            let length = usize::try_from(frame.left).unwrap_or(usize::MAX).saturating_add(Self::HEADER);
            match rest.get(length..) {
                Some(after) if !after.is_empty() => rest = after,
                _ => return true,
            }
        }
    }

    /// Whether a header is one that the protocol defines.
    fn is_sound(bytes: &[u8]) -> bool {
        let [a, b, c, kind, flags, s, t, u, v, ..] = *bytes else { return false };
        let length = u32::from_be_bytes([0, a, b, c]);
        let stream = u32::from_be_bytes([s, t, u, v]);
        let is_stream = (1..1 << 31).contains(&stream);
        length <= 16 * 1024
            && match kind {
                0 => is_stream && flags & !(END_STREAM | PADDED) == 0,
                1 => is_stream && flags & !(END_STREAM | END_HEADERS | PADDED | PRIORITY) == 0 && length > 0,
                2 => is_stream && length == 5 && flags == 0,
                3 => is_stream && length == 4 && flags == 0,
                4 => stream == 0 && length.is_multiple_of(6) && flags <= 1,
                5 => is_stream && flags & !(END_HEADERS | PADDED) == 0 && length > 4,
                6 => stream == 0 && length == 8 && flags <= 1,
                7 => stream == 0 && length >= 8 && flags == 0,
                8 => stream < 1 << 31 && length == 4 && flags == 0,
                9 => is_stream && flags & !END_HEADERS == 0,
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn a_header_is_read() {
        let frame = Frame::read(&[0, 1, 2, 1, 0x25, 0x80, 0, 0, 3, 0xff]).unwrap();
        assert_eq!((frame.kind, frame.flags, frame.stream, frame.left), (Kind::Headers, 0x25, 3, 258));
        assert!(Frame::read(&[0; 8]).is_none());
    }

    #[test]
    fn frames_are_told_from_other_bytes() {
        assert!(Frame::begins(&PING));
        assert!(Frame::begins(&[&PING[..], &PING[..12]].concat()));
        assert!(Frame::begins(&[&PING[..], &PING[..3]].concat()));
        assert!(!Frame::begins(&[&PING[..], b"GET / HTTP/1.1"].concat()));
        for bytes in
            [&b"GET / HTTP/1.1\r\n"[..], b"", &[0; 8], &[0; 9], &[0, 0, 4, 6, 0, 0, 0, 0, 0], &[0xff; 9]]
        {
            assert!(!Frame::begins(bytes), "{bytes:?}");
        }
    }
}
