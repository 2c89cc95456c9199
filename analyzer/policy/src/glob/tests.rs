use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    Glob::resource(pattern).matches(text)
}

fn included(pattern: &str, others: &[&str]) -> bool {
    let others: Vec<_> = others.iter().map(|other| Glob::resource(other)).collect();
    Glob::resource(pattern).is_included_in(&others.iter().collect::<Vec<_>>())
}

fn intersects(one: &str, two: &str) -> bool {
    let (one, two) = (Glob::resource(one), Glob::resource(two));
    assert_eq!(one.intersects(&two), two.intersects(&one));
    one.intersects(&two)
}

#[test]
fn wildcards_match_across_separators() {
    assert!(matches("arn:aws:s3:::*", "arn:aws:s3:::bucket/key"));
    assert!(matches("arn:*", "arn:aws:s3:::bucket/key"));
    assert!(matches("arn:aws:s3:::b*/k?y", "arn:aws:s3:::bucket/deep/key"));
    assert!(!matches("arn:aws:s3:::b*/k?y", "arn:aws:s3:::bucket/ky"));
    assert!(
        matches("*", "") && matches("", "") && !matches("?", "") && matches("?", "ü") && !matches("?", "ab")
    );
    assert!(!matches("arn:aws:s3:::Bucket", "arn:aws:s3:::bucket"));
}

#[test]
fn actions_ignore_ascii_case_only() {
    assert!(Glob::action("S3:get*").matches("s3:GetObject"));
    assert!(Glob::action("s3:GetObject").matches("S3:GETOBJECT"));
    assert!(!Glob::action("s3:É").matches("s3:é"));
}

#[test]
fn variables_are_symbols() {
    let own = Glob::resource("home/${aws:username}/*");
    assert!(!own.matches("home/ana/x") && own.may_match("home/ana/x") && !own.may_match("away/ana/x"));
    assert!(included("home/${aws:username}/a", &["home/${AWS:UserName}/*"]));
    assert!(included("home/${aws:username}", &["home/*"]));
    assert!(!included("home/${aws:username}", &["home/?*"]));
    assert!(!included("home/${aws:username}", &["home/${aws:userid}"]));
    assert!(!included("home/*", &["home/${aws:username}"]));
    assert!(!included("${aws:username, 'a'}", &["${aws:username}"]));
    assert!(included("${*}${?}${$}", &["[*?$]", "${*}?$"]));
    assert!(matches("${*}${?}${$}", "*?$"));
    assert!(intersects("home/${aws:username}", "*/ana") && !intersects("home/${aws:username}", "away/*"));
    assert!(intersects("${aws:username}x", "a${aws:userid}"));
    assert!(Glob::resource_without_variables("${a}").matches("${a}"));
    assert!(matches("${unclosed", "${unclosed"));
}

#[test]
fn what_is_recorded_of_an_object_is_plain_text() {
    let object = Glob::recorded("arn:aws:s3:::b/u*?${x}/*");
    assert!(object.matches("arn:aws:s3:::b/u*?${x}/y") && !object.matches("arn:aws:s3:::b/uv?${x}/y"));
    assert_eq!(object.text(), "arn:aws:s3:::b/u*?${x}/*");
    // Elsewhere both stand for what a request does not tell.
    let role = Glob::recorded("arn:aws:iam::1:role/*/r");
    assert!(role.matches("arn:aws:iam::1:role/a/r"));
    let secret = Glob::recorded("arn:aws:secretsmanager:eu-west-1:1:secret:s-??????");
    assert!(secret.matches("arn:aws:secretsmanager:eu-west-1:1:secret:s-a1B2c3"));
}

#[test]
fn a_union_can_include_what_no_part_does() {
    assert!(included("a*", &["a", "a?*"]));
    assert!(!included("a*", &["a", "a??*"]));
    assert!(included("*", &["?*", ""]));
    assert!(included("arn:aws:s3:::b*", &["arn:aws:s3:::b", "arn:aws:s3:::b?", "arn:aws:s3:::b??*"]));
}

#[test]
fn too_many_states_answer_the_safe_side() {
    let letters: Vec<_> =
        ('a'..='z').map(|letter| format!("*{letter}*{letter}{letter}?{letter}*!")).collect();
    let letters: Vec<_> = letters.iter().map(String::as_str).collect();
    assert!(!included("*!", &letters));
    let generator = Glob::resource("*!");
    let others: Vec<_> = letters.iter().map(|text| Glob::resource(text)).collect();
    let union: Vec<_> = others.iter().collect();
    let mut budget = 100;
    let outside = Query { within: &[&union, &union], outside: &[] };
    assert_eq!(outside.search(&generator, &mut budget), Err(Exhausted));
}

