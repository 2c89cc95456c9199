//! One comment at a pull request, which the next run writes anew instead of adding another.

use crate::body::is_same;
use crate::error::Error;
use crate::forge::{Forge, Kind};
use crate::marker::hidden;

/// What became of the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// There is none, and nothing to say.
    Nothing,
    /// It says the same already.
    Unchanged,
    /// It was written anew.
    Replaced,
    /// There was none before.
    New,
}

/// The line that a comment begins with and is found by: which command wrote it, and of what. One of another folder is another comment.
pub fn mark(command: &str, of: Option<&str>) -> String {
    let of = of.map(|of| format!(" {}", hidden(of))).unwrap_or_default();
    format!("<!-- remit {command}{of} -->")
}

/// Leaves a comment at a pull request in the place of the one that begins with the same line. Where there is none, one is made only if
/// `is_worth_it`.
///
/// # Errors
///
/// Where the forge cannot be asked, or refuses.
pub async fn leave(forge: &Forge, number: u64, body: &str, is_worth_it: bool) -> Result<Left, Error> {
    let rights = |error| with_rights(error, forge.kind());
    let mark = body.lines().next().unwrap_or_default();
    match forge.own_comment(number, mark).await.map_err(rights)? {
        Some(own) if is_same(&own.body, body) => Ok(Left::Unchanged),
        Some(own) => {
            forge.rewrite_comment(number, own.id, body).await.map_err(rights)?;
            Ok(Left::Replaced)
        }
        None if is_worth_it => {
            forge.create_comment(number, body).await.map_err(rights)?;
            Ok(Left::New)
        }
        None => Ok(Left::Nothing),
    }
}

/// A comment needs fewer rights than a pull request does, and no more should be given.
fn with_rights(error: Error, kind: Kind) -> Error {
    match error {
        Error::Forbidden { status, place, variable, message, .. } => {
            let needs = match kind {
                Kind::GitHub => "`pull-requests: write`, which a workflow of a fork is not given",
                Kind::GitLab => "the scope `api`, of somebody who may comment on merge requests",
            };
            Error::Forbidden { status, place, variable, message, needs: needs.to_owned() }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_end_the_mark() {
        assert_eq!(mark("check", None), "<!-- remit check -->");
        let one = mark("check", Some("a --> <b>\nc"));
        assert_eq!((one.matches("-->").count(), one.lines().count()), (1, 1), "{one}");
        assert_ne!(one, mark("check", Some("a")));
    }
}
