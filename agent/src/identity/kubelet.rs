//! The kubelet of this node, asked for its pods.

use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, Client, Response, redirect};
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

use super::PodList;
use crate::files;

/// How long one answer may take. The kubelet is on this machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read: several hundred pods at the size that the API server refuses.
const ANSWER_LIMIT: u64 = 256 << 20;

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
    #[error("the kubelet at `{address}` does not tell its pods: {reason}")]
    Refused {
        /// Where it was asked.
        address: String,
        /// What went wrong.
        reason: String,
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
    client: Client,
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
        // The environment's proxy is for the world outside, and a redirection would take the token elsewhere.
        let mut client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .tls_built_in_root_certs(false)
            .timeout(PATIENCE);
        match scheme {
            // Without authorities nobody is trusted: a kubelet's certificate is never signed by a public one.
            "https" => {
                for certificate in certificates(settings.authorities.as_deref())? {
                    client = client.add_root_certificate(certificate);
                }
            }
            // What is not encrypted may be read and answered by anyone on the way.
            "http" if !is_loopback(authority) => return Err(wrong("without TLS it must be on this machine")),
            "http" if settings.token.is_some() => return Err(wrong("a token is sent with TLS only")),
            "http" => {}
            _ => return Err(wrong("its scheme is neither `https` nor `http`")),
        }
        let client = client.build().map_err(|error| refused(&address, &error))?;
        Ok(Self { client, address, token: settings.token.clone() })
    }

    /// Asks for the pods of the node, and waits for the answer.
    ///
    /// # Errors
    /// When there is no answer or it cannot be read.
    pub fn pods(&self) -> Result<PodList, KubeletError> {
        // Who asks may be part of a runtime, in which no other may wait.
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("kubelet".to_owned());
            let asked =
                thread.spawn_scoped(scope, || self.ask()).map_err(|error| refused(&self.address, &error))?;
            let nothing = io::Error::other("there is no answer");
            asked.join().unwrap_or_else(|_| Err(refused(&self.address, &nothing)))
        })
    }

    fn ask(&self) -> Result<PodList, KubeletError> {
        let mut request = self.client.get(format!("{}/pods", self.address));
        if let Some(path) = &self.token {
            let token = String::from_utf8_lossy(&read(path)?).trim().to_owned();
            if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(KubeletError::File {
                    path: path.clone(),
                    reason: "it holds no token".to_owned(),
                });
            }
            request = request.bearer_auth(token);
        }
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| refused(&self.address, &error))?;
        // Only within the runtime can its clock be started.
        let response = runtime.block_on(async { request.send().await });
        let response = response.map_err(|error| refused(&self.address, &error))?;
        if response.status() != 200 {
            let reason = format!("it answers with status {}", response.status().as_u16());
            return Err(KubeletError::Refused { address: self.address.clone(), reason });
        }
        let body = Body { runtime: &runtime, response, rest: Vec::new().into_iter() };
        PodList::read(body.take(ANSWER_LIMIT))
            .map_err(|source| KubeletError::Answer { address: self.address.clone(), source })
    }
}

/// The content of an answer, read as it comes.
struct Body<'a> {
    runtime: &'a Runtime,
    response: Response,
    rest: std::vec::IntoIter<u8>,
}

impl Read for Body<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.rest.as_slice().is_empty() {
            match self.runtime.block_on(self.response.chunk()).map_err(io::Error::other)? {
                Some(chunk) => self.rest = Vec::from(chunk).into_iter(),
                None => return Ok(0),
            }
        }
        let read = self.rest.as_slice().read(bytes)?;
        self.rest.by_ref().take(read).for_each(drop);
        Ok(read)
    }
}

/// An error with what caused it: the first alone says little.
fn refused(address: &str, error: &dyn std::error::Error) -> KubeletError {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let reason = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    KubeletError::Refused { address: address.to_owned(), reason }
}

fn certificates(path: Option<&Path>) -> Result<Vec<Certificate>, KubeletError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let certificates = Certificate::from_pem_bundle(&read(path)?).unwrap_or_default();
    if certificates.is_empty() {
        let reason = "it holds no certificate".to_owned();
        return Err(KubeletError::File { path: path.to_owned(), reason });
    }
    Ok(certificates)
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    // A name would be looked up, and may lead anywhere.
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KubeletError> {
    let wrong = |error: io::Error| KubeletError::File { path: path.to_owned(), reason: error.to_string() };
    files::read(path).map_err(wrong)
}

#[cfg(test)]
mod tests;
