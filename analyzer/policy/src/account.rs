//! Reads what `aws iam get-account-authorization-details` prints: one page or many.
//! Source: AWS IAM API reference, `GetAccountAuthorizationDetails`.

mod attach;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::grant::{Account, Origin, Policy, PolicyKind, Problem, Versions};
use crate::link::TrustPolicy;
use crate::{Document, ParseError};

/// A file of account authorization details.
#[derive(Clone, Copy, Debug)]
pub struct AccountFile<'a> {
    /// The file's name, for origins and messages.
    pub name: &'a str,
    /// Its text: one JSON object, several after one another, or a list of them.
    pub text: &'a str,
}

/// Reads the grants of an account from all its pages. What cannot be read becomes a [`Problem`], and
/// every principal that it concerns is named there, so that nothing is concluded about its grants.
pub fn read_account(files: &[AccountFile<'_>]) -> Account {
    let mut reading = Reading::default();
    for file in files {
        reading.file(&Lines::new(*file));
    }
    reading.missing_pages();
    attach::attach(reading)
}

/// What has been read before policies and principals are joined.
#[derive(Default)]
struct Reading {
    policies: Vec<Policy>,
    managed: BTreeMap<String, usize>,
    roles: BTreeMap<String, Holder>,
    users: BTreeMap<String, Holder>,
    /// By account and name: users name their groups without an account.
    groups: BTreeMap<(String, String), Holder>,
    trusts: BTreeMap<String, TrustPolicy>,
    /// Accounts with a page that others follow, and the file of the first such.
    followed: BTreeMap<String, String>,
    /// Accounts with a page that is the last.
    ended: BTreeSet<String>,
    problems: Vec<Problem>,
}

/// A role, user or group as read, its managed policies still named by ARN.
struct Holder {
    arn: String,
    name: String,
    path: String,
    created: Option<i64>,
    inline: Vec<usize>,
    managed: Vec<String>,
    boundary: Option<String>,
    groups: Vec<String>,
    tags: BTreeMap<String, String>,
    file: String,
}

impl Reading {
    fn file(&mut self, file: &Lines<'_>) {
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(file.text);
        let mut seen_any = false;
        for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            let (base, pages) = match value {
                Ok(value) => (file.line_of(value.get()), wire::pages(value)),
                Err(error) => (1, Err(error)),
            };
            match pages {
                Ok(pages) => {
                    for page in pages {
                        seen_any |= !page.is_empty();
                        self.page(file, page);
                    }
                }
                Err(error) => {
                    let line = u32::try_from(error.line()).unwrap_or(1).saturating_add(base - 1);
                    self.problem(file.name, line, format!("cannot read account details: {error}"), None);
                    return;
                }
            }
        }
        if !seen_any {
            let message = "no roles, users or policies found\nhint: give the output of `aws iam get-account-authorization-details`";
            self.problem(file.name, 1, message.to_owned(), None);
        }
    }

    fn page(&mut self, file: &Lines<'_>, page: wire::Page<'_>) {
        if page.is_followed() {
            self.followed.entry(page.account().to_owned()).or_insert_with(|| file.name.to_owned());
        } else if page.is_last() {
            self.ended.insert(page.account().to_owned());
        }
        for policy in page.policies {
            self.managed_policy(file, &policy);
        }
        // Pages that overlap repeat holders whole; the first counts.
        for role in page.roles {
            if !self.roles.contains_key(&*role.arn) {
                let holder = self.holder(file, &role);
                self.trust(file, &role);
                self.roles.insert(holder.arn.clone(), holder);
            }
        }
        for user in page.users {
            if !self.users.contains_key(&*user.arn) {
                let holder = self.holder(file, &user);
                self.users.insert(holder.arn.clone(), holder);
            }
        }
        for group in page.groups {
            let key = (account_of(&group.arn).to_owned(), group.name.to_string());
            if !self.groups.contains_key(&key) {
                let holder = self.holder(file, &group);
                self.groups.insert(key, holder);
            }
        }
    }

    /// Tells of accounts whose last page is not there. A page that names no account may be any's.
    fn missing_pages(&mut self) {
        for (account, file) in std::mem::take(&mut self.followed) {
            let is_ended = match account.as_str() {
                "" => !self.ended.is_empty(),
                account => self.ended.contains(account) || self.ended.contains(""),
            };
            if !is_ended {
                let of = if account.is_empty() { String::new() } else { format!(" of account `{account}`") };
                let message = format!(
                    "pages{of} are missing: others follow those that are there\n\
                     hint: `aws iam get-account-authorization-details` without `--max-items` prints all of them"
                );
                self.problem(&file, 1, message, None);
            }
        }
    }

    fn managed_policy(&mut self, file: &Lines<'_>, policy: &wire::ManagedPolicy<'_>) {
        if self.managed.contains_key(&*policy.arn) {
            return;
        }
        let Some(version) = policy.versions.iter().find(|version| version.is_default) else {
            let message = format!("policy `{}` has no default version", policy.arn);
            return self.problem(file.name, 1, message, None);
        };
        let (line, document) = document(file, version.document);
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                let message = format!("policy `{}`: {error}", policy.arn);
                return self.problem(file.name, line, message, None);
            }
        };
        let provider = account_of(&policy.arn) == "aws";
        let kind = if provider { PolicyKind::ProviderManaged } else { PolicyKind::CustomerManaged };
        self.managed.insert(policy.arn.to_string(), self.policies.len());
        self.policies.push(Policy {
            name: policy.name.to_string(),
            arn: Some(policy.arn.to_string()),
            kind,
            origin: Origin { file: file.name.to_owned(), line },
            document,
            holders: Vec::new(),
            attachment_count: policy.attachment_count.unwrap_or(0),
            is_boundary: policy.boundary_count.unwrap_or(0) > 0,
            versions: versions(policy),
            since: version.created.as_deref().and_then(timestamp),
        });
    }

    fn holder(&mut self, file: &Lines<'_>, holder: &wire::Holder<'_>) -> Holder {
        let mut inline = Vec::new();
        let created = holder.created.as_deref().and_then(timestamp);
        for policy in &holder.inline {
            let (line, document) = document(file, policy.document);
            match document {
                Ok(document) => {
                    inline.push(self.policies.len());
                    self.policies.push(Policy {
                        name: policy.name.to_string(),
                        arn: None,
                        kind: PolicyKind::Inline,
                        origin: Origin { file: file.name.to_owned(), line },
                        document,
                        holders: vec![holder.arn.to_string()],
                        attachment_count: 1,
                        is_boundary: false,
                        versions: None,
                        since: created,
                    });
                }
                Err(error) => {
                    let message = format!("policy `{}` of `{}`: {error}", policy.name, holder.arn);
                    self.problem(file.name, line, message, Some(holder.arn.to_string()));
                }
            }
        }
        Holder {
            arn: holder.arn.to_string(),
            name: holder.name.to_string(),
            path: holder.path.to_string(),
            created,
            inline,
            managed: holder.managed.iter().map(|policy| policy.arn.to_string()).collect(),
            boundary: holder.boundary.as_ref().map(|boundary| boundary.arn.to_string()),
            groups: holder.groups.iter().map(ToString::to_string).collect(),
            tags: holder.tags.iter().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect(),
            file: file.name.to_owned(),
        }
    }

    /// A trust policy grants the role nothing, so that what cannot be read of it leaves the role's grants complete.
    fn trust(&mut self, file: &Lines<'_>, role: &wire::Holder<'_>) {
        let Some(raw) = role.trust else { return };
        let (line, document) = document(file, raw);
        match document {
            Ok(document) => {
                let origin = Origin { file: file.name.to_owned(), line };
                self.trusts.insert(role.arn.to_string(), TrustPolicy { document, origin });
            }
            Err(error) => {
                let message = format!("trust policy of `{}`: {error}", role.arn);
                self.problem(file.name, line, message, None);
            }
        }
    }

    fn problem(&mut self, file: &str, line: u32, message: String, principal: Option<String>) {
        self.problems.push(Problem { file: file.to_owned(), line, message, principal });
    }
}

