//! `cargo xtask dist`: static programs for any Linux of a kind, packed with what they are installed with.

mod archive;
mod elf;
mod krew;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::digest::sha256;
use crate::place::Place;
use crate::step::{install, output, succeed};

/// What `cargo xtask dist` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The target to build for, one with a static C library
    #[arg(long, default_value = "x86_64-unknown-linux-musl")]
    target: String,
    /// The profile to build with
    #[arg(long, default_value = "release")]
    profile: String,
    /// Build and pack this program alone: `remit` or `remit-agent`; an image needs both
    #[arg(long, value_parser = ["remit", "remit-agent"])]
    only: Option<String>,
    /// Write a manifest of krew, too, by which `kubectl` has `remit` as a plugin; the archive is to be found below this address
    #[arg(long, value_name = "URL")]
    krew: Option<String>,
}

/// The programs, by their packages, which have the same names.
const PROGRAMS: [&str; 2] = ["remit", "remit-agent"];

/// Shells that completions are written for, with the names that they look for.
const SHELLS: [(&str, &str, &str); 3] = [("bash", "", ""), ("zsh", "_", ""), ("fish", "", ".fish")];

/// Files that are packed as they are.
const FILES: [&str; 5] =
    ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "deploy/Containerfile"];

/// Certificates of public authorities, where Linux distributions have them.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Builds and packs.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let place = Place::find()?;
    if arguments.krew.is_some() && arguments.only.as_deref() == Some("remit-agent") {
        bail!("the plugin is `remit`, which is not packed\nhint: leave out `--krew` or `--only`");
    }
    let programs: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|name| arguments.only.as_deref().is_none_or(|only| only == *name))
        .collect();
    ensure(&place, &arguments.target)?;
    let mut build = place.cargo(&["build", "--locked", "--target", &arguments.target]);
    build.args(["--profile", &arguments.profile]);
    for name in &programs {
        build.args(["--package", name, "--bin", name]);
    }
    // Debugging information of a program without symbols helps nobody, and cargo's `strip` alone would keep symbols.
    let profile = arguments.profile.to_uppercase().replace('-', "_");
    succeed(build.env(format!("CARGO_PROFILE_{profile}_STRIP"), "symbols"))?;

    // All packages of the workspace have one version.
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("remit-{version}-{}", arguments.target);
    let output = place.target.join("dist");
    let folder = output.join(&name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let profile = if arguments.profile == "dev" { "debug" } else { &arguments.profile };
    for program in &programs {
        let built = place.target.join(&arguments.target).join(profile).join(program);
        add_program(&place, &built, &folder)?;
    }
    for file in FILES.iter().map(|file| place.root.join(file)).chain([PathBuf::from(AUTHORITIES)]) {
        copy(&file, &folder)?;
    }
    let mut sums = String::new();
    for (archive, folder, name) in [
        (format!("{name}.tar.gz"), folder, name.as_str()),
        (format!("remit-chart-{version}.tgz"), place.root.join("deploy/chart"), "remit"),
    ] {
        let path = output.join(&archive);
        archive::pack(&folder, name, &path)?;
        sums.push_str(&format!("{}  {archive}\n", sha256(&fs::read(path)?)));
    }
    if let Some(base) = &arguments.krew {
        let sha256 = sha256(&fs::read(output.join(format!("{name}.tar.gz")))?);
        let archive = krew::Archive { name: &name, target: &arguments.target, sha256: &sha256 };
        fs::write(output.join("remit.yaml"), krew::manifest(version, &archive, base)?)?;
    }
    fs::write(output.join("SHA256SUMS"), &sums)?;
    eprint!("{sums}");
    Ok(())
}

/// Sees to it that the target's libraries are there, and a C compiler for it, which some dependencies are built with.
fn ensure(place: &Place, target: &str) -> anyhow::Result<()> {
    succeed(place.command("rustup").args(["target", "add", target]))?;
    if !target.ends_with("-musl") || place.program("musl-gcc").is_some() {
        return Ok(());
    }
    let missing = "`musl-gcc` is missing\nhint: install the C library musl with its compiler";
    install(place, &["musl-tools"], missing)
}

/// Adds a program with its man pages and completions, which it writes itself.
fn add_program(place: &Place, built: &Path, folder: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(built).with_context(|| format!("cannot read `{}`", built.display()))?;
    if !elf::is_static(&bytes) {
        bail!(
            "`{}` needs libraries of the machine that it runs on\nhint: use a target with a static C library",
            built.display()
        );
    }
    copy(built, folder)?;
    let manual = folder.join("man/man1");
    succeed(place.command(built).args(["man", "--out"]).arg(&manual))?;
    let name = built.file_name().unwrap_or_default().to_string_lossy();
    for (shell, prefix, suffix) in SHELLS {
        let script = output(place.command(built).args(["completions", shell]))?;
        let place = folder.join("completions").join(shell);
        fs::create_dir_all(&place)?;
        fs::write(place.join(format!("{prefix}{name}{suffix}")), script)?;
    }
    Ok(())
}

fn copy(file: &Path, folder: &Path) -> anyhow::Result<()> {
    let name = file.file_name().unwrap_or_default();
    fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy `{}`", file.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_image_is_made_of_is_packed() {
        let text = fs::read_to_string(crate::place::root().join("deploy/Containerfile")).unwrap();
        let copied = text.lines().filter_map(|line| line.strip_prefix("COPY "));
        // The last is where to.
        let sources: Vec<&str> =
            copied.flat_map(|line| line.rsplit_once(' ').unwrap().0.split(' ')).collect();
        assert_eq!(sources, ["ca-certificates.crt", "remit", "remit-agent"]);
        assert!(AUTHORITIES.ends_with("/ca-certificates.crt"));
        assert_eq!(PROGRAMS, ["remit", "remit-agent"]);
    }
}
