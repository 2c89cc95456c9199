//! The kubelet of this node, asked for its pods.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use super::PodList;

/// How long one answer may take. The kubelet is on this machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read: several hundred pods at the size that the API server refuses.
const ANSWER_LIMIT: u64 = 256 << 20;

/// The largest file of a token or of certificates.
const FILE_LIMIT: u64 = 1 << 20;

/// Where the kubelet is and how it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubeletSettings {
    /// `https://HOST:10250`, or `http://127.0.0.1:10255` on this machine.
    pub address: String,
    /// The file of the bearer token. It is read for every question, since Kubernetes replaces it every hour.
    pub token: Option<PathBuf>,
    /// The file of the certificates that the kubelet's own is signed with.
    pub authorities: Option<PathBuf>,
}

/// Why the kubelet did not tell its pods.
#[derive(Debug, thiserror::Error)]
pub enum KubeletError {
    /// The address is none of a kubelet.
    #[error(
        "`{address}` cannot be asked for pods: {reason}\nhint: use `https://HOST:10250`, or `http://127.0.0.1:10255`"
    )]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file of a token or of certificates cannot be used.
    #[error("cannot read `{}`: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There was no answer, or one that says no.
    #[error("the kubelet at `{address}` does not tell its pods: {source}")]
    Refused {
        /// Where it was asked.
        address: String,
        /// What went wrong.
        source: Box<ureq::Error>,
    },
    /// The answer is no list of pods.
    #[error("the kubelet at `{address}` answers with no list of pods: {source}")]
    Answer {
        /// Where it was asked.
        address: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// A kubelet that can be asked.
#[derive(Debug)]
pub struct Kubelet {
    agent: ureq::Agent,
    address: String,
    token: Option<PathBuf>,
}

impl Kubelet {
    /// Checks the settings; nothing is asked yet.
    ///
    /// # Errors
    /// When the address is none of a kubelet, or the certificates cannot be read.
    pub fn new(settings: &KubeletSettings) -> Result<Self, KubeletError> {
        let address = settings.address.trim_end_matches('/').to_owned();
        let wrong = |reason| KubeletError::Address { address: settings.address.clone(), reason };
        let (scheme, authority) = address.split_once("://").ok_or_else(|| wrong("it names no scheme"))?;
        if authority.is_empty() || authority.contains(['/', '@', '?', '#']) {
            return Err(wrong("it is not a host and a port alone"));
        }
        let tls = match scheme {
            "https" => Some(tls(settings.authorities.as_deref())?),
            // What is not encrypted may be read and answered by anyone on the way.
            "http" if !is_loopback(authority) => return Err(wrong("without TLS it must be on this machine")),
            "http" if settings.token.is_some() => return Err(wrong("a token is sent with TLS only")),
            "http" => None,
            _ => return Err(wrong("its scheme is neither `https` nor `http`")),
        };
        // The environment's proxy is for the world outside, and a redirection would take the token elsewhere.
        let mut config =
            ureq::Agent::config_builder().proxy(None).max_redirects(0).timeout_global(Some(PATIENCE));
        if let Some(tls) = tls {
            config = config.tls_config(tls);
        }
        Ok(Self { agent: config.build().into(), address, token: settings.token.clone() })
    }

    /// Asks for the pods of the node. It waits for the answer, so it is for a thread of its own.
    ///
    /// # Errors
    /// When there is no answer or it cannot be read.
    pub fn pods(&self) -> Result<PodList, KubeletError> {
        let mut request = self.agent.get(format!("{}/pods", self.address));
        if let Some(path) = &self.token {
            let token = String::from_utf8_lossy(&read(path)?).trim().to_owned();
            // ureq takes what is no header value as an error that may show it.
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(KubeletError::File {
                    path: path.clone(),
                    reason: "it holds no token".to_owned(),
                });
            }
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let refused =
            |source| KubeletError::Refused { address: self.address.clone(), source: Box::new(source) };
        let answer = request.call().map_err(refused)?;
        if answer.status() != 200 {
            return Err(refused(ureq::Error::StatusCode(answer.status().as_u16())));
        }
        let reader = answer.into_body().into_with_config().limit(ANSWER_LIMIT).reader();
        PodList::read(reader).map_err(|source| KubeletError::Answer { address: self.address.clone(), source })
    }
}

fn tls(authorities: Option<&Path>) -> Result<TlsConfig, KubeletError> {
    let mut certificates = Vec::new();
    if let Some(path) = authorities {
        for item in parse_pem(&read(path)?) {
            if let Ok(PemItem::Certificate(certificate)) = item {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            let reason = "it holds no certificate".to_owned();
            return Err(KubeletError::File { path: path.to_owned(), reason });
        }
    }
    // Without authorities nobody is trusted: a kubelet's certificate is never signed by a public one.
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    // A name would be looked up, and may lead anywhere.
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn read(path: &Path) -> Result<Vec<u8>, KubeletError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FILE_LIMIT).read_to_end(&mut bytes));
    read.map_err(|error| KubeletError::File { path: path.to_owned(), reason: error.to_string() })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
