//! What a probe adds to a call: at a function's entry and at the site that was chosen, with a program that does nothing
//! and with the agent's.

use remit_agent::probe::Hook;

use crate::caller::{Caller, entry, floor};
use crate::figure;

/// Each way is measured so often, in turn with the others; the least counts, since all else is other programs' doing.
const ROUNDS: usize = 60;

pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { measure() })
}

fn measure() -> anyhow::Result<()> {
    let mut caller = Caller::start()?;
    for hook in [Hook::SslWrite, Hook::SslWriteEx] {
        let point = caller.point(hook)?;
        let ways = [
            ("none", "head", None),
            ("entry, empty", "head", Some(entry(floor(point)))),
            ("site, empty", "head", Some(floor(point))),
            ("site, body", "body", Some(point)),
            ("site, head", "head", Some(point)),
            ("site, head and body", "post", Some(point)),
            ("entry, head", "head", Some(entry(point))),
        ];
        let mut least = [f64::INFINITY; 7];
        for _ in 0..ROUNDS {
            let times = caller.alone(&point, |caller| {
                let times = ways.iter().map(|(_, kind, probe)| caller.measure(hook, kind, *probe));
                times.collect::<anyhow::Result<Vec<f64>>>()
            })?;
            for (time, least) in times.into_iter().zip(&mut least) {
                *least = least.min(time);
            }
        }
        let [none, ..] = least;
        for ((way, _, _), time) in ways.iter().zip(least) {
            let above = if *way == "none" { time } else { time - none };
            figure(&format!("{}, {way}", hook.symbol()), above / 1000.0);
        }
    }
    Ok(())
}
