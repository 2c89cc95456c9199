//! Where files lie in a ledger.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Provider;
use crate::record::DAY;
use crate::schema::Table;

/// The lock that the writer holds that keeps positions of sources.
pub(crate) const WRITER_LOCK: &str = ".writer.lock";
/// The lock that everyone shares who writes usage, and that keeps unfinished files from being taken away.
pub(crate) const PRESENCE_LOCK: &str = ".presence.lock";
/// The lock that readers share while they rely on a listing.
pub(crate) const READERS_LOCK: &str = ".readers.lock";
/// How the name of a file that is being written ends.
pub(crate) const TEMPORARY: &str = ".tmp";
/// The lock that a writer of states holds, beside which others may write usage.
pub(crate) const ROLLUP_LOCK: &str = ".rollup.lock";
/// The folder of states.
pub(crate) const ROLLUP: &str = "rollup";
/// The folder of event identifiers.
pub(crate) const IDENTIFIERS: &str = "identifiers";

/// The day of a point in time, in days since the Unix epoch.
pub fn day_of(microseconds: i64) -> i64 {
    microseconds.div_euclid(DAY)
}

/// The name of a day, such as `2026-11-23`.
pub fn day_name(day: i64) -> String {
    let instant = Timestamp::from_microsecond(day.saturating_mul(DAY)).unwrap_or(Timestamp::UNIX_EPOCH);
    instant.to_zoned(TimeZone::UTC).date().to_string()
}

/// The day of a name such as `2026-11-23`.
pub(crate) fn day_of_name(name: &str) -> Option<i64> {
    let midnight: Timestamp = format!("{name}T00:00:00Z").parse().ok()?;
    Some(day_of(midnight.as_microsecond()))
}

/// Path of a table's file, relative to the ledger.
pub(crate) fn table_path(table: Table, provider: Provider, day: i64, writer: &str, sequence: u64) -> String {
    let (table, provider, date) = (table.as_str(), provider.as_str(), day_name(day));
    format!("{table}/v1/provider={provider}/date={date}/{}.parquet", stem(writer, sequence))
}

/// Path of a file of event identifiers, relative to the ledger.
pub(crate) fn identifiers_path(provider: Provider, writer: &str, sequence: u64) -> String {
    format!("{IDENTIFIERS}/v1/provider={}/{}.ids", provider.as_str(), stem(writer, sequence))
}

/// The folder of days, and the name in one of them, of the commit file of the flush that a file of identifiers is of.
pub(crate) fn commit_of_identifiers(path: &str) -> Option<(String, String)> {
    let (folder, name) = path.strip_prefix(IDENTIFIERS)?.rsplit_once('/')?;
    Some((format!("{}{folder}", Table::Usage.as_str()), format!("{}.parquet", name.strip_suffix(".ids")?)))
}

/// The provider and date that a table file's path names.
pub(crate) fn place_of(path: &str) -> Option<(Provider, String)> {
    let mut provider = None;
    let mut date = None;
    for part in path.split('/') {
        if let Some(name) = part.strip_prefix("provider=") {
            provider = Provider::from_name(name);
        } else if let Some(name) = part.strip_prefix("date=") {
            date = Some(name.to_owned());
        }
    }
    Some((provider?, date?))
}

/// Names sort in the order of their sequences.
fn stem(writer: &str, sequence: u64) -> String {
    format!("{writer}-{sequence:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_lead_to_the_commit_file_of_their_flush() {
        let (folder, name) = commit_of_identifiers(&identifiers_path(Provider::Kubernetes, "w", 7)).unwrap();
        let table = table_path(Table::Usage, Provider::Kubernetes, 20_000, "w", 7);
        assert_eq!(table, format!("{folder}/date={}/{name}", day_name(20_000)));
        assert_eq!(commit_of_identifiers("identifiers/v1/x"), None);
    }
}
