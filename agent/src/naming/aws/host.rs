//! Hosts of AWS: which service's, in which region, and what precedes both.

use remit_catalog::Routes;

use crate::naming::host::Host;

/// Domains of services, and those of their dual-stack addresses.
const DOMAINS: &[&str] =
    &["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "api.aws", "api.amazonwebservices.com.cn"];

/// A host of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AwsHost {
    /// How the service's hosts begin; none where no service's do so.
    pub(super) endpoint: Option<String>,
    /// What precedes that, such as a bucket.
    pub(super) prefix: String,
    pub(super) region: Option<String>,
}

/// Takes a host apart; none where it is not one of AWS.
pub(super) fn aws_host(routes: &Routes, host: &Host<'_>) -> Option<AwsHost> {
    let below = DOMAINS.iter().find_map(|domain| host.below(domain))?;
    let mut labels: Vec<&str> = below.split('.').collect();
    let mut region = labels.pop_if(|label| is_region(label)).map(str::to_owned);
    labels.pop_if(|label| *label == "dualstack");
    // `search-x.eu-west-1.es` and `vpce-1.s3.eu-west-1.vpce`: the service or its kind comes last.
    let is_private = labels.pop_if(|label| *label == "vpce").is_some();
    if region.is_none() && is_private {
        region = labels.pop_if(|label| is_region(label)).map(str::to_owned);
    }
    if let Some((s3, split)) = s3(&labels) {
        let prefix = labels.get(..split).unwrap_or_default().join(".");
        let older =
            labels.get(split).and_then(|label| label.strip_prefix("s3-")).filter(|label| is_region(label));
        region = region.or_else(|| older.map(str::to_owned));
        let (s3, prefix) = if is_private { private(s3, &prefix) } else { (s3, prefix.as_str()) };
        let prefix = prefix.to_owned();
        return Some(AwsHost { endpoint: Some(s3.to_owned()), prefix, region });
    }
    // `search-x.eu-west-1.es`: the region may come before the service.
    let inner = || labels.iter().rfind(|label| is_region(label)).map(|label| (*label).to_owned());
    let region = region.or_else(inner);
    let is_known = |name: &str| routes.at(name).services().next().is_some();
    for start in 0..labels.len() {
        let name = labels.get(start..)?.join(".");
        let plain = name.strip_suffix("-fips").or_else(|| name.strip_prefix("fips.")).unwrap_or(&name);
        if is_known(plain) {
            let prefix = labels.get(..start)?.join(".");
            return Some(AwsHost { endpoint: Some(plain.to_owned()), prefix, region });
        }
    }
    Some(AwsHost { endpoint: None, prefix: labels.join("."), region })
}

/// Kind and bucket of a host of S3's private endpoints: `b.bucket.vpce-1`, `a-123456789012.accesspoint.vpce-1`,
/// `123456789012.control.vpce-1`, or `bucket.vpce-1` where the path has the bucket.
fn private<'h>(kind: &'h str, prefix: &'h str) -> (&'h str, &'h str) {
    let before = |word: &str| prefix.split_once(word).map(|(before, _)| before);
    if let Some(bucket) = before(".bucket.") {
        (kind, bucket)
    } else if let Some(point) = before(".accesspoint.") {
        ("s3-accesspoint", point)
    } else if let Some(account) = before(".control.") {
        ("s3-control", account)
    } else {
        (kind, "")
    }
}

/// The kind of host of S3, and where what precedes it ends.
fn s3<'l>(labels: &[&'l str]) -> Option<(&'l str, usize)> {
    let (last, before) = labels.split_last()?;
    let name = last.strip_suffix("-fips").unwrap_or(last);
    // Once, regions were part of the name.
    let name = if name.strip_prefix("s3-").is_some_and(|rest| is_region(rest) || rest == "external-1") {
        "s3"
    } else {
        name
    };
    let is_s3 = matches!(
        name,
        "s3" | "s3-control" | "s3-accesspoint" | "s3-accelerate" | "s3-object-lambda" | "s3-outposts"
    ) || name.starts_with("s3express-");
    is_s3.then_some((name, before.len()))
}

