//! Reads grants from files and folders: account authorization details, bare policy documents, and manifests of
//! Kubernetes.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use remit_policy::link::Identities;
use remit_policy::rbac::{State, read_objects};
use remit_policy::{Account, AccountFile, BareDocument, Origin, Problem, read_account};
use serde_json::value::RawValue;

use crate::manifests;

/// Everything that is granted, as far as the input shows.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    /// Of accounts of AWS.
    pub(crate) account: Account,
    /// Roles and bindings of a cluster.
    pub(crate) rbac: State,
    /// Its service accounts, and what they become elsewhere.
    pub(crate) identities: Identities,
    /// What of these could not be read; the account has its own.
    pub(crate) problems: Vec<Problem>,
}

/// A file of the grants, as given by the user.
struct GrantFile {
    path: PathBuf,
    text: String,
    /// For a file found in a folder, its path below the folder.
    below: Option<PathBuf>,
    content: Content,
}

/// What a file holds, as it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// All that is not JSON, and JSON whose first object has a kind: whoever takes lists apart may have left out the version.
    Manifests,
    /// What a cluster's service accounts become elsewhere.
    Identities,
    /// All else is of an account.
    Account,
}

/// Where grants come from.
const HINT: &str = "hint: `aws iam get-account-authorization-details > account.json` writes an account's grants, and \
                    `remit pull kubernetes --out DIR` a cluster's";

/// Largest file read: an account's details are some megabytes.
const LARGEST: u64 = 1 << 30;

/// Reads every path. `principals` are those that the ledger knows, to which bare documents are matched by
/// name; `principal` says whose bare documents are, whatever their names.
pub(crate) fn read(
    paths: &[PathBuf],
    principal: Option<&str>,
    principals: &BTreeSet<String>,
) -> anyhow::Result<Grants> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        bail!("no JSON or YAML file in {}\n{HINT}", list(paths));
    }
    let (of_kubernetes, files): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.content != Content::Account);
    let mut grants = kubernetes(&of_kubernetes);
    if files.is_empty() {
        return Ok(grants);
    }
    let (bare, details): (Vec<_>, Vec<_>) = files.iter().partition(|file| is_bare(&file.text));
    let names: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    let name_of = |file: &GrantFile| {
        files
            .iter()
            .position(|other| other.path == file.path)
            .and_then(|at| names.get(at))
            .map_or("", String::as_str)
    };
    let details: Vec<_> =
        details.iter().map(|file| AccountFile { name: name_of(file), text: &file.text }).collect();
    let mut account = if details.is_empty() { Account::default() } else { read_account(&details) };
    let documents: Vec<_> = bare
        .iter()
        .map(|file| BareDocument {
            file: AccountFile { name: name_of(file), text: &file.text },
            name: stem(&file.path),
            principal: whose(file, principal, principals),
        })
        .collect();
    account.add_bare(&documents);
    grants.account = account;
    Ok(grants)
}

/// Reads manifests. Values of charts and the like beside them are passed over, but not a file without any that was named.
fn kubernetes(files: &[GrantFile]) -> Grants {
    let mut grants = Grants::default();
    let mut objects = Vec::new();
    for file in files {
        let name = file.path.display().to_string();
        if file.content == Content::Identities {
            read_identities(file, &name, &mut grants.identities);
            continue;
        }
        let (mut is_any, mut unreadable) = (false, Vec::new());
        let mut rest = manifests::each(&name, &file.text, &mut |manifest| {
            is_any = true;
            let (mut read, mut problems) = read_objects(&manifest.value, &manifest.origin);
            objects.append(&mut read);
            unreadable.append(&mut problems);
            grants.identities.read(&manifest.value, &manifest.origin);
        });
        if !is_any && rest.problems.is_empty() && file.below.is_none() {
            let message = format!("no manifest found in {} documents\n{HINT}", rest.others);
            rest.problems.push(Problem { file: name, line: 1, message, principal: None });
        }
        grants.problems.append(&mut rest.problems);
        grants.problems.append(&mut unreadable);
    }
    grants.problems.append(&mut grants.identities.problems);
    grants.rbac = State::new(objects);
    // From a live cluster they have rules already, and nothing is added.
    grants.rbac.aggregate();
    grants
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

fn collect(path: &Path, files: &mut Vec<GrantFile>) -> anyhow::Result<()> {
    let metadata = fs::metadata(path).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::NotFound => {
                "\nhint: `--grants` takes all paths behind it, so name a principal before it"
            }
            _ => "",
        };
        anyhow::anyhow!("cannot read grants `{}`: {error}{hint}", path.display())
    })?;
    if !metadata.is_dir() {
        files.push(read_one(path, None)?);
        return Ok(());
    }
    let mut found = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read folder `{}`", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read folder `{}`", folder.display()))?;
            let kind =
                entry.file_type().with_context(|| format!("cannot read `{}`", entry.path().display()))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if is_read(&entry.path()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    for file in found {
        let below = file.strip_prefix(path).ok().map(Path::to_owned);
        files.push(read_one(&file, below)?);
    }
    Ok(())
}

