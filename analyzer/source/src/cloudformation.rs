//! Policies in templates of CloudFormation and of its Serverless Application Model.

mod declared;
mod inputs;
mod resource_policy;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::path::Path;

use crate::attachment::{Attachment, attachments};
use crate::declared::Declared;
use crate::inputs::{Follower, Inputs};
use crate::node::{Entry, Kind, Node};
use crate::place::{Content, FileId, Form, Names, Place, Reason};
use crate::repository::{File, Parsed};
use crate::statement::{self, Source};
use crate::text::Text;
use inputs::Template;
use text::{is_nothing, referred, text_of, whole};

/// Roles, users and groups of all templates, and what has tags there.
pub(crate) fn declared(files: &[File]) -> Vec<Declared> {
    let mut all = Vec::new();
    for (id, file) in files.iter().enumerate() {
        let Parsed::Documents(documents) = file.parsed() else { continue };
        for template in documents {
            let Some(resources) = template.get("Resources").and_then(Node::entries) else { continue };
            let source =
                Source { file: id, text: file.text(), lines: file.lines(), text_of, definitions: None };
            let follower = Follower::new(Template { root: template, text: file.text() });
            let mut own = declared::all(resources, template.get("Globals"), source, file);
            inputs::note_declared(&follower, &mut own);
            all.append(&mut own);
        }
    }
    all
}

/// Places of all templates, those of policies of resources, and policies from elsewhere that are attached.
pub(crate) fn places(
    files: &[File],
    places: &mut Vec<Place>,
    resource_policies: &mut Vec<Place>,
    attachments: &mut Vec<Attachment>,
) {
    for (id, file) in files.iter().enumerate() {
        let Parsed::Documents(documents) = file.parsed() else { continue };
        for template in documents {
            let Some(resources) = template.get("Resources").and_then(Node::entries) else { continue };
            let is_sam = template.get("Transform").is_some();
            let source =
                Source { file: id, text: file.text(), lines: file.lines(), text_of, definitions: None };
            let follower = Follower::new(Template { root: template, text: file.text() });
            let (attached, mut foreign) = attached(resources, source, &file.path);
            let (mut own, mut of_resources) = (Vec::new(), Vec::new());
            for entry in resources {
                let (path, attached) = (file.path.as_path(), &attached);
                let reader = Reader {
                    id,
                    source,
                    name: &entry.key,
                    resources,
                    path,
                    attached,
                    is_sam,
                    places: &mut own,
                };
                of_resources.extend(reader.resource_policies(&entry.value));
                reader.resource(&entry.value);
            }
            inputs::note(&follower, &mut own);
            inputs::note(&follower, &mut of_resources);
            inputs::note_attached(&follower, &mut foreign);
            places.append(&mut own);
            resource_policies.append(&mut of_resources);
            attachments.append(&mut foreign);
        }
    }
}

struct Reader<'a> {
    id: FileId,
    source: Source<'a>,
    name: &'a str,
    /// All that the template makes.
    resources: &'a [Entry],
    path: &'a Path,
    /// Holders of managed policies that say so themselves.
    attached: &'a BTreeMap<String, Vec<Text>>,
    is_sam: bool,
    places: &'a mut Vec<Place>,
}

