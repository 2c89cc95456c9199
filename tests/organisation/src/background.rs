//! What a log holds besides the calls of principals: services at work, sign-ins, strangers at the door.

use crate::caller::Caller;
use crate::error::Error;
use crate::event::Origin;
use crate::mint::Mint;
use crate::moment;
use crate::pattern::{Arguments, Pattern, Scene};
use crate::profile::{Background, JobCall, Kind};
use crate::recorder::{Doing, Record, Recorder};
use crate::rhythm::Rhythm;

/// The user agent of people.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

impl Recorder<'_> {
    /// Makes one entry of the background.
    pub(crate) fn background(&mut self, entry: &Background, mint: &mut Mint) -> Result<(), Error> {
        match entry {
            Background::ServiceCalls { service, rhythm, calls } => {
                let origin = Origin::default();
                self.strangers(&Caller::Service(service.clone()), rhythm, calls, mint, |_, _| {
                    Ok(origin.clone())
                })
            }
            Background::RootCalls { rhythm, address, calls } => {
                let caller = Caller::Root { account: self.profile.account.clone() };
                let origin = Origin {
                    address: address.clone(),
                    agent: BROWSER.to_owned(),
                    console: true,
                    ..Origin::default()
                };
                self.strangers(&caller, rhythm, calls, mint, |_, _| Ok(origin.clone()))
            }
            Background::Anonymous { rhythm, address, calls } => {
                let address = Pattern::text(address)?;
                self.strangers(&Caller::Anonymous, rhythm, calls, mint, |scene, mint| {
                    let mut text = String::new();
                    address.fill(&mut text, scene, &mut Arguments::default(), mint);
                    Ok(Origin {
                        address: text,
                        agent: "[Mozilla/5.0 zgrab/0.x]".to_owned(),
                        ..Origin::default()
                    })
                })
            }
            Background::ServiceEvents { service, name, rhythm, details } => {
                self.service_events(service, name, rhythm, &Pattern::json(details)?, mint)
            }
            Background::SignIns { user, rhythm, address, failure } => {
                self.sign_ins(user.as_deref(), rhythm, address, *failure, mint)
            }
        }
    }

    fn strangers(
        &mut self,
        caller: &Caller,
        rhythm: &Rhythm,
        calls: &[JobCall],
        mint: &mut Mint,
        origin: impl Fn(&Scene<'_>, &mut Mint) -> Result<Origin, Error>,
    ) -> Result<(), Error> {
        for run in rhythm.runs(self.start, self.end, mint)? {
            let scene = Scene { account: &self.profile.account, region: &self.profile.region, now: run };
            let origin = origin(&scene, mint)?;
            let doing = Doing { principal: None, caller, origin: &origin, rhythm: "", via: None };
            let mut time = run;
            for call in calls {
                time = self.calls(doing, "background", call, &Arguments::default(), time, mint)?;
            }
        }
        Ok(())
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
                let known =
                    self.identities.iter().find(|known| known.kind == Kind::User && known.name == name);
                let known = known
                    .ok_or_else(|| Error::Name { owner: "sign-ins".to_owned(), name: name.to_owned() })?;
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
