//! A server of which only the host is known: whose it is, which service and where, as far as the host tells.

use remit_ledger::Provider;

use super::host::Host;
use super::{Named, Surroundings, UNKNOWN, aws, azure, gcp, github, kubernetes, vault};
use crate::head::Head;

/// Names what a host serves, which has its port where it has one. The operation is unknown, whatever it is.
#[must_use]
pub fn server(host: &str, surroundings: &Surroundings<'_>) -> Named {
    let head = Head { host: Some(host.to_owned()), path: "/".to_owned(), ..Head::default() };
    let host = Host::of(host);
    let named = if kubernetes::is_server(&host, surroundings.api_servers) {
        Named::new(Provider::Kubernetes, UNKNOWN, UNKNOWN)
    } else if vault::is_server(&host, surroundings.vaults) {
        Named::new(Provider::Vault, UNKNOWN, UNKNOWN)
    } else if github::name(&head, &host).is_some() {
        // Which of its services it is the path tells.
        Named::new(Provider::Github, UNKNOWN, UNKNOWN)
    } else {
        let named = gcp::name(&head, &host).or_else(|| azure::name(&head, &host));
        named
            .or_else(|| aws::server(&host))
            .unwrap_or_else(|| Named::new(Provider::Http, host.label(), UNKNOWN))
    };
    // Of these hosts, too, the path tells the service.
    let is_shared = ["www", azure::RESOURCES].contains(&named.service.as_str());
    let service = if is_shared { UNKNOWN.to_owned() } else { named.service };
    Named { service, operation: UNKNOWN.to_owned(), resources: Vec::new(), parameters: Vec::new(), ..named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_tells_provider_service_and_region() {
        let api_servers = ["10.96.0.1".to_owned()];
        let surroundings = Surroundings { api_servers: &api_servers, ..Surroundings::default() };
        for (host, provider, service, region) in [
            ("s3.eu-west-1.amazonaws.com:443", Provider::Aws, "s3", "eu-west-1"),
            ("bucket.s3.eu-west-1.amazonaws.com", Provider::Aws, "s3", "eu-west-1"),
            ("sts.amazonaws.com:443", Provider::Aws, "sts", ""),
            ("dynamodb.us-east-1.amazonaws.com:443", Provider::Aws, "dynamodb", "us-east-1"),
            ("ec2.eu-west-1.api.aws:443", Provider::Aws, "ec2", "eu-west-1"),
            ("something-new.eu-west-1.amazonaws.com:443", Provider::Aws, UNKNOWN, "eu-west-1"),
            ("a-1.eu-west-1.elb.amazonaws.com:443", Provider::Http, "a-1.eu-west-1.elb.amazonaws.com", ""),
            ("storage.googleapis.com:443", Provider::Gcp, "storage", ""),
            ("europe-west1-aiplatform.googleapis.com", Provider::Gcp, "aiplatform", ""),
            ("www.googleapis.com:443", Provider::Gcp, UNKNOWN, ""),
            ("management.azure.com:443", Provider::Azure, UNKNOWN, ""),
            ("account.blob.core.windows.net:443", Provider::Azure, "blob", ""),
            ("api.github.com:443", Provider::Github, UNKNOWN, ""),
            ("kubernetes.default.svc:443", Provider::Kubernetes, UNKNOWN, ""),
            ("10.96.0.1:443", Provider::Kubernetes, UNKNOWN, ""),
            ("vault.example.com:443", Provider::Vault, UNKNOWN, ""),
            ("example.com:8443", Provider::Http, "example.com:8443", ""),
            ("192.0.2.1:443", Provider::Http, "192.0.2.1", ""),
        ] {
            let named = server(host, &surroundings);
            assert_eq!(
                (named.provider, named.service.as_str(), named.region.as_deref().unwrap_or("")),
                (provider, service, region),
                "{host}"
            );
            assert_eq!((named.operation.as_str(), named.resources.len()), (UNKNOWN, 0), "{host}");
        }
    }
}
