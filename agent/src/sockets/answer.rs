//! The addresses of a name, of an answer of DNS.
//!
//! Source: RFC 1035, section 4, and RFC 3596, section 2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bytes::{Bytes, host};

/// Types of records, and the class of the Internet.
const A: u16 = 1;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;

/// Labels that a name may have: each takes two bytes of at most 255.
const LABELS: usize = 128;

/// Records of one answer that are looked at: a datagram that is not cut has room for hardly more.
const RECORDS: u16 = 64;

/// An address of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// For how many seconds it is one of the name.
    pub seconds: u32,
}

/// What was asked for, and its addresses, as many as are there. By whatever other names the answer leads to them, the name
/// that was asked for is the one that the program means. None of what is no answer.
#[must_use]
pub fn answer(message: &[u8]) -> Option<(String, Vec<Address>)> {
    let mut bytes = Bytes(message);
    let [_, _, flags, code] = bytes.array()?;
    let (questions, records) = (bytes.two()?, bytes.two()?);
    // The counts of records that say where from and what else.
    bytes.take(4)?;
    if flags & 0x80 == 0 || code & 0xf != 0 || questions != 1 {
        return None;
    }
    let name = question(&mut bytes)?;
    let (_, class) = (bytes.two()?, bytes.two()?);
    if class != INTERNET {
        return None;
    }
    let mut addresses = Vec::new();
    for _ in 0..records.min(RECORDS) {
        // A cut answer says as much as is there of it.
        let Some(found) = record(&mut bytes) else { break };
        addresses.extend(found);
    }
    Some((name, addresses))
}

/// The name of the question, which nothing precedes that it could point to.
fn question(bytes: &mut Bytes<'_>) -> Option<String> {
    let mut name = Vec::new();
    for _ in 0..LABELS {
        let length = bytes.one()?;
        match length {
            0 => return host(&name),
            1..=63 => {
                let label = bytes.take(length.into())?;
                // A dot within a label would be taken for one between two.
                if label.contains(&b'.') {
                    return None;
                }
                name.extend_from_slice(label);
                name.push(b'.');
            }
            _ => return None,
        }
    }
    None
}

/// Takes one record; the inner is none where it is no address.
fn record(bytes: &mut Bytes<'_>) -> Option<Option<Address>> {
    skip_name(bytes)?;
    let (kind, class) = (bytes.two()?, bytes.two()?);
    let seconds = u32::from_be_bytes(bytes.array()?);
    let length = bytes.two()?;
    let data = bytes.take(length.into())?;
    let address = match (class, kind) {
        (INTERNET, A) => <[u8; 4]>::try_from(data).ok().map(|octets| Ipv4Addr::from(octets).into()),
        (INTERNET, AAAA) => <[u8; 16]>::try_from(data).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    };
    Some(address.map(|address| Address { address, seconds }))
}

/// Passes over a name, which ends with an empty label or with a pointer to another.
fn skip_name(bytes: &mut Bytes<'_>) -> Option<()> {
    for _ in 0..LABELS {
        match bytes.one()? {
            0 => return Some(()),
            length @ 1..=63 => {
                bytes.take(length.into())?;
            }
            192..=255 => {
                bytes.one()?;
                return Some(());
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// An answer about a name, with these records: type, seconds and data.
    pub(crate) fn message(name: &str, records: &[(u16, u32, &[u8])]) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 0x81, 0x80, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(label.len() as u8);
            message.extend(label.bytes());
        }
        message.extend([0, 0, 1, 0, 1]);
        for (kind, seconds, data) in records {
            message.extend([0xc0, 12]);
            message.extend(kind.to_be_bytes());
            message.extend([0, 1]);
            message.extend(seconds.to_be_bytes());
            message.extend((data.len() as u16).to_be_bytes());
            message.extend_from_slice(data);
        }
        message
    }

    #[test]
    fn addresses_belong_to_the_name_that_was_asked_for() {
        let six: Ipv6Addr = "2001:db8::1".parse().unwrap();
        let answered = message(
            "Sts.eu-west-1.amazonaws.com",
            &[(5, 9, b"\x05other\xc0\x0c"), (A, 60, &[192, 0, 2, 1]), (AAAA, 30, &six.octets())],
        );
        let (name, addresses) = answer(&answered).unwrap();
        assert_eq!(name, "sts.eu-west-1.amazonaws.com");
        let expected = [
            Address { address: "192.0.2.1".parse().unwrap(), seconds: 60 },
            Address { address: six.into(), seconds: 30 },
        ];
        assert_eq!(addresses, expected);
        for length in 0..answered.len() {
            if let Some((cut, some)) = answer(&answered[..length]) {
                assert!(cut == name && some.len() < 3 && expected.starts_with(&some), "{length}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_bounded_and_cut_off_the_beginning_of_all(
            place in any::<Index>(),
            value in any::<u8>(),
            cut in any::<Index>(),
        ) {
            let records: Vec<(u16, u32, &[u8])> = vec![(A, 60, &[192, 0, 2, 1]); 200];
            let mut answered = message("a.example.com", &records);
            let place = place.index(answered.len());
            answered[place] = value;
            let whole = answer(&answered);
            let part = answer(&answered[..cut.index(answered.len())]);
            prop_assert!(whole.as_ref().is_none_or(|(_, all)| all.len() <= usize::from(RECORDS)));
            if let Some((name, some)) = part {
                let (same, all) = whole.unwrap();
                prop_assert!(same == name && all.starts_with(&some));
            }
        }
    }

    #[test]
    fn what_is_no_answer_names_nothing() {
        let good = message("example.com", &[(A, 60, &[192, 0, 2, 1])]);
        let changed = |place: usize, value: u8| {
            let mut message = good.clone();
            message[place] = value;
            message
        };
        assert!(answer(&good).is_some());
        for (place, value, why) in [
            (2, 0x01, "a question"),
            (3, 0x83, "an error"),
            (5, 2, "two questions"),
            (12, 0xc0, "a pointer in the question"),
            (13, b'.', "a dot in a label"),
            (13, 0, "a letter that hosts do not have"),
            (28, 3, "another class"),
        ] {
            assert_eq!(answer(&changed(place, value)), None, "{why}");
        }
        // An address of a length that none has.
        let odd = message("example.com", &[(A, 60, &[1, 2, 3])]);
        assert_eq!(answer(&odd), Some(("example.com".to_owned(), Vec::new())));
    }
}
