//! What stays because something about it is in doubt, and what goes because nothing is.

use super::world::call_of;
use super::*;
use crate::coverage::Reason;
use crate::usage::CallOutcome;

#[test]
fn what_was_granted_within_the_window_stays() {
    let on = |queue: &str| {
        statement("Allow", &json!(["sqs:SendMessage"]), &json!(format!("arn:aws:sqs:*:*:{queue}")))
    };
    let granted = |old: &str, young: &str| {
        let policies = [("old", old), ("young", young)];
        let policies = policies
            .map(|(name, queue)| policy(name, PolicyKind::CustomerManaged, 1, &document(&[on(queue)])));
        let mut account = role(policies.to_vec());
        account.policies[0].since = Some(-DAY);
        account.policies[1].since = Some(80 * DAY);
        account
    };
    let visible = everything_visible();
    let seen_on_a = usage(&[("sqs:SendMessage", Some(&["arn:aws:sqs:eu-west-1:111122223333:a"]))]);
    for usage in [Usage::default(), seen_on_a] {
        let proposal = proven(&granted("a*", "b"), &usage, &visible).unwrap();
        let resources: Vec<_> =
            after(&proposal).iter().map(|(_, one)| one["Statement"][0]["Resource"].clone()).collect();
        assert_eq!(resources, ["arn:aws:sqs:*:*:a*", "arn:aws:sqs:*:*:b"]);
    }
    // What an older grant allows as well was there to be used.
    assert_eq!(after(&proven(&granted("*", "b"), &Usage::default(), &visible).unwrap()), []);
    // A user has what a group grants no longer than there is the group.
    let mut account = granted("a*", "a*");
    account.principals[0].attachments.retain(|attachment| attachment.policy == 0);
    account.principals[0].attachments[0].since = Some(80 * DAY);
    assert!(!proven(&account, &Usage::default(), &visible).unwrap().changes_anything());
}

#[test]
fn what_cannot_be_judged_is_unobservable_and_stays() {
    let send = statement("Allow", &json!(["sqs:SendMessage"]), &json!("*"));
    let with = |element: &str, value: Value| {
        let mut statement = send.clone();
        statement[element] = value;
        statement
    };
    let mut without_resource = with("Principal", json!("*"));
    without_resource.as_object_mut().unwrap().remove("Resource");
    let cases = [
        (with("Principal", json!({"AWS": "*"})), "`Principal` in an identity policy"),
        (without_resource, "`Principal` in an identity policy"),
        (
            with("Condition", json!({"StringResembles": {"aws:username": "ana"}})),
            "the condition `StringResembles` on `aws:username` cannot be judged",
        ),
        (
            with("Condition", json!({"NumericLessThan": {"s3:max-keys": "few"}})),
            "the condition `NumericLessThan` on `s3:max-keys` cannot be judged",
        ),
    ];
    for (odd, why) in cases {
        let account = role(vec![policy("odd", PolicyKind::Inline, 1, &document(std::slice::from_ref(&odd)))]);
        for usage in [Usage::default(), usage(&[("sqs:SendMessage", Some(&["arn:aws:sqs:eu-west-1:1:q"]))])] {
            let proposal = proven(&account, &usage, &everything_visible()).unwrap();
            assert!(!proposal.changes_anything(), "{:#?}", proposal.changes);
            assert_eq!(proposal.kept[0].reason, Some(Reason::Unsupported(why.to_owned())));
        }
        // Nothing that is granted without doubt goes for it, and none that denies counts as if it always did.
        let both = role(vec![policy("odd", PolicyKind::Inline, 1, &document(&[send.clone(), odd.clone()]))]);
        let proposal = proven(&both, &Usage::default(), &everything_visible()).unwrap();
        let (_, kept) = &after(&proposal)[0];
        assert_eq!(kept["Statement"][0], send, "{kept}");
        let mut denied = odd;
        denied["Effect"] = json!("Deny");
        let account = role(vec![policy("odd", PolicyKind::Inline, 1, &document(&[send.clone(), denied]))]);
        let usage = usage(&[("sqs:SendMessage", None)]);
        assert!(!proven(&account, &usage, &everything_visible()).unwrap().changes_anything());
    }
    let judged = with("Condition", json!({"StringEquals": {"aws:username": "ana"}}));
    let account = role(vec![policy("judged", PolicyKind::Inline, 1, &document(&[judged]))]);
    assert_eq!(after(&proven(&account, &Usage::default(), &everything_visible()).unwrap()), []);
}

