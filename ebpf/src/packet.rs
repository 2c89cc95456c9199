//! A packet of TCP or UDP, as far as it must be known.

use aya_ebpf::bindings::__sk_buff;
use aya_ebpf::helpers::generated::{bpf_skb_cgroup_id, bpf_skb_load_bytes};
use remit_abi::Peer;

/// TCP, of the numbers of protocols.
pub(crate) const TCP: u8 = 6;
/// UDP.
pub(crate) const UDP: u8 = 17;

/// A packet of TCP or UDP.
pub(crate) struct Packet {
    pub(crate) skb: *mut __sk_buff,
    pub(crate) protocol: u8,
    /// Whether it is of IPv6.
    is_new: bool,
    /// Where its header of TCP or UDP begins.
    transport: u32,
}

impl Packet {
    /// Looks at the header of IP; none of what is neither TCP nor UDP, of later fragments, and of packets with extension
    /// headers.
    #[inline(always)]
    pub(crate) fn of(skb: *mut __sk_buff) -> Option<Packet> {
        // SAFETY: every read is of what was compared with the end of the packet, as the verifier demands.
        unsafe {
            let (start, end) = ((*skb).data as usize, (*skb).data_end as usize);
            if start + 20 > end {
                return None;
            }
            let at = |offset: usize| ((start + offset) as *const u8).read();
            match at(0) >> 4 {
                4 => {
                    let fragment = u16::from(at(6) & 0x1f) << 8 | u16::from(at(7));
                    let transport = u32::from(at(0) & 0xf) * 4;
                    (fragment == 0).then(|| Packet { skb, protocol: at(9), is_new: false, transport })
                }
                6 => Some(Packet { skb, protocol: at(6), is_new: true, transport: 40 }),
                _ => None,
            }
        }
    }

    /// The first bytes of its header of TCP or UDP.
    #[inline(always)]
    pub(crate) fn transport(&self) -> Option<[u8; 16]> {
        self.load(self.transport)
    }

    /// Where the data of TCP begins, and how long they are.
    #[inline(always)]
    pub(crate) fn data(&self, transport: &[u8; 16]) -> (u32, u32) {
        let start = self.transport + u32::from(transport[12] >> 4) * 4;
        (start, self.after(start))
    }

    /// Where the data of UDP begin, and how long they are.
    #[inline(always)]
    pub(crate) fn datagram(&self) -> (u32, u32) {
        let start = self.transport + 8;
        (start, self.after(start))
    }

    #[inline(always)]
    fn after(&self, start: u32) -> u32 {
        // SAFETY: the kernel hands over a context that lives as long as the program runs.
        let length = unsafe { (*self.skb).len };
        if length > start { length - start } else { 0 }
    }

    /// Reads some bytes.
    #[inline(always)]
    pub(crate) fn load<const N: usize>(&self, offset: u32) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        // SAFETY: the destination has room for what is asked, and the kernel checks the source.
        let read =
            unsafe { bpf_skb_load_bytes(self.skb.cast(), offset, bytes.as_mut_ptr().cast(), N as u32) };
        (read == 0).then_some(bytes)
    }

    /// The cgroup of its socket.
    #[inline(always)]
    pub(crate) fn cgroup(&self) -> u64 {
        // SAFETY: the kernel hands over a context that lives as long as the program runs.
        unsafe { bpf_skb_cgroup_id(self.skb) }
    }

    /// To whom it goes.
    #[inline(always)]
    pub(crate) fn peer(&self, transport: &[u8; 16]) -> Option<Peer> {
        let mut peer = Peer { port: [transport[2], transport[3]], ..Peer::default() };
        if self.is_new {
            peer.address = self.load(24)?;
        } else {
            let [a, b, c, d]: [u8; 4] = self.load(16)?;
            peer.address = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d];
        }
        Some(peer)
    }
}
