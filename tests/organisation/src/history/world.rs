//! The organisation behind a history, drawn from the seed: who there is, what each of them does, what goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::archetype::{self, Archetype, Session};
use super::calendar::{Calendar, When};
use super::call::{Call, Names, fill, name, name_identity};
use super::drift::Plan;
use super::member::{Member, principal};
use super::noise::{self, Gap, Intrusion};
use super::prior::{self, Prior};
use super::workload::{Life, NEVER, Task, Workload};
use super::{ACCOUNT, END, History};
use crate::error::Error;
use crate::identity::Identity;
use crate::mint::Mint;
use crate::moment::DAY;

/// Invented companies.
const COMPANIES: &[&str] = &["larkspur", "fernhill", "quillon", "brackwater", "tamarind", "osprey"];

/// What companies' workloads are about.
const PRODUCTS: &[&str] = &[
    "orders", "billing", "catalog", "search", "reviews", "returns", "shipping", "tax", "loyalty", "offers",
    "profile", "media", "mail", "ledger", "fraud", "stock", "pricing", "basket", "checkout", "supplier",
    "delivery", "claims", "survey", "events", "partners", "content", "quotes", "policy", "devices", "maps",
];

/// Everything that a history is written from.
pub(super) struct World {
    /// What was asked for.
    pub(super) history: History,
    /// What is drawn once.
    pub(super) prior: Prior,
    /// The days.
    pub(super) calendar: Calendar,
    /// All identities.
    pub(super) members: Vec<Member>,
    /// When the logs miss what happened, sorted.
    pub(super) gaps: Vec<Gap>,
    /// Bursts with stolen credentials.
    pub(super) intrusions: Vec<Intrusion>,
}

/// Draws identities one after another.
struct Cast<'a> {
    history: &'a History,
    prior: &'a Prior,
    calendar: Calendar,
    archetypes: &'a [Archetype],
    company: &'static str,
    names: BTreeSet<String>,
    modules: BTreeMap<String, u32>,
    members: Vec<Member>,
}

impl World {
    /// Draws the organisation.
    ///
    /// # Errors
    /// An archetype that cannot be read.
    pub(super) fn draw(history: &History) -> Result<Self, Error> {
        let mut mint = Mint::new(history.seed, "history");
        let prior = Prior::draw(history.drift, &mut mint);
        let calendar = Calendar { start: END - i64::from(history.days) * DAY, days: history.days };
        let archetypes = archetype::all()?;
        let mut cast = Cast {
            history,
            prior: &prior,
            calendar,
            archetypes: &archetypes,
            company: mint.pick(COMPANIES).copied().unwrap_or_default(),
            names: BTreeSet::new(),
            modules: BTreeMap::new(),
            members: Vec::new(),
        };
        cast.fill(&mut mint)?;
        if history.shuffle_siblings {
            cast.shuffle(&mut mint);
        }
        cast.deliver(&mut mint)?;
        let mut members = cast.members;
        for member in &mut members {
            member.grant(&prior, calendar, &mut mint.fork())?;
        }
        let gaps = noise::gaps(calendar, &mut mint);
        let intrusions = noise::intrusions(&members, calendar, &mut mint.fork())?;
        Ok(Self { history: history.clone(), prior, calendar, members, gaps, intrusions })
    }
}

impl<'a> Cast<'a> {
    /// Draws modules until there are as many identities as were asked for. Deployers come first: what is deployed
    /// needs one.
    fn fill(&mut self, mint: &mut Mint) -> Result<(), Error> {
        let all = self.history.identities;
        let in_cluster = (0..all).filter(|_| mint.chance(self.prior.kubernetes)).count();
        let in_cluster = u32::try_from(in_cluster).unwrap_or(0).clamp(all / 10, all / 4);
        for (cluster, count) in [(false, all - in_cluster), (true, in_cluster)] {
            let mut left = count;
            let candidates: Vec<&'a Archetype> =
                self.archetypes.iter().filter(|archetype| archetype.in_cluster == cluster).collect();
            for archetype in candidates.iter().filter(|archetype| !archetype.delivers.is_empty()) {
                if left > 0 {
                    left -= self.module(archetype, left, mint)?;
                }
            }
            while left > 0 {
                let stratum = self.prior.stratum(mint);
                let of_stratum: Vec<_> = candidates
                    .iter()
                    .copied()
                    .filter(|archetype| cluster || archetype.stratum == stratum)
                    .collect();
                let Some(archetype) = archetype::pick(&of_stratum, mint) else { break };
                left -= self.module(archetype, left, mint)?;
            }
        }
        Ok(())
    }

