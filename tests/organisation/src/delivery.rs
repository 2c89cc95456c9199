//! The log as it is delivered: files per region and day, some events twice, digests and insights beside them.

use std::collections::BTreeMap;

use crate::mint::Mint;
use crate::moment;
use crate::organisation::Organisation;
use crate::recorder::Record;

/// One delivered file, not compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Path below the bucket, without the ending of a compression.
    pub path: String,
    /// Contents: one JSON document.
    pub text: String,
}

/// Most events that a delivered file holds.
const EVENTS_PER_FILE: usize = 500;

impl Organisation {
    /// All files that the trail delivers, sorted by path: events, a digest per region, one insight.
    #[must_use]
    pub fn files(&self) -> Vec<LogFile> {
        let mut mint = Mint::thrifty(self.seed, "delivery");
        let (batches, _) = self.batches(&mut mint);
        let mut files: Vec<_> = batches.iter().map(|batch| self.file(batch, &mut mint)).collect();
        let mut newest: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
        for (position, batch) in batches.iter().enumerate() {
            newest.insert(batch.region, (position, batch.moment));
        }
        for (region, (position, moment)) in newest {
            if let Some(covered) = files.get(position).map(|file| file.path.clone()) {
                files.push(self.digest(region, &covered, moment, &mut mint));
            }
        }
        files.push(self.insight(&mut mint));
        files.sort_by(|left, right| left.path.cmp(&right.path));
        files
    }

    /// How many event files there are, and how many events come twice.
    pub(crate) fn count_delivery(&self) -> (u64, u64) {
        let (batches, duplicates) = self.batches(&mut Mint::thrifty(self.seed, "delivery"));
        (batches.len() as u64, duplicates)
    }

    fn batches(&self, mint: &mut Mint) -> (Vec<Batch<'_>>, u64) {
        let span = i64::from(self.profile.hours_per_file.max(1)) * 3600;
        let mut spans: BTreeMap<(&str, i64), Vec<&Record>> = BTreeMap::new();
        let mut duplicates = 0;
        for record in &self.records {
            let slot = record.moment.div_euclid(span);
            spans.entry((&record.region, slot)).or_default().push(record);
            if mint.chance(self.profile.duplicates) {
                spans.entry((&record.region, slot + 1)).or_default().push(record);
                duplicates += 1;
            }
        }
        let mut batches = Vec::new();
        for ((region, slot), mut records) in spans {
            // Events of one file come in no strict order.
            records.sort_by_cached_key(|record| record.moment + mint.between(0, 300));
            for part in records.chunks(EVENTS_PER_FILE) {
                let moment = (slot + 1) * span + mint.between(0, 3) * 300;
                batches.push(Batch { region, moment, records: part.to_vec() });
            }
        }
        (batches, duplicates)
    }

    fn file(&self, batch: &Batch<'_>, mint: &mut Mint) -> LogFile {
        let mut name = String::new();
        mint.lower(&mut name, 16);
        let path = self.path("CloudTrail", batch.region, batch.moment, &name);
        LogFile { path, text: text(&batch.records) }
    }

    fn path(&self, kind: &str, region: &str, moment: i64, rest: &str) -> String {
        path(&self.profile.account, kind, region, [moment, moment], rest)
    }

    fn digest(&self, region: &str, covered: &str, moment: i64, mint: &mut Mint) -> LogFile {
        let trail = &self.profile.trail;
        let mut hashes = [String::new(), String::new(), String::new()];
        for hash in &mut hashes {
            mint.hex(hash, 64);
        }
        let [log_hash, previous_hash, fingerprint] = hashes;
        let text = serde_json::json!({
            "awsAccountId": self.profile.account,
            "digestStartTime": moment::format(moment - 3600, "%Y-%m-%dT%H:%M:%SZ"),
            "digestEndTime": moment::format(moment, "%Y-%m-%dT%H:%M:%SZ"),
            "digestS3Bucket": trail.bucket,
            "digestPublicKeyFingerprint": fingerprint.get(..32),
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": moment::format(moment - 60, "%Y-%m-%dT%H:%M:%SZ"),
            "oldestEventTime": moment::format(moment - 3500, "%Y-%m-%dT%H:%M:%SZ"),
            "previousDigestHashValue": previous_hash,
            "previousDigestHashAlgorithm": "SHA-256",
            "logFiles": [{
                "s3Bucket": trail.bucket,
                "s3Object": format!("{covered}.gz"),
                "hashValue": log_hash,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": moment::format(moment - 60, "%Y-%m-%dT%H:%M:%SZ"),
                "oldestEventTime": moment::format(moment - 3500, "%Y-%m-%dT%H:%M:%SZ"),
            }],
        });
        let account = &self.profile.account;
        let day = moment::format(moment, "%Y/%m/%d");
        let time = moment::format(moment, "%Y%m%dT%H%M%SZ");
        let home = &self.profile.region;
        let path = format!(
            "AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/{account}_CloudTrail-Digest_{region}_{}_{home}_{time}.json",
            trail.name
        );
        LogFile { path, text: text.to_string() }
    }

    fn insight(&self, mint: &mut Mint) -> LogFile {
        let start = moment::parse(&self.profile.end).unwrap_or(0) - 12 * moment::DAY;
        let mut ids = [String::new(), String::new(), String::new()];
        for id in &mut ids {
            mint.uuid(id);
        }
        let [shared, first, second] = ids;
        let record = |state: &str, time: i64, id: &str| {
            serde_json::json!({
                "eventVersion": "1.08",
                "eventTime": moment::format(time, "%Y-%m-%dT%H:%M:%SZ"),
                "awsRegion": self.profile.region,
                "eventID": id,
                "eventType": "AwsCloudTrailInsight",
                "recipientAccountId": self.profile.account,
                "sharedEventID": shared,
                "insightDetails": {
                    "state": state,
                    "eventSource": "ssm.amazonaws.com",
                    "eventName": "UpdateInstanceInformation",
                    "insightType": "ApiCallRateInsight",
                    "insightContext": {"statistics": {
                        "baseline": {"average": 0.004},
                        "insight": {"average": 4.2},
                        "insightDuration": 7,
                        "baselineDuration": 10_081,
                    }},
                },
                "eventCategory": "Insight",
            })
        };
        let text = serde_json::json!({
            "Records": [record("Start", start, &first), record("End", start + 420, &second)],
        });
        let mut name = String::new();
        mint.lower(&mut name, 16);
        let path = self.path("CloudTrail-Insight", &self.profile.region, start + 900, &name);
        LogFile { path, text: text.to_string() }
    }
}

/// The events of one file.
struct Batch<'a> {
    region: &'a str,
    /// Time of delivery.
    moment: i64,
    records: Vec<&'a Record>,
}

/// Path of a delivered file, without the ending of a compression. The moments are those of its folder and of its name.
pub(crate) fn path(account: &str, kind: &str, region: &str, moments: [i64; 2], rest: &str) -> String {
    let [day, time] = moments;
    let day = moment::format(day, "%Y/%m/%d");
    let time = moment::format(time, "%Y%m%dT%H%MZ");
    format!("AWSLogs/{account}/{kind}/{region}/{day}/{account}_{kind}_{region}_{time}_{rest}.json")
}

/// The text of a file with these records.
pub(crate) fn text(records: &[&Record]) -> String {
    let size = records.iter().map(|record| record.text.len() + 1).sum::<usize>();
    let mut text = String::with_capacity(size + 16);
    text.push_str("{\"Records\":[");
    for (position, record) in records.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push_str(&record.text);
    }
    text.push_str("]}");
    text
}
