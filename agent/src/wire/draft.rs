//! A head while its fields come in, of a request or a response, whichever protocol brings them.

use super::{field::Field, target::Target};
use crate::head::{Head, Response, is_grpc};

/// What is known of a head so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    head: Box<Head>,
    has_method: bool,
    has_path: bool,
    has_absolute_host: bool,
    status: Option<u16>,
    request_id: Option<String>,
    grpc_status: Option<u32>,
    /// `Content-Length`.
    pub(super) length: Option<u64>,
    pub(super) is_chunked: bool,
    /// A field contradicts another, or is none.
    is_invalid: bool,
    /// How many fields could not be decoded.
    pub(super) unknown: u32,
}

impl Draft {
    /// Adds a field.
    pub(super) fn add(&mut self, field: Field) {
        if self.is_invalid {
            return;
        }
        let head = &mut self.head;
        let is_sound = match field {
            Field::Method(method) => {
                head.method = method;
                !std::mem::replace(&mut self.has_method, true)
            }
            Field::Path(_) if self.has_path => false,
            Field::Path(Target { host, path, query, scope }) => {
                self.has_path = true;
                self.has_absolute_host |= host.is_some();
                (head.path, head.query) = (path, query);
                head.host = host.or(head.host.take());
                head.scope = scope.or(head.scope.take());
                true
            }
            // RFC 9112, section 3.2.2: a host in the request line takes precedence of the field, as HTTP/2's does.
            Field::Authority(host) => {
                self.has_absolute_host = true;
                head.host = Some(host);
                true
            }
            Field::Host(_) if self.has_absolute_host => true,
            Field::Host(host) => set(&mut head.host, host),
            Field::Target(target) => set(&mut head.amz_target, target),
            Field::Authorization { scope, is_bearer, token } => {
                head.is_bearer |= is_bearer;
                head.scope = scope.or(head.scope.take());
                head.token = token.or(head.token.take());
                true
            }
            Field::Impersonation => {
                head.is_impersonating = true;
                true
            }
            Field::ContentType(kind) => set(&mut head.content_type, kind),
            Field::SmithyProtocol(protocol) => set(&mut head.smithy_protocol, protocol),
            Field::CopySource(source) => set(&mut head.copy_source, source),
            Field::Status(status) => set(&mut self.status, status),
            Field::RequestId(id) => {
                self.request_id.get_or_insert(id);
                true
            }
            Field::GrpcStatus(status) => set(&mut self.grpc_status, status),
            Field::Length(length) => set(&mut self.length, length),
            Field::Chunked => {
                self.is_chunked = true;
                true
            }
            Field::Withheld => true,
            Field::Invalid => false,
            Field::Unknown => {
                self.unknown = self.unknown.saturating_add(1);
                true
            }
        };
        self.is_invalid |= !is_sound;
    }

    /// Adds a field that is lent, unless nothing can be made of the head any more: a block of a few bytes may name a long
    /// field again and again.
    pub(super) fn lend(&mut self, field: &Field) {
        if !self.is_invalid {
            self.add(field.clone());
        }
    }

    /// Marks it as no sound head.
    pub(super) fn invalidate(&mut self) {
        self.is_invalid = true;
    }

    pub(super) fn status(&self) -> Option<u16> {
        self.status
    }

    /// `grpc-status`, unless it contradicts itself.
    pub(super) fn grpc_status(&self) -> Option<u32> {
        self.grpc_status.filter(|_| !self.is_invalid)
    }

    /// Whether it says nothing of what a head must say, and nothing that is unsound. Where no field of it is unknown, it is the
    /// trailers after a body.
    pub(super) fn is_bare(&self) -> bool {
        !self.is_invalid && !self.has_method && !self.has_path && self.status.is_none()
    }

    /// The head of a request, if it can be one: what it lacks can only be what could not be decoded.
    pub(super) fn request(self) -> Option<Box<Head>> {
        let is_whole =
            self.unknown > 0 || self.has_method && (self.has_path || self.head.method == "CONNECT");
        (is_whole && !self.is_invalid && self.status.is_none()).then_some(self.head)
    }

    /// The beginning of a response, if its status is known.
    pub(super) fn response(self) -> Option<Response> {
        let grpc_status = self.grpc_status();
        self.status.map(|status| Response {
            status,
            request_id: self.request_id,
            is_grpc: is_grpc(self.head.content_type.as_deref()),
            grpc_status,
        })
    }
}

/// Sets what was not set, and tells whether it now has that value.
fn set<Value: PartialEq>(place: &mut Option<Value>, value: Value) -> bool {
    match place {
        Some(known) => *known == value,
        None => {
            *place = Some(value);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field::Name;

    fn draft(fields: &[(&str, &str)]) -> Draft {
        let mut draft = Draft::default();
        for (name, value) in fields {
            draft.add(Field::read(Name::of(name.as_bytes()), value.as_bytes()));
        }
        draft
    }

    #[test]
    fn contradictions_make_no_head() {
        let start = [(":method", "GET"), (":path", "/")];
        for (name, one, two) in [
            ("host", "a", "b"),
            ("x-amz-target", "A.B", "A.C"),
            (":path", "/", "/b"),
            (":method", "GET", "PUT"),
        ] {
            let fields = [(name, one), (name, two)];
            let fields = [&start[..], &fields[..]].concat();
            assert_eq!(draft(&fields).request(), None, "{name}");
        }
        assert!(
            draft(&[(":method", "GET"), (":path", "/"), ("host", "a"), ("host", "a")]).request().is_some()
        );
    }

    #[test]
    fn the_host_of_the_request_line_takes_precedence() {
        let head = draft(&[(":method", "GET"), (":path", "http://one/"), ("host", "two")]).request().unwrap();
        assert_eq!(head.host.as_deref(), Some("one"));
        let head = draft(&[("host", "two"), (":authority", "one"), (":method", "GET"), (":path", "/")]);
        assert_eq!(head.request().unwrap().host.as_deref(), Some("one"));
    }

    #[test]
    fn what_a_head_lacks_must_be_unknown() {
        assert_eq!(draft(&[(":method", "GET")]).request(), None);
        let mut late = draft(&[(":method", "GET")]);
        late.add(Field::Unknown);
        assert_eq!(late.request().unwrap().path, "");
        assert_eq!(draft(&[(":method", "GET"), (":path", "/"), (":status", "200")]).request(), None);
    }

    #[test]
    fn the_first_request_id_is_kept() {
        let response =
            draft(&[(":status", "200"), ("x-amz-request-id", "A"), ("x-amzn-requestid", "B")]).response();
        assert_eq!(response.unwrap().request_id.as_deref(), Some("A"));
    }

    #[test]
    fn a_status_of_grpc_that_contradicts_itself_is_none() {
        let response = |statuses: &[(&str, &str)]| {
            draft(&[&[(":status", "200")][..], statuses].concat()).response().unwrap()
        };
        assert_eq!(response(&[("grpc-status", "7"), ("grpc-status", "7")]).grpc_status, Some(7));
        assert_eq!(response(&[("grpc-status", "0"), ("grpc-status", "7")]).grpc_status, None);
        assert!(response(&[("content-type", "application/grpc+proto")]).is_grpc);
    }
}
