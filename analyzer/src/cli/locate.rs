//! `remit locate`

use std::collections::BTreeSet;
use std::path::PathBuf;

use remit_source::{Content, Found, Grant, Limits, Place, Reason, Repository};
use serde::Serialize;

use super::Streams;
use crate::exit::Exit;
use crate::grants::{self, Grants};
use crate::output::{Cell, Format, Row, plain, print};
use crate::written::known;

/// Say where in a repository grants are written, and whether they can be edited there
///
/// Reads Terraform, CloudFormation, policy documents, manifests of Kubernetes, Kustomize, Helm charts and markers of
/// kubebuilder. Without grants it lists all policies and roles that the repository holds.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The repository, or a folder in it. What its `.gitignore` names is passed over, and links are not followed
    #[arg(long, value_name = "DIR")]
    pub(super) repo: PathBuf,
    /// The grants to find: as for `remit propose`
    #[arg(long, value_name = "PATH", num_args = 1..)]
    grants: Vec<PathBuf>,
    /// Whose the bare policy documents are
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One grant, or one place.
#[derive(Debug, Serialize)]
struct Line {
    grant: String,
    state: &'static str,
    place: String,
    form: &'static str,
    address: String,
    editable: bool,
    detail: String,
}

impl Row for Line {
    const TITLES: &'static [&'static str] =
        &["GRANT", "STATE", "PLACE", "FORM", "ADDRESS", "EDITABLE", "DETAIL"];

    fn cells(&self) -> Vec<Cell> {
        let editable = if self.editable { "yes" } else { "no" };
        [&self.grant, self.state, &self.place, self.form, &self.address, editable, &self.detail]
            .map(|text| Cell::Text(plain(text)))
            .to_vec()
    }
}

pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let (repository, mut is_whole) = read(&arguments.repo, streams)?;
    let lines = if arguments.grants.is_empty() {
        repository.places.iter().map(|place| line(&repository, String::new(), "found", place)).collect()
    } else {
        let grants = grants::read(&arguments.grants, arguments.principal.as_deref(), &BTreeSet::new())?;
        for problem in grants.account.problems.iter().chain(&grants.problems) {
            streams.problem(&format!("{}:{}: {}", problem.file, problem.line, problem.message));
            is_whole = false;
        }
        located(&repository, &grants)
    };
    print(&lines, arguments.format, streams.out)?;
    if lines.is_empty() {
        streams.say("nothing found that a repository could hold");
    }
    Ok(if is_whole { Exit::Done } else { Exit::Failed })
}

/// Reads a repository, and says what of it cannot be read. Answers whether all of it could.
pub(super) fn read(
    folder: &std::path::Path,
    streams: &mut Streams<'_>,
) -> anyhow::Result<(Repository, bool)> {
    let repository = Repository::read(folder, Limits::default())?;
    for problem in &repository.problems {
        streams.problem(&problem.told(&problem.path.display().to_string()));
    }
    let is_whole = repository.problems.is_empty();
    Ok((repository, is_whole))
}

fn located(repository: &Repository, grants: &Grants) -> Vec<Line> {
    let mut lines = Vec::new();
    let known = known(&grants.account);
    for held in known.policies() {
        let place = repository.find(&held.grant());
        let mut own = found(repository, &held.to_string().replace('`', ""), &place);
        if let (Found::One { place, .. }, [line]) = (place, own.as_mut_slice())
            && let Some(doubt) = repository.doubt(place, held, &known)
        {
            (line.editable, line.detail) = (false, doubt);
        }
        lines.append(&mut own);
    }
    for role in grants.rbac.roles().filter(|role| !role.name.name.starts_with("system:")) {
        let grant = Grant::Role { name: &role.name, rules: &role.rules };
        lines.extend(found(repository, &role.name.of_role(), &repository.find(&grant)));
    }
    for binding in grants.rbac.bindings().filter(|binding| !binding.name.name.starts_with("system:")) {
        let grant = Grant::Binding { name: &binding.name };
        lines.extend(found(repository, &binding.name.of_binding(), &repository.find(&grant)));
    }
    lines
}

fn found(repository: &Repository, grant: &str, found: &Found) -> Vec<Line> {
    let of = |state, at: &usize| {
        repository.places.get(*at).map(|place| line(repository, grant.to_owned(), state, place))
    };
    match found {
        Found::One { place, is_equal: true } => of("found", place).into_iter().collect(),
        Found::One { place, is_equal: false } => {
            let mut line = of("differs", place);
            if let Some(line) = &mut line {
                line.editable = false;
                let why = "the source says something else than what is in force, or less of it can be told";
                line.detail = if line.detail.is_empty() { why.to_owned() } else { line.detail.clone() };
            }
            line.into_iter().collect()
        }
        Found::Several(places) => {
            let mut lines: Vec<Line> = places.iter().filter_map(|at| of("several", at)).collect();
            for line in &mut lines {
                line.editable = false;
                "any of these may be it".clone_into(&mut line.detail);
            }
            lines
        }
        Found::None => vec![Line {
            grant: grant.to_owned(),
            state: "not found",
            place: String::new(),
            form: "",
            address: String::new(),
            editable: false,
            detail: String::new(),
        }],
    }
}

fn line(repository: &Repository, grant: String, state: &'static str, place: &Place) -> Line {
    let parts: Vec<&Reason> = match &place.content {
        Content::Statements(all) => all.iter().flat_map(|one| &one.reasons).collect(),
        Content::Rules(all) => all.iter().flat_map(|one| &one.reasons).collect(),
        Content::Binding(_) | Content::Unknown => Vec::new(),
    };
    let mut detail: Vec<String> = place.reasons.iter().map(ToString::to_string).collect();
    let is_known = match &place.content {
        Content::Statements(_) | Content::Rules(_) => true,
        Content::Binding(_) => place.tells_subjects(),
        Content::Unknown => false,
    };
    let editable = detail.is_empty() && is_known;
    if let (true, [first, ..]) = (detail.is_empty(), parts.as_slice()) {
        detail.push(format!("but for a part: {first}"));
    }
    Line {
        grant,
        state,
        place: repository.position(place),
        form: place.form.as_str(),
        address: place.address.clone(),
        editable,
        detail: detail.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: app\n  namespace: shop\nroleRef:\n  kind: Role\n  name: app\nsubjects:\n- kind: User\n  name: ana\n";

    /// Where each place of files is, and whether it can be edited there.
    fn editable(files: &[(&str, &str)]) -> Vec<(String, bool)> {
        let files = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
        let repository = Repository::of(files);
        let lines = repository.places.iter().map(|place| line(&repository, String::new(), "found", place));
        lines.map(|line| (line.place, line.editable)).collect()
    }

    /// As `remit edit` has it: a subject goes from a manifest, and not from a template.
    #[test]
    fn bindings_can_be_edited_where_they_are_written_out() {
        let place = |place: &str, is_editable| vec![(place.to_owned(), is_editable)];
        assert_eq!(editable(&[("app.yaml", BINDING)]), place("app.yaml:1", true));
        assert_eq!(editable(&[("vendor/app.yaml", BINDING)]), place("vendor/app.yaml:1", false));
        let chart = ("Chart.yaml", "name: app\n");
        assert_eq!(editable(&[chart, ("templates/app.yaml", BINDING)]), place("templates/app.yaml:1", false));
        let terraform = "resource \"kubernetes_role_binding\" \"app\" {\n  metadata {\n    name = \"app\"\n  }\n  subject {\n    kind = \"User\"\n    name = \"ana\"\n  }\n}\n";
        assert_eq!(editable(&[("app.tf", terraform)]), place("app.tf:1", true));
    }
}
