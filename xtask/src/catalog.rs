//! Makes the catalog's tables of their sources: `cargo xtask catalog`.
//!
//! The sources are packages at pinned versions with pinned checksums, and the hand-kept files in
//! `catalog/overrides`. The same sources give the same bytes.

mod actions;
mod arns;
mod classes;
mod dependents;
mod draft;
mod encode;
mod events;
mod fetch;
mod fingerprint;
mod kept;
mod map;
mod measure;
mod merge;
mod models;
mod overrides;
mod paths;
mod placed;
mod resolve;
mod roles;
mod routes;
mod show;
mod silent;
mod tags;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::place::Place;

/// Make the catalog's tables again, of their pinned sources and `catalog/overrides`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only compare with the tables that are there, and fail when one differs
    #[arg(long)]
    check: bool,
    /// Measure the table that is there on the CloudTrail events of a folder instead
    #[arg(long, value_name = "DIR")]
    measure: Option<PathBuf>,
    /// Print what the table that is there says of operations instead: `service:operation`, or `service:*`
    #[arg(long, value_name = "NAME")]
    show: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(folder) = &arguments.measure {
        return measure::measure(folder);
    }
    if let Some(name) = &arguments.show {
        return show::show(name);
    }
    let place = Place::find()?;
    let sources = fetch::fetch(&place.target.join("catalog"))?;
    let overrides_folder = place.root.join("catalog/overrides");
    let overrides = overrides::Overrides::read(&overrides_folder)?;
    let actions = actions::read(&sources.actions, &overrides)?;
    let facts = resolve::Facts {
        map: map::Map::read(&sources.map, &overrides)?,
        dependents: dependents::read(&sources.dependents, &actions)?,
        models: models::read(&sources.models)?,
        actions,
        overrides,
    };
    let draft = resolve::resolve(&facts)?;
    let fingerprint = fingerprint::fingerprint(&overrides_folder)?;
    let table = encode::encode(&draft, &fingerprint)?;
    let routes = routes::encode(&facts, &overrides_folder.join("routes.toml"), &fingerprint)?;
    write(&place.root.join("catalog/data/aws.table.zst"), &table, arguments.check)?;
    write(&place.root.join("catalog/data/aws.routes.zst"), &routes, arguments.check)?;
    for line in draft.summary() {
        println!("{line}");
    }
    Ok(())
}

fn write(path: &Path, table: &[u8], check: bool) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|old| old == table) {
        println!("`{}` is as its sources say: {} bytes", path.display(), table.len());
        return Ok(());
    }
    anyhow::ensure!(
        !check,
        "`{}` is not what its sources make\nhint: run `cargo xtask catalog` and commit the result",
        path.display()
    );
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    fs::write(path, table).with_context(|| format!("cannot write `{}`", path.display()))?;
    println!("wrote `{}`: {} bytes", path.display(), table.len());
    Ok(())
}
