//! Where repositories say what an account or a cluster grants.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use remit_policy::{Account, Origin, Policy, PolicyKind};
use remit_source::{Found, Grant, Held, Known, Limits, ReadError, Repository};

use crate::grants::Grants;

/// The places of policies and identities in repositories.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    /// By the place of a policy in the account.
    policies: BTreeMap<usize, Origin>,
    /// Where an identity is made, by its ARN; none where several places make one of its name.
    made: BTreeMap<String, Option<Origin>>,
    /// By ARN or user name: where an identity gets its permissions.
    granted: BTreeMap<String, Vec<Origin>>,
    /// What could not be read; the rest was.
    pub(crate) problems: Vec<String>,
}

impl Written {
    /// Finds all grants in some folders. Of a policy the first counts that has it.
    pub(crate) fn read(folders: &[PathBuf], grants: &Grants) -> Result<Self, ReadError> {
        let mut written = Self::default();
        for folder in folders {
            let repository = Repository::read(folder, Limits::default())?;
            let problems = repository.problems.iter();
            written.problems.extend(problems.map(|problem| problem.told(&within(folder, &problem.path))));
            written.add(folder, &repository, grants);
        }
        Ok(written)
    }

    /// Where a policy of the account is written.
    pub(crate) fn policy(&self, at: usize) -> Option<&Origin> {
        self.policies.get(&at)
    }

    /// Where an identity is made, as far as one place alone makes it.
    pub(crate) fn made(&self, name: &str) -> Option<&Origin> {
        self.made.get(name)?.as_ref()
    }

    /// Where an identity is made, and where it gets its permissions.
    pub(crate) fn identity<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Origin> {
        let made = self.made(name);
        let granted = self.granted.get(name).map(Vec::as_slice).unwrap_or_default();
        made.into_iter().chain(granted.iter().filter(move |origin| Some(*origin) != made))
    }

    /// The files of these.
    pub(crate) fn files<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.identity(name).map(|origin| origin.file.as_str())
    }

    fn add(&mut self, folder: &Path, repository: &Repository, grants: &Grants) {
        let here = |file: usize, line: u32| Origin { file: within(folder, repository.path(file)), line };
        let found = |grant: &Grant<'_>| match repository.find(grant) {
            Found::One { place, .. } => {
                repository.places.get(place).map(|place| here(place.file, place.line))
            }
            Found::Several(_) | Found::None => None,
        };
        let known = known(&grants.account);
        for ((at, _), held) in editable(&grants.account).zip(known.policies()) {
            let place = match repository.find(&held.grant()) {
                Found::One { place, .. } if repository.doubt(place, held, &known).is_none() => place,
                _ => continue,
            };
            if let Some(place) = repository.places.get(place) {
                self.policies.entry(at).or_insert(here(place.file, place.line));
            }
        }
        let mut made: BTreeMap<&str, Vec<Origin>> = BTreeMap::new();
        for one in repository.declared() {
            for name in one.bounded().filter_map(|(holder, _)| holder.known()) {
                made.entry(name).or_default().push(here(one.file, *one.lines.start()));
            }
        }
        for principal in &grants.account.principals {
            let kind = if principal.arn.contains(":user/") { "user" } else { "role" };
            let name = principal.arn.rsplit('/').next().unwrap_or_default();
            for origin in made.get(format!("{kind} {name}").as_str()).into_iter().flatten() {
                // Of two that make one of that name nobody knows which account they are for.
                let known = self.made.entry(principal.arn.clone());
                known.and_modify(|one| *one = None).or_insert_with(|| Some(origin.clone()));
            }
            let policies =
                principal.attachments.iter().filter_map(|one| self.policies.get(&one.policy).cloned());
            self.note(&principal.arn, policies.collect());
        }
        for binding in grants.rbac.bindings() {
            let Some(origin) = found(&Grant::Binding { name: &binding.name }) else { continue };
            for user in binding.users() {
                self.note(&user, vec![origin.clone()]);
            }
        }
    }

    fn note(&mut self, identity: &str, origins: Vec<Origin>) {
        let own = self.granted.entry(identity.to_owned()).or_default();
        for origin in origins {
            if !own.contains(&origin) {
                own.push(origin);
            }
        }
    }
}

