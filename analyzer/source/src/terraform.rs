//! Policies in Terraform: what makes one, and where it is written.

pub(crate) mod cluster;
mod declared;
mod definitions;
mod expression;
mod holder;
mod inputs;
mod made;
mod module;
mod paths;
mod reference;
mod references;
mod resource_policy;
mod rounds;
mod tags;
#[cfg(test)]
mod tests;
mod uses;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::attachment::Attachment;
use crate::declared::Declared;
use crate::hcl::Block;
use crate::inputs::Inputs;
use crate::node::{Kind, Node, Span};
use crate::place::{Content, FileId, Form, Names, Place, Reason};
use crate::repository::{File, Parsed, joined, named};
use crate::statement::{Definitions, Source, plain};
use crate::text::Text;
use expression::{Found, Written};
use inputs::Within;
use references::References;

/// The blocks of one folder, which Terraform reads as one module.
pub(crate) struct Module<'a> {
    folder: PathBuf,
    pub(crate) files: &'a [File],
    blocks: Vec<(FileId, &'a Block)>,
    /// The blocks by their addresses, the first one where several have one.
    addresses: BTreeMap<String, (FileId, &'a Block)>,
    /// The values of local names.
    locals: BTreeMap<&'a str, (FileId, &'a Node)>,
    /// The blocks that call it.
    callers: Vec<(FileId, &'a Block)>,
    /// The files in its folder, and below, that give its inputs values.
    variables: Vec<&'a File>,
    /// References that were resolved to texts, or cannot be, and those that are being resolved.
    resolved: RefCell<BTreeMap<String, Option<Text>>>,
}

/// The modules of all folders with Terraform.
fn modules(files: &[File]) -> Vec<Module<'_>> {
    let mut folders: BTreeMap<&Path, Vec<FileId>> = BTreeMap::new();
    for (id, file) in files.iter().enumerate() {
        if matches!(file.parsed(), Parsed::Terraform(_)) {
            folders.entry(file.path.parent().unwrap_or(Path::new(""))).or_default().push(id);
        }
    }
    let mut callers = module::callers(files);
    let given: Vec<&File> =
        files.iter().filter(|file| matches!(file.parsed(), Parsed::Variables(_))).collect();
    let module = |(folder, ids): (&Path, Vec<FileId>)| {
        let blocks = ids.iter().flat_map(|id| {
            let blocks = match files.get(*id).map(File::parsed) {
                Some(Parsed::Terraform(blocks)) => blocks.as_slice(),
                _ => &[],
            };
            blocks.iter().map(|block| (*id, block))
        });
        let blocks: Vec<_> = blocks.collect();
        let mut locals = BTreeMap::new();
        for (id, block) in blocks.iter().filter(|(_, block)| block.kind == "locals") {
            for entry in &block.attributes {
                locals.entry(entry.key.as_str()).or_insert((*id, &entry.value));
            }
        }
        let mut addresses = BTreeMap::new();
        for (id, block) in &blocks {
            addresses.entry(block.address()).or_insert((*id, *block));
        }
        let callers = callers.remove(folder).unwrap_or_default();
        let variables = given.iter().copied().filter(|file| file.path.starts_with(folder)).collect();
        Module {
            folder: folder.to_owned(),
            files,
            blocks,
            addresses,
            locals,
            callers,
            variables,
            resolved: RefCell::default(),
        }
    };
    folders.into_iter().map(module).collect()
}

/// Places of all folders with Terraform, those of policies of resources, and policies from elsewhere that are attached.
pub(crate) fn places(files: &[File]) -> (Vec<Place>, Vec<Place>, Vec<Attachment>) {
    let (mut places, mut resource_policies, mut attachments) = (Vec::new(), Vec::new(), Vec::new());
    let all = modules(files);
    let references: Vec<References<'_>> = all.iter().map(References::of).collect();
    for (at, module) in all.iter().enumerate() {
        let mut attached = holder::attached(module);
        let mut own = Vec::new();
        module.places(&attached.own, &mut own);
        own.iter_mut().for_each(|place| made::by_calls(&all, module, &mut place.names));
        uses::note(&all, &references, (at, &attached.own), &mut own);
        own.extend(cluster::places(module));
        let mut of_resources = resource_policy::places(module);
        let follower = Within::follower(&all, at);
        inputs::note(&follower, module, &attached.by, &mut own);
        inputs::note(&follower, module, &attached.by, &mut of_resources);
        inputs::note_attached(&follower, module, &mut attached.foreign);
        places.append(&mut own);
        resource_policies.append(&mut of_resources);
        attachments.append(&mut attached.foreign);
    }
    (places, resource_policies, attachments)
}

