//! What Kustomize makes of manifests: other names and namespaces, and patches.
//! Source: the Kustomize documentation, "kustomization.yaml".

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::markers::ROLES;
use crate::node::Node;
use crate::place::{Content, Form, Place, Reason};
use crate::repository::{File, Parsed, joined, named};
use crate::subject::Overlay;
use crate::text::Text;

/// Overlays of overlays are followed no further.
const DEPTH: usize = 16;

/// One `kustomization.yaml`.
struct Kustomization<'a> {
    file: &'a File,
    folder: PathBuf,
    node: &'a Node,
}

/// What a way from an overlay to a file does to names.
#[derive(Clone, Debug, Default)]
struct Change {
    prefix: String,
    suffix: String,
    namespace: Option<String>,
    /// The overlays' own folder.
    overlay: PathBuf,
}

/// Tells places how they are called once overlays are applied, and which of them others patch.
pub(crate) fn apply(files: &[File], places: &mut [Place]) {
    let all = kustomizations(files);
    if all.is_empty() {
        return;
    }
    let mut changes: BTreeMap<PathBuf, Vec<Change>> = BTreeMap::new();
    let referred: BTreeSet<PathBuf> = all.iter().flat_map(resources).collect();
    let mut folders: BTreeMap<&Path, Vec<&Kustomization<'_>>> = BTreeMap::new();
    for one in &all {
        folders.entry(&one.folder).or_default().push(one);
    }
    for top in all.iter().filter(|one| !referred.contains(&one.folder)) {
        let start = Change { overlay: top.folder.clone(), ..Change::default() };
        walk(&folders, top, start, &mut changes, DEPTH);
    }
    for place in places.iter_mut().filter(|place| matches!(place.form, Form::Manifest | Form::Markers)) {
        let generated = matches!(place.form, Form::Markers);
        let path = match files.get(place.file) {
            Some(_) if generated => generated_role(files, place),
            Some(file) => Some(file.path.clone()),
            None => None,
        };
        let Some(ways) = path.and_then(|path| changes.get(&path)) else { continue };
        rename(place, ways);
    }
    for one in &all {
        patched(one, files, places);
    }
}

/// The file that is generated from markers: the overlays name it.
fn generated_role(files: &[File], place: &Place) -> Option<PathBuf> {
    let path = &files.get(place.file)?.path;
    let roles = path.ancestors().skip(1).map(|folder| folder.join(ROLES));
    roles.into_iter().find(|role| named(files, role).is_some())
}

fn kustomizations(files: &[File]) -> Vec<Kustomization<'_>> {
    let mut all = Vec::new();
    for file in files {
        if !is_kustomization(&file.path) {
            continue;
        }
        if let Parsed::Documents(documents) = file.parsed() {
            let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
            all.extend(documents.iter().map(|node| Kustomization { file, folder: folder.clone(), node }));
        }
    }
    all
}

/// Whether a file is read by Kustomize, by its name.
pub(crate) fn is_kustomization(path: &Path) -> bool {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    path.file_name().is_some_and(|name| names.iter().any(|one| name == *one))
}

/// What it takes in: files and folders.
fn resources<'a>(one: &'a Kustomization<'_>) -> impl Iterator<Item = PathBuf> + 'a {
    let fields = ["resources", "bases", "components"];
    let items = fields.into_iter().filter_map(|field| one.node.get(field)).flat_map(Node::items);
    items.filter_map(Node::known).filter_map(|path| joined(&one.folder, Path::new(path)))
}

fn walk(
    folders: &BTreeMap<&Path, Vec<&Kustomization<'_>>>,
    one: &Kustomization<'_>,
    outer: Change,
    changes: &mut BTreeMap<PathBuf, Vec<Change>>,
    depth: usize,
) {
    let text = |name: &str| one.node.get(name).and_then(Node::known).unwrap_or_default();
    let change = Change {
        // Prefixes of overlays come before those of their bases.
        prefix: format!("{}{}", outer.prefix, text("namePrefix")),
        suffix: format!("{}{}", text("nameSuffix"), outer.suffix),
        namespace: outer
            .namespace
            .or_else(|| Some(text("namespace").to_owned()).filter(|name| !name.is_empty())),
        overlay: outer.overlay,
    };
    for path in resources(one) {
        match folders.get(path.as_path()) {
            Some(inner) if depth > 0 => {
                inner.iter().for_each(|one| walk(folders, one, change.clone(), changes, depth - 1));
            }
            _ => changes.entry(path).or_default().push(change.clone()),
        }
    }
}

