//! Names of pods, without what is generated of them.

/// The letters of what Kubernetes generates: no vowel makes a word of it.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The name with a `*` for what is generated: `api-7998647bdf-phvq7` is `api-*`. A StatefulSet's ordinals stay.
pub(super) fn stem(name: &str) -> String {
    let Some((rest, suffix)) = name.rsplit_once('-') else { return name.to_owned() };
    if rest.is_empty() || suffix.len() != 5 || !is_generated(suffix) {
        return name.to_owned();
    }
    // Before it a ReplicaSet has the hash of its template, and a CronJob's Job its minute.
    let is_hash = |text: &str| (8..=10).contains(&text.len()) && is_generated(text);
    let is_minute = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let owner = match rest.rsplit_once('-') {
        Some((owner, middle)) if !owner.is_empty() && (is_hash(middle) || is_minute(middle)) => owner,
        _ => rest,
    };
    format!("{owner}-*")
}

fn is_generated(text: &str) -> bool {
    text.bytes().all(|byte| LETTERS.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn what_is_generated_is_cut() {
        for (name, expected) in [
            ("nginx-deployment-7998647bdf-phvq7", "nginx-deployment-*"),
            ("node-agent-x7k2p", "node-agent-*"),
            ("backup-29384650-zq4xw", "backup-*"),
            ("db-0", "db-0"),
            ("kube-apiserver-node-1", "kube-apiserver-node-1"),
            ("my-proxy", "my-proxy"),
            ("x7k2p", "x7k2p"),
            ("-x7k2p", "-x7k2p"),
            ("", ""),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
