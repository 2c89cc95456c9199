//! What a person does to put a proposal into force, and to take it back.

use std::fmt::Write as _;

use crate::evidence::PolicyEntry;
use crate::grant::PrincipalKind;
use crate::proposal::{Edit, NewPolicy, PolicyChange, Proposal};

/// The steps as Markdown with AWS CLI commands: first what adds, then what takes away, so that nothing is
/// missing in between; and the way back. `entries` are the proposal's changes with their files, in order.
pub(crate) fn steps(proposal: &Proposal, entries: &[PolicyEntry]) -> String {
    let mut arn = proposal.principal.split(':').skip(1);
    let subject = Subject {
        kind: proposal.kind,
        name: &proposal.name,
        partition: arn.next().unwrap_or_default(),
        account: arn.nth(2).unwrap_or_default(),
    };
    let mut adding = Vec::new();
    let mut removing = Vec::new();
    let mut back = Vec::new();
    for (change, entry) in proposal.changes.iter().zip(entries) {
        if change.edit == Edit::Keep {
            continue;
        }
        for (at, (new, file)) in change.after.iter().zip(&entry.after).enumerate() {
            subject.add(change, at, new, &file.file, &mut adding);
        }
        subject.remove(change, &entry.before, &mut removing, &mut back);
    }
    for group in &proposal.leaves_groups {
        let (user, group) = (quote(subject.name), quote(group));
        removing.push(format!("aws iam remove-user-from-group --user-name {user} --group-name {group}"));
        back.push(format!("aws iam add-user-to-group --user-name {user} --group-name {group}"));
    }
    let mut text = format!("# {} `{}`\n", proposal.kind.as_str(), proposal.name);
    let sections = [
        ("Add what stays", adding),
        ("Take the rest away", removing),
        ("The way back (old documents are in `before/`)", back),
    ];
    for (title, commands) in sections {
        if !commands.is_empty() {
            let _ = write!(text, "\n## {title}\n\n```sh\n{}\n```\n", commands.join("\n"));
        }
    }
    text
}

struct Subject<'a> {
    kind: PrincipalKind,
    name: &'a str,
    /// `aws`, or `aws-cn` and the like.
    partition: &'a str,
    account: &'a str,
}

impl Subject<'_> {
    fn add(&self, change: &PolicyChange, at: usize, new: &NewPolicy, file: &str, commands: &mut Vec<String>) {
        let (kind, subject, policy) = (self.kind.as_str(), quote(self.name), quote(&new.name));
        if new.inline {
            commands.push(format!(
                "aws iam put-{kind}-policy --{kind}-name {subject} --policy-name {policy} --policy-document {}",
                quote(&format!("file://{file}"))
            ));
            return;
        }
        let existing = change.arn.as_deref().filter(|_| at == 0);
        let attach = |arn: &str| {
            format!("aws iam attach-{kind}-policy --{kind}-name {subject} --policy-arn {}", quote(arn))
        };
        match (change.edit, existing) {
            (Edit::Attach, Some(arn)) => commands.push(attach(arn)),
            (Edit::NewVersion, Some(arn)) => {
                let arn = quote(arn);
                if let Some(surplus) = change.versions.as_ref().and_then(|versions| versions.surplus.as_ref())
                {
                    let surplus = quote(surplus);
                    commands.push(format!(
                        "aws iam delete-policy-version --policy-arn {arn} --version-id {surplus}"
                    ));
                }
                commands.push(format!(
                    "aws iam create-policy-version --policy-arn {arn} --policy-document {} --set-as-default",
                    quote(&format!("file://{file}"))
                ));
            }
            _ => {
                commands.push(format!(
                    "aws iam create-policy --policy-name {policy} --policy-document {}",
                    quote(&format!("file://{file}"))
                ));
                let (partition, account) = (self.partition, self.account);
                commands.push(attach(&format!("arn:{partition}:iam::{account}:policy/{}", new.name)));
            }
        }
    }

    fn remove(
        &self,
        change: &PolicyChange,
        before: &str,
        commands: &mut Vec<String>,
        back: &mut Vec<String>,
    ) {
        let before = quote(&format!("file://{before}"));
        let (kind, subject) = (self.kind.as_str(), quote(self.name));
        let policy = quote(&change.name);
        let put_back = || {
            format!(
                "aws iam put-{kind}-policy --{kind}-name {subject} --policy-name {policy} --policy-document {before}"
            )
        };
        match (change.edit, change.arn.as_deref(), &change.group) {
            (Edit::PutInline, ..) => back.push(put_back()),
            (Edit::NewVersion, Some(arn), _) => back.push(match &change.versions {
                // The old version is still there, and there may be no room for another.
                Some(versions) => format!(
                    "aws iam set-default-policy-version --policy-arn {} --version-id {}",
                    quote(arn),
                    quote(&versions.default)
                ),
                None => format!(
                    "aws iam create-policy-version --policy-arn {} --policy-document {before} --set-as-default",
                    quote(arn)
                ),
            }),
            (Edit::Replace | Edit::Remove, Some(arn), None) => {
                let arn = quote(arn);
                commands
                    .push(format!("aws iam detach-{kind}-policy --{kind}-name {subject} --policy-arn {arn}"));
                back.push(format!("aws iam attach-{kind}-policy --{kind}-name {subject} --policy-arn {arn}"));
            }
            (Edit::Replace | Edit::Remove, None, None) => {
                commands.push(format!(
                    "aws iam delete-{kind}-policy --{kind}-name {subject} --policy-name {policy}"
                ));
                back.push(put_back());
            }
            _ => {}
        }
    }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
