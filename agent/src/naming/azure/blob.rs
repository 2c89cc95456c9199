//! Azure's blob storage, named as its resource logs name operations.
//!
//! The rules are those of "Blob service REST API": `comp` and `restype` of the query tell the operation, and the path
//! container and blob.

use remit_ledger::Provider;

use crate::head::Head;
use crate::naming::{Named, UNKNOWN, path};

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Account,
    Container,
    Blob,
}

/// Operations by level, method and `comp`.
const OPERATIONS: &[(Level, &str, &str, &str)] = &[
    (Level::Account, "GET", "list", "ListContainers"),
    (Level::Account, "GET", "blobs", "FindBlobsByTags"),
    (Level::Account, "POST", "batch", "BlobBatch"),
    (Level::Container, "PUT", "", "CreateContainer"),
    (Level::Container, "GET", "", "GetContainerProperties"),
    (Level::Container, "HEAD", "", "GetContainerProperties"),
    (Level::Container, "DELETE", "", "DeleteContainer"),
    (Level::Container, "GET", "list", "ListBlobs"),
    (Level::Container, "GET", "metadata", "GetContainerMetadata"),
    (Level::Container, "HEAD", "metadata", "GetContainerMetadata"),
    (Level::Container, "PUT", "metadata", "SetContainerMetadata"),
    (Level::Container, "GET", "acl", "GetContainerACL"),
    (Level::Container, "HEAD", "acl", "GetContainerACL"),
    (Level::Container, "PUT", "acl", "SetContainerACL"),
    (Level::Container, "POST", "batch", "BlobBatch"),
    (Level::Container, "GET", "blobs", "FindBlobsByTags"),
    (Level::Blob, "GET", "", "GetBlob"),
    (Level::Blob, "HEAD", "", "GetBlobProperties"),
    (Level::Blob, "PUT", "", "PutBlob"),
    (Level::Blob, "DELETE", "", "DeleteBlob"),
    (Level::Blob, "PUT", "block", "PutBlock"),
    (Level::Blob, "PUT", "blocklist", "PutBlockList"),
    (Level::Blob, "GET", "blocklist", "GetBlockList"),
    (Level::Blob, "GET", "metadata", "GetBlobMetadata"),
    (Level::Blob, "HEAD", "metadata", "GetBlobMetadata"),
    (Level::Blob, "PUT", "metadata", "SetBlobMetadata"),
    (Level::Blob, "PUT", "properties", "SetBlobProperties"),
    (Level::Blob, "PUT", "snapshot", "SnapshotBlob"),
    (Level::Blob, "PUT", "appendblock", "AppendBlock"),
    (Level::Blob, "GET", "pagelist", "GetPageRanges"),
    (Level::Blob, "GET", "tags", "GetBlobTags"),
    (Level::Blob, "PUT", "tags", "SetBlobTags"),
    (Level::Blob, "PUT", "tier", "SetBlobTier"),
    (Level::Blob, "PUT", "undelete", "UndeleteBlob"),
    (Level::Blob, "POST", "query", "QueryBlobContents"),
];

/// Operations that read another blob, which `x-ms-copy-source` names, under a name of their own.
const COPIES: &[(&str, &str)] =
    &[("PutBlob", "CopyBlob"), ("PutBlock", "PutBlockFromURL"), ("AppendBlock", "AppendBlockFromURL")];

pub(super) fn name(head: &Head, account: &str) -> Named {
    let value = |name: &str| match head.query.iter().find(|query| query.name == name) {
        None => Some(""),
        Some(query) => query.value.as_deref(),
    };
    let place = head.path.trim_start_matches('/');
    let (container, blob) = place.split_once('/').unwrap_or((place, ""));
    // A blob directly under the account is one of the root container.
    let (level, container, blob) = match value("restype") {
        Some("container") if !container.is_empty() && blob.is_empty() => (Level::Container, container, blob),
        Some("") if container.is_empty() => (Level::Account, container, blob),
        Some("") if blob.is_empty() => (Level::Blob, "$root", container),
        Some("") => (Level::Blob, container, blob),
        _ => return Named::new(Provider::Azure, "blob", UNKNOWN),
    };
    let found = value("comp").and_then(|comp| {
        let is_it =
            |row: &&(Level, &str, &str, &str)| row.0 == level && row.1 == head.method && row.2 == comp;
        OPERATIONS.iter().find(is_it).map(|row| row.3)
    });
    let is_copy = head.copy_source.is_some();
    let operation = match found {
        Some(found) if is_copy => {
            COPIES.iter().find(|(plain, _)| *plain == found).map_or(UNKNOWN, |(_, copy)| *copy)
        }
        Some(found) => found,
        None => UNKNOWN,
    };
    let named = Named::new(Provider::Azure, "blob", operation);
    let resource = match level {
        Level::Account => format!("/{account}"),
        Level::Container => format!("/{account}/{}", path::decoded(container)),
        Level::Blob => format!("/{account}/{}/{}", path::decoded(container), path::decoded(blob)),
    };
    // Of a copy only half of what it touches would be told.
    if operation == UNKNOWN || is_copy { named } else { named.on(resource) }
}
