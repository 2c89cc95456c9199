use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

fn text(json: &str) -> Option<String> {
    let mut cursor = Cursor::new(json.as_bytes());
    cursor.text().ok()?.decode().map(Cow::into_owned)
}

#[test]
fn texts_are_decoded() {
    let cases = [
        (r#""plain""#, Some("plain")),
        (r#""a\"b\\c\/d""#, Some("a\"b\\c/d")),
        (r#""\u00e4\n""#, Some("ä\n")),
        (r#""unfinished"#, None),
        (r#""bad \x escape""#, None),
        (r#""lone \ud800 surrogate""#, None),
        ("\"a\nb\"", None),
        ("7", None),
    ];
    for (json, expected) in cases {
        assert_eq!(text(json).as_deref(), expected, "{json}");
    }
    let not_utf8 = Text { raw: b"\xff" };
    assert_eq!(not_utf8.decode(), None);
}

/// The first value of `bytes`, found with an index.
fn indexed(bytes: &[u8], index: &mut Index) -> Result<usize, Fault> {
    index.build(bytes, 0, bytes.len());
    let mut cursor = Cursor::at(bytes, 0, &*index);
    cursor.value()?;
    Ok(cursor.position())
}

/// The first value of `bytes`, found byte by byte.
fn plain(bytes: &[u8]) -> Result<usize, Fault> {
    let mut cursor = Cursor::new(bytes);
    cursor.value()?;
    Ok(cursor.position())
}

/// What a cursor takes out of an object: keys and texts on the first level.
fn members<F: Find>(mut cursor: Cursor<'_, F>) -> Result<Vec<(String, Option<String>)>, Fault> {
    let mut members = Vec::new();
    let mut first = true;
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        let value = cursor.value()?.text().and_then(Text::decode).map(Cow::into_owned);
        members.push((key.decode().unwrap().into_owned(), value));
    }
    Ok(members)
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        r#"[a-z"\\{}\[\]:, ]{0,70}"#.prop_map(Json::from),
        "\\PC{0,20}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            proptest::collection::btree_map("[a-z\"\\\\]{0,9}", inner, 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Json> {
    proptest::collection::btree_map("[a-zA-Z\"\\\\]{1,40}", any_json(), 0..9)
        .prop_map(|members| Json::Object(members.into_iter().collect()))
}

proptest! {
    #[test]
    fn an_object_is_read_as_serde_json_reads_it(object in any_object(), pretty in any::<bool>(), tail in "[ ,}\"x]{0,70}") {
        let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) }.unwrap();
        let expected: Vec<_> = object
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned)))
            .collect();
        let bytes = format!("{text}{tail}");
        let mut index = Index::default();
        index.build(bytes.as_bytes(), 0, bytes.len());
        prop_assert_eq!(members(Cursor::at(bytes.as_bytes(), 0, &index)).unwrap(), expected.as_slice());
        prop_assert_eq!(members(Cursor::new(bytes.as_bytes())).unwrap(), expected.as_slice());
        prop_assert_eq!(plain(bytes.as_bytes()), Ok(text.len()));
        prop_assert_eq!(indexed(bytes.as_bytes(), &mut index), Ok(text.len()));
    }

    #[test]
    fn a_value_that_is_cut_off_has_no_end(object in any_object(), cut in any::<proptest::sample::Index>()) {
        let text = serde_json::to_string(&object).unwrap();
        let bytes = &text.as_bytes()[..cut.index(text.len())];
        prop_assert_eq!(plain(bytes), Err(Fault::End));
        prop_assert_eq!(indexed(bytes, &mut Index::default()), Err(Fault::End));
    }

    #[test]
    fn damage_never_panics(
        object in any_object(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = serde_json::to_vec(&object).unwrap();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        // Where a backslash stands outside of strings, the two may take different bytes for the end of what is no JSON.
        for end in [indexed(&bytes, &mut Index::default()), plain(&bytes)].into_iter().flatten() {
            prop_assert!(end <= bytes.len());
        }
    }

    #[test]
    fn an_index_may_begin_anywhere_outside_of_strings(object in any_object(), before in "[ a-z:,]{0,150}") {
        let bytes = format!("{before}{}", serde_json::to_string(&object).unwrap());
        let mut index = Index::default();
        index.build(bytes.as_bytes(), before.len(), bytes.len());
        let mut cursor = Cursor::at(bytes.as_bytes(), before.len(), &index);
        prop_assert!(cursor.value().is_ok());
        prop_assert_eq!(cursor.position(), bytes.len());
    }
}
