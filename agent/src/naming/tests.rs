use proptest::prelude::*;
use remit_ledger::Provider;

use super::{Named, Surroundings, UNKNOWN, name};
use crate::head::{Body, Head, Query, Scope};

/// A request without anything but these.
pub(super) fn head(method: &str, host: &str, address: &str) -> Head {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
        Query { name: name.to_owned(), value: value.map(str::to_owned) }
    });
    Head {
        method: method.to_owned(),
        host: Some(host.to_owned()),
        path: path.to_owned(),
        query: query.collect(),
        ..Head::default()
    }
}

pub(super) fn scope(service: &str) -> Option<Scope> {
    Some(Scope {
        access_key: "AKIDEXAMPLE".to_owned(),
        region: "eu-west-1".to_owned(),
        service: service.to_owned(),
    })
}

pub(super) fn named(head: &Head) -> Named {
    name(head, &Surroundings { account: "123456789012", ..Surroundings::default() })
}

/// Provider, service, operation and resources in one line.
pub(super) fn line(named: &Named) -> String {
    let mut line = format!("{} {} {}", named.provider.as_str(), named.service, named.operation);
    for resource in &named.resources {
        line.push_str(" on ");
        line.push_str(resource);
    }
    line
}

fn of(method: &str, host: &str, address: &str) -> String {
    line(&named(&head(method, host, address)))
}

fn grpc(host: &str, path: &str) -> String {
    let head = Head { content_type: Some("application/grpc".to_owned()), ..head("POST", host, path) };
    line(&named(&head))
}

#[test]
fn google_is_named() {
    let storage = "storage.googleapis.com";
    for (method, host, address, expected) in [
        ("GET", storage, "/storage/v1/b?project", "gcp storage storage.buckets.list"),
        (
            "GET",
            storage,
            "/storage/v1/b/b1/o?prefix",
            "gcp storage storage.objects.list on projects/_/buckets/b1",
        ),
        (
            "GET",
            storage,
            "/storage/v1/b/b1/o/a%2Fb?alt=media",
            "gcp storage storage.objects.get on projects/_/buckets/b1/objects/a/b",
        ),
        (
            "GET",
            storage,
            "/download/storage/v1/b/b1/o/k?alt=media",
            "gcp storage storage.objects.get on projects/_/buckets/b1/objects/k",
        ),
        (
            "DELETE",
            "www.googleapis.com",
            "/storage/v1/b/b1/o/k",
            "gcp storage storage.objects.delete on projects/_/buckets/b1/objects/k",
        ),
        (
            "POST",
            storage,
            "/upload/storage/v1/b/b1/o?uploadType=media&name=a/b",
            "gcp storage storage.objects.create on projects/_/buckets/b1/objects/a/b",
        ),
        (
            "POST",
            storage,
            "/upload/storage/v1/b/b1/o?uploadType=multipart",
            "gcp storage storage.objects.create",
        ),
        (
            "POST",
            storage,
            "/storage/v1/b/b1/o/k/rewriteTo/b/b2/o/l",
            "gcp storage storage.objects.create on projects/_/buckets/b2/objects/l",
        ),
        ("POST", storage, "/storage/v1/b/b1/later", "gcp storage unknown"),
        ("GET", storage, "/b1/a/b", "gcp storage storage.objects.get on projects/_/buckets/b1/objects/a/b"),
        (
            "PUT",
            "b1.storage.googleapis.com",
            "/a/b",
            "gcp storage storage.objects.create on projects/_/buckets/b1/objects/a/b",
        ),
        (
            "GET",
            "b1.storage.googleapis.com",
            "/?list-type=2&prefix",
            "gcp storage storage.objects.list on projects/_/buckets/b1",
        ),
        ("GET", "b1.storage.googleapis.com", "/?cors", "gcp storage unknown"),
        (
            "POST",
            "iamcredentials.googleapis.com",
            "/v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateAccessToken",
            "gcp iamcredentials GenerateAccessToken on projects/-/serviceAccounts/a@p.iam.gserviceaccount.com",
        ),
        (
            "POST",
            "pubsub.googleapis.com",
            "/v1/projects/p/topics/t:publish",
            "gcp pubsub POST /v1/projects/{}/topics/{}:publish on projects/p/topics/t",
        ),
        (
            "GET",
            "europe-west1-aiplatform.googleapis.com",
            "/v1/projects/p/locations/l/models",
            "gcp aiplatform GET /v1/projects/{}/locations/{}/models on projects/p/locations/l/models",
        ),
        (
            "GET",
            "compute.googleapis.com",
            "/compute/v1/projects/p/global/firewalls/f",
            "gcp compute GET /compute/v1/projects/{}/global/firewalls/{} on projects/p/global/firewalls/f",
        ),
        ("POST", "oauth2.googleapis.com", "/token", "gcp oauth2 POST /token"),
        ("GET", "storage.mtls.googleapis.com", "/storage/v1/b", "gcp storage storage.buckets.list"),
        (
            "GET",
            "storage.europe-west3.rep.googleapis.com",
            "/b1/k",
            "gcp storage storage.objects.get on projects/_/buckets/b1/objects/k",
        ),
        (
            "GET",
            "b1.storage.europe-west3.rep.googleapis.com",
            "/k",
            "gcp storage storage.objects.get on projects/_/buckets/b1/objects/k",
        ),
        ("POST", "oauth2.mtls.googleapis.com", "/token", "gcp oauth2 POST /token"),
    ] {
        assert_eq!(of(method, host, address), expected, "{method} {host}{address}");
    }
    assert_eq!(grpc(storage, "/google.storage.v2.Storage/ReadObject"), "gcp storage storage.objects.get");
    assert_eq!(grpc(storage, "/google.storage.v2.Storage/Later"), "gcp storage unknown");
    assert_eq!(
        grpc("pubsub.googleapis.com", "/google.pubsub.v1.Publisher/Publish"),
        "gcp pubsub google.pubsub.v1.Publisher.Publish"
    );
    // Keys for other clouds' clients sign as S3's do.
    let interoperable = Head { scope: scope("s3"), ..head("GET", storage, "/b1/k") };
    assert_eq!(
        line(&named(&interoperable)),
        "gcp storage storage.objects.get on projects/_/buckets/b1/objects/k"
    );
}

