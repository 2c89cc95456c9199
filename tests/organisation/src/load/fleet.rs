//! The principals of the bulk log, what they touch and what they call.

use crate::caller::{Caller, RoleSession};
use crate::error::Error;
use crate::event::Origin;
use crate::mint::Mint;
use crate::pattern::Pattern;
use crate::template::{Template, Templates};

use super::character;

/// Accounts that exist in documentation only.
const ACCOUNTS: &[&str] = &["111122223333", "444455556666", "777788889999", "123456789012", "210987654321"];
/// Regions; the first has most of the events.
const REGIONS: &[&str] = &["eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-2"];
/// Roles in each account.
const ROLES: usize = 96;

/// All principals of the bulk log.
pub(super) struct Fleet {
    roles: Vec<Vec<Role>>,
    assume_role: &'static Template,
}

/// A role and its surroundings.
pub(super) struct Role {
    account: &'static str,
    path_name: String,
    id: String,
    service: &'static str,
    agent: &'static str,
    /// Whether people work with it in the console or from a terminal.
    people: bool,
    addresses: Vec<String>,
    endpoint: Option<String>,
    operations: Vec<Operation>,
    /// Names of what its calls touch, by the templates' argument names.
    resources: Vec<(&'static str, Vec<String>)>,
}

/// One operation that a role calls.
pub(super) struct Operation {
    pub(super) template: &'static Template,
    /// Arguments that the template asks for and the role has names for.
    pub(super) arguments: Vec<String>,
    /// The service that calls on the role's behalf, now and then.
    pub(super) via: &'static str,
    pub(super) via_chance: f64,
}

/// A session in use.
pub(super) struct Seat<'a> {
    pub(super) role: &'a Role,
    pub(super) caller: Caller,
    pub(super) origin: Origin,
}

/// Products of the invented companies, one of which each role belongs to.
const PRODUCTS: &[&str] = &[
    "aurora", "basalt", "cobalt", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "juniper",
    "kestrel", "lumen",
];

/// Arguments of the templates that a role has names for, how many, and their shape: `~role~`, `~account~`, `~number~`
/// and `~uuid~` stand for themselves, a number between tildes for so many hexadecimal digits.
const RESOURCES: &[(&str, usize, &str)] = &[
    ("bucket", 4, "~role~-~account~-~number~"),
    ("table", 6, "~role~-table-~number~"),
    ("queue", 4, "~role~-queue-~number~"),
    ("function", 6, "~role~-function-~number~"),
    ("secret", 4, "~role~/secret-~number~-~6~"),
    ("key", 3, "~uuid~"),
    ("vpc", 2, "vpc-0~16~"),
    ("subnet", 6, "subnet-0~16~"),
    ("security_group", 8, "sg-0~16~"),
    ("route_table", 6, "rtb-0~16~"),
    ("instance", 32, "i-0~16~"),
    ("volume", 16, "vol-0~16~"),
    ("image", 4, "ami-0~16~"),
    ("db", 3, "~role~-db-~number~"),
    ("cluster", 2, "~role~-cluster-~number~"),
    ("service", 4, "~role~-service-~number~"),
    ("family", 4, "~role~-service-~number~"),
    ("repository", 4, "~role~/image-~number~"),
    ("log_group", 6, "/app/~role~/~number~"),
    ("parameter", 12, "/~role~/setting-~number~"),
    ("path", 2, "/~role~/~number~"),
    ("prefix", 3, "year=2026/part-~number~/"),
    ("database", 2, "lake_~number~"),
    ("glue_table", 12, "events_~number~"),
    ("workgroup", 1, "~role~"),
    ("stack", 3, "~role~-stack-~number~"),
    ("role_name", 12, "~role~-task-~number~"),
    ("role", 3, "arn:aws:iam::~account~:role/~role~-task-~number~"),
    ("task_role", 3, "arn:aws:iam::~account~:role/~role~-task-~number~"),
    ("execution_role", 1, "arn:aws:iam::~account~:role/ecs-execution"),
    ("instance_role", 2, "~role~-instance-~number~"),
    ("policy", 6, "arn:aws:iam::~account~:policy/~role~-~number~"),
    ("policy_name", 2, "inline-~number~"),
    ("user", 6, "person-~number~"),
    ("machine", 2, "~role~-flow-~number~"),
    ("target_group", 3, "~role~-~number~"),
    ("group", 3, "~role~-nodes-~number~"),
    ("model", 1, "anthropic.claude-sonnet-4-5-20250929-v1:0"),
];

impl Fleet {
    /// All roles of all accounts.
    pub(super) fn new(seed: u64, templates: &'static Templates) -> Result<Self, Error> {
        let mut roles = Vec::new();
        for account in ACCOUNTS {
            let of_account = (0..ROLES).map(|number| Role::new(seed, account, number, templates));
            roles.push(of_account.collect::<Result<_, _>>()?);
        }
        Ok(Self { roles, assume_role: find(templates, "sts:AssumeRole")? })
    }

