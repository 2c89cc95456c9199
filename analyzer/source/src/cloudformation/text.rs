//! Texts of templates. YAML and JSON write a function in several forms, which say the same: `!Ref A`, `Ref: A` and `{"Ref": "A"}`.
//! Source: AWS CloudFormation User Guide, "Intrinsic function reference".

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::node::{Entry, Kind, Node};
use crate::text::{Piece, Text};

/// Whether a text is what stands for no property at all.
pub(super) fn is_nothing(text: &Text) -> bool {
    matches!(text.pieces(), [Piece::Opaque(name)] if name.source() == "AWS::NoValue")
}

/// The resource of a template that a reference to a policy means, by its logical name: `A` of `!Ref A`, `!Sub '${A}'` and `!GetAtt
/// A.PolicyArn`. A name that is written out is no reference.
pub(super) fn referred(policy: &Text) -> Option<&str> {
    let mut pieces =
        policy.pieces().iter().filter(|piece| !matches!(piece, Piece::Literal(text) if text.is_empty()));
    let (Some(Piece::Opaque(name)), None) = (pieces.next(), pieces.next()) else { return None };
    let name = name.source();
    let bare = name.strip_prefix("${").and_then(|inner| inner.strip_suffix('}')).unwrap_or(name);
    Some(bare.strip_suffix(".PolicyArn").unwrap_or(bare))
}

/// A text, or all that is written there.
pub(super) fn whole(node: &Node, source: &str) -> Text {
    text_of(node, source).unwrap_or_else(|| Text::opaque(source.get(node.span.clone()).unwrap_or_default()))
}

/// A text, or what a function of CloudFormation makes one of: `!Sub`, `Fn::Sub`, `!Ref`, `!GetAtt`, `!Join`.
pub(super) fn text_of(node: &Node, source: &str) -> Option<Text> {
    if let Some((name, argument)) = function(node) {
        return called(name, &argument, source);
    }
    match &node.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Plain(text) => Some(Text::literal(text.clone())),
        _ => None,
    }
}

/// The function that a node calls, in whichever form, and what it gets.
fn function(node: &Node) -> Option<(&str, Cow<'_, Node>)> {
    if let Some(tag) = node.tag.as_deref() {
        return Some((tag, Cow::Owned(Node { tag: None, ..node.clone() })));
    }
    match node.entries()? {
        [entry] if entry.key == "Ref" => Some(("Ref", Cow::Borrowed(&entry.value))),
        [entry] => Some((entry.key.strip_prefix("Fn::")?, Cow::Borrowed(&entry.value))),
        _ => None,
    }
}

/// What a function makes of its argument. One whose result is not known is told by all that it gets.
fn called(name: &str, argument: &Node, source: &str) -> Option<Text> {
    match (name, &argument.kind) {
        ("Sub", Kind::Text(text)) => Some(substituted(text, |_| None)),
        ("Sub", Kind::List(list)) => {
            let entries = list.items.get(1).and_then(Node::entries).unwrap_or_default();
            let of = |entry: &Entry| (entry.key.clone(), value(&entry.value, source));
            let given: BTreeMap<String, Text> = entries.iter().map(of).collect();
            let text = substituted(list.items.first()?.text()?, |name| given.get(name).cloned());
            let is_long = text.to_string().len() > LONGEST;
            Some(if is_long { Text::opaque(format!("!Sub {}", shown(argument, source))) } else { text })
        }
        ("Ref" | "GetAtt", Kind::Text(text)) => Some(Text::opaque(text.to_string())),
        // A resource and its attribute are a list in JSON, and in YAML a list or one text.
        ("GetAtt", Kind::List(list)) if list.items.iter().all(|item| item.known().is_some()) => {
            let parts: Vec<&str> = list.items.iter().filter_map(Node::known).collect();
            Some(Text::opaque(parts.join(".")))
        }
        _ => Some(Text::opaque(format!("!{name} {}", shown(argument, source)))),
    }
}

/// Longest text that a function makes of others, in bytes: names and ARNs are shorter.
const LONGEST: usize = 16 << 10;

/// A value that a text gets. One that is made of others itself is told as it is written.
fn value(node: &Node, source: &str) -> Text {
    match function(node) {
        Some(("Sub" | "Join", _)) => Text::opaque(shown(node, source)),
        _ => whole(node, source),
    }
}

