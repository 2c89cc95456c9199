//! What a person does to put a proposal into force, and to take it back.

use std::fmt::Write as _;

use super::evidence::Files;
use super::manifest;
use super::object::{Binding, ObjectName, Subject};
use super::proposal::{Change, Edit, Proposal};
use crate::markdown::code;
use crate::shell::{block, quote};

/// What is to be known of bindings that others keep.
const EDITED: &str = "\nOf each binding that others keep, this subject alone is taken out, at the position it had or, where others were \
                      taken out before, at an earlier one; so folders of several subjects can be applied in any order. A position at \
                      which another subject stands is refused, and the next is tried; where all are, the list was changed otherwise: \
                      make the proposal again. `edit.yaml` is \
                      what comes out if nothing else has changed the bindings since this was made.\n";

/// What is to be known of roles that nobody is bound to.
const UNBOUND: &str =
    "\nWhere one of them is deleted, the way back needs it again: it is in `before.yaml`.\n";

/// The steps as Markdown with `kubectl` commands: first what adds, then what takes away, so that nothing is missing in
/// between; and the way back.
pub(super) fn steps(proposal: &Proposal<'_>, files: &Files) -> String {
    let mut text = format!("# {}\n", code(&proposal.user.name));
    let mut section = |title: &str, commands: Vec<String>| {
        if !commands.is_empty() {
            let _ = write!(text, "\n## {title}\n\n{}", block(&commands.join("\n")));
        }
    };
    let command =
        |verb: &str, file: &Option<String>| file.as_ref().map(|file| format!("kubectl {verb} -f {file}"));
    let edited = || proposal.changes.iter().filter(|change| change.edit == Edit::TakeOut);
    let out =
        edited().flat_map(|change| taken_out(change).map(|(at, subject)| take_out(change, at, subject)));
    let back = edited().flat_map(|change| taken_out(change).map(|(_, subject)| put_back(change, subject)));
    section("Add what stays", command("apply", &files.apply).into_iter().collect());
    section("Take the rest away", out.chain(command("delete", &files.remove)).collect());
    let added = command("delete", &files.apply);
    section("The way back", command("apply", &files.remove).into_iter().chain(back).chain(added).collect());
    let taken: Vec<String> = edited().map(|change| change.before.0.name.of_binding()).collect();
    let unbound: Vec<String> = proposal.unbound.iter().map(ObjectName::of_role).collect();
    let stays: Vec<String> = proposal.fixed.iter().map(|(binding, _)| binding.name.of_binding()).collect();
    for (title, names, note) in [
        ("Bindings that others keep", taken, EDITED),
        ("Roles that nothing binds any more", unbound, UNBOUND),
        ("Bindings of groups and of the system, which stay", stays, ""),
    ] {
        if !names.is_empty() {
            let _ = write!(text, "\n## {title}\n\n");
            for name in names {
                let _ = writeln!(text, "- {}", code(&name));
            }
            text.push_str(note);
        }
    }
    text
}

/// Where the subject stands in a binding that others keep, and as what.
fn taken_out<'a>(change: &'a Change<'_>) -> impl Iterator<Item = (usize, &'a Subject)> {
    let stays = |subject: &Subject| change.after.iter().any(|after| after.subjects.contains(subject));
    change.before.0.subjects.iter().enumerate().filter(move |(_, subject)| !stays(subject))
}

/// Takes a subject out of a binding: at its position, or at one before it, since others may have been taken out meanwhile. Each
/// attempt is one patch that the server makes only where the subject is what stands there.
fn take_out(change: &Change<'_>, at: usize, subject: &Subject) -> String {
    let binding = change.before.0;
    // The position is the shell's, between two quoted parts.
    let test = quote(&format!(
        "\",\"value\":{}}},{{\"op\":\"remove\",\"path\":\"/subjects/",
        // As it was read: to a ServiceAccount of the binding's own namespace the server adds none.
        manifest::subject(subject)
    ));
    format!(
        "for at in $(seq {at} -1 0); do\n  kubectl patch {} --type=json -p '[{{\"op\":\"test\",\"path\":\"/subjects/'$at{test}$at'\"}}]' \
         && break\ndone",
        named(binding)
    )
}

/// Binds a subject again.
fn put_back(change: &Change<'_>, subject: &Subject) -> String {
    let binding = change.before.0;
    let who = match subject {
        Subject::User(name) => format!("--user={}", quote(name)),
        Subject::Group(name) => format!("--group={}", quote(name)),
        Subject::ServiceAccount { namespace, name } => {
            let namespace = namespace.as_ref().or(binding.name.namespace.as_ref());
            let namespace = namespace.map(String::as_str).unwrap_or_default();
            format!("--serviceaccount={}", quote(&format!("{namespace}:{name}")))
        }
    };
    format!("kubectl set subject {} {who}", named(binding))
}

/// A binding, for kubectl.
fn named(binding: &Binding) -> String {
    match &binding.name.namespace {
        Some(namespace) => {
            format!(
                "{} --namespace={}",
                quote(&format!("rolebinding/{}", binding.name.name)),
                quote(namespace)
            )
        }
        None => quote(&format!("clusterrolebinding/{}", binding.name.name)),
    }
}
