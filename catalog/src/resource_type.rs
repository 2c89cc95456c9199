//! Which type of resource an ARN is one of.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::arn::{Arn, Pattern, Specificity};
use crate::{Catalog, ResourceType};

/// Resource types by the service that their ARNs name, each with the prefix of the service whose type it is.
pub(crate) type TypesByArn = BTreeMap<&'static str, Vec<(&'static str, &'static ResourceType)>>;

impl Catalog {
    /// The type of resource that an ARN belongs to most specifically, whichever service's it is: DynamoDB's
    /// `table/t/index/i` is an index and no table, Lambda's `function:f:*` an alias and no function. None where no
    /// type of the list has such an ARN.
    ///
    /// Two ARNs of one type may stand for one thing, such as a role with and without its path. A listed ARN of one type
    /// does not make one of another type superfluous.
    ///
    /// ```
    /// # let catalog = remit_catalog::Catalog::embedded()?;
    /// let name = |arn| catalog.resource_type(arn).map(|found| found.name);
    /// assert_eq!(name("arn:aws:dynamodb:eu-west-1:1:table/t"), Some("table"));
    /// assert_eq!(name("arn:aws:dynamodb:eu-west-1:1:table/t/index/i"), Some("index"));
    /// # Ok::<(), remit_catalog::CatalogError>(())
    /// ```
    pub fn resource_type(&self, arn: &str) -> Option<&'static ResourceType> {
        let arn = &Arn::split(arn)?;
        let service = arn.service();
        let types = self.types_by_arn.get_or_init(|| self.types_by_arn()).get(service)?;
        // Several services list types of one: of two that fit alike the ARN's own service knows better, then the first.
        let fits =
            types.iter().filter_map(|(prefix, known)| Some((known.fit(arn)?, *prefix == service, *known)));
        let best = fits.reduce(|best, next| if (next.0, next.1) > (best.0, best.1) { next } else { best });
        best.map(|(_, _, known)| known)
    }

    fn types_by_arn(&self) -> TypesByArn {
        let mut types = TypesByArn::new();
        for service in &self.services {
            for known in service.types {
                let named = known.arns.iter().filter_map(|pattern| pattern.split(':').nth(2));
                for named in named.collect::<std::collections::BTreeSet<_>>() {
                    types.entry(named).or_default().push((service.prefix, known));
                }
            }
        }
        types
    }
}

impl ResourceType {
    /// Whether the ARN is one of this type, and how closely it fits.
    pub(crate) fn matches(&self, arn: &Arn<'_>) -> Option<Specificity> {
        self.patterns().iter().flatten().filter_map(|pattern| pattern.matches(arn)).max()
    }

    /// How closely the ARN fits, and whether by the type's own pattern rather than by one it has besides.
    fn fit(&self, arn: &Arn<'_>) -> Option<(Specificity, Reverse<usize>)> {
        let patterns = self.patterns().iter().enumerate();
        patterns.filter_map(|(place, pattern)| Some((pattern.as_ref()?.matches(arn)?, Reverse(place)))).max()
    }

    /// The patterns of `arns`, in their order. Most types of a catalog are never asked for theirs.
    fn patterns(&self) -> &[Option<Pattern>] {
        self.patterns.get_or_init(|| self.arns.iter().map(|arn| Pattern::parse(arn)).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::Catalog;

    #[test]
    fn an_arn_is_of_its_most_specific_type() {
        let catalog = Catalog::embedded().unwrap();
        for (arn, expected) in [
            ("arn:aws:dynamodb:eu-west-1:1:table/t", Some("table")),
            ("arn:aws:dynamodb:eu-west-1:1:table/t/index/i", Some("index")),
            ("arn:aws:dynamodb:eu-west-1:1:table/t/index/*", Some("index")),
            ("arn:aws:dynamodb:eu-west-1:1:table/t/stream/2026", Some("stream")),
            ("arn:aws:lambda:eu-west-1:1:function:f", Some("function")),
            ("arn:aws:lambda:eu-west-1:1:function:f:prod", Some("function alias")),
            ("arn:aws:lambda:eu-west-1:1:layer:l", Some("layer")),
            ("arn:aws:lambda:eu-west-1:1:layer:l:3", Some("layerVersion")),
            ("arn:aws:s3:::b", Some("bucket")),
            ("arn:aws:s3:::b/k/l", Some("object")),
            ("arn:aws:iam::1:role/r", Some("role")),
            ("arn:aws:iam::1:role/*/r", Some("role")),
            ("arn:aws:logs:eu-west-1:1:log-group:g", Some("log-group")),
            ("arn:aws:logs:eu-west-1:1:log-group:g:*", Some("log-group")),
            ("arn:aws:logs:eu-west-1:1:log-group:g:log-stream:s", Some("log-stream")),
            ("arn:aws:kms:eu-west-1:1:alias/a", Some("alias")),
            ("arn:aws:ec2:eu-west-1:*:subnet/subnet-1", Some("subnet")),
            ("arn:aws:ecs:eu-west-1:1:service/c/s", Some("service")),
            ("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1", Some("loadbalancer/app/")),
            ("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/web", Some("loadbalancer")),
            ("arn:aws:secretsmanager:eu-west-1:1:secret:s-??????", Some("Secret")),
            ("arn:aws:nowhere:eu-west-1:1:thing/t", None),
            ("arn:aws:dynamodb:eu-west-1:1:chair/c", None),
            ("no ARN", None),
            ("", None),
        ] {
            assert_eq!(catalog.resource_type(arn).map(|found| found.name), expected, "{arn}");
        }
    }

    /// Types of other services for the same ARNs do not hide a service's own.
    #[test]
    fn a_service_knows_its_own_types() {
        let catalog = Catalog::embedded().unwrap();
        let own = |service: &str, name: &str| {
            catalog.types_of(service).iter().find(|known| known.name == name).unwrap()
        };
        let instance = catalog.resource_type("arn:aws:ec2:eu-west-1:1:instance/i-1").unwrap();
        assert!(std::ptr::eq(instance, own("ec2", "instance")));
        let key = catalog.resource_type("arn:aws:kms:eu-west-1:1:key/k").unwrap();
        assert!(std::ptr::eq(key, own("kms", "key")));
    }
}
