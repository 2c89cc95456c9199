//! Makes the calls of an organisation: the log's records, and the truth behind them.

use std::collections::BTreeMap;

use crate::caller::Caller;
use crate::error::Error;
use crate::event::{Call, Origin, Outcome};
use crate::identity::Identity;
use crate::mint::Mint;
use crate::pattern::{Argument, Arguments, Pattern, Scene};
use crate::profile::{JobCall, Profile};
use crate::session::Active;
use crate::template::{Class, Template, Templates};
use crate::truth::{Entry, LogTruth, Tally, Visibility};

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When the call was made, in seconds since the Unix epoch.
    pub moment: i64,
    /// The region whose files hold it.
    pub region: String,
    /// The record as compact JSON.
    pub text: String,
}

/// Makes calls, keeps the records and tallies the truth.
pub(crate) struct Recorder<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) templates: &'static Templates,
    pub(crate) identities: &'a [Identity],
    /// One stream of identifiers per principal; absent while in use.
    pub(crate) mints: Vec<Option<Mint>>,
    pub(crate) tallies: Vec<Tally>,
    pub(crate) records: Vec<Record>,
    pub(crate) log: LogTruth,
    pub(crate) sessions: BTreeMap<(usize, usize), Vec<Active>>,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Who makes a call, and why.
#[derive(Clone, Copy)]
pub(crate) struct Doing<'a> {
    /// Index of the principal; none for calls that are no principal's.
    pub(crate) principal: Option<usize>,
    pub(crate) caller: &'a Caller,
    pub(crate) origin: &'a Origin,
    /// The job's rhythm in words.
    pub(crate) rhythm: &'a str,
    /// The service that makes all of the principal's calls.
    pub(crate) via: Option<&'a str>,
}

/// A description's arguments, compiled.
pub(crate) fn compile<'a>(
    with: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Result<Vec<(String, Pattern)>, Error> {
    with.into_iter().map(|(name, text)| Ok((name.clone(), Pattern::text(text)?))).collect()
}

/// Draws compiled arguments; they may refer to those drawn before.
pub(crate) fn draw(
    compiled: &[(String, Pattern)],
    scene: &Scene<'_>,
    arguments: &mut Arguments,
    mint: &mut Mint,
) {
    for (name, pattern) in compiled {
        let (mut value, mut general) = (String::new(), String::new());
        pattern.fill_both(&mut value, &mut general, scene, arguments, mint);
        arguments.insert(Argument { name: name.clone(), value, general });
    }
}

/// Draws arguments that may refer to the ones there are, and puts them before these.
fn override_with(
    compiled: &[(String, Pattern)],
    scene: &Scene<'_>,
    arguments: &mut Arguments,
    mint: &mut Mint,
) {
    let mut drawn = Arguments::default();
    for (name, pattern) in compiled {
        let (mut value, mut general) = (String::new(), String::new());
        pattern.fill_both(&mut value, &mut general, scene, arguments, mint);
        drawn.insert(Argument { name: name.clone(), value, general });
    }
    for argument in arguments.iter() {
        drawn.insert(argument.clone());
    }
    *arguments = drawn;
}

