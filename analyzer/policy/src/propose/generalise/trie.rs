//! Positions of names at which so much varies that they are opened.
//!
//! Names of one type of resource are a tree of segments. A position is what lies below one node of it, in one form:
//! folders are counted apart from what lies beside them, and so are dates. It is opened where values of one form vary,
//! and else where names are too many; what lies below all that stood there then is one, and is judged in turn.

use std::collections::{BTreeMap, BTreeSet};

use super::opening::Opening;
use super::segment::{form, segments};
use super::template::{Shape, Template};
use super::thresholds::Thresholds;
use super::{Sightings, Surroundings, literal};
use crate::Glob;

/// A resource, or the pattern of what its service assigns, as a path of the tree.
pub(super) struct Path<'p> {
    /// What stays whatever is seen.
    pub(super) stays: &'p str,
    segments: Vec<(&'p str, Shape)>,
    pub(super) pattern: &'p str,
    pub(super) resource: &'p str,
}

impl<'p> Path<'p> {
    pub(super) fn of(pattern: &'p str, resource: &'p str) -> Self {
        let (stays, segments) = segments(pattern);
        let segments = segments.into_iter().map(|segment| (segment, Shape::of(segment))).collect();
        Self { stays, segments, pattern, resource }
    }

    fn text(&self, depth: usize) -> &'p str {
        self.segments.get(depth).map_or("", |(text, _)| text)
    }
}

/// A pattern, the paths that it stands for, and what was opened for it.
pub(super) struct Branch<'p> {
    pub(super) pattern: String,
    pub(super) paths: Vec<&'p Path<'p>>,
    pub(super) openings: Vec<Opening>,
}

/// A node of the tree.
struct Node<'p> {
    above: String,
    depth: usize,
    paths: Vec<&'p Path<'p>>,
    openings: Vec<Opening>,
    /// Whether what openings admit is limited here, rather than by whoever opened a position above.
    is_judged: bool,
}

/// Values of one form that are opened.
struct Varying {
    glob: Glob,
    opening: Opening,
}

/// Forms whose values are opened, by the pattern of each.
type Forms = BTreeMap<String, Varying>;

/// The form that a segment is opened with: its own, or one that admits it. A literal is admitted by none.
fn admitting<'f>(forms: &'f Forms, path: &Path<'_>, depth: usize) -> Option<&'f Varying> {
    let (text, shape) = path.segments.get(depth)?;
    let own = match shape {
        Shape::Literal => return None,
        Shape::Typed(template) => forms.get(&template.opened()),
        Shape::Open => None,
    };
    own.or_else(|| forms.values().find(|one| one.glob.matches(text)))
}

pub(super) struct Trie<'t> {
    pub(super) thresholds: Thresholds,
    pub(super) seen: &'t Sightings,
    pub(super) surroundings: Surroundings<'t>,
}

