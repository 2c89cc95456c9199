//! GnuTLS.

use aya_ebpf::macros::uprobe;
use aya_ebpf::programs::ProbeContext;
use remit_abi::Library;

use crate::call::{freed, written};
use crate::reads::{Read, Reader, entered};

/// `ssize_t gnutls_record_send(gnutls_session_t session, const void *data, size_t data_size)`.
#[uprobe]
pub fn gnutls_record_send(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(buffer), Some(length)) = (context.arg(0), context.arg(1), context.arg(2)) {
        written(&context, Library::GnuTls, connection, buffer, length);
    }
    0
}

/// `ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t data_size)`.
#[uprobe]
pub fn gnutls_record_recv(context: ProbeContext) -> u32 {
    if let (Some(connection), Some(buffer)) = (context.arg(0), context.arg(1)) {
        let call = Read { library: Library::GnuTls, connection, buffer, count: 0 };
        entered(&Reader::thread(), &call);
    }
    0
}

/// `void gnutls_deinit(gnutls_session_t session)`.
#[uprobe]
pub fn gnutls_deinit(context: ProbeContext) -> u32 {
    if let Some(connection) = context.arg(0) {
        freed(connection);
    }
    0
}
