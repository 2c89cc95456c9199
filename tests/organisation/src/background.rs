//! What a log holds besides the calls of principals: services at work, sign-ins, strangers at the door.

use crate::caller::Caller;
use crate::error::Error;
use crate::event::{Origin, Outcome};
use crate::identity::Identity;
use crate::mint::Mint;
use crate::moment;
use crate::pattern::{Arguments, Pattern, Scene};
use crate::profile::{Background, Kind, Stranger};
use crate::recorder::{Doing, Record, Recorder};
use crate::rhythm::Rhythm;

/// The user agent of people.
pub(crate) const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

impl Recorder<'_> {
    /// Makes one entry of the background.
    pub(crate) fn background(&mut self, entry: &Background, mint: &mut Mint) -> Result<(), Error> {
        match entry {
            Background::Calls { caller, rhythm, address, agent, calls } => {
                let address = Pattern::text(address)?;
                for run in rhythm.runs(self.start, self.end, mint)? {
                    let scene =
                        Scene { account: &self.profile.account, region: &self.profile.region, now: run };
                    let mut origin = Origin { agent: agent.clone(), ..Origin::default() };
                    address.fill(&mut origin.address, &scene, &mut Arguments::default(), mint);
                    origin.console = matches!(caller, Stranger::Root);
                    let caller = self.stranger(caller, &origin, scene, mint)?;
                    let doing =
                        Doing { principal: None, caller: &caller, origin: &origin, rhythm: "", via: None };
                    let mut time = run;
                    for call in calls {
                        time = self.calls(doing, "background", call, &Arguments::default(), time, mint)?;
                    }
                }
                Ok(())
            }
            Background::ServiceEvents { service, name, rhythm, details } => {
                self.service_events(service, name, rhythm, &Pattern::json(details)?, mint)
            }
            Background::SignIns { user, rhythm, address, failure } => {
                self.sign_ins(user.as_deref(), rhythm, address, *failure, mint)
            }
        }
    }

    /// The caller that a log shows for a stranger.
    fn stranger(
        &mut self,
        stranger: &Stranger,
        origin: &Origin,
        scene: Scene<'_>,
        mint: &mut Mint,
    ) -> Result<Caller, Error> {
        let account = self.profile.account.clone();
        Ok(match stranger {
            Stranger::Service(service) => Caller::Service(service.clone()),
            Stranger::Root => Caller::Root { account },
            Stranger::Anonymous => Caller::Anonymous,
            Stranger::IdentityCenterUser(user) => Caller::IdentityCenterUser { account, user: user.clone() },
            Stranger::Federated { user, name } => self.federated(user, name, origin, scene, mint)?,
        })
    }

    /// A session that a user of the account hands out.
    fn federated(
        &mut self,
        user: &str,
        name: &str,
        origin: &Origin,
        scene: Scene<'_>,
        mint: &mut Mint,
    ) -> Result<Caller, Error> {
        let (index, identity) = self.known_user(user)?;
        let account = self.profile.account.clone();
        let caller = Caller::User {
            account: account.clone(),
            path_name: identity.path_name.clone(),
            id: identity.id.clone(),
            key: identity.key.clone(),
            console_since: None,
        };
        let key = mint.account_id("ASIA", &account, 16);
        let mut arguments = Arguments::default();
        arguments.set("federated_name", name);
        arguments.set("issued", &key);
        let template = self.template(user, "sts:GetFederationToken")?;
        let rhythm = "with the sessions it hands out";
        let doing = Doing { principal: Some(index), caller: &caller, origin, rhythm, via: None };
        self.call(doing, template, scene, &Outcome::Allowed, &mut arguments, mint);
        Ok(Caller::Federated {
            account,
            name: name.to_owned(),
            key,
            since: scene.now,
            user_path_name: identity.path_name,
            user_id: identity.id,
        })
    }

    fn known_user(&self, name: &str) -> Result<(usize, Identity), Error> {
        let mut known = self.identities.iter().enumerate();
        let found = known.find(|(_, known)| known.kind == Kind::User && known.name == name);
        let (index, identity) =
            found.ok_or_else(|| Error::Name { owner: "background".to_owned(), name: name.to_owned() })?;
        Ok((index, identity.clone()))
    }

    fn service_events(
        &mut self,
        service: &str,
        name: &str,
        rhythm: &Rhythm,
        details: &Pattern,
        mint: &mut Mint,
    ) -> Result<(), Error> {
        let (account, region) = (&self.profile.account, &self.profile.region);
        for run in rhythm.runs(self.start, self.end, mint)? {
            let scene = Scene { account, region, now: run };
            let mut text = String::new();
            service_event(&mut text, &scene, service, name, mint, |out, mint| {
                details.fill(out, &scene, &mut Arguments::default(), mint);
            });
            self.log.service_events += 1;
            self.records.push(Record { moment: run, region: region.clone(), text });
        }
        Ok(())
    }

    fn sign_ins(
        &mut self,
        user: Option<&str>,
        rhythm: &Rhythm,
        address: &str,
        failure: f64,
        mint: &mut Mint,
    ) -> Result<(), Error> {
        let account = &self.profile.account;
        let region = &self.profile.region;
        let identity = match user {
            None => format!(
                "{{\"type\":\"Root\",\"principalId\":\"{account}\",\"arn\":\"arn:aws:iam::{account}:root\",\"accountId\":\"{account}\",\"accessKeyId\":\"\"}}"
            ),
            Some(name) => {
                let (_, known) = self.known_user(name)?;
                format!(
                    "{{\"type\":\"IAMUser\",\"principalId\":\"{}\",\"arn\":\"{}\",\"accountId\":\"{account}\",\"userName\":\"{name}\"}}",
                    known.id, known.arn
                )
            }
        };
        for run in rhythm.runs(self.start, self.end, mint)? {
            let failed = mint.chance(failure);
            let (error, answer, factor) = if failed {
                ("\"errorMessage\":\"Failed authentication\",", "Failure", "No")
            } else {
                ("", "Success", "Yes")
            };
            let mut text =
                format!("{{\"eventVersion\":\"1.08\",\"userIdentity\":{identity},\"eventTime\":\"");
            moment::iso(&mut text, run);
            text.push_str(&format!(
                "\",\"eventSource\":\"signin.amazonaws.com\",\"eventName\":\"ConsoleLogin\",\"awsRegion\":\"{region}\",\"sourceIPAddress\":\"{address}\",\"userAgent\":\"{BROWSER}\",{error}\"requestParameters\":null,\"responseElements\":{{\"ConsoleLogin\":\"{answer}\"}},\"additionalEventData\":{{\"LoginTo\":\"https://{region}.console.aws.amazon.com/console/home?region={region}\",\"MobileVersion\":\"No\",\"MFAUsed\":\"{factor}\"}},\"eventID\":\""
            ));
            mint.uuid(&mut text);
            text.push_str(&format!(
                "\",\"readOnly\":false,\"eventType\":\"AwsConsoleSignIn\",\"managementEvent\":true,\"recipientAccountId\":\"{account}\",\"eventCategory\":\"Management\",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"{region}.signin.aws.amazon.com\"}}}}"
            ));
            self.log.sign_ins += 1;
            self.records.push(Record { moment: run, region: region.clone(), text });
        }
        Ok(())
    }
}

/// Appends an event that a service reports of itself.
pub(crate) fn service_event(
    out: &mut String,
    scene: &Scene<'_>,
    service: &str,
    name: &str,
    mint: &mut Mint,
    details: impl FnOnce(&mut String, &mut Mint),
) {
    let Scene { account, region, now } = scene;
    out.push_str(&format!(
        "{{\"eventVersion\":\"1.11\",\"userIdentity\":{{\"accountId\":\"{account}\",\"invokedBy\":\"{service}\"}},\"eventTime\":\""
    ));
    moment::iso(out, *now);
    out.push_str(&format!(
        "\",\"eventSource\":\"{service}\",\"eventName\":\"{name}\",\"awsRegion\":\"{region}\",\"sourceIPAddress\":\"{service}\",\"userAgent\":\"{service}\",\"requestParameters\":null,\"responseElements\":null,\"eventID\":\""
    ));
    mint.uuid(out);
    out.push_str(&format!(
        "\",\"readOnly\":false,\"eventType\":\"AwsServiceEvent\",\"managementEvent\":true,\"recipientAccountId\":\"{account}\",\"serviceEventDetails\":"
    ));
    details(out, mint);
    out.push_str(",\"eventCategory\":\"Management\"}");
}