fn read_one(path: &Path, below: Option<PathBuf>) -> anyhow::Result<GrantFile> {
    let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size > LARGEST {
        bail!(
            "grants `{}` are {size} bytes, more than {LARGEST}\nhint: give each page of the account's details as a file",
            path.display()
        );
    }
    let bytes = fs::read(path).with_context(|| format!("cannot read grants `{}`", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        anyhow::anyhow!("grants `{}` are not UTF-8 text: {error}\n{HINT}", path.display())
    })?;
    let content = Content::of(&text);
    Ok(GrantFile { path: path.to_owned(), text, below, content })
}

/// Reads what commands print of identities: `aws eks describe-pod-identity-association`, and those of Google Cloud and Azure that tell
/// who may become theirs.
fn read_identities(file: &GrantFile, name: &str, identities: &mut Identities) {
    let origin = Origin { file: name.to_owned(), line: 1 };
    let text = file.text.trim_start_matches('\u{feff}');
    for raw in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let value = raw
            .and_then(|raw| serde_json::from_str::<serde_json::Value>(raw.get()).map(|value| (raw, value)));
        match value {
            Ok((raw, value)) => match Probe::of(raw.get()) {
                Some(probe) if probe.is_association() => {
                    identities.read_associations(&value, &origin);
                }
                // Of what else is exported, nothing is asked here.
                Some(probe) if !probe.is_of_identities() => {}
                _ => identities.read_cloud(&value, &whom(&file.path), &origin),
            },
            Err(error) => {
                let line = u32::try_from(error.line()).unwrap_or(1);
                let message = format!("not read to the end: {error}");
                identities.problems.push(Problem { file: name.to_owned(), line, message, principal: None });
                break;
            }
        }
    }
}

/// What a file is called, without its ending.
fn whom(path: &Path) -> String {
    let is_ending = path.extension().is_some_and(|ending| ending == "json");
    let name = if is_ending { path.file_stem() } else { path.file_name() };
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Content {
    fn of(text: &str) -> Self {
        if !manifests::is_json(text) {
            return Self::Manifests;
        }
        let mut values = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter();
        let first = values.next().and_then(Result::<&RawValue, _>::ok);
        match first.map(|first| Probe::of(first.get())) {
            Some(Some(probe)) if probe.has("kind") => Self::Manifests,
            Some(Some(probe)) if probe.is_of_identities() => Self::Identities,
            // An identity of Azure without credentials has an empty list of them.
            Some(None) => Self::Identities,
            _ => Self::Account,
        }
    }
}

/// What tells files of a cluster, and of what its service accounts become, from others: the fields of a value.
#[derive(Default)]
struct Probe<'a> {
    fields: HashMap<String, &'a RawValue>,
    /// Whether it is of a list as Azure's interface answers it.
    is_listed: bool,
}

impl<'a> Probe<'a> {
    /// Of a value, or of the first of a list; nothing of an empty one.
    fn of(text: &'a str) -> Option<Self> {
        // The rest of a list is not looked at, however long it is.
        let first = |list: &'a str, is_listed| {
            let items = list.trim_start().strip_prefix('[')?.trim_start();
            let mut values = serde_json::Deserializer::from_str(items).into_iter();
            let fields = || values.next().and_then(Result::ok).unwrap_or_default();
            (!items.starts_with(']')).then(fields).map(|fields| Self { fields, is_listed })
        };
        if text.trim_start().starts_with('[') {
            return first(text, false);
        }
        let fields = serde_json::from_str(text).unwrap_or_default();
        let probe = Self { fields, is_listed: false };
        match probe.fields.get("value").filter(|_| !probe.has("kind")) {
            Some(list) if list.get().starts_with('[') => first(list.get(), true),
            _ => Some(probe),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value.get() != "null")
    }

    fn is_association(&self) -> bool {
        self.has("association") || self.has("associations")
    }

    fn is_of_identities(&self) -> bool {
        // A policy of Google Cloud, which without bindings has a tag alone, by itself or of an asset that was exported or searched for.
        let is_policy = ["bindings", "etag", "iam_policy", "iamPolicy"].iter().any(|name| self.has(name))
            || (self.has("policy") && self.has("resource"));
        let is_credential =
            self.has("issuer") && (self.has("subject") || self.has("claimsMatchingExpression"));
        // Elsewhere than in such a list, as in schemas, properties mean something else.
        let is_identity =
            self.has("id") && (self.has("clientId") || (self.is_listed && self.has("properties")));
        !self.has("kind") && (self.is_association() || is_policy || is_credential || is_identity)
    }
}

