//! Who the server is, and who its clients must be.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::files;

/// Files are read anew so often: certificates are renewed while the server runs.
const ROUND: Duration = Duration::from_secs(60);

/// Files of PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The server's certificate, followed by those that it is signed with.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Certificates that those of clients must be signed with; where there are none, anyone may be a client.
    pub clients: Option<PathBuf>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use `{}`: {reason}", path.display())]
pub struct TlsError {
    path: PathBuf,
    reason: String,
}

/// What connections are accepted with.
pub struct Tls {
    settings: TlsSettings,
    acceptor: TlsAcceptor,
    read: Instant,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, or does not hold what it must.
    pub fn new(settings: TlsSettings) -> Result<Self, TlsError> {
        Ok(Self { acceptor: acceptor(&settings)?, settings, read: Instant::now() })
    }

    /// What the next connection is accepted with.
    pub(super) fn acceptor(&mut self) -> TlsAcceptor {
        if self.read.elapsed() >= ROUND {
            self.read = Instant::now();
            match acceptor(&self.settings) {
                Ok(acceptor) => self.acceptor = acceptor,
                Err(problem) => tracing::warn!(%problem, "the certificates of before stay in use"),
            }
        }
        self.acceptor.clone()
    }
}

fn acceptor(settings: &TlsSettings) -> Result<TlsAcceptor, TlsError> {
    let chain = certificates(&settings.certificate)?;
    let key =
        PrivateKeyDer::from_pem_slice(&read(&settings.key)?).map_err(|error| wrong(&settings.key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| wrong(&settings.certificate, &error))?;
    let builder = match &settings.clients {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| wrong(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(|error| wrong(path, &error))?)
        }
    };
    let mut config =
        builder.with_single_cert(chain, key).map_err(|error| wrong(&settings.certificate, &error))?;
    // One request at a time on a connection, so that connections bound requests.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(wrong(path, &"it holds no certificate")),
        Err(error) => Err(wrong(path, &error)),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    files::read(path).map_err(|error| wrong(path, &error))
}

fn wrong(path: &Path, reason: &dyn ToString) -> TlsError {
    TlsError { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn certify(settings: &TlsSettings) {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]);
        openssl.args(["-days", "2", "-subj", "/CN=localhost", "-keyout"]).arg(&settings.key);
        openssl.arg("-out").arg(&settings.certificate).stderr(Stdio::null());
        assert!(openssl.status().unwrap().success());
    }

    #[test]
    fn certificates_are_renewed_while_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let settings = TlsSettings { certificate: path("tls.crt"), key: path("tls.key"), clients: None };
        certify(&settings);
        let mut tls = Tls::new(settings.clone()).unwrap();
        let in_use = |tls: &mut Tls| Arc::as_ptr(tls.acceptor().config());
        let first = in_use(&mut tls);
        certify(&settings);
        assert_eq!(in_use(&mut tls), first, "they are not read for each connection");
        tls.read = tls.read.checked_sub(ROUND).unwrap();
        let second = in_use(&mut tls);
        assert_ne!(second, first);
        // Half written they are no reason to stop.
        std::fs::write(&settings.key, "").unwrap();
        tls.read = tls.read.checked_sub(ROUND).unwrap();
        assert_eq!(in_use(&mut tls), second);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let settings = TlsSettings { certificate: path("tls.crt"), key: path("tls.key"), clients: None };
        certify(&settings);
        std::fs::write(path("other"), "no PEM").unwrap();
        for (settings, name) in [
            (TlsSettings { certificate: path("other"), ..settings.clone() }, "other"),
            (TlsSettings { key: path("other"), ..settings.clone() }, "other"),
            (TlsSettings { clients: Some(path("other")), ..settings.clone() }, "other"),
            (TlsSettings { clients: Some(path("missing")), ..settings }, "missing"),
        ] {
            let error = Tls::new(settings).err().unwrap().to_string();
            assert!(error.starts_with("cannot use `") && error.contains(&format!("{name}`: ")), "{error}");
        }
    }
}
