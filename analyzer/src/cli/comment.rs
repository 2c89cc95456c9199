//! The comment of `remit check` at a pull request.

use remit_forge::Job;
use remit_forge::comment::{Left, leave};

use super::forge::{ApiArguments, runtime};

/// A comment at a pull request
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CommentArguments {
    /// Leave one comment at the pull request, or replace the one of the last run; the job of continuous integration says at which
    #[arg(long)]
    comment: bool,
    /// The pull request, where no job says it
    #[arg(long, value_name = "NUMBER")]
    pull_request: Option<u64>,
    #[command(flatten)]
    of_api: ApiArguments,
}

impl CommentArguments {
    pub(super) fn is_wanted(&self) -> bool {
        self.comment
    }

    /// Leaves a comment, and says what became of it. Where there was none, there is one only if it is worth it.
    pub(super) fn leave(&self, body: &str, is_worth_it: bool) -> anyhow::Result<String> {
        let job = Job::of(self.of_api.said(), self.pull_request, |name| std::env::var(name).ok())?;
        let token = self.of_api.token(job.address.kind, "comment on pull requests")?;
        let forge = self.of_api.open(&job.address, token)?;
        let left = runtime()?.block_on(leave(&forge, job.number, body, is_worth_it))?;
        let what = match left {
            Left::Nothing => "no comment is needed at",
            Left::Unchanged => "a comment says the same already at",
            Left::Replaced => "the comment was replaced at",
            Left::New => "a comment was left at",
        };
        Ok(format!("{what} {}", job.address.kind.reference(job.number)))
    }
}
