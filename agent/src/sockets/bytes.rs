//! Bytes of the wire, taken from the front.

/// Bytes of the wire, taken from the front. Nothing where fewer are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn one(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn two(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }
}

/// A name of a host as it is compared: in lower case, without a dot at its end. None where no host has such a name.
pub(super) fn host(name: &[u8]) -> Option<String> {
    /// RFC 1035, section 2.3.4.
    const LONGEST: usize = 253;
    let name = name.strip_suffix(b".").unwrap_or(name);
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(byte);
    let is_name = (1..=LONGEST).contains(&name.len()) && name.iter().all(is_host);
    is_name.then(|| name.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect())
}
