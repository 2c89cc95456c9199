//! Logs made for these tests.

use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// An event that depends on its number alone; many numbers make equal calls.
pub(crate) fn event(number: u64) -> String {
    let mut dice = Dice::new(number);
    let role = dice.roll(9);
    let session = dice.roll(3);
    let (day, hour, minute) = (1 + number / 4_000 % 20, dice.roll(24), dice.roll(60));
    let (source, name, request) = match dice.roll(5) {
        0 => ("s3", "GetObject", format!(r#"{{"bucketName":"data","key":"k{}"}}"#, dice.roll(200))),
        1 => ("dynamodb", "GetItem", format!(r#"{{"tableName":"t{}"}}"#, dice.roll(5))),
        2 => (
            "sts",
            "AssumeRole",
            format!(r#"{{"roleArn":"arn:aws:iam::111122223333:role/r{}"}}"#, dice.roll(9)),
        ),
        3 => ("ec2", "DescribeInstances", "null".to_owned()),
        _ => ("sqs", "ListQueues", "{}".to_owned()),
    };
    let error = if dice.roll(11) == 0 { r#","errorCode":"AccessDenied""# } else { "" };
    let kind = if dice.roll(29) == 0 { "AwsServiceEvent" } else { "AwsApiCall" };
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","principalId":"AROA{role:016}:s{session}","arn":"arn:aws:sts::111122223333:assumed-role/r{role}/s{session}","accountId":"111122223333","accessKeyId":"ASIA{session:016}","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::111122223333:role/app/r{role}","accountId":"111122223333"}}}}}},"eventTime":"2026-10-{day:02}T{hour:02}:{minute:02}:00Z","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.{session}"{error},"requestParameters":{request},"responseElements":null,"eventID":"{number:08x}-0000-4000-8000-{role:012x}","readOnly":true,"eventType":"{kind}","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}}"#
    )
}

/// A delivered file of these events.
pub(crate) fn records(numbers: impl IntoIterator<Item = u64>) -> String {
    let events: Vec<String> = numbers.into_iter().map(event).collect();
    format!(r#"{{"Records":[{}]}}"#, events.join(","))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes a folder of delivered files, and two larger ones with one event a line.
pub(crate) fn folder(root: &Path, files: u64, events_per_file: u64) {
    fs::create_dir_all(root.join("delivered")).unwrap();
    for file in 0..files {
        let numbers = file * events_per_file..(file + 1) * events_per_file;
        let path = root.join(format!("delivered/111122223333_CloudTrail_eu-west-1_{file:05}.json.gz"));
        fs::write(path, gzip(records(numbers).as_bytes())).unwrap();
    }
    let first = files * events_per_file;
    for (name, from) in [("lines.jsonl", first), ("lines.json.gz", first + 6_000)] {
        let lines: String = (from..from + 6_000).map(|number| event(number) + "\n").collect();
        let bytes = if name.ends_with("gz") { gzip(lines.as_bytes()) } else { lines.into_bytes() };
        fs::write(root.join(name), bytes).unwrap();
    }
}
