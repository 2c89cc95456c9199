//! Google Cloud Storage: JSON, XML and gRPC, named as its audit log names their methods.

use remit_ledger::Provider;

use crate::head::Head;
use crate::naming::{Named, UNKNOWN, path, web};

const SERVICE: &str = "storage";

/// Methods of gRPC, whose buckets and objects are in the body (google.storage.v2.Storage).
const RPC: &[(&str, &str)] = &[
    ("BidiReadObject", "storage.objects.get"),
    ("BidiWriteObject", "storage.objects.create"),
    ("CreateBucket", "storage.buckets.create"),
    ("DeleteBucket", "storage.buckets.delete"),
    ("DeleteObject", "storage.objects.delete"),
    ("GetBucket", "storage.buckets.get"),
    ("GetObject", "storage.objects.get"),
    ("ListBuckets", "storage.buckets.list"),
    ("ListObjects", "storage.objects.list"),
    ("ReadObject", "storage.objects.get"),
    ("StartResumableWrite", "storage.objects.create"),
    ("UpdateBucket", "storage.buckets.update"),
    ("UpdateObject", "storage.objects.update"),
    ("WriteObject", "storage.objects.create"),
];

/// Query parameters of XML requests that do not change what is called.
const PLAIN: &[&str] = &[
    "generation",
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "list-type",
    "start-after",
    "continuation-token",
    "encoding-type",
    "fetch-owner",
    "userProject",
];

/// Names a request; `bucket` is what the host has of one.
pub(super) fn name(head: &Head, bucket: &str) -> Named {
    if let Some((interface, method)) = web::grpc(head) {
        let known = RPC.iter().find(|(name, _)| *name == method && interface == "google.storage.v2.Storage");
        return named(known.map_or(UNKNOWN, |(_, operation)| *operation));
    }
    let raw: Vec<&str> = head.path.trim_start_matches('/').split('/').collect();
    match raw.as_slice() {
        ["storage", "v1", rest @ ..] | ["download", "storage", "v1", rest @ ..] if bucket.is_empty() => {
            json(head, rest).unwrap_or_else(|| named(UNKNOWN))
        }
        ["upload", "storage", "v1", "b", bucket, "o"]
        | ["resumable", "upload", "storage", "v1", "b", bucket, "o"] => upload(head, bucket),
        ["batch", ..] if bucket.is_empty() => named(UNKNOWN),
        _ => xml(head, bucket).unwrap_or_else(|| named(UNKNOWN)),
    }
}

fn named(operation: &str) -> Named {
    Named::new(Provider::Gcp, SERVICE, operation)
}

/// On a bucket or an object, as the audit log writes them.
fn on(operation: &str, bucket: &str, object: Option<&str>) -> Named {
    let mut resource = format!("projects/_/buckets/{}", path::decoded(bucket));
    if let Some(object) = object {
        resource.push_str("/objects/");
        resource.push_str(&path::decoded(object));
    }
    named(operation).on(resource)
}

/// An upload starts one with POST, and sends parts of it with PUT; the name of the object is a parameter or in the body.
fn upload(head: &Head, bucket: &str) -> Named {
    let object =
        head.query.iter().find(|query| query.name == "name").and_then(|query| query.value.as_deref());
    match head.method.as_str() {
        "POST" | "PUT" => match object {
            // It is decoded already.
            Some(object) => {
                let bucket = path::decoded(bucket);
                named("storage.objects.create").on(format!("projects/_/buckets/{bucket}/objects/{object}"))
            }
            None => named("storage.objects.create").with("bucket", path::decoded(bucket)),
        },
        _ => named(UNKNOWN),
    }
}

/// The interface of JSON: Cloud Storage JSON API reference. An object's slashes are encoded.
fn json(head: &Head, rest: &[&str]) -> Option<Named> {
    let verb = |read: &'static str| {
        Some(match head.method.as_str() {
            "GET" | "HEAD" => read,
            "PUT" | "PATCH" => "update",
            "DELETE" => "delete",
            _ => return None,
        })
    };
    Some(match rest {
        ["b"] => match head.method.as_str() {
            "GET" => named("storage.buckets.list"),
            "POST" => named("storage.buckets.create"),
            _ => return None,
        },
        ["b", bucket] => on(&format!("storage.buckets.{}", verb("get")?), bucket, None),
        ["b", bucket, "o"] if head.method == "GET" => on("storage.objects.list", bucket, None),
        ["b", bucket, "o", object] => on(&format!("storage.objects.{}", verb("get")?), bucket, Some(object)),
        ["b", bucket, "o", object, "compose"] if head.method == "POST" => {
            on("storage.objects.create", bucket, Some(object))
        }
        ["b", bucket, "iam"] => match head.method.as_str() {
            "GET" => on("storage.getIamPermissions", bucket, None),
            "PUT" => on("storage.setIamPermissions", bucket, None),
            _ => return None,
        },
        ["b", bucket, "iam", "testPermissions"] if head.method == "GET" => {
            on("storage.testIamPermissions", bucket, None)
        }
        ["b", from, "o", source, "copyTo" | "rewriteTo", "b", bucket, "o", object]
            if head.method == "POST" =>
        {
            let source =
                format!("projects/_/buckets/{}/objects/{}", path::decoded(from), path::decoded(source));
            on("storage.objects.create", bucket, Some(object)).with("source", source)
        }
        _ => return None,
    })
}

/// The interface of XML: bucket in the host or in the path. A query that asks for something else is not known.
fn xml(head: &Head, bucket: &str) -> Option<Named> {
    let is_plain = |name: &str| {
        PLAIN.contains(&name)
            || name.starts_with("response-")
            || name == "x-id"
            || ["x-goog-", "x-amz-"]
                .iter()
                .any(|start| name.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start)))
            || ["GoogleAccessId", "Signature", "Expires"].contains(&name)
    };
    if !head.query.iter().all(|query| is_plain(&query.name)) {
        return None;
    }
    let path = head.path.strip_prefix('/').unwrap_or(&head.path);
    let (bucket, object) =
        if bucket.is_empty() { path.split_once('/').unwrap_or((path, "")) } else { (bucket, path) };
    if bucket.is_empty() {
        return (head.method == "GET").then(|| named("storage.buckets.list"));
    }
    let object = Some(object).filter(|object| !object.is_empty());
    let operation = match (head.method.as_str(), object) {
        ("GET" | "HEAD", Some(_)) => "storage.objects.get",
        ("PUT", Some(_)) => "storage.objects.create",
        ("DELETE", Some(_)) => "storage.objects.delete",
        ("GET", None) => "storage.objects.list",
        ("HEAD", None) => "storage.buckets.get",
        ("PUT", None) => "storage.buckets.create",
        ("DELETE", None) => "storage.buckets.delete",
        _ => return None,
    };
    Some(on(operation, bucket, object))
}
