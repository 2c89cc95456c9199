//! What precedes the plaintext of an event.

/// What precedes the plaintext of an event in the ring buffer.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Nanoseconds since boot, sleep included.
    pub time: u64,
    /// The cgroup of the thread, by its id in the unified hierarchy.
    pub cgroup: u64,
    /// The address of the library's connection object, which names a connection within a process; of what a socket sent,
    /// the socket's cookie.
    pub connection: u64,
    /// Where in the connection this event's plaintext begins: how many bytes the process wrote before, from the
    /// connection's start where that was seen. Of HTTP/2, only the frames that are taken count, as if there were no
    /// others. So bytes that are missing are lost, or are a body.
    pub position: u64,
    /// The process (what the kernel calls a thread group); of what a socket sent, the one that connected it, and 0 where
    /// that is not known.
    pub process: u32,
    /// The thread.
    pub thread: u32,
    /// Counts the events of a connection, lost ones included, so that a gap shows.
    pub sequence: u32,
    /// How many bytes the program wrote with this call.
    pub total: u32,
    /// Where in what was written this event's plaintext begins.
    pub offset: u32,
    /// How many bytes follow.
    pub copied: u16,
    /// A [`Kind`](crate::Kind).
    pub kind: u8,
    /// A [`Library`](crate::Library).
    pub library: u8,
    /// A [`Direction`](crate::Direction).
    pub direction: u8,
    /// Of [`flag`](crate::flag).
    pub flags: u8,
    /// Zero.
    pub spare: [u8; 2],
    /// How many requests of the connection were added up in the kernel so far.
    pub repeats: u32,
}

/// Bytes of a header.
pub const HEADER: usize = 64;

const _: () = assert!(size_of::<Header>() == HEADER && align_of::<Header>() == 8);
const _: () = assert!(core::mem::offset_of!(Header, process) == 32);
const _: () = assert!(core::mem::offset_of!(Header, copied) == 52);
const _: () = assert!(core::mem::offset_of!(Header, spare) == 58);

impl Header {
    /// Splits an event into its header and its plaintext. None where it is shorter than it says.
    #[must_use]
    pub fn split(event: &[u8]) -> Option<(Header, &[u8])> {
        let (header, rest) = event.split_at_checked(HEADER)?;
        let mut fields = Fields(header);
        let header = Header {
            time: u64::from_ne_bytes(fields.take()?),
            cgroup: u64::from_ne_bytes(fields.take()?),
            connection: u64::from_ne_bytes(fields.take()?),
            position: u64::from_ne_bytes(fields.take()?),
            process: u32::from_ne_bytes(fields.take()?),
            thread: u32::from_ne_bytes(fields.take()?),
            sequence: u32::from_ne_bytes(fields.take()?),
            total: u32::from_ne_bytes(fields.take()?),
            offset: u32::from_ne_bytes(fields.take()?),
            copied: u16::from_ne_bytes(fields.take()?),
            kind: u8::from_ne_bytes(fields.take()?),
            library: u8::from_ne_bytes(fields.take()?),
            direction: u8::from_ne_bytes(fields.take()?),
            flags: u8::from_ne_bytes(fields.take()?),
            spare: fields.take()?,
            repeats: u32::from_ne_bytes(fields.take()?),
        };
        Some((header, rest.get(..usize::from(header.copied))?))
    }
}

/// The fields of a header, from its first.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn an_event_that_is_shorter_than_it_says_is_none() {
        let mut event: Vec<u8> = (0..52).collect();
        event.extend(3_u16.to_ne_bytes());
        event.extend([1, 2, 3, 4, 0, 0, 0, 0, 0, 0, b'G', b'E', b'T', b' ']);
        let (header, text) = Header::split(&event).unwrap();
        assert_eq!((header.time, header.process), (0x0706_0504_0302_0100, 0x2322_2120));
        assert_eq!((header.kind, header.library, header.direction, header.flags), (1, 2, 3, 4));
        assert_eq!(text, b"GET");
        for length in 0..event.len() - 1 {
            assert_eq!(Header::split(&event[..length]), None, "{length}");
        }
    }
}
