use proptest::prelude::*;
use remit_catalog::AccessLevel;

use super::*;
use crate::Glob;

mod collateral;
mod laws;

const READ: Option<Thresholds> = Thresholds::of(AccessLevel::Read);
const WRITE: Option<Thresholds> = Thresholds::of(AccessLevel::Write);

fn reach(thresholds: Option<Thresholds>) -> Reach {
    thresholds.map_or(Reach::Seen, |thresholds| Reach::Opened {
        thresholds,
        prefixes: false,
        containers: false,
    })
}

/// The calls of some days.
fn seen(days: &[i64]) -> Seen {
    let mut all = Days::none(20_000);
    days.iter().for_each(|day| all.insert(20_000 + day));
    let moment = |day: Option<&i64>| Days::moment_of(20_000 + day.copied().unwrap_or_default());
    let (first, last) = (moment(days.iter().min()), moment(days.iter().max()));
    Seen { count: 1.into(), first, last, sample: None, days: all }
}

fn sightings<'r>(resources: impl IntoIterator<Item = (&'r str, i64)>) -> Sightings {
    let mut sightings = Sightings::default();
    resources.into_iter().for_each(|(resource, day)| sightings.add(resource, &seen(&[day])));
    sightings
}

fn rules(thresholds: Option<Thresholds>, seen: &Sightings, inventory: &Inventory) -> BTreeMap<String, Rule> {
    let catalog = Catalog::embedded().unwrap();
    generalise(reach(thresholds), Surroundings { catalog, inventory, today: 0 }, seen)
}

/// What becomes of resources each of which was seen on another day.
fn patterns(thresholds: Option<Thresholds>, resources: &[&str]) -> Vec<(String, &'static str)> {
    let seen = sightings(resources.iter().copied().zip(0..));
    rules(thresholds, &seen, Inventory::none())
        .into_iter()
        .map(|(pattern, rule)| (pattern, rule.name))
        .collect()
}

/// What becomes of names of the numbers from 0 up to this one, each of which was read on another day.
fn named(count: usize, name: impl Fn(usize) -> String) -> Vec<String> {
    let names: Vec<_> = (0..count).map(name).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    patterns(READ, &names).into_iter().map(|(pattern, _)| pattern).collect()
}

/// A day of one of two months.
fn day(at: usize, separator: &str) -> String {
    format!("2026{separator}{:02}{separator}{:02}", 9 + at / 30, 1 + at % 30)
}

fn uuid(at: usize) -> String {
    format!("0f8fad5b-d9cb-469f-a165-{:012x}", at * 7919)
}

#[test]
fn the_name_of_a_secret_without_its_random_end_is_no_such_end() {
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod-config";
    let with_end = format!("{secret}-??????");
    let expected = [secret, &with_end].map(|pattern| (pattern.to_owned(), "as seen"));
    assert_eq!(patterns(READ, &[secret, &with_end]), expected);
}

#[test]
fn networks_and_images_stay_exact_however_many_there_are() {
    for kind in ["subnet", "vpc", "image"] {
        let id = if kind == "image" { "ami" } else { kind };
        let name = |at: usize| format!("arn:aws:ec2:eu-west-1:*:{kind}/{id}-{:017x}", at * 7919 + 1);
        let names: Vec<_> = (0..30).map(name).collect();
        let seen = sightings(names.iter().map(String::as_str).zip(0..));
        let way = |prefixes| Reach::opened(READ, prefixes, true);
        for reach in [way(false), way(true)] {
            let catalog = Catalog::embedded().unwrap();
            let surroundings = Surroundings { catalog, inventory: Inventory::none(), today: 0 };
            let mut patterns: Vec<_> = generalise(reach, surroundings, &seen).into_keys().collect();
            let mut names = names.clone();
            patterns.sort();
            names.sort();
            assert_eq!(patterns, names);
        }
    }
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
        assert_eq!(patterns(READ, &[resource]), [(expected.0.to_owned(), expected.1)]);
        assert_eq!(patterns(None, &[resource]), [(resource.to_owned(), "as seen")]);
    }
}

