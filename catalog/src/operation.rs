//! Operations: API calls, and the permissions they need.

use crate::arn::Arn;
use crate::template::{Template, Values};
use crate::{ActionId, ParameterPath, Place, Provenance, ResourceType, Visibility};

/// What the catalog knows of a recorded call's operation.
#[derive(Clone, Copy, Debug)]
pub enum Resolution<'c> {
    /// It needs these permissions.
    Known(&'c Operation),
    /// It needs no permission at all.
    Permissionless(&'c Operation),
    /// The catalog does not know what it needs.
    Unknown,
}

/// When a call of an operation needs an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum When {
    /// Every call does.
    Always,
    /// A call may, and the request as recorded does not tell.
    Perhaps,
    /// A call does when this parameter was given, and does not otherwise.
    With(u16),
    /// A call does when this parameter was given, and may otherwise.
    SurelyWith(u16),
    /// A call does unless this parameter was given: another action takes its place then.
    Without(u16),
}

/// A permission that an operation needs.
#[derive(Clone, Copy, Debug)]
pub struct Requirement {
    /// The action.
    pub action: ActionId,
    /// In which calls; parameters by their place in [`Operation::parameters`].
    pub when: When,
    /// Which source says so.
    pub provenance: Provenance,
    /// Places, in the action's resource types, of the optional types that a call could involve
    /// without the recorded request showing it.
    pub(crate) silent: &'static [u16],
    /// Whether the request cannot tell which of its resources the action is needed on.
    pub(crate) ambiguous: bool,
}

/// An operation of a service.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The operation's name in the service's model, such as `ListObjectsV2`.
    pub name: &'static str,
    /// How CloudTrail records its calls.
    pub visibility: Visibility,
    pub(crate) provenance: Provenance,
    pub(crate) requirements: &'static [Requirement],
    pub(crate) parameters: &'static [ParameterPath],
    pub(crate) templates: &'static [Template],
    pub(crate) accepts: &'static [&'static ResourceType],
}

impl Operation {
    /// The permissions that calls need; empty where none is needed, and where the operation is known by name only.
    pub fn requirements(&self) -> &'static [Requirement] {
        self.requirements
    }

    /// The request parameters to keep of a call.
    pub fn parameters(&self) -> &'static [ParameterPath] {
        self.parameters
    }

    /// How ARNs are made of request parameters.
    pub fn templates(&self) -> &'static [Template] {
        self.templates
    }

    /// Which source says what the operation needs.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The ARNs that a call's request parameters tell, each once, sorted.
    ///
    /// `values` holds paths of [`Operation::parameters`] with the values found there, a path several times where
    /// it leads to several values. A value that is an ARN already is taken as it is when it is one of
    /// a type the operation acts on.
    pub fn resources(&self, place: &Place<'_>, values: &[(&str, &str)]) -> Vec<String> {
        self.read(place, values).resources
    }

    /// As [`Operation::resources`], together with what belongs to a record's parameters: passed roles, and values
    /// that no template could turn into a resource.
    pub fn read<'v>(&self, place: &Place<'_>, values: &[(&str, &'v str)]) -> Reading<'v> {
        let values = Values::sort(self, values);
        let mut resources: Vec<String> = values
            .arns()
            .filter(|arn| self.names(arn))
            .map(str::to_owned)
            .chain(self.templates.iter().flat_map(|template| template.fill(place, &values)))
            .collect();
        resources.sort_unstable();
        resources.dedup();
        let kept = values.kept(self, place);
        Reading { resources, kept }
    }

    /// Whether a value of the parameter makes an ARN with any ending behind it too, as a Lambda function's name stands for
    /// its versions: an ARN that ends in the value does not tell all of it then.
    pub fn goes_on(&self, path: &str) -> bool {
        self.templates.iter().any(|template| {
            let last = template.open_end().and_then(|fill| self.parameters.get(usize::from(fill.parameter)));
            last.is_some_and(|parameter| parameter.is(path))
        })
    }

    /// Whether the ARN is one of a type that the operation acts on.
    pub fn names(&self, arn: &str) -> bool {
        Arn::split(arn)
            .is_some_and(|arn| self.accepts.iter().any(|accepted| accepted.matches(&arn).is_some()))
    }
}

/// What a call's request parameters tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading<'v> {
    /// ARNs of resources, each once, sorted.
    pub resources: Vec<String>,
    /// Parameters that belong into the record: path as in [`ParameterPath::path`], value. A selector's value
    /// is empty.
    pub kept: Vec<(&'static str, &'v str)>,
}