/// Whether a file of a folder may hold grants.
fn is_read(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["json", "yaml", "yml"].iter().any(|one| extension == *one))
}

/// Whether the text is a policy document rather than account details.
fn is_bare(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Probe<'a> {
        #[serde(borrow, rename = "Statement")]
        statement: Option<&'a RawValue>,
    }
    serde_json::from_str::<Probe<'_>>(text).is_ok_and(|probe| probe.statement.is_some())
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whose a bare document is: the principal given, or the one named like the folder that holds the file,
/// or like the file.
fn whose(file: &GrantFile, principal: Option<&str>, principals: &BTreeSet<String>) -> Result<String, String> {
    if let Some(principal) = principal {
        return Ok(principal.to_owned());
    }
    let folder = file
        .below
        .as_ref()
        .and_then(|below| below.components().next().filter(|_| below.components().count() > 1))
        .map(|folder| folder.as_os_str().to_string_lossy().into_owned());
    let name = folder.unwrap_or_else(|| stem(&file.path));
    let is_named = |arn: &&String| {
        let resource = arn.rsplit(':').next().unwrap_or_default();
        let is_editable = resource.starts_with("role/") || resource.starts_with("user/");
        is_editable && resource.rsplit('/').next() == Some(name.as_str())
    };
    let named: Vec<_> = principals.iter().filter(is_named).collect();
    match named.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(format!(
            "no principal in the ledger is named `{name}`\nhint: give `--principal ARN`, or name the file or \
             its folder like the role or user"
        )),
        _ => {
            Err(format!("several principals in the ledger are named `{name}`\nhint: give `--principal ARN`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_that_is_not_there_may_be_a_principal() {
        let why = |below: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(below);
            read(&[path], None, &BTreeSet::new()).unwrap_err().to_string()
        };
        assert!(why("app").contains("so name a principal before it"));
        let below_a_file = why("Cargo.toml/app");
        assert!(
            below_a_file.contains("cannot read grants") && !below_a_file.contains("hint"),
            "{below_a_file}"
        );
    }

    #[test]
    fn files_go_where_what_they_begin_with_says() {
        let is_routed = |text: &str| Content::of(text) != Content::Account;
        let of_a_cluster = [
            r#"{"kind": "Role", "policy": 1, "issuer": 2}"#,
            r#"[{"kind": "Role"}, 5]"#,
            r#"{"associations": []}"#,
            r#"{"bindings": [], "etag": "BwX"}"#,
            r#"{"etag": "ACAB"}"#,
            r#"[{"resource": "//x", "policy": {}}]"#,
            r#"{"name": "//x", "iam_policy": {}} {"cut"#,
            r#"[{"clientId": "c", "id": "/x"}]"#,
            r#"[{"issuer": "https://x", "subject": "s"}]"#,
            r#"{"value": [{"id": "/x", "properties": {}}]}"#,
            r#"{"value": []}"#,
            " [ ] ",
        ];
        for text in of_a_cluster {
            assert!(is_routed(text), "{text}");
        }
        let of_an_account = [
            r#"{"UserDetailList": []}"#,
            r#"{"Version": "2012-10-17", "Statement": []}"#,
            r#"{"type": "object", "id": "x", "properties": {"kind": {}}}"#,
            r#"{"issuer": "https://x", "jwks_uri": "https://x/keys"}"#,
            r#"{"clientId": "c", "clientSecret": "s"}"#,
            r#"{"policy": {}}"#,
            r#"{"value": {"sensitive": false}}"#,
            "[1, 2]",
            "[[[",
            "{",
        ];
        for text in of_an_account {
            assert!(!is_routed(text), "{text}");
        }
    }
}
