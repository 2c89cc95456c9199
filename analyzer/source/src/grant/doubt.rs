//! Whether a place that says what a policy says is that policy's, and nobody else's.

use std::path::Path;

use super::{Rank, fits, is_below, is_told_by_path, rank};
use crate::held::{Held, Known};
use crate::place::Place;
use crate::repository::Repository;
use crate::text::{Fit, Piece, Text};

impl Repository {
    /// Why the place that was found of a policy may be another's, as far as others are known: then it must not be edited. None where
    /// nothing speaks against it.
    pub fn doubt(&self, place: usize, held: &Held, known: &Known) -> Option<String> {
        // What cannot be edited at all has a better reason.
        let place = self.places.get(place).filter(|place| place.reasons.is_empty())?;
        let path = self.path(place.file);
        let (name, holder) = fits(place, path, held.name(), held.holder())?;
        let is_linked = self.links.iter().any(|linked| path.starts_with(linked));
        let linked = || is_linked.then(|| "a link elsewhere stands for its file, too".to_owned());
        let doubt = of_another_kind(place, held);
        let doubt = doubt
            .or_else(|| unsaid(place, name, held))
            .or_else(|| place.uses.first().cloned())
            .or_else(linked);
        if doubt.is_some() {
            return doubt;
        }
        let own = (name, holder);
        if let Some(other) = known.policies().iter().find(|other| is_as_well(place, path, own, held, other)) {
            return Some(format!("{other} says the same as it, and may be made of it, too"));
        }
        let is_open = held.holder().is_some() && holder != Fit::Exact;
        let own = held.kind().zip(held.holder());
        let mut others = known.others().filter(|other| is_open && Some(*other) != own);
        let (_, other) = others.find(|(_, name)| may_hold(place, path, name))?;
        Some(format!("it may be a policy of `{other}`, too"))
    }
}

/// Why a place cannot be the policy's: whoever has it is a user, say, and the policy is of a role that is called the same.
fn of_another_kind(place: &Place, held: &Held) -> Option<String> {
    let kinds: Vec<&str> = place.names.holders.iter().filter_map(kind_of).collect();
    let (wanted, first) = (held.kind()?, kinds.first()?);
    let is_another = kinds.len() == place.names.holders.len() && !kinds.contains(&wanted);
    is_another.then(|| format!("it is a policy of a {first}, and the one in force is of a {wanted}"))
}

/// What one that has a policy is, which its name begins with.
fn kind_of(holder: &Text) -> Option<&str> {
    let Some(Piece::Literal(literal)) = holder.pieces().first() else { return None };
    let (kind, _) = literal.split_once(' ')?;
    ["role", "user", "group"].contains(&kind).then_some(kind)
}

/// Why a place says nothing of whose it is: that it says the same is no reason to take it for a policy that is written elsewhere.
fn unsaid(place: &Place, name: Fit, held: &Held) -> Option<String> {
    let wanted = match held.holder() {
        Some(holder) => format!("`{holder}/{}`", held.name()),
        None => format!("`{}`", held.name()),
    };
    if is_told_by_path(place) {
        let doubt =
            format!("it says the same, but its file is not called like the policy, which would be {wanted}");
        return (name != Fit::Exact).then_some(doubt);
    }
    let is_said = [&place.names.name, &place.names.holder].into_iter().flatten().any(is_in_part)
        || place.names.made.iter().any(|(name, holder)| name.iter().chain(holder).any(is_in_part));
    (!is_said).then(|| "it says the same, but nothing of it says whose policy it is".to_owned())
}

/// Whether any sign of a name is written out.
fn is_in_part(text: &Text) -> bool {
    text.pieces().iter().any(|piece| match piece {
        Piece::Literal(literal) => literal.contains(char::is_alphanumeric),
        Piece::Opaque(_) => false,
    })
}

/// Whether a place fits another policy as well as the one that is looked for.
fn is_as_well(place: &Place, path: &Path, own: (Fit, Fit), held: &Held, other: &Held) -> bool {
    let fit = fits(place, path, other.name(), other.holder());
    let is_equal = |(_, is_equal, ..): Rank| is_equal;
    fit.is_some_and(|fit| fit >= own)
        && held.is_apart_from(other)
        && rank(place, path, &other.grant()).is_some_and(is_equal)
}

/// Whether somebody may be meant by what is written of a place's holder, or of its folders.
fn may_hold(place: &Place, path: &Path, name: &str) -> bool {
    match &place.names.holder {
        None => is_told_by_path(place) && is_below(path, name),
        Some(_) => {
            let own = std::iter::once(place.names.holder.as_ref());
            let made = place.names.made.iter().map(|(_, holder)| holder.as_ref());
            let all: Vec<&Text> = match place.names.made.is_empty() {
                true => own.flatten().collect(),
                false => made.flatten().collect(),
            };
            all.into_iter().any(|text| is_in_part(text) && text.fit(name) != Fit::No)
        }
    }
}

#[cfg(test)]
mod tests;
