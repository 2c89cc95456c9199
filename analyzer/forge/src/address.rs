//! Addresses of remote repositories, and the forge that is behind one.

use url::Url;

use crate::error::Error;
use crate::forge::Kind;

/// Whose API is asked, and about which repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Which forge it is.
    pub kind: Kind,
    /// Its API.
    pub api: Url,
    /// The repository, such as `owner/name`.
    pub project: String,
}

/// What is said besides the remote repository's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Which forge it is.
    pub kind: Option<Kind>,
    /// Its API.
    pub api: Option<Url>,
    /// The repository.
    pub project: Option<String>,
}

impl Address {
    /// The forge behind a remote repository's address, such as `https://github.com/owner/name` or `git@host:group/name.git`.
    ///
    /// # Errors
    ///
    /// Where neither the address nor what is said tells, with what would.
    pub fn of(remote: &str, said: Said) -> Result<Self, Error> {
        let (host, path) = host_and_path(remote).unzip();
        let host = host.unwrap_or_default();
        let wrong = |what: &str, hint: &str| {
            Error::Wrong(format!("`{}` does not tell {what}\nhint: {hint}", remote.escape_debug()))
        };
        let by_api = said.api.as_ref().and_then(Kind::of_api);
        let by_host = match host.as_str() {
            "github.com" => Some(Kind::GitHub),
            "gitlab.com" => Some(Kind::GitLab),
            _ => None,
        };
        let kind = said.kind.or(by_api).or(by_host).ok_or_else(|| {
            wrong(
                "which forge it is",
                "say `--forge github` or `--forge gitlab`; for any other there is `--patch DIR`",
            )
        })?;
        let api = match (said.api, kind) {
            (Some(api), _) => api,
            (None, _) if host.is_empty() => {
                return Err(wrong("where the forge's API is", "name it by `--api URL`"));
            }
            (None, Kind::GitHub) if host == "github.com" => url("https://api.github.com")?,
            (None, Kind::GitHub) => url(&format!("https://{host}/api/v3"))?,
            (None, Kind::GitLab) => url(&format!("https://{host}/api/v4"))?,
        };
        let project = said
            .project
            .or(path)
            .filter(|path| path.contains('/'))
            .ok_or_else(|| wrong("the repository's name", "name it by `--project OWNER/NAME`"))?;
        Ok(Self { kind, api, project })
    }
}

fn url(text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|error| Error::Wrong(format!("`{text}` is no address: {error}")))
}

/// The host of a remote repository, and its path there.
fn host_and_path(remote: &str) -> Option<(String, String)> {
    let path = |path: &str| path.trim_matches('/').trim_end_matches(".git").to_owned();
    if let Ok(url) = Url::parse(remote) {
        let is_remote = ["http", "https", "ssh"].contains(&url.scheme());
        return is_remote.then(|| Some((url.host_str()?.to_owned(), path(url.path())))).flatten();
    }
    // As SSH's own copying names places: `user@host:path`.
    let (host, rest) = remote.split_once(':')?;
    let host = host.rsplit('@').next()?;
    (!host.is_empty() && !host.contains('/')).then(|| (host.to_ascii_lowercase(), path(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(remote: &str) -> Option<(Kind, String, String)> {
        let address = Address::of(remote, Said::default()).ok()?;
        Some((address.kind, address.api.to_string(), address.project))
    }

    #[test]
    fn addresses_tell_the_forge() {
        let github = Some((Kind::GitHub, "https://api.github.com/".to_owned(), "acme/infra".to_owned()));
        for remote in [
            "https://github.com/acme/infra",
            "https://github.com/acme/infra.git/",
            "git@github.com:acme/infra.git",
            "ssh://git@github.com:22/acme/infra.git",
        ] {
            assert_eq!(told(remote), github, "{remote}");
        }
        let gitlab =
            Some((Kind::GitLab, "https://gitlab.com/api/v4".to_owned(), "acme/sub/infra".to_owned()));
        assert_eq!(told("https://gitlab.com/acme/sub/infra.git"), gitlab);
        for remote in [
            "https://git.acme.example/a/b",
            "/srv/git/a/b",
            "file:///srv/a/b.git",
            "https://github.com/",
            "x",
            "",
        ] {
            assert_eq!(told(remote), None, "{remote}");
        }
    }

    #[test]
    fn what_is_said_wins() {
        let said = |kind, api: Option<&str>, project: Option<&str>| Said {
            kind,
            api: api.map(|api| api.parse().unwrap()),
            project: project.map(str::to_owned),
        };
        let address =
            Address::of("git@git.acme.example:a/b.git", said(Some(Kind::GitHub), None, None)).unwrap();
        assert_eq!(address.api.as_str(), "https://git.acme.example/api/v3");
        let api = Some("https://git.acme.example/gitlab/api/v4/");
        let address = Address::of("file:///srv/x.git", said(None, api, Some("a/b"))).unwrap();
        assert_eq!((address.kind, address.project.as_str()), (Kind::GitLab, "a/b"));
        let error =
            Address::of("file:///srv/x.git", said(Some(Kind::GitHub), None, Some("a/b"))).unwrap_err();
        assert!(error.to_string().contains("hint: name it by `--api URL`"), "{error}");
    }
}
