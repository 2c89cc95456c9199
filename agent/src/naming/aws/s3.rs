//! How requests to S3 name their bucket: in the host or in the path.

use super::host::AwsHost;
use crate::naming::host::Host;

/// A way to read a request to S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The path with the bucket in it.
    pub(super) path: String,
    /// Whether what stands for the bucket is one, and not an access point's alias.
    pub(super) is_bucket: bool,
}

/// The ways to read a path. At the hosts of AWS there is one; at an endpoint of another name the bucket may be in the
/// host or in the path, unless the host is an address.
pub(super) fn readings(host: &Host<'_>, aws: Option<&AwsHost>, path: &str) -> Vec<Reading> {
    let plain = Reading { path: path.to_owned(), is_bucket: true };
    let below = |bucket: &str, is_bucket: bool| Reading { path: format!("/{bucket}{path}"), is_bucket };
    match aws {
        Some(aws) if aws.prefix.is_empty() || aws.endpoint.as_deref() == Some("s3-control") => vec![plain],
        Some(aws) => {
            let kind = aws.endpoint.as_deref().unwrap_or_default();
            vec![below(
                &aws.prefix,
                kind == "s3" || kind == "s3-accelerate" || kind.starts_with("s3express-"),
            )]
        }
        None if host.is_local() => vec![plain],
        None => match host.name.split_once('.') {
            Some((bucket, _)) if host.name.ends_with(".localhost") => vec![below(bucket, true)],
            // Which labels of the host are the bucket's is not known, so it names none.
            Some((bucket, _)) => vec![plain, below(bucket, false)],
            None => vec![plain],
        },
    }
}
