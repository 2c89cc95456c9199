use super::*;

struct Pairs(&'static [(&'static str, &'static str)]);

impl Scope for Pairs {
    type Name = String;

    fn names(&self, expression: &str) -> Vec<String> {
        references(expression, "local.", |sign| sign.is_alphanumeric() || sign == '_')
    }

    fn shown(&self, name: &String) -> String {
        name.clone()
    }

    fn meaning(&self, name: &String) -> Option<Followed<String>> {
        let (_, meaning) = self.0.iter().find(|(known, _)| known == name)?;
        Some(Followed { meaning: (*meaning).into(), names: self.names(meaning) })
    }

    fn everything(&self) -> String {
        "everything".to_owned()
    }
}

#[test]
fn names_are_followed_to_what_they_stand_for_and_in_a_circle_once() {
    let of =
        |pairs, expressions: &[&'static str]| Follower::new(Pairs(pairs)).inputs(expressions.iter().copied());
    let expressions = ["${local.a}/*", "xlocal.c", "module.local.c", "local.d"];
    let inputs = of(&[("local.a", "[local.b]"), ("local.b", "local.a"), ("local.c", "1")], &expressions);
    assert_eq!(inputs.0.keys().collect::<Vec<_>>(), ["local.a", "local.b"]);
    let other = &[("local.a", "[local.b]"), ("local.b", "2")];
    assert_eq!(of(other, &["local.a"]).other_than(&inputs), ["local.b"]);
    assert_eq!(of(other, &["local.b"]).other_than(&inputs), ["local.b", "local.a"]);
    assert!(inputs.other_than(&inputs).is_empty());
}

#[test]
fn only_expressions_that_refer_to_something_are_marked() {
    let follower = Follower::new(Pairs(&[("local.a", "1"), ("local.ab", "2")]));
    let marked = |expression: &str| {
        let mut text = crate::text::Text::opaque(expression);
        follower.note(&mut text);
        assert_eq!(text.to_string(), expression);
        assert!(text.is_written_as(&crate::text::Text::opaque(expression)));
        text != crate::text::Text::opaque(expression)
    };
    assert!(
        marked("local.a") && marked("local.ab") && !marked("aws_s3_bucket.b.arn") && !marked("local.none")
    );
    let twice = |expression: &str| {
        let mut text = crate::text::Text::opaque(expression);
        follower.note(&mut text);
        let once = text.clone();
        follower.note(&mut text);
        once == text
    };
    assert!(twice("local.a"));
}
