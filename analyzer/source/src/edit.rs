//! What a proposal changes in a repository.

mod binding;
mod cluster;
mod plan;
mod policy;
mod proof;
mod role;
mod suggestion;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::grant::Found;
use crate::held::{Held, Known};
use crate::place::{FileId, Reason};
use crate::proposal::{Changes, PolicyChange, Proposal};
use crate::repository::{Repository, slashed};
use crate::splice::{self, Cut};

/// How proposals are written into sources.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether resources of policies and names of objects that a role lists are narrowed, too. Otherwise only actions, verbs,
    /// groups and resources of roles are.
    pub resources: bool,
}

/// What a proposal changes in a repository, proven file by file.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    /// Files with other bytes, by their paths.
    pub files: Vec<ChangedFile>,
    /// What is not edited, and what to write there.
    pub suggestions: Vec<Suggestion>,
    /// What became of each grant of the proposal.
    pub outcomes: Vec<Outcome>,
}

/// A file with other bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path, relative to the repository.
    pub path: PathBuf,
    /// What it holds.
    pub before: String,
    /// What it is to hold.
    pub after: String,
}

/// What a person is to write, since it cannot be edited safely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The grant, as a person names it.
    pub grant: String,
    /// The file, relative to the repository; none where the grant was not found.
    pub path: Option<PathBuf>,
    /// Line in it, from 1; 0 without a file.
    pub line: u32,
    /// Why it is not edited.
    pub why: String,
    /// What is to be there.
    pub text: String,
}

/// What became of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The grant, as a person names it.
    pub grant: String,
    /// Where it was found.
    pub found: Found,
    /// Whether its source was edited.
    pub is_edited: bool,
    /// Actions that the edit leaves on fewer resources, each with these.
    pub narrowed: BTreeMap<String, BTreeSet<String>>,
}

/// Why something is not edited.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoEdit {
    #[error("{0}")]
    Reason(Reason),
    #[error("{0}")]
    Because(String),
}

fn because(text: &str) -> NoEdit {
    NoEdit::Because(text.to_owned())
}

/// Cuts by file.
pub(crate) type Cuts = BTreeMap<FileId, Vec<Cut>>;

impl Repository {
    /// Writes a proposal into the sources of its grants. Each edit is read back and proven; what does not hold is suggested.
    pub fn edit(&self, proposal: &Proposal, options: Options) -> Edits {
        let proposals = std::slice::from_ref(proposal);
        self.edit_all(proposals, &Known::of(proposals, []), options)
    }

    /// Writes several proposals, one after the other, so that files which several of them change change once. What may be a policy of
    /// somebody else who is known is not edited.
    pub fn edit_all(&self, proposals: &[Proposal], known: &Known, options: Options) -> Edits {
        let mut work = Work { repository: self.clone(), known, edits: Edits::default() };
        for proposal in proposals {
            match &proposal.changes {
                Changes::Policies(changes) => {
                    for change in changes {
                        work.policy(&proposal.principal, change, options);
                    }
                }
                Changes::Cluster(change) => work.cluster(change, options),
            }
        }
        work.done(self)
    }
}

struct Work<'a> {
    /// The repository with what was edited so far.
    repository: Repository,
    /// Whoever else holds policies.
    known: &'a Known,
    edits: Edits,
}

/// A policy as it was narrowed.
struct Narrowed {
    edited: Repository,
    /// What of its resources a person is to narrow.
    wide: Vec<Suggestion>,
    narrowed: BTreeMap<String, BTreeSet<String>>,
}

