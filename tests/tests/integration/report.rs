//! The report in all its forms, from one run to the next, as programs and people read it.

use std::fs;
use std::path::Path;

use remit_organisation::{Organisation, Profile, Size};
use remit_tests::program::{Ran, ran, remit, run};
use remit_tests::{data, peer};
use serde_json::Value;

pub(super) const GRANTS: &str = "account-authorization-details.json";

/// An organisation with a ledger in a folder.
pub(super) fn place() -> tempfile::TempDir {
    let profile = Profile::random(47, Size { roles: 6, days: 45, operations: 8 }).unwrap();
    let place = tempfile::tempdir().unwrap();
    Organisation::generate(47, &profile).unwrap().write(place.path()).unwrap();
    let ingest = ["ingest", "cloudtrail", "AWSLogs", "--ledger", "ledger"];
    remit(place.path(), &[ingest.as_slice(), &["--coverage", "event-selectors.json"]].concat());
    place
}

pub(super) fn report(place: &Path, more: &[&str]) -> Ran {
    let basis = ["report", "--ledger", "ledger", "--grants", GRANTS, "--max-gap", "45d", "--out", "out"];
    run(place, &[basis.as_slice(), more].concat())
}

pub(super) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Takes what the first allow statement of each inline policy names out of the grants, as somebody does who follows proposals.
fn fix(place: &Path) {
    let path = place.join(GRANTS);
    let mut grants = json(&path);
    for role in grants.get_mut("RoleDetailList").unwrap().as_array_mut().unwrap().iter_mut().take(3) {
        role["RolePolicyList"] = Value::Array(Vec::new());
        role["AttachedManagedPolicies"] = Value::Array(Vec::new());
    }
    fs::write(path, grants.to_string()).unwrap();
}

