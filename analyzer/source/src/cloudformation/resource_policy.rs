//! Policies of resources, and of roles about who may become them, in templates of CloudFormation.

use crate::node::Node;
use crate::place::{Content, Names, Place};
use crate::text::Text;

use super::Reader;
use super::text::whole;

/// Where resources say who may use them: the resource, the property with the policy, and the one that says whose it is. Where that is empty it
/// is the resource's own.
const POLICIES: [(&str, &str, &str); 16] = [
    ("AWS::IAM::Role", "AssumeRolePolicyDocument", ""),
    ("AWS::Serverless::Function", "AssumeRolePolicyDocument", ""),
    ("AWS::Backup::BackupVault", "AccessPolicy", ""),
    ("AWS::CodeArtifact::Domain", "PermissionsPolicyDocument", ""),
    ("AWS::CodeArtifact::Repository", "PermissionsPolicyDocument", ""),
    ("AWS::ECR::Repository", "RepositoryPolicyText", ""),
    ("AWS::EFS::FileSystem", "FileSystemPolicy", ""),
    ("AWS::KMS::Key", "KeyPolicy", ""),
    ("AWS::KMS::ReplicaKey", "KeyPolicy", ""),
    ("AWS::Kinesis::ResourcePolicy", "ResourcePolicy", "ResourceArn"),
    ("AWS::OpenSearchService::Domain", "AccessPolicies", ""),
    ("AWS::S3::AccessPoint", "Policy", ""),
    ("AWS::S3::BucketPolicy", "PolicyDocument", "Bucket"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", "SecretId"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument", "Topics"),
    ("AWS::SQS::QueuePolicy", "PolicyDocument", "Queues"),
];

impl Reader<'_> {
    /// The places of a resource.
    pub(super) fn resource_policies(&self, resource: &Node) -> Vec<Place> {
        let kind = resource.get("Type").and_then(Node::known).unwrap_or_default();
        let Some(properties) = resource.get("Properties") else { return Vec::new() };
        let text = |name: &str| properties.get(name).map(|node| whole(node, self.source.text));
        let own = || Text::literal(format!("Resources.{}", self.name));
        let mut places = Vec::new();
        if kind == "AWS::Lambda::Permission" {
            let span = &properties.span;
            let statement = crate::permission::statement(span, self.source, |_, name| text(name));
            let names = Names { holder: text("FunctionName"), ..Names::default() };
            let content = Content::Statements(vec![statement]);
            places.push(self.place(properties, format!("Resources.{}", self.name), names, content));
        }
        for (_, property, holder) in POLICIES.iter().filter(|(known, ..)| *known == kind) {
            let Some(document) = properties.get(property) else { continue };
            let names = Names { holder: Some(text(holder).unwrap_or_else(own)), ..Names::default() };
            let address = if *property == "PolicyDocument" {
                format!("Resources.{}", self.name)
            } else {
                format!("Resources.{}.{property}", self.name)
            };
            places.push(self.document(document, address, names));
        }
        places
    }
}