impl Trie<'_> {
    /// The patterns of paths of one type of resource of which the same stays.
    pub(super) fn branches<'p>(&self, stays: &str, paths: Vec<&'p Path<'p>>) -> Vec<Branch<'p>> {
        let root = Node { above: stays.to_owned(), depth: 0, paths, openings: Vec::new(), is_judged: true };
        self.below(root)
    }

    fn below<'p>(&self, node: Node<'p>) -> Vec<Branch<'p>> {
        let mut forms: BTreeMap<String, Vec<&'p Path<'p>>> = BTreeMap::new();
        let mut ends = Vec::new();
        for path in &node.paths {
            match path.segments.get(node.depth) {
                Some((text, _)) => forms.entry(form(text)).or_default().push(path),
                None => ends.push(*path),
            }
        }
        let mut branches = Vec::new();
        for (form, paths) in forms {
            branches.extend(self.position(
                &form,
                &Node { above: node.above.clone(), openings: node.openings.clone(), paths, ..node },
            ));
        }
        if !ends.is_empty() {
            branches.push(Branch { pattern: node.above, paths: ends, openings: node.openings });
        }
        branches
    }

    /// What becomes of names of one form below a node, of which all paths are.
    fn position<'p>(&self, form: &str, node: &Node<'p>) -> Vec<Branch<'p>> {
        let varying = self.varying(node);
        if let Some(opening) = self.crowd(node, &varying)
            && let Some(opened) = self.open(node, form, node.paths.clone(), opening)
        {
            return opened;
        }
        let mut rest = Vec::new();
        let mut parts: BTreeMap<&str, (&Opening, Vec<&'p Path<'p>>)> = BTreeMap::new();
        for path in &node.paths {
            match admitting(&varying, path, node.depth) {
                Some(one) => {
                    parts.entry(one.glob.text()).or_insert((&one.opening, Vec::new())).1.push(path);
                }
                None => rest.push(*path),
            }
        }
        let mut branches = Vec::new();
        for (text, (opening, paths)) in parts {
            match self.open(node, text, paths.clone(), opening.clone()) {
                Some(opened) => branches.extend(opened),
                None => rest.extend(paths),
            }
        }
        let mut names: BTreeMap<&str, Vec<&'p Path<'p>>> = BTreeMap::new();
        for path in rest {
            names.entry(path.text(node.depth)).or_default().push(path);
        }
        for (text, paths) in names {
            branches.extend(self.below(node.child(text, paths)));
        }
        branches
    }

    /// The patterns with a position opened; none where they admit too much that is known. They are judged with all that is
    /// opened below, because each opening alone may admit little.
    fn open<'p>(
        &self,
        node: &Node<'p>,
        text: &str,
        paths: Vec<&'p Path<'p>>,
        opening: Opening,
    ) -> Option<Vec<Branch<'p>>> {
        let limit = self.thresholds.collateral(paths.len()).filter(|_| node.is_judged);
        let mut child = node.child(text, paths);
        child.openings.push(opening);
        child.is_judged = false;
        let above = child.above.clone();
        let known_before: Vec<&str> = child.paths.iter().map(|path| path.pattern).collect();
        let branches = self.below(child);
        let patterns = branches.iter().map(|branch| branch.pattern.as_str());
        let is_allowed = limit.is_none_or(|limit| {
            self.surroundings.admitted(self.seen, patterns, &known_before, &above, limit + 1) <= limit
        });
        is_allowed.then_some(branches)
    }

    /// The forms of which so many values were seen that they are opened: where no name stands that they would admit too
    /// and that is of no such form, for that is one among names.
    fn varying(&self, node: &Node<'_>) -> Forms {
        let mut values: BTreeMap<&Template, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
        let mut literals: BTreeSet<&str> = BTreeSet::new();
        for path in &node.paths {
            match path.segments.get(node.depth) {
                Some((text, Shape::Typed(template))) => {
                    values.entry(template).or_default().entry(text).or_default().push(path.resource);
                }
                Some((text, Shape::Literal)) => _ = literals.insert(text),
                Some((_, Shape::Open)) | None => {}
            }
        }
        let mut forms = Forms::new();
        for (template, values) in values {
            if values.len() < self.thresholds.values {
                continue;
            }
            let text = template.opened();
            let glob = Glob::resource_without_variables(&text);
            let days = self.seen.days(values.values().flatten().copied());
            if days < self.thresholds.days || literals.iter().any(|literal| glob.matches(literal)) {
                continue;
            }
            let (count, what) = (values.len(), template.plural());
            // Of those that are written alike the one with the most values tells why.
            if forms.get(&text).is_none_or(|other| other.opening.count < count) {
                let opening = Opening { is_crowd: false, what, count, days, above: node.above.clone() };
                forms.insert(text, Varying { glob, opening });
            }
        }
        // The widest stay.
        let globs: Vec<Glob> = forms.values().map(|one| one.glob.clone()).collect();
        let globs: Vec<(&str, &Glob)> = globs.iter().map(|glob| (literal(glob.text()), glob)).collect();
        let is_narrower = |one: &Glob| {
            let start = literal(one.text());
            let mut wider = globs.iter().filter(|(other, _)| start.starts_with(other));
            wider.any(|(_, other)| one != *other && one.is_included_in(&[*other]))
        };
        forms.retain(|_, one| !is_narrower(&one.glob));
        forms
    }

    /// Whether names at a position are too many, where values that vary are one.
    fn crowd(&self, node: &Node<'_>, varying: &Forms) -> Option<Opening> {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for path in &node.paths {
            let form = admitting(varying, path, node.depth);
            names.insert(form.map_or(path.text(node.depth), |one| one.glob.text()));
        }
        let count = names.len();
        if count < self.thresholds.names {
            return None;
        }
        let days = self.seen.days(node.paths.iter().map(|path| path.resource));
        let opening =
            Opening { is_crowd: true, what: "names".to_owned(), count, days, above: node.above.clone() };
        (days >= self.thresholds.days).then_some(opening)
    }
}

impl<'p> Node<'p> {
    fn child(&self, text: &str, paths: Vec<&'p Path<'p>>) -> Self {
        Self {
            above: format!("{}{text}", self.above),
            depth: self.depth + 1,
            paths,
            openings: self.openings.clone(),
            is_judged: self.is_judged,
        }
    }
}
