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

#[test]
fn mutes_and_owners_reach_findings_and_the_report() {
    let place = super::wrong::place();
    let folder = place.path();
    let settings = format!("ledger = 'ledger'\ngrants = ['{}']\nmax_gap = '45d'\n", super::wrong::GRANTS);
    let file = folder.join("remit.toml");
    let found = |settings: &str| -> (Vec<Value>, String) {
        fs::write(&file, settings).unwrap();
        let ran = run(folder, &["findings", "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        (serde_json::from_str(&ran.out).unwrap(), ran.talk)
    };
    let of_kind = |found: &[Value], kind: &str| found.iter().filter(|one| one["kind"] == kind).count();
    let (all, _) = found(&settings);
    let unused = of_kind(&all, "unused");
    assert!(unused > 0 && unused < all.len(), "{all:#?}");

    // By rule, and by nothing else.
    let mute = "[[mute]]\nrule = 'unused'\nreason = 'later'\n";
    let (left, talk) = found(&format!("{settings}{mute}"));
    assert_eq!((of_kind(&left, "unused"), left.len()), (0, all.len() - unused));
    assert!(talk.contains(&format!("{unused} findings are muted")), "{talk}");
    // One that has expired hides nothing, and is told.
    let (left, talk) = found(&format!("{settings}{mute}until = 2020-01-31\n"));
    assert_eq!(left.len(), all.len());
    assert!(talk.contains("remit.toml:4: this mute held until 2020-01-31"), "{talk}");

    // A permission of a finding is muted alone, and no permission is in neither.
    let several =
        all.iter().find(|one| one["kind"] == "unused" && one["permissions"].as_u64() > Some(1)).unwrap();
    let (principal, name) = (several["principal"].as_str().unwrap(), several["names"][0].as_str().unwrap());
    let one = format!("[[mute]]\nidentity = '{principal}'\naction = '{name}'\nreason = 'x'\n");
    let (left, _) = found(&format!("{settings}{one}"));
    assert_eq!(left.len(), all.len());
    let rest = left.iter().find(|one| {
        one["kind"] == "unused" && one["principal"] == principal && one["service"] == several["service"]
    });
    assert_eq!(rest.unwrap()["permissions"].as_u64(), several["permissions"].as_u64().map(|count| count - 1));

    // All of them muted, nothing fails.
    fs::write(&file, format!("{settings}[findings]\ncheck = true\n")).unwrap();
    assert_eq!(run(folder, &["findings"]).code, Some(1));
    fs::write(&file, format!("{settings}[findings]\ncheck = true\n[[mute]]\nidentity = '*'\nreason = 'x'\n"))
        .unwrap();
    assert_eq!(run(folder, &["findings"]).code, Some(0));

    // The report counts what it hides, and knows owners; who left is found.
    fs::write(folder.join("people.csv"), "login,left\nann,2020-01-31\n").unwrap();
    let owned =
        format!("leavers = 'people.csv'\n[[owner]]\nidentity = '{principal}'\nowner = '@ann'\n{mute}");
    let (left, _) = found(&format!("{settings}{owned}"));
    let gone = left.iter().find(|one| one["kind"] == "no_owner" && one["principal"] == principal).unwrap();
    assert_eq!(gone["severity"], "medium");
    assert_eq!(gone["owner"], "@ann (left)");
    // People are shown owners where anybody has one, and programs always.
    let table = remit(folder, &["findings"]);
    assert!(table.lines().next().unwrap().contains("OWNER") && table.contains("@ann (left)"), "{table}");
    fs::write(&file, &settings).unwrap();
    let table = remit(folder, &["findings"]);
    assert!(!table.lines().next().unwrap().contains("OWNER"), "{table}");
    let csv = remit(folder, &["findings", "--format", "csv"]);
    assert!(csv.starts_with("severity,kind,principal,owner,service,"), "{csv}");
    fs::write(&file, format!("{settings}{owned}")).unwrap();
    remit(folder, &["report", "--out", "."]);
    let report: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["totals"]["muted_findings"].as_u64(), Some(unused as u64));
    assert_eq!(report["totals"]["findings"].as_u64(), Some((left.len() + unused) as u64));
    let sections = report["principals"].as_array().unwrap();
    let section = sections.iter().find(|one| one["arn"] == principal).unwrap();
    assert_eq!(section["owner"], "@ann (left)");
}
