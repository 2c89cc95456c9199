//! Whom a statement lets in: of the policy of a resource, or of a role's about who may become it.

use crate::hcl::Block;
use crate::node::Node;
use crate::statement::Source;
use crate::text::Text;

/// `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principals {
    /// Whether it names whom it does not mean.
    pub negated: bool,
    /// Whom it names.
    pub items: Vec<Principal>,
}

/// One whom a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `AWS`, `Service`, `Federated`, `CanonicalUser`; `*` where everybody is meant without a kind.
    pub kind: Text,
    /// An account, an ARN, a service, or `*` for everybody.
    pub id: Text,
}

impl Principals {
    /// As the JSON language writes them: `*`, or a map from kinds to one or several.
    pub(crate) fn of_json(node: &Node, negated: bool, source: Source<'_>) -> Self {
        let mut items = Vec::new();
        let texts = |node: &Node| crate::statement::texts(node, source);
        match node.entries() {
            // A module takes a list of kinds, each with those of it.
            None if node.items().iter().any(|item| item.get("type").is_some()) => {
                for item in node.items() {
                    let kind = item.get("type").map(|kind| kind.as_text(source.text)).unwrap_or_default();
                    let ids = item.get("identifiers").map(texts).unwrap_or_default();
                    items.extend(ids.into_iter().map(|id| Principal { kind: kind.clone(), id }));
                }
            }
            None => {
                items.extend(texts(node).into_iter().map(|id| Principal { kind: id.clone(), id }));
            }
            Some(kinds) => {
                for kind in kinds {
                    let name = Text::literal(kind.key.clone());
                    let of_kind = |id| Principal { kind: name.clone(), id };
                    items.extend(texts(&kind.value).into_iter().map(of_kind));
                }
            }
        }
        Self { negated, items }
    }

    /// As blocks of Terraform's data source write them; none where there is no such block.
    pub(crate) fn of_blocks(statement: &Block, source: Source<'_>) -> Option<Self> {
        let mut principals = Self::default();
        let mut is_there = false;
        for (kind, negated) in [("principals", false), ("not_principals", true)] {
            for block in statement.blocks(kind) {
                is_there = true;
                principals.negated = negated;
                let kind = block.get("type").map(|node| node.as_text(source.text)).unwrap_or_default();
                let ids = block.get("identifiers").map(|node| crate::statement::texts(node, source));
                let ids = ids.unwrap_or_default().into_iter();
                principals.items.extend(ids.map(|id| Principal { kind: kind.clone(), id }));
            }
        }
        let is_made =
            |block: &&Block| block.labels.first().is_some_and(|label| label.ends_with("principals"));
        for block in statement.blocks("dynamic").filter(is_made) {
            is_there = true;
            let all = source.text.get(block.span.clone()).unwrap_or_default();
            principals.items.push(Principal { kind: Text::opaque("dynamic"), id: Text::opaque(all) });
        }
        is_there.then_some(principals)
    }
}
