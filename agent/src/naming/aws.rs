//! AWS: routes of the catalog, by the scope of the signature, and by the host where there is none.

mod host;
mod s3;

use remit_catalog::{
    Candidates, Catalog, Operation, ParameterUse, Place, Request, Resolution, Route, RoutedOperation, Routes,
    is_account, partition_of,
};
use remit_ledger::Provider;

use self::host::{AwsHost, aws_host, is_region};
use super::host::Host;
use super::{Named, UNKNOWN};
use crate::head::{Body, Head};

/// How hosts of S3 on Outposts begin.
const OUTPOSTS: &str = "s3-outposts";

/// Hosts that belong to customers: their paths are not the service's.
const CUSTOMERS: &str = "on.aws";

/// What a catalog that cannot be read knows: nothing, and a test of its crate reads it.
pub(super) fn name(head: &Head, host: &Host<'_>, account: &str) -> Option<Named> {
    let routes = Routes::embedded().ok()?;
    let aws = aws_host(routes, host);
    let scope = head.scope.as_ref();
    let target = head.amz_target.as_deref();
    let endpoint = aws.as_ref().and_then(|aws| aws.endpoint.as_deref()).map(endpoint);
    let candidates = match (scope, endpoint, target) {
        // Endpoints and buckets of outposts are managed here; objects have a host of their own.
        (Some(scope), Some(OUTPOSTS), _) if aws.as_ref().is_some_and(|aws| aws.prefix.is_empty()) => {
            routes.signed(&scope.service).without("s3")
        }
        (Some(scope), Some(OUTPOSTS), _) => routes.signed(&scope.service).narrowed("s3"),
        (Some(scope), Some(endpoint), _) => routes.signed(&scope.service).narrowed(endpoint),
        (Some(scope), None, _) => routes.signed(&scope.service),
        (None, Some(endpoint), _) => unsigned(routes.at(endpoint), endpoint),
        (None, None, Some(target)) => routes.targeted(target),
        (None, None, None) => return None,
    };
    if scope.is_none() && candidates.services().next().is_none() {
        return None;
    }
    let region = scope.map(|scope| scope.region.as_str()).filter(|region| is_region(region));
    let region = region.map(str::to_owned).or_else(|| aws.as_ref()?.region.clone());
    let is_customers = host.below(CUSTOMERS).is_some();
    let found = if is_customers { None } else { found(head, host, aws.as_ref(), &candidates) };
    let service = || candidates.service().or_else(|| scope.map(|scope| scope.service.as_str()));
    let mut named = match found {
        Some((route, has_names)) => {
            let mut named = Named::new(Provider::Aws, route.service, route.operation);
            if has_names {
                add_names(&mut named, head, &route, region.as_deref().unwrap_or_default(), account);
            }
            named
        }
        // What a customer serves at a host of AWS, unsigned, is no call of AWS.
        None if scope.is_none() && target.is_none() => return None,
        None => told(head, &candidates).unwrap_or_else(|| {
            Named::new(Provider::Aws, service().filter(|name| is_name(name)).unwrap_or(UNKNOWN), UNKNOWN)
        }),
    };
    named.region = region;
    Some(named)
}

/// What a host of AWS serves. One that is a customer's own is none.
pub(super) fn server(host: &Host<'_>) -> Option<Named> {
    let routes = Routes::embedded().ok()?;
    let aws = aws_host(routes, host)?;
    let is_customers = [".elb", ".compute"].iter().any(|name| aws.prefix.ends_with(name));
    if aws.endpoint.is_none() && is_customers {
        return None;
    }
    let endpoint = aws.endpoint.as_deref().map(endpoint);
    let service = endpoint.and_then(|endpoint| unsigned(routes.at(endpoint), endpoint).service());
    let named = Named::new(Provider::Aws, service.unwrap_or(UNKNOWN), UNKNOWN);
    Some(Named { region: aws.region, ..named })
}

/// The endpoint that the routes have for a kind of host of S3.
fn endpoint(endpoint: &str) -> &str {
    match endpoint {
        "s3-accesspoint" | "s3-accelerate" | "s3-object-lambda" => "s3",
        express if express.starts_with("s3express-") => "s3",
        other => other,
    }
}

/// A request without a signature is one of the service's own, and not of the others that sign its calls.
fn unsigned<'r>(candidates: Candidates<'r>, endpoint: &str) -> Candidates<'r> {
    if endpoint == "s3" { candidates.of_scope("s3") } else { candidates }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// What a form or the query says is to be done.
fn action(head: &Head) -> Option<&str> {
    match &head.body {
        Some(Body::Action(action)) => Some(action),
        _ => head.query.iter().find(|query| query.name == "Action").and_then(|query| query.value.as_deref()),
    }
}

