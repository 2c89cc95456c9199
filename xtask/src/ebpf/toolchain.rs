//! What compiles for the kernel's virtual machine: a nightly compiler with the source of its library, and a linker
//! built upon LLVM of the same version.

use std::path::Path;

use crate::place::Place;
use crate::step::{install, output, succeed};

/// The toolchain, as rustup names it.
pub(super) const NIGHTLY: &str = "nightly";

/// The linker.
const LINKER: &str = "bpf-linker";

/// The linker's version.
const VERSION: &str = "0.13.0";

/// Where Debian installs LLVM in the version that nightly has.
const LLVM: &str = "/usr/lib/llvm-22";

/// Debian's packages of it.
const PACKAGES: [&str; 2] = ["llvm-22-dev", "libpolly-22-dev"];

/// Sees to it that all is there, and installs what is missing.
pub(super) fn ensure(place: &Place) -> anyhow::Result<()> {
    let components =
        output(place.command("rustup").args(["component", "list", "--installed", "--toolchain", NIGHTLY]));
    if !components.is_ok_and(|components| components.lines().any(|line| line == "rust-src")) {
        succeed(place.command("rustup").args([
            "toolchain",
            "install",
            NIGHTLY,
            "--profile",
            "minimal",
            "--component",
            "rust-src",
        ]))?;
    }
    if place.program(LINKER).is_some() {
        return Ok(());
    }
    if !Path::new(LLVM).exists() {
        let missing =
            format!("`{LLVM}` is missing\nhint: install LLVM 22 with its headers, or `{LINKER}` {VERSION}");
        install(place, &PACKAGES, &missing)?;
    }
    let mut install = place.cargo(&["install", "--locked", "--version", VERSION, LINKER]);
    install.args(["--no-default-features", "--features", "llvm-22", "--root"]).arg(place.tools());
    succeed(install.env("LLVM_PREFIX", LLVM))
}

/// The compiler's name and version.
pub(super) fn compiler(place: &Place) -> anyhow::Result<String> {
    Ok(output(place.command("rustc").env("RUSTUP_TOOLCHAIN", NIGHTLY).arg("--version"))?.trim().to_owned())
}
