//! Whether rules allow anything that others do not.
//!
//! Rules compare texts for equality, or take all of them; so requests that differ only in texts which no rule names are
//! all decided alike, and one such text, beside those that are named, stands for all others. Paths are prefixes, of
//! which a finite number covers another only where one of them does.

use remit_catalog::kubernetes::{Request, ResourceRequest, Target};

use super::rule::{ALL, ANY_PARENT, Rule, has, is_url};

/// A rule where it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound<'a> {
    /// The namespace of the binding; none of one of the whole cluster.
    pub namespace: Option<&'a str>,
    /// The rule.
    pub rule: &'a Rule,
}

/// A request that the new rules allow and the old do not. None where there is no such request at all.
pub fn excess(new: &[Bound<'_>], old: &[Bound<'_>]) -> Option<Request> {
    new.iter().find_map(|new| resource_excess(new, old).or_else(|| url_excess(new, old)))
}

impl<'a> Bound<'a> {
    /// Whether it allows the request, for whoever it is bound to.
    pub fn matches(&self, request: &Request) -> bool {
        self.is_in(request.namespace().unwrap_or_default()) && self.rule.matches(request)
    }

    fn is_in(&self, namespace: &str) -> bool {
        self.namespace.is_none_or(|own| own == namespace)
    }
}

/// One choice of what a request asks for is made after the other, and rules that do not match what is chosen are left out.
/// Where one of those that are left covers all choices that are open, none of them needs to be made.
fn resource_excess(new: &Bound<'_>, old: &[Bound<'_>]) -> Option<Request> {
    let rule = new.rule;
    let old = old.to_vec();
    for namespace in namespaces(new, &old) {
        let old = left(&old, |old| old.is_in(&namespace));
        if old.iter().any(|old| Open::Groups.is_covered(rule, old.rule)) {
            continue;
        }
        for group in choices(&rule.groups, &old, |rule| &rule.groups) {
            let old = left(&old, |old| has(&old.rule.groups, &group));
            if old.iter().any(|old| Open::Verbs.is_covered(rule, old.rule)) {
                continue;
            }
            for verb in choices(&rule.verbs, &old, |rule| &rule.verbs) {
                let old = left(&old, |old| has(&old.rule.verbs, &verb));
                if old.iter().any(|old| Open::Names.is_covered(rule, old.rule)) {
                    continue;
                }
                for name in names(rule, &old) {
                    let old = left(&old, |old| old.rule.has_name(&name));
                    let missing = resources(rule, &old).into_iter().find(|(resource, subresource)| {
                        !old.iter().any(|old| old.rule.has_resource(resource, subresource))
                    });
                    if let Some((resource, subresource)) = missing {
                        let (group, namespace) = (group.clone(), namespace.clone());
                        let asked = ResourceRequest { group, resource, subresource, namespace, name };
                        return Some(Request { verb, target: Target::Resource(asked) });
                    }
                }
            }
        }
    }
    None
}

/// Which choices are still open: this one, and those after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Groups,
    Verbs,
    Names,
}

impl Open {
    /// Whether a rule alone covers, by what it lists, all that is open of another.
    fn is_covered(self, new: &Rule, old: &Rule) -> bool {
        let lists = |new: &[String], old: &[String]| {
            old.iter().any(|entry| entry == ALL) || new.iter().all(|entry| old.contains(entry))
        };
        (self > Self::Groups || lists(&new.groups, &old.groups))
            && (self > Self::Verbs || lists(&new.verbs, &old.verbs))
            && (old.names.is_empty()
                || (!new.names.is_empty() && new.names.iter().all(|name| old.names.contains(name))))
            && lists(&new.resources, &old.resources)
    }
}

fn left<'a>(bound: &[Bound<'a>], is_left: impl Fn(&Bound<'a>) -> bool) -> Vec<Bound<'a>> {
    bound.iter().filter(|bound| is_left(bound)).copied().collect()
}

/// No binding of a namespace counts for what is in none, so that stands for all namespaces which none of them has.
fn namespaces(new: &Bound<'_>, old: &[Bound<'_>]) -> Vec<String> {
    match new.namespace {
        Some(namespace) => vec![namespace.to_owned()],
        None => {
            let own = old.iter().filter_map(|old| old.namespace).map(str::to_owned);
            distinct(std::iter::once(String::new()).chain(own))
        }
    }
}

