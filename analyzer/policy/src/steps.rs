//! What a person does to put a proposal into force, and to take it back.

mod attachments;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use self::attachments::{Exchange, Swap};
use crate::evidence::{AfterEntry, PolicyEntry};
use crate::grant::Versions;
use crate::markdown::code;
use crate::proposal::Edit;
use crate::shell::{block, option};

/// The steps as Markdown with AWS CLI commands: first what adds, then what puts one document in the place of another, then what
/// takes away, so that nothing is missing in between; and the way back. All of it is in the evidence, so that it can be made again of that.
pub(crate) fn steps(
    principal: &str,
    kind: &str,
    leaves_groups: &BTreeSet<String>,
    entries: &[PolicyEntry],
) -> String {
    let subject = Subject::of(principal, kind);
    let mut forth = Commands::default();
    let mut back = Commands::default();
    for entry in entries.iter().filter(|entry| entry.edit != Edit::Keep) {
        subject.change(entry, &mut forth, &mut back);
    }
    let user = option("--user-name", subject.name);
    let attached = entries.iter().filter(|entry| is_attached(entry)).count();
    for group in leaves_groups {
        let group = option("--group-name", group);
        forth.last.push(format!("aws iam remove-user-from-group {user} {group}"));
        back.first.push(format!("aws iam add-user-to-group {user} {group}"));
    }
    let mut text = format!("# {kind} {}\n", code(subject.name));
    let after = attached + forth.added() - forth.taken();
    let forth = forth.in_order(attached, attached.max(after), &subject);
    section("Add what stays", &forth.adding, &mut text);
    section(CROWDED, &forth.exchanging, &mut text);
    section(REPLACING, &forth.replacing, &mut text);
    section("Take the rest away", &forth.taking, &mut text);
    let back = back.in_order(after, attached.max(after), &subject);
    let back = [back.adding, back.exchanging, back.replacing, back.taking].concat();
    section("The way back (old documents are in `before/`)", &back, &mut text);
    text
}

/// More than the provider attaches would be attached if all were added first.
const CROWDED: &str = "Change what is attached, one after the other: there is no room for all at once";

/// One document takes the place of another, so that what is not in it is gone at once.
const REPLACING: &str = "Replace what is narrowed: what goes is gone with this";

/// Commands stop at the first that fails, without ending the shell that they are pasted into.
fn section(title: &str, commands: &[String], text: &mut String) {
    if !commands.is_empty() {
        let lines = format!("(\nset -e\n{}\n)", commands.join("\n"));
        let _ = write!(text, "\n## {title}\n\n{}", block(&lines));
    }
}

/// Whether a policy is a managed one that is attached to the principal itself today.
fn is_attached(entry: &PolicyEntry) -> bool {
    let is_managed =
        entry.arn.is_some() || entry.after.iter().any(|new| !new.inline && entry.edit == Edit::Keep);
    entry.group.is_none() && is_managed
}

/// What is done one way.
#[derive(Default)]
struct Commands {
    /// What adds, but for attachments.
    first: Vec<String>,
    swaps: Vec<Swap>,
    /// What puts a document in the place of another.
    then: Vec<String>,
    /// What takes away, but for attachments.
    last: Vec<String>,
}

/// The same in the order in which it is done.
struct Ordered {
    adding: Vec<String>,
    exchanging: Vec<String>,
    replacing: Vec<String>,
    taking: Vec<String>,
}

impl Commands {
    fn added(&self) -> usize {
        self.swaps.iter().map(|swap| swap.attach.len()).sum()
    }

    fn taken(&self) -> usize {
        self.swaps.iter().map(|swap| swap.detach.len()).sum()
    }

    /// `attached` policies are there before, and never need more than `most` be there.
    fn in_order(self, attached: usize, most: usize, subject: &Subject<'_>) -> Ordered {
        let exchange = Exchange::of(self.swaps, attached, most);
        let attach = |arn: &String| subject.attachment("attach", arn);
        let detach = |arn: &String| subject.attachment("detach", arn);
        match exchange {
            Exchange::AtOnce { attach: added, detach: taken } => Ordered {
                adding: self.first.into_iter().chain(added.iter().map(attach)).collect(),
                exchanging: Vec::new(),
                replacing: self.then,
                taking: taken.iter().map(detach).chain(self.last).collect(),
            },
            Exchange::InTurn(turns) => Ordered {
                adding: self.first,
                exchanging: turns
                    .iter()
                    .map(|turn| match turn {
                        attachments::Turn::Attach(arn) => attach(arn),
                        attachments::Turn::Detach(arn) => detach(arn),
                        attachments::Turn::Gap => {
                            "# what comes next is missing until it is attached".to_owned()
                        }
                    })
                    .collect(),
                replacing: self.then,
                taking: self.last,
            },
        }
    }
}

