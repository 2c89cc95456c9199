//! Does what a controller does with the library that those in Rust have: address of the API server, file of its certificate,
//! token, namespace.

use futures::TryStreamExt as _;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams, WatchParams};
use kube::config::{AuthInfo, Config};

/// The status of an answer that is no success.
fn status<T: std::fmt::Debug>(answer: kube::Result<T>) -> u16 {
    match answer.unwrap_err() {
        kube::Error::Api(status) => status.code,
        error => panic!("no answer: {error}"),
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, certificate, token, namespace] = &arguments[..] else { return };
    let mut config = Config::new(address.parse().unwrap());
    config.default_namespace.clone_from(namespace);
    config.root_cert = Some(vec![pem(&std::fs::read_to_string(certificate).unwrap())]);
    config.auth_info = AuthInfo { token: Some(token.clone().into()), ..AuthInfo::default() };
    let client = kube::Client::try_from(config).unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
    // It elects a leader: asks for what is not there, makes it, and holds it.
    assert_eq!(status(leases.get("remit-leader").await), 404);
    let lease = Lease { metadata: named("remit-leader"), spec: Some(LeaseSpec::default()) };
    leases.create(&PostParams::default(), &lease).await.unwrap();
    assert_eq!(status(leases.create(&PostParams::default(), &lease).await), 409);
    for _ in 0..5 {
        let held = leases.get("remit-leader").await.unwrap();
        leases.replace("remit-leader", &PostParams::default(), &held).await.unwrap();
    }
    // It applies, once what is not there and then what is.
    let map = ConfigMap { metadata: named("remit-applied"), ..ConfigMap::default() };
    let apply = PatchParams::apply("remit");
    for _ in 0..2 {
        maps.patch("remit-applied", &apply, &Patch::Apply(&map)).await.unwrap();
    }
    maps.list(&ListParams::default()).await.unwrap();
    let all: Api<ConfigMap> = Api::all(client.clone());
    all.list(&ListParams::default().fields("metadata.name=remit-applied")).await.unwrap();
    let events = maps.watch(&WatchParams::default(), "1").await.unwrap();
    let events: Vec<_> = events.try_collect().await.unwrap();
    assert!(events.len() == 2, "{events:?}");
    let status_of_map = Patch::Merge(serde_json::json!({ "data": {} }));
    maps.patch_status("remit-applied", &PatchParams::default(), &status_of_map).await.unwrap();
    // What is refused, and what is wrong.
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    assert_eq!(status(secrets.get("remit-secret").await), 403);
    let wrong = ConfigMap { metadata: named("remit-wrong"), ..ConfigMap::default() };
    assert_eq!(status(maps.create(&PostParams::default(), &wrong).await), 422);
    maps.delete("remit-applied", &DeleteParams::default()).await.unwrap();
    maps.delete_collection(&DeleteParams::default(), &ListParams::default()).await.unwrap();
    client.apiserver_version().await.unwrap();
}

/// The certificate of a file, decoded.
fn pem(text: &str) -> Vec<u8> {
    let lines: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::Engine::decode(&base64::prelude::BASE64_STANDARD, lines).unwrap()
}
