//! Policies of resources, and of roles about who may become them.

use std::collections::BTreeSet;

use crate::hcl::Block;
use crate::place::{Content, FileId, Form, Names, Place};
use crate::text::Text;

use super::{DOCUMENT, Module, Wanted};

/// Where resources say who may use them: the resource, the attribute with the policy, and the one that says whose it is. Where that is
/// empty it is the resource's own.
const POLICIES: [(&str, &str, &str); 29] = [
    ("aws_iam_role", "assume_role_policy", "name"),
    ("aws_api_gateway_rest_api", "policy", ""),
    ("aws_api_gateway_rest_api_policy", "policy", "rest_api_id"),
    ("aws_backup_vault_policy", "policy", "backup_vault_name"),
    ("aws_cloudwatch_event_bus_policy", "policy", "event_bus_name"),
    ("aws_codeartifact_domain_permissions_policy", "policy_document", "domain"),
    ("aws_codeartifact_repository_permissions_policy", "policy_document", "repository"),
    ("aws_dynamodb_resource_policy", "policy", "resource_arn"),
    ("aws_ecr_repository_policy", "policy", "repository"),
    ("aws_ecrpublic_repository_policy", "policy", "repository_name"),
    ("aws_efs_file_system_policy", "policy", "file_system_id"),
    ("aws_glacier_vault", "access_policy", ""),
    ("aws_glue_resource_policy", "policy", ""),
    ("aws_kinesis_resource_policy", "policy", "resource_arn"),
    ("aws_kms_external_key", "policy", ""),
    ("aws_kms_key", "policy", ""),
    ("aws_kms_key_policy", "policy", "key_id"),
    ("aws_kms_replica_key", "policy", ""),
    ("aws_opensearch_domain", "access_policies", ""),
    ("aws_opensearch_domain_policy", "access_policies", "domain_name"),
    ("aws_s3_access_point", "policy", ""),
    ("aws_s3_bucket", "policy", ""),
    ("aws_s3_bucket_policy", "policy", "bucket"),
    ("aws_secretsmanager_secret", "policy", ""),
    ("aws_secretsmanager_secret_policy", "policy", "secret_arn"),
    ("aws_sns_topic", "policy", ""),
    ("aws_sns_topic_policy", "policy", "arn"),
    ("aws_sqs_queue", "policy", ""),
    ("aws_sqs_queue_policy", "policy", "queue_url"),
];

/// The places of a module.
pub(super) fn places(module: &Module<'_>) -> Vec<Place> {
    let mut places = Vec::new();
    for (file, block) in &module.blocks {
        let kind = block.labels.first().map_or("", String::as_str);
        if block.kind != "resource" {
            continue;
        }
        if kind == "aws_lambda_permission" {
            places.extend(permission(module, *file, block));
        }
        for (_, attribute, holder) in POLICIES.iter().filter(|(known, ..)| *known == kind) {
            let Some(value) = block.get(attribute) else { continue };
            let own = || Text::literal(block.address());
            let holder = block.get(holder).map(|node| module.text(*file, node)).unwrap_or_else(own);
            let names = Names { holder: Some(holder), ..Names::default() };
            let address = if kind.ends_with("_policy") {
                block.address()
            } else {
                format!("{}.{attribute}", block.address())
            };
            places.extend(module.find(&Wanted { file: *file, block, address, names, value, form: None }));
        }
    }
    let used: BTreeSet<_> = places.iter().map(|place| (place.file, place.span.start)).collect();
    // What is made of other documents may be for a resource of another module.
    for (file, block) in &module.blocks {
        let is_document = block.kind == "data" && block.labels.first().is_some_and(|kind| kind == DOCUMENT);
        if is_document && !used.contains(&(*file, block.span.start)) {
            let place = module.document(*file, block, &Names::default());
            places.extend(Some(place).filter(lets_in));
        }
    }
    places
}

/// Whether a place says of somebody that they may, or may not.
fn lets_in(place: &Place) -> bool {
    match &place.content {
        Content::Statements(statements) => statements.iter().any(|one| one.principals.is_some()),
        _ => false,
    }
}

/// A permission to invoke a function.
fn permission(module: &Module<'_>, file: FileId, block: &Block) -> Option<Place> {
    let get = |name: &str, _: &str| block.get(name).map(|node| module.text(file, node));
    let statement = crate::permission::statement(&block.span, module.source(file)?, get);
    let content = Content::Statements(vec![statement]);
    let place = module.place(file, &block.span, Form::Terraform, content, Vec::new());
    let names = Names { holder: get("function_name", ""), ..Names::default() };
    Some(Place { address: block.address(), names, ..place })
}
