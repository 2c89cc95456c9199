//! The name of the server that a client means, of its ClientHello.
//!
//! Source: RFC 8446, sections 4.1.2 and 5.1, and RFC 6066, section 3.

use super::bytes::{Bytes, host};

/// The record of a handshake, and the message that begins it.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// The extension that has the name, and the kind of name that hosts have.
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;

/// The name of the server. None where there is none, or where what is there of the message ends before it: clients put
/// their extensions in any order, and a key share may need a packet of its own.
#[must_use]
pub fn server_name(record: &[u8]) -> Option<String> {
    let mut bytes = Bytes(record);
    let [kind, 3, _] = bytes.array()? else { return None };
    bytes.two()?;
    let [CLIENT_HELLO, _, _, _] = bytes.array()? else { return None };
    if kind != HANDSHAKE {
        return None;
    }
    // The version and the random number.
    bytes.take(2 + 32)?;
    let session = bytes.one()?;
    bytes.take(session.into())?;
    let ciphers = bytes.two()?;
    bytes.take(ciphers.into())?;
    let compressions = bytes.one()?;
    bytes.take(compressions.into())?;
    let extensions = bytes.two()?;
    // What is not there any more may have been cut off.
    let mut extensions = Bytes(bytes.0.get(..extensions.into()).unwrap_or(bytes.0));
    loop {
        let (kind, length) = (extensions.two()?, extensions.two()?);
        let extension = extensions.take(length.into())?;
        if kind == SERVER_NAME {
            return name(Bytes(extension));
        }
    }
}

fn name(mut list: Bytes<'_>) -> Option<String> {
    list.two()?;
    let HOST_NAME = list.one()? else { return None };
    let length = list.two()?;
    host(list.take(length.into())?)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// A ClientHello with these extensions.
    pub(crate) fn hello(extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let mut listed = Vec::new();
        for (kind, body) in extensions {
            listed.extend(kind.to_be_bytes());
            listed.extend((body.len() as u16).to_be_bytes());
            listed.extend_from_slice(body);
        }
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([32]);
        body.extend([9; 32]);
        body.extend([0, 4, 0x13, 1, 0x13, 2, 1, 0]);
        body.extend((listed.len() as u16).to_be_bytes());
        body.extend(listed);
        let mut record = vec![22, 3, 1];
        record.extend((body.len() as u16 + 4).to_be_bytes());
        record.extend([1, 0]);
        record.extend((body.len() as u16).to_be_bytes());
        record.extend(body);
        record
    }

    /// The extension that has a name.
    pub(crate) fn named(name: &[u8]) -> Vec<u8> {
        let length = name.len() as u16;
        [&(length + 3).to_be_bytes()[..], &[0], &length.to_be_bytes(), name].concat()
    }

    #[test]
    fn the_name_is_found_wherever_it_is() {
        let name = named(b"S3.eu-west-1.amazonaws.com");
        let expected = Some("s3.eu-west-1.amazonaws.com".to_owned());
        assert_eq!(server_name(&hello(&[(0, &name)])), expected);
        // After a key share of post-quantum cryptography.
        assert_eq!(server_name(&hello(&[(51, &[0; 1216]), (0, &name), (13, &[0; 8])])), expected);
        assert_eq!(server_name(&hello(&[(51, &[0; 8])])), None);
    }

    #[test]
    fn what_is_cut_off_names_nothing_or_the_same() {
        let name = named(b"example.com");
        let whole = hello(&[(10, &[0; 12]), (0, &name), (51, &[0; 1216])]);
        for length in 0..whole.len() {
            let found = server_name(&whole[..length]);
            assert!(found.is_none() || found.as_deref() == Some("example.com"), "{length}");
        }
        assert_eq!(server_name(&whole[..200]), Some("example.com".to_owned()));
    }

    proptest! {
        #[test]
        fn any_bytes_name_a_host_or_nothing_and_cut_off_the_same_or_nothing(
            mut record in vec(any::<u8>(), 0..400),
            shape in any::<bool>(),
            cut in any::<Index>(),
        ) {
            if shape {
                let start = hello(&[(10, &[0; 12]), (0, &named(b"example.com")), (51, &[0; 64])]);
                record.extend_from_slice(&start);
                record.rotate_right(start.len());
                let place = cut.index(record.len());
                record[place] = record[place].wrapping_add(1);
            }
            let whole = server_name(&record);
            let is_host = |name: &String| host(name.as_bytes()).as_ref() == Some(name);
            prop_assert!(whole.as_ref().is_none_or(is_host));
            let part = server_name(&record[..cut.index(record.len() + 1)]);
            prop_assert!(part.is_none() || part == whole);
        }
    }

    #[test]
    fn what_is_no_name_of_a_host_is_none() {
        for name in [&b""[..], b"a b", b"a\0.com", b"\x1b[2J", &[b'a'; 254]] {
            assert_eq!(server_name(&hello(&[(0, &named(name))])), None, "{name:?}");
        }
        let mut other = hello(&[(0, &named(b"example.com"))]);
        other[5] = 2;
        assert_eq!(server_name(&other), None, "a ServerHello");
    }
}
