//! Finds the statements whose action element matches, without asking each.

use hashbrown::HashMap;

use super::CompiledStatement;
use crate::Glob;
use crate::glob::Piece;

/// Longest action that is folded on the stack. The longest real one has about 80 characters.
const FOLDED: usize = 128;

/// Statements by the services that their action patterns name.
#[derive(Debug, Default)]
pub(super) struct Index {
    services: HashMap<Box<str>, Vec<Candidate>, foldhash::fast::RandomState>,
    /// Statements with `NotAction` or with a pattern that leaves the service open.
    everywhere: Vec<Candidate>,
}

/// A statement and its patterns for one service, or all of them.
#[derive(Debug)]
struct Candidate {
    statement: u32,
    negated: bool,
    /// Actions without wildcards, in lower case, ascending.
    names: Vec<Box<str>>,
    globs: Vec<Glob>,
}

impl Index {
    pub(super) fn new(statements: &[CompiledStatement]) -> Self {
        let mut index = Self::default();
        for (number, statement) in (0..).zip(statements) {
            let patterns = &statement.actions.patterns;
            let services: Option<Vec<_>> = patterns.iter().map(service).collect();
            match services.filter(|_| !statement.actions.negated) {
                Some(services) => {
                    for (service, pattern) in services.into_iter().zip(patterns) {
                        let candidates = index.services.entry(service.into()).or_default();
                        if candidates.last().is_none_or(|last| last.statement != number) {
                            candidates.push(Candidate::new(number, false));
                        }
                        if let Some(candidate) = candidates.last_mut() {
                            candidate.add(pattern);
                        }
                    }
                }
                None => {
                    let mut candidate = Candidate::new(number, statement.actions.negated);
                    patterns.iter().for_each(|pattern| candidate.add(pattern));
                    index.everywhere.push(candidate);
                }
            }
        }
        let services = index.services.values_mut().flatten();
        services.chain(&mut index.everywhere).for_each(|candidate| candidate.names.sort_unstable());
        index
    }

    /// Calls with the number of every statement whose action element matches.
    pub(super) fn candidates(&self, action: &str, mut found: impl FnMut(u32)) {
        let mut buffer = [0_u8; FOLDED];
        let owned;
        let folded = match fold(action, &mut buffer) {
            Some(folded) => folded,
            None => {
                owned = action.to_ascii_lowercase();
                &owned
            }
        };
        let service = folded.split_once(':').map_or(folded, |(service, _)| service);
        let specific = self.services.get(service).map_or([].as_slice(), Vec::as_slice);
        for candidate in specific.iter().chain(&self.everywhere) {
            if candidate.matches(folded) {
                found(candidate.statement);
            }
        }
    }
}

fn fold<'b>(action: &str, buffer: &'b mut [u8; FOLDED]) -> Option<&'b str> {
    let folded = buffer.get_mut(..action.len())?;
    folded.copy_from_slice(action.as_bytes());
    folded.make_ascii_lowercase();
    std::str::from_utf8(folded).ok()
}

impl Candidate {
    fn new(statement: u32, negated: bool) -> Self {
        Self { statement, negated, names: Vec::new(), globs: Vec::new() }
    }

    fn add(&mut self, pattern: &Glob) {
        match pattern.pieces() {
            [Piece::Text(name)] => self.names.push(name.clone()),
            _ => self.globs.push(pattern.clone()),
        }
    }

    fn matches(&self, action: &str) -> bool {
        let is_named = self.names.binary_search_by(|name| name.as_ref().cmp(action)).is_ok();
        (is_named || self.globs.iter().any(|glob| glob.matches(action))) != self.negated
    }
}

/// The service a pattern names; none where it leaves it open.
fn service(pattern: &Glob) -> Option<&str> {
    match pattern.pieces() {
        [Piece::Text(start), ..] => start.split_once(':').map(|(service, _)| service),
        _ => None,
    }
}
