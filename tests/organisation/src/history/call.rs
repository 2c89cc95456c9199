//! Calls as tasks make them: parsed from their notation, with the workload's own names filled in.

use std::collections::BTreeMap;

use crate::cluster::ClusterCall;
use crate::error::Error;
use crate::identity::Identity;
use crate::mint::Mint;
use crate::pattern::{Arguments, Pattern, Scene};
use crate::recorder::draw;
use crate::template::{Template, Templates};

/// A call that is made again and again.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// What is asked for.
    pub(super) target: Target,
    /// How often in one run: fewest and most.
    pub(super) times: (i64, i64),
    /// Probability that a run makes it at all.
    pub(super) chance: f64,
    /// Error code, and how likely it is.
    pub(super) error: Option<(String, f64)>,
}

/// What a call asks for.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// An operation of a service.
    Cloud {
        /// The operation.
        template: &'static Template,
        /// Arguments, drawn for every call.
        with: Vec<(String, Pattern)>,
    },
    /// A request to the API server.
    Cluster {
        /// The request without the name of what it is for.
        call: Box<ClusterCall>,
        /// That name, drawn for every call.
        name: Pattern,
    },
}

/// A workload's own names, by what stands between tildes.
pub(super) type Names = BTreeMap<&'static str, String>;

/// One of a workload's own names; empty where it has none.
pub(super) fn name<'a>(names: &'a Names, key: &str) -> &'a str {
    names.get(key).map(String::as_str).unwrap_or_default()
}

/// Adds the names of the role or user that a workload works as.
pub(super) fn name_identity(names: &mut Names, identity: &Identity) {
    names.insert("role", identity.arn.clone());
    names.insert("rolename", identity.name.clone());
}

/// Fills in a workload's own names.
pub(super) fn fill(text: &str, names: &Names) -> String {
    let mut parts = text.split('~');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    while let (Some(key), Some(rest)) = (parts.next(), parts.next()) {
        filled.push_str(name(names, key));
        filled.push_str(rest);
    }
    filled
}

impl Call {
    /// Reads calls that are apart by `;`.
    ///
    /// # Errors
    /// An operation without template, or a placeholder that cannot be read.
    pub(super) fn parse_all(text: &str, names: &Names, in_cluster: bool) -> Result<Vec<Self>, Error> {
        text.split(';').map(|one| Self::parse(one, names, in_cluster)).collect()
    }

    fn parse(text: &str, names: &Names, in_cluster: bool) -> Result<Self, Error> {
        let filled = fill(text, names);
        let unknown = || Error::Operation { principal: "history".to_owned(), operation: text.to_owned() };
        let mut words: Vec<_> = filled.split_whitespace().collect();
        let (mut times, mut chance, mut error) = ((1, 1), 1.0, None);
        // What modifies a call stands behind its arguments, none of which begins with these signs.
        while let Some(word) = words.last() {
            if let Some(range) = word.strip_prefix('*') {
                let (low, high) = range.split_once('-').ok_or_else(unknown)?;
                times = (low.parse().map_err(|_| unknown())?, high.parse().map_err(|_| unknown())?);
            } else if let Some(probability) = word.strip_prefix('?') {
                chance = probability.parse().map_err(|_| unknown())?;
            } else if let Some((code, probability)) =
                word.strip_prefix('!').and_then(|word| word.split_once(':'))
            {
                error = Some((code.to_owned(), probability.parse().map_err(|_| unknown())?));
            } else {
                break;
            }
            words.pop();
        }
        let target = if in_cluster {
            let mut call = request(&words).ok_or_else(unknown)?;
            let name = std::mem::take(&mut call.name).replace("{}", "{lower:5}");
            Target::Cluster { call: Box::new(call), name: Pattern::text(&name)? }
        } else {
            let (operation, arguments) = words.split_first().ok_or_else(unknown)?;
            let template = Templates::of_histories()?.get(operation).ok_or_else(unknown)?;
            let with = arguments.iter().map(|argument| {
                let (name, value) = argument.split_once('=').ok_or_else(unknown)?;
                Ok((name.to_owned(), Pattern::text(value)?))
            });
            Target::Cloud { template, with: with.collect::<Result<_, Error>>()? }
        };
        Ok(Self { target, times, chance, error })
    }
}

/// Reads a request: the verb, `group/version/resource` with its subresource or a path, and `ns=` and `name=`.
fn request(words: &[&str]) -> Option<ClusterCall> {
    let (verb, path) = (words.first()?, words.get(1)?);
    let option = |name: &str| {
        let found = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    let mut call = ClusterCall {
        verb: (*verb).to_owned(),
        group: String::new(),
        version: String::new(),
        resource: String::new(),
        subresource: String::new(),
        namespace: option("ns"),
        name: option("name"),
        path: String::new(),
        code: if *verb == "create" { 201 } else { 200 },
        as_user: None,
    };
    if path.starts_with('/') {
        (*path).clone_into(&mut call.path);
        return Some(call);
    }
    let mut parts = path.split('/');
    let group = parts.next()?;
    call.group = if group == "core" { String::new() } else { group.to_owned() };
    parts.next()?.clone_into(&mut call.version);
    parts.next()?.clone_into(&mut call.resource);
    parts.next().unwrap_or_default().clone_into(&mut call.subresource);
    Some(call)
}

/// Draws the arguments of a call, and those that its template gives where the call does not.
pub(super) fn arguments(
    template: &Template,
    with: &[(String, Pattern)],
    scene: &Scene<'_>,
    mint: &mut Mint,
) -> Arguments {
    let mut arguments = Arguments::default();
    draw(with, scene, &mut arguments, mint);
    template.complete(scene, &mut arguments, mint);
    arguments
}

/// The permission and the resource that a request to the API server needs: `verb group/resource in namespace`, where the
/// group of the core is `core` and the namespace of what has none is `*`.
pub(super) fn cluster_need(call: &ClusterCall) -> (String, String) {
    if call.resource.is_empty() {
        return (format!("{} {}", call.verb, call.path), "*".to_owned());
    }
    let group = if call.group.is_empty() { "core" } else { &call.group };
    let namespace = if call.namespace.is_empty() { "*" } else { &call.namespace };
    let name = if call.checked_name().is_empty() { "*" } else { call.checked_name() };
    (format!("{} {group}/{} in {namespace}", call.verb, call.checked_resource()), name.to_owned())
}
