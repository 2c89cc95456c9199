use proptest::prelude::*;

use super::*;
use crate::Glob;

fn patterns(how: Generalise, resources: &[&str]) -> Vec<(String, &'static str)> {
    let resources: Vec<_> = resources.iter().map(ToString::to_string).collect();
    let generalised = generalise(how, Catalog::embedded().unwrap(), &resources);
    generalised.into_iter().map(|(pattern, rule)| (pattern, rule.name)).collect()
}

/// What becomes of names of the numbers from 0 up to this one.
fn named(count: usize, name: impl Fn(usize) -> String) -> Vec<String> {
    let names: Vec<_> = (0..count).map(name).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    patterns(Generalise::Names, &names).into_iter().map(|(pattern, _)| pattern).collect()
}

/// A day of one of two months.
fn day(at: usize, separator: &str) -> String {
    format!("2026{separator}{:02}{separator}{:02}", 9 + at / 30, 1 + at % 30)
}

fn uuid(at: usize) -> String {
    format!("0f8fad5b-d9cb-469f-a165-{:012x}", at * 7919)
}

#[test]
fn assigned_identifiers_become_wildcards() {
    let cases = [
        (
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
            "arn:aws:ec2:eu-west-1:111122223333:instance/*",
        ),
        ("arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-0123456789abcdef0", ""),
        (
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-AbC123",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-??????",
        ),
        (
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/web/0f8fad5b-d9cb-469f-a165-70867728950e",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/web/*",
        ),
        (
            "arn:aws:ecs:eu-west-1:111122223333:task/web/0123456789abcdef0123456789abcdef",
            "arn:aws:ecs:eu-west-1:111122223333:task/web/*",
        ),
        (
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:12",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:*",
        ),
        ("arn:aws:ecs:eu-west-1:111122223333:service/web/api", ""),
        (
            "arn:aws:batch:eu-west-1:111122223333:job-definition/load:3",
            "arn:aws:batch:eu-west-1:111122223333:job-definition/load:*",
        ),
        ("arn:aws:batch:eu-west-1:111122223333:job-queue/load", ""),
        (
            "arn:aws:batch:eu-west-1:111122223333:job/0f8fad5b-d9cb-469f-a165-70867728950e",
            "arn:aws:batch:eu-west-1:111122223333:job/*",
        ),
        (
            "arn:aws:lambda:eu-west-1:111122223333:function:load:7",
            "arn:aws:lambda:eu-west-1:111122223333:function:load:*",
        ),
        (
            "arn:aws:lambda:eu-west-1:111122223333:layer:tools:7",
            "arn:aws:lambda:eu-west-1:111122223333:layer:tools:*",
        ),
        ("arn:aws:lambda:eu-west-1:111122223333:function:load", ""),
        ("arn:aws:lambda:eu-west-1:111122223333:function:7", ""),
        ("arn:aws:lambda:eu-west-1:111122223333:function:load:live", ""),
        (
            "arn:aws:states:eu-west-1:111122223333:execution:order:0f8fad5b",
            "arn:aws:states:eu-west-1:111122223333:execution:order:*",
        ),
        (
            "arn:aws:states:eu-west-1:111122223333:express:order:0f8fad5b:1",
            "arn:aws:states:eu-west-1:111122223333:express:order:*",
        ),
        (
            "arn:aws:states:eu-west-1:111122223333:stateMachine:order:2",
            "arn:aws:states:eu-west-1:111122223333:stateMachine:order:*",
        ),
        ("arn:aws:states:eu-west-1:111122223333:stateMachine:order", ""),
        ("arn:aws:s3:::bucket/i-0123456789abcdef0", ""),
        ("not an arn", ""),
        ("arn:aws:ec2", ""),
    ];
    for (resource, expected) in cases {
        let expected =
            if expected.is_empty() { (resource, "as seen") } else { (expected, "assigned identifier") };
        assert_eq!(patterns(Generalise::Names, &[resource]), [(expected.0.to_owned(), expected.1)]);
        assert_eq!(patterns(Generalise::Exact, &[resource]), [(resource.to_owned(), "as seen")]);
    }
}

