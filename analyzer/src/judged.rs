//! A granted permission with its verdict, in whichever language it is.

use remit_catalog::{AccessLevel, Catalog};
use remit_policy::Verdict;

use crate::analysis::Analysed;

/// A granted permission with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged<'a> {
    /// The permission, as its provider writes it.
    pub(crate) name: String,
    /// The service that it is of: an IAM prefix, or an API group.
    pub(crate) service: String,
    /// What it lets its holder do.
    pub(crate) level: AccessLevel,
    /// The verdict.
    pub(crate) verdict: &'a Verdict,
}

/// The permissions of a principal of AWS.
pub(crate) fn of_account<'a>(
    catalog: &'a Catalog,
    analysed: &'a Analysed,
) -> impl Iterator<Item = Judged<'a>> {
    analysed.judgement.verdicts.iter().filter_map(|(id, verdict)| {
        let action = catalog.action(*id)?;
        Some(Judged {
            name: action.full_name(),
            service: action.service.to_owned(),
            level: action.level,
            verdict,
        })
    })
}
