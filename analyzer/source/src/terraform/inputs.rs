//! What expressions of a module refer to: local names, and inputs with what callers and files of variables give them.

use std::collections::{BTreeMap, BTreeSet};

use crate::attachment::Attachment;
use crate::declared::Declared;
use crate::hcl::Block;
use crate::inputs::{CALLS, COUNT, Followed, Follower, Inputs, Scope, digest_of, references};
use crate::node::Node;
use crate::place::{Content, FileId, Place, Reason};
use crate::repository::Parsed;
use crate::text::Text;

use super::Module;
use super::rounds::is_said_by_loop;

/// A module among those of its repository.
#[derive(Clone, Copy)]
pub(super) struct Within<'m, 'a> {
    all: &'m [Module<'a>],
    /// Which of them it is.
    own: usize,
}

/// A name in one of the modules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A local name.
    Local(usize, String),
    /// An input.
    Input(usize, String),
    /// How often it is called.
    Calls(usize),
}

impl<'m, 'a> Within<'m, 'a> {
    pub(super) fn follower(all: &'m [Module<'a>], own: usize) -> Follower<Self> {
        Follower::new(Self { all, own })
    }

    fn module(&self, at: usize) -> Option<&'m Module<'a>> {
        self.all.get(at)
    }

    /// The module that holds a file.
    fn of_file(&self, file: FileId) -> Option<usize> {
        let folder = self.module(self.own)?.files.get(file)?.path.parent()?;
        self.all.binary_search_by(|module| module.folder.as_path().cmp(folder)).ok()
    }

    fn names_in(at: usize, expression: &str) -> Vec<Name> {
        let is_name = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '-';
        let of = |word: &str| references(expression, word, is_name).into_iter();
        let bare = |name: String| name.split_once('.').map(|(_, name)| name.to_owned()).unwrap_or_default();
        let locals = of("local.").map(|name| Name::Local(at, bare(name)));
        locals.chain(of("var.").map(|name| Name::Input(at, bare(name)))).collect()
    }

    /// What a value says, and the names in it.
    fn read(&self, at: usize, file: FileId, node: &Node) -> Option<(String, Vec<Name>)> {
        let text = self.module(at)?.written(file);
        Some((node.said(text), Self::names_in(at, text.get(node.span.clone()).unwrap_or_default())))
    }

    /// What a caller gives an input, and the names in that.
    fn given(&self, file: FileId, block: &Block, name: &str) -> Option<(String, Vec<Name>)> {
        let at = self.of_file(file)?;
        let (mut given, mut names) = self.read(at, file, block.get(name)?)?;
        // What a call goes through is another in each round.
        if is_said_by_loop(&given) {
            let (loops, more) = self.loops(at, file, block);
            given.push_str(&loops);
            names.extend(more);
        }
        Some((format!("{}: {given}", self.folder(at)), names))
    }

    /// The folder of a module, by which its calls are told from those of others: they may be of other environments.
    fn folder(&self, at: usize) -> String {
        self.module(at).map(|module| module.folder.display().to_string()).unwrap_or_default()
    }

    fn input(&self, at: usize, name: &str) -> Option<Followed<Name>> {
        let module = self.module(at)?;
        let of_callers: Vec<_> =
            module.callers.iter().map(|(file, block)| self.given(*file, block, name)).collect();
        let default = || {
            let (file, block) = module.block(&format!("variable.{name}"))?;
            Some((module.said(file, block.get("default")?), Vec::new()))
        };
        // What every caller gives has no default, unless files give it values where nothing calls it.
        let is_given = !of_callers.is_empty() && of_callers.iter().all(Option::is_some);
        let default = if is_given && module.variables.is_empty() { None } else { default() };
        let of_files = module.variables.iter().filter_map(|file| {
            let Parsed::Variables(entries) = file.parsed() else { return None };
            let entry = entries.iter().find(|entry| entry.key == name)?;
            // What one environment gets is nothing that another has, though that may be the same.
            Some((format!("{}: {}", file.path.display(), entry.value.said(file.text())), Vec::new()))
        });
        let all: Vec<_> =
            default.into_iter().chain(of_files).chain(of_callers.into_iter().flatten()).collect();
        let mut meanings: Vec<&str> = all.iter().map(|(meaning, _)| meaning.as_str()).collect();
        meanings.sort_unstable();
        let meaning = (!meanings.is_empty()).then(|| meanings.join("\n").into())?;
        Some(Followed { meaning, names: all.into_iter().flat_map(|(_, names)| names).collect() })
    }

    /// How often a module is called: by whom, and whether that is there, decides what it makes.
    fn calls(&self, at: usize) -> Option<Followed<Name>> {
        let module = self.module(at)?;
        let mut names = Vec::new();
        let mut all: Vec<String> = Vec::new();
        for (file, block) in &module.callers {
            let Some(caller) = self.of_file(*file) else { continue };
            let (loops, more) = self.loops(caller, *file, block);
            names.extend(more);
            names.push(Name::Calls(caller));
            all.push(format!("call in {}{loops}", self.folder(caller)));
        }
        all.sort();
        (!all.is_empty()).then(|| Followed { meaning: all.join("\n").into(), names })
    }

    /// By what a block is there, or there several times.
    fn loops(&self, at: usize, file: FileId, block: &Block) -> (String, Vec<Name>) {
        let (mut said, mut names) = (String::new(), Vec::new());
        for name in ["for_each", "count"] {
            let read = block.get(name).and_then(|node| self.read(at, file, node));
            if let Some((own, more)) = read {
                said.push_str(&format!(" {name} = {own}"));
                names.extend(more);
            }
        }
        (said, names)
    }

    /// What each caller gives some inputs together, and how often it calls: one may get what only another had.
    fn together(&self, inputs: &BTreeSet<&str>) -> Option<String> {
        let module = self.module(self.own).filter(|module| module.callers.len() > 1 && !inputs.is_empty())?;
        let of = |(file, block): &(FileId, &Block)| {
            let at = self.of_file(*file)?;
            let given = |name: &&str| Some(format!("{name} = {}", self.given(*file, block, name)?.0));
            let all: Vec<String> = inputs.iter().filter_map(given).collect();
            Some(format!("{}{}: {}", self.folder(at), self.loops(at, *file, block).0, all.join("; ")))
        };
        let mut all: Vec<String> = module.callers.iter().filter_map(of).collect();
        all.sort();
        Some(digest_of(&all.join("\n")))
    }
}

