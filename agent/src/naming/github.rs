//! GitHub: routes of its REST interface as its reference writes them, without the names in them.

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, path, web};
use crate::head::Head;

/// Parts after which a name comes, which may look like any word.
const NAMED: &[&str] = &[
    "assignees",
    "blocks",
    "branches",
    "check-runs",
    "check-suites",
    "codes",
    "collaborators",
    "commits",
    "compare",
    "environments",
    "following",
    "gists",
    "hooks",
    "keys",
    "labels",
    "memberships",
    "members",
    "milestones",
    "organizations",
    "orgs",
    "outside_collaborators",
    "public_members",
    "secrets",
    "tags",
    "teams",
    "topics",
    "users",
    "variables",
    "workflows",
    "zipball",
    "tarball",
];

/// Parts after which two names come: of who has it and of what it is.
const PAIRED: &[&str] = &["networks", "packages", "repos", "starred", "subscriptions"];

/// Parts that everything after belongs to one name of.
const REST: &[&str] = &["contents", "ref", "refs", "matching-refs", "readme"];

pub(super) fn name(head: &Head, host: &Host<'_>) -> Option<Named> {
    if host.name != "api.github.com" && host.name != "uploads.github.com" {
        return None;
    }
    let parts = path::parts(&head.path);
    let service = match parts.first().map(String::as_str) {
        Some(first) if path::template(first) == format!("/{first}") => first,
        _ => "api",
    };
    let named = Named::new(Provider::Github, service, format!("{} {}", web::method(head), route(&parts)));
    Some(match parts.as_slice() {
        [first, owner, repository, ..] if first == "repos" => named.on(format!("{owner}/{repository}")),
        [first, owner, ..] if first == "orgs" || first == "users" => named.on(owner.as_str()),
        _ => named,
    })
}

fn route(parts: &[String]) -> String {
    let mut route = String::new();
    let mut names = 0;
    for (place, part) in parts.iter().take(12).enumerate() {
        if names > 0 {
            route.push_str("/{}");
            names -= 1;
            continue;
        }
        route.push_str(&path::template(part));
        if PAIRED.contains(&part.as_str()) {
            names = 2;
        } else if NAMED.contains(&part.as_str()) {
            // Of one's own memberships the organisation's name comes behind `orgs`.
            let is_list = part == "memberships" && parts.get(place + 1).is_some_and(|next| next == "orgs");
            names = usize::from(!is_list);
        } else if REST.contains(&part.as_str()) && place > 0 {
            if parts.len() > place + 1 {
                route.push_str("/{}");
            }
            return route;
        }
    }
    if route.is_empty() { "/".to_owned() } else { route }
}
