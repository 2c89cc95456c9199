//! How principals come by their credentials: the calls that begin their sessions.

use crate::caller::{Caller, RoleSession};
use crate::error::Error;
use crate::event::{Origin, Outcome};
use crate::identity::Identity;
use crate::mint::Mint;
use crate::pattern::{Arguments, Pattern, Scene};
use crate::profile::{Kind, PrincipalDescription, SessionDescription};
use crate::recorder::{Doing, Recorder};

/// A session that is in use.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    since: i64,
    until: i64,
    caller: Caller,
    origin: Origin,
}

/// How a session is begun: by whom, with which operation.
struct Beginning {
    operation: &'static str,
    caller: Caller,
    origin: Origin,
    /// Index of the principal of this account that begins it.
    principal: Option<usize>,
    name: String,
    /// Seconds that it lasts.
    lifetime: i64,
    arguments: Vec<(&'static str, String)>,
}

impl Recorder<'_> {
    /// The caller and origin of a principal at a time, with a new session where none is in use.
    pub(crate) fn session(
        &mut self,
        principal: usize,
        time: i64,
        mint: &mut Mint,
    ) -> Result<(Caller, Origin), Error> {
        let profile = self.profile;
        let (Some(description), Some(identity)) =
            (profile.principals.get(principal), self.identities.get(principal))
        else {
            return Err(missing("session", "principal"));
        };
        let seat = match &description.session {
            Some(SessionDescription::Saml { users, .. }) => {
                usize::try_from(mint.below(users.len() as u64)).unwrap_or(0)
            }
            _ => 0,
        };
        let known = self
            .sessions
            .get(&(principal, seat))
            .and_then(|sessions| sessions.iter().find(|active| (active.since..active.until).contains(&time)));
        if let Some(active) = known {
            return Ok((active.caller.clone(), active.origin.clone()));
        }
        let origin = origin_of(description, mint);
        let (caller, until) = match description.kind {
            Kind::User => self.user(description, identity, time, mint),
            Kind::Role => self.role(description, identity, seat, &origin, time, mint)?,
        };
        let origin =
            Origin { console: matches!(&caller, Caller::User { console_since: Some(_), .. }), ..origin };
        let active = Active { since: time, until, caller: caller.clone(), origin: origin.clone() };
        self.sessions.entry((principal, seat)).or_default().push(active);
        Ok((caller, origin))
    }

    fn user(
        &self,
        description: &PrincipalDescription,
        identity: &Identity,
        time: i64,
        mint: &mut Mint,
    ) -> (Caller, i64) {
        let console = matches!(description.session, Some(SessionDescription::Console));
        let key =
            if console { mint.account_id("ASIA", &self.profile.account, 16) } else { identity.key.clone() };
        let caller = Caller::User {
            account: self.profile.account.clone(),
            path_name: identity.path_name.clone(),
            id: identity.id.clone(),
            key,
            console_since: console.then_some(time - 5),
        };
        (caller, if console { time + 12 * 3600 } else { i64::MAX })
    }

    fn role(
        &mut self,
        description: &PrincipalDescription,
        identity: &Identity,
        seat: usize,
        origin: &Origin,
        time: i64,
        mint: &mut Mint,
    ) -> Result<(Caller, i64), Error> {
        let Some(session) = &description.session else {
            return Err(missing(&identity.name, "session"));
        };
        let account = self.profile.account.clone();
        let region = self.profile.region.clone();
        let scene = Scene { account: &account, region: &region, now: time - 1 };
        let mut role = RoleSession {
            account: account.clone(),
            path_name: identity.path_name.clone(),
            id: identity.id.clone(),
            session: String::new(),
            key: mint.account_id("ASIA", &account, 16),
            since: time - 1,
            provider: None,
            source_identity: None,
            delivery: None,
            mfa: false,
            in_scope_of: None,
        };
        let beginning = self.beginning(session, &mut role, seat, origin, &scene, mint)?;
        role.session = beginning.name;
        let mut arguments = role.arguments();
        for (name, value) in &beginning.arguments {
            arguments.set(name, value);
        }
        let template = self.template(&identity.name, beginning.operation)?;
        let doing = Doing {
            principal: beginning.principal,
            caller: &beginning.caller,
            origin: &beginning.origin,
            rhythm: "with the sessions of another role",
            via: None,
        };
        self.call(doing, template, scene, &Outcome::Allowed, &mut arguments, mint);
        Ok((Caller::Role(role), time + beginning.lifetime))
    }