/// An operation that the models lack, as those of the service's own agents, where the request says its name and the
/// catalog knows it by the list of actions.
fn told(head: &Head, candidates: &Candidates<'_>) -> Option<Named> {
    let name = match &head.amz_target {
        Some(target) => {
            let (prefix, name) = target.rsplit_once('.')?;
            candidates.services().any(|service| service.target == prefix).then_some(name)?
        }
        None => action(head)?,
    };
    let is_by_name = |operations: &[RoutedOperation]| operations.iter().all(|known| known.method.is_empty());
    if !candidates.services().all(|service| is_by_name(service.operations())) {
        return None;
    }
    let service = candidates.service()?;
    match Catalog::embedded().ok()?.operation(service, name) {
        Resolution::Known(known) | Resolution::Permissionless(known) if known.name == name => {
            Some(Named::new(Provider::Aws, service, name))
        }
        _ => None,
    }
}

/// The operation, and whether what the path names is known too.
fn found(
    head: &Head,
    host: &Host<'_>,
    aws: Option<&AwsHost>,
    candidates: &Candidates<'_>,
) -> Option<(Route, bool)> {
    if let Some(target) = &head.amz_target {
        return candidates.target(target).map(|route| (route, true));
    }
    if head.smithy_protocol.as_deref() == Some("rpc-v2-cbor") {
        return candidates.rpc(&head.path).map(|route| (route, true));
    }
    if let Some(route) = action(head).and_then(|action| candidates.named(action)) {
        return Some((route, true));
    }
    let query: Vec<(&str, Option<&str>)> =
        head.query.iter().map(|query| (query.name.as_str(), query.value.as_deref())).collect();
    let routed = |path: &str| {
        candidates.routed(&Request {
            method: &head.method,
            path,
            query: &query,
            is_copy: head.copy_source.is_some(),
        })
    };
    let is_s3 = candidates.services().any(|service| service.endpoint == "s3");
    if !is_s3 {
        return routed(&head.path).map(|route| (route, true));
    }
    let mut agreed: Option<(Route, bool)> = None;
    for reading in s3::readings(host, aws, &head.path) {
        let Some(route) = routed(&reading.path) else { continue };
        agreed = match agreed {
            None => Some((route, reading.is_bucket)),
            Some((known, _)) if (known.service, known.operation) == (route.service, route.operation) => {
                Some((known, false))
            }
            Some(_) => return None,
        };
    }
    agreed
}

/// Adds what the path and the query name, as the catalog's templates make ARNs of it.
fn add_names(named: &mut Named, head: &Head, route: &Route, region: &str, account: &str) {
    let Ok(catalog) = Catalog::embedded() else { return };
    let operation = match catalog.operation(route.service, route.operation) {
        Resolution::Known(operation) | Resolution::Permissionless(operation) => operation,
        Resolution::Unknown => return,
    };
    // An alias of an access point stands where a bucket does, and the request does not tell whose it is.
    let is_alias = |name: &str| name.ends_with("-s3alias") || name.ends_with("--ol-s3") || name.contains(':');
    if route.parameters.iter().any(|(name, value)| *name == "bucketName" && is_alias(value)) {
        return;
    }
    let queue = queue(head, route.service);
    let mut values: Vec<(&str, &str)> =
        route.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    values.extend(queue.iter().map(|queue| ("queueUrl", queue.as_str())));
    values.extend(head.copy_source.iter().map(|source| ("x-amz-copy-source", source.as_str())));
    values.extend(selectors(operation, head));
    let place = Place { partition: partition_of(region), region, account };
    let reading = operation.read(&place, &values);
    named.resources = reading.resources;
    add_bucket(named, route, partition_of(region));
    named.parameters =
        reading.kept.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
}

/// The audit log lists an object's bucket beside it.
fn add_bucket(named: &mut Named, route: &Route, partition: &str) {
    let value = |wanted: &str| route.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    if let (Some((_, bucket)), Some(_)) = (value("bucketName"), value("key")) {
        named.resources.push(format!("arn:{partition}:s3:::{bucket}"));
        named.resources.sort_unstable();
        named.resources.dedup();
    }
}

/// Query parameters that decide which action a call needs by being there.
fn selectors<'h>(operation: &Operation, head: &'h Head) -> impl Iterator<Item = (&'h str, &'h str)> {
    let is_selector = |name: &str| {
        operation.parameters().iter().any(|known| known.used_for == ParameterUse::Selector && known.is(name))
    };
    head.query
        .iter()
        .map(|query| query.name.as_str())
        .filter(move |name| is_selector(name))
        .map(|name| (name, "1"))
}

/// The address of a queue, to which older clients send what they do with it.
fn queue(head: &Head, service: &str) -> Option<String> {
    let mut parts = head.path.strip_prefix('/')?.split('/');
    let (account, name) = (parts.next()?, parts.next()?);
    let is_queue = service == "sqs" && parts.next().is_none() && is_account(account) && is_name(name);
    is_queue.then(|| format!("https://{}{}", head.host.as_deref().unwrap_or_default(), head.path))
}

#[cfg(test)]
mod tests;
