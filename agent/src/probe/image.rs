//! An executable file or library, and what of it can be probed.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;

use super::elf::Elf;
use super::gopclntab;
use super::rustls;
use super::site::{self, Convention, Site};
use super::symbols::{self, Function};

/// A function of a TLS library that is followed: those that write plaintext or read it, and those that begin and
/// end a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// OpenSSL's `SSL_write`.
    SslWrite,
    /// OpenSSL's `SSL_write_ex`, which does not call the other, nor the other it.
    SslWriteEx,
    /// OpenSSL's `SSL_read`.
    SslRead,
    /// OpenSSL's `SSL_read_ex`.
    SslReadEx,
    /// OpenSSL's `SSL_do_handshake`.
    SslDoHandshake,
    /// OpenSSL's `SSL_connect`.
    SslConnect,
    /// OpenSSL's `SSL_get_verify_result`.
    SslGetVerifyResult,
    /// OpenSSL's `SSL_free`.
    SslFree,
    /// GnuTLS's `gnutls_record_send`.
    GnutlsRecordSend,
    /// GnuTLS's `gnutls_record_recv`.
    GnutlsRecordRecv,
    /// GnuTLS's `gnutls_deinit`.
    GnutlsDeinit,
    /// Where a read function of C returns.
    ReadReturn,
    /// A read function of C whose return the kernel is to catch, since it is left by a jump.
    ReadReturned,
    /// Go's `crypto/tls.(*Conn).Write`.
    GoTlsWrite,
    /// Go's `crypto/tls.(*Conn).Read`.
    GoTlsRead,
    /// Where that returns.
    GoTlsReadReturn,
    /// rustls's `<ConnectionCommon as PlaintextSink>::write`.
    RustlsWrite,
    /// rustls's `<ConnectionCommon as PlaintextSink>::write_vectored`.
    RustlsWriteVectored,
    /// Any function, of which nothing is asked: by this benchmarks know what a probe costs by itself.
    Floor,
}

/// A place in a file to attach at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Which function it is in.
    pub hook: Hook,
    /// Where in the file the function is entered.
    pub entry: u64,
    /// Where from there on to attach.
    pub site: Site,
}

/// Which file it is, however it is named. A file that is written anew is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Hook {
    /// All that are looked for by their names.
    pub const ALL: [Hook; 13] = [
        Hook::SslWrite,
        Hook::SslWriteEx,
        Hook::SslRead,
        Hook::SslReadEx,
        Hook::SslDoHandshake,
        Hook::SslConnect,
        Hook::SslGetVerifyResult,
        Hook::SslFree,
        Hook::GnutlsRecordSend,
        Hook::GnutlsRecordRecv,
        Hook::GnutlsDeinit,
        Hook::GoTlsWrite,
        Hook::GoTlsRead,
    ];

    /// Those that are looked for by what the compiler made of their names.
    pub const MANGLED: [Hook; 2] = [Hook::RustlsWrite, Hook::RustlsWriteVectored];

    /// Those that stand for a function's return.
    pub const RETURNS: [Hook; 3] = [Hook::ReadReturn, Hook::ReadReturned, Hook::GoTlsReadReturn];

    /// The function's name in symbol tables, or to a person.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Hook::SslWrite => "SSL_write",
            Hook::SslWriteEx => "SSL_write_ex",
            Hook::SslRead => "SSL_read",
            Hook::SslReadEx => "SSL_read_ex",
            Hook::SslDoHandshake => "SSL_do_handshake",
            Hook::SslConnect => "SSL_connect",
            Hook::SslGetVerifyResult => "SSL_get_verify_result",
            Hook::SslFree => "SSL_free",
            Hook::GnutlsRecordSend => "gnutls_record_send",
            Hook::GnutlsRecordRecv => "gnutls_record_recv",
            Hook::GnutlsDeinit => "gnutls_deinit",
            Hook::GoTlsWrite => "crypto/tls.(*Conn).Write",
            Hook::GoTlsRead => "crypto/tls.(*Conn).Read",
            Hook::ReadReturn | Hook::ReadReturned | Hook::GoTlsReadReturn => "its return",
            Hook::RustlsWrite => "rustls's write",
            Hook::RustlsWriteVectored => "rustls's write_vectored",
            Hook::Floor => "nothing",
        }
    }

    /// Whether it is about what a process reads.
    #[must_use]
    pub const fn is_read(self) -> bool {
        let is_function =
            matches!(self, Hook::SslRead | Hook::SslReadEx | Hook::GnutlsRecordRecv | Hook::GoTlsRead);
        is_function || matches!(self, Hook::ReadReturn | Hook::ReadReturned | Hook::GoTlsReadReturn)
    }

    fn convention(self) -> Convention {
        match self {
            Hook::GoTlsWrite | Hook::GoTlsRead => Convention::Go,
            _ => Convention::C,
        }
    }
}

