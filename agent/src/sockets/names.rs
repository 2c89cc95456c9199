//! The names by which sockets of a cgroup know addresses.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

use super::answer::Address;

/// Addresses that are remembered. Where there are more, the cgroup that has most forgets its oldest: none can make others
/// forget theirs.
const ADDRESSES: usize = 16_384;

/// Programs keep addresses for longer than they are told to: Java for half a minute at least, some until they end.
const KEPT: i64 = 600_000_000;

/// No answer counts for longer, in seconds.
const LONGEST: u32 = 86_400;

/// The names by which sockets of a cgroup know addresses.
///
/// What one cgroup was told says nothing of another: an answer is anyone's who may send a datagram, and a pod that sends
/// itself a wrong one must not rename what others call.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_address: HashMap<(u64, IpAddr), Known>,
    /// Those of each cgroup, in the order in which they came.
    order: HashMap<u64, VecDeque<IpAddr>>,
    /// How many each cgroup has, and which it is.
    shares: BTreeSet<(usize, u64)>,
}

#[derive(Debug)]
struct Known {
    /// None where one address is of several names: many services share one.
    name: Option<String>,
    until: i64,
}

impl Names {
    /// Learns an answer that a socket of a cgroup received. Times are in microseconds.
    pub(super) fn learn(&mut self, cgroup: u64, name: &str, addresses: &[Address], now: i64) {
        for Address { address, seconds } in addresses {
            let key = (cgroup, address.to_canonical());
            let until =
                now.saturating_add(i64::from((*seconds).min(LONGEST)) * 1_000_000).saturating_add(KEPT);
            match self.by_address.get_mut(&key) {
                Some(known) if known.until < now => {
                    (known.name, known.until) = (Some(name.to_owned()), until);
                }
                Some(known) => {
                    if known.name.as_deref() != Some(name) {
                        known.name = None;
                    }
                    known.until = known.until.max(until);
                }
                None => {
                    if self.by_address.len() >= ADDRESSES
                        && let Some((_, largest)) = self.shares.last().copied()
                        && let Some(oldest) = self.change(largest, VecDeque::pop_front)
                    {
                        self.by_address.remove(&(largest, oldest));
                    }
                    self.change(cgroup, |order| order.push_back(key.1));
                    self.by_address.insert(key, Known { name: Some(name.to_owned()), until });
                }
            }
        }
    }

    /// Changes which addresses a cgroup has.
    fn change<T>(&mut self, cgroup: u64, change: impl FnOnce(&mut VecDeque<IpAddr>) -> T) -> T {
        let order = self.order.entry(cgroup).or_default();
        self.shares.remove(&(order.len(), cgroup));
        let changed = change(order);
        if order.is_empty() {
            self.order.remove(&cgroup);
        } else {
            self.shares.insert((order.len(), cgroup));
        }
        changed
    }

    /// The name of an address, where there is one alone.
    pub(super) fn name(&self, cgroup: u64, address: IpAddr, now: i64) -> Option<&str> {
        let known = self.by_address.get(&(cgroup, address.to_canonical()))?;
        known.name.as_deref().filter(|_| now <= known.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8, seconds: u32) -> Address {
        Address { address: [192, 0, 2, last].into(), seconds }
    }

    #[test]
    fn an_address_has_a_name_for_its_cgroup_and_for_a_time() {
        let mut names = Names::default();
        names.learn(1, "a.example", &[address(1, 60), address(2, 0)], 0);
        let one: IpAddr = [192, 0, 2, 1].into();
        assert_eq!(names.name(1, one, KEPT), Some("a.example"));
        assert_eq!(names.name(1, "::ffff:192.0.2.1".parse().unwrap(), 0), Some("a.example"));
        assert_eq!(names.name(2, one, 0), None);
        assert_eq!(names.name(1, one, KEPT + 60_000_001), None);
        assert_eq!(names.name(1, [192, 0, 2, 2].into(), KEPT + 1), None);
    }

    #[test]
    fn an_address_of_two_names_has_none_until_both_are_old() {
        let mut names = Names::default();
        names.learn(1, "a.example", &[address(1, 60)], 0);
        names.learn(1, "a.example", &[address(1, 60)], 1);
        let one: IpAddr = [192, 0, 2, 1].into();
        assert_eq!(names.name(1, one, 2), Some("a.example"));
        names.learn(1, "b.example", &[address(1, 60)], 2);
        assert_eq!(names.name(1, one, 3), None);
        names.learn(1, "b.example", &[address(1, 60)], 2 * KEPT);
        assert_eq!(names.name(1, one, 2 * KEPT), Some("b.example"));
    }

    #[test]
    fn names_are_bounded() {
        let mut names = Names::default();
        for number in 0..2 * ADDRESSES as u32 {
            let address = Address { address: std::net::Ipv4Addr::from(number).into(), seconds: 60 };
            names.learn(1, "a.example", &[address], 0);
        }
        assert_eq!((names.by_address.len(), names.order[&1].len()), (ADDRESSES, ADDRESSES));
        assert_eq!(names.name(1, [0, 0, 0, 0].into(), 0), None);
    }

    #[test]
    fn a_cgroup_that_is_told_much_makes_no_other_forget() {
        let mut names = Names::default();
        names.learn(1, "a.example", &[address(1, 60)], 0);
        for number in 0..2 * ADDRESSES as u32 {
            let address = Address { address: std::net::Ipv4Addr::from(number).into(), seconds: 60 };
            names.learn(2, "flood.example", &[address], 0);
        }
        names.learn(3, "b.example", &[address(1, 60)], 0);
        assert_eq!(names.name(1, [192, 0, 2, 1].into(), 0), Some("a.example"));
        assert_eq!(names.name(3, [192, 0, 2, 1].into(), 0), Some("b.example"));
        assert_eq!(names.by_address.len(), ADDRESSES);
        assert_eq!(names.order.values().map(VecDeque::len).sum::<usize>(), ADDRESSES);
        assert_eq!(names.shares.iter().map(|(count, _)| count).sum::<usize>(), ADDRESSES);
    }
}