/// The policies that an account can edit, with their places in it.
fn editable(account: &Account) -> impl Iterator<Item = (usize, &Policy)> {
    account.policies.iter().enumerate().filter(|(_, one)| one.kind != PolicyKind::ProviderManaged)
}

/// The same as repositories know them, each with whoever holds it where it is inline.
pub(crate) fn known(account: &Account) -> Known {
    let held = |(_, policy): (usize, &Policy)| {
        let by = policy.holders.first().map_or("", String::as_str);
        let name = by.rsplit('/').next().unwrap_or_default();
        let holder = (policy.kind != PolicyKind::CustomerManaged).then_some(name);
        let arn = policy.arn.as_deref().filter(|_| holder.is_none()).unwrap_or(by);
        Held::new(arn, &policy.name, holder, &policy.document)
    };
    Known::new(editable(account).map(held).collect())
}

/// A path in a folder as the user would name it: in the working folder it is what it is there.
fn within(folder: &Path, path: &Path) -> String {
    let all = folder.join(path);
    all.strip_prefix(".").unwrap_or(&all).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::grants;

    const ACCOUNT: &str = r#"{"RoleDetailList": [{"RoleName": "etl", "Arn": "arn:aws:iam::111122223333:role/jobs/etl", "RolePolicyList": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}}], "AttachedManagedPolicies": []}, {"RoleName": "idle", "Arn": "arn:aws:iam::111122223333:role/idle", "RolePolicyList": [], "AttachedManagedPolicies": []}]}"#;

    const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: web\n  namespace: shop\nroleRef:\n  kind: Role\n  name: web\nsubjects:\n- kind: ServiceAccount\n  name: web\n- kind: Group\n  name: ops\n";

    const SOURCE: &str = "resource \"aws_iam_role\" \"etl\" {\n  name = \"etl\"\n}\n\nresource \"aws_iam_role_policy\" \"read\" {\n  name   = \"read\"\n  role   = aws_iam_role.etl.name\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"*\" }] })\n}\n";

    /// Places as `file:line`, files below the folder.
    fn shown<'a>(folder: &Path, origins: impl Iterator<Item = &'a Origin>) -> Vec<String> {
        let below =
            |origin: &Origin| Path::new(&origin.file).strip_prefix(folder).unwrap().display().to_string();
        origins.map(|origin| format!("{}:{}", below(origin), origin.line)).collect()
    }

    #[test]
    fn an_identity_is_written_where_it_is_made_and_where_its_policies_and_bindings_are() {
        let folder = tempfile::tempdir().unwrap();
        let (read, repository) = (folder.path().join("grants"), folder.path().join("repository"));
        for (path, text) in [
            (read.join("account.json"), ACCOUNT),
            (read.join("web.yaml"), BINDING),
            (repository.join("iam/main.tf"), SOURCE),
            (repository.join("web.yaml"), BINDING),
            (repository.join("broken.tf"), "resource {"),
        ] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let grants = grants::read(&[read], None, &BTreeSet::new()).unwrap();
        let written = Written::read(std::slice::from_ref(&repository), &grants).unwrap();
        let of = |name: &str| shown(&repository, written.identity(name));
        assert_eq!(of("arn:aws:iam::111122223333:role/jobs/etl"), ["iam/main.tf:1", "iam/main.tf:8"]);
        assert_eq!(of("system:serviceaccount:shop:web"), ["web.yaml:1"]);
        assert!(of("arn:aws:iam::111122223333:role/idle").is_empty() && of("ops").is_empty());
        assert_eq!(written.policy(0), written.identity("arn:aws:iam::111122223333:role/jobs/etl").nth(1));
        assert!(written.problems[0].contains("broken.tf:1: "), "{:?}", written.problems);
        // In the working folder a file is called what it is called there.
        assert_eq!(within(Path::new("."), Path::new("iam/main.tf")), "iam/main.tf");
        assert!(Written::read(&[folder.path().join("none")], &grants).is_err());
        // Of two that make a role of one name neither is the one.
        std::fs::write(repository.join("copy.tf"), SOURCE.split_once("\n\n").unwrap().0).unwrap();
        let written = Written::read(std::slice::from_ref(&repository), &grants).unwrap();
        let etl = "arn:aws:iam::111122223333:role/jobs/etl";
        assert_eq!(shown(&repository, written.identity(etl)), ["iam/main.tf:8"]);
        assert!(written.made(etl).is_none());
    }
}
