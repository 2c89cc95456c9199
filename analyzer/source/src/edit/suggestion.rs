//! What a person is to write, in the notation of the source.

use super::policy::Wide;
use super::{NoEdit, Suggestion};
use crate::grant::Found;
use crate::notation::Notation;
use crate::place::Place;
use crate::proposal::PolicyChange;
use crate::repository::{File, Repository};

impl Repository {
    /// The policies of a proposal, as the source that was found would have them, or as JSON.
    pub(super) fn written(&self, found: &Found, change: &PolicyChange) -> String {
        let place = match found {
            Found::One { place, .. } => self.places.get(*place),
            Found::Several(_) | Found::None => None,
        };
        let notation = place.map_or(Notation::Json, |place| self.notation(place));
        change.after.iter().map(|(_, document)| notation.policy(document)).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn notation(&self, place: &Place) -> Notation {
        let text = self.files.get(place.file).map(File::text).unwrap_or_default();
        let is_json = self.path(place.file).extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        Notation::of(place, text, is_json)
    }

    /// What is to take the place of statements whose resources stay.
    pub(super) fn wide(&self, place: usize, all: &[Wide]) -> Vec<Suggestion> {
        let Some(place) = self.places.get(place) else { return Vec::new() };
        let of = |wide: &Wide| {
            let statement = place.statements().get(wide.statement)?;
            let text = self.notation(place).statements(&wide.wanted);
            Some(self.resources(statement.file, statement.line, &wide.why, text))
        };
        all.iter().filter_map(of).collect()
    }

    /// What is to take the place of a policy whose resources stay.
    pub(super) fn open(&self, place: usize, why: &NoEdit, change: &PolicyChange) -> Suggestion {
        let (file, line) = self.places.get(place).map_or((0, 0), |place| (place.file, place.line));
        let text = self.written(&Found::One { place, is_equal: true }, change);
        self.resources(file, line, &why.to_string(), text)
    }

    fn resources(&self, file: usize, line: u32, why: &str, text: String) -> Suggestion {
        let path = Some(self.path(file).to_owned());
        Suggestion {
            grant: String::new(),
            path,
            line,
            why: format!("its resources stay as they are: {why}"),
            text,
        }
    }
}
