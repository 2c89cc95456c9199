//! Matching ARNs with ARN patterns.

/// How specific a match is: the number of literal characters of the pattern's last part.
pub(crate) type Specificity = usize;

/// An ARN in its six parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arn<'a> {
    /// What is before each of the first five colons.
    parts: [&'a str; 5],
    resource: &'a str,
}

/// A pattern of ARNs, taken apart once: every call's ARNs are compared with those of each type of their service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The first five parts; none where any text will do.
    parts: [Option<&'static str>; 5],
    /// The text with which the last part begins.
    prefix: &'static str,
    /// What follows it.
    rest: &'static str,
    specificity: Specificity,
}

impl<'a> Arn<'a> {
    /// None where the text has fewer parts.
    pub(crate) fn split(text: &'a str) -> Option<Self> {
        let mut rest = text;
        let mut parts = [""; 5];
        for part in &mut parts {
            (*part, rest) = rest.split_once(':')?;
        }
        Some(Self { parts, resource: rest })
    }

    pub(crate) fn service(&self) -> &'a str {
        let [_, _, service, _, _] = self.parts;
        service
    }
}

impl Pattern {
    /// None where the text has fewer parts than an ARN.
    pub(crate) fn parse(text: &'static str) -> Option<Self> {
        let Arn { parts, resource } = Arn::split(text)?;
        let parts = parts.map(|part| (!part.starts_with("${") && part != "*").then_some(part));
        let mut pieces = Pieces { rest: resource };
        let (prefix, rest) = match pieces.next() {
            Some(Piece::Literal(literal)) => (literal, pieces.rest),
            _ => ("", resource),
        };
        Some(Self { parts, prefix, rest, specificity: literal_length(resource) })
    }

    /// Whether `arn` is one of those that the pattern describes, and how closely.
    ///
    /// A placeholder stands for any text, in the first five parts without a colon and possibly empty, in the last
    /// part with at least one character. Where several patterns of a service match, the most specific is meant:
    /// `arn:aws:s3:::bucket/key` fits a bucket's pattern too, but an object's better.
    pub(crate) fn matches(&self, arn: &Arn<'_>) -> Option<Specificity> {
        let text = arn.resource.strip_prefix(self.prefix)?;
        let is_alike = |(expected, found): (&Option<&str>, &&str)| expected.is_none_or(|text| text == *found);
        (self.parts.iter().zip(&arn.parts).all(is_alike) && glob(Pieces { rest: self.rest }, text))
            .then_some(self.specificity)
    }
}

/// Whether the text looks like an ARN at all.
pub(crate) fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

fn literal_length(pattern: &str) -> usize {
    Pieces { rest: pattern }
        .filter_map(|piece| if let Piece::Literal(text) = piece { Some(text.len()) } else { None })
        .sum()
}

/// Literals are found leftmost-first, which decides globs whose only wildcard is "any text".
fn glob(mut pieces: Pieces<'_>, mut text: &str) -> bool {
    let mut open = false;
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Open => open = true,
            Piece::Literal(literal) if !open => match text.strip_prefix(literal) {
                Some(rest) => text = rest,
                None => return false,
            },
            Piece::Literal(literal) if pieces.rest.is_empty() => {
                return text.strip_suffix(literal).is_some_and(|before| !before.is_empty());
            }
            Piece::Literal(literal) => {
                let Some(after_first) = text.char_indices().nth(1).map(|(index, _)| index) else {
                    return false;
                };
                let Some(found) = text.get(after_first..).and_then(|rest| rest.find(literal)) else {
                    return false;
                };
                let Some(rest) = text.get(after_first + found + literal.len()..) else { return false };
                text = rest;
                open = false;
            }
        }
    }
    open != text.is_empty()
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'p> {
    /// Text as it is.
    Literal(&'p str),
    /// A placeholder or `*`.
    Open,
}

/// The pieces of a pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces<'p> {
    rest: &'p str,
}

impl<'p> Iterator for Pieces<'p> {
    type Item = Piece<'p>;

    fn next(&mut self) -> Option<Piece<'p>> {
        if self.rest.is_empty() {
            return None;
        }
        if let Some(rest) = self.rest.strip_prefix('*') {
            self.rest = rest;
            return Some(Piece::Open);
        }
        if let Some((_, rest)) = self.rest.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
            self.rest = rest;
            return Some(Piece::Open);
        }
        // A `${` that is never closed is text.
        let bytes = self.rest.as_bytes();
        let is_open = |at: &usize| matches!(bytes.get(*at..), Some([b'*', ..] | [b'$', b'{', ..]));
        let end = (0..bytes.len()).find(is_open).filter(|end| *end > 0);
        let (literal, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        Some(Piece::Literal(literal))
    }
}

#[cfg(test)]
mod tests {
    use super::{Arn, Pattern, Specificity};

    fn matches(pattern: &'static str, arn: &str) -> Option<Specificity> {
        Pattern::parse(pattern)?.matches(&Arn::split(arn)?)
    }

    #[test]
    fn patterns_match_their_arns() {
        let role = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";
        assert!(matches(role, "arn:aws:iam::123456789012:role/a/b").is_some());
        assert!(matches(role, "arn:aws:iam::123456789012:user/a").is_none());
        assert!(matches(role, "arn:aws:iam::123456789012:role/").is_none());
        let bucket = "arn:${Partition}:s3:::${BucketName}";
        let object = "arn:${Partition}:s3:::${BucketName}/${ObjectName}";
        assert!(matches(bucket, "arn:aws:s3:::b") > matches(object, "arn:aws:s3:::b"));
        assert!(matches(object, "arn:aws:s3:::b/k/l") > matches(bucket, "arn:aws:s3:::b/k/l"));
        let index = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}";
        assert!(matches(index, "arn:aws:dynamodb:eu-west-1:1:table/t/index/i").is_some());
        assert!(matches(index, "arn:aws:dynamodb:eu-west-1:1:table/t").is_none());
        let group = "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}:*";
        assert!(matches(group, "arn:aws:logs:eu-west-1:1:log-group:x:*").is_some());
        assert!(matches(group, "arn:aws:logs:eu-west-1:1:log-group:x").is_none());
        assert!(matches("arn:aws:s3", "arn:aws:s3:::b").is_none());
        assert!(matches(bucket, "not an arn").is_none());
    }
}
