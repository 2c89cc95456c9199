//! Roles that are generated from markers: the markers are edited, and the file that follows from them is told.

use std::path::PathBuf;

use remit_policy::rbac;

use super::roles::narrowed;
use super::{read, repositories};
use crate::{Content, Edits, Form, Found, Grant, Options, Repository, Rule, slashed};

/// The project of the corpus, whose generated role says what its markers say, with other files besides.
fn project(more: &[(&str, String)]) -> Repository {
    let folder = repositories().into_iter().find(|folder| folder.ends_with("kubebuilder")).unwrap();
    let own = read(&folder)
        .files
        .iter()
        .map(|file| (file.path.clone(), file.text().to_owned()))
        .collect::<Vec<_>>();
    let more = more.iter().map(|(path, text)| (PathBuf::from(path), text.clone()));
    Repository::of(own.into_iter().chain(more))
}

/// The rules that are generated, which are in force.
fn in_force(repository: &Repository) -> Vec<rbac::Rule> {
    let places = repository.places.iter();
    let generated =
        places.filter(|place| place.form == Form::Manifest && place.address == "ClusterRole/manager-role");
    let Some(Content::Rules(rules)) = generated.map(|place| &place.content).next() else { panic!() };
    rules.iter().map(|rule| rule.known().unwrap()).collect()
}

/// The edit by which the role loses what it may do with jobs.
fn without_jobs(repository: &Repository) -> Edits {
    let rules = in_force(repository);
    let left = rules.iter().filter(|rule| rule.resources != ["jobs"]).cloned().collect();
    let place = repository.places.iter().find(|place| place.form == Form::Markers).unwrap();
    repository.edit(&narrowed(place, rules, left), Options::default())
}

#[test]
fn markers_are_edited_where_the_generated_role_says_the_same() {
    let repository = project(&[]);
    let name = rbac::ObjectName { namespace: None, name: "shop-manager-role".to_owned() };
    let rules = in_force(&repository);
    let found = repository.find(&Grant::Role { name: &name, rules: &rules });
    let Found::One { place, is_equal: true } = found else { panic!("{found:?}") };
    assert_eq!(repository.places[place].form, Form::Markers);
    let edits = without_jobs(&repository);
    let [file] = edits.files.as_slice() else { panic!("{edits:?}") };
    assert_eq!(slashed(&file.path), "internal/controller/crlf_controller.go");
    assert_eq!(
        file.after,
        file.before.replace("// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;delete\r\n", "")
    );
    let [told] = edits.suggestions.as_slice() else { panic!("{edits:?}") };
    assert_eq!((slashed(told.path.as_deref().unwrap()).as_str(), told.line), ("config/rbac/role.yaml", 2));
    assert_eq!(
        told.why,
        "it is generated from markers `+kubebuilder:rbac`, which changed: make it anew by `make manifests` (controller-gen)"
    );
}

/// A generated role that is out of step says more or less than what is in force, or its markers do: nothing is edited by guess.
#[test]
fn markers_that_say_something_else_are_left_alone() {
    let more = "package more\n\n// +kubebuilder:rbac:groups=core,resources=nodes,verbs=get\n".to_owned();
    let edits = without_jobs(&project(&[("internal/more.go", more)]));
    assert!(edits.files.is_empty(), "{edits:?}");
    assert_eq!(edits.suggestions[0].why, "it is generated from markers `+kubebuilder:rbac`");
}

/// What `make build-installer` writes is no source either.
#[test]
fn installers_of_a_project_are_told_of() {
    let repository = project(&[]);
    let role = repository.files.iter().find(|file| file.path.ends_with("role.yaml")).unwrap();
    let installer = role.text().replace("manager-role", "shop-manager-role").replace("system", "shop-system");
    let edits = without_jobs(&project(&[("dist/install.yaml", installer)]));
    let paths: Vec<_> = edits.files.iter().map(|file| slashed(&file.path)).collect();
    assert_eq!(paths, ["internal/controller/crlf_controller.go"]);
    let told: Vec<_> = edits.suggestions.iter().map(|one| slashed(one.path.as_deref().unwrap())).collect();
    assert_eq!(told, ["config/rbac/role.yaml", "dist/install.yaml"]);
    assert!(edits.suggestions[1].why.ends_with("make it anew by `make build-installer`"), "{edits:?}");
}

/// controller-gen takes `core` for the group without a name, with quotes or without; and no groups are that one, too.
#[test]
fn the_core_group_has_no_name() {
    for groups in ["core", "\"core\"", "\"\"", "", "``"] {
        let marker = format!("package a\n// +kubebuilder:rbac:groups={groups},resources=pods,verbs=get\n");
        let repository = Repository::of([(PathBuf::from("a.go"), marker)]);
        let Content::Rules(rules) = &repository.places[0].content else { panic!() };
        assert_eq!(
            rules.iter().map(Rule::known).collect::<Option<Vec<_>>>().unwrap()[0].groups,
            [""],
            "{groups}"
        );
    }
    let marker = "// +kubebuilder:rbac:groups=core;apps,resources=pods,verbs=get\n".to_owned();
    let repository = Repository::of([(PathBuf::from("a.go"), marker)]);
    let Content::Rules(rules) = &repository.places[0].content else { panic!() };
    assert_eq!(rules[0].groups.known().unwrap(), ["", "apps"]);
}
