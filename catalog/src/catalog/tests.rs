use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{order, without_version};
use crate::{Catalog, ParameterUse, Provenance, Resolution, Visibility, When};

fn catalog() -> &'static Catalog {
    Catalog::embedded().unwrap()
}

#[test]
fn versions_are_cut_off() {
    for (name, expected) in [
        ("CreateFunction20150331", Some("CreateFunction")),
        ("GetFunction20150331v2", Some("GetFunction")),
        ("CreateDistribution2020_05_31", Some("CreateDistribution")),
        ("ListObjectsV2", None),
        ("PutRule", None),
        ("20150331", None),
        ("Describe2015", None),
        ("Täg20150331v", None),
    ] {
        assert_eq!(without_version(name), expected, "{name}");
    }
}

#[test]
fn actions_are_sorted_and_found_by_name() {
    let catalog = catalog();
    let mut before: Option<(&str, &str)> = None;
    for (id, action) in catalog.actions() {
        if let Some((service, name)) = before {
            let ordered = order(service, action.service).then(order(name, action.name));
            assert!(ordered.is_lt(), "{service}:{name} before {}", action.full_name());
        }
        before = Some((action.service, action.name));
        assert_eq!(catalog.find(&action.full_name()), Some(id));
    }
    assert!(catalog.actions().count() > 20_000);
    assert_eq!(catalog.find("s3:Getobject"), catalog.find("S3:GETOBJECT"));
    for unknown in ["lambda:Invoke", "s3:", ":GetObject", "s3", "", "nowhere:GetObject", "s3:GetObject "] {
        assert_eq!(catalog.find(unknown), None, "{unknown}");
    }
}

#[test]
fn services_hold_their_own_actions() {
    let catalog = catalog();
    let count: usize = catalog.services().map(|prefix| catalog.service_actions(prefix).count()).sum();
    assert_eq!(count, catalog.actions().count());
    assert!(catalog.service_actions("S3").all(|(_, action)| action.service == "s3"));
    assert_eq!(catalog.service_actions("nowhere").count(), 0);
}

#[test]
fn every_row_refers_to_what_exists() {
    let catalog = catalog();
    let mut operations = 0;
    for (label, operation) in catalog.operations() {
        operations += 1;
        for need in operation.requirements() {
            assert!(catalog.action(need.action).is_some(), "{label}:{}", operation.name);
            if let When::With(place) | When::SurelyWith(place) | When::Without(place) = need.when {
                let parameter = operation.parameters()[usize::from(place)];
                assert_eq!(parameter.used_for, ParameterUse::Selector, "{label}:{}", operation.name);
            }
        }
        for template in operation.templates() {
            for fill in template.fills {
                let parameter = operation.parameters()[usize::from(fill.parameter)];
                assert_eq!(parameter.used_for, ParameterUse::Resource, "{label}:{}", operation.name);
            }
        }
    }
    assert!(operations > 19_000);
}

#[test]
fn every_pattern_can_be_filled() {
    let catalog = catalog();
    for (label, operation) in catalog.operations() {
        for template in operation.templates() {
            let mut open = template.pattern;
            while let Some((_, after)) = open.split_once("${") {
                let (name, rest) = after.split_once('}').unwrap();
                let is_filled = matches!(name, "Partition" | "Region" | "Account")
                    || template.fills.iter().any(|fill| fill.placeholder == name);
                assert!(
                    is_filled,
                    "{label}:{} has {} with nothing for {name}",
                    operation.name, template.pattern
                );
                open = rest;
            }
            let is_arn = template.pattern.starts_with("arn:") && template.pattern.splitn(6, ':').count() == 6;
            assert!(
                is_arn
                    || ["${SecretId}", "${FunctionArn}", "${LogGroupArn}", "${TableArn}"]
                        .iter()
                        .any(|arn| template.pattern.starts_with(arn)),
                "{label}:{}: {}",
                operation.name,
                template.pattern
            );
        }
    }
}

#[test]
fn parameters_are_told_once() {
    for (label, operation) in catalog().operations() {
        let mut paths = BTreeSet::new();
        for parameter in operation.parameters() {
            assert!(paths.insert(parameter.path.to_ascii_lowercase()), "{label}:{}", operation.name);
            assert!(parameter.names().all(|(name, _)| !name.is_empty()), "{label}:{}", operation.name);
        }
    }
}

