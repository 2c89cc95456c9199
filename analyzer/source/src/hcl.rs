//! Terraform's language to values with their places.

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Element, StringTemplate};

use crate::json::Unreadable;
use crate::node::{Entry, Kind, Layout, List, Node, Span};
use crate::text::Text;

/// A block, or a map that stands for one in JSON.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// `resource`, `data`, `statement`.
    pub(crate) kind: String,
    /// `aws_iam_policy`, `logs`.
    pub(crate) labels: Vec<String>,
    /// All of its bytes.
    pub(crate) span: Span,
    pub(crate) attributes: Vec<Entry>,
    pub(crate) blocks: Vec<Block>,
    /// Where it is one of a list of maps, as in JSON, the list.
    pub(crate) list: Option<(Node, usize)>,
}

impl Block {
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.attributes.iter().find(|entry| entry.key == name).map(|entry| &entry.value)
    }

    pub(crate) fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// `TYPE.NAME` of a resource, `data.TYPE.NAME` of a data source.
    pub(crate) fn address(&self) -> String {
        let labels = self.labels.join(".");
        match self.kind.as_str() {
            "resource" => labels,
            kind => format!("{kind}.{labels}"),
        }
    }
}

/// The blocks of a file. Its bytes may begin with a byte-order mark.
pub(crate) fn read(text: &str) -> Result<Vec<Block>, Unreadable> {
    Ok(parsed(text)?.1)
}

/// The values that a file gives to variables.
pub(crate) fn attributes(text: &str) -> Result<Vec<Entry>, Unreadable> {
    Ok(parsed(text)?.0)
}

fn parsed(text: &str) -> Result<(Vec<Entry>, Vec<Block>), Unreadable> {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - bare.len();
    let body = hcl_edit::parser::parse_body(bare).map_err(|error| Unreadable {
        at: offset + error.location().offset(),
        message: error.message().trim().lines().collect::<Vec<_>>().join(", "),
    })?;
    let reader = Reader { text, offset };
    Ok(reader.body(&body))
}

struct Reader<'a> {
    text: &'a str,
    /// Where what was parsed begins in the text.
    offset: usize,
}

impl Reader<'_> {
    fn span(&self, span: Option<Span>) -> Span {
        span.map_or(0..0, |span| span.start + self.offset..span.end + self.offset)
    }

    fn source(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    fn body(&self, body: &Body) -> (Vec<Entry>, Vec<Block>) {
        let (mut attributes, mut blocks) = (Vec::new(), Vec::new());
        for structure in body.iter() {
            match structure {
                Structure::Attribute(attribute) => attributes.push(Entry {
                    key: attribute.key.to_string(),
                    key_span: self.span(attribute.key.span()),
                    value: self.node(&attribute.value),
                }),
                Structure::Block(block) => {
                    let (inner, below) = self.body(&block.body);
                    blocks.push(Block {
                        kind: block.ident.to_string(),
                        labels: block.labels.iter().map(|label| label.as_str().to_owned()).collect(),
                        span: self.span(block.span()),
                        attributes: inner,
                        blocks: below,
                        list: None,
                    });
                }
            }
        }
        (attributes, blocks)
    }

    fn node(&self, expression: &Expression) -> Node {
        let span = self.span(expression.span());
        let kind = match expression {
            Expression::Null(_) | Expression::Bool(_) | Expression::Number(_) => {
                Kind::Plain(self.source(&span).to_owned())
            }
            Expression::String(text) => Kind::Text(Text::literal(text.value().as_str())),
            Expression::StringTemplate(template) => Kind::Text(self.template(template)),
            Expression::HeredocTemplate(_) => self.heredoc(&span),
            Expression::Array(array) => Kind::List(List {
                layout: Layout::Commas,
                items: array.iter().map(|item| self.node(item)).collect(),
            }),
            Expression::Object(object) => {
                Kind::Map(object.iter().map(|(key, value)| self.entry(key, value.expr())).collect())
            }
            Expression::Parenthesis(inner) => return self.node(inner.inner()),
            Expression::FuncCall(call) => {
                let arguments = call.args.iter().map(|argument| self.node(argument)).collect();
                // One of a provider is another than that of the language with the same name.
                let namespace: String = call.name.namespace.iter().map(|part| format!("{part}::")).collect();
                Kind::Call(format!("{namespace}{}", call.name.name.as_str()), arguments)
            }
            _ => Kind::Expression(self.source(&span).to_owned()),
        };
        Node::new(span, kind)
    }

    fn entry(&self, key: &ObjectKey, value: &Expression) -> Entry {
        let key_span = self.span(key.span());
        let name = match key {
            ObjectKey::Ident(name) => name.to_string(),
            ObjectKey::Expression(Expression::String(text)) => text.value().clone(),
            ObjectKey::Expression(_) => self.source(&key_span).to_owned(),
        };
        Entry { key: name, key_span, value: self.node(value) }
    }

    fn template(&self, template: &StringTemplate) -> Text {
        let mut text = Text::default();
        for element in template.iter() {
            match element {
                Element::Literal(literal) => text.push(literal.value()),
                Element::Interpolation(_) | Element::Directive(_) => {
                    text.push_opaque(self.source(&self.span(element.span())));
                }
            }
        }
        text
    }

    /// What lies between the line of the delimiter and the line of its repetition.
    fn heredoc(&self, span: &Span) -> Kind {
        let source = self.source(span);
        match (source.find('\n'), source.rfind('\n')) {
            (Some(first), Some(last)) => {
                Kind::Heredoc(span.start + first + 1..span.start + last.max(first) + 1)
            }
            _ => Kind::Expression(source.to_owned()),
        }
    }
}
