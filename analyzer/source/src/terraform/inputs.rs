//! What expressions of a module refer to: local names, and inputs with what callers and files of variables give them.

use std::collections::BTreeSet;

use crate::attachment::Attachment;
use crate::declared::Declared;
use crate::hcl::Block;
use crate::inputs::{Followed, Follower, Scope, references};
use crate::node::Node;
use crate::place::{FileId, Place, Reason};
use crate::repository::Parsed;

use super::Module;

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

    /// What a caller gives an input, and the names in that.
    fn given(&self, file: FileId, block: &Block, name: &str) -> Option<(String, Vec<Name>)> {
        let at = self.of_file(file)?;
        let module = self.module(at)?;
        let mut given = module.said(file, block.get(name)?);
        // What a call goes through is another in each round.
        if super::rounds::is_said_by_loop(&given) {
            given.push_str(&loops(module, file, block));
        }
        let names = Self::names_in(at, &given);
        Some((given, names))
    }

    fn input(&self, at: usize, name: &str) -> Option<Followed<Name>> {
        let module = self.module(at)?;
        let of_callers: Vec<_> =
            module.callers.iter().map(|(file, block)| self.given(*file, block, name)).collect();
        let default = || {
            let (file, block) = module.block(&format!("variable.{name}"))?;
            Some((module.said(file, block.get("default")?), Vec::new()))
        };
        // What every caller gives has no default, and only what nobody calls is given values by files.
        let default =
            if !of_callers.is_empty() && of_callers.iter().all(Option::is_some) { None } else { default() };
        let is_called = !of_callers.is_empty();
        let of_files = module.variables.iter().filter(|_| !is_called).filter_map(|file| {
            let Parsed::Variables(entries) = file.parsed() else { return None };
            let entry = entries.iter().find(|entry| entry.key == name)?;
            Some((entry.value.said(file.text()), Vec::new()))
        });
        let all: Vec<_> =
            default.into_iter().chain(of_files).chain(of_callers.into_iter().flatten()).collect();
        if all.is_empty() {
            return None;
        }
        let meanings: BTreeSet<&str> = all.iter().map(|(meaning, _)| meaning.as_str()).collect();
        let meaning = meanings.into_iter().collect::<Vec<_>>().join("\n").into();
        Some(Followed { meaning, names: all.into_iter().flat_map(|(_, names)| names).collect() })
    }

    /// How often a module is called: by whom, and whether that is there, decides what it makes.
    fn calls(&self, at: usize) -> Option<Followed<Name>> {
        let module = self.module(at)?;
        let mut names = Vec::new();
        let mut all: Vec<String> = Vec::new();
        for (file, block) in &module.callers {
            let Some(caller) = self.of_file(*file) else { continue };
            let Some(of) = self.module(caller) else { continue };
            let loops = loops(of, *file, block);
            names.extend(Self::names_in(caller, &loops));
            names.push(Name::Calls(caller));
            all.push(format!("call {loops}"));
        }
        all.sort();
        (!all.is_empty()).then(|| Followed { meaning: all.join("\n").into(), names })
    }
}

/// By what a block is there, or there several times.
fn loops(module: &Module<'_>, file: FileId, block: &Block) -> String {
    let of = |name: &str| Some(format!(" {name} = {}", module.said(file, block.get(name)?)));
    ["for_each", "count"].into_iter().filter_map(of).collect()
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
            Name::Calls(at) => (*at, "module".to_owned()),
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
                let module = self.module(*at)?;
                let (file, node) = module.local(name)?;
                let meaning = module.said(file, node);
                let names = Self::names_in(*at, &meaning);
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
    fn block_of(&self, address: &str) -> Option<(FileId, &Block)> {
        let ends = address.match_indices('.').map(|(at, _)| at).chain([address.len()]);
        ends.filter_map(|end| self.block(address.get(..end)?)).next()
    }

    /// By what the block of an address is there.
    fn count(&self, address: &str) -> String {
        let count =
            self.block_of(address).and_then(|(file, block)| Some(self.said(file, block.get("count")?)));
        count.unwrap_or_default()
    }
}

/// Notes at places of a module what their expressions refer to.
pub(super) fn note(follower: &Follower<Within<'_, '_>>, module: &Module<'_>, places: &mut [Place]) {
    let calls = follower.behind(vec![Name::Calls(follower.scope.own)]);
    for place in places {
        let count = module.count(&place.address);
        if !count.is_empty() {
            place.inputs.add("count", &count);
        }
        let is_open = place.reasons.iter().any(|why| why.is_unread() || matches!(why, Reason::Repeated(_)));
        let text = module.written(place.file).get(place.span.clone()).filter(|_| is_open);
        let given = place.inputs.meanings().map(str::to_owned).collect::<Vec<_>>();
        let given = given.iter().map(String::as_str);
        follower.note_place(place, text.into_iter().chain(given));
        place.inputs.extend(calls.clone());
    }
}

/// The same of attachments.
pub(super) fn note_attached(
    follower: &Follower<Within<'_, '_>>,
    module: &Module<'_>,
    attachments: &mut [Attachment],
) {
    let calls = follower.behind(vec![Name::Calls(follower.scope.own)]);
    for one in attachments {
        let count = module.count(&one.address);
        follower.note_attachment(one, [count.as_str()]);
        if !count.is_empty() {
            one.switches.add("count", &count);
        }
        one.switches.extend(calls.clone());
    }
}

/// The same of what is declared.
pub(super) fn note_declared(follower: &Follower<Within<'_, '_>>, declared: &mut [Declared]) {
    declared.iter_mut().for_each(|one| follower.note_declared(one));
}
