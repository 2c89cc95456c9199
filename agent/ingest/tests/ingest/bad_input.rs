//! Bad input costs what is bad: it is said with file and position, and the rest is ingested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use remit_ingest::cloudtrail::ingest;
use remit_ingest::{IngestError, Limits, NoProgress, Options, Summary};

use crate::contents::sums;
use crate::log::{event, gzip, records};

fn options(ledger: &Path, inputs: &[&Path]) -> Options {
    Options {
        inputs: inputs.iter().map(|input| input.to_string_lossy().into_owned()).collect(),
        ledger: ledger.to_owned(),
        threads: 2,
        ..Options::default()
    }
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("input")).unwrap();
        fs::write(folder.path().join("input/good.json.gz"), gzip(records(9_000..9_010).as_bytes())).unwrap();
        Self { folder }
    }

    fn input(&self) -> PathBuf {
        self.folder.path().join("input")
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.input().join(name), bytes).unwrap();
    }

    fn run(&self) -> Summary {
        ingest(options(&self.ledger(), &[&self.input()]), None, &NoProgress).unwrap()
    }
}

/// Ingests a bad file beside a good one: events read beside the good one's, events lost, and words of the diagnostics.
fn check(name: &str, bytes: impl AsRef<[u8]>, read: u64, lost: u64, words: &[&str]) {
    let place = Place::new();
    place.write(name, bytes);
    let summary = place.run();
    let said: Vec<String> = summary.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(summary.counts.read, 10 + read, "{name}: {summary:?}");
    assert_eq!(summary.counts.lost_total(), lost, "{name}: {summary:?}");
    assert!(summary.counts.is_balanced() && summary.is_partial(), "{name}: {summary:?}");
    for word in words {
        assert!(said.iter().any(|line| line.contains(name) && line.contains(word)), "{name}: {said:?}");
    }
    let counted: u64 = sums(&place.ledger()).values().sum();
    assert_eq!(counted, summary.counts.recorded, "{name}");
}

#[test]
fn truncated_gzip() {
    let packed = gzip(records(0..200).as_bytes());
    let place = Place::new();
    place.write("cut.json.gz", &packed[..packed.len() / 2]);
    let summary = place.run();
    assert_eq!(summary.counts.lost.get("truncated"), Some(&1), "{summary:?}");
    assert!(summary.counts.read > 60, "what came before the cut is read: {summary:?}");
    assert!(summary.counts.is_balanced());
    let said = summary.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(said.contains("cut.json.gz") && said.contains("ends early"), "{said}");
    // Known from then on, and still said.
    for input in [place.input(), place.input().join("cut.json.gz")] {
        let again = ingest(options(&place.ledger(), &[&input]), None, &NoProgress).unwrap();
        assert_eq!((again.counts.read, again.commits), (0, 0));
        let said = again.diagnostics[0].to_string();
        assert!(again.is_partial() && said.contains("; 1 event of it") && said.contains("hint:"), "{said}");
    }
    // The whole file, delivered again, adds what was lost and repeats nothing.
    place.write("cut.json.gz", &packed);
    let whole = place.run();
    assert_eq!(summary.counts.recorded + whole.counts.recorded, Place::expected(200));
    assert_eq!(whole.counts.lost_total(), 0);
    assert!(!place.run().is_partial());
}

impl Place {
    /// How many of the first events, and the good file's, are recorded.
    fn expected(events: u64) -> u64 {
        let is_call = |number: &u64| event(*number).contains("AwsApiCall");
        let numbers: std::collections::BTreeSet<u64> = (0..events).chain(9_000..9_010).collect();
        numbers.iter().filter(|number| is_call(number)).count() as u64
    }
}

#[test]
fn half_a_json() {
    let text = records(0..3);
    let cut = text.len() - 300;
    check("half.json", &text[..cut], 3, 1, &["record 3 at byte", "ends in the middle of an event"]);
}

