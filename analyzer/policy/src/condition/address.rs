//! IP addresses and blocks of them.

use std::net::IpAddr;

use super::ranges::Cut;

/// An address; those of version 4 sort before those of version 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    bits: u32,
    number: u128,
}

impl Address {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text.parse().ok()? {
            IpAddr::V4(address) => Self { bits: 32, number: u128::from(u32::from(address)) },
            IpAddr::V6(address) => Self { bits: 128, number: u128::from(address) },
        })
    }
}

/// The addresses of a block such as `203.0.113.0/24`, or of a single address.
pub(super) fn block(text: &str) -> Option<(Cut<Address>, Cut<Address>)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let Address { bits, number } = Address::parse(address)?;
    let free = bits.checked_sub(length.unwrap_or(bits))?;
    let hosts = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    let first = Address { bits, number: number & !hosts };
    let last = number | hosts;
    // Up to before the next address, so that neighbouring blocks join.
    let end = match last.checked_add(1) {
        Some(next) => Cut::Before(Address { bits, number: next }),
        None => Cut::After(Address { bits, number: last }),
    };
    Some((Cut::Before(first), end))
}
