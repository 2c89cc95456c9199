use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, resolve};
use crate::catalog::draft::{
    ActionDraft, Class, Draft, Level, OperationDraft, Origin, ServiceDraft, TypeDraft, WhenDraft,
};
use crate::catalog::map::Map;
use crate::catalog::models::Model;
use crate::catalog::overrides::Overrides;

fn action(name: &str, level: Level, resource_type: &str) -> ActionDraft {
    ActionDraft {
        name: name.to_owned(),
        level,
        resource_types: BTreeMap::from([(resource_type.to_owned(), true)]),
        condition_keys: BTreeSet::new(),
        class: Class::NoOperation,
        class_from: Origin::Nowhere,
    }
}

fn service() -> ServiceDraft {
    let kind = |name: &str, arn: &str| TypeDraft { name: name.to_owned(), arns: vec![arn.to_owned()] };
    let actions = [
        action("CreateThing", Level::Write, "thing"),
        action("CreateJob", Level::Write, "job"),
        action("GetThing", Level::Read, "thing"),
        action("GetExtra", Level::Read, "thing"),
        action("GetNote", Level::Read, "note"),
        action("TagThing", Level::Tagging, "thing"),
        action("TagOther", Level::Tagging, "thing"),
        action("UntagThing", Level::Tagging, "thing"),
    ];
    ServiceDraft {
        types: [
            kind("thing", "arn:${Partition}:toy:${Region}:${Account}:thing/${ThingName}"),
            kind("note", "arn:${Partition}:toy:${Region}:${Account}:note/${Label}"),
            kind("job", "arn:${Partition}:toy:${Region}:${Account}:job/${JobIdentifier}"),
        ]
        .map(|kind| (kind.name.clone(), kind))
        .into(),
        actions: actions.map(|action| (action.name.to_ascii_lowercase(), action)).into(),
    }
}

/// A model whose operations take the one member that is named.
fn model(name: &str, operations: &[(&str, &str)]) -> Model {
    let of = |(operation, member): &(&str, &str)| {
        let (shape, text) = (format!("{operation}Input"), serde_json::json!({"type": "string"}));
        let input = serde_json::json!({
            "type": "structure",
            "members": {(*member): {"shape": "Text"}, "Tags": {"shape": "Tags"}},
        });
        let row = serde_json::json!({
            "name": operation,
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": shape},
        });
        (((*operation).to_owned(), row), [(shape, input), ("Text".to_owned(), text)])
    };
    let (rows, shapes): (BTreeMap<_, _>, Vec<_>) = operations.iter().map(of).unzip();
    let mut shapes: BTreeMap<_, _> = shapes.into_iter().flatten().collect();
    shapes.insert("Tags".to_owned(), serde_json::json!({"type": "map"}));
    let mut model: Model = serde_json::from_value(serde_json::json!({
        "metadata": {"serviceId": name, "endpointPrefix": "toy", "signingName": null, "protocol": "json"},
        "operations": rows,
        "shapes": shapes,
    }))
    .unwrap();
    model.name = name.to_owned();
    model
}

fn draft(models: Vec<Model>) -> Draft {
    let overrides = Overrides {
        services: Vec::new(),
        operations: Vec::new(),
        rules: Vec::new(),
        alternatives: Vec::new(),
        shared: Vec::new(),
        patterns: Vec::new(),
        data_events: Vec::new(),
        not_logged: Vec::new(),
        reads: Vec::new(),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.json");
    let map = serde_json::json!({"sdk_method_iam_mappings": {
        "Toy.CreateThing": [{"action": "toy:CreateThing"}, {"action": "toy:GoneSince2022"}],
        "First.GetNote": [{"action": "toy:GetNote", "resource_mappings": {"Label": {"template": "${Title}"}}}],
        "Toy.GetThing": [{"action": "toy:GetThing"}, {"action": "toy:GetExtra"}],
    }});
    std::fs::write(&path, map.to_string()).unwrap();
    let map = Map::read(&path, &overrides).unwrap();
    let actions = BTreeMap::from([("toy".to_owned(), service())]);
    resolve(&Facts { actions, models, map, dependents: BTreeMap::new(), overrides }).unwrap()
}

fn operation(draft: &Draft, name: &str) -> OperationDraft {
    draft.labels["toy"][name].clone()
}

fn needs(operation: &OperationDraft) -> Vec<(&str, &WhenDraft, Origin)> {
    operation.needs.iter().map(|need| (need.action.as_str(), &need.when, need.origin)).collect()
}

#[test]
fn rows_of_2022_count_only_while_their_actions_exist() {
    let draft = draft(vec![model("Toy", &[("CreateThing", "ThingName"), ("GetThing", "ThingName")])]);
    assert_eq!(
        needs(&operation(&draft, "getthing")),
        [
            ("toy:getextra", &WhenDraft::Perhaps, Origin::Map2022),
            ("toy:getthing", &WhenDraft::Always, Origin::Map2022)
        ]
    );
    assert_eq!(
        needs(&operation(&draft, "creatething")),
        [
            ("toy:creatething", &WhenDraft::Always, Origin::SameName),
            ("toy:tagthing", &WhenDraft::Perhaps, Origin::Shape)
        ]
    );
}

/// That things may be tagged when they are made does not mean that all tagging is seen.
#[test]
fn what_may_be_needed_makes_nothing_observable() {
    let class = |draft: &Draft| draft.services["toy"].actions["tagthing"].class.clone();
    assert_eq!(class(&draft(vec![model("Toy", &[("CreateThing", "ThingName")])])), Class::NoOperation);
    let both = vec![model("Toy", &[("CreateThing", "ThingName"), ("TagThing", "ThingName")])];
    assert_eq!(class(&draft(both)), Class::Management { write: true });
}

#[test]
fn an_id_is_not_filled_with_a_name() {
    let job = operation(&draft(vec![model("Toy", &[("CreateJob", "JobName")])]), "createjob");
    let patterns: Vec<&str> = job.templates.iter().map(|template| template.pattern.as_str()).collect();
    assert_eq!(patterns, ["arn:${Partition}:toy:${Region}:${Account}:job/*"]);
}

/// The map tells of one model what the text is; of the other nobody does.
#[test]
fn a_request_that_another_model_could_misread_is_on_something_unknown() {
    let is_ambiguous = |second: &str| {
        let models = vec![model("First", &[("GetNote", "Title")]), model("Second", &[("GetNote", second)])];
        let note = operation(&draft(models), "getnote");
        assert_eq!(note.templates.len(), 1);
        note.needs[0].ambiguous
    };
    assert!(is_ambiguous("Title"));
    assert!(!is_ambiguous("Heading"));
}
