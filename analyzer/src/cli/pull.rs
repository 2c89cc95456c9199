//! `remit pull`

use std::path::PathBuf;

use anyhow::Context as _;

use super::Streams;
use crate::api_server::{self, ApiServer, Failure};
use crate::exit::Exit;
use crate::output::counted;

/// Fetch grants from where they are in force
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Fetch roles, bindings and service accounts of a cluster, read-only
    ///
    /// Writes one file per kind, as `kubectl get KIND -A -o yaml` would, without fields that nothing here needs. The user of
    /// the kubeconfig needs `list` on what is fetched, and nothing else.
    Kubernetes(KubernetesArguments),
}

/// Fetch roles, bindings and service accounts of a cluster, read-only
#[derive(Debug, clap::Args)]
pub(super) struct KubernetesArguments {
    /// The folder to write into, made where it is not there; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The context of the kubeconfig; its current one where none is given, and within a pod the pod's own cluster
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Fetch, too, which service account each workload uses
    #[arg(long)]
    workloads: bool,
}

pub(super) fn run(verb: &Verb, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let Verb::Kubernetes(arguments) = verb;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = runtime.block_on(ApiServer::open(arguments.context.as_deref()))?;
    std::fs::create_dir_all(&arguments.out)
        .with_context(|| format!("cannot make `{}`", arguments.out.display()))?;
    let mut exit = Exit::Done;
    for kind in api_server::KINDS.iter().filter(|kind| arguments.workloads || !kind.is_workload) {
        let path = arguments.out.join(format!("{}.yaml", kind.plural));
        match runtime.block_on(server.list(kind)) {
            Ok(objects) => {
                let count = counted(objects.len() as u64, "object", "objects");
                let text = api_server::list_of(&objects)?;
                std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
                streams.say(&format!("{}: {count} in `{}`", kind.plural, path.display()));
            }
            Err(failure) => {
                // What was fetched another time must not be taken for what is there now.
                if let Err(error) = std::fs::remove_file(&path)
                    && error.kind() != std::io::ErrorKind::NotFound
                {
                    return Err(error).with_context(|| format!("cannot remove `{}`", path.display()));
                }
                if !(kind.is_optional && matches!(failure, Failure::Absent)) {
                    streams.problem(&failure.message(kind));
                    exit = Exit::Failed;
                }
            }
        }
    }
    Ok(exit)
}