impl Identity {
    /// Of an open file.
    ///
    /// # Errors
    ///
    /// Where the file system does not tell.
    pub fn of(file: &File) -> io::Result<Identity> {
        Ok(Identity::from(&file.metadata()?))
    }

    /// Whether it is the same file, written anew.
    pub(super) fn is_older(&self, other: &Identity) -> bool {
        self != other && (self.device, self.inode) == (other.device, other.inode)
    }

    #[cfg(test)]
    pub(super) fn on_another_device(self) -> Identity {
        Identity { device: !self.device, ..self }
    }

    /// Whether it may be the same file as one that an overlay shows on a device of its own.
    pub(super) fn is_alike(&self, other: &Identity) -> bool {
        *self == Identity { device: self.device, ..*other }
    }
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl Point {
    /// Where in the file to attach.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.entry + self.site.offset
    }
}

/// What of a file can be probed; nothing of a file that is no program.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn points(file: &File) -> io::Result<Vec<Point>> {
    let Some(elf) = Elf::read(file)? else { return Ok(Vec::new()) };
    let names = Hook::ALL.map(Hook::symbol);
    let mut points = Vec::new();
    for (hook, function) in Hook::ALL.into_iter().zip(symbols::functions(&elf, &names)?) {
        let function = match function {
            None if hook.convention() == Convention::Go => gopclntab::function(&elf, hook.symbol())?,
            function => function,
        };
        if let Some(function) = function {
            points.extend(points_of(&elf, hook, function)?);
        }
    }
    for (hook, function) in rustls::functions(&elf)? {
        points.extend(points_of(&elf, hook, function)?);
    }
    Ok(points)
}

/// Where to attach in a function. Nowhere where its address is not in the code, or it is not what it should be.
fn points_of(elf: &Elf<'_>, hook: Hook, function: Function) -> io::Result<Vec<Point>> {
    let Some(entry) = elf.offset(function.address) else { return Ok(Vec::new()) };
    let size = usize::try_from(function.size).map_or(site::LONGEST, |size| size.min(site::LONGEST));
    let code = elf.code(function.address, size)?;
    if hook.convention() == Convention::Go && !site::is_go(&code) {
        return Ok(Vec::new());
    }
    let point = |hook, site| Point { hook, entry, site };
    let chosen = point(hook, site::choose(&code, function.address, hook.convention()));
    if !hook.is_read() {
        return Ok(vec![chosen]);
    }
    let exits = site::exits(&code, function.address);
    Ok(match (hook.convention(), exits) {
        (Convention::C, Some(exits)) => {
            [chosen].into_iter().chain(exits.into_iter().map(|site| point(Hook::ReadReturn, site))).collect()
        }
        // Both at the entry, which the kernel stops at once for.
        (Convention::C, None) => [hook, Hook::ReadReturned].map(|hook| point(hook, Site::ENTRY)).to_vec(),
        (Convention::Go, Some(exits)) => {
            let exits = exits.into_iter().map(|site| point(Hook::GoTlsReadReturn, site));
            [chosen].into_iter().chain(exits).collect()
        }
        // The kernel catches a return by changing the return address, which Go does not survive: it moves stacks.
        (Convention::Go, None) => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_program_has_no_points() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"SSL_write\0").unwrap();
        assert_eq!(points(&file).unwrap(), []);
    }

    #[test]
    fn a_file_is_the_same_under_another_name_and_another_once_written() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        std::fs::write(&one, "x").unwrap();
        std::fs::hard_link(&one, &two).unwrap();
        let identity = |path| Identity::of(&File::open(path).unwrap()).unwrap();
        let before = identity(&one);
        assert_eq!(before, identity(&two));
        std::fs::write(&two, "xy").unwrap();
        assert_ne!(before, identity(&one));
    }
}
