//! Cargo's own subcommands that the tests need, at pinned versions.

use crate::place::{Place, in_ci};
use crate::step::succeed;

/// A cargo subcommand from the registry.
#[derive(Debug)]
pub(crate) struct Tool {
    package: &'static str,
    version: &'static str,
    flags: &'static [&'static str],
    why: &'static str,
    /// What happens where it cannot be had; none where the tests cannot do without it.
    otherwise: Option<&'static str>,
}

/// The test runner.
pub(crate) const NEXTEST: Tool = Tool {
    package: "cargo-nextest",
    version: "0.9.143",
    flags: &["--no-default-features", "--features", "default-no-update"],
    why: "runs each test in its own process and ends those that hang",
    otherwise: Some("the tests run under `cargo test` instead"),
};

/// The dependency checker. An unoptimised build takes a quarter of the time and checks this tree in seconds.
pub(crate) const DENY: Tool = Tool {
    package: "cargo-deny",
    version: "0.20.2",
    flags: &["--no-default-features", "--debug"],
    why: "checks licences, bans and sources of dependencies",
    otherwise: None,
};

/// Sees to it that the tools are there: those on the search path as they are, the others installed under the
/// target folder.
pub(crate) fn ensure(place: &Place, tools: &[&Tool]) -> anyhow::Result<()> {
    for tool in tools {
        if let Some(path) = place.program(tool.package) {
            eprintln!("    {} is at {}", tool.package, path.display());
            continue;
        }
        let Tool { package, version, why, .. } = tool;
        eprintln!("    {package} is not installed; installing {version} under target/tools, since it {why}");
        match (install(place, tool), tool.otherwise) {
            (Ok(()), _) => {}
            (Err(error), Some(otherwise)) if !in_ci() => {
                eprintln!("ATTENTION: {package} cannot be installed ({error:#}); {otherwise}");
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok(())
}

fn install(place: &Place, tool: &Tool) -> anyhow::Result<()> {
    let build = place.tools().join("build");
    let mut command = place.cargo(&["install", "--locked", "--version", tool.version, tool.package]);
    command.args(tool.flags).arg("--root").arg(place.tools()).arg("--target-dir").arg(&build);
    let done = succeed(&mut command);
    // The intermediate files are larger than all of the tools, and nothing uses them again.
    let _ = std::fs::remove_dir_all(&build);
    done
}
