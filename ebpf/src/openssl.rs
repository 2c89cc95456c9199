//! OpenSSL and its descendants, shared or linked into a program.

use aya_ebpf::macros::uprobe;
use aya_ebpf::programs::ProbeContext;
use remit_abi::Library;

use crate::call::{freed, opened, written};
use crate::reads::{Read, entered_alone};

/// `int SSL_write(SSL *ssl, const void *buf, int num)`.
#[uprobe]
pub fn ssl_write(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(buffer), Some(length)) =
        (context.arg(0), context.arg(1), context.arg::<i32>(2))
    {
        written(&context, Library::OpenSsl, connection, buffer, if length < 0 { 0 } else { length as u64 });
    }
    0
}

/// `int SSL_write_ex(SSL *s, const void *buf, size_t num, size_t *written)`.
#[uprobe]
pub fn ssl_write_ex(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(buffer), Some(length)) = (context.arg(0), context.arg(1), context.arg(2)) {
        written(&context, Library::OpenSsl, connection, buffer, length);
    }
    0
}

/// `void SSL_free(SSL *ssl)`.
#[uprobe]
pub fn ssl_free(context: ProbeContext) -> u32 {
    if let Some(connection) = context.arg(0) {
        freed(connection);
    }
    0
}

/// `int SSL_read(SSL *ssl, void *buf, int num)`.
#[uprobe]
pub fn ssl_read(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(buffer)) = (context.arg(0), context.arg(1)) {
        entered_alone(&Read { library: Library::OpenSsl, connection, buffer, count: 0 });
    }
    0
}

/// `int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes)`.
#[uprobe]
pub fn ssl_read_ex(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(buffer), Some(count)) = (context.arg(0), context.arg(1), context.arg(3)) {
        entered_alone(&Read { library: Library::OpenSsl, connection, buffer, count });
    }
    0
}

/// `int SSL_do_handshake(SSL *ssl)` and `int SSL_connect(SSL *ssl)`.
#[uprobe]
pub fn ssl_handshake(context: ProbeContext) -> u32 {
    if let Some(connection) = context.arg(0) {
        opened(connection, true);
    }
    0
}

/// `long SSL_get_verify_result(const SSL *ssl)`, which clients ask once a handshake is over.
#[uprobe]
pub fn ssl_verified(context: ProbeContext) -> u32 {
    if let Some(connection) = context.arg(0) {
        opened(connection, false);
    }
    0
}