#[test]
fn exceptions_from_what_another_statement_grants_whole_go() {
    let queue = json!("arn:aws:sqs:*:*:q");
    let but_queue = json!({"Effect": "Allow", "Action": "sqs:*", "NotResource": queue});
    let everything = statement("Allow", &json!("sqs:*"), &json!("*"));
    let on_queue = statement("Allow", &json!("sqs:*"), &queue);
    let usage = usage(&[("sqs:SendMessage", None)]);
    let cases = [
        (vec![everything.clone(), but_queue.clone()], vec!["Resource"]),
        (vec![but_queue.clone(), everything.clone()], vec!["Resource"]),
        (vec![everything, but_queue.clone(), on_queue.clone()], vec!["Resource"]),
        (vec![but_queue.clone(), but_queue.clone()], vec!["NotResource"]),
        (vec![but_queue, on_queue], vec!["NotResource", "Resource"]),
    ];
    for (statements, expected) in cases {
        let account = role(vec![policy("queues", PolicyKind::Inline, 1, &document(&statements))]);
        let proposal = proven(&account, &usage, &everything_visible()).unwrap();
        let (_, document) = &after(&proposal)[0];
        let elements = document["Statement"].as_array().unwrap().iter();
        let elements: Vec<_> = elements
            .map(|one| if one["NotResource"].is_null() { "Resource" } else { "NotResource" })
            .collect();
        assert_eq!(elements, expected, "{document}");
    }
}

#[test]
fn what_starts_the_names_that_a_trail_records_is_plain_text() {
    let get = statement("Allow", &json!(["s3:GetObject"]), &json!("arn:aws:s3:::a/*"));
    let account = role(vec![policy("read", PolicyKind::Inline, 1, &document(&[get]))]);
    // Of `a/*` a trail records objects whose keys start with a star.
    for (prefix, is_kept) in
        [("a/", false), ("a", false), ("a/*", true), ("?/", true), ("*", true), ("a/${aws:username}", true)]
    {
        let mut coverage = everything_visible();
        coverage.data[0].prefixes = vec![format!("arn:aws:s3:::{prefix}")];
        let proposal = proven(&account, &Usage::default(), &coverage).unwrap();
        let partial = Reason::DataEventsPartial("AWS::S3::Object".to_owned());
        let kept: Vec<_> = proposal.kept.iter().map(|kept| kept.reason.clone()).collect();
        assert_eq!(kept, if is_kept { vec![Some(partial)] } else { vec![] }, "{prefix}");
    }
}

#[test]
fn a_deny_that_names_no_resource_takes_nothing_away() {
    let send = statement("Allow", &json!(["sqs:SendMessage"]), &json!("*"));
    let usage = usage(&[("sqs:SendMessage", None)]);
    for (resource, is_kept) in [("", true), ("*", false), ("**", false)] {
        let deny = statement("Deny", &json!("sqs:*"), &json!(resource));
        let account = role(vec![policy("queue", PolicyKind::Inline, 1, &document(&[send.clone(), deny]))]);
        let proposal = proven(&account, &usage, &everything_visible()).unwrap();
        let kept: Vec<_> = proposal.kept.iter().map(|kept| kept.name.as_str()).collect();
        assert_eq!(kept, if is_kept { vec!["sqs:SendMessage"] } else { vec![] }, "{resource}");
        assert_eq!(proposal.changes_anything(), !is_kept, "{resource}");
    }
}

#[test]
fn what_an_old_version_of_the_language_spells_stays_plain_text() {
    let name = "arn:aws:s3:::a/${aws:username}/x";
    for version in [None, Some("2008-10-17")] {
        let mut wide =
            document(&[statement("Allow", &json!("s3:*"), &json!("arn:aws:s3:::a/${aws:username}/*"))]);
        match version {
            Some(version) => wide["Version"] = json!(version),
            None => _ = wide.as_object_mut().unwrap().remove("Version"),
        }
        let account = role(vec![policy("old", PolicyKind::Inline, 1, &wide)]);
        let usage = usage(&[("s3:GetObject", Some(&[name]))]);
        let proposal = proven(&account, &usage, &everything_visible()).unwrap();
        let document = &proposal.changes[0].after[0].document;
        let get = document.statements.iter().find(|one| one.actions.patterns == ["s3:GetObject"]).unwrap();
        assert_eq!(get.resources.as_ref().unwrap().patterns, [name]);
        let allowed = crate::reference::decide(&[document], None, "s3:GetObject", name, &BTreeMap::new());
        assert_eq!(allowed, Decision::Allowed);
    }
}