/// Patterns over two letters; a third letter in a word stands for all others.
fn patterns() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&["a", "b", "?", "*", "*", "ab"][..]), 0..6)
        .prop_map(|pieces| pieces.concat())
}

fn words() -> impl Iterator<Item = String> {
    (0..=6_u32).flat_map(|length| {
        (0..3_usize.pow(length))
            .map(move |number| (0..length).map(|at| ['a', 'b', 'c'][number / 3_usize.pow(at) % 3]).collect())
    })
}

/// The definition, tried without any cleverness.
fn slowly(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|taken| slowly(rest, &text[taken..])),
        [first, rest @ ..] => {
            text.first().is_some_and(|next| *first == '?' || first == next) && slowly(rest, &text[1..])
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn matching_follows_the_definition(pattern in patterns(), text in "[abc]{0,8}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(matches(&pattern, &text), slowly(&chars(&pattern), &chars(&text)));
    }

    /// Both answers are checked: a string found is one, and where none is found all short words agree.
    #[test]
    fn search_is_exact(
        generator in patterns(),
        within in prop::collection::vec(prop::collection::vec(patterns(), 1..3), 0..3),
        outside in prop::collection::vec(patterns(), 0..4),
    ) {
        let compile = |patterns: &[String]| patterns.iter().map(|text| Glob::resource(text)).collect::<Vec<_>>();
        let generator = Glob::resource(&generator);
        let within: Vec<_> = within.iter().map(|union| compile(union)).collect();
        let outside = compile(&outside);
        let unions: Vec<Vec<&Glob>> = within.iter().map(|union| union.iter().collect()).collect();
        let unions: Vec<&[&Glob]> = unions.iter().map(Vec::as_slice).collect();
        let forbidden: Vec<&Glob> = outside.iter().collect();
        let fits = |word: &str| {
            generator.matches(word)
                && within.iter().all(|union| union.iter().any(|glob| glob.matches(word)))
                && !outside.iter().any(|glob| glob.matches(word))
        };
        let query = Query { within: &unions, outside: &forbidden };
        match query.search(&generator, &mut Query::budget()).unwrap() {
            Some(found) => prop_assert!(fits(&found), "{}", found),
            None => {
                let missed = words().find(|word| fits(word));
                prop_assert_eq!(missed, None);
            }
        }
    }

    /// What one look tells is what the automata tell, in patterns that take case as it is and in others.
    #[test]
    fn a_look_tells_what_a_search_does(
        generator in prop::collection::vec(select(&["a", "B", "?", "*", "${v}"][..]), 0..5),
        others in prop::collection::vec(
            (prop::collection::vec(select(&["a", "B", "?", "*", "${v}", "\u{fdd0}"][..]), 0..5), any::<bool>()), 0..4),
        ignores_case in any::<bool>(),
    ) {
        let compile = |pieces: &[&str], ignores_case| {
            Glob::new(&pieces.concat(), Dialect { wildcards: true, variables: true, ignores_case })
        };
        let generator = compile(&generator, ignores_case);
        let others: Vec<_> = others.iter().map(|(pieces, ignores_case)| compile(pieces, *ignores_case)).collect();
        let forbidden: Vec<&Glob> = others.iter().collect();
        if let Some(answer) = generator.look(&others) {
            let search = Query { within: &[], outside: &forbidden }.search(&generator, &mut Query::budget());
            prop_assert_eq!(answer, search.unwrap().is_none());
        }
        for other in &others {
            let search = Query { within: &[&[other]], outside: &[] }.search(&generator, &mut Query::budget());
            prop_assert_eq!(generator.intersects(other), search.unwrap().is_some());
        }
    }

    /// Inclusion with variables holds for every value that they take.
    #[test]
    fn inclusion_holds_for_all_values(
        pattern in prop::collection::vec(select(&["a", "b", "?", "*", "${v}", "${w}"][..]), 0..5),
        others in prop::collection::vec(
            prop::collection::vec(select(&["a", "b", "?", "*", "${v}", "${w}"][..]), 0..5), 1..3),
        v in "[ab*]{0,2}",
        w in "[ab]{0,2}",
    ) {
        let generator = Glob::resource(&pattern.concat());
        let globs: Vec<_> = others.iter().map(|other| Glob::resource(&other.concat())).collect();
        let filled = |pieces: &[&str]| {
            let literal = v.replace('*', "${*}");
            Glob::resource(&pieces.concat().replace("${v}", &literal).replace("${w}", &w))
        };
        let values: Vec<_> = others.iter().map(|other| filled(other)).collect();
        if generator.is_included_in(&globs.iter().collect::<Vec<_>>()) {
            prop_assert!(filled(&pattern).is_included_in(&values.iter().collect::<Vec<_>>()));
        }
        for (glob, value) in globs.iter().zip(&values) {
            prop_assert!(generator.intersects(glob) || !filled(&pattern).intersects(value));
        }
    }
}