struct Subject<'a> {
    /// `role` or `user`.
    kind: &'a str,
    name: &'a str,
    /// `aws`, or `aws-cn` and the like.
    partition: &'a str,
    account: &'a str,
}

impl<'a> Subject<'a> {
    fn of(principal: &'a str, kind: &'a str) -> Self {
        let mut arn = principal.split(':').skip(1);
        Self {
            kind,
            name: principal.rsplit('/').next().unwrap_or_default(),
            partition: arn.next().unwrap_or_default(),
            account: arn.nth(2).unwrap_or_default(),
        }
    }

    fn attachment(&self, verb: &str, arn: &str) -> String {
        let kind = self.kind;
        format!("aws iam {verb}-{kind}-policy {} {}", self.named(), option("--policy-arn", arn))
    }

    fn put(&self, policy: &str, file: &str) -> String {
        let kind = self.kind;
        format!(
            "aws iam put-{kind}-policy {} {} {}",
            self.named(),
            option("--policy-name", policy),
            document(file)
        )
    }

    fn delete(&self, policy: &str) -> String {
        let kind = self.kind;
        format!("aws iam delete-{kind}-policy {} {}", self.named(), option("--policy-name", policy))
    }

    /// Whom a command is about.
    fn named(&self) -> String {
        option(&format!("--{}-name", self.kind), self.name)
    }

    /// The ARN that a policy gets which is made for this principal.
    fn arn_of(&self, new: &AfterEntry) -> String {
        format!("arn:{}:iam::{}:policy/{}", self.partition, self.account, new.name)
    }

    fn change(&self, entry: &PolicyEntry, forth: &mut Commands, back: &mut Commands) {
        let mut swap = Swap::default();
        for (at, new) in entry.after.iter().enumerate() {
            match (entry.edit, entry.arn.as_deref().filter(|_| at == 0)) {
                (Edit::PutInline, _) if new.inline && new.name == entry.name => {
                    forth.then.push(self.put(&new.name, &new.file));
                }
                _ if new.inline => forth.first.push(self.put(&new.name, &new.file)),
                (Edit::Attach, Some(arn)) => swap.attach.push(arn.to_owned()),
                // What of it is in policies of its own is there before the version is that leaves it out.
                (Edit::NewVersion, Some(arn)) => new_version(
                    arn,
                    entry.versions.as_ref(),
                    &entry.before,
                    &new.file,
                    &mut forth.then,
                    &mut back.first,
                ),
                _ => {
                    forth.first.push(format!(
                        "aws iam create-policy {} {}",
                        option("--policy-name", &new.name),
                        document(&new.file)
                    ));
                    let arn = self.arn_of(new);
                    back.last.push(format!("aws iam delete-policy {}", option("--policy-arn", &arn)));
                    swap.attach.push(arn);
                }
            }
        }
        match (entry.edit, entry.arn.as_deref(), &entry.group) {
            (Edit::PutInline, ..) => back.first.push(self.put(&entry.name, &entry.before)),
            (Edit::Replace | Edit::Remove, Some(arn), None) => swap.detach.push(arn.to_owned()),
            (Edit::Replace | Edit::Remove, None, None) => {
                forth.last.push(self.delete(&entry.name));
                back.first.push(self.put(&entry.name, &entry.before));
            }
            _ => {}
        }
        back.swaps.push(Swap { attach: swap.detach.clone(), detach: swap.attach.clone() });
        forth.swaps.push(swap);
    }
}

fn new_version(
    arn: &str,
    versions: Option<&Versions>,
    before: &str,
    after: &str,
    forth: &mut Vec<String>,
    back: &mut Vec<String>,
) {
    let create = |file: &str| {
        format!(
            "aws iam create-policy-version {} {} --set-as-default",
            option("--policy-arn", arn),
            document(file)
        )
    };
    if let Some(surplus) = versions.and_then(|versions| versions.surplus.as_ref()) {
        forth.push(format!(
            "aws iam delete-policy-version {} {}",
            option("--policy-arn", arn),
            option("--version-id", surplus)
        ));
    }
    forth.push(create(after));
    back.push(match versions {
        // The old version is still there, and there may be no room for another.
        Some(versions) => format!(
            "aws iam set-default-policy-version {} {}",
            option("--policy-arn", arn),
            option("--version-id", &versions.default)
        ),
        None => create(before),
    });
}

fn document(file: &str) -> String {
    option("--policy-document", &format!("file://{file}"))
}

#[cfg(test)]
mod tests;