    fn beginning(
        &mut self,
        session: &SessionDescription,
        role: &mut RoleSession,
        seat: usize,
        origin: &Origin,
        scene: &Scene<'_>,
        mint: &mut Mint,
    ) -> Result<Beginning, Error> {
        let beginning = |operation, caller, name| Beginning {
            operation,
            caller,
            origin: origin.clone(),
            principal: None,
            name,
            lifetime: 3600,
            arguments: Vec::new(),
        };
        Ok(match session {
            SessionDescription::WebIdentity { provider, audience, subject, name } => {
                let arn = format!("arn:aws:iam::{}:oidc-provider/{provider}", scene.account);
                role.provider = Some(arn.clone());
                let caller = Caller::WebIdentity {
                    provider: arn.clone(),
                    audience: audience.clone(),
                    subject: subject.clone(),
                };
                Beginning {
                    arguments: vec![
                        ("subject", subject.clone()),
                        ("provider_arn", arn),
                        ("audience", audience.clone()),
                    ],
                    lifetime: 12 * 3600,
                    ..beginning("sts:AssumeRoleWithWebIdentity", caller, filled(name, scene, mint)?)
                }
            }
            SessionDescription::Service { service, name, in_scope_of, .. } => {
                role.in_scope_of.clone_from(in_scope_of);
                let name = filled(name, scene, mint)?;
                Beginning {
                    lifetime: 12 * 3600,
                    ..beginning("sts:AssumeRole", Caller::Service(service.clone()), name)
                }
            }
            SessionDescription::Instance { instance } => {
                role.delivery = Some("2.0".to_owned());
                let caller = Caller::Service("ec2.amazonaws.com".to_owned());
                Beginning { lifetime: 6 * 3600, ..beginning("sts:AssumeRole", caller, instance.clone()) }
            }
            SessionDescription::Role { role: parent, name, source_identity } => {
                role.source_identity.clone_from(source_identity);
                self.chained(Kind::Role, parent, filled(name, scene, mint)?, scene)?
            }
            SessionDescription::User { user, name } => {
                self.chained(Kind::User, user, filled(name, scene, mint)?, scene)?
            }
            SessionDescription::Saml { provider, users } => {
                let user = users.get(seat).cloned().unwrap_or_default();
                let mut qualifier = String::new();
                Mint::new(0, provider).base64(&mut qualifier, 27);
                qualifier.push('=');
                let caller = Caller::Saml { qualifier, user: user.clone() };
                Beginning {
                    arguments: vec![
                        ("provider_arn", provider.clone()),
                        ("issuer", "https://signin.larkspur.example/saml".to_owned()),
                    ],
                    lifetime: 12 * 3600,
                    ..beginning("sts:AssumeRoleWithSAML", caller, user)
                }
            }
            SessionDescription::Account { account, principal_id, name } => {
                let caller = Caller::Account { account: account.clone(), principal_id: principal_id.clone() };
                Beginning {
                    arguments: vec![("external_id", "larkspur-7f3c2d".to_owned())],
                    ..beginning("sts:AssumeRole external", caller, filled(name, scene, mint)?)
                }
            }
            SessionDescription::Console => return Err(missing(&role.path_name, "console user")),
        })
    }

    /// A session begun by another principal of the account, with that principal's own session.
    fn chained(
        &mut self,
        kind: Kind,
        parent: &str,
        name: String,
        scene: &Scene<'_>,
    ) -> Result<Beginning, Error> {
        let index = self
            .identities
            .iter()
            .position(|identity| identity.kind == kind && identity.name == parent)
            .ok_or_else(|| missing(&name, parent))?;
        // A principal whose stream is in use is waiting for this very session: the chain is a circle.
        let mut mint =
            self.mints.get_mut(index).and_then(Option::take).ok_or_else(|| missing(&name, parent))?;
        let session = self.session(index, scene.now - 2, &mut mint);
        if let Some(slot) = self.mints.get_mut(index) {
            *slot = Some(mint);
        }
        let (caller, origin) = session?;
        Ok(Beginning {
            operation: "sts:AssumeRole",
            caller,
            origin,
            principal: Some(index),
            name,
            lifetime: 3600,
            arguments: Vec::new(),
        })
    }
}

fn origin_of(description: &PrincipalDescription, mint: &mut Mint) -> Origin {
    let origin = &description.origin;
    Origin {
        address: mint.pick(&origin.addresses).cloned().unwrap_or_else(|| "198.51.100.7".to_owned()),
        agent: origin.agent.clone(),
        endpoint: origin.endpoint.clone(),
        console: false,
    }
}

fn filled(name: &str, scene: &Scene<'_>, mint: &mut Mint) -> Result<String, Error> {
    let mut text = String::new();
    Pattern::text(name)?.fill(&mut text, scene, &mut Arguments::default(), mint);
    Ok(text)
}

fn missing(owner: &str, name: &str) -> Error {
    Error::Name { owner: owner.to_owned(), name: name.to_owned() }
}