impl Work<'_> {
    fn policy(&mut self, principal: &str, change: &PolicyChange, options: Options) {
        let held = Held::of(principal, change);
        let named = held.to_string();
        let found = self.repository.find(&held.grant());
        let done = match &found {
            Found::One { place, is_equal } => match self.repository.doubt(*place, &held, self.known) {
                Some(doubt) => Err(NoEdit::Because(doubt)),
                None => self.narrowed(*place, *is_equal, change, options),
            },
            _ => Err(self.not_one(&found)),
        };
        let is_edited = done.is_ok();
        let mut narrowed = BTreeMap::new();
        match done {
            Ok(done) => {
                let of = |suggestion| Suggestion { grant: named.clone(), ..suggestion };
                self.edits.suggestions.extend(done.wide.into_iter().map(of));
                (self.repository, narrowed) = (done.edited, done.narrowed);
            }
            Err(why) => {
                let text = self.repository.written(&found, change);
                let is_inline = change.edit == remit_policy::Edit::PutInline;
                let names = [Some(change.name.as_str()), change.holder.as_deref().filter(|_| is_inline)];
                let names: Vec<&str> = names.into_iter().flatten().collect();
                self.suggest(named.clone(), &found, &names, why.to_string(), text);
            }
        }
        self.edits.outcomes.push(Outcome { grant: named, found, is_edited, narrowed });
    }

    /// Narrows a policy, and tells what of its resources is to be narrowed besides.
    fn narrowed(
        &self,
        place: usize,
        is_equal: bool,
        change: &PolicyChange,
        options: Options,
    ) -> Result<Narrowed, NoEdit> {
        let once = |options| -> Result<_, NoEdit> {
            let edit = policy::edit(&self.repository, place, is_equal, change, options)?;
            let edited = self.spliced(&edit.cuts)?;
            proof::policy(&self.repository, &edited, place, change, &edit, options)?;
            let wide = self.repository.wide(place, &edit.wide);
            Ok(Narrowed { edited, wide, narrowed: edit.narrowed })
        };
        once(options).or_else(|why| {
            if !options.resources {
                return Err(why);
            }
            // What cannot be narrowed in its resources can be in its actions all the same.
            let done = once(Options { resources: false })?;
            Ok(Narrowed { wide: vec![self.repository.open(place, &why, change)], ..done })
        })
    }

    /// Why there is nothing to edit.
    fn not_one(&self, found: &Found) -> NoEdit {
        match found {
            Found::Several(places) => {
                let positions = places.iter().filter_map(|at| self.repository.places.get(*at));
                let positions: Vec<_> = positions.map(|place| self.repository.position(place)).collect();
                NoEdit::Because(format!("it may be any of {}", positions.join(", ")))
            }
            _ => because("no source of it was found"),
        }
    }

    /// The repository after cuts.
    fn spliced(&self, cuts: &Cuts) -> Result<Repository, NoEdit> {
        let mut changed = Vec::new();
        for (id, cuts) in cuts {
            let text = self.repository.files.get(*id).map(crate::repository::File::text).unwrap_or_default();
            let new = splice::apply(text, cuts);
            changed.push((*id, new.ok_or_else(|| NoEdit::Because("its edits overlap".to_owned()))?));
        }
        Ok(self.repository.with(&changed))
    }

    /// Suggests what is to be there, at the place that was found; or else where a file cannot be read that has one of the names.
    fn suggest(&mut self, grant: String, found: &Found, names: &[&str], why: String, text: String) {
        if *found == Found::None
            && let Some((path, line, problem)) = self.repository.unread(names)
        {
            let why = format!("it may be in this file, which cannot be read: {problem}");
            self.edits.suggestions.push(Suggestion { grant, path: Some(path), line, why, text });
            return;
        }
        let place = match found {
            Found::One { place, .. } => self.repository.places.get(*place),
            Found::Several(places) => places.first().and_then(|at| self.repository.places.get(*at)),
            Found::None => None,
        };
        let path = place.map(|place| self.repository.path(place.file).to_owned());
        let line = place.map_or(0, |place| place.line);
        self.edits.suggestions.push(Suggestion { grant, path, line, why, text });
    }

    fn done(mut self, old: &Repository) -> Edits {
        for (old, new) in old.files.iter().zip(&self.repository.files) {
            if old.text() != new.text() {
                let (before, after) = (old.text().to_owned(), new.text().to_owned());
                self.edits.files.push(ChangedFile { path: old.path.clone(), before, after });
            }
        }
        self.edits
    }
}

impl Edits {
    /// What changes as a patch that `git apply` takes.
    pub fn patch(&self) -> String {
        self.files.iter().map(ChangedFile::patch).collect()
    }
}

impl ChangedFile {
    /// What changes as a patch that `git apply` takes.
    pub fn patch(&self) -> String {
        let name = slashed(&self.path);
        remit_policy::diff::unified(Some((&name, &self.before)), Some((&name, &self.after)))
    }
}
