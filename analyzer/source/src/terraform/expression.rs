//! What an expression of Terraform says, as far as it can be followed within a folder.

use crate::hcl::Block;
use crate::json::{self, Dialect};
use crate::node::{Kind, Node};
use crate::place::{FileId, Form, Reason};
use crate::text::{Piece, Text};

use super::Module;
use super::reference::{quoted, steps};
use super::rounds::{self, Loop};

/// References are followed no further.
const DEPTH: usize = 8;

/// What was found, and where.
pub(super) struct Found<'a> {
    pub(super) file: FileId,
    pub(super) said: Written<'a>,
    /// A file that it is read from, where nothing of that can be told.
    pub(super) read: Option<FileId>,
    /// What a template is given.
    pub(super) given: Option<(FileId, &'a Node)>,
}

impl<'a> Found<'a> {
    fn new(file: FileId, said: Written<'a>) -> Self {
        Self { file, said, read: None, given: None }
    }
}

/// What an expression says.
pub(super) enum Written<'a> {
    /// A data source says it.
    Document(&'a Block),
    /// JSON, or what becomes JSON.
    Json(Node, Form),
    /// A list or map of statements in the words of a module.
    Statements(&'a Node),
    /// It is not known.
    Unknown(&'a Node, Reason),
}

/// Follows an expression.
pub(super) fn find<'a>(module: &Module<'a>, file: FileId, node: &'a Node, depth: usize) -> Found<'a> {
    let said = match &node.kind {
        Kind::Call(name, arguments) => match (name.as_str(), arguments.as_slice()) {
            ("jsonencode", [only]) => match &only.kind {
                Kind::Expression(_) if depth < DEPTH => {
                    if let Some((file, node)) = local(module, only) {
                        return encoded(file, node);
                    }
                    Written::Unknown(node, Reason::Expression(only_text(only)))
                }
                _ => return encoded(file, only),
            },
            ("file", [path]) => return read(module, file, node, path, Dialect::Plain),
            ("templatefile", [path, rest @ ..]) => {
                let given = rest.first().map(|given| (file, given));
                return Found { given, ..read(module, file, node, path, Dialect::Template) };
            }
            _ => Written::Unknown(node, Reason::Expression(format!("{name}(…)"))),
        },
        Kind::Heredoc(span) => {
            let text = module.written(file);
            match json::read(text, span.clone(), Dialect::Template) {
                Ok(node) => Written::Json(node, Form::TerraformHeredoc),
                Err(error) => Written::Unknown(node, unreadable(error.message)),
            }
        }
        Kind::Text(text) => match single_reference(text) {
            Some(reference) => return follow(module, file, node, reference, depth),
            None => Written::Unknown(node, Reason::Quoted),
        },
        Kind::Expression(reference) => return follow(module, file, node, reference, depth),
        _ => Written::Unknown(node, Reason::Expression("…".to_owned())),
    };
    Found::new(file, said)
}

fn encoded<'a>(file: FileId, node: &'a Node) -> Found<'a> {
    let said = match &node.kind {
        Kind::Map(_) => Written::Json(node.clone(), Form::TerraformJsonencode),
        _ => Written::Unknown(node, Reason::Expression(only_text(node))),
    };
    Found::new(file, said)
}

fn only_text(node: &Node) -> String {
    match &node.kind {
        Kind::Expression(text) => text.clone(),
        Kind::Call(name, _) => format!("{name}(…)"),
        _ => "…".to_owned(),
    }
}

/// JSON of another file, as it is or rendered.
fn read<'a>(module: &Module<'a>, file: FileId, node: &'a Node, path: &Node, dialect: Dialect) -> Found<'a> {
    let path = text(module, file, path, 0);
    let Some(id) = module.file(&path) else {
        let function = if dialect == Dialect::Plain { "file" } else { "templatefile" };
        let reason = Reason::Expression(format!("{function}({path})"));
        return Found::new(file, Written::Unknown(node, reason));
    };
    let text = module.written(id);
    match json::read(text, 0..text.len(), dialect) {
        Ok(json) => Found::new(id, Written::Json(json, Form::TerraformFile)),
        // What reads it is the place, and the file is what decides it.
        Err(error) => {
            let said = Written::Unknown(node, unreadable(error.message));
            Found { read: Some(id), ..Found::new(file, said) }
        }
    }
}

fn unreadable(message: String) -> Reason {
    if message.contains("template") { Reason::Template } else { Reason::Unreadable(message) }
}

/// `"${..}"` says no more than what it holds.
fn single_reference(text: &Text) -> Option<&str> {
    match text.pieces() {
        [Piece::Opaque(one)] => one.source().strip_prefix("${")?.strip_suffix('}').map(str::trim),
        _ => None,
    }
}

/// The reference that a node is, if it is no more than that.
pub(super) fn reference(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Expression(reference) => Some(reference.trim()),
        Kind::Text(text) => single_reference(text),
        _ => None,
    }
}