/// The account of an ARN, which is its fifth field; empty where it has none.
pub fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// How many versions of a managed policy the provider takes. Source: AWS IAM User Guide, "IAM and AWS STS quotas".
const MOST_VERSIONS: usize = 5;

fn versions(policy: &wire::ManagedPolicy<'_>) -> Option<Versions> {
    let default = policy.versions.iter().find(|version| version.is_default)?.id.as_ref()?.to_string();
    let others = policy.versions.iter().filter(|version| !version.is_default);
    // Ids are `v1`, `v2` and so on.
    let oldest = others.filter_map(|version| version.id.as_ref()).min_by_key(|id| (id.len(), id.to_string()));
    let surplus = oldest.filter(|_| policy.versions.len() >= MOST_VERSIONS).map(ToString::to_string);
    Some(Versions { default, surplus })
}

/// The document and the line of the file on which it starts. The CLI prints documents as JSON; some
/// SDKs hand them on as the URL-encoded string that the API itself returns.
fn document(file: &Lines<'_>, raw: &RawValue) -> (u32, Result<Document, ParseError>) {
    let line = file.line_of(raw.get());
    if let Ok(encoded) = serde_json::from_str::<String>(raw.get()) {
        let decoded = percent_encoding::percent_decode_str(&encoded).decode_utf8_lossy();
        return (line, crate::parse(&decoded));
    }
    let document = crate::parse(raw.get()).map(|mut document| {
        for statement in &mut document.statements {
            statement.line = statement.line.saturating_add(line - 1);
        }
        document
    });
    (line, document)
}

/// A file with the offsets of its line ends, so that a line is found without walking the text again.
struct Lines<'a> {
    name: &'a str,
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(file: AccountFile<'a>) -> Self {
        let ends = file.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { name: file.name, text: file.text, ends: ends.map(|(at, _)| at).collect() }
    }

    /// Line, from 1, on which a part of the text starts.
    fn line_of(&self, part: &str) -> u32 {
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let before = self.ends.partition_point(|end| *end < start);
        u32::try_from(before).unwrap_or(u32::MAX - 1) + 1
    }
}

/// Microseconds since the epoch of a time as the CLI or an SDK prints it.
fn timestamp(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests;
