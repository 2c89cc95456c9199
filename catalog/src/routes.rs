//! Which operation of AWS a request calls: routes, generated from botocore's models.
//!
//! Several services sign by one name, and several are recorded under one. A request is given to all that it may be meant
//! for, and names an operation where they agree. The table is decoded apart from the catalog's and at the first call,
//! because only recorders of the wire need it; the operations of a service when it is first asked for.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::CatalogError;
use crate::cursor::Cursor;
use crate::route::{Constraint, Request, Route, RoutedOperation, Segment};

/// What a table begins with; the digit grows when the form changes.
const MARK: &[u8] = b"remit-routes-1\n";

/// More than any table has; a damaged one cannot ask for more memory than this.
const LIMIT: usize = 16 << 20;

/// Places of services by a name that several may have.
type Places = HashMap<&'static str, Vec<usize>>;

/// Routes to every operation of AWS.
#[derive(Debug)]
pub struct Routes {
    services: Vec<RoutedService>,
    /// Places of services by scope, by endpoint and by target.
    scopes: Places,
    endpoints: Places,
    targets: Places,
    fingerprint: &'static str,
}

/// A service by one of the names that it signs by.
#[derive(Debug)]
pub struct RoutedService {
    /// The service in the scope of a signature.
    pub scope: &'static str,
    /// How its host names begin, such as `runtime.sagemaker`.
    pub endpoint: &'static str,
    /// The service as the audit log names it.
    pub service: &'static str,
    /// What precedes the operation in `X-Amz-Target`; empty for services of other protocols.
    pub target: &'static str,
    /// Whether query parameters tell operations apart, so that one with an unknown parameter is not known.
    pub(crate) is_strict: bool,
    is_rest: bool,
    /// Operations of the model that are not called by this scope.
    without: &'static [&'static str],
    rows: &'static [u8],
    texts: &'static [&'static str],
    operations: OnceLock<Vec<RoutedOperation>>,
}

/// Services that a request may be meant for.
#[derive(Clone, Debug)]
pub struct Candidates<'r> {
    services: Vec<&'r RoutedService>,
}

impl Routes {
    /// The table that is part of the library, decoded at the first call.
    ///
    /// # Errors
    /// When the embedded table is damaged, which is a defect of the build.
    pub fn embedded() -> Result<&'static Self, CatalogError> {
        static EMBEDDED: OnceLock<Result<Routes, CatalogError>> = OnceLock::new();
        EMBEDDED
            .get_or_init(|| Routes::decode(include_bytes!("../data/aws.routes.zst")))
            .as_ref()
            .map_err(CatalogError::clone)
    }

    /// Reads a table as `cargo xtask catalog` writes it. What it decodes to is leaked, as the catalog is.
    ///
    /// # Errors
    /// When the table is damaged or of another form.
    pub fn decode(compressed: &[u8]) -> Result<Self, CatalogError> {
        let bytes = zstd::bulk::decompress(compressed, LIMIT)
            .map_err(|error| CatalogError::new(format!("it cannot be decompressed: {error}")))?;
        let bytes: &'static [u8] = bytes.leak();
        let body = bytes.strip_prefix(MARK).ok_or_else(|| CatalogError::new("it is of another form"))?;
        let mut cursor = Cursor::new(body);
        let texts: &'static [&'static str] = cursor.texts()?.leak();
        let fingerprint = cursor.pick(texts)?;
        let pieces = cursor.pieces()?;
        let services = cursor.list(|cursor| {
            Ok(RoutedService {
                scope: cursor.pick(texts)?,
                endpoint: cursor.pick(texts)?,
                service: cursor.pick(texts)?,
                target: cursor.pick(texts)?,
                is_strict: cursor.number()? == 1,
                is_rest: cursor.number()? == 1,
                without: cursor.list(|cursor| cursor.pick(texts))?.leak(),
                rows: cursor.pick(&pieces)?,
                texts,
                operations: OnceLock::new(),
            })
        })?;
        if !cursor.is_at_end() {
            return Err(CatalogError::new("something follows its end"));
        }
        Ok(Self {
            scopes: places(&services, |service| service.scope),
            endpoints: places(&services, |service| service.endpoint),
            targets: places(&services, |service| service.target),
            services,
            fingerprint,
        })
    }

    /// SHA-256 of what the table was made from, as [`Catalog::fingerprint`](crate::Catalog::fingerprint).
    pub fn fingerprint(&self) -> &'static str {
        self.fingerprint
    }

    /// Every service, once for each name that it signs by.
    pub fn services(&self) -> &[RoutedService] {
        &self.services
    }

    /// The services that sign by that name.
    pub fn signed(&self, scope: &str) -> Candidates<'_> {
        self.candidates(&self.scopes, scope)
    }

    /// The services whose host names begin so.
    pub fn at(&self, endpoint: &str) -> Candidates<'_> {
        self.candidates(&self.endpoints, endpoint)
    }

    /// The services of a target such as `DynamoDB_20120810.GetItem`, which is told by services of JSON alone.
    pub fn targeted(&self, target: &str) -> Candidates<'_> {
        let prefix = target.rsplit_once('.').map_or("", |(prefix, _)| prefix);
        self.candidates(&self.targets, prefix)
    }

    fn candidates(&self, places: &Places, name: &str) -> Candidates<'_> {
        let places = places.get(name).into_iter().flatten();
        Candidates { services: places.filter_map(|place| self.services.get(*place)).collect() }
    }
}

