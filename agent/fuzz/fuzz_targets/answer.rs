//! The addresses of an answer of DNS, whole and cut off: what is there of it is the beginning of all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use remit_agent::sockets::answer;

fuzz_target!(|data: &[u8]| {
    let whole = answer(data);
    if let Some((name, addresses)) = &whole {
        assert!((1..=253).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(addresses.len() <= 64 && addresses.len() * 4 <= data.len());
    }
    if let Some((name, addresses)) = answer(&data[..data.len() / 2]) {
        assert!(whole.is_some_and(|(same, all)| same == name && all.starts_with(&addresses)));
    }
});