/// A value as YAML would write it on one line, so that neither form nor layout makes it another.
pub(super) fn shown(node: &Node, source: &str) -> String {
    if let Some((name, argument)) = function(node) {
        // These have several forms of their own.
        let is_name = matches!(name, "Ref" | "GetAtt");
        let named = called(name, &argument, source).filter(|_| is_name);
        let argument = named.map_or_else(|| shown(&argument, source), |text| text.to_string());
        return format!("!{name} {argument}");
    }
    match &node.kind {
        Kind::Text(text) => format!("{:?}", text.to_string()),
        Kind::Plain(text) => text.clone(),
        Kind::List(list) => {
            let items: Vec<_> = list.items.iter().map(|item| shown(item, source)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Map(entries) => {
            let of = |entry: &Entry| format!("{:?}: {}", entry.key, shown(&entry.value, source));
            format!("{{{}}}", entries.iter().map(of).collect::<Vec<_>>().join(", "))
        }
        _ => source.get(node.span.clone()).unwrap_or_default().to_owned(),
    }
}

/// `${Name}` is replaced, by what is given for it where something is, and `${!Name}` stays `${Name}`.
fn substituted(text: &Text, given: impl Fn(&str) -> Option<Text>) -> Text {
    let (mut all, mut pieces) = (Text::default(), 0);
    for piece in text.pieces() {
        let Piece::Literal(literal) = piece else { continue };
        let mut rest = literal.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            all.push(before);
            let Some((name, behind)) = after.split_once('}') else {
                rest = after;
                break;
            };
            match name.strip_prefix('!') {
                Some(name) => all.push(&format!("${{{name}}}")),
                None => match given(name.trim()) {
                    // More of it than anybody means is not made.
                    Some(_) if pieces > LONGEST => {}
                    Some(text) => {
                        pieces += text.to_string().len();
                        all.append(&text);
                    }
                    None => all.push_opaque(&format!("${{{name}}}")),
                },
            }
            rest = behind;
        }
        all.push(rest);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of the only property of a template.
    fn text(template: &str) -> Option<Text> {
        let documents = crate::yaml::read(template).unwrap();
        text_of(documents[0].get("A").unwrap(), template)
    }

    #[test]
    fn each_form_of_a_function_is_the_same_text() {
        let names = [
            ("!Ref Ops", "{\"Ref\": \"Ops\"}", "Ops"),
            ("!GetAtt X.Arn", "{\"Fn::GetAtt\": [\"X\", \"Arn\"]}", "X.Arn"),
            ("!GetAtt [X, Arn]", "{\"Fn::GetAtt\": \"X.Arn\"}", "X.Arn"),
            ("!Sub '${X}-a'", "{\"Fn::Sub\": \"${X}-a\"}", "${X}-a"),
            (
                "!Sub ['${X}-${y}-${z}', {y: b, z: !Ref Ops}]",
                "{\"Fn::Sub\": [\"${X}-${y}-${z}\", {\"z\": {\"Ref\": \"Ops\"}, \"y\": \"b\"}]}",
                "${X}-b-Ops",
            ),
            ("!ImportValue x", "{\"Fn::ImportValue\": \"x\"}", "!ImportValue \"x\""),
            (
                "!Join ['', [a, !GetAtt X.Arn, !Ref B]]",
                "{\"Fn::Join\":   [\"\", [\"a\", {\"Fn::GetAtt\": [\"X\", \"Arn\"]}, {\"Ref\": \"B\"}]]}",
                "!Join [\"\", [\"a\", !GetAtt X.Arn, !Ref B]]",
            ),
        ];
        for (short, long, expected) in names {
            let (short, long) = (text(&format!("A: {short}\n")), text(&format!("{{\"A\": {long}}}")));
            assert_eq!(short, long, "{expected}");
            assert_eq!(short.unwrap().to_string(), expected);
        }
    }

    #[test]
    fn other_functions_and_what_is_written_out_are_others() {
        assert_ne!(text("A: !Ref x\n"), text("A: !ImportValue x\n"));
        assert_ne!(text("A: !Ref x\n"), text("A: x\n"));
        assert_ne!(text("A: !Join ['', [a, b]]\n"), text("A: !Join ['', ['a, b']]\n"));
        assert_eq!(text("A: {Statement: []}\n"), None);
    }

    #[test]
    fn no_value_is_nothing() {
        for form in ["!Ref AWS::NoValue", "{\"Ref\": \"AWS::NoValue\"}"] {
            assert!(is_nothing(&text(&format!("A: {form}\n")).unwrap()), "{form}");
        }
        assert!(!is_nothing(&text("A: AWS::NoValue\n").unwrap()));
    }
}