impl Scope for Within<'_, '_> {
    type Name = Name;

    fn names(&self, expression: &str) -> Vec<Name> {
        Self::names_in(self.own, expression)
    }

    fn shown(&self, name: &Name) -> String {
        let (at, shown) = match name {
            Name::Local(at, name) => (*at, format!("local.{name}")),
            Name::Input(at, name) => (*at, format!("var.{name}")),
            Name::Calls(at) => (*at, CALLS.to_owned()),
        };
        match self.module(at).filter(|_| at != self.own) {
            Some(module) if module.folder.as_os_str().is_empty() => format!("{shown} in ."),
            Some(module) => format!("{shown} in {}", module.folder.display()),
            None => shown,
        }
    }

    fn meaning(&self, name: &Name) -> Option<Followed<Name>> {
        match name {
            Name::Local(at, name) => {
                let (file, node) = self.module(*at)?.local(name)?;
                let (meaning, names) = self.read(*at, file, node)?;
                Some(Followed { meaning: meaning.into(), names })
            }
            Name::Input(at, name) => self.input(*at, name),
            Name::Calls(at) => self.calls(*at),
        }
    }

    fn everything(&self) -> String {
        let files = self.all.first().map(|module| module.files).unwrap_or_default();
        let is_its = |file: &&crate::repository::File| {
            matches!(file.parsed(), Parsed::Terraform(_) | Parsed::Variables(_))
        };
        files.iter().filter(is_its).map(crate::repository::File::text).collect()
    }
}

