//! A host, as far as its name tells whose it is.

use std::net::IpAddr;

/// A host, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host<'a> {
    /// With its port, as the request has it.
    pub(super) whole: &'a str,
    /// Without its port and the brackets of an address.
    pub(super) name: &'a str,
    /// Its port, where it has one.
    pub(super) port: Option<u16>,
}

impl<'a> Host<'a> {
    pub(super) fn of(whole: &'a str) -> Self {
        let (name, port) = match whole.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, rest)) => (address, rest.strip_prefix(':')),
            None => whole.rsplit_once(':').map_or((whole, None), |(name, port)| (name, Some(port))),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        Self { whole, name, port: port.and_then(|port| port.parse().ok()) }
    }

    pub(super) fn ip(&self) -> Option<IpAddr> {
        // Most names have a letter that no address has, which is found sooner.
        let is_address = |byte: u8| byte.is_ascii_hexdigit() || byte == b'.' || byte == b':';
        self.name.bytes().all(is_address).then(|| self.name.parse().ok()).flatten()
    }

    /// Whether it is an address, or a name of this machine or without a domain.
    pub(super) fn is_local(&self) -> bool {
        self.ip().is_some() || !self.name.contains('.')
    }

    /// What precedes a domain, such as `bucket.s3.eu-west-1` of `amazonaws.com`.
    pub(super) fn below(&self, domain: &str) -> Option<&'a str> {
        self.name.strip_suffix(domain)?.strip_suffix('.').filter(|below| !below.is_empty())
    }

    /// As records have it: without the port that every such host has. A name that no host has is none.
    pub(super) fn label(&self) -> &'a str {
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte);
        if self.whole.is_empty() || self.whole.len() > 300 || !self.whole.bytes().all(is_host) {
            return super::UNKNOWN;
        }
        match self.port {
            Some(80 | 443) => self.whole.rsplit_once(':').map_or(self.whole, |(name, _)| name),
            _ => self.whole,
        }
    }

    /// Whether it is one of a list, which may leave the port out. What leaves it out itself has that of HTTPS.
    pub(super) fn is_listed(&self, hosts: &[String]) -> bool {
        hosts.iter().any(|host| {
            let listed = Host::of(host);
            listed.name.eq_ignore_ascii_case(self.name)
                && (listed.port.is_none() || listed.port == self.port.or(Some(443)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn names_ports_and_addresses_are_told_apart() {
        for (whole, name, port, label) in [
            ("example.com", "example.com", None, "example.com"),
            ("example.com:443", "example.com", Some(443), "example.com"),
            ("[fd00:ec2::254]:80", "fd00:ec2::254", Some(80), "[fd00:ec2::254]"),
            ("[::1]", "::1", None, "[::1]"),
            ("localhost:5000", "localhost", Some(5000), "localhost:5000"),
            ("", "", None, "unknown"),
            ("a b", "a b", None, "unknown"),
            ("a:b:c", "a:b", None, "a:b:c"),
        ] {
            let host = Host::of(whole);
            assert_eq!((host.name, host.port, host.label()), (name, port, label), "{whole}");
        }
        assert!(Host::of("[::1]:8443").is_local() && Host::of("vault:8200").is_local());
        assert!(!Host::of("example.com").is_local());
        assert_eq!(Host::of("a.b.example.com").below("example.com"), Some("a.b"));
        assert_eq!(Host::of("example.com").below("example.com"), None);
        assert_eq!(Host::of("notexample.com").below("example.com"), None);
        let listed = ["10.0.0.1".to_owned(), "api.internal:6443".to_owned()];
        assert!(
            Host::of("10.0.0.1:443").is_listed(&listed) && Host::of("api.internal:6443").is_listed(&listed)
        );
        assert!(
            !Host::of("api.internal:443").is_listed(&listed) && !Host::of("api.internal").is_listed(&listed)
        );
        assert!(Host::of("10.96.0.1").is_listed(&["10.96.0.1:443".to_owned()]));
    }
}
