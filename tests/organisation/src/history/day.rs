//! One day of a history: the records of its calls, and what the truth notes of them.

use std::collections::HashMap;

use super::call::{Call, Target, arguments, cluster_need};
use super::member::Member;
use super::noise::Intrusion;
use super::seat::{self, Seat};
use super::truth::{Key, Note};
use super::workload::{Task, Workload};
use super::world::World;
use super::{ACCOUNT, REGION};
use crate::cluster::{ClusterCall, Request};
use crate::event::{self, Origin, Outcome};
use crate::mint::Mint;
use crate::pattern::{Arguments, Pattern, Scene};
use crate::recorder::Record;
use crate::template::{Class, Template, Templates};

/// Data events that the trail logs.
pub(super) const LOGGED: &[&str] = &["AWS::S3::Object", "AWS::Lambda::Function"];

/// What a day leaves behind.
#[derive(Default)]
pub(super) struct Day<'w> {
    /// Records of the trail.
    pub(super) records: Vec<Record>,
    /// Lines of the audit log, with their moments.
    pub(super) audit: Vec<(i64, String)>,
    /// What the truth notes, and whether a log shows it.
    pub(super) notes: HashMap<Key<'w>, bool>,
}

/// Makes the days, one after another.
pub(super) struct Maker<'w> {
    world: &'w World,
    templates: &'static Templates,
    /// What the streams of all days and members cut their opaque values from.
    mint: Mint,
    policy: serde_json::Value,
    day: Day<'w>,
    number: u32,
}

/// How calls end that the grants do not allow.
static REFUSED: Outcome = Outcome::Denied { explicitly: false };

/// Which call of whom.
#[derive(Clone, Copy)]
struct Doing<'w, 'a> {
    member: usize,
    cause: &'w str,
    changed: bool,
    marked: bool,
    note: Note,
    outcome: &'a Outcome,
    time: i64,
}

impl<'w> Maker<'w> {
    /// A maker for any of the world's days.
    pub(super) fn new(world: &'w World, templates: &'static Templates) -> Self {
        Self {
            world,
            templates,
            mint: Mint::bulk(world.history.seed, "days"),
            policy: super::manifests::audit_policy(),
            day: Day::default(),
            number: 0,
        }
    }