#[test]
fn wildcards_in_an_objects_key_are_its_own() {
    let account = role(vec![policy(
        "wide",
        PolicyKind::Inline,
        1,
        &document(&[statement("Allow", &json!("s3:*"), &json!("*"))]),
    )]);
    let key = "arn:aws:s3:::a/a b/u*?$.txt";
    for (seen, spelled) in [
        (key, "arn:aws:s3:::a/a b/u${*}${?}$.txt"),
        ("arn:aws:s3:::a/${x}*", "arn:aws:s3:::a/${$}{x}${*}"),
        // What the ledger collapsed, and what has no key.
        ("arn:aws:s3:::a/b?/*", "arn:aws:s3:::a/b${?}/*"),
        ("arn:aws:s3:::a/*", "arn:aws:s3:::a/*"),
    ] {
        let proposal =
            proven(&account, &usage(&[("s3:GetObject", Some(&[seen]))]), &everything_visible()).unwrap();
        let document = &proposal.changes[0].after[0].document;
        let get = document.statements.iter().find(|one| one.actions.patterns == ["s3:GetObject"]).unwrap();
        assert_eq!(get.resources.as_ref().unwrap().patterns, [spelled]);
        let allows = |name: &str| {
            let asked = crate::reference::decide(&[document], None, "s3:GetObject", name, &BTreeMap::new());
            asked == Decision::Allowed
        };
        assert!(allows(seen));
        assert_eq!(allows("arn:aws:s3:::a/a b/ux?$.txt"), seen == "arn:aws:s3:::a/*");
    }
}

#[test]
fn what_a_service_does_on_the_principals_behalf_is_use_or_may_be() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/0f8fad5b-d9cb-469f-a165-70867728950e";
    let actions =
        json!(["kms:Decrypt", "kms:Encrypt", "kms:CreateCustomKeyStore", "ec2:DescribeVpcEndpointServices"]);
    let account = role(vec![policy(
        "wide",
        PolicyKind::CustomerManaged,
        1,
        &document(&[statement("Allow", &actions, &json!("*"))]),
    )]);
    // A recorded one is authorised on the principal's permissions, like any call of its own.
    let mut decrypt = call_of(("kms", "Decrypt"), Some(key), CallOutcome::Use, seen(1));
    decrypt.via = Some("s3.amazonaws.com".to_owned());
    // What another may have had to do is not told by its record.
    let create = call_of(("kms", "CreateCustomKeyStore"), None, CallOutcome::Use, seen(1));
    let usage = Usage::gather(Catalog::embedded().unwrap(), &[decrypt, create]);
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    let kept = |name: &str| proposal.kept.iter().find(|kept| kept.name == name);
    let decrypt = kept("kms:Decrypt").unwrap();
    assert_eq!((decrypt.reason.clone(), decrypt.via.len()), (None, 1));
    assert_eq!(decrypt.narrowed.keys().collect::<Vec<_>>(), [key]);
    let needed = Reason::MayBeNeeded("kms:CreateCustomKeyStore".to_owned());
    assert_eq!(kept("ec2:DescribeVpcEndpointServices").unwrap().reason, Some(needed));
    assert!(kept("kms:Encrypt").is_none());
}

/// A call that may have been refused is no proof of use, and no proof of the contrary.
#[test]
fn a_call_of_unknown_outcome_is_neither_use_nor_the_lack_of_it() {
    let bucket = "arn:aws:s3:::bucket";
    let actions = json!(["s3:ListBucket", "s3:GetBucketLocation", "s3:PutBucketPolicy"]);
    let account = role(vec![policy(
        "app",
        PolicyKind::Inline,
        1,
        &document(&[statement("Allow", &actions, &json!(["arn:aws:s3:::bucket", "arn:aws:s3:::other"]))]),
    )]);
    let listed = call_of(("s3", "ListObjects"), Some(bucket), CallOutcome::Use, seen(1));
    let asked = call_of(("s3", "GetBucketLocation"), Some(bucket), CallOutcome::Unknown, seen(2));
    let usage = Usage::gather(Catalog::embedded().unwrap(), [&listed, &asked]);
    assert_eq!((usage.calls, usage.undecided), (1.into(), 2.into()));
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    let kept = |name: &str| proposal.kept.iter().find(|kept| kept.name == name);
    let unknown = Reason::OutcomeUnknown("s3:GetBucketLocation".to_owned());
    let location = kept("s3:GetBucketLocation").unwrap();
    assert_eq!((&location.seen, &location.reason), (&None, &Some(unknown)));
    assert!(location.narrowed.is_empty(), "its scope stays");
    assert_eq!(kept("s3:ListBucket").unwrap().narrowed.keys().collect::<Vec<_>>(), [bucket]);
    assert!(kept("s3:PutBucketPolicy").is_none());

    // Where it was used, too, on which further resources is not known.
    let also = call_of(("s3", "ListObjects"), None, CallOutcome::Unknown, seen(1));
    let usage = Usage::gather(Catalog::embedded().unwrap(), [&listed, &also]);
    let proposal = proven(&account, &usage, &everything_visible()).unwrap();
    let list = proposal.kept.iter().find(|kept| kept.name == "s3:ListBucket").unwrap();
    assert_eq!(list.reason, Some(Reason::OutcomeUnknown("s3:ListObjects".to_owned())));
    assert!(list.seen.is_some() && list.narrowed.is_empty());
}

