//! What the name of a delivered file tells.

use remit_catalog::is_account;
use remit_ledger::HOUR;

/// Account, region and hour of a name such as
/// `123456789012_CloudTrail_eu-west-1_20261123T2100Z_aBcDeFgHiJkLmNoP.json.gz`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    /// Hour since the Unix epoch.
    pub(crate) hour: Option<i64>,
}

impl Delivery {
    /// The file's name, which CloudTrail gives once, if the path is that of a delivered file.
    pub(crate) fn name_of(path: &str) -> Option<&str> {
        Self::of(path).hour?;
        path.rsplit('/').next()
    }

    /// When its events were made: within the hour before it was delivered, or within that hour.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        let start = self.hour?.saturating_mul(HOUR);
        Some((start.saturating_sub(HOUR), start.saturating_add(HOUR)))
    }

    pub(crate) fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut parts = name.split('_');
        let account = parts.next().filter(|text| is_account(text));
        let kind = parts.next().is_some_and(|kind| kind.starts_with("CloudTrail"));
        let (Some(account), true) = (account, kind) else { return Self::default() };
        let region = parts.next().map(str::to_owned);
        Self { account: Some(account.to_owned()), region, hour: parts.next().and_then(hour_of) }
    }
}

/// The hour of `20261123T2100Z`.
fn hour_of(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let part = |from: usize, to: usize| date.get(from..to);
    let instant = format!("{}-{}-{}T{}:00:00Z", part(0, 4)?, part(4, 6)?, part(6, 8)?, time.get(..2)?);
    let instant: jiff::Timestamp = instant.parse().ok()?;
    Some(instant.as_microsecond().div_euclid(HOUR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_cloudtrail_gives_them() {
        let delivery = Delivery::of("logs/123456789012_CloudTrail_eu-west-1_19700102T0310Z_aBcD.json.gz");
        let expected = Delivery {
            account: Some("123456789012".to_owned()),
            region: Some("eu-west-1".to_owned()),
            hour: Some(27),
        };
        assert_eq!(delivery, expected);
        for other in ["events.json", "123_CloudTrail_x", "", "123456789012_CloudTrail-Insight"] {
            assert_eq!(Delivery::of(other).hour, None, "{other}");
        }
    }
}
