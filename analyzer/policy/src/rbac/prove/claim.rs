//! What a proposal claims, made of it or read back from its files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use remit_catalog::kubernetes::Request;

use crate::rbac::evidence::Evidence;
use crate::rbac::granted::BoundRole;
use crate::rbac::manifest::read_yaml;
use crate::rbac::object::{Binding, Object, ObjectName, Role};
use crate::rbac::permission::Permission;
use crate::rbac::proposal::{Edit, Proposal};
use crate::rbac::user::User;

/// What is claimed of a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The subject.
    pub user: User,
    /// Bindings that name it, today, with their roles.
    pub own: Vec<(Binding, Role)>,
    /// Those of them that stay as they are.
    pub unchanged: BTreeSet<ObjectName>,
    /// Those of them that others keep, without the subject.
    pub edited: Vec<Binding>,
    /// Those of them that go.
    pub gone: Vec<Binding>,
    /// Bindings of its groups and of the system, with their roles.
    pub fixed: Vec<(Binding, Role)>,
    /// New bindings with their roles.
    pub new: Vec<(Binding, Role)>,
    /// Permissions that have to stay.
    pub protected: Vec<Permission>,
    /// Requests that were seen allowed.
    pub replayed: Vec<Arc<Request>>,
}

impl Claim {
    /// What a proposal claims.
    pub fn of(proposal: &Proposal<'_>) -> Self {
        let owned = |(binding, role): BoundRole<'_>| (binding.clone(), role.clone());
        let is = |edit: Edit| proposal.changes.iter().filter(move |change| change.edit == edit);
        Self {
            user: proposal.user.clone(),
            own: proposal.changes.iter().map(|change| owned(change.before)).collect(),
            unchanged: is(Edit::Keep).map(|change| change.before.0.name.clone()).collect(),
            edited: is(Edit::TakeOut).filter_map(|change| change.after.clone()).collect(),
            gone: is(Edit::Remove).map(|change| change.before.0.clone()).collect(),
            fixed: proposal.fixed.iter().map(|bound| owned(*bound)).collect(),
            new: proposal.new.clone(),
            protected: proposal.kept.iter().map(|kept| kept.permission.clone()).collect(),
            replayed: proposal.replayed.clone(),
        }
    }

    /// What a folder of files claims; `read` gives the text of one of them. The error says which file cannot be used and why.
    pub fn of_evidence<E>(
        evidence: &Evidence,
        read: impl Fn(&str) -> Result<String, E>,
    ) -> Result<Result<Self, String>, E> {
        let mut texts = BTreeMap::new();
        for file in evidence.files.all() {
            texts.insert(file, read(file)?);
        }
        Ok(Self::of_texts(evidence, &texts))
    }

    fn of_texts(evidence: &Evidence, texts: &BTreeMap<&str, String>) -> Result<Self, String> {
        let objects = |file: &Option<String>| match file {
            None => Ok(Objects::default()),
            Some(file) => {
                let text = texts.get(file.as_str()).map(String::as_str).unwrap_or_default();
                let objects =
                    read_yaml(text, file).map_err(|why| format!("file `{file}` cannot be used: {why}"))?;
                Ok::<_, String>(Objects::of(objects))
            }
        };
        let files = &evidence.files;
        let own = objects(&files.before)?.bound()?;
        let (edited, gone) = (objects(&files.edit)?.bindings, objects(&files.remove)?.bindings);
        let is_changed = |name: &ObjectName| edited.iter().chain(&gone).any(|binding| binding.name == *name);
        let unchanged = own.iter().map(|(binding, _)| &binding.name).filter(|name| !is_changed(name));
        Ok(Self {
            user: evidence.user(),
            unchanged: unchanged.cloned().collect(),
            fixed: objects(&files.stays)?.bound()?,
            new: objects(&files.apply)?.bound()?,
            protected: evidence.kept.iter().map(|kept| kept.permission.permission()).collect(),
            replayed: evidence.replayed.iter().map(|entry| Arc::new(entry.request())).collect(),
            own,
            edited,
            gone,
        })
    }

    /// What counts today.
    pub(super) fn before(&self) -> Vec<BoundRole<'_>> {
        self.own.iter().chain(&self.fixed).map(|(binding, role)| (binding, role)).collect()
    }

    /// What counts once it is applied.
    pub(super) fn after(&self) -> Vec<BoundRole<'_>> {
        let kept = self.own.iter().filter(|(binding, _)| self.unchanged.contains(&binding.name));
        kept.chain(&self.fixed).chain(&self.new).map(|(binding, role)| (binding, role)).collect()
    }
}

#[derive(Default)]
struct Objects {
    roles: BTreeMap<ObjectName, Role>,
    bindings: Vec<Binding>,
}

impl Objects {
    fn of(objects: Vec<Object>) -> Self {
        let mut all = Self::default();
        for object in objects {
            match object {
                Object::Role(role) => {
                    all.roles.insert(role.name.clone(), role);
                }
                Object::Binding(binding) => all.bindings.push(binding),
            }
        }
        all
    }

    fn bound(self) -> Result<Vec<(Binding, Role)>, String> {
        let bound = self.bindings.into_iter().map(|binding| {
            let role = binding.role_name().and_then(|name| self.roles.get(&name)).cloned();
            let role =
                role.ok_or_else(|| format!("the role of binding `{}` is missing", binding.name.name))?;
            Ok((binding, role))
        });
        bound.collect()
    }
}
