//! What goes of statements and rules, as cuts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cuts, NoEdit, because};
use crate::node::Span;
use crate::place::{FileId, Form, Reason};
use crate::repository::Repository;
use crate::splice::{self, Cut};
use crate::statement::Removal;
use crate::tokens::{Sequence, Token, Tokens};

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
    /// How the source writes what it would otherwise take for something of its own.
    escape: fn(&str) -> String,
    cuts: Cuts,
    /// Items of lists that go whole, by the list: all of one list go at once.
    gone: BTreeMap<(FileId, usize), (Sequence, BTreeSet<usize>)>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(repository: &'a Repository, form: Form) -> Self {
        Self { repository, escape: form.escape(), cuts: Cuts::new(), gone: BTreeMap::new() }
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
            Removal::Document => {
                let cut = splice::document(self.text(file), span);
                let cut = cut.ok_or_else(|| because("it is all that its file holds: delete that"))?;
                self.cuts.entry(file).or_default().push(cut);
            }
            Removal::Only => {
                return Err(because("nothing of it would be left: take it away with what attaches it"));
            }
        }
        Ok(())
    }

    /// What of the texts of a list goes or is narrowed, as cuts. A list that gets longer is written as the one beside it.
    pub(super) fn narrowed(
        &self,
        file: FileId,
        tokens: &Tokens,
        fates: &[Fate],
        beside: Option<&Tokens>,
    ) -> Result<Vec<Cut>, NoEdit> {
        let text = self.text(file);
        let source = |span: &Span| text.get(span.clone()).unwrap_or_default();
        let staying = tokens.items.iter().zip(fates).filter(|(_, fate)| **fate == Fate::Stays);
        let mut written: BTreeSet<&str> = staying.filter_map(|(token, _)| token.text.known()).collect();
        let mut removed = BTreeSet::new();
        let mut cuts = Vec::new();
        let (mut all, mut is_longer) = (Vec::new(), false);
        for (at, (token, fate)) in tokens.items.iter().zip(fates).enumerate() {
            let new: Vec<&String> = match fate {
                Fate::Stays => {
                    all.push(source(&token.span).to_owned());
                    continue;
                }
                Fate::Goes => Vec::new(),
                // What stands in the list already need not be written again.
                Fate::Becomes(new) => new.iter().filter(|one| written.insert(one.as_str())).collect(),
            };
            if new.is_empty() {
                removed.insert(at);
                continue;
            }
            let old = source(&token.span);
            let new =
                new.iter().map(|name| splice::like(old, &(self.escape)(name))).collect::<Option<Vec<_>>>();
            let new = new.ok_or_else(|| NoEdit::Reason(Reason::Expression(old.to_owned())))?;
            is_longer |= new.len() > 1;
            cuts.push(Cut { text: splice::spread(text, tokens, at, &new), ..Cut::of(token.span.clone()) });
            all.extend(new);
        }
        if let Some(cut) = splice::unfolded(text, tokens, &all, beside).filter(|_| is_longer) {
            return Ok(vec![cut]);
        }
        if let (Some(list), false) = (&tokens.sequence, removed.is_empty()) {
            let gone = splice::remove(text, list, &removed, false);
            cuts.extend(gone.ok_or_else(|| because("its texts share lines with something else"))?);
        }
        Ok(cuts)
    }

    /// Gives another text the place of one, written as that is.
    pub(super) fn renamed(&self, file: FileId, token: &Token, name: &str) -> Result<Cut, NoEdit> {
        let old = self.text(file).get(token.span.clone()).unwrap_or_default();
        let new = splice::like(old, name);
        let new = new.ok_or_else(|| NoEdit::Reason(Reason::Expression(old.to_owned())))?;
        Ok(Cut { text: new, ..Cut::of(token.span.clone()) })
    }

    /// Makes as many of a statement or rule as there are copies, each with cuts of its own.
    pub(super) fn split(
        &mut self,
        file: FileId,
        span: &Span,
        removal: &Removal,
        copies: &[Vec<Cut>],
        reasons: &[Reason],
    ) -> Result<(), NoEdit> {
        let cuts = match copies {
            [only] if only.is_empty() => return Ok(()),
            [only] => only.clone(),
            _ => {
                let copied = splice::copied(self.text(file), span, removal, copies);
                vec![
                    copied
                        .ok_or_else(|| because("it is written such that it cannot be made into several"))?,
                ]
            }
        };
        check(reasons)?;
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
