//! rustls's functions, by what the compiler makes of their names.
//!
//! Followed is `<rustls::conn::ConnectionCommon<T> as PlaintextSink>`, which rustls 0.20 to 0.23 call through a table of
//! functions whatever is written, so that compilers leave it a function, as a rule. There is one for clients and one for
//! servers, and of each version in a program.

use std::io;

use super::elf::Elf;
use super::image::Hook;
use super::symbols::{Function, containing};

/// What their names have in common.
const TRAIT: &str = "PlaintextSink";

/// More are not followed.
const MOST: usize = 16;

/// The functions to which plaintext is given; none where the symbols are stripped.
///
/// # Errors
///
/// Where the file cannot be read.
pub(super) fn functions(elf: &Elf<'_>) -> io::Result<Vec<(Hook, Function)>> {
    let mut found = containing(elf, TRAIT, hook)?;
    // The compiler may give equal functions two names.
    found.sort_unstable_by_key(|(hook, function)| (function.address, *hook));
    found.dedup_by_key(|(_, function)| function.address);
    found.truncate(MOST);
    Ok(found)
}

/// Which function has this name: of the form of 2019 (`_ZN...17h<hash>E`), or of RFC 2603 (`_R...`), which the compiler may
/// follow with the crate that it is instantiated in.
fn hook(name: &[u8]) -> Option<Hook> {
    let name = std::str::from_utf8(name).ok()?;
    let (of, function) = name.split_once(TRAIT)?;
    if let Some(function) = function.strip_prefix("$GT$") {
        let is_it = of.starts_with("_ZN") && of.contains("_$LT$rustls..conn..ConnectionCommon$LT$");
        return match function.split_once("17h").filter(|_| is_it)?.0 {
            "5write" => Some(Hook::RustlsWrite),
            "14write_vectored" => Some(Hook::RustlsWriteVectored),
            _ => None,
        };
    }
    let is_it = of.starts_with("_RNvX")
        && of.contains("_6rustls4connINtB")
        && of.contains("_16ConnectionCommon")
        && of.ends_with("13");
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with("Cs") || rest.starts_with('.');
    let is = |function_name| function.strip_prefix(function_name).is_some_and(is_end);
    match is_it {
        true if is("5write") => Some(Hook::RustlsWrite),
        true if is("14write_vectored") => Some(Hook::RustlsWriteVectored),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_known_by_names_of_either_form() {
        let of = "_ZN99_$LT$rustls..conn..ConnectionCommon$LT$T$GT$$u20$as$u20$rustls..conn..connection..PlaintextSink$GT$";
        let old = of.replace("conn..connection", "conn").replace("$LT$T$GT$", "$LT$Data$GT$");
        let new = "_RNvXNtCs1PVfNTLNy3A_6rustls4connINtB2_16ConnectionCommonNtNtNtB4_6client11client_conn\
                   20ClientConnectionDataENtNtB2_10connection13PlaintextSink";
        for (name, expected) in [
            (format!("{of}5write17h55bb061aca147242E"), Some(Hook::RustlsWrite)),
            (format!("{old}5write17h55bb061aca147242E"), Some(Hook::RustlsWrite)),
            (format!("{of}14write_vectored17h17074e4582d3b634E.llvm.123"), Some(Hook::RustlsWriteVectored)),
            (format!("{of}5flush17h1f53c55ef8db6a05E"), None),
            (format!("{of}14write_vectored28_$u7b$$u7b$closure$u7d$$u7d$17hc943f99f916e25c3E"), None),
            (of.replace("rustls..conn..Conn", "mine..Conn") + "5write17h55bb061aca147242E", None),
            (format!("{new}5writeCs32gj3y4fnmh_4main"), Some(Hook::RustlsWrite)),
            (format!("{new}14write_vectored"), Some(Hook::RustlsWriteVectored)),
            (format!("{new}5flushCs32gj3y4fnmh_4main"), None),
            (format!("{new}14write_vectored0Cs32gj3y4fnmh_4main").replace("_RNvX", "_RNCNvX"), None),
            (format!("{new}14write_vectored0"), None),
            ("PlaintextSink".to_owned(), None),
        ] {
            assert_eq!(hook(name.as_bytes()), expected, "{name}");
        }
    }
}
