//! What is kept of a request: as much as names the call, and nothing that could be a secret.

/// The head of a request as any protocol delivers it, without header values that are not listed here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Head {
    /// `GET`, `POST`, ...
    pub method: String,
    /// `Host` or `:authority`, in lower case, with its port where it has one.
    pub host: Option<String>,
    /// The path, as sent, up to the first `?` or `#`.
    pub path: String,
    /// Names of query parameters, in the order sent; values only of those that name a call (see [`Query`]).
    pub query: Vec<Query>,
    /// `X-Amz-Target`.
    pub amz_target: Option<String>,
    /// The scope that a request is signed for: of the `Authorization` header or of a presigned address.
    pub scope: Option<Scope>,
    /// Whether the request carries a bearer token; the token itself is never kept.
    pub is_bearer: bool,
    /// What a bearer token tells of itself.
    pub token: Option<Token>,
    /// Whether it asks to be made as somebody else (`Impersonate-User`, which API servers of Kubernetes have).
    pub is_impersonating: bool,
    /// `Content-Type` without its parameters, in lower case.
    pub content_type: Option<String>,
    /// `Smithy-Protocol`, such as `rpc-v2-cbor`.
    pub smithy_protocol: Option<String>,
    /// `X-Amz-Copy-Source`: the bucket and key that a copy reads, with its version; or `x-ms-copy-source` up to its `?`, which
    /// Azure has.
    pub copy_source: Option<String>,
    /// What the beginning of the body names.
    pub body: Option<Body>,
}

impl Head {
    /// Whether it is a call by gRPC.
    #[must_use]
    pub fn is_grpc(&self) -> bool {
        is_grpc(self.content_type.as_deref())
    }
}

/// Whether a `Content-Type` is one of gRPC's.
pub(crate) fn is_grpc(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| kind.starts_with("application/grpc"))
}

/// A parameter of a query. Values are kept of parameters that name an operation or resource by an allow-list;
/// those of all others are left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// The name, percent-decoded.
    pub name: String,
    /// The value, percent-decoded, of an allow-listed name.
    pub value: Option<String>,
}

/// The scope of a signature of AWS, version 4: `Credential=AKIA.../20261128/eu-west-1/s3/aws4_request`. The signature
/// itself is never kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The access key's public identifier.
    pub access_key: String,
    /// The region; empty in a multi-region scope of version 4a.
    pub region: String,
    /// The service's signing name, such as `s3`.
    pub service: String,
}

/// What a bearer token of JSON tells of itself. Whether it is genuine is for the server to find out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Its identifier (`jti`), by which its issuer and audit logs know it.
    pub id: Option<String>,
    /// Whose it is, where that is told.
    pub bearer: Option<Bearer>,
}

impl Token {
    /// The bytes of its texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bearer = match &self.bearer {
            Some(Bearer::Application(name) | Bearer::User(name) | Bearer::ServiceAccount(name)) => name.len(),
            None => 0,
        };
        self.id.as_ref().map_or(0, String::len) + bearer
    }
}

/// Whose a token is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// An application's or a managed identity's of Microsoft Entra: the client id.
    Application(String),
    /// A user's of Microsoft Entra, for whom an application calls: the user's object id.
    User(String),
    /// A service account's of Google Cloud, which signed it: its address.
    ServiceAccount(String),
}

/// What the beginning of a body names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// `Action=` of a form.
    Action(String),
    /// `method` of a JSON-RPC request, and the tool's name where it is `tools/call`.
    Rpc {
        /// The method, such as `tools/call`.
        method: String,
        /// The tool's name.
        tool: Option<String>,
    },
}

/// The beginning of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// `x-amzn-RequestId`, `x-amz-request-id` or `Audit-Id`: by which the audit log knows the call.
    pub request_id: Option<String>,
    /// Whether its `Content-Type` is one of gRPC's.
    pub is_grpc: bool,
    /// `grpc-status`, of its head or of its trailers: what became of a call by gRPC.
    pub grpc_status: Option<u32>,
}
