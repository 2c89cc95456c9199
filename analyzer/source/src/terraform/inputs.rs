//! What expressions of a module refer to: local names, and inputs with what its callers and files of variables give them.

use crate::attachment::Attachment;
use crate::declared::Declared;
use crate::inputs::{Inputs, Scope, references};
use crate::node::Node;
use crate::place::{Content, FileId, Place, Reason};
use crate::repository::Parsed;

use super::Module;

/// Inputs are followed through callers no further.
const DEPTH: usize = 4;

/// A module among those of its repository.
struct Within<'m, 'a> {
    module: &'m Module<'a>,
    all: &'m [Module<'a>],
    depth: usize,
}

/// Notes at places of a module what their expressions refer to.
pub(super) fn note(module: &Module<'_>, all: &[Module<'_>], places: &mut [Place]) {
    let scope = Within { module, all, depth: DEPTH };
    for place in places {
        match &mut place.content {
            Content::Statements(statements) => {
                for one in statements {
                    one.inputs = Inputs::of(&scope, one.expressions());
                }
            }
            Content::Rules(rules) => {
                for one in rules {
                    one.inputs = Inputs::of(&scope, one.expressions());
                }
            }
            Content::Binding(bound) => place.inputs.follow(&scope, bound.expressions()),
            Content::Unknown => {}
        }
        let is_open = place.reasons.iter().any(|why| why.is_unread() || matches!(why, Reason::Repeated(_)));
        let text = module.written(place.file).get(place.span.clone()).filter(|_| is_open);
        place.inputs.follow(&scope, text.into_iter().chain([place.context.as_str()]));
    }
}

/// The same of attachments.
pub(super) fn note_attached(module: &Module<'_>, all: &[Module<'_>], attachments: &mut [Attachment]) {
    let scope = Within { module, all, depth: DEPTH };
    for one in attachments {
        one.inputs = Inputs::of(&scope, one.policy.expressions());
    }
}

/// The same of what is declared.
pub(super) fn noted(module: &Module<'_>, all: &[Module<'_>], mut declared: Vec<Declared>) -> Vec<Declared> {
    let scope = Within { module, all, depth: DEPTH };
    for one in &mut declared {
        one.inputs = Inputs::of(&scope, one.expressions());
    }
    declared
}

impl Scope for Within<'_, '_> {
    fn names(&self, expression: &str) -> Vec<String> {
        let is_name = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '-';
        ["local.", "var."].into_iter().flat_map(|word| references(expression, word, is_name)).collect()
    }

    fn meaning(&self, name: &str) -> Option<String> {
        let text = |file: FileId, node: &Node| {
            self.module.files.get(file).and_then(|of| of.text().get(node.span.clone())).unwrap_or_default()
        };
        if let Some(name) = name.strip_prefix("local.") {
            let (file, node) = self.module.local(name)?;
            return Some(text(file, node).to_owned());
        }
        let name = name.strip_prefix("var.")?;
        let declared = self.module.block(&format!("variable.{name}"));
        let default = declared.and_then(|(file, block)| Some(text(file, block.get("default")?).to_owned()));
        let of_files = self.module.variables.iter().filter_map(|file| {
            let Parsed::Variables(entries) = file.parsed() else { return None };
            let entry = entries.iter().find(|entry| entry.key == name)?;
            Some(file.text().get(entry.value.span.clone())?.to_owned())
        });
        let of_callers = self.module.callers.iter().filter_map(|(file, block)| {
            let given = text(*file, block.get(name)?);
            // What a call goes through is another in each round.
            let looped = ["for_each", "count"].into_iter().filter_map(|loops| block.get(loops));
            let looped: Vec<_> = looped.map(|node| text(*file, node)).filter(|_| is_of_loop(given)).collect();
            let caller = self
                .caller(*file)
                .map(|scope| Inputs::of(&scope, looped.iter().copied().chain([given])).written());
            Some(format!("{given} {} {}", looped.join(" "), caller.unwrap_or_default()))
        });
        let all: Vec<String> = default.into_iter().chain(of_files).chain(of_callers).collect();
        (!all.is_empty()).then(|| all.join("\n"))
    }
}

impl<'m, 'a> Within<'m, 'a> {
    /// The module that holds a file that calls this one.
    fn caller(&self, file: FileId) -> Option<Within<'m, 'a>> {
        let folder = self.module.files.get(file)?.path.parent()?;
        let module = self.all.iter().find(|module| module.folder == folder)?;
        Some(Within { module, all: self.all, depth: self.depth.checked_sub(1)? })
    }
}

fn is_of_loop(expression: &str) -> bool {
    ["each.", "count."].iter().any(|word| expression.contains(word))
}