    /// Draws one module with its identities, and answers how many there are.
    fn module(&mut self, archetype: &'a Archetype, left: u32, mint: &mut Mint) -> Result<u32, Error> {
        let number = self.modules.entry(archetype.name.clone()).or_default();
        *number += 1;
        let module = format!("{}-{number}", archetype.name);
        let plan = Plan::draw(archetype, self.calendar, self.prior, mint);
        let siblings = u32::try_from(mint.between(archetype.siblings.0, archetype.siblings.1)).unwrap_or(1);
        let siblings = siblings.clamp(1, left);
        for _ in 0..siblings {
            let member = self.member(&plan, &module, mint)?;
            self.members.push(member);
        }
        Ok(siblings)
    }

    fn member(&mut self, plan: &Plan<'_>, module: &str, mint: &mut Mint) -> Result<Member, Error> {
        let archetype = plan.archetype;
        let mut names = self.product(mint);
        let mut name = fill(&archetype.names, &names);
        while !self.names.insert(name.clone()) {
            names = self.product(mint);
            name = fill(&archetype.names, &names);
            if self.names.contains(&name) {
                name = format!("{name}-{}", mint.between(2, 999));
            }
        }
        let deploys = !archetype.delivers.is_empty();
        let days = i64::from(self.calendar.days);
        let created = if !deploys && mint.chance(self.prior.young) {
            mint.between(1, (days * 9 / 10).max(1))
        } else {
            -mint.between(20, 1500)
        };
        let until = if !deploys && mint.chance(self.prior.retired) {
            u32::try_from(mint.between(created.max(0) + 20, days)).unwrap_or(NEVER)
        } else {
            NEVER
        };
        let description = principal(&name, archetype, module, created, self.calendar, &names, mint);
        let identity = Identity::new(self.history.seed, ACCOUNT, &description);
        name_identity(&mut names, &identity);
        let off = if archetype.stratum == "human" { self.calendar.days_off(mint) } else { Vec::new() };
        let mut member = Member::new(archetype, module, description, identity, created, until, off);
        if !deploys && mint.chance(self.prior.idle) {
            return Ok(member);
        }
        let life = self.life(plan, &member.off);
        let mut workloads = vec![life.draw(seat(archetype, &names), names.clone(), mint)?];
        let can_share = archetype.stratum == "workload" && !archetype.in_cluster;
        if can_share && mint.chance(self.prior.shared) {
            workloads.extend(self.second(archetype, &member, mint)?);
        }
        member.workloads = workloads;
        Ok(member)
    }

