//! What a file's footer says beside its columns: which commit it belongs to, how far its sources were read, and
//! what became of every event.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use parquet::file::metadata::KeyValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::schema::{SCHEMA_VERSION, Table};

/// Footer keys.
pub mod key {
    /// Version of the table's schema.
    pub const SCHEMA: &str = "remit.schema";
    /// `usage` or `coverage`.
    pub const TABLE: &str = "remit.table";
    /// Identifier of the run that wrote the file.
    pub const WRITER: &str = "remit.writer";
    /// Number of the flush within its run, from 1.
    pub const SEQUENCE: &str = "remit.sequence";
    /// First and last event time of the rows, in microseconds.
    pub const SPAN: &str = "remit.span";
    /// In every file but the commit file: the path of the commit file it belongs to.
    pub const PART_OF: &str = "remit.part_of";
    /// In the commit file only: a [`Commit`](super::Commit) as JSON.
    pub const COMMIT: &str = "remit.commit";
    /// In the commit file only: [`Counts`](super::Counts) as JSON.
    pub const COUNTS: &str = "remit.counts";
    /// In the commit file only: a JSON list of [`SourcePosition`](super::SourcePosition), compressed with zstd,
    /// in base64.
    pub const SOURCES: &str = "remit.sources";
}

/// What is packed is read whole; more than this is not something Remit wrote.
const PACKED_LIMIT: usize = 1 << 30;

/// What a footer says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footer {
    /// Which table the rows belong to.
    pub table: Table,
    /// Identifier of the run that wrote the file.
    pub writer: String,
    /// Number of the flush within its run, from 1.
    pub sequence: u64,
    /// First and last event time of the rows, in microseconds; none without rows.
    pub span: Option<(i64, i64)>,
    /// The file's part in its commit.
    pub role: Role,
}

/// A file's part in its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The rename of this file published the flush.
    Commit(Box<Commit>),
    /// The file counts only if this commit file exists.
    Part {
        /// Path of the commit file, relative to the ledger.
        of: String,
    },
}

/// What one flush published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// When it was published, in microseconds since the Unix epoch; later commits have larger times.
    pub committed_at: i64,
    /// Every usage file that counts by this commit, itself included, relative to the ledger. Usually they are the
    /// flush's own; a compaction takes over files that it had no reason to rewrite.
    pub usage: Vec<String>,
    /// Every coverage file that counts by this commit.
    pub coverage: Vec<String>,
    /// Every file of event identifiers that counts by this commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
    /// Files of any kind that this flush takes the place of; they no longer count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
    /// Earlier commit files whose files, counts and positions this commit has taken over. Their rows count only
    /// where they are listed in `usage`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<String>,
    /// What became of the events.
    #[serde(skip)]
    pub counts: Counts,
    /// How far each source was read.
    #[serde(skip)]
    pub sources: Vec<SourcePosition>,
}

/// What became of every event: `read = recorded + skipped + lost`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Events met in the sources.
    pub read: u64,
    /// Events counted in usage rows.
    pub recorded: u64,
    /// Events left out on purpose, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, u64>,
    /// Events that could not be read, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost: BTreeMap<String, u64>,
}

impl Counts {
    /// Adds the counts of another stretch of work.
    pub fn add(&mut self, other: &Self) {
        self.read = self.read.saturating_add(other.read);
        self.recorded = self.recorded.saturating_add(other.recorded);
        for (mine, theirs) in [(&mut self.skipped, &other.skipped), (&mut self.lost, &other.lost)] {
            for (reason, count) in theirs {
                let sum = mine.entry(reason.clone()).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
    }

    /// All skipped events.
    pub fn skipped_total(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// All lost events.
    pub fn lost_total(&self) -> u64 {
        self.lost.values().sum()
    }

    /// Whether every event is accounted for.
    pub fn is_balanced(&self) -> bool {
        Some(self.read)
            == self
                .recorded
                .checked_add(self.skipped_total())
                .and_then(|sum| sum.checked_add(self.lost_total()))
    }
}

/// How far one source was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePosition {
    /// Path or address of the source.
    pub name: String,
    /// Size in bytes as stored; 0 where unknown.
    #[serde(default)]
    pub size: u64,
    /// Time of the last change, in microseconds since the Unix epoch; 0 where unknown.
    #[serde(default)]
    pub modified: i64,
    /// How much of it was read.
    pub extent: Extent,
    /// Events met in it.
    #[serde(default)]
    pub read: u64,
    /// Events of it that were lost.
    #[serde(default)]
    pub lost: u64,
    /// From the hour of its first event to the end of that of its last, in microseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(i64, i64)>,
    /// Where and when events of it may have been made, as far as its name tells; given where some were lost or it was
    /// not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<SourcePlace>,
}

/// Where and when the events of a source may have been made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlace {
    /// The kind of source, such as `cloudtrail`.
    pub evidence: String,
    /// Which account; none where it may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Which region; none where it may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// When, in microseconds since the Unix epoch; none where it may be any time before the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(i64, i64)>,
}

/// How much of a source was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it. The same bytes under another name are the same source.
    Whole {
        /// XXH3-128 of the bytes as stored, as 32 hexadecimal digits. Of bytes that could not be read, and cannot be
        /// read again, a text that is no such hash and that no other source has.
        content: String,
    },
    /// The events that end before an offset.
    Prefix {
        /// Offset in the decompressed bytes.
        offset: u64,
        /// XXH3-128 of the decompressed bytes before the offset.
        content: String,
    },
}

impl Default for Extent {
    fn default() -> Self {
        Self::Whole { content: String::new() }
    }
}