#[test]
fn azure_is_named() {
    let manager = "management.azure.com";
    let blob = "acct.blob.core.windows.net";
    for (method, host, address, expected) in [
        (
            "GET",
            manager,
            "/subscriptions?api-version",
            "azure microsoft.resources microsoft.resources/subscriptions/read on /subscriptions",
        ),
        (
            "GET",
            manager,
            "/subscriptions/s/resourceGroups/g",
            "azure microsoft.resources microsoft.resources/subscriptions/resourcegroups/read on /subscriptions/s/resourceGroups/g",
        ),
        (
            "PUT",
            manager,
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
            "azure microsoft.compute microsoft.compute/virtualmachines/write on /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
        ),
        (
            "POST",
            manager,
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v/start",
            "azure microsoft.compute microsoft.compute/virtualmachines/start/action on /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v/start",
        ),
        (
            "DELETE",
            manager,
            "/subscriptions/s/providers/Microsoft.Sql/servers/a/databases/d/providers/Microsoft.Authorization/locks/l",
            "azure microsoft.authorization microsoft.authorization/locks/delete on /subscriptions/s/providers/Microsoft.Sql/servers/a/databases/d/providers/Microsoft.Authorization/locks/l",
        ),
        ("POST", manager, "/subscriptions/s/resourceGroups/g", "azure microsoft.resources unknown"),
        ("GET", manager, "/", "azure microsoft.resources unknown"),
        (
            "GET",
            manager,
            "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/VirtualMachines/v",
            "azure microsoft.compute microsoft.compute/virtualmachines/read on /subscriptions/s/resourcegroups/g/providers/microsoft.compute/VirtualMachines/v",
        ),
        (
            "POST",
            manager,
            "/providers/Microsoft.ResourceGraph/resources",
            "azure microsoft.resourcegraph microsoft.resourcegraph/resources/read on /providers/Microsoft.ResourceGraph/resources",
        ),
        ("GET", "acct.z01.blob.storage.azure.net", "/c/k", "azure blob GetBlob on /acct/c/k"),
        ("GET", blob, "/?comp=list", "azure blob ListContainers on /acct"),
        ("GET", blob, "/c?restype=container&comp=list", "azure blob ListBlobs on /acct/c"),
        ("GET", blob, "/c/a/b%20c", "azure blob GetBlob on /acct/c/a/b c"),
        ("PUT", blob, "/c/k?comp=block&blockid", "azure blob PutBlock on /acct/c/k"),
        ("GET", blob, "/k", "azure blob GetBlob on /acct/$root/k"),
        ("GET", blob, "/c/k?comp=later", "azure blob unknown"),
        ("GET", blob, "/c/k?comp", "azure blob unknown"),
        ("GET", "v.vault.azure.net", "/secrets/name1234/", "azure keyvault GET /secrets/{}"),
    ] {
        assert_eq!(of(method, host, address), expected, "{method} {host}{address}");
    }
    let copy = Head { copy_source: Some("https://other/c/k".to_owned()), ..head("PUT", blob, "/c/k") };
    assert_eq!(line(&named(&copy)), "azure blob CopyBlob");
}

