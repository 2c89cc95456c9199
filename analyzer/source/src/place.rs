//! Places: where a repository says what a grant says.

use std::fmt;

use crate::inputs::Inputs;
use crate::node::Span;
use crate::rule::Rule;
use crate::statement::Statement;
use crate::subject::Bound;
use crate::text::Text;

/// The place of a file among [`crate::Repository::files`].
pub type FileId = usize;

/// A part of a repository that says what a policy or a role says.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file that holds what is granted.
    pub file: FileId,
    /// Line, from 1, on which that starts.
    pub line: u32,
    /// Its bytes.
    pub span: Span,
    /// How it is written.
    pub form: Form,
    /// What it is called in its file: `aws_iam_policy.logs`, `Resources.Worker.Policies[0]`, `ClusterRole/reader`.
    pub address: String,
    /// What it is called where it is in force, as far as the source tells.
    pub names: Names,
    /// What it grants.
    pub content: Content,
    /// Why it cannot be edited as a whole; statements and rules may have reasons of their own.
    pub reasons: Vec<Reason>,
    /// What else decides what it grants, as it is written: a file that is read, what a loop goes through. Where that changes, what is
    /// granted may have.
    pub context: String,
    /// What its expressions refer to, but for those of its statements and rules.
    pub inputs: Inputs,
    /// What else of the repository takes over what it says, or has its policy, in words: an edit would change that, too.
    pub uses: Vec<String>,
}

impl Place {
    /// Its statements; none where it has no policy of AWS that can be read.
    pub fn statements(&self) -> &[Statement] {
        match &self.content {
            Content::Statements(statements) => statements,
            _ => &[],
        }
    }

    /// What it is called among objects of Kubernetes, such as `ClusterRole`; something else where it is none.
    pub fn kind(&self) -> &str {
        let sort = self.address.split(['/', '.']).next().unwrap_or_default();
        crate::terraform::cluster::kind(sort).unwrap_or(sort)
    }

    /// Whether it says itself who is bound: of a chart, whoever installs it does.
    pub fn tells_subjects(&self) -> bool {
        matches!(self.form, Form::Manifest | Form::Terraform)
    }

    /// Whether it follows from another place.
    pub(crate) fn is_generated(&self) -> bool {
        self.reasons.iter().any(|reason| matches!(reason, Reason::Generated(_)))
    }
}

/// What a place grants.
#[derive(Clone, Debug)]
pub enum Content {
    /// Statements of a policy of AWS.
    Statements(Vec<Statement>),
    /// Rules of a role of Kubernetes.
    Rules(Vec<Rule>),
    /// Who is bound to which role.
    Binding(Box<Bound>),
    /// It is not known.
    Unknown,
}

impl Content {
    /// Whether another says the same, wherever it is written.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        fn are_same<T>(own: &[T], other: &[T], is_same: fn(&T, &T) -> bool) -> bool {
            own.len() == other.len() && own.iter().zip(other).all(|(own, other)| is_same(own, other))
        }
        match (self, other) {
            (Self::Statements(own), Self::Statements(other)) => are_same(own, other, Statement::is_same),
            (Self::Rules(own), Self::Rules(other)) => are_same(own, other, Rule::is_same),
            (Self::Binding(own), Self::Binding(other)) => own.is_same(other),
            (Self::Unknown, Self::Unknown) => true,
            _ => false,
        }
    }
}

/// Names in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Name of the policy or role. None where the source does not say.
    pub name: Option<Text>,
    /// Name of the role, user or group that holds an inline policy. None of a managed policy, or where the source does not say.
    pub holder: Option<Text>,
    /// Who has the policy: `role NAME`, `user NAME` or `group NAME`, as far as the source tells; an expression is one of its own folder
    /// or template. Empty of a policy that is attached elsewhere, or nowhere.
    pub holders: Vec<Text>,
    /// Namespace of a Role; opaque where whoever applies it says.
    pub namespace: Option<Text>,
    /// Its name with its holder as each round of a loop and each call of a module makes them, as far as that is written out. Empty where
    /// neither decides them.
    pub made: Vec<(Option<Text>, Option<Text>)>,
}

/// How a place is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// Terraform: a data source `aws_iam_policy_document`.
    TerraformDocument,
    /// Terraform: `jsonencode` of a literal.
    TerraformJsonencode,
    /// Terraform: JSON between delimiters.
    TerraformHeredoc,
    /// Terraform: JSON in another file, read as it is or rendered.
    TerraformFile,
    /// Terraform: something else, such as statements that a module takes.
    Terraform,
    /// CloudFormation.
    CloudFormation,
    /// CloudFormation with the Serverless Application Model.
    Sam,
    /// A policy document in a file of its own.
    Document,
    /// A manifest of Kubernetes.
    Manifest,
    /// A template of a Helm chart.
    Helm,
    /// Markers in Go that a role is generated from.
    Markers,
    /// Code that makes policies: CDK or Pulumi.
    Code,
}