impl Module<'_> {
    /// A value, without how it is laid out.
    fn said(&self, file: FileId, node: &Node) -> String {
        node.said(self.written(file))
    }

    /// The block that an address is of, or of a part of: `aws_iam_role.app` of `aws_iam_role.app.inline_policy[0]`.
    pub(super) fn block_of(&self, address: &str) -> Option<(FileId, &Block)> {
        let ends = address.match_indices('.').map(|(at, _)| at).chain([address.len()]);
        ends.filter_map(|end| self.block(address.get(..end)?)).next()
    }

    /// By what the block of an address is there: its count, and what it goes through where nothing else of it tells that.
    fn switches(&self, address: &str) -> Option<String> {
        let (file, block) = self.block_of(address)?;
        let of = |name: &str| Some(format!("{name} = {}", self.said(file, block.get(name)?)));
        let others = block.attributes.iter().filter(|entry| entry.key != "for_each");
        // One that is made without a name is called after the round.
        let is_unnamed = super::declared::makes(block) && block.get("name").is_none();
        let is_told =
            is_unnamed || others.map(|entry| self.said(file, &entry.value)).any(|one| is_said_by_loop(&one));
        let loops = of("for_each").filter(|_| !is_told);
        let all: Vec<String> = of("count").into_iter().chain(loops).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }
}

/// What is told where the count of what attaches a policy is another.
const ATTACHED: &str = "the count of what attaches it";

/// What is told where inputs of a module are given otherwise together.
const TOGETHER: &str = "the inputs of its module together";

/// Notes at places of a module what their expressions refer to. `attached` says what attaches policies, by their addresses.
pub(super) fn note(
    follower: &Follower<Within<'_, '_>>,
    module: &Module<'_>,
    attached: &BTreeMap<String, BTreeSet<String>>,
    places: &mut [Place],
) {
    let calls = follower.behind(vec![Name::Calls(follower.scope.own)]);
    for place in places {
        let by = attached.get(&place.address).into_iter().flatten();
        let of_attached: BTreeSet<String> = by.filter_map(|address| module.switches(address)).collect();
        let own = module.switches(&place.address).map(|switches| (COUNT, switches));
        for (name, switches) in own.into_iter().chain(of_attached.into_iter().map(|one| (ATTACHED, one))) {
            place.inputs.add(name, &switches);
        }
        let is_open = place.reasons.iter().any(|why| why.is_unread() || matches!(why, Reason::Repeated(_)));
        let text = module.written(place.file).get(place.span.clone()).filter(|_| is_open);
        let given = place.inputs.meanings().map(str::to_owned).collect::<Vec<_>>();
        let of_holders = follower.inputs(place.names.holders.iter().flat_map(Text::expressions));
        follower.note_place(place, text.into_iter().chain(given.iter().map(String::as_str)));
        let of_parts: Vec<&Inputs> = match &place.content {
            Content::Statements(all) => all.iter().map(|one| &one.inputs).collect(),
            Content::Rules(all) => all.iter().map(|one| &one.inputs).collect(),
            Content::Binding(_) | Content::Unknown => Vec::new(),
        };
        let all = of_parts.into_iter().chain([&of_holders, &place.inputs]);
        if let Some(together) = follower.scope.together(&own_inputs(all)) {
            place.inputs.add(TOGETHER, &together);
        }
        place.inputs.extend(&calls);
    }
}

/// Inputs of the module itself, by their names.
fn own_inputs<'i>(all: impl Iterator<Item = &'i Inputs>) -> BTreeSet<&'i str> {
    let names = all.flat_map(Inputs::names).filter_map(|name| name.strip_prefix("var."));
    names.filter(|name| !name.contains(' ')).collect()
}

/// What decides whether what an address makes is there.
fn switches(follower: &Follower<Within<'_, '_>>, module: &Module<'_>, address: &str) -> Inputs {
    let mut switches = follower.switches(COUNT, module.switches(address).as_deref());
    switches.extend(&follower.behind(vec![Name::Calls(follower.scope.own)]));
    switches
}

/// The same of attachments.
pub(super) fn note_attached(
    follower: &Follower<Within<'_, '_>>,
    module: &Module<'_>,
    attachments: &mut [Attachment],
) {
    for one in attachments {
        follower.note_attachment(one);
        one.switches = switches(follower, module, &one.address);
        let names = own_inputs([&one.inputs, &one.switches].into_iter());
        if let Some(together) = follower.scope.together(&names) {
            one.switches.add(TOGETHER, &together);
        }
    }
}

/// The same of what is declared.
pub(super) fn note_declared(
    follower: &Follower<Within<'_, '_>>,
    module: &Module<'_>,
    declared: &mut [Declared],
) {
    for one in declared {
        follower.note_declared(one);
        if !one.members.is_empty() {
            one.switches = switches(follower, module, &one.address);
        }
    }
}