#[test]
fn what_is_logged_in_another_region_is_not_called_unused() {
    let granted = statement("Allow", &json!(["iam:CreateUser", "sqs:SendMessage"]), &json!("*"));
    let account = role(vec![policy("all", PolicyKind::Inline, 1, &document(&[granted]))]);
    for (regions, home) in [
        (&["eu-west-1"][..], Some("us-east-1")),
        (&["cn-northwest-1", "us-gov-east-1"], None),
        (&["us-gov-east-1"], Some("us-gov-west-1")),
        (&["us-east-1"], None),
    ] {
        let regions = Some(regions.iter().map(|&region| region.to_owned()).collect());
        let proposal =
            proven(&account, &Usage::default(), &Coverage { regions, ..everything_visible() }).unwrap();
        let kept: Vec<_> =
            proposal.kept.iter().map(|kept| (kept.name.as_str(), kept.reason.clone())).collect();
        let hidden = |home: &str| ("iam:CreateUser", Some(Reason::HomeRegionOff(home.to_owned())));
        assert_eq!(kept, home.map(hidden).into_iter().collect::<Vec<_>>());
        assert_eq!(proposal.removed.len() + kept.len(), 2);
    }
    // Of two services without regions the homes differ.
    let granted = statement("Allow", &json!(["globalaccelerator:UpdateAccelerator"]), &json!("*"));
    let account = role(vec![policy("all", PolicyKind::Inline, 1, &document(&[granted]))]);
    let regions = Some(BTreeSet::from(["us-east-1".to_owned()]));
    let proposal =
        proven(&account, &Usage::default(), &Coverage { regions, ..everything_visible() }).unwrap();
    assert_eq!(proposal.kept[0].reason, Some(Reason::HomeRegionOff("us-west-2".to_owned())));
    // Some are in a few regions only, of which any will do.
    for (action, region, home) in [
        ("cost-optimization-hub:GetPreferences", "us-west-2", Some("us-east-1")),
        ("devicefarm:CreateProject", "us-east-1", Some("us-west-2")),
        ("route53-recovery-readiness:CreateCell", "us-east-1", Some("us-west-2")),
        ("ecr-public:CreateRepository", "eu-west-1", Some("us-east-1")),
        ("ecr-public:CreateRepository", "us-west-2", Some("us-east-1")),
        ("pricing:GetProducts", "ap-south-1", Some("us-east-1")),
        ("sqs:CreateQueue", "eu-west-1", None),
    ] {
        let granted = statement("Allow", &json!([action]), &json!("*"));
        let account = role(vec![policy("all", PolicyKind::Inline, 1, &document(&[granted]))]);
        let regions = Some(BTreeSet::from([region.to_owned()]));
        let proposal =
            proven(&account, &Usage::default(), &Coverage { regions, ..everything_visible() }).unwrap();
        let reasons: Vec<_> = proposal.kept.iter().filter_map(|kept| kept.reason.clone()).collect();
        let hidden = home.map(|home| Reason::HomeRegionOff(home.to_owned()));
        assert_eq!(reasons, hidden.into_iter().collect::<Vec<_>>(), "{action} in {region}");
    }
}

#[test]
fn an_account_without_a_log_loses_nothing_and_is_told_so() {
    let granted = statement("Allow", &json!("sqs:*"), &json!("*"));
    let twice = vec![
        policy("wide", PolicyKind::Inline, 1, &document(std::slice::from_ref(&granted))),
        policy("again", PolicyKind::Inline, 2, &document(&[granted])),
    ];
    let coverage = Coverage { window: Window { start: 0, end: 0 }, ..everything_visible() };
    let proposal = proven(&role(twice), &Usage::default(), &coverage).unwrap();
    let mut reasons = proposal.kept.iter().filter_map(|kept| kept.reason.as_ref()).map(Reason::code);
    assert!(reasons.clone().any(|code| code == "no_log"));
    assert!(reasons.all(|code| ["no_log", "no_operation", "not_logged"].contains(&code)));
    // That one policy says what another does is no reason to take it away.
    assert!(!proposal.changes_anything(), "{:#?}", proposal.changes);
}