#[test]
fn every_operation_knows_where_it_comes_from() {
    for (label, operation) in catalog().operations() {
        for need in operation.requirements() {
            let is_source = !matches!(
                need.provenance,
                Provenance::Nowhere | Provenance::ActionList | Provenance::NotLogged | Provenance::DataEvents
            );
            assert!(is_source, "{label}:{} needs something that {} says", operation.name, need.provenance);
        }
        let is_unknown = operation.provenance() == Provenance::Nowhere;
        assert!(!is_unknown || operation.requirements().is_empty(), "{label}:{}", operation.name);
        let resolution = catalog().operation(label, operation.name);
        assert_eq!(matches!(resolution, Resolution::Unknown), is_unknown, "{label}:{}", operation.name);
    }
}

#[test]
fn an_action_is_shown_by_management_events_only_when_all_its_operations_are() {
    let catalog = catalog();
    let hidden: BTreeSet<_> = catalog
        .operations()
        .filter(|(_, operation)| {
            !matches!(operation.visibility, Visibility::Management { .. } | Visibility::NoOperation)
        })
        .filter(|(_, operation)| !matches!(operation.visibility, Visibility::Mixed(_)))
        .flat_map(|(_, operation)| operation.requirements())
        .filter(|need| need.when != When::Perhaps)
        .map(|need| need.action)
        .collect();
    for id in hidden {
        let action = catalog.action(id).unwrap();
        assert!(!matches!(action.visibility, Visibility::Management { .. }), "{}", action.full_name());
    }
}

#[test]
fn names_of_services_are_those_of_event_sources() {
    for (service, operation) in [
        ("monitoring", "DescribeAlarms"),
        ("elasticloadbalancing", "DescribeLoadBalancers"),
        ("email", "ListIdentities"),
        ("ses", "ListIdentities"),
        ("logs", "CreateLogGroup"),
        ("states", "StartExecution"),
        ("tagging", "GetResources"),
        ("apigateway", "GetRestApis"),
        ("rds", "DescribeDBInstances"),
        ("elasticfilesystem", "DescribeFileSystems"),
        ("cloudcontrolapi", "GetResource"),
        ("es", "DescribeDomain"),
        ("ecr", "BatchGetImage"),
        ("servicecatalog-appregistry", "ListApplications"),
        ("s3", "ListAccessPoints"),
        ("bedrock", "InvokeModel"),
        ("rdsdata", "ExecuteStatement"),
        ("rdsdataapi", "ExecuteStatement"),
        ("rds-data", "ExecuteStatement"),
        ("redshift-data", "ExecuteStatement"),
        ("autoscaling", "CreateAutoScalingGroup"),
        ("autoscaling", "RegisterScalableTarget"),
        ("metering-marketplace", "MeterUsage"),
        ("chime-sdk-media-pipelines", "CreateMediaCapturePipeline"),
        ("resource-explorer-2", "ListIndexes"),
        ("s3express", "CreateSession"),
        ("execute-api", "Invoke"),
        ("ssmmessages", "CreateDataChannel"),
        ("ec2messages", "GetMessages"),
        ("health", "DescribeEvents"),
        ("signin", "CreateOAuth2Token"),
        ("qldb", "SendCommand"),
        ("sso-directory", "DescribeUser"),
        ("identitystore", "DescribeUser"),
        ("cloudfront", "CreateDistribution2020_05_31"),
    ] {
        assert!(
            matches!(catalog().operation(service, operation), Resolution::Known(_)),
            "{service}:{operation}"
        );
    }
    assert!(matches!(catalog().operation("nowhere", "GetObject"), Resolution::Unknown));
    assert!(matches!(catalog().operation("s3", "NoSuchThing"), Resolution::Unknown));
}

proptest! {
    #[test]
    fn names_are_found_in_any_case(place in 0_usize..20_000, flips in any::<u64>()) {
        let (id, action) = catalog().actions().nth(place).unwrap();
        let name: String = action
            .full_name()
            .chars()
            .enumerate()
            .map(|(at, letter)| {
                if flips >> (at % 64) & 1 == 1 { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
            })
            .collect();
        prop_assert_eq!(catalog().find(&name), Some(id));
    }

    #[test]
    fn any_text_may_be_asked_for(service in ".{0,20}", operation in ".{0,40}") {
        let _ = catalog().operation(&service, &operation);
        let _ = catalog().find(&format!("{service}:{operation}"));
    }
}