impl Form {
    /// A stable short name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TerraformDocument => "terraform_document",
            Self::TerraformJsonencode => "terraform_jsonencode",
            Self::TerraformHeredoc => "terraform_heredoc",
            Self::TerraformFile => "terraform_file",
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
            Self::Sam => "sam",
            Self::Document => "document",
            Self::Manifest => "manifest",
            Self::Helm => "helm",
            Self::Markers => "markers",
            Self::Code => "code",
        }
    }

    /// How the source writes texts that have variables of the policy language in them.
    pub(crate) fn escape(self) -> fn(&str) -> String {
        match self {
            Self::TerraformDocument => |text| text.replace("${", "&{").replace("%{", "%%{"),
            Self::TerraformJsonencode | Self::TerraformHeredoc | Self::Terraform => {
                |text| text.replace("${", "$${").replace("%{", "%%{")
            }
            _ => str::to_owned,
        }
    }
}

/// Why a place, or a part of it, cannot be edited safely.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Statements are made by a loop.
    Dynamic,
    /// Other documents are merged into this one.
    Merged(String),
    /// An expression says what is there.
    Expression(String),
    /// A template decides what is there.
    Template,
    /// JSON within a quoted text.
    Quoted,
    /// One source makes several policies.
    Repeated(String),
    /// Several policies are made of one document.
    Shared(usize),
    /// Whoever generates the file would write it again.
    Generated(String),
    /// Other roles make its rules.
    Aggregated,
    /// A patch elsewhere changes it.
    Patched(String),
    /// A name stands for statements.
    Macro(String),
    /// Part of it stands for something else in the file, too.
    Anchored,
    /// A program says it.
    Code,
    /// The file is somebody else's, copied: below `vendor`, or below a chart's `charts`.
    Vendored,
    /// It cannot be read.
    Unreadable(String),
}

impl Reason {
    /// Of what is in force in many accounts at once: no one of them tells what the others use.
    pub(crate) fn of_permission_set() -> Self {
        Self::Repeated("the accounts that the permission set is assigned to".to_owned())
    }

    /// The expression that says what is there.
    pub(crate) fn expression(&self) -> Option<&str> {
        match self {
            Self::Expression(text) => Some(text),
            _ => None,
        }
    }

    /// Whether something is made or said where it cannot be read.
    pub fn is_unread(&self) -> bool {
        matches!(
            self,
            Self::Dynamic
                | Self::Merged(_)
                | Self::Template
                | Self::Expression(_)
                | Self::Quoted
                | Self::Unreadable(_)
        )
    }

    /// A stable short name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::Merged(_) => "merged",
            Self::Expression(_) => "expression",
            Self::Template => "template",
            Self::Quoted => "quoted",
            Self::Repeated(_) => "repeated",
            Self::Shared(_) => "shared",
            Self::Generated(_) => "generated",
            Self::Aggregated => "aggregated",
            Self::Patched(_) => "patched",
            Self::Macro(_) => "macro",
            Self::Anchored => "anchored",
            Self::Code => "code",
            Self::Vendored => "vendored",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("a loop makes its statements"),
            Self::Merged(with) => write!(f, "`{with}` merges other documents into it"),
            Self::Expression(text) => write!(f, "`{}` says what is there", short(text)),
            Self::Template => f.write_str("a template decides what is there"),
            Self::Quoted => f.write_str("it is JSON within a quoted text"),
            Self::Repeated(by) => write!(f, "several are made of it by {by}"),
            Self::Shared(count) => write!(f, "{count} policies are made of it"),
            Self::Generated(from) => write!(f, "it is generated from {from}"),
            Self::Aggregated => f.write_str("it is generated from the roles that it aggregates"),
            Self::Patched(by) => write!(f, "`{by}` patches it"),
            Self::Macro(name) => write!(f, "`{name}` stands for statements"),
            Self::Anchored => f.write_str("an alias elsewhere in the file stands for it, too"),
            Self::Code => f.write_str("a program makes it"),
            Self::Vendored => f.write_str("its folder holds what is copied from elsewhere"),
            Self::Unreadable(message) => write!(f, "it cannot be read: {message}"),
        }
    }
}

/// An expression's first line, cut where it is long.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(60).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