impl Recorder<'_> {
    /// The template of an operation.
    pub(crate) fn template(&self, owner: &str, operation: &str) -> Result<&'static Template, Error> {
        self.templates
            .get(operation)
            .ok_or_else(|| Error::Operation { principal: owner.to_owned(), operation: operation.to_owned() })
    }

    /// Makes all the calls that one entry of a job asks for and answers when they are through.
    pub(crate) fn calls(
        &mut self,
        doing: Doing<'_>,
        owner: &str,
        call: &JobCall,
        of_run: &Arguments,
        mut time: i64,
        mint: &mut Mint,
    ) -> Result<i64, Error> {
        if !mint.chance(call.chance) {
            return Ok(time);
        }
        let template = self.template(owner, &call.operation)?;
        let with = compile(&call.with)?;
        let region =
            template.region.as_ref().or(call.region.as_ref()).unwrap_or(&self.profile.region).clone();
        for _ in 0..mint.between(i64::from(call.times.0), i64::from(call.times.1)) {
            time += mint.between(0, 2);
            let account = self.profile.account.clone();
            let scene = Scene { account: &account, region: &region, now: time };
            let mut arguments = of_run.clone();
            override_with(&with, &scene, &mut arguments, mint);
            let outcome = match &call.outcome {
                Some(outcome) if mint.chance(call.outcome_chance) => Outcome::parse(outcome),
                _ => Outcome::Allowed,
            };
            let doing = Doing { via: call.via.as_deref().or(doing.via), ..doing };
            self.call(doing, template, scene, &outcome, &mut arguments, mint);
        }
        Ok(time)
    }

    /// Makes one call.
    pub(crate) fn call(
        &mut self,
        doing: Doing<'_>,
        template: &Template,
        scene: Scene<'_>,
        outcome: &Outcome,
        arguments: &mut Arguments,
        mint: &mut Mint,
    ) {
        if !(self.start..self.end).contains(&scene.now) {
            return;
        }
        let visibility = self.visibility(template, &scene, arguments, mint);
        let logged = matches!(visibility, Visibility::Management | Visibility::Data);
        if logged {
            let call =
                Call { template, caller: doing.caller, origin: doing.origin, via: doing.via, scene, outcome };
            let mut text = String::new();
            call.write(&mut text, arguments, mint);
            self.records.push(Record { moment: scene.now, region: scene.region.to_owned(), text });
            self.log.calls += 1;
            self.log.errors += u64::from(*outcome != Outcome::Allowed);
            self.log.denied += u64::from(outcome.is_denied());
            self.log.via += u64::from(doing.via.is_some() || matches!(doing.caller, Caller::Service(_)));
            self.log.data += u64::from(visibility == Visibility::Data);
        }
        let Some(tally) = doing.principal.and_then(|index| self.tallies.get_mut(index)) else { return };
        tally.used(scene.now, scene.region);
        match (logged, outcome) {
            (false, _) => tally.unlogged += 1,
            (true, Outcome::Allowed) => tally.allowed += 1,
            (true, Outcome::Denied { .. }) => tally.denied += 1,
            (true, _) => tally.failed += 1,
        }
        for (position, need) in template.needs.iter().enumerate() {
            let (mut value, mut general) = (String::new(), String::new());
            need.resource.fill_both(&mut value, &mut general, &scene, arguments, mint);
            if outcome.is_denied() {
                if position == 0 {
                    tally.refuse(&need.action, general);
                }
                continue;
            }
            let own = template.needs.first().map(|first| first.action.as_str());
            tally.need(Entry {
                action: &need.action,
                resource: general,
                dependent: own != Some(need.action.as_str()),
                visibility,
                rhythm: doing.rhythm,
                via: doing.via.unwrap_or_default(),
                region: scene.region,
                calls: 1,
            });
        }
    }

    /// Tallies the needs of a job that does not run within the log.
    pub(crate) fn foresee(
        &mut self,
        principal: usize,
        owner: &str,
        rhythm: &str,
        call: &JobCall,
        of_run: &[(String, Pattern)],
        mint: &mut Mint,
    ) -> Result<(), Error> {
        let template = self.template(owner, &call.operation)?;
        if call.outcome.as_deref().is_some_and(|outcome| Outcome::parse(outcome).is_denied()) {
            return Ok(());
        }
        let region = template.region.as_ref().or(call.region.as_ref()).unwrap_or(&self.profile.region);
        let scene = Scene { account: &self.profile.account, region, now: self.end };
        let mut arguments = Arguments::default();
        draw(of_run, &scene, &mut arguments, mint);
        override_with(&compile(&call.with)?, &scene, &mut arguments, mint);
        draw(&template.defaults, &scene, &mut arguments, mint);
        for need in &template.needs {
            let (mut value, mut general) = (String::new(), String::new());
            need.resource.fill_both(&mut value, &mut general, &scene, &mut arguments, mint);
            let own = template.needs.first().map(|first| first.action.as_str());
            if let Some(tally) = self.tallies.get_mut(principal) {
                tally.need(Entry {
                    action: &need.action,
                    resource: general,
                    dependent: own != Some(need.action.as_str()),
                    visibility: Visibility::BeyondWindow,
                    rhythm,
                    via: call.via.as_deref().unwrap_or_default(),
                    region,
                    calls: 0,
                });
            }
        }
        Ok(())
    }

    fn visibility(
        &self,
        template: &Template,
        scene: &Scene<'_>,
        arguments: &mut Arguments,
        mint: &mut Mint,
    ) -> Visibility {
        let resource_type = match &template.class {
            Class::Management => return Visibility::Management,
            Class::Never => return Visibility::Never,
            Class::Data(resource_type) => resource_type,
        };
        let mut resource = String::new();
        if let Some(need) = template.needs.first() {
            need.resource.fill(&mut resource, scene, arguments, mint);
        }
        // A selector names a bucket's objects as `arn:aws:s3:::bucket/`, and logs the listing of the bucket too.
        let container = format!("{resource}/");
        let logged = self.profile.trail.data.iter().any(|events| {
            events.resource_type == *resource_type
                && (events.prefixes.is_empty()
                    || events.prefixes.iter().any(|prefix| {
                        resource.starts_with(prefix.as_str()) || container.starts_with(prefix.as_str())
                    }))
        });
        if logged { Visibility::Data } else { Visibility::DataOff }
    }
}