#[test]
fn github_vault_and_metadata_are_named() {
    for (method, host, address, expected) in [
        ("GET", "api.github.com", "/repos/o/r/issues/17", "github repos GET /repos/{}/{}/issues/{} on o/r"),
        (
            "GET",
            "api.github.com",
            "/repos/o/r/contents/a/b.txt",
            "github repos GET /repos/{}/{}/contents/{} on o/r",
        ),
        (
            "GET",
            "api.github.com",
            "/repos/o/r/branches/main/protection",
            "github repos GET /repos/{}/{}/branches/{}/protection on o/r",
        ),
        (
            "PUT",
            "api.github.com",
            "/orgs/o/actions/secrets/NAME",
            "github orgs PUT /orgs/{}/actions/secrets/{} on o",
        ),
        ("GET", "api.github.com", "/user/memberships/orgs/acme", "github user GET /user/memberships/orgs/{}"),
        ("PUT", "api.github.com", "/orgs/o/blocks/someone", "github orgs PUT /orgs/{}/blocks/{} on o"),
        (
            "GET",
            "api.github.com",
            "/repos/o/r/assignees/bob",
            "github repos GET /repos/{}/{}/assignees/{} on o/r",
        ),
        ("PUT", "api.github.com", "/user/starred/owner/name", "github user PUT /user/starred/{}/{}"),
        (
            "PUT",
            "api.github.com",
            "/orgs/o/teams/core/repos/owner/name",
            "github orgs PUT /orgs/{}/teams/{}/repos/{}/{} on o",
        ),
        ("POST", "api.github.com", "/graphql", "github graphql POST /graphql"),
        ("GET", "vault.internal:8200", "/v1/secret/data/app/db", "vault secret read on secret/data/app/db"),
        (
            "GET",
            "10.0.0.9:8200",
            "/v1/secret/metadata/app?list=true",
            "vault secret list on secret/metadata/app",
        ),
        ("POST", "vault.internal", "/v1/auth/kubernetes/login", "vault auth write on auth/kubernetes/login"),
        ("POST", "vault.internal", "/v1/auth/token/revoke/abc", "vault auth write on auth/token/revoke/{}"),
        (
            "POST",
            "vault.internal",
            "/v1/auth/token/revoke-accessor/abc",
            "vault auth write on auth/token/revoke-accessor/{}",
        ),
        (
            "POST",
            "vault.internal",
            "/v1/auth/token/renew-accessor/abc",
            "vault auth write on auth/token/renew-accessor/{}",
        ),
        (
            "PUT",
            "vault.internal",
            "/v1/sys/leases/revoke/database/creds/ro/abc",
            "vault sys write on sys/leases/revoke/{}",
        ),
        ("SCAN", "openbao.internal", "/v1/secret/metadata/app", "vault secret scan on secret/metadata/app"),
        ("GET", "vault.internal", "/v1/auth/token/lookup?list=1", "vault auth list on auth/token/lookup"),
        (
            "GET",
            "vault.internal",
            "/v1/secret/metadata/app?list=TRUE",
            "vault secret list on secret/metadata/app",
        ),
        (
            "GET",
            "vault.internal",
            "/v1/secret/metadata/app?list=no",
            "vault secret read on secret/metadata/app",
        ),
        ("GET", "other.internal", "/v1/secret/data/app", "http other.internal GET /v1/secret/data/app"),
        ("PUT", "169.254.169.254", "/latest/api/token", "aws instance-metadata PUT /latest/api/token"),
        (
            "GET",
            "[fd00:ec2::254]",
            "/latest/meta-data/iam/security-credentials/",
            "aws instance-metadata GET /latest/meta-data/iam/security-credentials",
        ),
        (
            "GET",
            "169.254.169.254",
            "/2021-07-15/meta-data/iam/security-credentials/app",
            "aws instance-metadata GET /{}/meta-data/iam/security-credentials/{}",
        ),
        (
            "GET",
            "169.254.170.2",
            "/v2/credentials/0b7e0f9c-7f4c-4f0e-9c50-3d2a1b6f8e11",
            "aws instance-metadata GET /v2/credentials/{}",
        ),
        ("GET", "169.254.170.2", "/v4/abcdef/task", "aws instance-metadata GET /v4/{}/task"),
        ("GET", "169.254.170.23", "/v1/credentials", "aws instance-metadata GET /v1/credentials"),
        (
            "GET",
            "metadata.google.internal",
            "/computeMetadata/v1/instance/service-accounts/default/token",
            "gcp instance-metadata GET /computeMetadata/v1/instance/service-accounts/default/token",
        ),
        (
            "GET",
            "169.254.169.254",
            "/metadata/identity/oauth2/token?resource",
            "azure instance-metadata GET /metadata/identity/oauth2/token",
        ),
        ("GET", "169.254.169.254", "/", "http instance-metadata GET /"),
    ] {
        assert_eq!(of(method, host, address), expected, "{method} {host}{address}");
    }
    let role = named(&head("GET", "169.254.169.254", "/latest/meta-data/iam/security-credentials/app"));
    assert_eq!(role.parameters, [("role".to_owned(), "app".to_owned())]);
}

