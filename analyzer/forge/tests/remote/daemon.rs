//! Git's own server, so that a remote repository is reached over a network.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::place::Place;

/// Git's own server, which ends when it is dropped.
pub(crate) struct Daemon(Child, u16);

impl Daemon {
    /// Serves a place's repository. A hook is a program that it runs as a connection comes in, before anything is answered, with what is asked for and
    /// the repository's folder.
    pub(crate) fn start(place: &Place, hook: Option<&Path>) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new("git");
        command.args([
            "daemon",
            "--listen=127.0.0.1",
            "--export-all",
            "--enable=receive-pack",
            "--reuseaddr",
        ]);
        if let Some(hook) = hook {
            command.arg(format!("--access-hook={}", hook.display()));
        }
        command.arg(format!("--port={port}")).arg(format!("--base-path={}", place.folder.path().display()));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let daemon = Self(child, port);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        daemon
    }

    /// The address of the repository.
    pub(crate) fn remote(&self) -> String {
        format!("git://127.0.0.1:{}/remote.git", self.1)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The server forks for each connection, and those end with it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
