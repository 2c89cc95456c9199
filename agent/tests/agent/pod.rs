//! Pods without a cluster: a container's cgroup by the name that its runtime gives it, namespaces and root of its own.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::server::succeed;

/// A folder of its own file system, in which images and containers are. What is mounted there goes with it.
pub(crate) struct Images {
    folder: tempfile::TempDir,
    mounted: Vec<PathBuf>,
}

/// A cgroup that is removed with its empty parents.
pub(crate) struct Cgroup {
    folder: PathBuf,
    top: PathBuf,
}

/// A client in a container, which waits to be told what to ask.
pub(crate) struct Container {
    child: Child,
    _cgroup: Cgroup,
}

impl Images {
    /// Nothing is in it yet. It says loudly where nothing can be mounted here.
    pub(crate) fn new() -> Option<Images> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        // With `strictatime`, every reading of a file shows.
        mount.args(["-t", "tmpfs", "-o", "strictatime", "none"]).arg(folder.path());
        let output = mount.output().unwrap();
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            remit_tests::skip::loudly(
                &format!("nothing can be mounted: {}", reason.lines().next().unwrap_or_default()),
                "run as root, with the capability SYS_ADMIN",
            );
            return None;
        }
        let mounted = vec![folder.path().to_owned()];
        Some(Images { folder, mounted })
    }

    /// A folder or file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An image that holds curl with its libraries, each at its own path, but for OpenSSL's, which is in a folder that no
    /// other file system has.
    pub(crate) fn image(&self, libraries: &str) -> PathBuf {
        let image = self.path("image");
        let script = r#"curl=$(command -v curl); mkdir -p "$1$2"
            for file in "$curl" $(ldd "$curl" | grep -o '/[^ ]*'); do cp -L --parents "$file" "$1"; done
            find "$1" -name 'libssl.so*' -exec mv {} "$1$2" ';'"#;
        succeed(Command::new("sh").args(["-ec", script, "sh"]).arg(&image).arg(libraries));
        image
    }

    /// A container's root: an image with a layer of its own above.
    pub(crate) fn root(&mut self, name: &str, image: &Path) -> PathBuf {
        let folder = self.path(name);
        let (upper, work, root) = (folder.join("upper"), folder.join("work"), folder.join("root"));
        for folder in [&upper, &work, &root] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let layers =
            format!("lowerdir={},upperdir={},workdir={}", image.display(), upper.display(), work.display());
        succeed(Command::new("mount").args(["-t", "overlay", "-o", &layers, "overlay"]).arg(&root));
        self.mounted.push(root.clone());
        // Where the container has the root that it leaves.
        std::fs::create_dir(root.join("host")).unwrap();
        root
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        for place in self.mounted.iter().rev() {
            let _ = Command::new("umount").arg("--lazy").arg(place).status();
        }
    }
}

impl Cgroup {
    /// Makes a cgroup of a hierarchy that is mounted at `top`.
    pub(crate) fn new(top: &Path, path: &str) -> Cgroup {
        let folder = top.join(path);
        // Other tests make such folders and remove their parents once they are empty.
        while let Err(error) = std::fs::create_dir_all(&folder) {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{}", folder.display());
        }
        Cgroup { folder, top: top.to_owned() }
    }

    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Runs a command in it, once the shell that does so is there.
    pub(crate) fn run(&self, program: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-ec", r#"echo $$ > "$1"; shift; exec "$@""#, "sh"]);
        command.arg(self.folder.join("cgroup.procs")).arg(program);
        command
    }

    /// Where the hierarchy is mounted that has one of these options, or is of version 2.
    pub(crate) fn top(is_wanted: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        mounts.lines().find_map(|line| match line.split(' ').collect::<Vec<_>>().as_slice() {
            [_, place, kind, options, ..] if is_wanted(kind, options) => Some(PathBuf::from(place)),
            _ => None,
        })
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for folder in self.folder.ancestors().take_while(|folder| *folder != self.top) {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

impl Container {
    /// Starts curl in a root, a cgroup, and mount and process namespaces of its own, as a runtime does. Its libraries are
    /// mapped, and it waits to be told what to ask.
    pub(crate) fn curl(root: &Path, cgroup: Cgroup, libraries: &str) -> Container {
        let script =
            r#"echo $$ > "$1"; cd "$2"; shift 2; exec unshare --mount --pid --fork --kill-child "$@""#;
        let inside = r#"pivot_root . host; export LD_LIBRARY_PATH="$1"; exec curl -K -"#;
        let mut command = Command::new("sh");
        command.args(["-ec", script, "sh"]).arg(cgroup.folder.join("cgroup.procs")).arg(root);
        command.args(["sh", "-ec", inside, "sh", libraries]).stdin(Stdio::piped()).stdout(Stdio::null());
        Container { child: command.spawn().unwrap(), _cgroup: cgroup }
    }

    /// Tells it what to ask, and waits until it did.
    pub(crate) fn ask(mut self, addresses: &[String]) {
        let mut input = self.child.stdin.take().unwrap();
        writeln!(input, "silent\ninsecure\nhttp1.1").unwrap();
        for address in addresses {
            writeln!(input, "url = \"{address}\"").unwrap();
        }
        drop(input);
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
