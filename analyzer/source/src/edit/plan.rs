//! What goes of statements and rules, as cuts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cuts, NoEdit, because};
use crate::node::Span;
use crate::place::{FileId, Reason};
use crate::repository::Repository;
use crate::splice::{self, Cut};
use crate::statement::Removal;
use crate::tokens::{Sequence, Tokens};

/// What becomes of a text in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Goes,
    /// Others take its place.
    Becomes(Vec<String>),
}

/// Cuts that are being put together.
pub(super) struct Plan<'a> {
    repository: &'a Repository,
    cuts: Cuts,
    /// Items of lists that go whole, by the list: all of one list go at once.
    gone: BTreeMap<(FileId, usize), (Sequence, BTreeSet<usize>)>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(repository: &'a Repository) -> Self {
        Self { repository, cuts: Cuts::new(), gone: BTreeMap::new() }
    }

    fn text(&self, file: FileId) -> &'a str {
        self.repository.files.get(file).map(crate::repository::File::text).unwrap_or_default()
    }

    /// Takes a statement or rule away.
    pub(super) fn take(
        &mut self,
        file: FileId,
        span: &Span,
        removal: &Removal,
        reasons: &[Reason],
    ) -> Result<(), NoEdit> {
        check(reasons)?;
        match removal {
            Removal::Item(list, at) => {
                let key = (file, list.span.start);
                self.gone.entry(key).or_insert_with(|| (list.clone(), BTreeSet::new())).1.insert(*at);
            }
            Removal::Lines | Removal::Marker => {
                let whole = matches!(removal, Removal::Lines);
                let cut = splice::lines(self.text(file), span, whole);
                let cut = cut.ok_or_else(|| because("it shares a line with something else"))?;
                self.cuts.entry(file).or_default().push(cut);
            }
            Removal::Only => {
                return Err(because("nothing of it would be left: take it away with what attaches it"));
            }
        }
        Ok(())
    }

    /// Takes texts of a list away, or narrows them.
    pub(super) fn narrow(
        &mut self,
        file: FileId,
        tokens: &Tokens,
        fates: &[Fate],
        reasons: &[Reason],
    ) -> Result<(), NoEdit> {
        check(reasons)?;
        let cuts = narrowed(self.text(file), tokens, fates)?;
        self.cuts.entry(file).or_default().extend(cuts);
        Ok(())
    }

    /// Makes one or several of a rule, in each of which some texts of its lists go.
    pub(super) fn split(
        &mut self,
        file: FileId,
        span: &Span,
        removal: &Removal,
        lists: &[&Tokens; 5],
        parts: &[[Vec<Fate>; 5]],
        reasons: &[Reason],
    ) -> Result<(), NoEdit> {
        let is_changed = |fates: &Vec<Fate>| fates.iter().any(|fate| *fate != Fate::Stays);
        let mut copies = Vec::new();
        for fates in parts {
            let mut cuts = Vec::new();
            for (tokens, fates) in lists.iter().zip(fates).filter(|(_, fates)| is_changed(fates)) {
                check(reasons)?;
                cuts.extend(narrowed(self.text(file), tokens, fates)?);
            }
            copies.push(cuts);
        }
        let cuts = match copies.as_slice() {
            [only] => only.clone(),
            _ => {
                check(reasons)?;
                let copied = splice::copied(self.text(file), span, removal, &copies);
                vec![copied.ok_or_else(|| because("it shares a line with something else"))?]
            }
        };
        self.cuts.entry(file).or_default().extend(cuts);
        Ok(())
    }

    pub(super) fn done(mut self) -> Result<Cuts, NoEdit> {
        for ((file, _), (list, gone)) in std::mem::take(&mut self.gone) {
            let cuts = splice::remove(self.text(file), &list, &gone, true);
            let cuts = cuts.ok_or_else(|| because("it shares a line with something else"))?;
            self.cuts.entry(file).or_default().extend(cuts);
        }
        Ok(self.cuts)
    }
}

fn check(reasons: &[Reason]) -> Result<(), NoEdit> {
    match reasons.first() {
        Some(reason) => Err(NoEdit::Reason(reason.clone())),
        None => Ok(()),
    }
}

/// The cuts of a list.
fn narrowed(text: &str, tokens: &Tokens, fates: &[Fate]) -> Result<Vec<Cut>, NoEdit> {
    let staying = tokens.items.iter().zip(fates).filter(|(_, fate)| **fate == Fate::Stays);
    let mut written: BTreeSet<String> =
        staying.filter_map(|(token, _)| token.text.known().map(str::to_ascii_lowercase)).collect();
    let mut removed = BTreeSet::new();
    let mut cuts = Vec::new();
    for (at, (token, fate)) in tokens.items.iter().zip(fates).enumerate() {
        let new: Vec<&String> = match fate {
            Fate::Stays => continue,
            Fate::Goes => Vec::new(),
            // What stands in the list already need not be written again.
            Fate::Becomes(new) => new.iter().filter(|one| written.insert(one.to_ascii_lowercase())).collect(),
        };
        if new.is_empty() {
            removed.insert(at);
            continue;
        }
        let old = text.get(token.span.clone()).unwrap_or_default();
        let written = new.iter().map(|name| splice::like(old, name)).collect::<Option<Vec<_>>>();
        let written = written.ok_or_else(|| NoEdit::Reason(Reason::Expression(old.to_owned())))?;
        cuts.push(Cut { text: splice::spread(text, tokens, at, &written), ..Cut::of(token.span.clone()) });
    }
    if let (Some(list), false) = (&tokens.sequence, removed.is_empty()) {
        let gone = splice::remove(text, list, &removed, false);
        cuts.extend(gone.ok_or_else(|| because("its texts share lines with something else"))?);
    }
    Ok(cuts)
}