    /// The account of a file.
    pub(super) fn account(file: u64) -> &'static str {
        let index = usize::try_from(file % ACCOUNTS.len() as u64).unwrap_or(0);
        ACCOUNTS.get(index).copied().unwrap_or_default()
    }

    /// A region for a file.
    pub(super) fn region(mint: &mut Mint) -> &'static str {
        mint.pick_early(REGIONS).copied().unwrap_or_default()
    }

    /// The template of a session's beginning.
    pub(super) fn assume_role(&self) -> &'static Template {
        self.assume_role
    }

    /// One of the sessions of an account in an hour, the same for whoever asks.
    pub(super) fn seat(&self, seed: u64, account: &str, hour: i64, number: usize) -> Option<Seat<'_>> {
        let mut mint = Mint::new(seed, &format!("seat/{account}/{hour}/{number}"));
        let of_account = ACCOUNTS.iter().position(|known| *known == account)?;
        let role = mint.pick(self.roles.get(of_account)?)?;
        let since = hour - mint.between(1, 1800);
        let caller = if role.people { role.user(since, &mut mint) } else { role.session(since, &mut mint) };
        let origin = Origin {
            address: mint.pick(&role.addresses)?.clone(),
            agent: role.agent.to_owned(),
            endpoint: role.endpoint.clone(),
            console: role.people,
        };
        Some(Seat { role, caller, origin })
    }
}

impl Role {
    fn new(
        seed: u64,
        account: &'static str,
        number: usize,
        templates: &'static Templates,
    ) -> Result<Self, Error> {
        let mut mint = Mint::new(seed, &format!("role/{account}/{number}"));
        let character = character::at(number * 100 / ROLES);
        let people = character.name == "people";
        let name =
            format!("{}-{}-{number:03}", mint.pick(PRODUCTS).copied().unwrap_or_default(), character.name);
        let network = mint.below(200);
        let resources = resources(account, &name, &mut mint);
        let operations = character.operations.iter().map(|operation| {
            let template = find(templates, operation)?;
            let patterns = [&template.request, &template.response]
                .into_iter()
                .chain(template.resources.as_ref())
                .chain(template.additional.as_ref())
                .chain(template.needs.iter().map(|need| &need.resource))
                .chain(template.defaults.iter().map(|(_, default)| default));
            let mut arguments: Vec<_> = patterns
                .flat_map(Pattern::argument_names)
                .filter(|name| resources.iter().any(|(known, _)| known == name))
                .map(str::to_owned)
                .collect();
            arguments.sort_unstable();
            arguments.dedup();
            let (via, via_chance) = character::via(operation);
            Ok(Operation { template, arguments, via, via_chance })
        });
        Ok(Self {
            account,
            path_name: format!("/{name}"),
            id: mint.account_id(if people { "AIDA" } else { "AROA" }, account, 17),
            service: character.service,
            agent: character.agent,
            people,
            addresses: (0..4)
                .map(|_| format!("10.{network}.{}.{}", mint.below(256), 4 + mint.below(250)))
                .collect(),
            endpoint: mint.chance(0.3).then(|| format!("vpce-0{network:016x}")),
            operations: operations.collect::<Result<_, _>>()?,
            resources,
        })
    }

    /// The service that assumes the role.
    pub(super) fn service(&self) -> &'static str {
        self.service
    }

    /// What the role calls, the frequent first.
    pub(super) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// One of the names that the role has for an argument.
    pub(super) fn resource(&self, name: &str, mint: &mut Mint) -> Option<&str> {
        let (_, values) = self.resources.iter().find(|(known, _)| *known == name)?;
        mint.pick_early(values).map(String::as_str)
    }

    fn session(&self, since: i64, mint: &mut Mint) -> Caller {
        let mut session = String::new();
        mint.hex(&mut session, 32);
        Caller::Role(RoleSession {
            account: self.account.to_owned(),
            path_name: self.path_name.clone(),
            id: self.id.clone(),
            session,
            key: mint.account_id("ASIA", self.account, 16),
            since,
            provider: None,
            source_identity: None,
            delivery: (self.service == "ec2.amazonaws.com").then(|| "2.0".to_owned()),
            mfa: false,
            in_scope_of: None,
        })
    }

    fn user(&self, since: i64, mint: &mut Mint) -> Caller {
        Caller::User {
            account: self.account.to_owned(),
            path_name: self.path_name.clone(),
            id: self.id.clone(),
            key: mint.account_id("ASIA", self.account, 16),
            console_since: Some(since),
        }
    }
}

fn find(templates: &'static Templates, operation: &str) -> Result<&'static Template, Error> {
    templates
        .get(operation)
        .ok_or_else(|| Error::Operation { principal: "load".to_owned(), operation: operation.to_owned() })
}

/// Names of what a role touches.
fn resources(account: &str, name: &str, mint: &mut Mint) -> Vec<(&'static str, Vec<String>)> {
    let mut known = Vec::new();
    for (argument, count, shape) in RESOURCES {
        let mut values = Vec::with_capacity(*count);
        for number in 0..*count {
            let mut value = String::new();
            for (position, part) in shape.split('~').enumerate() {
                // What stands between the tildes is the role's name, a number or hexadecimal digits.
                match (position % 2, part) {
                    (0, _) => value.push_str(part),
                    (_, "role") => value.push_str(name),
                    (_, "account") => value.push_str(account),
                    (_, "number") => value.push_str(&number.to_string()),
                    (_, "uuid") => mint.uuid(&mut value),
                    (_, digits) => mint.hex(&mut value, digits.parse().unwrap_or(8)),
                }
            }
            values.push(value);
        }
        known.push((*argument, values));
    }
    known
}
