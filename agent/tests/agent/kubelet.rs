//! A stand-in for the kubelet.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::server::script;

/// A stand-in for the kubelet, which writes down what it was asked.
pub(crate) struct Kubelet {
    child: Child,
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Kubelet {
    /// It gives the content of a file to whoever has the token.
    pub(crate) fn start(token: &str, answer: &Path) -> Kubelet {
        let mut python = Command::new("python3");
        python.arg(script("kubelet.py")).arg(file("certificate.pem")).arg(file("key.pem")).arg(token);
        let mut child = python.arg(answer).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = format!("https://127.0.0.1:{}", lines.next().unwrap().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| log.lock().unwrap().push(line));
        });
        Kubelet { child, address, asked }
    }

    /// What it was asked so far: method, path and the status of the answer.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of the kubelet's keys.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/kubelet/tests").join(name)
}