#[test]
fn tools_and_other_services_are_named() {
    let rpc = |method: &str, tool: Option<&str>| {
        let body = Body::Rpc { method: method.to_owned(), tool: tool.map(str::to_owned) };
        let head = Head { body: Some(body), ..head("POST", "tools.example.com", "/mcp") };
        line(&named(&head))
    };
    assert_eq!(rpc("tools/call", Some("read_file")), "mcp tools.example.com tools/call on read_file");
    assert_eq!(rpc("tools/list", None), "mcp tools.example.com tools/list");
    assert_eq!(rpc("eth_call", None), "http tools.example.com POST /mcp eth_call");
    assert_eq!(rpc("a b", None), "http tools.example.com POST /mcp");
    assert_eq!(of("GET", "shop.example.com:443", "/orders/17?q=x"), "http shop.example.com GET /orders/{}");
    assert_eq!(of("x y", "", ""), "http unknown unknown /");
    for host in ["pubsub.googleapis.com", "s3.eu-west-1.amazonaws.com", "10.96.0.1:6443"] {
        let authority = if host.contains(':') { host.to_owned() } else { format!("{host}:443") };
        assert_eq!(of("CONNECT", &authority, ""), format!("http {host} CONNECT"), "asked of a proxy");
    }
    assert_eq!(grpc("svc:50051", "/a.b.Service1234/Method"), "http svc:50051 POST /a.b.Service1234/Method");
    // A gateway of AWS for tools: its address does not tell which.
    let body = Some(Body::Rpc { method: "tools/call".to_owned(), tool: Some("t".to_owned()) });
    let gateway = Head { body, scope: scope("bedrock-agentcore"), ..head("POST", "gw.example.com", "/mcp") };
    assert_eq!(line(&named(&gateway)), "mcp gw.example.com tools/call on t");
}

proptest! {
    #[test]
    fn any_request_has_a_name(
        method in "[A-Z]{0,8}|.{0,5}",
        host in "[a-z0-9.:-]{0,40}|(.{0,8}\\.)?(s3\\.amazonaws\\.com|storage\\.googleapis\\.com|management\\.azure\\.com|x\\.blob\\.core\\.windows\\.net|vault|api\\.github\\.com|kubernetes|169\\.254\\.169\\.254)",
        path in "(/(api|apis|v1|storage|watch|namespaces|subscriptions|providers|repos|[^/]{0,6})){0,8}/?|.{0,60}",
        names in proptest::collection::vec("(comp|watch|restype|list|fieldSelector|.{0,6})", 0..4),
        service in proptest::option::of("(s3|lambda|chime|.{0,6})"),
        target in proptest::option::of("(DynamoDB_20120810\\.)?[^.]{0,6}"),
    ) {
        let query = names.iter().map(|name| Query { name: name.clone(), value: Some(name.clone()) }).collect();
        let scope = service.map(|service| Scope { access_key: String::new(), region: service.clone(), service });
        let head = Head { method, host: Some(host), path, query, scope, amz_target: target, ..Head::default() };
        let named = named(&head);
        prop_assert!(!named.service.is_empty() && !named.operation.is_empty());
        prop_assert!(named.operation.len() <= 700, "{}", named.operation.len());
        prop_assert!(named.provider != Provider::Aws || named.operation == UNKNOWN || !named.operation.contains(char::is_whitespace) || named.service == "instance-metadata");
    }
}
