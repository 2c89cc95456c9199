//! Whether a program needs libraries of the machine that it runs on.
//!
//! Source: Tool Interface Standard, "Executable and Linking Format", "Program Header".

/// The type of a program header that names the interpreter, which loads libraries.
const INTERPRETER: u32 = 3;

/// Whether a 64-bit little-endian program names no interpreter.
pub(super) fn is_static(file: &[u8]) -> bool {
    headers(file).is_some_and(|mut types| types.all(|one| one != INTERPRETER))
}

/// The types of a program's headers; none of what is no such program.
fn headers(file: &[u8]) -> Option<impl Iterator<Item = u32>> {
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let start = usize::try_from(u64::from_le_bytes(file.get(32..40)?.try_into().ok()?)).ok()?;
    let size = usize::from(u16::from_le_bytes(file.get(54..56)?.try_into().ok()?));
    let count = usize::from(u16::from_le_bytes(file.get(56..58)?.try_into().ok()?));
    let table = file.get(start..start.checked_add(size.checked_mul(count)?)?)?;
    (size >= 4 && count > 0).then(|| {
        table.chunks(size).filter_map(|header| Some(u32::from_le_bytes(header.get(..4)?.try_into().ok()?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_needs_libraries() {
        let mut own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(!is_static(&own));
        // Without an interpreter among its headers it would be one by itself.
        let start = usize::try_from(u64::from_le_bytes(own[32..40].try_into().unwrap())).unwrap();
        for number in 0..usize::from(own[56]) {
            let header = start + number * 56;
            if own[header] == 3 {
                own[header] = 4;
            }
        }
        assert!(is_static(&own));
    }

    #[test]
    fn what_is_no_program_is_not_static() {
        for bytes in [&b""[..], b"\x7fELF\x02\x01", b"#!/bin/sh\n", &[0; 64]] {
            assert!(!is_static(bytes));
        }
    }
}