/// Words that are of no type.
fn word(at: usize) -> String {
    format!("w{}", char::from(b'a' + u8::try_from(at).unwrap()))
}

#[test]
fn many_names_become_one_wildcard_and_few_do_not() {
    for (thresholds, limit) in [(READ, 5), (WRITE, 10)] {
        let names: Vec<_> = (0..limit).map(|at| format!("arn:aws:s3:::bucket/a/{}", word(at))).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(patterns(thresholds, &names[1..]).len(), limit - 1);
        assert_eq!(
            patterns(thresholds, &names),
            [("arn:aws:s3:::bucket/a/*".to_owned(), "sibling wildcard")]
        );
        // All on one day are one run of one job.
        let once = sightings(names.iter().map(|name| (*name, 7)));
        assert_eq!(rules(thresholds, &once, Inventory::none()).len(), limit);
    }
    assert_eq!(Thresholds::of(AccessLevel::PermissionsManagement), None);
    assert_eq!(Thresholds::of(AccessLevel::List), READ);
    assert_eq!(Thresholds::of(AccessLevel::Tagging), WRITE);
}

#[test]
fn three_values_of_one_form_on_two_days_become_a_wildcard() {
    let names = |texts: [&str; 4]| texts.map(|text| format!("arn:aws:s3:::bucket/a/{text}"));
    let opened = |texts, days: [i64; 4]| {
        let names = names(texts);
        let seen = sightings(names.iter().map(String::as_str).zip(days));
        let rules = rules(WRITE, &seen, Inventory::none());
        rules.into_iter().map(|(pattern, rule)| (pattern, rule.name)).collect::<Vec<_>>()
    };
    let pattern = |text: &str, name| (format!("arn:aws:s3:::bucket/a/{text}"), name);
    let days = [1, 2, 2, 2];
    let dates = ["2026-09-01", "2026-09-02", "2026-09-03", "2026-09-03"];
    assert_eq!(opened(dates, days), [pattern("*", "varying value")]);
    assert_eq!(opened(dates, [1; 4]).len(), 3, "on one day");
    assert_eq!(opened(["2026-09-01", "2026-09-02", "7", "8"], days).len(), 4, "two dates and two numbers");
    assert_eq!(opened(["2026-09-01", "2026-09-02", "2026-09-03", "latest"], days).len(), 4, "a literal");
    // What is of another form is admitted, and no name among dates.
    assert_eq!(
        opened(["2026-09-01", "2026-09-02", "2026-09-03", "17"], days),
        [pattern("*", "varying value")]
    );
    // What stays of a name stays of its pattern, and a literal beside it is no reason against it.
    let pods = ["web-7d9f8b6c5-x2x4z", "web-7d9f8b6c5-bq2zk", "web-5c6b4d9f8-9sx7t", "config"];
    assert_eq!(opened(pods, days), [pattern("config", "as seen"), pattern("web-*", "varying value")]);
    let parts = ["part-00001.json", "part-00002.json", "part-00003.json", "part-of.json"];
    assert_eq!(opened(parts, days).len(), 4, "`part-*.json` would name a literal");
    let parts = ["part-00001.json", "part-00002.json", "part-00003.json", "part.json"];
    assert_eq!(
        opened(parts, days),
        [pattern("part-*.json", "varying value"), pattern("part.json", "as seen")]
    );
}

#[test]
fn forms_that_vary_count_as_one_name() {
    let name = |at: usize| match at {
        0..20 => format!("arn:aws:s3:::bucket/a/part-{at}"),
        20..40 => format!("arn:aws:s3:::bucket/a/{}-{at}", word(at % 2)),
        _ => format!("arn:aws:s3:::bucket/a/{}", word(at - 20)),
    };
    assert_eq!(named(40, name).len(), 3);
    assert_eq!(named(41, name).len(), 4);
    assert_eq!(named(42, name), ["arn:aws:s3:::bucket/a/*"]);
}