/// Roles, users and groups of all folders with Terraform, and what has tags there.
pub(crate) fn declared(files: &[File]) -> Vec<Declared> {
    let all = modules(files);
    let of = |(at, module): (usize, &Module<'_>)| {
        let mut declared = declared::all(module);
        inputs::note_declared(&Within::follower(&all, at), module, &mut declared);
        declared
    };
    all.iter().enumerate().flat_map(of).collect()
}

/// A policy that a block makes: how it is called, and what says what it allows.
pub(crate) struct Wanted<'a> {
    file: FileId,
    block: &'a Block,
    address: String,
    names: Names,
    value: &'a Node,
    form: Option<Form>,
}

impl<'a> Module<'a> {
    fn places(&self, attached: &BTreeMap<String, Vec<Text>>, places: &mut Vec<Place>) {
        let mut wanted = Vec::new();
        for (file, block) in &self.blocks {
            match (block.kind.as_str(), block.labels.first().map(String::as_str)) {
                ("resource", Some(kind)) => self.resource(*file, block, kind, attached, &mut wanted),
                ("module", _) => module::policies(self, *file, block, &mut wanted),
                _ => {}
            }
        }
        let mut uses: BTreeMap<(FileId, usize), usize> = BTreeMap::new();
        let mut own = Vec::new();
        for one in &wanted {
            if let Some(found) = self.find(one) {
                *uses.entry((found.file, found.span.start)).or_default() += 1;
                own.push(found);
            }
        }
        for (file, block) in &self.blocks {
            let is_document =
                block.kind == "data" && block.labels.first().is_some_and(|kind| kind == DOCUMENT);
            if is_document && !uses.contains_key(&(*file, block.span.start)) {
                own.push(self.document(*file, block, &Names::default()));
            }
        }
        let merging = self.merging();
        for place in &mut own {
            place.reasons.extend(self.merged(place, &merging));
            let count = uses.get(&(place.file, place.span.start)).copied().unwrap_or(1);
            if count > 1 {
                place.reasons.push(Reason::Shared(count));
            }
            place.reasons.extend(self.called_often());
        }
        places.append(&mut own);
    }

    /// That several calls of the module make several of what it makes.
    fn called_often(&self) -> Option<Reason> {
        let times = self.callers.iter().map(|(_, block)| if repeats(block).is_some() { 2 } else { 1 });
        let times: usize = times.sum();
        (times > 1).then(|| Reason::Repeated(format!("{times} calls of its module")))
    }

