//! Who a call is made as, as far as its own head tells.

use remit_ledger::Provider;

use crate::head::Bearer;
use crate::recording::Principal;
use crate::wire;

/// Kinds of principals, as the ledger names them.
const SERVICE_PRINCIPAL: &str = "service_principal";
const SERVICE_ACCOUNT: &str = "service_account";
const USER: &str = "user";

/// The status of an answer to who could not be told.
const UNAUTHENTICATED: u16 = 401;

/// The public identifier of what a call is made with, as the provider's own log writes it.
pub(super) fn credential(call: &wire::Call, provider: Provider) -> Option<String> {
    let key = call.head.scope.as_ref().map(|scope| scope.access_key.clone());
    // Whose token it is tells nothing of whom a call is made as that asks to be made as another. What could not be decoded
    // may be that.
    let is_own = provider == Provider::Kubernetes && call.unknown == 0 && !call.head.is_impersonating;
    let token = call.head.token.as_ref().filter(|_| is_own).and_then(|token| token.id.as_ref());
    key.or_else(|| token.map(|id| format!("JTI={id}")))
}

/// Who a call is made as by the token that it shows, where the cloud that is called takes such tokens. One that the server did
/// not take tells nothing.
pub(super) fn principal(call: &wire::Call, provider: Provider) -> Option<Principal> {
    let status = call.response.as_ref().map(|response| response.status);
    let bearer = call.head.token.as_ref()?.bearer.as_ref().filter(|_| status != Some(UNAUTHENTICATED))?;
    let (name, kind) = match (provider, bearer) {
        (Provider::Azure, Bearer::Application(id)) => (id, SERVICE_PRINCIPAL),
        (Provider::Azure, Bearer::User(id)) => (id, USER),
        (Provider::Gcp, Bearer::ServiceAccount(address)) => (address, SERVICE_ACCOUNT),
        _ => return None,
    };
    Some(Principal { name: name.clone(), kind: kind.to_owned() })
}
