//! Whether resources of some elements are left out by all of others.

use crate::Glob;
use crate::evaluate::Element;
use crate::glob::{Exhausted, Query};

/// Resources matched by all of some elements and by none of others.
#[derive(Default)]
pub(crate) struct Region<'e> {
    /// In some pattern of each of these unions.
    within: Vec<Vec<&'e Glob>>,
    /// In none of these patterns.
    outside: Vec<&'e Glob>,
}

impl<'e> Region<'e> {
    pub(crate) fn add_within(&mut self, element: &'e Element) {
        self.add(element, element.negated);
    }

    pub(crate) fn add_outside(&mut self, element: &'e Element) {
        self.add(element, !element.negated);
    }

    fn add(&mut self, element: &'e Element, is_outside: bool) {
        if is_outside {
            self.outside.extend(&element.patterns);
        } else {
            self.within.push(element.patterns.iter().collect());
        }
    }

    /// A resource of the region; none where it has none, whatever the values of variables.
    pub(crate) fn find(&self, budget: &mut usize) -> Result<Option<String>, Exhausted> {
        let everything = Glob::resource("*");
        // No request has an empty resource.
        let nothing = Glob::resource("");
        let mut outside = self.outside.clone();
        outside.push(&nothing);
        let mut within = self.within.clone();
        if within.is_empty() {
            within.push(vec![&everything]);
        }
        // What lies wholly outside adds nothing. This also keeps equal patterns with variables from being taken
        // for different, since only here both are spelled.
        for union in &mut within {
            let mut kept = Vec::new();
            for pattern in union.iter() {
                if !is_covered(pattern, &outside, budget)? {
                    kept.push(*pattern);
                }
            }
            *union = kept;
        }
        within.sort_by_key(Vec::len);
        let Some((generators, unions)) = within.split_first() else { return Ok(None) };
        let unions: Vec<_> = unions.iter().map(Vec::as_slice).collect();
        let query = Query { within: &unions, outside: &outside };
        for generator in generators {
            if let Some(found) = query.search(generator, budget)?
                && !is_empty_opened(&query, generator, budget)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// Whether a pattern with variables has nothing even where each takes any value. A variable's letter says nothing of
/// what it stands for, which a required pattern then takes for every string; spelled out, the strings are exact.
fn is_empty_opened(query: &Query<'_>, generator: &Glob, budget: &mut usize) -> Result<bool, Exhausted> {
    if !generator.has_variables() || query.within.is_empty() {
        return Ok(false);
    }
    Ok(query.search(&generator.opened(), budget)?.is_none())
}

/// Whether every string of the pattern is in one of the others. One other alone is tried first: it mostly suffices, and
/// together they can take many more states.
fn is_covered(pattern: &Glob, outside: &[&Glob], budget: &mut usize) -> Result<bool, Exhausted> {
    if outside.contains(&pattern) {
        return Ok(true);
    }
    if let Some(answer) = pattern.look(outside.iter().copied()) {
        return Ok(answer);
    }
    let outside: Vec<_> = outside.iter().copied().filter(|other| pattern.may_lie_as(other)).collect();
    for other in &outside {
        if (Query { within: &[], outside: &[other] }).search(pattern, budget)?.is_none() {
            return Ok(true);
        }
    }
    Ok(Query { within: &[], outside: &outside }.search(pattern, budget)?.is_none())
}