impl Reader<'_> {
    fn resource(mut self, resource: &Node) {
        let kind = resource.get("Type").and_then(Node::known).unwrap_or_default();
        let Some(properties) = resource.get("Properties") else { return };
        let text = |name: &str| properties.get(name).and_then(|node| text_of(node, self.source.text));
        let generated = || {
            let mut name = Text::opaque("(stack)");
            name.push(&format!("-{}-", self.name));
            name.push_opaque("(random)");
            name
        };
        match kind {
            "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => {
                let name_of = ["RoleName", "UserName", "GroupName"].into_iter().find_map(text);
                let own = vec![self.holder(kind, &Text::opaque(self.name))];
                let holder = name_of.unwrap_or_else(generated);
                let policies = properties.get("Policies").map(Node::items).unwrap_or_default();
                for (at, policy) in policies.iter().enumerate() {
                    let names = Names {
                        name: policy.get("PolicyName").and_then(|node| text_of(node, self.source.text)),
                        holder: Some(holder.clone()),
                        holders: own.clone(),
                        ..Names::default()
                    };
                    let address = format!("Resources.{}.Policies[{at}]", self.name);
                    match policy.get("PolicyDocument") {
                        Some(document) => self.add(document, address, names),
                        None => self.add_unknown(policy, address, names),
                    }
                }
            }
            "AWS::IAM::Policy"
            | "AWS::IAM::RolePolicy"
            | "AWS::IAM::UserPolicy"
            | "AWS::IAM::GroupPolicy" => {
                let Some(document) = properties.get("PolicyDocument") else { return };
                let holders: Vec<&Node> = ["Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"]
                    .into_iter()
                    .filter_map(|name| properties.get(name))
                    .flat_map(Node::items)
                    .collect();
                let holder = match holders.as_slice() {
                    [only] => text_of(only, self.source.text),
                    _ => Some(Text::opaque("(holders)")),
                };
                let names = Names {
                    name: text("PolicyName"),
                    holder,
                    holders: self.holders(properties),
                    ..Names::default()
                };
                let address = format!("Resources.{}", self.name);
                self.add(document, address, names);
                if holders.len() > 1
                    && let Some(place) = self.places.last_mut()
                {
                    place.reasons.push(Reason::Shared(holders.len()));
                }
            }
            "AWS::IAM::ManagedPolicy" => {
                let Some(document) = properties.get("PolicyDocument") else { return };
                let name = text("ManagedPolicyName").unwrap_or_else(generated);
                let mut holders = self.holders(properties);
                holders.extend(self.attached.get(self.name).cloned().unwrap_or_default());
                let names = Names { name: Some(name), holders, ..Names::default() };
                let address = format!("Resources.{}", self.name);
                let uses = attachments(names.holders.iter()).into_iter().chain(self.bounded());
                let uses = uses.collect();
                self.add(document, address, names);
                if let Some(place) = self.places.last_mut() {
                    place.uses = uses;
                }
            }
            SET => {
                let Some(document) = properties.get("InlinePolicy") else { return };
                let holders = vec![self.holder(SET, &Text::opaque(self.name))];
                let names = Names { holder: text("Name"), holders, ..Names::default() };
                self.add(document, format!("Resources.{}.InlinePolicy", self.name), names);
                if let Some(place) = self.places.last_mut() {
                    place.reasons.push(Reason::of_permission_set());
                }
            }
            "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" => self.serverless(properties),
            _ => {}
        }
    }

    /// What the policy bounds.
    fn bounded(&self) -> Option<String> {
        let bounds = |entry: &&Entry| {
            let boundary = entry.value.get("Properties")?.get("PermissionsBoundary")?;
            Some(referred(&text_of(boundary, self.source.text)?)? == self.name)
        };
        let entry = self.resources.iter().find(|entry| bounds(entry) == Some(true))?;
        Some(format!("it is the boundary of `{}`", entry.key))
    }

    /// A role, user or group, by how the template refers to it.
    fn holder(&self, kind: &str, name: &Text) -> Text {
        holder(kind, name, self.path)
    }

    /// Whom a policy names as those who have it.
    fn holders(&self, properties: &Node) -> Vec<Text> {
        let of = |property: &str| {
            let nodes = properties.get(property).map(Node::items).unwrap_or_default().iter();
            nodes.map(|node| self.holder(property, &whole(node, self.source.text))).collect::<Vec<_>>()
        };
        let all = ["Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"];
        all.into_iter().flat_map(of).collect()
    }

    /// Policies of a function: names, policy templates, documents, and documents of which only `Statement` is given.
    fn serverless(&mut self, properties: &Node) {
        let Some(policies) = properties.get("Policies") else { return };
        for (at, policy) in policies.items().iter().enumerate() {
            let mut name = Text::opaque("(stack)");
            name.push(&format!("-{}Role-", self.name));
            name.push_opaque("(random)");
            let names = Names {
                // The transform numbers the documents of a function.
                name: Some(Text::literal(format!("{}RolePolicy{at}", self.name))),
                holder: Some(name),
                ..Names::default()
            };
            let address = format!("Resources.{}.Policies[{at}]", self.name);
            if policy.get("Statement").is_some() {
                self.add(policy, address, names);
            } else if let Some([entry]) = policy.entries() {
                let place = self.place(policy, address, names, Content::Unknown);
                let place = Place { reasons: vec![Reason::Macro(entry.key.clone())], ..place };
                self.places.push(place);
            }
        }
    }

    /// A policy that a function makes, or leaves out.
    fn add_unknown(&mut self, policy: &Node, address: String, names: Names) {
        let place = self.place(policy, address, names, Content::Unknown);
        let reasons = vec![Reason::Expression(whole(policy, self.source.text).to_string())];
        self.places.push(Place { reasons, ..place });
    }

    fn add(&mut self, document: &Node, address: String, names: Names) {
        let place = self.document(document, address, names);
        self.places.push(place);
    }

    fn document(&self, document: &Node, address: String, names: Names) -> Place {
        let mut reasons = Vec::new();
        let statements = match &document.kind {
            Kind::Map(_) => statement::document(document, self.source, &mut reasons),
            _ => {
                let text = self.source.text.get(document.span.clone()).unwrap_or_default();
                reasons.push(Reason::Expression(text.to_owned()));
                Vec::new()
            }
        };
        let place = self.place(document, address, names, Content::Statements(statements));
        Place { reasons, ..place }
    }

    fn place(&self, node: &Node, address: String, names: Names, content: Content) -> Place {
        Place {
            file: self.id,
            line: self.source.lines.of(node.span.start),
            span: node.span.clone(),
            form: if self.is_sam { Form::Sam } else { Form::CloudFormation },
            address,
            names,
            content,
            reasons: Vec::new(),
            context: String::new(),
            inputs: Inputs::default(),
            uses: Vec::new(),
        }
    }
}

