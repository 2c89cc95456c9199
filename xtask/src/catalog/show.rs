//! Prints what the table says of operations and actions, to check overrides with.

use std::collections::BTreeMap;

use remit_catalog::{Catalog, Operation, Resolution};

/// Prints the operations of `service:operation`, where the operation may be `*`.
pub(super) fn show(name: &str) -> anyhow::Result<()> {
    let catalog = Catalog::embedded()?;
    let (service, wanted) = name.split_once(':').unwrap_or((name, "*"));
    if wanted != "*" {
        match catalog.operation(service, wanted) {
            Resolution::Known(operation) | Resolution::Permissionless(operation) => {
                print(catalog, service, operation, true);
            }
            Resolution::Unknown => println!("{name}: unknown"),
        }
        if let Some(action) = catalog.find(name).and_then(|id| catalog.action(id)) {
            let types: Vec<String> = action
                .resource_types
                .iter()
                .map(|used| format!("{}{}", used.name(), if used.required { "*" } else { "" }))
                .collect();
            println!(
                "action {}: {:?}, {:?}, on {types:?}",
                action.full_name(),
                action.level,
                action.visibility
            );
        }
        return Ok(());
    }
    for (label, operation) in catalog.operations().filter(|(label, _)| service == "*" || label == &service) {
        print(catalog, label, operation, false);
    }
    Ok(())
}

fn print(catalog: &Catalog, label: &str, operation: &Operation, is_long: bool) {
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for need in operation.requirements() {
        let name = catalog.action(need.action).map(remit_catalog::Action::full_name).unwrap_or_default();
        needs.entry(format!("{:?} ({})", need.when, need.provenance)).or_default().push(name);
    }
    println!("{label}:{} {} {:?} {needs:?}", operation.name, operation.provenance(), operation.visibility);
    if is_long {
        for (place, parameter) in operation.parameters().iter().enumerate() {
            println!("  parameter {place} {} {:?}", parameter.path, parameter.used_for);
        }
        for template in operation.templates() {
            println!("  template {template:?}");
        }
    }
}