/// Verbs or groups that stand for all that a list has.
fn choices<'a>(new: &[String], old: &[Bound<'a>], of: impl Fn(&'a Rule) -> &'a Vec<String>) -> Vec<String> {
    if !new.iter().any(|entry| entry == ALL) {
        return new.to_vec();
    }
    let named = distinct(old.iter().flat_map(|old| of(old.rule)).filter(|entry| *entry != ALL).cloned());
    with_another(named)
}

/// Names that stand for all that a rule has.
fn names(new: &Rule, old: &[Bound<'_>]) -> Vec<String> {
    if !new.names.is_empty() {
        return new.names.clone();
    }
    let named = old.iter().flat_map(|old| &old.rule.names).cloned();
    with_another(distinct(named.chain(std::iter::once(String::new()))))
}

/// Resources and subresources that stand for all that a rule has.
fn resources(new: &Rule, old: &[Bound<'_>]) -> Vec<(String, String)> {
    let named: Vec<_> =
        old.iter().flat_map(|old| &old.rule.resources).filter_map(|entry| split(entry)).collect();
    let parents = || {
        let parents = named.iter().map(|(resource, _)| resource).filter(|resource| *resource != ALL);
        with_another(distinct(parents.cloned()))
    };
    let mut chosen = Vec::new();
    for entry in &new.resources {
        if entry == ALL {
            let children = named.iter().map(|(_, subresource)| subresource.clone());
            let children = with_another(distinct(children.chain(std::iter::once(String::new()))));
            for parent in parents() {
                chosen.extend(children.iter().map(|child| (parent.clone(), child.clone())));
            }
        } else if let Some(child) = entry.strip_prefix(ANY_PARENT) {
            chosen.extend(parents().into_iter().map(|parent| (parent, child.to_owned())));
        }
        chosen.extend(split(entry));
    }
    chosen
}

/// The resource and subresource that a rule's resource is. Neither has a slash in any request that the server makes of an
/// address, so a text with more of them names nothing.
fn split(entry: &str) -> Option<(String, String)> {
    let (resource, subresource) = match entry.split_once('/') {
        None => (entry, ""),
        Some((resource, subresource)) if !subresource.is_empty() => (resource, subresource),
        Some(_) => return None,
    };
    let is_named = !resource.is_empty() && !subresource.contains('/');
    is_named.then(|| (resource.to_owned(), subresource.to_owned()))
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<_> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// One more text than these, which stands for all that are not among them.
fn with_another(mut texts: Vec<String>) -> Vec<String> {
    let another = (0..).map(|number| format!("another{number}")).find(|another| !texts.contains(another));
    texts.extend(another);
    texts
}

fn url_excess(new: &Bound<'_>, old: &[Bound<'_>]) -> Option<Request> {
    if new.namespace.is_some() {
        return None;
    }
    let old = left(old, |old| old.namespace.is_none());
    for verb in choices(&new.rule.verbs, &old, |rule| &rule.verbs) {
        let old = left(&old, |old| has(&old.rule.verbs, &verb));
        let rules: Vec<&String> = old.iter().flat_map(|old| &old.rule.urls).collect();
        for url in &new.rule.urls {
            let mut asked = vec![url.clone()];
            if url.ends_with('*') {
                let start = url.trim_end_matches('*');
                // A path on which no rule goes on.
                let longer = ('a'..).map(|letter| format!("{start}{letter}"));
                asked = longer
                    .filter(|longer| !rules.iter().any(|rule| rule.starts_with(longer.as_str())))
                    .take(1)
                    .collect();
            }
            let missing = asked.into_iter().find(|url| !rules.iter().any(|rule| is_url(rule, url)));
            if let Some(url) = missing {
                return Some(Request { verb, target: Target::Url(url) });
            }
        }
    }
    None
}
