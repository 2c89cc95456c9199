//! A TLS server that writes down what it was asked.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use remit_tests::peer;

/// A TLS server that writes down what it was asked.
pub(crate) struct Server {
    child: Child,
    asked: Arc<Mutex<Vec<String>>>,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// A server that answers anything.
    pub(crate) fn start() -> Server {
        Server::of(Command::new("python3").arg(script("server.py")))
    }

    /// A server that answers anything over HTTP/2.
    pub(crate) fn http2() -> Server {
        Server::of(Command::new("node").arg(script("server.mjs")))
    }

    /// A cloud.
    pub(crate) fn cloud() -> Option<Server> {
        Some(Server::of(peer::python()?.arg(script("cloud.py"))))
    }

    /// An API server of Kubernetes, which writes its audit log.
    pub(crate) fn kubernetes() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit.log");
        Server::within(folder, &mut Command::new("node"), &[script("apiserver.mjs")], &[log])
    }

    /// A program that is given a certificate with its key, and prints its port and then what it is asked.
    fn of(command: &mut Command) -> Server {
        Server::within(tempfile::tempdir().unwrap(), command, &[], &[])
    }

    /// The same, with arguments before these and behind.
    fn within(
        folder: tempfile::TempDir,
        command: &mut Command,
        before: &[PathBuf],
        behind: &[PathBuf],
    ) -> Server {
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ]);
        openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]);
        openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).stderr(Stdio::null());
        assert!(openssl.status().unwrap().success());
        command.args(before).arg(&certificate).arg(&key).args(behind);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
        });
        Server { child, asked, port, folder }
    }

    /// What it was asked so far: method and path, and of a cloud host and status, in order of name.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }

    /// The files of its certificate and key.
    pub(crate) fn certificate(&self) -> [PathBuf; 2] {
        ["certificate.pem", "key.pem"].map(|name| self.folder.path().join(name))
    }

    /// The audit log of an API server.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.folder.path().join("audit.log")
    }

    /// The address of a path.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that is an example of this package. It is compiled with the tests where all are, and here where only some are.
pub(crate) fn example(name: &str) -> PathBuf {
    let folder = programs().join("examples");
    built(
        &folder.join(name),
        &script(&format!("{name}.rs")),
        &["-p", env!("CARGO_PKG_NAME"), "--example", name],
    )
}

/// A controller of Kubernetes, likewise.
pub(crate) fn controller() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/controller");
    let (manifest, target) = (folder.join("Cargo.toml"), programs().join("controller"));
    let arguments =
        ["--locked", "--manifest-path", manifest.to_str().unwrap(), "--target-dir", target.to_str().unwrap()];
    built(&target.join("debug/remit-controller"), &folder.join("src/main.rs"), &arguments)
}

/// Where programs are that cargo makes.
pub(crate) fn programs() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_remit-agent")).parent().unwrap()
}

/// A program, compiled where it is older than its source.
fn built(program: &Path, source: &Path, arguments: &[&str]) -> PathBuf {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    if changed(program) < changed(source) {
        succeed(Command::new(env!("CARGO")).arg("build").args(arguments));
    }
    program.to_owned()
}

/// A file beside the tests.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agent").join(name)
}

/// Runs a command that must succeed.
pub(crate) fn succeed(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