/// `eu-west-1`, `us-gov-east-1`.
pub(super) fn is_region(label: &str) -> bool {
    const DIRECTIONS: &[&str] =
        &["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];
    let parts: Vec<&str> = label.split('-').collect();
    let is_word =
        |part: &&str| (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.as_slice() {
        [areas @ .., direction, number] => {
            (1..=2).contains(&areas.len())
                && areas.iter().all(is_word)
                && DIRECTIONS.contains(direction)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use remit_catalog::Routes;

    use super::{aws_host, is_region};
    use crate::naming::host::Host;

    #[test]
    fn hosts_tell_service_region_and_bucket() {
        let routes = Routes::embedded().unwrap();
        for (host, endpoint, prefix, region) in [
            ("sts.amazonaws.com", "sts", "", ""),
            ("sts.eu-west-1.amazonaws.com", "sts", "", "eu-west-1"),
            ("kms-fips.us-gov-west-1.amazonaws.com", "kms", "", "us-gov-west-1"),
            ("api.ecr.eu-west-1.amazonaws.com", "api.ecr", "", "eu-west-1"),
            ("runtime.sagemaker.eu-west-1.amazonaws.com", "runtime.sagemaker", "", "eu-west-1"),
            ("123.dkr.ecr.eu-west-1.amazonaws.com", "", "123.dkr.ecr", "eu-west-1"),
            ("my.bucket.s3.eu-west-1.amazonaws.com", "s3", "my.bucket", "eu-west-1"),
            ("b.s3.dualstack.eu-west-1.amazonaws.com", "s3", "b", "eu-west-1"),
            ("b.s3-eu-west-1.amazonaws.com", "s3", "b", "eu-west-1"),
            ("b.s3.amazonaws.com", "s3", "b", ""),
            ("s3.cn-north-1.amazonaws.com.cn", "s3", "", "cn-north-1"),
            (
                "b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com",
                "s3express-euw1-az1",
                "b--euw1-az1--x-s3",
                "eu-west-1",
            ),
            (
                "a-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
                "s3-accesspoint",
                "a-123456789012",
                "eu-west-1",
            ),
            ("123456789012.s3-control.eu-west-1.amazonaws.com", "s3-control", "123456789012", "eu-west-1"),
            ("b.bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com", "s3", "b", "eu-west-1"),
            ("bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com", "s3", "", "eu-west-1"),
            ("a-1.accesspoint.vpce-1.s3.eu-west-1.vpce.amazonaws.com", "s3-accesspoint", "a-1", "eu-west-1"),
            ("1.control.vpce-1.s3.eu-west-1.vpce.amazonaws.com", "s3-control", "1", "eu-west-1"),
            ("vpce-1-x.sts.eu-west-1.vpce.amazonaws.com", "sts", "vpce-1-x", "eu-west-1"),
            ("search-x.eu-west-1.es.amazonaws.com", "es", "search-x.eu-west-1", "eu-west-1"),
            ("ec2.eu-west-1.api.aws", "ec2", "", "eu-west-1"),
            ("bedrock-runtime.us-east-1.amazonaws.com", "bedrock-runtime", "", "us-east-1"),
            ("queue.amazonaws.com", "", "queue", ""),
        ] {
            let found = aws_host(routes, &Host::of(host)).unwrap();
            assert_eq!(
                (
                    found.endpoint.as_deref().unwrap_or(""),
                    found.prefix.as_str(),
                    found.region.as_deref().unwrap_or("")
                ),
                (endpoint, prefix, region),
                "{host}"
            );
        }
        for host in ["amazonaws.com", "example.com", "amazonaws.com.example.com", "evilamazonaws.com", ""] {
            assert_eq!(aws_host(routes, &Host::of(host)), None, "{host}");
        }
        for region in ["eu-west-1", "us-gov-east-1", "ap-southeast-12"] {
            assert!(is_region(region), "{region}");
        }
        for region in ["", "s3", "eu-west", "eu-west-", "a-b-1", "vpce-x-1", "my-app-1", "1-1-1"] {
            assert!(!is_region(region), "{region}");
        }
    }
}
