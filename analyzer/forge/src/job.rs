//! The pull request that a job of continuous integration is about.

use std::io::Read as _;

use serde::Deserialize;
use url::Url;

use crate::address::{Address, Said};
use crate::error::Error;
use crate::forge::Kind;

/// A pull request, and the forge that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose API is asked, and about which repository.
    pub address: Address,
    /// The pull request.
    pub number: u64,
}

/// Bytes of an event that are read; GitHub sends none above 25 MB.
const LARGEST: u64 = 32 << 20;

/// What GitHub writes of the event that started a workflow, as far as it matters.
#[derive(Deserialize)]
struct Event {
    pull_request: Option<Numbered>,
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

impl Job {
    /// What is said, and for the rest what the job's environment says: "Default environment variables" of GitHub's workflows, and
    /// "Predefined CI/CD variables" of GitLab.
    ///
    /// # Errors
    ///
    /// Where neither tells which pull request it is, with what would.
    pub fn of(
        said: Said,
        number: Option<u64>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let wrong = |what: &str| {
            Error::Wrong(format!(
                "{what} is not known\nhint: run it in a job of GitHub or GitLab for a pull request, or give `--forge`, `--project` and `--pull-request`"
            ))
        };
        let of_job = match (variable("GITHUB_REPOSITORY"), variable("CI_API_V4_URL")) {
            (Some(_), _) => Some(Kind::GitHub),
            (None, Some(_)) => Some(Kind::GitLab),
            (None, None) => None,
        };
        let of_api = said.api.as_ref().and_then(Kind::of_api);
        let kind = said.kind.or(of_api).or(of_job).ok_or_else(|| wrong("which forge it is on"))?;
        // What the environment says of one forge is nothing about another.
        let variable = |name: &str| variable(name).filter(|_| of_job == Some(kind));
        let (api, project, own) = match kind {
            Kind::GitHub => (
                variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned()),
                variable("GITHUB_REPOSITORY"),
                variable("GITHUB_EVENT_PATH")
                    .and_then(|path| of_event(&path))
                    .or_else(|| of_reference(&variable("GITHUB_REF")?)),
            ),
            // The job of a merge request from a fork runs in the fork's project.
            Kind::GitLab => (
                variable("CI_API_V4_URL").unwrap_or_else(|| "https://gitlab.com/api/v4".to_owned()),
                variable("CI_MERGE_REQUEST_PROJECT_ID").or_else(|| variable("CI_PROJECT_ID")),
                variable("CI_MERGE_REQUEST_IID").and_then(|number| number.parse().ok()),
            ),
        };
        let api = match said.api {
            Some(api) => api,
            None => Url::parse(&api)
                .map_err(|error| Error::Wrong(format!("`{api}` is no address of an API: {error}")))?,
        };
        let project = said.project.or(project).ok_or_else(|| wrong("the repository"))?;
        let number = number.or(own).ok_or_else(|| wrong("the pull request"))?;
        Ok(Self { address: Address { kind, api, project }, number })
    }
}

/// The pull request of an event that GitHub wrote into a file.
fn of_event(path: &str) -> Option<u64> {
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(serde_json::from_str::<Event>(&text).ok()?.pull_request?.number)
}

/// The pull request of a reference such as `refs/pull/7/merge`.
fn of_reference(reference: &str) -> Option<u64> {
    reference.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(
        said: Said,
        number: Option<u64>,
        variables: &[(&str, &str)],
    ) -> Result<(String, String, u64), String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Job::of(said, number, variable)
            .map(|job| (job.address.api.to_string(), job.address.project, job.number))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_of_a_job_tells() {
        let github = [
            ("GITHUB_REPOSITORY", "acme/infra"),
            ("GITHUB_API_URL", "https://git.acme.example/api/v3"),
            ("GITHUB_REF", "refs/pull/7/merge"),
        ];
        let told = Ok(("https://git.acme.example/api/v3".to_owned(), "acme/infra".to_owned(), 7));
        assert_eq!(job(Said::default(), None, &github), told);
        let gitlab = [
            ("CI_API_V4_URL", "https://gitlab.com/api/v4"),
            ("CI_PROJECT_ID", "12"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "5"),
            ("CI_MERGE_REQUEST_IID", "3"),
        ];
        let told = Ok(("https://gitlab.com/api/v4".to_owned(), "5".to_owned(), 3));
        assert_eq!(job(Said::default(), None, &gitlab), told);
        // A push is of no pull request.
        let push = [("GITHUB_REPOSITORY", "acme/infra"), ("GITHUB_REF", "refs/heads/main")];
        assert!(
            job(Said::default(), None, &push).unwrap_err().contains("the pull request is not known\nhint: ")
        );
        assert!(job(Said::default(), Some(1), &[]).unwrap_err().contains("which forge"));
    }

    #[test]
    fn what_is_said_wins() {
        let said = Said { kind: Some(Kind::GitLab), api: None, project: Some("a/b".to_owned()) };
        let github = [("GITHUB_REPOSITORY", "acme/infra"), ("GITHUB_REF", "refs/pull/7/merge")];
        let told = Ok(("https://gitlab.com/api/v4".to_owned(), "a/b".to_owned(), 9));
        assert_eq!(job(said, Some(9), &github), told);
    }

    #[test]
    fn an_event_tells_where_the_reference_is_the_base() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        std::fs::write(&path, r#"{"action": "opened", "pull_request": {"number": 8, "title": "x"}}"#)
            .unwrap();
        let path = path.display().to_string();
        let variables = [
            ("GITHUB_REPOSITORY", "acme/infra"),
            ("GITHUB_EVENT_PATH", path.as_str()),
            ("GITHUB_REF", "refs/heads/main"),
        ];
        let told = Ok(("https://api.github.com/".to_owned(), "acme/infra".to_owned(), 8));
        assert_eq!(job(Said::default(), None, &variables), told);
    }
}
