//! A repository: its files that may hold policies, and the places in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::attachment::Attachment;
use crate::declared::{self, Declared};
use crate::hcl::Block;
use crate::helm::values::is_values;
use crate::json::{self, Dialect, Unreadable};
use crate::lines::Lines;
use crate::node::{Entry, Node};
use crate::place::{FileId, Form, Place, Reason};
use crate::{cloudformation, documents, kubernetes, terraform, yaml};

/// Files of a repository, and where they say what is granted.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// The files that may hold policies, by their paths.
    pub files: Vec<File>,
    /// The places, by file and line.
    pub places: Vec<Place>,
    /// Where policies of resources are, and those of roles about who may become them, by file and line.
    pub resource_policies: Vec<Place>,
    /// Policies that are attached and whose statements are elsewhere.
    pub attachments: Vec<Attachment>,
    /// What could not be read; the rest was.
    pub problems: Vec<Problem>,
    /// Files and folders for which links elsewhere stand, too.
    pub(crate) links: Vec<PathBuf>,
    declared: OnceLock<Vec<Declared>>,
}

/// A file of a repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path, relative to the repository.
    pub path: PathBuf,
    content: Arc<Read>,
}

#[derive(Debug)]
struct Read {
    text: String,
    lines: Lines,
    parsed: Parsed,
    problem: Option<Unreadable>,
}

/// What a file holds.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Blocks of Terraform.
    Terraform(Vec<Block>),
    /// Documents of YAML or JSON.
    Documents(Vec<Node>),
    /// Templates of a chart, with the bytes that templates decide.
    Helm(Vec<Node>, crate::helm::Masked),
    /// Values of variables of Terraform.
    Variables(Vec<Entry>),
    /// Go, or another language.
    Code,
    /// A text that others read, or that cannot be read.
    Text,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the repository.
    pub path: PathBuf,
    /// Line in it, from 1; 0 where it has none.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    /// The problem with where it is, where its file is called like this.
    pub fn told(&self, path: &str) -> String {
        let line = if self.line > 0 { format!(":{}", self.line) } else { String::new() };
        format!("{path}{line}: {}", self.message)
    }
}

impl File {
    /// Reads a text by its name. `is_template` where it is one of a Helm chart.
    pub(crate) fn new(path: PathBuf, text: String, is_template: bool) -> Self {
        let read = parse(&path, &text, is_template);
        let (parsed, problem) = match read {
            Ok(parsed) => (parsed, None),
            Err(unreadable) => (Parsed::Text, Some(unreadable)),
        };
        let lines = Lines::new(&text);
        Self { path, content: Arc::new(Read { text, lines, parsed, problem }) }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.content.text
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.content.lines
    }

    pub(crate) fn parsed(&self) -> &Parsed {
        &self.content.parsed
    }
}

/// What a file's name says about it.
fn parse(path: &Path, text: &str, is_template: bool) -> Result<Parsed, Unreadable> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if [".tf", ".tofu"].iter().any(|end| name.ends_with(end)) {
        return crate::hcl::read(text).map(Parsed::Terraform);
    }
    if [".tf.json", ".tofu.json"].iter().any(|end| name.ends_with(end)) {
        let node = json::read(text, 0..text.len(), Dialect::Template)?;
        return Ok(Parsed::Terraform(crate::terraform_json::blocks(&node)));
    }
    if name.ends_with(".tfvars") {
        return crate::hcl::attributes(text).map(Parsed::Variables);
    }
    if name.ends_with(".tfvars.json") {
        let node = json::read(text, 0..text.len(), Dialect::Template)?;
        return Ok(Parsed::Variables(node.entries().unwrap_or_default().to_vec()));
    }
    // Values may be templates themselves. Then they are read as a text, and no policy is in them.
    let is_policy = text.contains("rbac.authorization.k8s.io") || text.contains("Statement");
    if is_values(path) && !is_template && !is_policy && text.contains("{{") {
        return Ok(yaml::read(text).map_or(Parsed::Text, Parsed::Documents));
    }
    if name.ends_with(".yaml") || name.ends_with(".yml") || (is_template && name.ends_with(".tpl")) {
        if is_template {
            let masked = crate::helm::mask(text);
            let documents = yaml::read(&masked.text)?;
            return Ok(Parsed::Helm(documents, masked));
        }
        return yaml::read(text).map(Parsed::Documents);
    }
    if [".json", ".template"].iter().any(|end| name.ends_with(end)) {
        return match json::read(text, 0..text.len(), Dialect::Plain) {
            Ok(node) => Ok(Parsed::Documents(vec![node])),
            Err(_) if name.ends_with(".template") => yaml::read(text).map(Parsed::Documents),
            Err(unreadable) => Err(unreadable),
        };
    }
    if [".go", ".ts", ".py", ".js"].iter().any(|end| name.ends_with(end)) {
        return Ok(Parsed::Code);
    }
    Ok(Parsed::Text)
}

/// Files of Terraform with a twin of OpenTofu's, which then reads that one alone.
/// Source: OpenTofu, "Files and Directories", on `.tofu` beside `.tf`.
fn passed_over<'a>(paths: impl Iterator<Item = &'a Path>) -> BTreeSet<PathBuf> {
    let twin = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let plain = name.strip_suffix(".tofu").map(|stem| format!("{stem}.tf"));
        let plain = plain.or_else(|| name.strip_suffix(".tofu.json").map(|stem| format!("{stem}.tf.json")));
        Some(path.with_file_name(plain?))
    };
    paths.filter_map(twin).collect()
}

