//! What groups are granted that bindings name, and who comes by it to more than roles give.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use remit_catalog::kubernetes::Request;
use remit_policy::rbac::{Granted, PATHS, Permission, Privilege, State, Usage, Use, User, privileges};

/// What a subject has to itself that no binding names: by its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ByGroups {
    /// Groups of it that bindings name.
    pub(crate) groups: Vec<String>,
    /// The ways to more than roles give that it went.
    pub(crate) taken: Vec<Privilege>,
}

/// The ways to more that whoever is in a group has, and whether one of those was seen to go them. Of groups that have none
/// there is nothing.
pub(crate) fn of_groups(
    state: &'static State,
    usage: &BTreeMap<String, Arc<Usage>>,
) -> BTreeMap<String, Vec<Privilege>> {
    let taking: Vec<_> = usage.iter().flat_map(|(name, usage)| taking(name, usage)).collect();
    let groups: Vec<&str> = state.groups().into_iter().collect();
    let found = groups.par_iter().map(|group| {
        let granted = Granted::of_group(state, group);
        let mut usage = Usage::default();
        for (_, request, use_) in taking.iter().filter(|(user, _, use_)| is_in(group, user, use_)) {
            usage
                .uses
                .entry(Arc::clone(request))
                .and_modify(|all| all.seen.add(&use_.seen))
                .or_insert_with(|| Box::new((*use_).clone()));
        }
        ((*group).to_owned(), privileges(&granted, &usage))
    });
    let found: Vec<_> = found.collect();
    found.into_iter().filter(|(_, privileges)| !privileges.is_empty()).collect()
}

/// What a user that no binding names has by its groups. The ways to more that it did not go are those of its groups.
pub(crate) fn by_groups(state: &'static State, name: &str, usage: &Usage) -> ByGroups {
    let granted = Granted::of(state, &usage.user(name));
    let mut taken = privileges(&granted, usage);
    taken.retain(|privilege| privilege.used.is_some());
    ByGroups { groups: granted.groups().into_iter().map(str::to_owned).collect(), taken }
}

/// The calls of a user that were a way to more.
fn taking<'a>(name: &str, usage: &'a Usage) -> impl Iterator<Item = (User, &'a Arc<Request>, &'a Use)> {
    let user = User::named(name, []);
    let taking = usage.uses.iter().filter(|(request, _)| {
        let asked = Permission::of_request(request);
        PATHS.iter().any(|path| path.is_opened_by(&asked))
    });
    taking.map(move |(request, use_)| (user.clone(), request, use_.as_ref()))
}

/// Whether some of these calls were made by who was in a group: by its name, or as the log tells.
fn is_in(group: &str, user: &User, use_: &Use) -> bool {
    user.groups.iter().any(|own| own == group)
        || use_.groups.iter().any(|groups| groups.iter().any(|own| own == group))
}