    /// Makes one day. Its bytes depend on the seed and the day alone.
    pub(super) fn make(&mut self, number: u32) -> Day<'w> {
        self.number = number;
        let world = self.world;
        for (index, member) in world.members.iter().enumerate() {
            if !member.is_alive(number) {
                continue;
            }
            let mut mint = self.mint.turned_to(world.history.seed, &format!("day/{number}/{index}"));
            for workload in &member.workloads {
                self.live(index, member, workload, &mut mint);
            }
        }
        let mut day = std::mem::take(&mut self.day);
        day.records.sort_by(|left, right| (left.moment, &left.text).cmp(&(right.moment, &right.text)));
        day.audit.sort();
        day
    }

    /// One workload's day.
    fn live(&mut self, index: usize, member: &'w Member, workload: &'w Workload, mint: &mut Mint) {
        let (number, start) = (self.number, self.world.calendar.second(self.number));
        let runs = self.runs(member, workload, mint);
        // What identities are refused, and what strangers do, happens with the first workload's sessions.
        let is_first = member.workloads.first().is_some_and(|first| std::ptr::eq(first, workload));
        let probes = member.probes.iter().filter(|(_, days)| is_first && days.contains(&number));
        let ours = |one: &&Intrusion| is_first && one.member == index && one.day == number;
        let intrusions = self.world.intrusions.iter().filter(ours);
        if runs.is_empty() && probes.clone().next().is_none() && intrusions.clone().next().is_none() {
            return;
        }
        let since = runs.first().map_or(start + 1, |(time, _)| (time - 60).max(start + 1));
        let seat = member.subject.is_none().then(|| self.begin(index, member, workload, since, mint));
        let doing = Doing {
            member: index,
            cause: "",
            changed: false,
            marked: !workload.deploys.is_empty(),
            note: Note::Denied,
            outcome: &REFUSED,
            time: since,
        };
        for (time, task) in runs {
            let doing = Doing { cause: &task.cause, note: Note::Need, time, ..doing };
            self.work(doing, task, seat.as_ref(), mint);
        }
        for (call, _) in probes {
            let time = since + mint.between(1, 1800);
            self.call(Doing { time, ..doing }, call, seat.as_ref(), mint);
        }
        for intrusion in intrusions {
            self.intrude(doing, intrusion, seat.as_ref(), mint);
        }
    }

    /// When a workload's tasks run, sorted.
    fn runs(&self, member: &Member, workload: &'w Workload, mint: &mut Mint) -> Vec<(i64, &'w Task)> {
        let calendar = self.world.calendar;
        let (number, start) = (self.number, calendar.second(self.number));
        let is_off = usize::try_from(number).ok().and_then(|day| member.off.get(day)).copied() == Some(true);
        let mut runs = Vec::new();
        for task in workload.tasks.iter().filter(|task| (task.from..task.until).contains(&number)) {
            let (first, last) = hours(&task.cause, member);
            for _ in 0..task.when.runs(number, calendar.is_weekend(number), is_off, mint) {
                // The day's last minutes stay free, so that no run goes on into the next day.
                runs.push((start + mint.between(first * 3600, last * 3600 - 300), task));
            }
        }
        runs.sort_by_key(|(time, _)| *time);
        runs
    }

    /// One run of a task.
    fn work(&mut self, mut doing: Doing<'w, '_>, task: &'w Task, seat: Option<&Seat>, mint: &mut Mint) {
        for (call, changed) in &task.calls {
            if !mint.chance(call.chance) {
                continue;
            }
            for _ in 0..mint.between(call.times.0, call.times.1) {
                doing.time += mint.between(0, 2);
                let outcome = match &call.error {
                    Some((code, chance)) if mint.chance(*chance) => Outcome::Failed(code.clone()),
                    _ => Outcome::Allowed,
                };
                self.call(Doing { changed: *changed, outcome: &outcome, ..doing }, call, seat, mint);
            }
        }
    }

    /// What a stranger does with the session's credentials.
    fn intrude(
        &mut self,
        doing: Doing<'w, '_>,
        intrusion: &'w Intrusion,
        seat: Option<&Seat>,
        mint: &mut Mint,
    ) {
        let stolen = seat.map(|seat| Seat {
            caller: seat.caller.clone(),
            origin: Origin {
                address: intrusion.address.clone(),
                agent: "aws-cli/1.22.34 Python/3.10.6 Linux/5.15.0-kali botocore/1.23.34".to_owned(),
                endpoint: None,
                console: false,
            },
        });
        let mut time = doing.time + mint.between(60, 3600);
        for (call, allowed) in &intrusion.calls {
            time += mint.between(1, 40);
            let outcome = if *allowed { &Outcome::Allowed } else { &REFUSED };
            let doing = Doing { note: Note::Intruder { allowed: *allowed }, outcome, time, ..doing };
            self.call(doing, call, stolen.as_ref(), mint);
        }
    }

    fn begin(
        &mut self,
        index: usize,
        member: &Member,
        workload: &Workload,
        since: i64,
        mint: &mut Mint,
    ) -> Seat {
        let (seat, record) = seat::begin(member, workload, index, since, self.templates, mint);
        if let Some(text) = record.filter(|_| !self.is_lost(since, false)) {
            self.day.records.push(Record { moment: since, region: REGION.to_owned(), text });
        }
        seat
    }

    /// Whether a gap of the log swallows what happens at that moment.
    fn is_lost(&self, time: i64, in_cluster: bool) -> bool {
        let mut gaps = self.world.gaps.iter();
        gaps.any(|gap| gap.in_cluster == in_cluster && (gap.from..gap.to).contains(&time))
    }

    fn call(&mut self, doing: Doing<'w, '_>, call: &'w Call, seat: Option<&Seat>, mint: &mut Mint) {
        match &call.target {
            Target::Cloud { template, with } => {
                if let Some(seat) = seat {
                    self.cloud(doing, template, with, seat, mint);
                }
            }
            Target::Cluster { call, name } => self.cluster(doing, call, name, mint),
        }
    }

    fn cloud(
        &mut self,
        doing: Doing<'w, '_>,
        template: &'static Template,
        with: &[(String, Pattern)],
        seat: &Seat,
        mint: &mut Mint,
    ) {
        let region = template.region.as_deref().unwrap_or(REGION);
        let scene = Scene { account: ACCOUNT, region, now: doing.time };
        let mut arguments = arguments(template, with, &scene, mint);
        let visible = match &template.class {
            Class::Management => true,
            Class::Data(kind) => LOGGED.contains(&kind.as_str()),
            Class::Never => false,
        };
        let observed = visible && !self.is_lost(doing.time, false);
        if observed {
            let call = event::Call {
                template,
                caller: &seat.caller,
                origin: &seat.origin,
                via: None,
                scene,
                outcome: doing.outcome,
            };
            let mut text = String::with_capacity(1536);
            call.write(&mut text, &mut arguments, mint);
            self.day.records.push(Record { moment: doing.time, region: region.to_owned(), text });
        }
        self.note_needs(doing, template, &scene, &mut arguments, observed, mint);
    }

    fn note_needs(
        &mut self,
        doing: Doing<'w, '_>,
        template: &'static Template,
        scene: &Scene<'_>,
        arguments: &mut Arguments,
        observed: bool,
        mint: &mut Mint,
    ) {
        for (position, need) in template.needs.iter().enumerate() {
            let mut resource = String::new();
            need.resource.fill(&mut resource, scene, arguments, mint);
            // Of a call that is refused, the log names the first permission that was missing.
            if position > 0 && doing.outcome.is_denied() {
                break;
            }
            let write = if position == 0 { !template.read_only } else { is_write(&need.action) };
            self.note(doing, need.action.as_str().into(), resource, write, observed);
        }
    }

    fn cluster(&mut self, doing: Doing<'w, '_>, call: &ClusterCall, name: &Pattern, mint: &mut Mint) {
        let Some(subject) = self.world.members.get(doing.member).and_then(|member| member.subject.as_ref())
        else {
            return;
        };
        let mut filled = call.clone();
        let scene = Scene { account: ACCOUNT, region: REGION, now: doing.time };
        name.fill(&mut filled.name, &scene, &mut Arguments::default(), mint);
        if doing.outcome.is_denied() {
            filled.code = 403;
        }
        let request = Request { subject, call: &filled, suffix: "", at: doing.time };
        let lines = request.lines(&self.policy, mint);
        let observed = !lines.is_empty() && !self.is_lost(doing.time, true);
        if observed {
            self.day.audit.extend(lines.into_iter().map(|line| (doing.time, line)));
        }
        let (permission, resource) = cluster_need(&filled);
        let write = !matches!(call.verb.as_str(), "get" | "list" | "watch");
        self.note(doing, permission.into(), resource, write, observed);
    }

    fn note(
        &mut self,
        doing: Doing<'w, '_>,
        permission: std::borrow::Cow<'w, str>,
        resource: String,
        write: bool,
        observed: bool,
    ) {
        let key = Key {
            note: doing.note,
            member: doing.member,
            permission,
            resource,
            cause: doing.cause,
            changed: doing.changed,
            after_deploy: doing.changed && doing.marked,
            write,
        };
        *self.day.notes.entry(key).or_default() |= observed;
    }
}

/// Between which hours a task runs, UTC.
fn hours(cause: &str, member: &Member) -> (i64, i64) {
    match cause {
        "oncall" => (0, 24),
        "deploy" => (9, 17),
        _ if member.stratum == "human" => (8, 18),
        _ if cause.starts_with("cron") => (1, 6),
        _ => (0, 24),
    }
}

fn is_write(action: &str) -> bool {
    let name = action.split(':').nth(1).unwrap_or_default();
    !["Get", "List", "Describe", "Head"].iter().any(|verb| name.starts_with(verb))
}
