//! How policies of a block are called that a loop makes, or calls of a module, as far as that is written out.

use crate::hcl::Block;
use crate::node::{Kind, Node};
use crate::place::{FileId, Names};
use crate::text::{Piece, Text};

use super::Module;
use super::rounds::{self, Loop};

/// A name with whoever holds it.
type Pair = (Option<Text>, Option<Text>);

/// The names that the rounds of a block make; none where it has no loop.
pub(super) fn by_rounds(
    module: &Module<'_>,
    file: FileId,
    block: &Block,
    (name, holder): (&Option<Text>, &Option<Text>),
) -> Vec<Pair> {
    let pair = (name.clone(), holder.clone());
    if !name.iter().chain(holder).any(rounds::is_of_loop) {
        return Vec::new();
    }
    of_rounds(module, file, block, &pair)
}

/// The names that the calls of a module make of those that its inputs decide.
pub(super) fn by_calls(all: &[Module<'_>], module: &Module<'_>, names: &mut Names) {
    let own = || vec![(names.name.clone(), names.holder.clone())];
    let pairs = if names.made.is_empty() { own() } else { names.made.clone() };
    let is_given =
        |(name, holder): &Pair| name.iter().chain(holder).any(|text| text.expressions().any(is_input));
    if module.callers.is_empty() || !pairs.iter().any(is_given) {
        return;
    }
    let of = |(file, block): &(FileId, &Block)| {
        let folder = module.files.get(*file).and_then(|file| file.path.parent());
        let caller = all.iter().find(|one| Some(one.folder.as_path()) == folder)?;
        let given = |text: &Text| given(module, (caller, *file, block), text);
        let given = pairs.iter().map(|(name, holder)| (name.as_ref().map(given), holder.as_ref().map(given)));
        Some(given.flat_map(|pair| of_rounds(caller, *file, block, &pair)).collect::<Vec<_>>())
    };
    let made: Option<Vec<Vec<Pair>>> = module.callers.iter().map(of).collect();
    names.made = made.map(|all| all.into_iter().flatten().collect()).unwrap_or_default();
}

/// A pair once for each round of a block that makes others of it.
fn of_rounds(module: &Module<'_>, file: FileId, block: &Block, (name, holder): &Pair) -> Vec<Pair> {
    let texts = [name.clone().unwrap_or_default(), holder.clone().unwrap_or_default()];
    let all = Loop::of(module, file, block).texts(&texts).into_iter();
    all.map(|[own, holding]| (name.as_ref().map(|_| own), holder.as_ref().map(|_| holding))).collect()
}

/// A text of a module with what a call gives its inputs. What the call does not give is what the input is by default.
fn given(module: &Module<'_>, (caller, file, block): (&Module<'_>, FileId, &Block), text: &Text) -> Text {
    let mut all = Text::default();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(literal) => all.push(literal),
            Piece::Opaque(expression) => {
                let source = expression.source();
                let value = input(source).and_then(|name| match block.get(name) {
                    Some(node) => said(caller, file, node),
                    None => {
                        let (file, variable) = module.block(&format!("variable.{name}"))?;
                        said(module, file, variable.get("default")?)
                    }
                });
                match value {
                    Some(value) => all.append(&value),
                    None => all.push_opaque(source),
                }
            }
        }
    }
    all
}

/// What a value says; none of one that leaves it to whoever takes it.
fn said(module: &Module<'_>, file: FileId, node: &Node) -> Option<Text> {
    let is_nothing = matches!(&node.kind, Kind::Plain(text) if text == "null");
    (!is_nothing).then(|| module.text(file, node))
}

fn is_input(source: &str) -> bool {
    input(source).is_some()
}

/// The input that an expression is, and no more: `n` of `${var.n}`.
fn input(source: &str) -> Option<&str> {
    let bare = source.strip_prefix("${").and_then(|inner| inner.strip_suffix('}')).unwrap_or(source).trim();
    let name = bare.strip_prefix("var.")?;
    name.chars().all(|sign| sign.is_alphanumeric() || "_-".contains(sign)).then_some(name)
}