#[test]
fn days_are_those_of_the_first_and_the_last_call_where_nobody_asked() {
    let day = |first, last| Seen {
        first: Days::moment_of(first),
        last: Days::moment_of(last) + 1,
        days: Days::default(),
        ..seen(&[])
    };
    let names = ["1", "2", "3"].map(|text| format!("arn:aws:s3:::bucket/a/{text}"));
    for (last, expected) in [(5, 3), (6, 1)] {
        let mut sightings = Sightings::default();
        names.iter().for_each(|name| sightings.add(name, &day(5, 5)));
        sightings.add(&names[1], &day(5, last));
        assert_eq!(rules(READ, &sightings, Inventory::none()).len(), expected);
    }
}

#[test]
fn what_is_opened_says_why() {
    let why = |names: &[String]| {
        let seen = sightings(names.iter().map(String::as_str).zip(0..));
        let rules = rules(READ, &seen, Inventory::none());
        rules.into_values().map(|rule| rule.why).collect::<Vec<_>>()
    };
    let dates: Vec<_> = (0..14).map(|at| format!("arn:aws:s3:::bucket/logs/{}/x", day(at, "-"))).collect();
    let because = "opened because 14 distinct dates stand under `bucket/logs/` on 14 days; also admits 0 known resources";
    assert_eq!(why(&dates), [Some(because.to_owned())]);
    let names: Vec<_> =
        (0..14).map(|at| format!("arn:aws:s3:::bucket/logs/{}/{}", day(at, "-"), word(at % 6))).collect();
    let because = "opened because 14 distinct dates stand under `bucket/logs/` on 14 days, and 6 distinct names stand \
                   under `bucket/logs/*/` on 14 days; also admits 0 known resources";
    assert_eq!(why(&names), [Some(because.to_owned())]);
    assert_eq!(why(&names[..2]), [None, None]);
    let instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0".to_owned();
    let because =
        "opened because its service assigns another identifier each time; also admits 0 known resources";
    assert_eq!(why(&[instance]), [Some(because.to_owned())]);
}

#[test]
fn what_is_dated_has_another_date_tomorrow() {
    let key = |at: usize, name: &str| format!("arn:aws:s3:::bucket/data/{}/{name}", day(at, "-"));
    assert_eq!(named(60, |at| key(at, "x.json")), ["arn:aws:s3:::bucket/data/*/x.json"]);
    assert_eq!(named(2, |at| key(at, "x.json")).len(), 2);
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
    assert_eq!(named(60, partition), ["arn:aws:s3:::bucket/data/year=*/month=*/day=*/x.json"]);
    // Numbers that follow no year are names of their own.
    let shard = |at: usize| format!("arn:aws:s3:::bucket/{}/{:02}/x", 1001 + at / 8, at % 2);
    assert_eq!(named(24, shard), ["arn:aws:s3:::bucket/*/00/x", "arn:aws:s3:::bucket/*/01/x"]);
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
    assert_eq!(named(60, stream), [format!("{group}:log-stream:*/*/*/[$LATEST]*")]);
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
    assert_eq!(patterns(READ, &many).len(), 20);
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
fn buckets_and_access_points_stay_however_alike_they_begin() {
    let here = "eu-west-1:111122223333";
    let kinds = [
        "arn:aws:s3:::".to_owned(),
        format!("arn:aws:s3:{here}:accesspoint/"),
        format!("arn:aws:s3tables:{here}:bucket/"),
        format!("arn:aws:s3-outposts:{here}:outpost/op-1/bucket/"),
    ];
    let surroundings =
        Surroundings { catalog: Catalog::embedded().unwrap(), inventory: Inventory::none(), today: 0 };
    for kind in kinds {
        let names: Vec<_> = (0..20).map(|at| format!("{kind}acme-logs-2026-{at:03}")).collect();
        let seen = sightings(names.iter().map(String::as_str).zip(0..));
        let patterns = generalise(Reach::opened(READ, true, true), surroundings, &seen);
        assert!(patterns.keys().eq(&names), "{kind}");
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
