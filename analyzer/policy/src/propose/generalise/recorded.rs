//! Names that are wildcards in the ledger already.

use std::collections::BTreeSet;

use remit_catalog::{Catalog, Operation, Resolution};

use super::opening::because;
use super::{Sightings, Surroundings};
use crate::Glob;

impl Surroundings<'_> {
    /// The rule by which a resource is named as the ledger has it, and where that is more than one, why.
    pub(crate) fn as_recorded(&self, seen: &Sightings, resource: &str) -> (&'static str, Option<String>) {
        if !seen.open.contains(resource) {
            return ("as seen", None);
        }
        let admitted = self.admitted(seen, std::iter::once(resource), &[], resource, usize::MAX);
        let why = "the ledger has one name for all that lies there: they were too many, or requests do not name them";
        ("as recorded", Some(because(why, admitted)))
    }
}

/// Whether the ledger has a wildcard where no request had one: names were too many, or none was given. Wildcards for what the
/// requests of these operations never tell, such as the versions of a function, are the name itself.
pub(crate) fn is_open(catalog: &Catalog, operations: &BTreeSet<String>, resource: &str) -> bool {
    if !resource.ends_with("/*") && !resource.ends_with(":*") {
        return false;
    }
    let known = operations.iter().filter_map(|name| {
        let (service, operation) = name.split_once(':')?;
        match catalog.operation(service, operation) {
            Resolution::Known(operation) | Resolution::Permissionless(operation) => Some(operation),
            Resolution::Unknown => None,
        }
    });
    let mut patterns = known.flat_map(Operation::templates).map(|template| template.pattern);
    // A template that begins with an ARN of the request begins with anything, and has one beside it that does not.
    !patterns.any(|pattern| {
        pattern.starts_with("arn:")
            && pattern.ends_with('*')
            && Glob::resource_without_variables(&filled(pattern)).matches(resource)
    })
}

/// A template's pattern with a wildcard for each placeholder.
fn filled(pattern: &str) -> String {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        filled.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_requests_never_tell_is_no_collapsed_name() {
        let catalog = Catalog::embedded().unwrap();
        let here = "eu-west-1:111122223333";
        for (operation, name, expected) in [
            ("iam:AttachRolePolicy", "iam::111122223333:role/*".to_owned(), true),
            ("iam:AttachRolePolicy", "iam::111122223333:role/*/app".to_owned(), false),
            ("kms:Decrypt", format!("kms:{here}:key/*"), true),
            ("secretsmanager:GetSecretValue", format!("secretsmanager:{here}:secret:db/*"), true),
            ("ssm:GetParametersByPath", format!("ssm:{here}:parameter/app/*"), false),
            ("ssm:GetParameter", format!("ssm:{here}:parameter/app/*"), true),
            ("lambda:Invoke", format!("lambda:{here}:function:f:*"), false),
            ("lambda:Invoke", format!("lambda:{here}:function:*"), true),
            ("events:DeleteConnection", format!("events:{here}:connection/c/*"), false),
            ("events:DeleteConnection", format!("events:{here}:connection/*"), true),
            ("ec2:CreateInternetGateway", format!("ec2:{here}:internet-gateway/*"), false),
        ] {
            let operations = BTreeSet::from([operation.to_owned()]);
            assert_eq!(
                is_open(catalog, &operations, &format!("arn:aws:{name}")),
                expected,
                "{operation} {name}"
            );
        }
    }
}
