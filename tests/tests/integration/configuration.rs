//! `remit.toml`: what its guide says is what is taken.

use std::fs;
use std::path::Path;

use remit_tests::data;
use remit_tests::program::{remit, run};
use serde_json::Value;

fn guide() -> String {
    fs::read_to_string(data::repository().join("docs/configuration.md")).unwrap()
}

/// The schema that the program prints.
fn schema(place: &Path) -> Value {
    serde_json::from_str(&remit(place, &["config", "schema"])).unwrap()
}

#[test]
fn the_guide_s_example_is_taken() {
    let place = tempfile::tempdir().unwrap();
    let guide = guide();
    let examples = guide.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let mut count = 0;
    for example in examples {
        fs::write(place.path().join("remit.toml"), example).unwrap();
        // The ledger that it names is not there, which is told once the file was taken.
        let ran = run(place.path(), &["ledger", "info", "--ledger", "none"]);
        assert!(!ran.talk.contains("remit.toml"), "{ran:#?}");
        count += 1;
    }
    assert!(count > 0, "the guide has no example");
}

#[test]
fn the_guide_names_every_key_that_stands_above_all_tables() {
    let place = tempfile::tempdir().unwrap();
    let schema = schema(place.path());
    let guide = guide();
    let shared = guide.split_once("They are ").unwrap().1.split_once(';').unwrap().0;
    let mut named: Vec<&str> = shared.split('`').skip(1).step_by(2).collect();
    named.sort_unstable();
    let properties = schema["properties"].as_object().unwrap();
    let is_option = |value: &Value| value["type"] != "object" && value["items"]["type"] != "object";
    let mut taken: Vec<&str> =
        properties.iter().filter(|(_, value)| is_option(value)).map(|(key, _)| key.as_str()).collect();
    taken.sort_unstable();
    assert_eq!(named, taken);
}

#[test]
fn what_is_wrong_stops_every_verb_but_those_that_need_no_file() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("remit.toml"), "ledger = \"l\"\nwidow = \"3d\"\n").unwrap();
    let expected = "error: remit.toml:2: unknown key `widow`\nhint: did you mean `window`?\n";
    for verb in [&["findings"][..], &["usage"], &["nonsense"]] {
        let ran = run(place.path(), verb);
        assert_eq!((ran.code, ran.talk.as_str()), (Some(64), expected));
    }
    for verb in [&["completions", "bash"][..], &["config", "schema"], &["--help"], &["--version"]] {
        assert_eq!(run(place.path(), verb).code, Some(0), "{verb:?}");
    }
    assert!(run(place.path(), &["usage", "--no-config"]).talk.contains("remit-ledger"));
    let ran = run(place.path(), &["usage", "--config", "none.toml"]);
    assert_eq!(ran.code, Some(64));
    assert!(
        ran.talk.contains("cannot read configuration `none.toml`") && ran.talk.contains("hint:"),
        "{ran:#?}"
    );
    fs::write(place.path().join("good.toml"), "ledger = \"here\"\n").unwrap();
    assert!(run(place.path(), &["usage", "--config", "good.toml"]).talk.contains("`here`"));
}
