//! A branch that moves between the look at it and the push: whoever moved it keeps what they did.

use std::os::unix::fs::PermissionsExt as _;

use remit_tests::forge::{Flavour, TOKEN};

use crate::daemon::Daemon;
use crate::place::{Place, facts};

#[test]
fn a_branch_that_moves_before_the_push_is_not_written_over() {
    let place = Place::new(Flavour::GitHub);
    place.state(&facts("one", &["b"]));
    let branch = place.forge.pulls()[0].branch.clone();
    let ours = place.branches()[&branch].clone();
    place.git(&["fetch", "--quiet", "origin", &branch]);
    place.git(&["checkout", "--quiet", "--detach", &ours]);
    place.git(&["commit", "--quiet", "--allow-empty", "-m", "Mine"]);
    let theirs = place.git(&["rev-parse", "HEAD"]).trim().to_owned();
    place.git(&["push", "--quiet", "origin", &format!("{theirs}:refs/people/mine")]);
    // Whoever is about to push has looked at the branch already, and is not yet told where it is.
    let hook = place.folder.path().join("access");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = receive-pack ] || exit 0\ngit --git-dir \"$2\" update-ref refs/heads/{branch} {theirs}\n"
    );
    std::fs::write(&hook, script).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let daemon = Daemon::start(&place, Some(&hook));
    let run = || place.try_run_at(&daemon.remote(), &place.api(TOKEN, 10), &[facts("one", &["b", "c"])], &[]);
    let error = run().unwrap_err().to_string();
    assert!(
        error.starts_with("`git push` failed: ")
            && error.contains("hint: somebody changed the branch meanwhile"),
        "{error}"
    );
    assert_eq!(place.branches()[&branch], theirs);
    assert_eq!(place.forge.pulls()[0].title, "Remove 1 unused permission of role one");
    // The next run sees whose it is.
    let report = run().unwrap();
    assert_eq!(report.outcomes[0].state, "left");
    assert_eq!(place.branches()[&branch], theirs);
}