#[test]
fn a_second_run_is_silent_and_what_was_fixed_is_closed() {
    let place = place();
    let place = place.path();
    let first = report(place, &["--digest", "mail", "--link", "https://reports.example/remit"]);
    assert_eq!(first.code, Some(0), "{first:#?}");
    assert!(
        first.out.contains("first report") && first.out.ends_with("https://reports.example/remit\n"),
        "{first:#?}"
    );
    let before = json(&place.join("out/report.json"));
    assert!(before["trend"].is_null() && !before["findings"].as_array().unwrap().is_empty());

    for medium in ["mail", "slack"] {
        let second = report(place, &["--digest", medium]);
        assert_eq!((second.code, second.out.as_str()), (Some(0), ""), "{second:#?}");
    }
    let same = json(&place.join("out/report.json"));
    assert_eq!(same["trend"]["since"], before["window"]["end"]);
    assert_eq!(
        (&same["findings"].as_array().unwrap().len(), &same["history"]),
        (&before["findings"].as_array().unwrap().len(), &before["history"])
    );

    fs::rename(place.join("out/report.json"), place.join("last-week.json")).unwrap();
    fix(place);
    let third = report(place, &["--previous", "last-week.json", "--digest", "slack"]);
    let digest: Value = serde_json::from_str(&third.out).unwrap();
    assert!(digest["blocks"].as_array().unwrap().len() == 2 && third.out.contains(" closed"), "{third:#?}");
    let trend = &json(&place.join("out/report.json"))["trend"];
    let reasons: Vec<_> =
        trend["closed"].as_array().unwrap().iter().map(|one| one["reason"].clone()).collect();
    assert!(reasons.contains(&"fixed".into()), "{reasons:?}");

    // What is back is not new.
    let grants =
        Organisation::generate(47, &Profile::random(47, Size { roles: 6, days: 45, operations: 8 }).unwrap());
    let other = tempfile::tempdir().unwrap();
    grants.unwrap().write(other.path()).unwrap();
    fs::copy(other.path().join(GRANTS), place.join(GRANTS)).unwrap();
    let back = report(place, &["--digest", "mail"]);
    assert!(back.out.contains(" back") && !back.out.contains(" new"), "{back:#?}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let place = place();
    let read = |folder: &str| {
        ["report.html", "report.md", "report.sarif", "report.json"]
            .map(|name| fs::read(place.path().join(folder).join(name)).unwrap())
    };
    let said = report(place.path(), &[]);
    assert_eq!(said.out, "out/report.html\nout/report.md\nout/report.sarif\nout/report.json\n");
    let first = read("out");
    fs::remove_dir_all(place.path().join("out")).unwrap();
    let _ = report(place.path(), &[]);
    assert!(read("out") == first);
}

#[test]
fn what_is_no_report_is_refused_and_left_alone() {
    let place = place();
    let out = place.path().join("out");
    fs::create_dir(&out).unwrap();
    for (text, words) in [
        ("{\"mine\": 1}", "`out/report.json` is no report of Remit as JSON"),
        ("", "`out/report.json` is no report of Remit as JSON"),
    ] {
        fs::write(out.join("report.json"), text).unwrap();
        let refused = report(place.path(), &[]);
        assert_eq!(refused.code, Some(2), "{refused:#?}");
        assert!(refused.talk.contains(words) && refused.talk.contains("hint: "), "{refused:#?}");
        assert_eq!(fs::read_to_string(out.join("report.json")).unwrap(), text);
        assert!(!out.join("report.html").exists());
    }
    let lost = report(place.path(), &["--previous", "lost.json"]);
    assert!(lost.code == Some(2) && lost.talk.contains("cannot read `lost.json`"), "{lost:#?}");
    let alone = report(place.path(), &["--link", "https://reports.example"]);
    assert!(alone.code == Some(64) && alone.talk.contains("--digest"), "{alone:#?}");
    // A format that a later version may write.
    fs::remove_file(out.join("report.json")).unwrap();
    assert_eq!(report(place.path(), &[]).code, Some(0));
    let mut later = json(&out.join("report.json"));
    later["schema"] = "remit.report/v9".into();
    fs::write(out.join("report.json"), later.to_string()).unwrap();
    let refused = report(place.path(), &[]);
    assert!(refused.code == Some(2) && refused.talk.contains("`remit.report/v9`"), "{refused:#?}");
}

/// A reader computes the score by the script that the documents give, from the JSON alone.
#[test]
fn the_score_can_be_computed_again_by_the_script_in_the_documents() {
    let text = fs::read_to_string(data::repository().join("docs/report.md")).unwrap();
    let script = text.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    assert!(script.lines().count() <= 10, "{script}");
    let Some(mut python) = peer::python() else { return };
    let place = place();
    assert_eq!(report(place.path(), &[]).code, Some(0));
    let path = place.path().join("out/report.json");
    let printed = ran(python.arg("-c").arg(script).arg(&path)).out;
    let score = &json(&path)["score"];
    let expected = ["removable", "granted", "unobservable", "percent"].map(|name| score[name].to_string());
    assert_eq!(printed.trim(), expected.join(" "));
    assert!(score["percent"].as_f64().unwrap() > 0.0);
    // The points that the text names are those of the report.
    let weights = json(&path)["weights"].take();
    let weight = |level: &str| {
        let of_level = weights.as_array().unwrap().iter().find(|one| one["level"] == level).unwrap();
        of_level["weight"].as_u64().unwrap()
    };
    assert_eq!(weight("tagging"), weight("read"));
    let told = format!(
        "{} points where it manages permissions, {} where it writes, {} where it tags or reads, {} where it lists",
        weight("permissions management"),
        weight("write"),
        weight("read"),
        weight("list")
    );
    assert!(text.contains(&told), "docs/report.md does not say: {told}");
}

/// The documents name every member that the JSON has, so that nobody has to guess what one means.
#[test]
fn every_member_of_the_json_is_documented() {
    let text = fs::read_to_string(data::repository().join("docs/report.md")).unwrap();
    let place = place();
    assert_eq!(report(place.path(), &[]).code, Some(0));
    assert_eq!(report(place.path(), &[]).code, Some(0));
    let mut missing = Vec::new();
    members(&json(&place.path().join("out/report.json")), &mut |name| {
        if !text.contains(&format!("`{name}`")) {
            missing.push(name.to_owned());
        }
    });
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "docs/report.md does not name {missing:?}");
}

fn members(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| members(value, found)),
        Value::Object(all) => all.iter().for_each(|(name, value)| {
            found(name);
            members(value, found);
        }),
        _ => {}
    }
}

/// The documents explain every rule by which findings come to code scanning.
#[test]
fn every_rule_of_sarif_is_documented() {
    let place = place();
    assert_eq!(report(place.path(), &[]).code, Some(0));
    let text = fs::read_to_string(data::repository().join("docs/report.md")).unwrap();
    let table = text.split_once("## SARIF").unwrap().1.split_once("\n## ").unwrap().0;
    let log = json(&place.path().join("out/report.sarif"));
    let rules = log.pointer("/runs/0/tool/driver/rules").unwrap().as_array().unwrap();
    assert!(rules.len() > 8, "{rules:#?}");
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        assert!(
            table.lines().any(|line| line.starts_with("| `") && line.contains(&format!("`{id}`"))),
            "{id}"
        );
    }
}

