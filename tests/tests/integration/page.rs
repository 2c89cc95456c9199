//! The report's page as a reader uses it, in a browser.

use std::fs;
use std::path::Path;

use remit_tests::program::{ran, remit};
use remit_tests::{data, peer};
use serde_json::{Value, json};

use super::report::{json as read, place, report};

/// Two ServiceAccounts of two namespaces, of which one has an owner.
const CLUSTER: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: reader}
  rules:
  - {apiGroups: [''], resources: [secrets, configmaps], verbs: [get, list]}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata: {name: readers}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
  subjects:
  - {kind: ServiceAccount, namespace: shop, name: web}
  - {kind: ServiceAccount, namespace: pay, name: ledger}
- apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: web
    namespace: shop
    annotations: {example.com/owner: shop@example.com}
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: ledger, namespace: pay}
";

/// Owners for some, and a mute for the idlest role, so that each control of the page has something to show.
fn configuration(names: &[&str]) -> String {
    assert!(names.len() > 2, "{names:?}");
    let mut names = names.iter();
    let [one, two, muted] = std::array::from_fn(|_| names.next().copied().unwrap_or_default());
    format!(
        "[[owner]]\nidentity = \"{one}\"\nowner = \"ann@example.com\"\n\n[[owner]]\nidentity = \"{two}\"\nowner = \
         \"bob@example.com\"\n\n[[mute]]\nidentity = \"{muted}\"\nreason = \"goes in March, OPS-7\"\n"
    )
}

fn reported(place: &Path) -> Value {
    fs::write(place.join("cluster.yaml"), CLUSTER).unwrap();
    let told = report(place, &["--grants", "cluster.yaml"]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    read(&place.join("out/report.json"))
}

fn principals(data: &Value) -> &Vec<Value> {
    data["principals"].as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    let text = value.get(name).and_then(Value::as_str);
    assert!(text.is_some(), "{name}: {value:#}");
    text.unwrap_or_default()
}

/// What the page says when it shows the principals of which this is so.
fn shown(data: &Value, is_shown: impl Fn(&Value) -> bool) -> String {
    let all = principals(data);
    let of: Vec<_> = all.iter().filter(|one| is_shown(one)).collect();
    let muted = of.iter().filter(|one| !one["muted"].is_null()).count();
    let hidden = if muted > 0 { format!(", {muted} muted hidden") } else { String::new() };
    format!("{} of {} shown{hidden}", of.len() - muted, all.len())
}

#[test]
fn the_page_can_be_searched_filtered_unfolded_and_heard() {
    let (Some(mut node), Some(chromium)) = (peer::node_for_reports(), peer::chromium()) else { return };
    let place = place();
    let first = reported(place.path());
    let roles: Vec<&str> = principals(&first)
        .iter()
        .filter(|one| one["kind"] == "role" && !one["rhythm"].is_null())
        .map(|one| text(one, "name"))
        .collect();
    fs::write(place.path().join("remit.toml"), configuration(&roles)).unwrap();
    let data = reported(place.path());
    let (all, name) = (principals(&data), roles[0]);
    let script = data::repository().join("tests/report/browse.mjs");
    let page = place.path().join("out/report.html");
    let ran = ran(node.arg(script).arg(chromium).arg(page).arg(name));
    let saw: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:#?}"));

    assert_eq!(saw["errors"], json!([]));
    assert_eq!(saw["requests"], json!([]), "the page asks nobody for anything");
    assert_eq!(saw["violations"], json!([]));
    assert!(saw["passes"].as_u64().unwrap() > 20, "the checker checked: {}", saw["passes"]);
    assert_eq!(saw["policy"], "true", "its policy lets its own script and style run");

    let everyone = shown(&data, |_| true);
    assert!(everyone.ends_with(", 1 muted hidden"), "{everyone}");
    assert_eq!((text(&saw, "all"), saw["rows"].as_u64()), (everyone.as_str(), Some(all.len() as u64 - 1)));
    assert_eq!(text(&saw, "muted"), format!("{0} of {0} shown", all.len()));
    assert!(
        text(&saw, "searched").starts_with(|digit: char| digit.is_ascii_digit())
            && text(&saw, "cleared") == text(&saw, "all")
    );
    let found = saw["found"].as_array().unwrap();
    assert!(
        !found.is_empty()
            && found.len() < all.len()
            && found.iter().all(|one| one.as_str().unwrap().contains(name)),
        "{found:?}"
    );
    assert_eq!(saw["json"].as_array().unwrap().len(), found.len());
    assert_eq!(text(&saw, "csv").lines().count(), found.len() + 1);
    filters_show_what_they_name(&saw, &data);
    details_are_those_of_the_json(&saw["told"], all.iter().find(|one| one["name"] == name).unwrap());

    assert_eq!(text(&saw, "expanded"), "true");
    assert!(
        saw["headings"].as_array().unwrap().contains(&"Used of granted, by service and access level".into())
    );
    assert_eq!(saw["closed"], json!([0, "unfold", "false"]), "Escape folds it and the focus stays");
    assert_eq!(saw["sorted"], json!(["descending", true]));
    assert_eq!(saw["linked"], true);
    for what in ["narrow_overflow", "dark_overflow"] {
        assert_eq!(saw[what], json!([]), "{what}: everything is within what is seen");
    }
    // On paper there is what was unfolded, and nothing to press.
    assert_eq!(saw["print"], json!({"hidden": [], "shown": []}));
    assert_eq!(saw["print_overflow"], false);

    // Without its script the summary is there, and the worst principals.
    let granted = data["totals"]["permissions"]["granted"].as_u64().unwrap();
    let plain = text(&saw, "plain").replace(',', "");
    assert!(plain.contains(&format!("Of {granted} permissions granted")), "{plain}");
    assert_eq!(saw["plain_rows"].as_u64(), Some(all.len() as u64 - 1));
}

/// Each choice of each filter shows as many as the JSON has of them.
fn filters_show_what_they_name(saw: &Value, data: &Value) {
    let of = |name: &str| saw.pointer(&format!("/filters/{name}")).and_then(Value::as_object).unwrap();
    for name in ["risk", "namespace"] {
        for (value, said) in of(name) {
            assert_eq!(said, &shown(data, |one| one[name] == value.as_str()), "{name} {value}");
        }
    }
    // An owner's choice begins with a sign, so that nobody is called as the choice of none is.
    for (value, said) in of("owner") {
        let expected = match value.strip_prefix('=').unwrap() {
            "" => shown(data, |one| one["owner"].is_null()),
            owner => shown(data, |one| one["owner"] == owner),
        };
        assert_eq!(said, &expected, "owner {value}");
    }
    let choices = |name: &str| of(name).keys().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(choices("namespace"), ["pay", "shop"]);
    for owner in ["=ann@example.com", "=bob@example.com", "=shop@example.com"] {
        assert!(choices("owner").contains(&owner), "{:?}", choices("owner"));
    }
    let proven = shown(data, |one| one.pointer("/proposal/state").is_some_and(|state| state == "proven"));
    assert_eq!(of("status")["change"], proven);
}

/// What is unfolded says what the JSON says: the owner, the hours, and each permission in use with its first and last call.
fn details_are_those_of_the_json(told: &Value, one: &Value) {
    assert_eq!(told["name"], one["name"]);
    assert_eq!(told.pointer("/facts/Owner"), Some(&json!("ann@example.com")));
    let week: Vec<u64> = one
        .pointer("/rhythm/week")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|day| day.as_array().unwrap())
        .map(|days| days.as_u64().unwrap())
        .collect();
    let heat: Vec<u64> = told["heat"].as_array().unwrap().iter().map(|one| one.as_u64().unwrap()).collect();
    let most = *week.iter().max().unwrap();
    assert_eq!((week.len(), heat.len()), (168, 168));
    for (at, (days, dark)) in week.iter().zip(&heat).enumerate() {
        assert_eq!(*dark, (days * 9).div_ceil(most), "hour {at} of the week");
    }
    let minute = |time: &Value| time.as_str().unwrap().chars().take(16).collect::<String>().replace('T', " ");
    let rows = told["used"].as_array().unwrap();
    let used = one["used"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.len() == used.len());
    for (row, used) in rows.iter().zip(used) {
        let count = row[1].as_str().unwrap().replace(',', "");
        assert_eq!((&row[0], count), (&used["permission"], used["count"].to_string()));
        assert_eq!(
            (text_of(&row[2]), text_of(&row[3])),
            (minute(&used["first_seen"]), minute(&used["last_seen"]))
        );
        assert_eq!(row[6], used["sample"]);
    }
}

