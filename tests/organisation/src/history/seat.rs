//! The sessions that a history's calls are made in.

use super::archetype::Session;
use super::call::name;
use super::member::{Member, provider, service};
use super::workload::Workload;
use super::{ACCOUNT, PARTNER, REGION};
use crate::background::BROWSER;
use crate::caller::{Caller, RoleSession};
use crate::event::{Call, Origin, Outcome};
use crate::mint::Mint;
use crate::pattern::Scene;
use crate::template::Templates;

/// A session of one workload on one day.
pub(super) struct Seat {
    /// Who calls.
    pub(super) caller: Caller,
    /// Where from.
    pub(super) origin: Origin,
}

/// Begins the session of a workload, and answers it with the record of its beginning, where there is one.
pub(super) fn begin(
    member: &Member,
    workload: &Workload,
    number: usize,
    since: i64,
    templates: &'static Templates,
    mint: &mut Mint,
) -> (Seat, Option<String>) {
    let origin = origin(workload, number);
    let identity = &member.identity;
    if matches!(workload.session, Session::Console | Session::Key) {
        let console = workload.session == Session::Console;
        let caller = Caller::User {
            account: ACCOUNT.to_owned(),
            path_name: identity.path_name.clone(),
            id: identity.id.clone(),
            key: if console { mint.account_id("ASIA", ACCOUNT, 16) } else { identity.key.clone() },
            console_since: console.then_some(since),
        };
        return (Seat { caller, origin: Origin { console, ..origin } }, None);
    }
    let mut role = RoleSession {
        account: ACCOUNT.to_owned(),
        path_name: identity.path_name.clone(),
        id: identity.id.clone(),
        session: workload.seat.clone(),
        key: mint.account_id("ASIA", ACCOUNT, 16),
        since,
        provider: None,
        source_identity: None,
        delivery: (workload.session == Session::Instance).then(|| "2.0".to_owned()),
        mfa: false,
        in_scope_of: (workload.session == Session::Lambda)
            .then(|| format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", workload.seat)),
    };
    let mut arguments = role.arguments();
    let (operation, beginner) = if let Some(service) = service(workload.session) {
        ("sts:AssumeRole", Caller::Service(service.to_owned()))
    } else if let Some((host, audience, subject)) = provider(workload.session, &identity.name) {
        let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{host}");
        role.provider = Some(arn.clone());
        arguments.set("subject", &subject);
        arguments.set("provider_arn", &arn);
        arguments.set("audience", audience);
        let caller = Caller::WebIdentity { provider: arn, audience: audience.to_owned(), subject };
        ("sts:AssumeRoleWithWebIdentity", caller)
    } else if workload.session == Session::Saml {
        let company = name(&workload.names, "co");
        arguments.set("provider_arn", &format!("arn:aws:iam::{ACCOUNT}:saml-provider/{company}"));
        arguments.set("issuer", &format!("https://signin.{company}.example/saml"));
        let caller = Caller::Saml {
            qualifier: "bGFya3NwdXItc2FtbC1xdWFsaWZp=".to_owned(),
            user: role.session.clone(),
        };
        ("sts:AssumeRoleWithSAML", caller)
    } else {
        arguments.set("external_id", "larkspur-7f3c2d");
        let caller = Caller::Account {
            account: PARTNER.to_owned(),
            principal_id: format!("AROAPARTNER:{}", role.session),
        };
        ("sts:AssumeRole external", caller)
    };
    let record = templates.get(operation).map(|template| {
        let scene = Scene { account: ACCOUNT, region: REGION, now: since };
        let call = Call {
            template,
            caller: &beginner,
            origin: &origin,
            via: None,
            scene,
            outcome: &Outcome::Allowed,
        };
        let mut text = String::new();
        call.write(&mut text, &mut arguments, mint);
        text
    });
    (Seat { caller: Caller::Role(role), origin }, record)
}

/// Addresses in ranges that documentation uses; the same for all days of a workload.
fn origin(workload: &Workload, number: usize) -> Origin {
    let last = number % 250 + 1;
    let address = match workload.session {
        Session::Saml | Session::Console => format!("203.0.113.{last}"),
        Session::Ci | Session::Account => format!("198.51.100.{last}"),
        _ => format!("10.20.{}.{last}", number / 250),
    };
    Origin { address, agent: agent(&workload.agent).to_owned(), endpoint: None, console: false }
}

fn agent(kind: &str) -> &'static str {
    match kind {
        "go" => "aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.25.1 md/GOOS#linux md/GOARCH#arm64 m/E,g",
        "java" => "aws-sdk-java/2.34.5 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1 lang/java#21.0.8 m/E",
        "cli" => "aws-cli/2.31.10 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7",
        "terraform" => {
            "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 terraform-provider-aws/6.15.0 aws-sdk-go-v2/1.39.2 os/linux lang/go#1.25.1"
        }
        "browser" => BROWSER,
        _ => "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#6.1.150 md/arch#x86_64 lang/python#3.13.7",
    }
}
