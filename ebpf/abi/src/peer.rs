//! To whom a socket sends.

/// To whom a socket sends.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The address of IPv6, or of IPv4 as it is written there: `::ffff:192.0.2.1`.
    pub address: [u8; 16],
    /// The port, in the order of the network.
    pub port: [u8; 2],
    /// Zero.
    pub spare: [u8; 6],
}

/// Bytes of a peer.
pub const PEER: usize = 24;

const _: () = assert!(size_of::<Peer>() == PEER && align_of::<Peer>() == 1);

impl Peer {
    /// Splits what follows a header into the peer and the rest. None where it is shorter.
    #[must_use]
    pub fn split(bytes: &[u8]) -> Option<(Peer, &[u8])> {
        let (address, rest) = bytes.split_first_chunk()?;
        let (port, rest) = rest.split_first_chunk()?;
        let (spare, rest) = rest.split_first_chunk()?;
        Some((Peer { address: *address, port: *port, spare: *spare }, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_precedes_what_is_sent() {
        let mut bytes = [0_u8; PEER + 1];
        bytes[15] = 9;
        bytes[17] = 53;
        bytes[PEER] = 7;
        let (peer, rest) = Peer::split(&bytes).unwrap();
        assert_eq!((peer.address[15], peer.port, rest), (9, [0, 53], &[7][..]));
        assert_eq!(Peer::split(&bytes[..PEER - 1]), None);
    }
}
