//! What a person does to put a proposal into force, and to take it back.

use std::fmt::Write as _;

use super::evidence::Files;
use super::proposal::{Edit, Proposal};

/// What is to be known before a binding of others is applied.
const EDITED: &str = "\nEach binding that others keep is written as it was when this was made, without this subject. Apply it only where nothing \
                      has changed it since; where another subject's folder changes it too, apply one of them and run `remit \
                      propose` again before the next.\n";

/// The steps as Markdown with `kubectl` commands: first what adds, then what takes away, so that nothing is missing in
/// between; and the way back.
pub(super) fn steps(proposal: &Proposal<'_>, files: &Files) -> String {
    let mut text = format!("# `{}`\n", proposal.user.name);
    let mut section = |title: &str, commands: &[Option<String>]| {
        let commands: Vec<&str> = commands.iter().flatten().map(String::as_str).collect();
        if !commands.is_empty() {
            let _ = write!(text, "\n## {title}\n\n```sh\n{}\n```\n", commands.join("\n"));
        }
    };
    let command =
        |verb: &str, file: &Option<String>| file.as_ref().map(|file| format!("kubectl {verb} -f {file}"));
    section("Add what stays", &[command("apply", &files.apply)]);
    section("Take the rest away", &[command("apply", &files.edit), command("delete", &files.remove)]);
    let is_changed = files.edit.is_some() || files.remove.is_some();
    let back = files.before.as_ref().filter(|_| is_changed);
    let back = back.map(|file| format!("kubectl auth reconcile -f {file}"));
    section("The way back", &[back, command("delete", &files.apply)]);
    let taken = proposal.changes.iter().filter(|change| change.edit == Edit::TakeOut);
    let taken: Vec<String> = taken.map(|change| change.before.0.name.of_binding()).collect();
    let unbound: Vec<String> = proposal.unbound.iter().map(super::object::ObjectName::of_role).collect();
    let stays: Vec<String> = proposal.fixed.iter().map(|(binding, _)| binding.name.of_binding()).collect();
    for (title, names) in [
        ("Bindings that others keep", taken),
        ("Roles that nothing binds any more", unbound),
        ("Bindings of groups and of the system, which stay", stays),
    ] {
        if !names.is_empty() {
            let _ = write!(text, "\n## {title}\n\n");
            for name in names {
                let _ = writeln!(text, "- `{name}`");
            }
        }
    }
    if files.edit.is_some() {
        text.push_str(EDITED);
    }
    text
}