/// A permission set of IAM Identity Center.
const SET: &str = "AWS::SSO::PermissionSet";

/// A role, user, group or permission set, by the type of what makes it or the property that names it. A reference means another in another
/// template.
fn holder(kind: &str, name: &Text, path: &Path) -> Text {
    let kind = match kind.to_lowercase() {
        _ if kind == SET => "permission-set",
        // A function's role is called after it.
        _ if kind.starts_with("AWS::Serverless::") => "role",
        kind => ["role", "user", "group"].into_iter().find(|known| kind.contains(known)).unwrap_or_default(),
    };
    let mut all = Text::literal(format!("{kind} "));
    match name.known() {
        Some(known) => all.push(known),
        None => all.push_opaque(&format!("{name} in {}", path.display())),
    }
    all
}

/// To whom of a template its managed policies are attached there, by their logical names, and the policies from elsewhere.
fn attached(
    resources: &[Entry],
    source: Source<'_>,
    path: &Path,
) -> (BTreeMap<String, Vec<Text>>, Vec<Attachment>) {
    let mut own: BTreeMap<String, Vec<Text>> = BTreeMap::new();
    let mut foreign = Vec::new();
    let kind_of =
        |entry: &Entry| entry.value.get("Type").and_then(Node::known).unwrap_or_default().to_owned();
    let is_own = |name: &str| {
        resources.iter().any(|entry| entry.key == name && kind_of(entry) == "AWS::IAM::ManagedPolicy")
    };
    for entry in resources {
        let kind = kind_of(entry);
        if kind == SET {
            foreign.extend(customer_managed(entry, source, path));
        }
        let is_function = kind.starts_with("AWS::Serverless::");
        let property = match kind.as_str() {
            SET => "ManagedPolicies",
            _ if is_function => "Policies",
            _ => "ManagedPolicyArns",
        };
        let list = entry.value.get("Properties").and_then(|properties| properties.get(property));
        for arn in list.map(Node::items).unwrap_or_default() {
            // A document of a function is a policy of its own.
            let Some(policy) = text_of(arn, source.text).filter(|policy| !is_nothing(policy)) else {
                continue;
            };
            let holder = holder(&kind, &Text::opaque(&entry.key), path);
            if let Some(name) = referred(&policy).filter(|name| is_own(name)) {
                own.entry(name.to_owned()).or_default().push(holder);
                continue;
            }
            foreign.push(Attachment {
                file: source.file,
                line: source.lines.of(arn.span.start),
                span: arn.span.clone(),
                address: format!("Resources.{}.{property}", entry.key),
                holder: Some(holder),
                policy,
                ..Attachment::default()
            });
        }
    }
    (own, foreign)
}

/// Policies that a permission set finds by their names in each account.
fn customer_managed(entry: &Entry, source: Source<'_>, path: &Path) -> Vec<Attachment> {
    let property = "CustomerManagedPolicyReferences";
    let list = entry.value.get("Properties").and_then(|properties| properties.get(property));
    let of = |reference: &Node| {
        let node = reference.get("Name")?;
        let folder = reference.get("Path").map(|node| whole(node, source.text)).unwrap_or_default();
        Some(Attachment {
            file: source.file,
            line: source.lines.of(node.span.start),
            span: node.span.clone(),
            address: format!("Resources.{}.{property}", entry.key),
            holder: Some(holder(SET, &Text::opaque(&entry.key), path)),
            policy: crate::attachment::customer_managed(&whole(node, source.text), &folder),
            ..Attachment::default()
        })
    };
    list.map(Node::items).unwrap_or_default().iter().filter_map(of).collect()
}
