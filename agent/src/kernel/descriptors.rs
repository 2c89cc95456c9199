//! Descriptors, of which each probe takes two.

/// Lets the agent have as many descriptors as it is allowed. Programs are begun with room for a thousand, since some cannot
/// deal with more; a node with a hundred images needs more for its probes, and without them calls would go unseen.
#[expect(unsafe_code, reason = "limits are asked for and set by address")]
pub(super) fn raise() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is written where it is.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0 {
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: the limit is read only. Where it is refused, the old one stays, and what it is too small for is counted.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    }
}