#[test]
fn a_line_of_fifty_megabytes() {
    let line = format!(r#"{{"eventVersion":"1.08","eventID":"x","padding":"{}"}}"#, "y".repeat(50 << 20));
    let text = format!("{}\n{line}\n{}\n", event(0), event(1));
    check("long.jsonl", &text, 3, 1, &["record 2 at byte", "larger than any event"]);
    check("long.jsonl.gz", gzip(text.as_bytes()), 3, 1, &["record 2 at byte"]);
}

#[test]
fn gzip_bombs() {
    // Zeros that hold no event are given up; 300 MB of them pack into 300 KB.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let megabyte = vec![0_u8; 1 << 20];
    for _ in 0..300 {
        std::io::Write::write_all(&mut encoder, &megabyte).unwrap();
    }
    check("bomb.json.gz", encoder.finish().unwrap(), 1, 1, &["holds no event in 256 MB"]);
    // Blanks are no damage, but what lies behind so many of them is not read.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..258 {
        std::io::Write::write_all(&mut encoder, &vec![b'\n'; 1 << 20]).unwrap();
    }
    std::io::Write::write_all(&mut encoder, event(0).as_bytes()).unwrap();
    let words = ["holds no event in 256 MB", "cannot be read"];
    check("blank.json.gz", encoder.finish().unwrap(), 1, 1, &words);
    // A file that lies about its size in its last bytes.
    let mut lying = gzip(records(0..2).as_bytes());
    let end = lying.len();
    lying[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
    check("lying.json.gz", lying, 3, 1, &["ends early"]);
}

#[test]
fn text_that_is_not_utf8() {
    let mut bytes = format!("{}\n{}\n{}\n", event(0), event(1), event(2)).into_bytes();
    let second = event(0).len() + 1;
    let principal = bytes[second..].windows(4).position(|window| window == b"AROA").unwrap();
    bytes[second + principal] = 0xff;
    check("latin.jsonl", bytes, 3, 1, &["record 2 at byte", "not valid UTF-8"]);
}

#[test]
fn files_that_are_no_logs() {
    check("garbage.json", b"\x00\x01\x02 hello", 1, 1, &["record 1 at byte 0", "not valid JSON"]);
    check("magic.json.gz", b"\x1f\x8b\x08 not gzip at all, but longer than a header", 1, 1, &["ends early"]);
    check("magic.json.zst", b"\x28\xb5\x2f\xfd\xff\xff\xff\xff not zstd", 1, 1, &["ends early"]);
}

#[test]
fn an_empty_file_is_no_problem() {
    let place = Place::new();
    place.write("empty.json", b"");
    place.write("empty.json.gz", gzip(b""));
    let summary = place.run();
    assert!(!summary.is_partial(), "{summary:?}");
    assert_eq!((summary.counts.read, summary.files.read), (10, 3));
}

#[test]
fn zstd_and_several_gzip_members_are_read() {
    let place = Place::new();
    place.write("one.json.zst", zstd::bulk::compress(records(0..5).as_bytes(), 1).unwrap());
    let lines =
        |numbers: std::ops::Range<u64>| numbers.map(|number| event(number) + "\n").collect::<String>();
    place.write("two.json.gz", [gzip(lines(5..10).as_bytes()), gzip(lines(10..15).as_bytes())].concat());
    let summary = place.run();
    assert_eq!((summary.counts.read, summary.counts.lost_total()), (25, 0), "{summary:?}");
}

#[test]
fn what_is_not_there_or_not_readable() {
    let place = Place::new();
    let missing = place.input().join("missing.json");
    let summary = ingest(options(&place.ledger(), &[&missing, &place.input()]), None, &NoProgress).unwrap();
    assert_eq!((summary.files.unreadable, summary.counts.read), (1, 10));
    assert_eq!(summary.unread_sources, 0, "it holds nothing");
    assert!(summary.diagnostics[0].to_string().contains("missing.json"));
    let nothing = ingest(options(&place.ledger(), &[]), None, &NoProgress);
    assert!(matches!(nothing, Err(IngestError::NoInput(_))));
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let closed = place.input().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        // The superuser may read everything, so a link in a circle stands in for what nobody can read.
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::symlink("circle", place.input().join("circle")).unwrap();
    }
    let summary = place.run();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((summary.files.unreadable, summary.counts.read), (1, 10), "{summary:?}");
    assert!(summary.is_partial() && summary.unread_sources == 1);
}

/// Not a test of its own: the process without the superuser's rights.
#[test]
fn unprivileged() {
    if let Some(folder) = std::env::var_os("REMIT_TEST_UNPRIVILEGED").map(PathBuf::from) {
        let summary =
            ingest(options(&folder.join("ledger"), &[&folder.join("input")]), None, &NoProgress).unwrap();
        assert_eq!((summary.files.unreadable, summary.counts.read), (2, 10), "{summary:?}");
        assert!(summary.is_partial() && summary.unread_sources == 2);
    }
}