fn rename(place: &mut Place, ways: &[Change]) {
    let is_same =
        |a: &Change, b: &Change| a.prefix == b.prefix && a.suffix == b.suffix && a.namespace == b.namespace;
    let Some((first, rest)) = ways.split_first() else { return };
    if rest.is_empty() || rest.iter().all(|way| is_same(first, way)) {
        if let Some(name) = &mut place.names.name {
            let mut new = Text::default();
            new.push(&first.prefix);
            new.append(name);
            new.push(&first.suffix);
            *name = new;
        }
        if let (Some(namespace), Some(new)) = (&mut place.names.namespace, &first.namespace) {
            *namespace = Text::literal(new.clone());
        }
        if let Content::Binding(bound) = &mut place.content {
            let Change { prefix, suffix, namespace, .. } = first.clone();
            bound.overlay = Some(Overlay { prefix, suffix, namespace });
        }
        return;
    }
    let mut overlays: Vec<String> = ways.iter().map(|way| way.overlay.display().to_string()).collect();
    overlays.dedup();
    place.reasons.push(Reason::Repeated(format!("overlays {}", overlays.join(", "))));
    // Any of them may have made it; what differs between them is open.
    if let Some(name) = &mut place.names.name {
        let mut new = Text::default();
        let of = |part: fn(&Change) -> &String, new: &mut Text| match ways
            .iter()
            .all(|way| part(way) == part(first))
        {
            true => new.push(part(first)),
            false => new.push_opaque("(overlay)"),
        };
        of(|way| &way.prefix, &mut new);
        new.append(name);
        of(|way| &way.suffix, &mut new);
        *name = new;
    }
    if let Some(namespace) = &mut place.names.namespace {
        if let (Some(new), true) = (&first.namespace, ways.iter().all(|way| way.namespace == first.namespace))
        {
            *namespace = Text::literal(new.clone());
        } else if ways.iter().any(|way| way.namespace.is_some()) {
            *namespace = Text::opaque("(overlay)");
        }
    }
}

/// Marks the roles that an overlay patches.
fn patched(one: &Kustomization<'_>, files: &[File], places: &mut [Place]) {
    let fields = ["patches", "patchesJson6902", "patchesStrategicMerge"];
    let patches = fields.into_iter().filter_map(|field| one.node.get(field)).flat_map(Node::items);
    for patch in patches {
        let target = patch.get("target");
        let of =
            |name: &str| target.and_then(|target| target.get(name)).and_then(Node::known).map(str::to_owned);
        let inline = patch.get("patch").unwrap_or(patch).known().unwrap_or_default();
        let own = crate::yaml::read(inline).unwrap_or_default();
        let own = own.first();
        let role = of("kind").or_else(|| own.and_then(|own| Some(own.get("kind")?.known()?.to_owned())));
        let name = of("name")
            .or_else(|| own.and_then(|own| Some(own.get("metadata")?.get("name")?.known()?.to_owned())));
        let path =
            patch.get("path").and_then(Node::known).and_then(|path| joined(&one.folder, Path::new(path)));
        let file = path.and_then(|path| files.get(named(files, &path)?));
        let by = one.file.path.display().to_string();
        let of_patch = (by.clone(), patch.said(one.file.text()));
        let of_file = file.map(|file| {
            let said = match file.parsed() {
                Parsed::Documents(all) => all.iter().map(|node| node.said(file.text())).collect(),
                _ => file.text().to_owned(),
            };
            (file.path.display().to_string(), said)
        });
        let is_object = |place: &&mut Place| {
            place.form != Form::Terraform && matches!(place.content, Content::Rules(_) | Content::Binding(_))
        };
        for place in places.iter_mut().filter(is_object) {
            let own_name = place.address.split_once('/').map(|(_, name)| name).unwrap_or_default();
            // A patch that says neither kind nor name is of what its file says, which is read as what it is.
            let is_its = (role.is_some() || name.is_some())
                && role.as_deref().is_none_or(|wanted| is_meant(wanted, place.kind()))
                && name.as_deref().is_none_or(|wanted| is_meant(wanted, own_name));
            if !is_its {
                continue;
            }
            for (path, said) in std::iter::once(&of_patch).chain(&of_file) {
                place.inputs.add(path, said);
            }
            place.reasons.push(Reason::Patched(by.clone()));
        }
    }
}

/// Whether a target means a kind or name: it may be a pattern, which is anchored. One with more than letters and dots may mean any.
/// Source: the Kustomize documentation, "patches", on `target`.
fn is_meant(target: &str, name: &str) -> bool {
    let is_pattern = target.contains(['*', '+', '?', '[', '(', '|', '^', '$', '\\', '{']);
    let is_same = |(own, other): (char, char)| own == other || own == '.';
    is_pattern
        || target.chars().count() == name.chars().count() && target.chars().zip(name.chars()).all(is_same)
}