fn text_of(cell: &Value) -> String {
    cell.as_str().unwrap().to_owned()
}

/// Evidence is what the ledger has: each call of a role whose operations are one permission each.
#[test]
fn evidence_is_what_the_ledger_says() {
    let place = place();
    let data = reported(place.path());
    let ledger = remit(place.path(), &["usage", "--ledger", "ledger", "--format", "json"]);
    let ledger: Vec<Value> = serde_json::from_str(&ledger).unwrap();
    let mut compared = 0;
    for one in principals(&data) {
        for used in one["used"].as_array().unwrap() {
            let [operation] = used["operations"].as_array().unwrap().as_slice() else { continue };
            let calls: Vec<_> = ledger
                .iter()
                .filter(|row| row["principal"] == one["arn"] && row["outcome"] == "used")
                .filter(|row| operation == &format!("{}:{}", text(row, "service"), text(row, "operation")))
                .collect();
            if calls.is_empty() {
                continue;
            }
            let count: u64 = calls.iter().map(|row| row["count"].as_u64().unwrap()).sum();
            let all = |name: &'static str| calls.iter().map(move |row| text(row, name));
            assert_eq!(used["count"].as_u64(), Some(count), "{used:#} {calls:#?}");
            assert_eq!(all("first_seen").min(), used["first_seen"].as_str());
            assert_eq!(all("last_seen").max(), used["last_seen"].as_str());
            assert!(all("sample_id").any(|sample| used["sample"] == sample), "{used:#}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared} permissions compared");
}