fn follow<'a>(module: &Module<'a>, file: FileId, node: &'a Node, reference: &str, depth: usize) -> Found<'a> {
    let unknown = || Found::new(file, Written::Unknown(node, Reason::Expression(reference.to_owned())));
    if depth >= DEPTH {
        return unknown();
    }
    let steps = steps(reference);
    match steps.as_slice() {
        [("data", ""), (super::DOCUMENT, ""), (name, _), ("json" | "minified_json", "")] => {
            match module.block(&format!("data.{}.{name}", super::DOCUMENT)) {
                Some((file, block)) => Found::new(file, Written::Document(block)),
                None => unknown(),
            }
        }
        [("local", ""), (name, "")] => match module.local(name) {
            Some((file, node)) => find(module, file, node, depth + 1),
            None => unknown(),
        },
        _ => unknown(),
    }
}

fn local<'a>(module: &Module<'a>, node: &Node) -> Option<(FileId, &'a Node)> {
    match &node.kind {
        Kind::Expression(reference) => module.local(reference.strip_prefix("local.")?),
        _ => None,
    }
}

/// A text, in which references to local names and to names of resources are resolved.
pub(super) fn text(module: &Module<'_>, file: FileId, node: &Node, depth: usize) -> Text {
    match &node.kind {
        Kind::Text(text) => {
            let (mut all, mut length) = (Text::default(), 0);
            for piece in text.pieces() {
                if length > LONGEST {
                    return Text::opaque(module.written(file).get(node.span.clone()).unwrap_or_default());
                }
                match piece {
                    Piece::Literal(literal) => all.push(literal),
                    Piece::Opaque(expression) => {
                        let source = expression.source();
                        let inner = source.strip_prefix("${").and_then(|inner| inner.strip_suffix('}'));
                        match inner.and_then(|inner| resolved(module, inner.trim(), depth)) {
                            Some(text) => {
                                length += text.to_string().len();
                                all.append(&text);
                            }
                            None => all.push_opaque(source),
                        }
                    }
                }
            }
            all
        }
        Kind::Expression(reference) => {
            resolved(module, reference, depth).unwrap_or_else(|| Text::opaque(reference.clone()))
        }
        Kind::Plain(text) => Text::literal(text.clone()),
        _ => {
            let source = module.files.get(file).and_then(|file| file.text().get(node.span.clone()));
            Text::opaque(source.unwrap_or_default())
        }
    }
}

/// References to texts are followed no further. Each is resolved once, so that this bounds the depth alone.
const CHAIN: usize = 64;

/// Longest text that references make, in bytes: names and ARNs are shorter.
const LONGEST: usize = 16 << 10;

/// The text that a reference stands for, which is resolved once. One that leads back to itself stands for nothing.
fn resolved(module: &Module<'_>, reference: &str, depth: usize) -> Option<Text> {
    if let Some(known) = module.resolved.borrow().get(reference) {
        return known.clone();
    }
    module.resolved.borrow_mut().insert(reference.to_owned(), None);
    let found = resolve(module, reference, depth).filter(|text| text.to_string().len() <= LONGEST);
    module.resolved.borrow_mut().insert(reference.to_owned(), found.clone());
    found
}

fn resolve(module: &Module<'_>, reference: &str, depth: usize) -> Option<Text> {
    if depth >= CHAIN {
        return None;
    }
    let steps = steps(reference);
    match steps.as_slice() {
        [("local", ""), (name, "")] => {
            let (file, node) = module.local(name)?;
            Some(text(module, file, node, depth + 1))
        }
        [("local", ""), (name, index)] => {
            let (file, node) = module.local(name)?;
            Some(text(module, file, item(node, index)?, depth + 1))
        }
        [(kind, ""), (name, index), ("name" | "id", "")] => {
            let (file, block) = module.block(&format!("{kind}.{name}"))?;
            of_one(module, file, block, (block.get("name")?, index), depth)
        }
        // Those of Kubernetes have their names in a block, written `metadata[0].name` or, as of old, `metadata.0.name`.
        [(kind, ""), (name, index), ("metadata", "" | "0"), (field @ ("name" | "namespace"), "")]
        | [(kind, ""), (name, index), ("metadata", ""), ("0", ""), (field @ ("name" | "namespace"), "")] => {
            let (file, block) = module.block(&format!("{kind}.{name}"))?;
            let metadata = block.blocks("metadata").next()?;
            of_one(module, file, block, (metadata.get(field)?, index), depth)
        }
        _ => None,
    }
}

/// What an index takes out of a list or map that is written out.
pub(super) fn item<'a>(node: &'a Node, index: &str) -> Option<&'a Node> {
    match &node.kind {
        Kind::List(list) => list.items.get(index.parse::<usize>().ok()?),
        Kind::Map(_) => node.get(quoted(index)?),
        _ => None,
    }
}

/// A name of one of the resources that a block makes. What is another in each round of the block's loop is told by the index alone; none
/// where that does not tell, since the words of that loop mean something else elsewhere.
fn of_one(
    module: &Module<'_>,
    file: FileId,
    block: &Block,
    (node, index): (&Node, &str),
    depth: usize,
) -> Option<Text> {
    let name = text(module, file, node, depth + 1);
    if !rounds::is_of_loop(&name) {
        return Some(name);
    }
    // A loop goes through references again, whose loops do: no one writes many of these.
    Loop::within(module, file, block, depth + CHAIN / 2).at(index, &name)
}
