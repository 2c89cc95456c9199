use super::super::analysing::catalog;
use super::*;
use crate::analysis::sample::{analysis, call, record};

fn analysed(given_up: &[&str]) -> Analysed {
    let granted = (["sqs:ListQueues", "sqs:New*", "newservice:Act"].as_slice(), "*");
    let calls = vec![call("sqs", "ListQueues"), call("sqs", "NewerCall")];
    let analysis = analysis(granted, calls, &[record("eu-west-1", 0, 90)], given_up);
    Analysed {
        catalog: catalog().unwrap(),
        analysis,
        cluster: None,
        calls: BTreeMap::new(),
        of_subjects: BTreeMap::new(),
        problems: Vec::new(),
    }
}

fn said(
    say: impl FnOnce(&Analysed, &Principal, &mut dyn Write) -> anyhow::Result<()>,
    of: &Analysed,
) -> String {
    let mut text = Vec::new();
    say(of, &of.analysis.principals[0], &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn asked(pattern: &str, of: &Analysed) -> String {
    said(|analysed, principal, out| permissions(analysed, principal, pattern, out), of)
}

#[test]
fn a_summary_names_what_is_kept_beyond_the_catalog() {
    let text = said(summary, &analysed(&[]));
    let (_, kept) = text.split_once("kept beyond the catalog").unwrap();
    assert!(
        kept.contains("newservice:Act  because unsupported: `newservice:Act` is not in the catalog"),
        "{text}"
    );
    assert!(
        kept.contains("sqs:*  because what a recorded call of `sqs:NewerCall` needed is not known"),
        "{text}"
    );
    assert!(text.contains("sqs:ListQueues  1 call, last"), "{text}");
}

#[test]
fn a_name_that_the_catalog_lacks_is_explained_where_it_is_kept_or_given_up() {
    let text = asked("newservice:Act", &analysed(&[]));
    assert!(text.starts_with("newservice:Act beyond the catalog: kept, because unsupported"), "{text}");
    assert!(text.contains("granted by statement 1 of policy `app` (app.json:1)"), "{text}");
    let text = asked("newservice:*", &analysed(&["newservice"]));
    assert!(text.starts_with("newservice:Act beyond the catalog: given up by the user"), "{text}");
    let text = asked("sqs:List*", &analysed(&[]));
    assert!(
        text.contains("sqs:ListQueues: used") && text.contains("sqs:* beyond the catalog: kept"),
        "{text}"
    );
    // What is listed is explained by its verdict alone, and what nothing grants is still no action.
    assert!(!asked("sqs:ListQueues", &analysed(&[])).contains("beyond"));
    let analysed = analysed(&[]);
    let principal = &analysed.analysis.principals[0];
    assert!(permissions(&analysed, principal, "otherservice:Act", &mut Vec::new()).is_err());
    let slip = permissions(&analysed, principal, "s3:GetObjct", &mut Vec::new()).unwrap_err().to_string();
    assert!(slip.ends_with("\nhint: similar: `s3:GetObject`"), "{slip}");
}

#[test]
fn a_request_is_of_one_action_on_one_resource() {
    assert!(
        check("s3:GetObject", "arn:aws:s3:::bucket/key").is_ok() && check("s3:ListAllMyBuckets", "*").is_ok()
    );
    for (action, resource) in [("s3:Get*", "arn:aws:s3:::bucket/key"), ("s3:GetObject", "bucket/key")] {
        assert!(check(action, resource).unwrap_err().0.contains("\nhint: "), "{action} {resource}");
    }
}
