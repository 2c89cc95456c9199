//! Policies that programs make, as with CDK and Pulumi: found, and never edited.

use remit_policy::Effect;

use crate::inputs::Inputs;
use crate::node::Span;
use crate::place::{Content, FileId, Form, Names, Place, Reason};
use crate::repository::{File, Parsed};
use crate::statement::{Removal, Statement};
use crate::text::Text;
use crate::tokens::{Token, Tokens};

/// What makes a statement: a call of CDK's, or a document of Pulumi's.
const MAKERS: [&str; 5] =
    ["PolicyStatement(", "PolicyStatementArgs{", "\"Statement\":", "'Statement':", "Statement:"];

/// One place for each statement of which the actions are written out.
pub(crate) fn places(files: &[File]) -> Vec<Place> {
    let mut places = Vec::new();
    for (id, file) in files.iter().enumerate() {
        if !matches!(file.parsed(), Parsed::Code) {
            continue;
        }
        let text = file.text();
        let mut at = 0;
        while let Some((start, length)) = next(text, at) {
            let span = start..start + length;
            at = span.end;
            let actions = actions(text, &span);
            if actions.items.is_empty() {
                continue;
            }
            let line = file.lines().of(start);
            places.push(Place {
                file: id,
                line,
                span: span.clone(),
                form: Form::Code,
                address: format!("line {line}"),
                names: Names { name: Some(Text::opaque("(program)")), ..Names::default() },
                content: Content::Statements(vec![statement(id, line, span, actions)]),
                reasons: vec![Reason::Code],
                context: String::new(),
                inputs: Inputs::default(),
                uses: Vec::new(),
            });
        }
    }
    places
}

/// Where the next statement starts, and how long it is with what its brackets hold.
fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = text.get(from..)?;
    let start = from + MAKERS.iter().filter_map(|maker| rest.find(maker)).min()?;
    let (mut depth, mut quote, mut is_escaped) = (0_usize, None, false);
    for (at, sign) in text.get(start..)?.char_indices() {
        match quote {
            _ if is_escaped => is_escaped = false,
            Some(_) if sign == '\\' => is_escaped = true,
            Some(open) if sign == open => quote = None,
            Some(_) => {}
            None if sign == '"' || sign == '\'' || sign == '`' => quote = Some(sign),
            None if "([{".contains(sign) => depth += 1,
            None if ")]}".contains(sign) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some((start, at + sign.len_utf8()));
                }
            }
            None => {}
        }
    }
    Some((start, text.len() - start))
}

/// The quoted texts that are actions.
fn actions(text: &str, span: &Span) -> Tokens {
    let mut tokens = Tokens { reason: Some(Reason::Code), ..Tokens::default() };
    let mut at = span.start;
    let mut open: Option<(char, usize)> = None;
    for sign in text.get(span.clone()).unwrap_or_default().chars() {
        let end = at + sign.len_utf8();
        match open {
            Some((quote, start)) if sign == quote => {
                open = None;
                let word = text.get(start..at).unwrap_or_default();
                if is_action(word) {
                    let span = start.saturating_sub(1)..end;
                    tokens.items.push(Token { text: Text::literal(word), span });
                }
            }
            Some(_) => {}
            None if sign == '"' || sign == '\'' || sign == '`' => open = Some((sign, end)),
            None => {}
        }
        at = end;
    }
    tokens
}

/// Whether a word has the form of an action, such as `s3:GetObject`.
fn is_action(word: &str) -> bool {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '*' || sign == '-';
    word.split_once(':').is_some_and(|(service, name)| {
        let is_service =
            service.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-');
        let begins = name.starts_with(|sign: char| sign.is_ascii_uppercase() || sign == '*');
        !service.is_empty() && is_service && service != "aws" && begins && name.chars().all(is_name)
    })
}

/// A statement of which no more is known than its actions.
fn statement(file: FileId, line: u32, span: Span, actions: Tokens) -> Statement {
    Statement {
        file,
        line,
        span: span.clone(),
        sid: None,
        effect: Some(Effect::Allow),
        open_effect: None,
        not_actions: false,
        actions,
        not_resources: false,
        resources: Tokens {
            items: vec![Token { text: Text::opaque("(program)"), span }],
            reason: Some(Reason::Code),
            ..Tokens::default()
        },
        principals: None,
        conditions: Vec::new(),
        reasons: Vec::new(),
        inputs: Inputs::default(),
        removal: Removal::Only,
    }
}