#[cfg(unix)]
#[test]
fn what_a_user_may_not_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.write("closed.json", records(0..10));
    fs::create_dir(place.input().join("closed")).unwrap();
    fs::create_dir(place.ledger()).unwrap();
    let allow = |path: PathBuf, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(place.input().join("closed.json"), 0);
    allow(place.input().join("closed"), 0);
    let is_superuser = fs::read(place.input().join("closed.json")).is_ok();
    let program = std::env::current_exe().unwrap();
    let command = || {
        if !is_superuser {
            return Command::new(&program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program);
        command
    };
    if is_superuser {
        allow(place.folder.path().to_owned(), 0o755);
        allow(place.ledger(), 0o777);
    }
    if !command().arg("--list").output().is_ok_and(|probe| probe.status.success()) {
        eprintln!("SKIPPED: no other user can run this test's program");
        return;
    }
    let output = command()
        .args(["bad_input::unprivileged", "--exact"])
        .env("REMIT_TEST_UNPRIVILEGED", place.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let snapshot = remit_ledger::Snapshot::of_folder(&place.ledger()).unwrap();
    let coverage = futures::FutureExt::now_or_never(snapshot.coverage());
    let lost: u64 = coverage.unwrap().unwrap().iter().map(|row| row.lost).sum();
    assert_eq!(lost, 2, "both are said to be lost");
    allow(place.input().join("closed"), 0o700);
}

/// Not a test of its own: the process that may not write large files.
#[test]
fn child() {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(ledger), Some(input)) = (variable("REMIT_TEST_FULL_LEDGER"), variable("REMIT_TEST_FULL_INPUT"))
    else {
        return;
    };
    let limits = Limits { counts: 1 << 20, ..Limits::default() };
    let error = ingest(Options { limits, ..options(&ledger, &[&input]) }, None, &NoProgress).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("cannot write") && said.contains(".parquet"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_the_ingest_and_loses_nothing() {
    let place = Place::new();
    for file in 0..40 {
        place.write(&format!("{file}.json"), records(file * 250..(file + 1) * 250));
    }
    // The system refuses to write files beyond a few blocks, as a full disk would.
    let script = r#"trap '' XFSZ; ulimit -f 30; exec "$0" bad_input::child --exact"#;
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env("REMIT_TEST_FULL_LEDGER", place.ledger())
        .env("REMIT_TEST_FULL_INPUT", place.input())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "the ingest ends with an error that names the file");
    place.run();
    let counted: u64 = sums(&place.ledger()).values().sum();
    assert_eq!(counted, Place::expected(10_000));
}

/// A Parquet file of another program, with a table of its own.
fn foreign_parquet(path: &Path) {
    let schema =
        parquet::schema::parser::parse_message_type("message other { required int64 price; }").unwrap();
    let file = fs::File::create(path).unwrap();
    let properties = std::sync::Arc::default();
    let mut writer =
        parquet::file::writer::SerializedFileWriter::new(file, std::sync::Arc::new(schema), properties)
            .unwrap();
    let mut rows = writer.next_row_group().unwrap();
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<parquet::data_type::Int64Type>().write_batch(&[1, 2, 3], None, None).unwrap();
    column.close().unwrap();
    rows.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn a_foreign_file_in_the_ledger_is_named_and_left_alone() {
    let place = Place::new();
    place.run();
    let foreign = place.ledger().join("usage/v1/provider=aws/date=2026-10-01/foreign.parquet");
    fs::create_dir_all(foreign.parent().unwrap()).unwrap();
    let makes: [fn(&Path); 2] = [foreign_parquet, |path| fs::write(path, b"PAR1 nothing PAR1").unwrap()];
    for (round, make) in (0..).zip(makes) {
        make(&foreign);
        let bytes = fs::read(&foreign).unwrap();
        place.write("more.json", records(round * 10..(round + 1) * 10));
        let summary = place.run();
        assert_eq!(summary.counts.read, 10);
        let said = |problem: &remit_ingest::Diagnostic| problem.message.contains("foreign.parquet");
        assert!(summary.diagnostics.iter().any(said) && summary.is_partial(), "{summary:?}");
        assert_eq!(fs::read(&foreign).unwrap(), bytes);
    }
    let info = remit_ledger::Snapshot::of_folder(&place.ledger()).unwrap().info();
    assert_eq!(info.counts.read, 30, "the rest of the ledger counts");
}

/// An event is known to be counted once it is counted: a damaged copy before it does not make it a duplicate.
#[test]
fn a_sound_copy_after_a_damaged_one() {
    let place = Place::new();
    let sound = (0..).find(|number| event(*number).contains("\"GetItem\"")).unwrap();
    let mut damaged = event(sound).into_bytes();
    let name = damaged.windows(7).position(|bytes| bytes == b"GetItem").unwrap();
    damaged[name] = 0xff;
    place.write("copies.jsonl", [&damaged, &b"\n"[..], event(sound).as_bytes(), b"\n"].concat());
    let summary = place.run();
    assert_eq!(summary.counts.lost.get("not_utf8"), Some(&1), "{summary:?}");
    assert_eq!(summary.counts.recorded, Place::expected(0) + 1, "{summary:?}");
}
