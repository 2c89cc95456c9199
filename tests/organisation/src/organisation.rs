//! An organisation, made from its profile and a seed.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::identity::Identity;
use crate::mint::Mint;
use crate::moment;
use crate::pattern::{Arguments, Scene};
use crate::profile::{Kind, Profile, SessionDescription};
use crate::recorder::{Doing, Record, Recorder, compile, draw};
use crate::rhythm::Rhythm;
use crate::template::Templates;
use crate::truth::{LogTruth, PrincipalTruth, Tally, Truth};

/// An organisation: its log, its grants and the truth behind them. Equal seed and profile make equal bytes.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub(crate) seed: u64,
    pub(crate) profile: Profile,
    pub(crate) identities: Vec<Identity>,
    pub(crate) records: Vec<Record>,
    pub(crate) truth: Truth,
}

impl Organisation {
    /// Makes the organisation.
    ///
    /// # Errors
    /// A profile that names what it does not define, or whose times or patterns cannot be read.
    pub fn generate(seed: u64, profile: &Profile) -> Result<Self, Error> {
        let instant = |text: &str| {
            moment::parse(text)
                .ok_or_else(|| Error::Time { owner: "profile".to_owned(), text: text.to_owned() })
        };
        let (start, end) = (instant(&profile.start)?, instant(&profile.end)?);
        let identities: Vec<_> = profile
            .principals
            .iter()
            .map(|description| Identity::new(seed, &profile.account, description))
            .collect();
        let mints =
            identities.iter().map(|identity| Some(Mint::thrifty(seed, &format!("calls/{}", identity.arn))));
        let mut recorder = Recorder {
            profile,
            templates: Templates::embedded()?,
            identities: &identities,
            mints: mints.collect(),
            tallies: vec![Tally::default(); identities.len()],
            records: Vec::new(),
            log: LogTruth::default(),
            sessions: BTreeMap::new(),
            start,
            end,
        };
        for principal in 0..identities.len() {
            recorder.live(principal)?;
        }
        for (position, entry) in profile.background.iter().enumerate() {
            recorder.background(entry, &mut Mint::thrifty(seed, &format!("background/{position}")))?;
        }
        let Recorder { mut records, tallies, log, .. } = recorder;
        records.sort_by(|left, right| (left.moment, &left.text).cmp(&(right.moment, &right.text)));
        let truth = truth(profile, &identities, tallies, log);
        let mut organisation = Self { seed, profile: profile.clone(), identities, records, truth };
        let (files, duplicates) = organisation.count_delivery();
        organisation.truth.log.files = files;
        organisation.truth.log.duplicates = duplicates;
        Ok(organisation)
    }

    /// The profile that the organisation was made from.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Roles and users, in the order of the profile.
    #[must_use]
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Every record of the log once, sorted by time.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What the principals truly need.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.truth
    }
}

impl Recorder<'_> {
    /// Lets a principal do its jobs through the whole log.
    fn live(&mut self, principal: usize) -> Result<(), Error> {
        let profile = self.profile;
        let Some(description) = profile.principals.get(principal) else { return Ok(()) };
        let bad = |text: &str| Error::Time { owner: description.name.clone(), text: text.to_owned() };
        let created = moment::parse(&description.created).ok_or_else(|| bad(&description.created))?;
        let retired = match &description.retired {
            Some(text) => moment::parse(text).ok_or_else(|| bad(text))?,
            None => i64::MAX,
        };
        let via = match &description.session {
            Some(SessionDescription::Service { service, calls_itself: true, .. }) => Some(service.as_str()),
            _ => None,
        };
        let Some(mut mint) = self.mints.get_mut(principal).and_then(Option::take) else { return Ok(()) };
        let (start, end) = (self.start.max(created), self.end.min(retired));
        for job in &description.jobs {
            let words = job.rhythm.words();
            let compiled = compile(&job.with)?;
            if matches!(job.rhythm, Rhythm::Never(_)) {
                for call in &job.calls {
                    self.foresee(principal, &description.name, &words, call, &compiled, &mut mint)?;
                }
            }
            for run in job.rhythm.runs(start, end, &mut mint)? {
                let (caller, origin) = self.session(principal, run, &mut mint)?;
                let doing = Doing {
                    principal: Some(principal),
                    caller: &caller,
                    origin: &origin,
                    rhythm: &words,
                    via,
                };
                let scene = Scene { account: &profile.account, region: &profile.region, now: run };
                let mut of_run = Arguments::default();
                draw(&compiled, &scene, &mut of_run, &mut mint);
                let mut time = run;
                for call in &job.calls {
                    time = self.calls(doing, &description.name, call, &of_run, time, &mut mint)?;
                }
            }
        }
        if let Some(slot) = self.mints.get_mut(principal) {
            *slot = Some(mint);
        }
        Ok(())
    }
}

fn truth(profile: &Profile, identities: &[Identity], tallies: Vec<Tally>, log: LogTruth) -> Truth {
    let described = profile.principals.iter().zip(identities).zip(tallies);
    let principals = described.map(|((description, identity), tally)| {
        let last_used = tally.last.as_ref().map(|(moment, _)| {
            let mut text = String::new();
            moment::iso(&mut text, *moment);
            text
        });
        PrincipalTruth {
            arn: identity.arn.clone(),
            kind: if identity.kind == Kind::Role { "role".to_owned() } else { "user".to_owned() },
            character: description.character.clone(),
            created: description.created.clone(),
            allowed: tally.allowed,
            failed: tally.failed,
            denied: tally.denied,
            unlogged: tally.unlogged,
            last_used,
            last_region: tally.last.map(|(_, region)| region),
            needs: tally.needs.into_values().collect(),
            refused: tally.refused.into_values().collect(),
        }
    });
    Truth {
        account: profile.account.clone(),
        start: profile.start.clone(),
        end: profile.end.clone(),
        log,
        principals: principals.collect(),
    }
}
