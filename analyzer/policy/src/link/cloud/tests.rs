use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::tests::{identities, origin, own, service_account, told};
use super::super::{Identities, open_trusts};
use crate::Account;

/// Identities that are annotated, with what is printed by the name of a file.
fn cloud(annotated: &[Value], files: &[(&str, Value)]) -> Identities {
    let mut identities = identities(annotated);
    for (file, value) in files {
        identities.read_cloud(value, file, &origin());
    }
    identities
}

fn gke(name: &str, account: &str) -> Value {
    service_account(name, "iam.gke.io/gcp-service-account", account)
}

const LOGS: &str = "logs@acme.iam.gserviceaccount.com";

fn found(account: &str, bindings: &Value) -> Value {
    json!({"resource": format!("//iam.googleapis.com/projects/acme/serviceAccounts/{account}"), "project": "projects/1",
        "assetType": "iam.googleapis.com/ServiceAccount", "policy": {"bindings": bindings}})
}

fn tokens(members: &[&str]) -> Value {
    json!({"role": "roles/iam.workloadIdentityUser", "members": members})
}

#[test]
fn a_service_account_of_google_cloud_names_who_may_become_it() {
    let direct = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme.svc.id.goog/subject/ns/shop/sa/new";
    let when = json!({"role": "roles/iam.workloadIdentityUser", "condition": {"expression": "request.time < x"},
        "members": ["serviceAccount:acme.svc.id.goog[shop/timed]"]});
    let own =
        json!({"role": "projects/acme/roles/mine", "members": ["serviceAccount:acme.svc.id.goog[shop/own]"]});
    let other = json!({"role": "roles/iam.serviceAccountViewer", "members": ["serviceAccount:acme.svc.id.goog[shop/viewer]"]});
    let named = tokens(&["serviceAccount:acme.svc.id.goog[shop/web]", "user:ann@acme.example", direct]);
    let names = ["web", "new", "timed", "own", "viewer", "nobody"];
    let annotated: Vec<_> = names.iter().map(|name| gke(name, LOGS)).collect();
    let files = [("policies", json!([found(LOGS, &json!([named, when, own, other]))]))];
    let identities = cloud(&annotated, &files);
    assert_eq!(identities.problems, []);
    let trust: BTreeMap<_, _> = told(&identities, &Account::default())
        .into_iter()
        .map(|(name, _, trust, is_there)| (name, (trust, is_there)))
        .collect();
    let is = |name: &str| trust[&format!("shop/{name}")];
    assert_eq!([is("web"), is("new")], [("given", true); 2]);
    // What is not in its own policy may be in its project's.
    assert_eq!(["timed", "own", "viewer", "nobody"].map(is), [("undetermined", true); 4]);
    assert_eq!(open_trusts(&identities, &Account::default()), []);
}

#[test]
fn policies_of_google_cloud_are_read_in_every_form() {
    let binding = json!([tokens(&["serviceAccount:acme.svc.id.goog[shop/web]"])]);
    let name = format!("//iam.googleapis.com/projects/acme/serviceAccounts/{LOGS}");
    let exported = json!({"name": name, "asset_type": "iam.googleapis.com/ServiceAccount", "iam_policy": {"bindings": binding}});
    let printed = json!({"bindings": binding, "etag": "BwX", "version": 1});
    for (file, value) in
        [("all", json!([found(LOGS, &binding)])), ("export", exported), (LOGS, printed.clone())]
    {
        let identities = cloud(&[], &[(file, value)]);
        assert_eq!(identities.problems, []);
        let expected = own(&[("shop/web", LOGS, "given", false)]);
        assert_eq!(told(&identities, &Account::default()), expected, "{file}");
    }
    let nameless = cloud(&[gke("web", LOGS)], &[("policy", printed)]);
    assert!(nameless.problems[0].message.starts_with("a policy does not say which service account"));
    assert_eq!(told(&nameless, &Account::default()), own(&[("shop/web", LOGS, "unknown", true)]));
    // Policies of projects are among those that are found, and say nothing of a service account.
    let project = json!({"resource": "//cloudresourcemanager.googleapis.com/projects/1", "policy": {"bindings": binding}});
    let identities = cloud(&[], &[("all", json!([project]))]);
    assert_eq!((told(&identities, &Account::default()), identities.problems), (vec![], vec![]));
    let number = cloud(&[], &[("all", json!([found("118", &binding)]))]);
    assert!(number.problems[0].message.contains("does not name the service account by its address"));
    // A policy that names nobody has no bindings at all.
    for (file, nobody) in
        [(LOGS, json!({"etag": "ACAB"})), ("all", json!([{"name": name, "iamPolicy": {"etag": "ACAB"}}]))]
    {
        let identities = cloud(&[gke("web", LOGS)], &[(file, nobody)]);
        assert_eq!(identities.problems, []);
        let expected = own(&[("shop/web", LOGS, "undetermined", true)]);
        assert_eq!(told(&identities, &Account::default()), expected, "{file}");
    }
}

#[test]
fn namespaces_and_clusters_that_google_cloud_trusts_are_open() {
    let pool = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme.svc.id.goog";
    let cluster = format!("{pool}/kubernetes.cluster/https://container.googleapis.com/v1/projects/acme/x");
    let members = tokens(&[&format!("{pool}/namespace/shop"), &format!("{pool}/*"), &cluster]);
    let annotated = [gke("web", LOGS), gke("till", "bank@acme.iam.gserviceaccount.com")];
    let identities = cloud(&annotated, &[("all", json!([found(LOGS, &json!([members]))]))]);
    let open: Vec<_> =
        open_trusts(&identities, &Account::default()).into_iter().map(|open| open.subject).collect();
    assert_eq!(open, ["system:serviceaccount:shop:*", "system:serviceaccount:*"]);
    let expected = own(&[
        ("shop/till", "bank@acme.iam.gserviceaccount.com", "unknown", true),
        ("shop/web", LOGS, "given", true),
    ]);
    assert_eq!(told(&identities, &Account::default()), expected);
}