/// What is wrong with a SARIF file, by its schema and by what code scanning asks of it; none where no validator is there.
pub(super) fn sarif_problems(path: &Path) -> Option<Vec<String>> {
    let mut node = peer::node_for_reports()?;
    let ran = ran(node.arg(data::repository().join("tests/report/validate.mjs")).arg(path));
    let problems: serde_json::Result<Vec<String>> = serde_json::from_str(&ran.out);
    assert!(problems.is_ok(), "{ran:#?}");
    let mut problems = problems.unwrap();
    // The project has no page to name.
    problems.retain(|line| !line.contains("'informationUri'"));
    Some(problems)
}

#[test]
fn sarif_is_valid_and_is_what_code_scanning_takes() {
    let place = place();
    for _ in 0..2 {
        assert_eq!(report(place.path(), &[]).code, Some(0));
    }
    let path = place.path().join("out/report.sarif");
    let Some(problems) = sarif_problems(&path) else { return };
    assert!(problems.is_empty(), "{problems:#?}");
    let log = json(&path);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len() as u64, run["properties"]["totals"]["findings"].as_u64().unwrap());
    assert!(results.iter().all(|result| result["baselineState"] == "unchanged"));
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], GRANTS);
    assert!(place["region"]["startLine"].as_u64().unwrap() > 1);
}

/// Where a repository holds what is granted, results are at its lines, and its owners look after what is made there.
#[test]
fn a_repository_tells_lines_and_owners() {
    let place = place();
    let place = place.path();
    let grants = json(&place.join(GRANTS));
    let roles = grants["RoleDetailList"].as_array().unwrap();
    let names: Vec<&str> = roles.iter().map(|role| role["RoleName"].as_str().unwrap()).collect();
    let made = |name: &&str| format!("resource \"aws_iam_role\" \"{name}\" {{\n  name = \"{name}\"\n}}\n");
    let first = names.first().unwrap();
    let infra = place.join("infra");
    fs::create_dir_all(infra.join(".github")).unwrap();
    fs::create_dir_all(infra.join("iam")).unwrap();
    fs::create_dir(infra.join(".git")).unwrap();
    fs::write(infra.join(".github/CODEOWNERS"), "iam/ @acme/identity\n").unwrap();
    fs::write(infra.join("iam/first.tf"), format!("# one\n{}", made(first))).unwrap();
    fs::write(infra.join("others.tf"), names.iter().skip(1).map(made).collect::<String>()).unwrap();

    assert_eq!(report(place, &["--repo", "infra", "--owner-tag", "none"]).code, Some(0));
    let told = json(&place.join("out/report.json"));
    let principals = told["principals"].as_array().unwrap();
    let of = |name: &str| principals.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of(first)["owner"], "@acme/identity");
    let expected: Value = serde_json::from_str("[{\"file\": \"infra/iam/first.tf\", \"line\": 2}]").unwrap();
    assert_eq!(of(first)["written"], expected);
    let second = names.get(1).unwrap();
    assert!(of(second)["owner"].is_null() && of(second)["written"][0]["line"] == 1, "{:#?}", of(second));

    let log = json(&place.join("out/report.sarif"));
    let results = log.pointer("/runs/0/results").unwrap().as_array().unwrap();
    let is_first = |result: &&Value| {
        let whom = result.pointer("/locations/0/logicalLocations/0/fullyQualifiedName").unwrap();
        whom.as_str().unwrap().ends_with(&format!("/{first}"))
    };
    let of_first: Vec<_> = results.iter().filter(is_first).collect();
    assert!(!of_first.is_empty());
    for result in of_first {
        let at = result.pointer("/locations/0/physicalLocation").unwrap();
        assert_eq!(
            (&at["artifactLocation"]["uri"], &at["region"]["startLine"]),
            (&"infra/iam/first.tf".into(), &2.into())
        );
    }
    let text = fs::read_to_string(place.join("out/report.md")).unwrap();
    assert!(text.contains("**Written at:** `infra/iam/first.tf:2`"));
    assert!(text.contains("**Owner:** `@acme/identity`"));
    let lost = report(place, &["--repo", "lost"]);
    assert!(lost.code == Some(2) && lost.talk.contains("cannot read repository `lost`"), "{lost:#?}");
}
