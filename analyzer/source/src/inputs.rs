//! What expressions refer to: where that changes, an expression that stays as it is says something else.

use std::collections::BTreeMap;

/// Names that expressions refer to, each with what it stands for, as that is written: `local.buckets`, `var.actions`, a parameter of
/// a template, `.Values.verbs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs(BTreeMap<String, String>);

/// Names that are followed, at most, whoever wrote them.
const NAMES: usize = 200;

/// Where names mean something.
pub(crate) trait Scope {
    /// The names in an expression.
    fn names(&self, expression: &str) -> Vec<String>;
    /// What a name stands for, as it is written; none where nothing here says that.
    fn meaning(&self, name: &str) -> Option<String>;
}

impl Inputs {
    /// Of expressions, and of what the names in them stand for.
    pub(crate) fn of<'a>(scope: &impl Scope, expressions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = BTreeMap::new();
        let mut open: Vec<String> = expressions.into_iter().flat_map(|one| scope.names(one)).collect();
        while let Some(name) = open.pop() {
            if all.len() >= NAMES || all.contains_key(&name) {
                continue;
            }
            let Some(meaning) = scope.meaning(&name) else { continue };
            open.extend(scope.names(&meaning));
            all.insert(name, meaning);
        }
        Self(all)
    }

    /// Adds what else decides what is granted, by what it is called: several of one name are one.
    pub(crate) fn add(&mut self, name: &str, meaning: &str) {
        let all = self.0.entry(name.to_owned()).or_default();
        all.push_str(meaning);
        all.push('\n');
    }

    /// Adds what its own refer to, and what these expressions do.
    pub(crate) fn follow<'a>(&mut self, scope: &impl Scope, expressions: impl IntoIterator<Item = &'a str>) {
        let (own, found) = (Self::of(scope, [self.written().as_str()]), Self::of(scope, expressions));
        self.0.extend(own.0.into_iter().chain(found.0));
    }

    /// Whether nothing that an expression stands for is written elsewhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of which another says something else, or nothing, and those that it has alone.
    pub fn other_than<'a>(&'a self, before: &'a Self) -> Vec<&'a str> {
        let new = self.0.iter().filter(|(name, meaning)| before.0.get(*name) != Some(meaning));
        let gone = before.0.keys().filter(|name| !self.0.contains_key(*name));
        new.map(|(name, _)| name).chain(gone).map(String::as_str).collect()
    }

    /// Those that an expression mentions, or what these stand for does.
    pub fn behind(&self, expression: &str) -> Self {
        let mut all = BTreeMap::new();
        let mut open = vec![expression];
        while let Some(text) = open.pop() {
            for (name, meaning) in self.0.iter().filter(|(name, _)| text.contains(name.as_str())) {
                if all.insert(name.clone(), meaning.clone()).is_none() {
                    open.push(meaning);
                }
            }
        }
        Self(all)
    }

    /// Everything as one text, which is another where anything is.
    pub fn written(&self) -> String {
        self.0.iter().map(|(name, meaning)| format!("{name} = {meaning}\n")).collect()
    }
}

/// The references in an expression that begin with a word and a dot, such as `local.`, each up to where it stops being a name.
pub(crate) fn references(expression: &str, word: &str, is_name: fn(char) -> bool) -> Vec<String> {
    let found = expression.match_indices(word).filter_map(|(at, _)| {
        let before = expression.get(..at)?.chars().next_back();
        let rest = expression.get(at + word.len()..)?;
        let end = rest.find(|sign| !is_name(sign)).unwrap_or(rest.len());
        let is_whole = !before.is_some_and(|sign| sign.is_alphanumeric() || "_-.".contains(sign));
        (is_whole && end > 0).then(|| format!("{word}{}", rest.get(..end).unwrap_or_default()))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pairs(&'static [(&'static str, &'static str)]);

    impl Scope for Pairs {
        fn names(&self, expression: &str) -> Vec<String> {
            references(expression, "local.", |sign| sign.is_alphanumeric() || sign == '_')
        }

        fn meaning(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, meaning)| (*meaning).to_owned())
        }
    }

    #[test]
    fn names_are_followed_to_what_they_stand_for_and_in_a_circle_once() {
        let scope = Pairs(&[("local.a", "[local.b]"), ("local.b", "local.a"), ("local.c", "1")]);
        let inputs = Inputs::of(&scope, ["${local.a}/*", "xlocal.c", "module.local.c", "local.d"]);
        assert_eq!(inputs.written(), "local.a = [local.b]\nlocal.b = local.a\n");
        let other = Pairs(&[("local.a", "[local.b]"), ("local.b", "2")]);
        assert_eq!(Inputs::of(&other, ["local.a"]).other_than(&inputs), ["local.b"]);
        assert_eq!(Inputs::of(&other, ["local.b"]).other_than(&inputs), ["local.b", "local.a"]);
        assert!(inputs.other_than(&inputs).is_empty());
        assert_eq!(inputs.behind("concat(local.b)"), inputs);
        assert!(inputs.behind("aws_s3_bucket.b.arn").is_empty());
    }
}
