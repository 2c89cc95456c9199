//! Which elements go because others cover them.

use std::collections::BTreeMap;

use crate::Glob;
use crate::grant::Account;
use crate::part::Part;
use crate::propose::Ruled;
use crate::propose::element::{Element, Extent};
use crate::verdict::GrantRef;

/// One part of one element.
struct Candidate<'a> {
    element: usize,
    part: Part<'a>,
    rule: &'static str,
    is_dropped: bool,
}

/// What remains of each element when every part goes that the parts remaining elsewhere cover. `may_cover` says
/// whether the second element allows the actions of the first at all, and `on` on which
/// resources it matters; pinned parts stay.
pub(crate) fn without_covered(
    account: &Account,
    elements: &[Element],
    breadth: &BTreeMap<GrantRef, usize>,
    on: Option<&[Glob]>,
    may_cover: impl Fn(usize, usize) -> bool,
    is_pinned: impl Fn(usize, &str) -> bool,
) -> Vec<Option<Element>> {
    let mut candidates: Vec<_> = elements
        .iter()
        .enumerate()
        .flat_map(|(element, one)| {
            let candidate = move |(part, rule)| Candidate { element, part, rule, is_dropped: false };
            one.parts(account).into_iter().map(candidate)
        })
        .collect();
    // The broadest statement gives way first, and among equals the later one.
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|candidate| {
        let element = candidates.get(*candidate).and_then(|candidate| elements.get(candidate.element));
        let at = element.map(|element| element.at);
        let breadth = at.and_then(|at| breadth.get(&at)).copied().unwrap_or(0);
        std::cmp::Reverse((breadth, at, *candidate))
    });
    for at in order {
        let is_covered = candidates.get(at).is_some_and(|candidate| {
            let others = candidates.iter().enumerate().filter(|(other, one)| {
                *other != at && !one.is_dropped && may_cover(candidate.element, one.element)
            });
            !is_pinned(candidate.element, candidate.part.text())
                && candidate.part.is_covered_by(others.map(|(_, one)| &one.part), on)
        });
        if let Some(candidate) = candidates.get_mut(at) {
            candidate.is_dropped = is_covered;
        }
    }
    let remains = |(index, element): (usize, &Element)| {
        let own = || candidates.iter().filter(|candidate| candidate.element == index);
        if !own().any(|candidate| candidate.is_dropped) {
            return Some(element.clone());
        }
        let rest = own().filter(|candidate| !candidate.is_dropped);
        let rest: Ruled = rest.map(|one| (one.part.text().to_owned(), one.rule)).collect();
        (!rest.is_empty()).then_some(Element { at: element.at, extent: Extent::Narrowed(rest) })
    };
    elements.iter().enumerate().map(remains).collect()
}
