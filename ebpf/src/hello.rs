//! What sockets send first: the ClientHello of TLS, which tells whom a client means, and that data follow. Nothing here
//! holds a packet up or drops one.

use aya_ebpf::helpers::generated::bpf_get_socket_cookie;
use aya_ebpf::macros::cgroup_skb;
use aya_ebpf::programs::SkBuffContext;
use remit_abi::{Counter, HELLO, Kind};

use crate::counter::count;
use crate::notice::{Notice, notify};
use crate::packet::{Packet, TCP};
use crate::socket::{self, Socket};

/// Types of TLS records (RFC 8446, section 5.1), and of the message that begins a connection (section 4).
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const CLIENT_HELLO: u8 = 1;

/// No ClientHello is shorter, with the header of its record; nor is any data that a request could be in.
const SHORTEST: u32 = 30;

/// An alert, which TLS 1.3 disguises as data, with the header of its record; what is longer says something.
const ALERT: u32 = 24;

/// The last messages of a client's handshake in one packet, without a certificate, with the rest of its ciphers: in a
/// packet that is longer may be data, too.
const FINISHED: u32 = 96;

/// Keys of a client in TLS 1.2 with what follows them in one packet, likewise.
const KEYS: u32 = 150;

/// A socket sends a packet.
#[cgroup_skb(egress)]
pub fn sent(context: SkBuffContext) -> i32 {
    let _ = look(&context);
    1
}

#[inline(always)]
fn look(context: &SkBuffContext) -> Option<()> {
    let packet = Packet::of(context.skb.skb).filter(|packet| packet.protocol == TCP)?;
    let transport = packet.transport()?;
    let (start, length) = packet.data(&transport);
    if length < SHORTEST {
        return None;
    }
    let first: [u8; 6] = packet.load(start)?;
    if first[1] != 3 {
        return None;
    }
    let record = (u32::from(first[3]) << 8 | u32::from(first[4])) + 5;
    let is_hello = first[0] == HANDSHAKE && first[5] == CLIENT_HELLO;
    let is_data = match first[0] {
        APPLICATION_DATA => record > ALERT,
        CHANGE_CIPHER_SPEC => length > FINISHED,
        HANDSHAKE => {
            if is_hello {
                length > record + FINISHED
            } else {
                length > KEYS
            }
        }
        _ => false,
    };
    if !is_hello && !is_data {
        return None;
    }
    // SAFETY: the kernel hands over a context that lives as long as the program runs.
    let cookie = unsafe { bpf_get_socket_cookie(packet.skb.cast()) };
    let socket = match Socket::find(cookie) {
        Some(socket) => socket,
        // A server's, or one that was connected before.
        None if !is_hello => return None,
        None => {
            Socket::remember(cookie, 0, 0);
            Socket::find(cookie)?
        }
    };
    // A packet that is sent again, and the ClientHello that a server asks for, tell nothing new.
    let is_new_hello = is_hello && socket.sent & socket::HELLO == 0;
    let is_new_data =
        is_data && (is_hello || socket.sent & socket::HELLO != 0) && socket.sent & socket::DATA == 0;
    if !is_new_hello && !is_new_data {
        return None;
    }
    let peer = packet.peer(&transport)?;
    let (cgroup, process) = (packet.cgroup(), socket.process);
    if is_new_hello {
        socket.sent |= socket::HELLO;
        // What follows the record is not the ClientHello's.
        let length = if length < record { length } else { record };
        let notice = Notice { kind: Kind::Hello, cgroup, cookie, process, peer, start, length };
        notify::<{ HELLO / 8 }>(&packet, &notice);
    }
    if is_new_data {
        socket.sent |= socket::DATA;
        let notice = Notice { kind: Kind::Data, cgroup, cookie, process, peer, start, length: 0 };
        if !notify::<0>(&packet, &notice) {
            count(Counter::LostConnections);
        }
    }
    Some(())
}