/// Services by a name of theirs that is not empty.
fn places(services: &[RoutedService], name: impl Fn(&RoutedService) -> &'static str) -> Places {
    let mut places = Places::new();
    for (place, service) in services.iter().enumerate().filter(|(_, service)| !name(service).is_empty()) {
        places.entry(name(service)).or_default().push(place);
    }
    places
}

impl RoutedService {
    /// Its operations, sorted by name. Rows that cannot be decoded would be a defect of the table's writer; a test
    /// decodes all of them.
    pub fn operations(&self) -> &[RoutedOperation] {
        self.operations.get_or_init(|| self.read().unwrap_or_default())
    }

    pub(crate) fn read(&self) -> Result<Vec<RoutedOperation>, CatalogError> {
        let mut cursor = Cursor::new(self.rows);
        let mut operations = cursor.list(|cursor| {
            let name = cursor.pick(self.texts)?;
            let event = cursor.pick(self.texts)?;
            if !self.is_rest {
                return Ok(RoutedOperation::named(name, event));
            }
            Ok(RoutedOperation {
                name,
                event,
                method: cursor.pick(self.texts)?,
                template: cursor.list(|cursor| {
                    let kind = cursor.number()?;
                    let text = cursor.pick(self.texts)?;
                    Ok(match kind {
                        0 => Segment::Literal(text),
                        1 => Segment::Label(text),
                        2 => Segment::Greedy(text),
                        _ => return Err(CatalogError::new("a segment has no such form")),
                    })
                })?,
                constraints: cursor.list(|cursor| {
                    Ok(Constraint { name: cursor.pick(self.texts)?, value: cursor.pick(self.texts)? })
                })?,
                is_copy: cursor.number()? == 1,
                optional: cursor.list(|cursor| cursor.pick(self.texts))?,
            })
        })?;
        if !cursor.is_at_end() {
            return Err(CatalogError::new("something follows the end of a service"));
        }
        operations.retain(|operation| !self.without.contains(&operation.name));
        Ok(operations)
    }
}

impl<'r> Candidates<'r> {
    /// The services.
    pub fn services(&self) -> impl Iterator<Item = &'r RoutedService> {
        self.services.iter().copied()
    }

    /// Only those whose host names begin so, where there are any.
    #[must_use]
    pub fn narrowed(mut self, endpoint: &str) -> Self {
        if self.services.iter().any(|service| service.endpoint == endpoint) {
            self.services.retain(|service| service.endpoint == endpoint);
        }
        self
    }

    /// Only those whose host names begin otherwise.
    #[must_use]
    pub fn without(mut self, endpoint: &str) -> Self {
        self.services.retain(|service| service.endpoint != endpoint);
        self
    }

    /// Only those that sign by that name.
    #[must_use]
    pub fn of_scope(mut self, scope: &str) -> Self {
        self.services.retain(|service| service.scope == scope);
        self
    }

    /// The service's name in the audit log, where all agree.
    pub fn service(&self) -> Option<&'static str> {
        let first = self.services.first()?.service;
        self.services.iter().all(|service| service.service == first).then_some(first)
    }

    /// The operation of that name, of services that are called by name: `Action=`.
    pub fn named(&self, operation: &str) -> Option<Route> {
        self.agreed(|service| {
            let operations = service.operations();
            let place = operations.binary_search_by(|known| known.name.cmp(operation)).ok();
            let found = place.and_then(|place| operations.get(place)).filter(|_| !service.is_rest);
            found.map(|operation| operation.route(service)).into_iter().collect()
        })
    }

    /// The operation of `X-Amz-Target: DynamoDB_20120810.GetItem`.
    pub fn target(&self, target: &str) -> Option<Route> {
        let (prefix, operation) = target.rsplit_once('.')?;
        self.of(prefix).named(operation)
    }

    /// The operation of a path of Smithy's RPC: `/service/GraniteServiceVersion20100801/operation/PutMetricData`.
    pub fn rpc(&self, path: &str) -> Option<Route> {
        let mut parts = path.rsplit('/');
        let (operation, word, service) = (parts.next()?, parts.next()?, parts.next()?);
        if word != "operation" || parts.next()? != "service" {
            return None;
        }
        self.of(service).named(operation)
    }

    /// The operation that method, path and query tell.
    pub fn routed(&self, request: &Request<'_>) -> Option<Route> {
        self.agreed(
            |service| {
                if service.is_rest { request.of(service.operations(), service) } else { Vec::new() }
            },
        )
    }

    fn of(&self, target: &str) -> Self {
        let is_it = |service: &&&RoutedService| !target.is_empty() && service.target == target;
        Self { services: self.services.iter().filter(is_it).copied().collect() }
    }

    /// A name that two services understand differently is none.
    fn agreed(&self, find: impl Fn(&'r RoutedService) -> Vec<Route>) -> Option<Route> {
        let mut agreed: Option<Route> = None;
        for route in self.services.iter().flat_map(|service| find(service)) {
            match &agreed {
                None => agreed = Some(route),
                Some(known) if known.is_same_operation(&route) => {}
                Some(_) => return None,
            }
        }
        agreed
    }
}

#[cfg(test)]
mod tests;