#[test]
fn many_siblings_become_one_wildcard_and_few_do_not() {
    let few: Vec<_> = (0..8).map(|at| format!("arn:aws:s3:::bucket/a/{at}")).collect();
    let few: Vec<_> = few.iter().map(String::as_str).collect();
    assert_eq!(patterns(Generalise::Names, &few).len(), 8);
    let many: Vec<_> = (0..9).map(|at| format!("arn:aws:s3:::bucket/a/{at}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(
        patterns(Generalise::Names, &many),
        [("arn:aws:s3:::bucket/a/*".to_owned(), "sibling wildcard")]
    );
}

#[test]
fn what_is_dated_has_another_date_tomorrow() {
    let key = |at: usize, name: &str| format!("arn:aws:s3:::bucket/data/{}/{name}", day(at, "-"));
    assert_eq!(named(60, |at| key(at, "x.json")), ["arn:aws:s3:::bucket/data/*/x.json"]);
    assert_eq!(named(8, |at| key(at, "x.json")).len(), 8);
    // A few names of each day stay names, and names of their own become a wildcard too.
    let few = named(60, |at| key(at, if at % 2 == 0 { "x.json" } else { "y.json" }));
    assert_eq!(few, ["arn:aws:s3:::bucket/data/*/x.json", "arn:aws:s3:::bucket/data/*/y.json"]);
    assert_eq!(named(60, |at| key(at, &uuid(at))), ["arn:aws:s3:::bucket/data/*/*"]);
    // What lies beside the dates is no folder, and stays.
    let beside =
        named(60, |at| if at == 7 { "arn:aws:s3:::bucket/data/index".to_owned() } else { key(at, "x") });
    assert_eq!(beside, ["arn:aws:s3:::bucket/data/*/x", "arn:aws:s3:::bucket/data/index"]);
}

#[test]
fn a_date_written_in_folders_is_one_name() {
    let key = |at: usize| format!("arn:aws:s3:::bucket/data/{}/x.json", day(at, "/"));
    assert_eq!(named(60, key), ["arn:aws:s3:::bucket/data/*/*/*/x.json"]);
    let partition = |at: usize| {
        let (month, day) = (9 + at / 30, 1 + at % 30);
        format!("arn:aws:s3:::bucket/data/year=2026/month={month:02}/day={day:02}/x.json")
    };
    assert_eq!(named(60, partition), ["arn:aws:s3:::bucket/data/*/*/*/x.json"]);
    // Numbers that follow no year are names like others.
    let shard = |at: usize| format!("arn:aws:s3:::bucket/{}/{:02}/x", 1001 + at / 8, at % 8);
    assert_eq!(named(24, shard).len(), 24);
}

#[test]
fn uuid_prefixes_become_one_wildcard() {
    let below = |at: usize| format!("arn:aws:s3:::bucket/jobs/{}/in/{}.csv", uuid(at / 2), at % 2);
    assert_eq!(
        named(40, below),
        ["arn:aws:s3:::bucket/jobs/*/in/0.csv", "arn:aws:s3:::bucket/jobs/*/in/1.csv"]
    );
    let first = |at: usize| format!("arn:aws:s3:::bucket/{}/in.csv", uuid(at));
    assert_eq!(named(40, first), ["arn:aws:s3:::bucket/*/in.csv"]);
}

#[test]
fn log_streams_become_one_wildcard_of_their_group() {
    let group = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/load";
    let stream = |at: usize| format!("{group}:log-stream:{}/[$LATEST]{:032x}", day(at, "/"), at * 7919);
    assert_eq!(named(60, stream), [format!("{group}:log-stream:*/*/*/*")]);
    let stream = |at: usize| format!("{group}:log-stream:web/app/{}", uuid(at));
    assert_eq!(named(20, stream), [format!("{group}:log-stream:web/app/*")]);
}

#[test]
fn types_of_resources_stay_apart() {
    let types = [
        "agent",
        "agent-group",
        "contact-flow",
        "operating-hours",
        "prompt",
        "queue",
        "routing-profile",
        "rule",
        "view",
        "transfer-destination",
    ];
    let of_type = |at: usize| format!("arn:aws:connect:eu-west-1:111122223333:instance/i/{}/x", types[at]);
    assert_eq!(named(types.len(), of_type).len(), types.len());
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table";
    let name =
        |at: usize| format!("{table}/t{}{}", at / 2, if at.is_multiple_of(2) { "" } else { "/index/i" });
    assert_eq!(named(18, name), [format!("{table}/*"), format!("{table}/*/index/i")]);
}

#[test]
fn siblings_never_reach_above_the_name() {
    let many: Vec<_> = (0..20).map(|at| format!("arn:aws:s3:::bucket-{at}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(patterns(Generalise::Names, &many).len(), 20);
}

#[test]
fn buckets_and_access_points_stay_whatever_names_them() {
    let here = "eu-west-1:111122223333";
    for kind in ["s3express", "s3tables", "s3vectors"] {
        assert_eq!(named(20, |at| format!("arn:aws:{kind}:{here}:bucket/b{at}")).len(), 20, "{kind}");
    }
    let point = |at: usize| format!("arn:aws:s3:{here}:accesspoint/p{at}/object/key");
    assert_eq!(named(20, point).len(), 20);
    let outpost = |at: usize| format!("arn:aws:s3-outposts:{here}:outpost/op-1/bucket/b{at}/object/key");
    assert_eq!(named(20, outpost).len(), 20);
    // What is in them has siblings.
    let table = |at: usize| format!("arn:aws:s3tables:{here}:bucket/b/table/{}", uuid(at));
    assert_eq!(named(20, table), [format!("arn:aws:s3tables:{here}:bucket/b/table/*")]);
    let object = |at: usize| format!("arn:aws:s3:{here}:accesspoint/p/object/{}/x", day(at, "/"));
    assert_eq!(named(20, object), [format!("arn:aws:s3:{here}:accesspoint/p/object/*/*/*/x")]);
    // Buckets may be named like types.
    for bucket in ["accesspoint", "outpost", "access-grants"] {
        let object = |at: usize| format!("arn:aws:s3:::{bucket}/{at}/x");
        assert_eq!(named(20, object), [format!("arn:aws:s3:::{bucket}/*/x")]);
    }
}

#[test]
fn identities_accounts_secrets_and_keys_have_no_siblings() {
    let catalog = Catalog::embedded().unwrap();
    let alone = "
        account::1:account/o-1/* acm:eu-west-1:1:certificate/* acm-pca:eu-west-1:1:certificate-authority/*
        airflow:eu-west-1:1:role/env/* apigateway:eu-west-1::/apikeys/*
        apigateway:eu-west-1::/clientcertificates/* apigateway:eu-west-1::/usageplans/plan/keys/*
        appflow:eu-west-1:1:connectorprofile/* apprunner:eu-west-1:1:connection/c/*
        bedrock-agentcore:eu-west-1:1:token-vault/default/oauth2credentialprovider/*
        bedrock-agentcore:eu-west-1:1:workload-identity-directory/d/workload-identity/*
        cloudhsm:eu-west-1:1:cluster/* codeconnections:eu-west-1:1:connection/*
        codestar-connections:eu-west-1:1:connection/* cognito-identity:eu-west-1:1:identitypool/*
        cognito-idp:eu-west-1:1:userpool/* cognito-sync:eu-west-1:1:identitypool/p/identity/*
        dms:eu-west-1:1:cert:* ds:eu-west-1:1:directory/* ec2:eu-west-1:1:key-pair/*
        eks:eu-west-1:1:access-entry/c/role/1/*/u
        eks:eu-west-1:1:podidentityassociation/c/* elasticache:eu-west-1:1:user:*
        elasticache:eu-west-1:1:usergroup:* events:eu-west-1:1:connection/* geo:eu-west-1:1:api-key/*
        glue:eu-west-1:1:connection/* iam::1:policy/* iam::1:role/team/* identitystore:::user/*
        iot:eu-west-1:1:cacert/* iot:eu-west-1:1:cert/* iot:eu-west-1:1:policy/* iot:eu-west-1:1:rolealias/*
        iotmanagedintegrations:eu-west-1:1:credential-locker/* ivs:eu-west-1:1:playback-key/*
        ivs:eu-west-1:1:stream-key/* kms:eu-west-1:1:key/* lightsail:eu-west-1:1:Certificate/*
        lightsail:eu-west-1:1:KeyPair/* macie2:eu-west-1:1:member/* memorydb:eu-west-1:1:user/*
        organizations::1:account/o-1/* payment-cryptography:eu-west-1:1:key/*
        quicksight:eu-west-1:1:account/* quicksight:eu-west-1:1:group/* quicksight:eu-west-1:1:user/*
        ram:eu-west-1:1:resource-share/* rds-db:eu-west-1:1:dbuser:db-1/* redshift:eu-west-1:1:dbgroup:c/*
        redshift:eu-west-1:1:dbuser:c/* redshift:eu-west-1:1:hsmclientcertificate:*
        rolesanywhere:eu-west-1:1:profile/* s3:eu-west-1:1:access-grants/default/grant/*
        sagemaker:eu-west-1:1:user-profile/d/* secretsmanager:eu-west-1:1:secret:db/*
        ses:eu-west-1:1:identity/* sqlworkbench:eu-west-1:1:connection/* ssm:eu-west-1:1:parameter/app/*
        sso:::account/* sso:::permissionSet/ssoins-1/* sts::1:federated-user/*
        transfer:eu-west-1:1:certificate/* transfer:eu-west-1:1:host-key/s/* transfer:eu-west-1:1:user/s/*
        verifiedpermissions::1:policy-store/*";
    for names in alone.split_whitespace() {
        let arn = |at: usize| format!("arn:aws:{}", names.replace('*', &format!("n{at}")));
        assert!(catalog.resource_type(&arn(0)).is_some(), "{names} is of no type");
        assert_eq!(named(20, arn).len(), 20, "{names}");
    }
    for names in ["ssm:eu-west-1:1:document/*", "iot:eu-west-1:1:thing/*"] {
        let arn = |at: usize| format!("arn:aws:{}", names.replace('*', &format!("n{at}")));
        assert_eq!(named(20, arn), [format!("arn:aws:{names}")]);
    }
}

fn resource() -> impl Strategy<Value = String> {
    let head = prop_oneof![
        Just("arn:aws:s3:::a/"),
        Just("arn:aws:s3:::b/"),
        Just("arn:aws:logs:eu-west-1:1:log-group:"),
        Just("arn:aws:dynamodb:eu-west-1:1:table/"),
        Just("arn:aws:sqs:eu-west-1:1:"),
        Just(""),
    ];
    let segment = prop_oneof![
        (0..30u8).prop_map(|at| at.to_string()),
        (0..12u8).prop_map(|at| format!("2026-09-{at:02}")),
        (0..3u8).prop_map(|at| format!("202{at}")),
        Just("data".to_owned()),
        Just(String::new()),
        Just("*".to_owned()),
    ];
    let segment = (segment, prop_oneof![3 => Just('/'), 1 => Just(':')]);
    (head, proptest::collection::vec(segment, 0..5)).prop_map(|(head, segments)| {
        let name: String =
            segments.into_iter().map(|(text, separator)| format!("{text}{separator}")).collect();
        format!("{head}{}", name.get(..name.len().saturating_sub(1)).unwrap())
    })
}

proptest! {
    #[test]
    fn any_order_and_any_parts_of_the_input_give_the_same(
        resources in proptest::collection::vec(resource(), 0..120),
        (shift, part) in (0..120usize, 1..7usize),
    ) {
        let catalog = Catalog::embedded().unwrap();
        let written = |resources: &[String]| -> Vec<_> {
            let all = generalise(Generalise::Names, catalog, resources);
            all.into_iter().map(|(pattern, rule)| (pattern, rule.name, rule.from)).collect()
        };
        let expected = written(&resources);
        let mut again: Vec<String> = resources.chunks(part).rev().flatten().cloned().collect();
        again.rotate_left(shift % resources.len().max(1));
        again.extend(resources.iter().take(shift).cloned());
        prop_assert_eq!(&expected, &written(&again));
        // Each resource is named by the pattern that stands for it, and stands for one.
        let mut from: Vec<_> = expected.iter().flat_map(|(.., from)| from).collect();
        from.sort();
        prop_assert_eq!(from, resources.iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
        for (pattern, _, from) in &expected {
            let glob = Glob::resource_without_variables(pattern);
            for resource in from {
                prop_assert!(Glob::resource_without_variables(resource).is_included_in(&[&glob]), "{resource}");
                let fixed = name_start(resource).and_then(|start| {
                    let (_, name) = resource.split_at_checked(start)?;
                    let length = name.split_inclusive(['/', ':']).next().map_or(0, str::len);
                    resource.get(..start + length)
                });
                prop_assert!(fixed.is_none_or(|fixed| pattern.starts_with(fixed)), "{pattern} of {resource}");
            }
        }
    }
}
