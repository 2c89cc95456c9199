//! The name in a ClientHello, whole and cut off: what is there of it names the same or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use remit_agent::sockets::server_name;

fuzz_target!(|data: &[u8]| {
    let name = server_name(data);
    if let Some(name) = &name {
        assert!((1..=253).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let cut = &data[..data.len() / 2];
    assert!(server_name(cut).is_none_or(|found| Some(found) == name));
});