    fn life<'b>(&self, plan: &'b Plan<'b>, off: &'b [bool]) -> Life<'b> {
        Life { plan, calendar: self.calendar, off, change: self.prior.change * prior::OWN_CHANGES }
    }

    /// A second workload under the same role, of another kind, with session names of its own.
    fn second(&self, first: &Archetype, member: &Member, mint: &mut Mint) -> Result<Option<Workload>, Error> {
        let candidates: Vec<_> = self
            .archetypes
            .iter()
            .filter(|other| {
                !other.in_cluster
                    && other.stratum == "workload"
                    && other.session == first.session
                    && other.name != first.name
            })
            .collect();
        let Some(other) = archetype::pick(&candidates, mint) else { return Ok(None) };
        let plan = Plan::draw(other, self.calendar, self.prior, mint);
        let mut names = self.product(mint);
        name_identity(&mut names, &member.identity);
        let life = self.life(&plan, &[]);
        let seat = format!("{}-second", seat(other, &names));
        Ok(Some(life.draw(seat, names, mint)?))
    }

    /// The names that one workload's resources have.
    fn product(&self, mint: &mut Mint) -> Names {
        let mut text = |fill: fn(&mut Mint, &mut String)| {
            let mut text = String::new();
            fill(mint, &mut text);
            text
        };
        let id = text(|mint, out| mint.lower(out, 6));
        let uuid = text(Mint::uuid);
        let hex = text(|mint, out| mint.hex(out, 16));
        let zone = text(|mint, out| mint.upper(out, 13));
        let environment = match mint.below(20) {
            0..13 => "prod",
            13..17 => "staging",
            _ => "dev",
        };
        let name = mint.pick(PRODUCTS).copied().unwrap_or_default();
        Names::from([
            ("co", self.company.to_owned()),
            ("name", name.to_owned()),
            ("env", environment.to_owned()),
            ("ns", name.to_owned()),
            ("id", id),
            ("uuid", uuid),
            ("hex", format!("0{hex}")),
            ("DIST", format!("E{zone}")),
            ("ID", zone),
        ])
    }

    /// Deals the names and tags of the cloud's identities out again, so that they say nothing of what is alike.
    fn shuffle(&mut self, mint: &mut Mint) {
        let mut dealt: Vec<usize> = (0..self.members.len()).filter(|at| self.is_plain(*at)).collect();
        let places = dealt.clone();
        for last in (1..dealt.len()).rev() {
            let other = usize::try_from(mint.below(last as u64 + 1)).unwrap_or(0);
            dealt.swap(last, other);
        }
        let faces: Vec<_> = dealt
            .iter()
            .filter_map(|at| self.members.get(*at))
            .map(|member| {
                (member.description.name.clone(), member.description.tags.clone(), member.module.clone())
            })
            .collect();
        for (place, (name, tags, module)) in places.into_iter().zip(faces) {
            if let Some(member) = self.members.get_mut(place) {
                member.description.name = name;
                member.description.tags = tags;
                member.module = module;
                member.identity = Identity::new(self.history.seed, ACCOUNT, &member.description);
                for workload in &mut member.workloads {
                    name_identity(&mut workload.names, &member.identity);
                }
            }
        }
    }

    /// Whether the identity is a role: users and ServiceAccounts keep their names.
    fn is_plain(&self, at: usize) -> bool {
        self.members.get(at).is_some_and(|member| {
            member.subject.is_none() && member.identity.kind == crate::profile::Kind::Role
        })
    }

    /// Gives every deployed workload to one of those that deploy its kind.
    fn deliver(&mut self, mint: &mut Mint) -> Result<(), Error> {
        let mut given = Vec::new();
        for member in &self.members {
            for workload in member.workloads.iter().filter(|workload| !workload.deploys.is_empty()) {
                let deployers: Vec<_> = self
                    .members
                    .iter()
                    .enumerate()
                    .filter(|(_, other)| other.delivers == workload.delivery)
                    .collect();
                let Some((index, deployer)) = mint.pick(&deployers) else { continue };
                let archetype = self.archetypes.iter().find(|archetype| archetype.name == deployer.archetype);
                let entries = archetype.into_iter().flat_map(|archetype| &archetype.tasks);
                for entry in entries.filter(|entry| entry.rhythm == "deliver") {
                    let mut calls = Vec::new();
                    for text in &entry.calls {
                        let parsed = Call::parse_all(text, &workload.names, member.subject.is_some())?;
                        calls.extend(parsed.into_iter().map(|call| (call, false)));
                    }
                    let days = workload.deploys.iter().copied().filter(|day| member.is_alive(*day)).collect();
                    given.push((
                        *index,
                        Task {
                            cause: "deploy".to_owned(),
                            from: 0,
                            until: NEVER,
                            when: When::Days(days),
                            calls,
                        },
                    ));
                }
            }
        }
        for (index, task) in given {
            let member = self.members.get_mut(index);
            if let Some(workload) = member.and_then(|member| member.workloads.first_mut()) {
                workload.tasks.push(task);
            }
        }
        Ok(())
    }
}

/// The name of a workload's sessions. The function service names them as the function, which here is named as its role.
fn seat(archetype: &Archetype, names: &Names) -> String {
    let product = name(names, "name");
    match archetype.session {
        Session::Lambda => name(names, "rolename").to_owned(),
        Session::Instance => format!("i-{}", name(names, "hex")),
        Session::Saml => format!("{product}@{}.example", name(names, "co")),
        Session::Ci => format!("run-{product}"),
        _ => format!("{}-{product}", archetype.name),
    }
}