    /// What documents take over others by, with what is written there.
    fn merging(&self) -> Vec<(&'static str, &'a str)> {
        let of = |name: &'static str| {
            self.blocks.iter().filter_map(move |(file, block)| {
                let span = block.get(name)?.span.clone();
                Some((name, self.files.get(*file)?.text().get(span)?))
            })
        };
        MERGES.into_iter().flat_map(of).collect()
    }

    /// By what another document takes over a data source.
    fn merged(&self, place: &Place, merging: &[(&str, &str)]) -> Option<Reason> {
        if merging.is_empty() {
            return None;
        }
        let mut blocks = self.blocks.iter();
        let (_, own) = blocks.find(|(file, block)| *file == place.file && block.span == place.span)?;
        let reference = format!("{}.", own.address());
        let (name, _) = merging.iter().find(|(_, value)| value.contains(&reference))?;
        Some(Reason::Merged((*name).to_owned()))
    }

    fn resource(
        &self,
        file: FileId,
        block: &'a Block,
        kind: &str,
        attached: &BTreeMap<String, Vec<Text>>,
        wanted: &mut Vec<Wanted<'a>>,
    ) {
        // The attributes with whoever holds it, and with the policy.
        let (holder, policy) = match kind {
            "aws_iam_role_policy" => (Some(("role", "role")), "policy"),
            "aws_iam_user_policy" => (Some(("user", "user")), "policy"),
            "aws_iam_group_policy" => (Some(("group", "group")), "policy"),
            PERMISSION_SET => (Some(("permission-set", "permission_set_arn")), "inline_policy"),
            "aws_iam_policy" | "aws_iam_role" => (None, "policy"),
            _ => return,
        };
        if kind == "aws_iam_role" {
            for (at, inline) in block.blocks("inline_policy").enumerate() {
                let Some(value) = inline.get("policy") else { continue };
                let holders = holder::made(self, file, block, "role");
                let names = Names {
                    name: self.name(file, inline),
                    holder: self.name(file, block),
                    holders,
                    ..Names::default()
                };
                let address = format!("{}.inline_policy[{at}]", block.address());
                wanted.push(Wanted { file, block, address, names, value, form: None });
            }
            return;
        }
        let Some(value) = block.get(policy) else { return };
        let holder = holder.and_then(|(kind, attribute)| Some((kind, block.get(attribute)?)));
        let holders = match holder {
            Some((kind, node)) => holder::of(self, file, block, kind, node),
            None => attached.get(&block.address()).cloned().unwrap_or_default(),
        };
        let holder = holder.map(|(_, node)| self.text(file, node));
        let names = Names { name: self.name(file, block), holder, holders, ..Names::default() };
        wanted.push(Wanted { file, block, address: block.address(), names, value, form: None });
    }

    /// What a resource is called.
    fn name(&self, file: FileId, block: &Block) -> Option<Text> {
        if let Some(name) = block.get("name") {
            return Some(self.text(file, name));
        }
        let mut name = self.text(file, block.get("name_prefix")?);
        name.push_opaque("(random)");
        Some(name)
    }

    /// The text of a file of this folder.
    fn written(&self, file: FileId) -> &'a str {
        self.files.get(file).map(File::text).unwrap_or_default()
    }

    fn source(&self, file: FileId) -> Option<Source<'_>> {
        let of = self.files.get(file)?;
        let definitions: Option<&dyn Definitions> = Some(self);
        Some(Source { file, text: of.text(), lines: of.lines(), text_of: plain, definitions })
    }

    /// The places that say what a policy allows.
    fn find(&self, wanted: &Wanted<'a>) -> Option<Place> {
        let found = match (wanted.form, expression::find(self, wanted.file, wanted.value, 0)) {
            (None, found) | (Some(_), found @ Found { said: Written::Document(_), .. }) => found,
            (Some(_), mut found) => {
                found.said = Written::Statements(wanted.value);
                found
            }
        };
        let is_one_of_many = matches!(found.said, Written::Document(block) if repeats(block).is_some());
        let mut place = match found.said {
            Written::Document(block) => self.document(found.file, block, &wanted.names),
            Written::Json(node, form) => {
                let source = self.source(found.file)?;
                let mut reasons = Vec::new();
                let statements = crate::statement::document(&node, source, &mut reasons);
                self.place(found.file, &node.span, form, Content::Statements(statements), reasons)
            }
            Written::Statements(node) => module::statements(self, found.file, node)?,
            Written::Unknown(node, reason) => {
                self.place(found.file, &node.span, Form::Terraform, Content::Unknown, vec![reason])
            }
        };
        if let Some(read) = found.read.and_then(|id| self.files.get(id)) {
            place.context.push_str(read.text());
        }
        if let Some((file, given)) = found.given {
            let given = given.said(self.written(file));
            place.inputs.add("templatefile", &given);
        }
        // Which of the documents of a loop it is, its index tells.
        if is_one_of_many && let Some(source) = self.source(wanted.file) {
            place.context.push_str(source.text.get(wanted.value.span.clone()).unwrap_or_default());
        }
        if wanted.block.labels.first().is_some_and(|kind| kind == PERMISSION_SET) {
            place.reasons.push(Reason::of_permission_set());
        }
        if let Some(repeated) = repeats(wanted.block) {
            place.reasons.push(repeated);
            place.context.push_str(&rounds::Loop::of(self, wanted.file, wanted.block).written);
        }
        place.address.clone_from(&wanted.address);
        place.names = wanted.names.clone();
        let Names { name, holder, .. } = &wanted.names;
        place.names.made = made::by_rounds(self, wanted.file, wanted.block, (name, holder));
        Some(place)
    }

    fn place(&self, file: FileId, span: &Span, form: Form, content: Content, reasons: Vec<Reason>) -> Place {
        Place {
            file,
            line: self.files.get(file).map_or(0, |file| file.lines().of(span.start)),
            span: span.clone(),
            form,
            address: String::new(),
            names: Names::default(),
            content,
            reasons,
            context: String::new(),
            inputs: Inputs::default(),
            uses: Vec::new(),
        }
    }

    /// A data source that makes a document of blocks.
    fn document(&self, file: FileId, block: &'a Block, names: &Names) -> Place {
        let mut reasons: Vec<Reason> = repeats(block).into_iter().collect();
        for (name, _) in MERGES.iter().filter_map(|name| Some((*name, block.get(name)?))) {
            reasons.push(Reason::Merged(name.to_owned()));
        }
        if block.blocks("dynamic").next().is_some() {
            reasons.push(Reason::Dynamic);
        }
        let statements = self.source(file).into_iter().flat_map(|source| {
            block.blocks("statement").map(move |statement| crate::statement::block(statement, source))
        });
        let content = Content::Statements(statements.collect());
        let place = self.place(file, &block.span, Form::TerraformDocument, content, reasons);
        let looped = repeats(block).map(|_| rounds::Loop::of(self, file, block).written);
        let context = looped.unwrap_or_default();
        Place { address: block.address(), names: names.clone(), context, ..place }
    }

    /// A text with what is known of the references in it.
    pub(crate) fn text(&self, file: FileId, node: &Node) -> Text {
        expression::text(self, file, node, 0)
    }

    /// The block of an address.
    fn block(&self, address: &str) -> Option<(FileId, &'a Block)> {
        self.addresses.get(address).copied()
    }

    /// The value of a local name.
    fn local(&self, name: &str) -> Option<(FileId, &'a Node)> {
        self.locals.get(name).copied()
    }

    /// A file that a path in a file of this folder names.
    fn file(&self, path: &Text) -> Option<FileId> {
        let path = path.to_string().replace("${path.module}", ".").replace("${path.cwd}", ".");
        if path.contains("${") {
            return None;
        }
        named(self.files, &joined(&self.folder, Path::new(&path))?)
    }
}

/// What gives a permission set of IAM Identity Center its policy, which makes a role in each account.
const PERMISSION_SET: &str = "aws_ssoadmin_permission_set_inline_policy";

/// The data source whose blocks are statements.
const DOCUMENT: &str = "aws_iam_policy_document";

/// What merges other documents into one.
const MERGES: [&str; 4] =
    ["source_json", "override_json", "source_policy_documents", "override_policy_documents"];

/// By what a block is repeated. One that is there or not is not.
fn repeats(block: &Block) -> Option<Reason> {
    if let Some(each) = block.get("for_each") {
        return Some(Reason::Repeated(format!("`for_each = {}`", written(each))));
    }
    let count = block.get("count")?;
    let text = written(count);
    let choice: String =
        text.rsplit('?').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    let is_choice = matches!(choice.as_str(), "1:0" | "0:1" | "1" | "0");
    (!is_choice).then(|| Reason::Repeated(format!("`count = {text}`")))
}

fn written(node: &Node) -> String {
    match &node.kind {
        Kind::Expression(text) | Kind::Plain(text) => text.clone(),
        Kind::Text(text) => text.to_string(),
        Kind::Call(name, _) => format!("{name}(…)"),
        _ => "…".to_owned(),
    }
}