const CLIENT: &str = "aabbccdd-3333-4444-5555-666677778888";

fn azure(name: &str) -> Value {
    service_account(name, "azure.workload.identity/client-id", CLIENT)
}

/// As the command line prints it, and as the interface answers it.
fn credential(subject: &str, audience: &str, is_flat: bool) -> Value {
    let identity =
        "/subscriptions/s/resourcegroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web";
    let id = format!("{identity}/federatedIdentityCredentials/{}", subject.len());
    let fields = json!({"issuer": "https://oidc.prod-aks.azure.com/t/i/", "subject": subject, "audiences": [audience]});
    if !is_flat {
        return json!({"id": id, "properties": fields});
    }
    let mut flat = fields;
    flat["id"] = json!(id);
    flat
}

#[test]
fn an_identity_of_azure_takes_the_subjects_of_its_credentials() {
    let identity = json!([{"clientId": CLIENT.to_uppercase(), "principalId": "p",
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web"}]);
    let usual = "api://AzureADTokenExchange";
    let annotated = [azure("web"), azure("odd"), azure("other")];
    for is_flat in [true, false] {
        let all = [
            credential("system:serviceaccount:shop:web", usual, is_flat),
            credential("system:serviceaccount:shop:odd", "elsewhere", is_flat),
            credential("system:serviceaccount:bank:till", usual, is_flat),
            credential("repo:acme/shop:ref:refs/heads/main", usual, is_flat),
        ];
        let list = if is_flat { json!(all) } else { json!({"value": all}) };
        let identities =
            cloud(&annotated, &[("identities", identity.clone()), ("credentials", list.clone())]);
        assert_eq!(identities.problems, []);
        let expected = own(&[
            ("bank/till", &CLIENT.to_lowercase(), "given", false),
            ("shop/odd", CLIENT, "undetermined", true),
            ("shop/other", CLIENT, "refused", true),
            ("shop/web", CLIENT, "given", true),
        ]);
        assert_eq!(told(&identities, &Account::default()), expected);
        // Whose the credentials are is not known without the list of identities.
        let alone = cloud(&annotated, &[("credentials", list)]);
        assert!(told(&alone, &Account::default()).iter().all(|(_, _, trust, _)| *trust == "unknown"));
    }
    // One credential alone, or a page of them, may not be all.
    let one = credential("system:serviceaccount:bank:till", usual, true);
    let page = json!({"value": [one], "nextLink": "https://management.azure.com/x"});
    let other_page = json!({"value": [one], "@odata.nextLink": "https://graph.microsoft.com/x"});
    // Whom a credential of the cluster's own binding serves, roles of the cluster say.
    let mut bound = one.clone();
    bound["issuer"] = json!("https://ib.oic.prod-aks.azure.com/t/c");
    for some in [one, page, other_page, json!([bound])] {
        let identities = cloud(&annotated[2..], &[("identities", identity.clone()), ("some", some)]);
        let other =
            told(&identities, &Account::default()).into_iter().find(|(name, ..)| name == "shop/other");
        assert_eq!(other.unwrap().2, "undetermined");
    }
}

#[test]
fn credentials_of_an_application_are_its_whose_client_id_the_file_has() {
    let of = |subject: &str| {
        json!([{"id": "0d3f", "name": "c", "issuer": "https://oidc.prod-aks.azure.com/t/i/", "subject": subject,
            "audiences": ["api://AzureADTokenExchange"]}])
    };
    let web = of("system:serviceaccount:shop:web");
    let identities = cloud(&[azure("web")], &[(CLIENT, web.clone())]);
    assert_eq!(told(&identities, &Account::default()), own(&[("shop/web", CLIENT, "given", true)]));
    let nameless = cloud(&[azure("web")], &[("credentials", web)]);
    assert!(nameless.problems[0].message.starts_with("a credential does not say which application"));
    // None at all are all that there are, and what is no credential is none.
    let identities = cloud(&[azure("web")], &[(CLIENT, json!([]))]);
    assert_eq!(told(&identities, &Account::default()), own(&[("shop/web", CLIENT, "refused", true)]));
    let strange = json!({"value": [{"id": "/x/roleAssignments/1", "properties": {"roleDefinitionId": "r"}}]});
    let identities = cloud(&[azure("web")], &[(CLIENT, strange)]);
    assert_eq!(told(&identities, &Account::default()), own(&[("shop/web", CLIENT, "unknown", true)]));
    // The case of a client id tells nothing.
    let capitals = service_account("web", "azure.workload.identity/client-id", &CLIENT.to_uppercase());
    let identities = cloud(&[capitals], &[(CLIENT, of("system:serviceaccount:shop:web"))]);
    assert_eq!(told(&identities, &Account::default()), own(&[("shop/web", CLIENT, "given", true)]));
    let expression = json!([{"id": "0d3f", "issuer": "https://x", "claimsMatchingExpression": {"languageVersion": 1,
        "value": "claims['sub'] matches 'system:serviceaccount:shop:*'"}}]);
    let identities = cloud(&[azure("web")], &[(CLIENT, expression)]);
    assert_eq!(told(&identities, &Account::default()), own(&[("shop/web", CLIENT, "undetermined", true)]));
}
