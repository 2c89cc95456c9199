//! `cargo xtask bench`: ratios to other programs, and to the floor, within one run on the same files.
//!
//! Speed on one machine says little; what is stated is how much faster or slower Remit is than something that
//! ran between its own runs. Nothing here is a test.

mod agent;
mod cluster;
mod evaluate;
mod grants;
mod ingest;
mod kubernetes;
mod load;
pub(crate) mod program;
mod report;
mod rollup;
mod row;
mod run;
mod start;
mod state;

use std::cell::OnceCell;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::place::Place;
use crate::test::peers;
use program::Programs;
use row::Row;

/// What `cargo xtask bench` can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which benchmarks; all where none is named
    names: Vec<String>,
    /// How many events the measured files hold
    #[arg(long, default_value_t = 2_000_000)]
    events: u64,
    /// How many events the files for slow peers hold
    #[arg(long, default_value_t = 100_000)]
    subset: u64,
    /// How many times each program runs, in turn with the others
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Use this `remit` instead of building one
    #[arg(long)]
    remit: Option<PathBuf>,
}

/// What a benchmark has to work with.
#[derive(Debug)]
struct Bench<'a> {
    place: &'a Place,
    arguments: &'a Arguments,
    programs: OnceCell<Programs>,
}

impl Bench<'_> {
    /// The programs, built when they are first asked for: not every benchmark needs them, and it takes long.
    fn programs(&self) -> anyhow::Result<&Programs> {
        if let Some(programs) = self.programs.get() {
            return Ok(programs);
        }
        let programs = Programs::build(self.place, self.arguments.remit.clone())?;
        Ok(self.programs.get_or_init(|| programs))
    }
}

/// A benchmark: its name, what it answers, and how.
struct Benchmark {
    name: &'static str,
    about: &'static str,
    run: fn(&Bench<'_>) -> anyhow::Result<Vec<Row>>,
}

const BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "floor",
        about: "ingest against inflating and walking the same bytes, its memory and the ledger's size",
        run: ingest::floor,
    },
    Benchmark {
        name: "memory",
        about: "memory of ingesting a fourth of the events, and the same as one file of lines",
        run: ingest::memory,
    },
    Benchmark {
        name: "orjson",
        about: "ingest against Python with orjson in two processes",
        run: ingest::orjson,
    },
    Benchmark {
        name: "duckdb",
        about: "ingest against DuckDB's read_json with the equivalent GROUP BY",
        run: ingest::duckdb,
    },
    Benchmark {
        name: "kubernetes",
        about: "ingest of a cluster's audit log against the floor and DuckDB's read_json",
        run: kubernetes::run,
    },
    Benchmark {
        name: "cluster",
        about: "memory of findings, proposals and the report on 10,000 subjects by 5,000 roles of a cluster",
        run: cluster::run,
    },
    Benchmark {
        name: "trailscraper",
        about: "ingest and proposals against trailscraper, from files to policy",
        run: ingest::trailscraper,
    },
    Benchmark {
        name: "evaluate",
        about: "decisions against iam-simulate, one core each",
        run: evaluate::run,
    },
    Benchmark {
        name: "rollup",
        about: "the roll-up of a large ledger against DuckDB's same query",
        run: rollup::run,
    },
    Benchmark {
        name: "report",
        about: "the report on many principals of a large ledger against its queries, and the page's size",
        run: report::run,
    },
    Benchmark {
        name: "state",
        about: "a day added to states of 10,000 principals and 400 days, against DuckDB, and their memory",
        run: state::run,
    },
    Benchmark { name: "start", about: "start of the program and load of the catalog", run: start::run },
    Benchmark {
        name: "agent",
        about: "the node agent, as root: cost of a call, probes, a client's pace, memory, losses",
        run: agent::run,
    },
];

/// Runs the named benchmarks and prints a Markdown table.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let chosen = choose(&arguments.names)?;
    let place = Place::find()?;
    let bench = Bench { place: &place, arguments, programs: OnceCell::new() };
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for benchmark in chosen {
        eprintln!("\n==> {}: {}", benchmark.name, benchmark.about);
        match (benchmark.run)(&bench) {
            Ok(found) => rows.extend(found),
            Err(error) => {
                eprintln!("error: {error:#}");
                failed.push(benchmark.name);
            }
        }
    }
    println!("{}", row::table(&rows));
    if !failed.is_empty() {
        bail!("benchmarks without a result: {}", failed.join(", "));
    }
    Ok(())
}

/// The benchmarks of these names, or all.
fn choose(names: &[String]) -> anyhow::Result<Vec<&'static Benchmark>> {
    if names.is_empty() {
        return Ok(BENCHMARKS.iter().collect());
    }
    let known = || BENCHMARKS.iter().map(|benchmark| benchmark.name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| {
        let found = BENCHMARKS.iter().find(|benchmark| benchmark.name == name);
        found.with_context(|| format!("no benchmark `{name}`\nhint: there are {}", known()))
    };
    names.iter().map(find).collect()
}

/// A Python that has the peers.
fn python(bench: &Bench<'_>) -> anyhow::Result<PathBuf> {
    peers::python(bench.place, "bench", &script(bench, "requirements.txt"))
}

/// A file that peers need.
fn script(bench: &Bench<'_>, name: &str) -> PathBuf {
    bench.place.root.join("xtask/bench").join(name)
}
