use std::fs::File;
use std::io::Write;

use super::*;

/// A program with a table of three functions, and what the table is in which a byte is changed.
fn program(start: u64) -> Vec<u8> {
    const TEXT: u64 = 0x1000;
    let mut table = Vec::new();
    let names = b"\0main.main\0crypto/tls.(*Conn).Write\0x.crypto/tls.(*Conn).Write\0";
    let (names_at, units_at) = (72_u64, 72 + names.len() as u64);
    let functions_at = units_at.next_multiple_of(8);
    table.extend(MAGIC[1].to_le_bytes());
    table.extend([0, 0, 1, 8]);
    for field in [3, 0, start, names_at, units_at, units_at, units_at, functions_at] {
        table.extend(u64::to_le_bytes(field));
    }
    table.extend(names);
    table.resize(functions_at as usize, 0);
    // Three entries and the end, then the functions: address and place of the name.
    let place = |name: &[u8]| names.windows(name.len()).position(|part| part == name).unwrap() as u32 + 1;
    let functions = [
        (0x10_u32, place(b"\0main.main\0")),
        (0x40, place(b"\0x.crypto")),
        (0x80, place(b"\0crypto/tls.(*Conn).Write\0")),
    ];
    for (number, (address, _)) in functions.iter().enumerate() {
        table.extend(address.to_le_bytes());
        table.extend((32 + 8 * number as u32).to_le_bytes());
    }
    table.extend(0xc0_u32.to_le_bytes());
    table.extend(0_u32.to_le_bytes());
    for (address, name) in functions {
        table.extend(address.to_le_bytes());
        table.extend(name.to_le_bytes());
    }
    let names = b"\0.gopclntab\0.text\0.shstrtab\0";
    let mut file = vec![0; 64];
    file[..6].copy_from_slice(b"\x7fELF\x02\x01");
    file[18..20].copy_from_slice(&62_u16.to_le_bytes());
    let table_at = file.len() as u64;
    file.extend(&table);
    let names_at = file.len() as u64;
    file.extend(names);
    let sections_at = file.len() as u64;
    file[40..48].copy_from_slice(&sections_at.to_le_bytes());
    for (at, value) in [(58, 64_u16), (60, 3), (62, 2)] {
        file[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    for (name, address, offset, size) in [
        (1_u32, 0, table_at, table.len() as u64),
        (12, TEXT, 0, 0x1000),
        (18, 0, names_at, names.len() as u64),
    ] {
        let mut section = [0; 64];
        section[..4].copy_from_slice(&name.to_le_bytes());
        section[16..24].copy_from_slice(&u64::to_le_bytes(address));
        section[24..32].copy_from_slice(&u64::to_le_bytes(offset));
        section[32..40].copy_from_slice(&u64::to_le_bytes(size));
        file.extend(section);
    }
    file
}

fn find(bytes: &[u8], name: &str) -> Option<Function> {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let elf = Elf::read(&file).unwrap()?;
    function(&elf, name).unwrap()
}

#[test]
fn a_function_is_found_by_its_whole_name() {
    let wanted = Some(Function { address: 0x40_0080, size: 0x40 });
    assert_eq!(find(&program(0x40_0000), "crypto/tls.(*Conn).Write"), wanted);
    assert_eq!(find(&program(0x40_0000), "tls.(*Conn).Write"), None);
    assert_eq!(find(&program(0x40_0000), "crypto/tls.(*Conn).Read"), None);
}

#[test]
fn a_start_that_is_left_to_the_loader_is_that_of_the_code() {
    let main = find(&program(0), "main.main");
    assert_eq!(main, Some(Function { address: 0x1010, size: 0x30 }));
}

#[test]
fn a_damaged_table_ends_in_an_answer() {
    let sound = program(0x40_0000);
    for at in 64..sound.len() {
        for byte in [0, 0x7f, 0xff] {
            let mut bytes = sound.clone();
            bytes[at] = byte;
            let _ = find(&bytes, "crypto/tls.(*Conn).Write");
        }
    }
}
