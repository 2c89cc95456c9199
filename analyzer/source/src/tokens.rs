//! The texts of a list, each with its bytes: actions, resources, verbs.

use crate::node::{Layout, Node, Span};
use crate::place::Reason;
use crate::text::Text;

/// A list of texts as a source writes it.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// The texts, in the order written.
    pub items: Vec<Token>,
    /// The list that they are items of; none where a single text stands alone.
    pub sequence: Option<Sequence>,
    /// Why they cannot be edited.
    pub reason: Option<Reason>,
    /// What they are once names that the source defines itself are followed; none where they are as they are written.
    pub(crate) said: Option<Vec<Text>>,
}

/// A text in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The text.
    pub text: Text,
    /// Its bytes, with its quotes.
    pub span: Span,
}

/// Where the items of a list are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The bytes of the list, with its brackets where it has any.
    pub span: Span,
    /// The bytes of its items.
    pub items: Vec<Span>,
    pub(crate) layout: Layout,
}

impl Sequence {
    /// Of a list; none where the node is no list.
    pub(crate) fn of(node: &Node) -> Option<Self> {
        let list = node.list()?;
        Some(Self {
            span: node.span.clone(),
            items: list.items.iter().map(|item| item.span.clone()).collect(),
            layout: list.layout,
        })
    }
}

impl Tokens {
    /// Of a list of texts, or of one text. `text` reads what is no plain text, where the notation has more.
    pub(crate) fn of(node: &Node, text: impl Fn(&Node) -> Option<Text>, source: &str) -> Self {
        let mut tokens = Self { sequence: Sequence::of(node), ..Self::default() };
        if node.is_shared {
            tokens.reason = Some(Reason::Anchored);
        }
        for item in node.items() {
            if item.is_shared {
                tokens.reason = Some(Reason::Anchored);
            }
            let text = text(item).unwrap_or_else(|| {
                let text = item.as_text(source);
                // A whole list behind an expression is not one text.
                if tokens.sequence.is_none() {
                    tokens.reason = Some(Reason::Expression(text.to_string()));
                }
                text
            });
            tokens.items.push(Token { text, span: item.span.clone() });
        }
        tokens
    }

    /// Whether another has the same texts.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.items.len() == other.items.len()
            && self.items.iter().zip(&other.items).all(|(own, other)| own.text == other.text)
    }

    /// The texts, names that the source defines itself being followed.
    pub fn said(&self) -> Vec<&Text> {
        match &self.said {
            Some(said) => said.iter().collect(),
            None => self.items.iter().map(|token| &token.text).collect(),
        }
    }

    /// The known texts; none where one is not known.
    pub fn known(&self) -> Option<Vec<&str>> {
        self.items.iter().map(|token| token.text.known()).collect()
    }
}