impl Repository {
    /// Of files by their paths relative to the repository.
    pub fn of(files: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let mut all: Vec<_> = files.into_iter().collect();
        all.sort();
        let passed = passed_over(all.iter().map(|(path, _)| path.as_path()));
        all.retain(|(path, _)| !passed.contains(path));
        let charts: Vec<PathBuf> = all.iter().filter_map(|(path, _)| crate::helm::chart(path)).collect();
        let read = all.into_iter().map(|(path, text)| {
            let is_template = charts.iter().any(|chart| path.starts_with(chart.join("templates")));
            File::new(path, text, is_template)
        });
        Self::located(read.collect())
    }

    /// The same with the texts of some files changed, those that are not being what they were.
    pub(crate) fn with(&self, changed: &[(usize, String)]) -> Self {
        let mut files = self.files.clone();
        for (id, text) in changed {
            if let Some(file) = files.get_mut(*id) {
                let is_template = matches!(file.parsed(), Parsed::Helm(..));
                *file = File::new(file.path.clone(), text.clone(), is_template);
            }
        }
        Self { links: self.links.clone(), ..Self::located(files) }
    }

    fn located(files: Vec<File>) -> Self {
        let (mut places, mut resource_policies, mut attachments) = terraform::places(&files);
        let all = places.iter().chain(&resource_policies);
        let taken: BTreeSet<FileId> = all.map(|place| place.file).collect();
        cloudformation::places(&files, &mut places, &mut resource_policies, &mut attachments);
        places.extend(kubernetes::places(&files));
        places.extend(crate::code::places(&files));
        documents::places(&files, &taken, &mut places, &mut resource_policies);
        for places in [&mut places, &mut resource_policies] {
            places
                .sort_by(|a, b| (a.file, a.span.start, &a.address).cmp(&(b.file, b.span.start, &b.address)));
        }
        let problems = files.iter().filter_map(|file| {
            let problem = file.content.problem.as_ref()?;
            let line = file.lines().of(problem.at);
            Some(Problem { path: file.path.clone(), line, message: problem.message.clone() })
        });
        let (problems, declared, links) = (problems.collect(), OnceLock::new(), Vec::new());
        Self { problems, places, resource_policies, attachments, links, declared, files }
    }

    /// Roles, users, groups, and whatever has tags, annotations or labels. They are read when they are first asked for, since an edit is
    /// tried on many repositories that nobody asks.
    pub fn declared(&self) -> &[Declared] {
        self.declared.get_or_init(|| declared::all(&self.files))
    }

    /// For each place here, the one of a repository with other texts that says the same part of it. None where some came or went.
    pub(crate) fn same_places(&self, other: &Self) -> Option<Vec<usize>> {
        Some(self.others(other, &BTreeSet::new())?.into_iter().map(|(_, pair)| pair).collect())
    }

    /// The same of all places but some, which have to be gone.
    pub(crate) fn others(&self, other: &Self, gone: &BTreeSet<usize>) -> Option<Vec<(usize, usize)>> {
        if self.places.len() != other.places.len() + gone.len() {
            return None;
        }
        let mut by_key: BTreeMap<_, VecDeque<usize>> = BTreeMap::new();
        for (at, place) in other.places.iter().enumerate() {
            by_key.entry(key(place)).or_default().push_back(at);
        }
        let left = self.places.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        left.map(|(at, place)| Some((at, by_key.get_mut(&key(place))?.pop_front()?))).collect()
    }

    /// The path of a place's file.
    pub fn path(&self, id: usize) -> &Path {
        self.files.get(id).map_or(Path::new(""), |file| &file.path)
    }

    /// The first file that could not be read and has one of some names as a word: its path, the line with the name, and what
    /// is wrong with it. Names are asked in turn.
    pub(crate) fn unread(&self, names: &[&str]) -> Option<(PathBuf, u32, String)> {
        names.iter().find_map(|name| {
            self.problems.iter().find_map(|problem| {
                let text = self.files.get(named(&self.files, &problem.path)?)?.text();
                let line = text.lines().position(|line| has_name(line, name))?;
                let told = match problem.line {
                    0 => problem.message.clone(),
                    at => format!("line {at}: {}", problem.message),
                };
                Some((problem.path.clone(), u32::try_from(line + 1).unwrap_or(u32::MAX), told))
            })
        })
    }

    /// Where a place is: `iam/app.tf:12`.
    pub fn position(&self, place: &Place) -> String {
        format!("{}:{}", self.path(place.file).display(), place.line)
    }
}

/// Whether a name stands in a line by itself, which is no comment.
fn has_name(line: &str, name: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_comment = line.trim_start().starts_with(['#', '/']);
    !name.is_empty()
        && !is_comment
        && line.match_indices(name).any(|(at, _)| {
            let (before, behind) = (line.get(..at), line.get(at + name.len()..));
            !before.is_some_and(|text| text.ends_with(is_of_name))
                && !behind.is_some_and(|text| text.starts_with(is_of_name))
        })
}

/// What of a place no edit changes. Markers are of a project, wherever its first one stands.
fn key(place: &Place) -> (Option<usize>, Form, &str, &[Reason]) {
    (Some(place.file).filter(|_| place.form != Form::Markers), place.form, &place.address, &place.reasons)
}

/// A path with `/` between its parts, whatever this system writes.
pub fn slashed(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The file of a path. Files are in order of their paths.
pub(crate) fn named(files: &[File], path: &Path) -> Option<FileId> {
    files.binary_search_by(|file| file.path.as_path().cmp(path)).ok()
}

/// A path below a folder, dots resolved; none where it leaves the repository.
pub(crate) fn joined(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut all = folder.to_owned();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !all.pop() {
                    return None;
                }
            }
            Component::Normal(name) => all.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(all)
}
