//! Answers of DNS, which tell the names of addresses that sockets of the same cgroup connect to.

use aya_ebpf::macros::cgroup_skb;
use aya_ebpf::programs::SkBuffContext;
use remit_abi::{Kind, PIECE, Peer};

use crate::notice::{Notice, notify};
use crate::packet::{Packet, UDP};

/// The port of DNS, in the order of the network.
const PORT: [u8; 2] = [0, 53];

/// Bytes of a header of DNS: RFC 1035, section 4.1.1.
const HEADER: u32 = 12;

/// A socket receives a packet.
#[cgroup_skb(ingress)]
pub fn received(context: SkBuffContext) -> i32 {
    let _ = look(&context);
    1
}

#[inline(always)]
fn look(context: &SkBuffContext) -> Option<()> {
    let packet = Packet::of(context.skb.skb).filter(|packet| packet.protocol == UDP)?;
    let transport = packet.transport()?;
    let (start, length) = packet.datagram();
    if transport[..2] != PORT || length <= HEADER {
        return None;
    }
    // An answer, without an error, to one question, with records in it.
    let [_, _, flags, code, _, questions, records, record]: [u8; 8] = packet.load(start)?;
    if flags & 0x80 == 0 || code & 0xf != 0 || questions != 1 || (records == 0 && record == 0) {
        return None;
    }
    let cgroup = packet.cgroup();
    let notice =
        Notice { kind: Kind::Answer, cgroup, cookie: 0, process: 0, peer: Peer::default(), start, length };
    notify::<{ PIECE / 8 }>(&packet, &notice);
    Some(())
}