impl Footer {
    /// Key-value pairs for the footer of a file.
    pub(crate) fn to_pairs(&self) -> std::io::Result<Vec<KeyValue>> {
        let mut pairs = vec![
            pair(key::SCHEMA, SCHEMA_VERSION.to_owned()),
            pair(key::TABLE, self.table.as_str().to_owned()),
            pair(key::WRITER, self.writer.clone()),
            pair(key::SEQUENCE, self.sequence.to_string()),
        ];
        if let Some(span) = self.span {
            pairs.push(pair(key::SPAN, json(&span)?));
        }
        match &self.role {
            Role::Part { of } => pairs.push(pair(key::PART_OF, of.clone())),
            Role::Commit(commit) => {
                pairs.push(pair(key::COMMIT, json(commit)?));
                pairs.push(pair(key::COUNTS, json(&commit.counts)?));
                pairs.push(pair(key::SOURCES, pack(&commit.sources)?));
            }
        }
        Ok(pairs)
    }

    /// Reads a footer; the error says in what the file is not the ledger's.
    pub(crate) fn from_pairs(pairs: &[KeyValue]) -> Result<Self, String> {
        let find = |name: &str| find(pairs, name);
        let version = find(key::SCHEMA).ok_or("it was not written by remit")?;
        if version != SCHEMA_VERSION {
            return Err(format!("its schema version is `{version}`, this version reads `{SCHEMA_VERSION}`"));
        }
        let table = match find(key::TABLE) {
            Some("usage") => Table::Usage,
            Some("coverage") => Table::Coverage,
            _ => return Err("its footer does not say which table it belongs to".to_owned()),
        };
        let sequence = find(key::SEQUENCE).and_then(|text| text.parse().ok());
        let (Some(writer), Some(sequence)) = (find(key::WRITER), sequence) else {
            return Err("its footer names no writer and sequence".to_owned());
        };
        let span = find(key::SPAN).map(parse).transpose()?;
        let role = match (find(key::COMMIT), find(key::PART_OF)) {
            (Some(commit), _) => {
                let mut commit: Commit = parse(commit)?;
                commit.counts = find(key::COUNTS).map(parse).transpose()?.unwrap_or_default();
                commit.sources = find(key::SOURCES).map(unpack).transpose()?.unwrap_or_default();
                commit.paths().try_for_each(inside)?;
                Role::Commit(Box::new(commit))
            }
            (None, Some(of)) => {
                inside(of)?;
                Role::Part { of: of.to_owned() }
            }
            (None, None) => return Err("its footer belongs to no commit".to_owned()),
        };
        Ok(Self { table, writer: writer.to_owned(), sequence, span, role })
    }
}

impl Commit {
    /// Every file that it names.
    fn paths(&self) -> impl Iterator<Item = &str> {
        [&self.usage, &self.coverage, &self.identifiers, &self.replaces, &self.supersedes]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// Files are copied, read and removed by these names, and whoever may write to a store may write them.
fn inside(path: &str) -> Result<(), String> {
    let is_name =
        |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0']);
    let is_inside = path.split('/').all(is_name);
    is_inside
        .then_some(())
        .ok_or_else(|| format!("its footer names `{path}`, which is outside of the ledger"))
}

/// The value of a pair.
pub(crate) fn find<'a>(pairs: &'a [KeyValue], name: &str) -> Option<&'a str> {
    pairs.iter().find(|pair| pair.key == name).and_then(|pair| pair.value.as_deref())
}

pub(crate) fn pair(name: &str, value: String) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(value) }
}

fn json<T: Serialize>(value: &T) -> std::io::Result<String> {
    Ok(serde_json::to_string(value)?)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("its footer is damaged: {error}"))
}

/// What is long in a footer: JSON, compressed with zstd, in base64.
pub(crate) fn pack<T: Serialize>(value: &T) -> std::io::Result<String> {
    Ok(BASE64.encode(zstd::bulk::compress(json(value)?.as_bytes(), 9)?))
}

/// Reads what [`pack`] wrote.
pub(crate) fn unpack<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let damaged = |what: String| format!("its footer is damaged: {what}");
    let packed = BASE64.decode(text).map_err(|error| damaged(error.to_string()))?;
    let mut plain = Vec::new();
    let decoder =
        zstd::stream::read::Decoder::new(packed.as_slice()).map_err(|error| damaged(error.to_string()))?;
    let mut bounded = std::io::Read::take(decoder, PACKED_LIMIT as u64);
    std::io::Read::read_to_end(&mut bounded, &mut plain).map_err(|error| damaged(error.to_string()))?;
    serde_json::from_slice(&plain).map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_names_nothing_outside_of_the_ledger() {
        let footer = |path: &str| Footer {
            table: Table::Usage,
            writer: "w".to_owned(),
            sequence: 1,
            span: None,
            role: Role::Commit(Box::new(Commit { identifiers: vec![path.to_owned()], ..Commit::default() })),
        };
        let read = |path: &str| Footer::from_pairs(&footer(path).to_pairs().unwrap());
        assert_eq!(read("identifiers/v1/a.ids").unwrap(), footer("identifiers/v1/a.ids"));
        for outside in ["/etc/passwd", "../other", "identifiers/../../x", "", "a//b", "./a", "a\\..\\b"] {
            let error = read(outside).unwrap_err();
            assert!(error.contains("outside of the ledger"), "{outside}: {error}");
        }
        let part = Footer { role: Role::Part { of: "../x".to_owned() }, ..footer("a") };
        assert!(Footer::from_pairs(&part.to_pairs().unwrap()).is_err());
    }
}
