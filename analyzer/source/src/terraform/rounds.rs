//! What a loop of a block goes through, as far as it is written out: who is named by `each.value` is another in each round.

use std::collections::BTreeMap;

use crate::hcl::Block;
use crate::node::{Kind, Node};
use crate::place::FileId;
use crate::text::{Piece, Text};

use super::reference::quoted;
use super::{Module, expression};

/// A block's loop.
pub(super) struct Loop {
    address: String,
    /// What it goes through, as it is written.
    pub(super) written: String,
    /// The rounds; none where an expression says them.
    rounds: Option<Vec<Round>>,
}

/// One round.
struct Round {
    key: Text,
    /// None where it is no text.
    value: Option<Text>,
    /// Its texts by their names, where it is a map of them.
    parts: BTreeMap<String, Text>,
}

/// Local names are followed no further.
const DEPTH: usize = 4;

/// What stands for something else in each round.
const WORDS: [&str; 3] = ["each.key", "each.value", "count.index"];

impl Loop {
    /// Of a block, which need not have one.
    pub(super) fn of(module: &Module<'_>, file: FileId, block: &Block) -> Self {
        Self::within(module, file, block, 0)
    }

    /// The same of a block to which that many references led.
    pub(super) fn within(module: &Module<'_>, file: FileId, block: &Block, depth: usize) -> Self {
        let mut written = String::new();
        for name in ["for_each", "count"] {
            let Some(node) = block.get(name) else { continue };
            written.push_str(&format!("{name} = {}", source(module, file, node)));
            let (in_file, value) = followed(module, file, node);
            if value.span != node.span {
                written.push_str(&format!(" = {}", source(module, in_file, value)));
            }
        }
        let rounds = block.get("for_each").and_then(|node| rounds(module, file, node, depth));
        Self { address: block.address(), written, rounds }
    }

    /// Texts of the block, once for each round that makes others of them. Where that cannot be told they are one, called after the loop.
    pub(super) fn texts<const N: usize>(&self, texts: &[Text; N]) -> Vec<[Text; N]> {
        if !texts.iter().any(is_of_loop) {
            return vec![texts.clone()];
        }
        let of_round = |round: &Round| texts.clone().map(|text| round.text(&text));
        let all = self.rounds.as_ref().map(|rounds| rounds.iter().map(of_round).collect::<Vec<_>>());
        match all {
            Some(all) if !all.iter().flatten().any(is_of_loop) => all,
            _ => vec![texts.clone().map(|text| if is_of_loop(&text) { self.open(&text) } else { text })],
        }
    }

    /// What a text of the block is where an index says the round. Whoever goes through the same keys may take over `each.key` as it is.
    pub(super) fn at(&self, index: &str, text: &Text) -> Option<Text> {
        if index == "each.key" {
            return (!mentions(text, &["each.value", "count.index"])).then(|| text.clone());
        }
        let key = quoted(index)?;
        let round = self.rounds.as_ref()?.iter().find(|round| round.key.known() == Some(key))?;
        Some(round.text(text)).filter(|text| !is_of_loop(text))
    }

    fn open(&self, text: &Text) -> Text {
        let with = if self.written.is_empty() { String::new() } else { format!(" with {}", self.written) };
        Text::opaque(format!("{text} of {}{with}", self.address))
    }
}

impl Round {
    fn text(&self, text: &Text) -> Text {
        let mut all = Text::default();
        for piece in text.pieces() {
            match piece {
                Piece::Literal(literal) => all.push(literal),
                Piece::Opaque(expression) => all.append(&self.opaque(expression.source())),
            }
        }
        all
    }

    /// What an expression is in this round: a text, or an expression in which the key stands.
    fn opaque(&self, source: &str) -> Text {
        let bare =
            source.strip_prefix("${").and_then(|inner| inner.strip_suffix('}')).unwrap_or(source).trim();
        match (bare, &self.value) {
            ("each.key", _) => return self.key.clone(),
            ("each.value", Some(value)) => return value.clone(),
            _ => {}
        }
        if let Some(part) = bare.strip_prefix("each.value.").and_then(|name| self.parts.get(name)) {
            return part.clone();
        }
        let key = self.key.known().map(|key| format!("\"{key}\""));
        Text::opaque(
            key.map_or_else(|| source.to_owned(), |key| source.replace("[each.key]", &format!("[{key}]"))),
        )
    }
}

/// Whether a text is another in each round.
pub(super) fn is_of_loop(text: &Text) -> bool {
    mentions(text, &WORDS)
}

fn mentions(text: &Text, words: &[&str]) -> bool {
    text.pieces().iter().any(|piece| match piece {
        Piece::Opaque(expression) => has_word(expression.source(), words),
        Piece::Literal(_) => false,
    })
}

/// Whether an expression is another in each round.
pub(super) fn is_said_by_loop(expression: &str) -> bool {
    has_word(expression, &WORDS)
}

/// Whether an expression has a word of a loop that is no part of another name.
fn has_word(source: &str, words: &[&str]) -> bool {
    let is_name = |sign: char| sign.is_alphanumeric() || "_-.".contains(sign);
    words.iter().any(|word| {
        source.match_indices(word).any(|(at, _)| {
            let before = source.get(..at).unwrap_or_default();
            !before.ends_with(is_name)
        })
    })
}

/// The rounds that a value stands for: a set of texts, or a map.
fn rounds(module: &Module<'_>, file: FileId, node: &Node, depth: usize) -> Option<Vec<Round>> {
    let (file, node) = followed(module, file, node);
    let text = |node: &Node| match node.kind {
        Kind::Text(_) | Kind::Expression(_) | Kind::Plain(_) => {
            Some(expression::text(module, file, node, depth))
        }
        _ => None,
    };
    match &node.kind {
        Kind::Call(name, arguments) if name == "toset" => {
            let [only] = arguments.as_slice() else { return None };
            let (file, list) = followed(module, file, only);
            let Kind::List(list) = &list.kind else { return None };
            let of = |item: &Node| {
                let key = expression::text(module, file, item, depth);
                Some(Round { value: Some(key.clone()), key, parts: BTreeMap::new() })
                    .filter(|_| item.text().is_some())
            };
            list.items.iter().map(of).collect()
        }
        Kind::Map(entries) => {
            let of = |entry: &crate::node::Entry| {
                let parts = entry.value.entries().unwrap_or_default().iter();
                let parts = parts.filter_map(|part| Some((part.key.clone(), text(&part.value)?)));
                let key = Text::literal(&*entry.key);
                let round = Round { key, value: text(&entry.value), parts: parts.collect() };
                Some(round).filter(|_| is_plain(&entry.key))
            };
            entries.iter().map(of).collect()
        }
        _ => None,
    }
}

/// Whether a key of a map says itself: it may be an expression, too.
pub(super) fn is_plain(key: &str) -> bool {
    !key.contains(['$', '(', '{', '"'])
}

/// What a local name stands for, which may be another local name.
pub(super) fn followed<'a>(module: &Module<'a>, file: FileId, node: &'a Node) -> (FileId, &'a Node) {
    let mut found = (file, node);
    for _ in 0..DEPTH {
        let name = expression::reference(found.1).and_then(|reference| reference.strip_prefix("local."));
        let Some(local) = name.and_then(|name| module.local(name)) else { break };
        found = local;
    }
    found
}

fn source<'a>(module: &Module<'a>, file: FileId, node: &Node) -> &'a str {
    let of = module.files.get(file);
    of.and_then(|of| of.text().get(node.span.clone())).unwrap_or_default()
}
