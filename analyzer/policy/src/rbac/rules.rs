//! From permissions to few rules that say just them.

use std::collections::{BTreeMap, BTreeSet};

use super::permission::{On, Permission};
use super::rule::Rule;

/// Rules by namespace. Each rule is one group with all combinations of its lists, so that it says no more than the permissions.
pub(super) fn rules<'a>(
    permissions: impl IntoIterator<Item = &'a Permission>,
) -> BTreeMap<Option<String>, Vec<Rule>> {
    let mut names: BTreeMap<(Option<&str>, &str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut urls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for permission in permissions {
        match &permission.on {
            On::Url(url) => {
                urls.entry(url).or_default().insert(&permission.verb);
            }
            On::Resource { group, resource, name } => {
                let key = (
                    permission.namespace.as_deref(),
                    group.as_str(),
                    resource.as_str(),
                    permission.verb.as_str(),
                );
                names.entry(key).or_default().extend(name.as_deref());
            }
        }
    }
    // What has the same names becomes one rule, first for verbs and then for resources.
    let mut verbs: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for ((namespace, group, resource, verb), names) in names {
        verbs.entry((namespace, group, resource, names)).or_default().insert(verb);
    }
    let mut resources: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for ((namespace, group, resource, names), verbs) in verbs {
        resources.entry((namespace, group, names, verbs)).or_default().insert(resource);
    }
    let mut paths: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (url, verbs) in urls {
        paths.entry(verbs).or_default().insert(url);
    }
    let mut all: BTreeMap<Option<String>, Vec<Rule>> = BTreeMap::new();
    for ((namespace, group, names, verbs), resources) in resources {
        all.entry(namespace.map(str::to_owned)).or_default().push(Rule {
            verbs: own(verbs),
            groups: vec![group.to_owned()],
            resources: own(resources),
            names: own(names),
            urls: Vec::new(),
        });
    }
    for (verbs, urls) in paths {
        all.entry(None).or_default().push(Rule { verbs: own(verbs), urls: own(urls), ..Rule::default() });
    }
    all.values_mut().for_each(|rules| rules.sort_by(|a, b| order(a).cmp(&order(b))));
    all
}

/// The order in which people read rules: by what they are for.
fn order(rule: &Rule) -> [&[String]; 5] {
    [&rule.urls, &rule.groups, &rule.resources, &rule.names, &rule.verbs]
}

fn own(texts: BTreeSet<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}
