mod server;

use super::*;
use crate::summary::Files;
use crate::{Limits, NoProgress};

struct Listed {
    /// The names of what was not passed over for its name.
    unnameable: io::Result<Vec<String>>,
    names: Vec<String>,
    files: Files,
    said: Vec<String>,
    lost: Vec<String>,
}

fn list(objects: &[(&str, &str)], path: &str) -> Listed {
    let runtime =
        Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    let (shared, _signals) =
        Shared::new(Default::default(), Arc::default(), Limits::default(), &NoProgress, 1);
    let prefix = Prefix {
        store: server::store(objects),
        bucket: "bucket".to_owned(),
        path: StorePath::from(path),
        runtime: Arc::clone(&runtime),
        room: Arc::new(Semaphore::new(WAITING)),
    };
    let mut names = Vec::new();
    let use_object = &mut |object: StoredObject| {
        names.push(object.source.name.to_string());
        true
    };
    let listed = runtime.block_on(prefix.hand_over(&shared, use_object));
    let unnameable = listed.map(|all| all.iter().map(|source| source.name.to_string()).collect());
    let said = shared.diagnostics.take().0.iter().map(ToString::to_string).collect();
    let lost = shared.unread.lock().unwrap().iter().map(|source| source.name.clone()).collect();
    Listed { unnameable, names, files: shared.files(), said, lost }
}

#[test]
fn one_object_is_read_as_a_prefix_is() {
    let objects = [("logs/a.json", "{}")];
    for path in ["logs", "logs/a.json"] {
        let listed = list(&objects, path);
        assert_eq!(
            (listed.unnameable.unwrap(), listed.names),
            (vec![], vec!["bucket/logs/a.json".to_owned()])
        );
    }
    assert_eq!(list(&objects, "none").unnameable.unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn what_consoles_make_of_folders_is_passed_over() {
    let objects = [("logs/", ""), ("logs/a.json", "{}"), ("logs/b/", ""), ("logs/empty", "")];
    let listed = list(&objects, "logs");
    assert_eq!(listed.names, ["bucket/logs/a.json", "bucket/logs/empty"]);
    assert_eq!(listed.files, Files { other: 2, ..Files::default() });
    assert_eq!((listed.said, listed.lost), (vec![], vec![]));
    // Where there is more than nothing, something is lost.
    let listed = list(&[("logs/b/", "{}")], "logs");
    assert_eq!((listed.files.unreadable, listed.lost), (1, vec!["bucket/logs/b".to_owned()]));
}

#[test]
fn objects_that_cannot_be_named_are_lost_and_the_others_are_read() {
    let mut objects: Vec<(String, &str)> =
        (0..1500).map(|number| (format!("logs/{number:04}.json"), "{}")).collect();
    let strange =
        ["logs/0700//a/b.json", "logs/0700//c.json", "logs/0702/../x", "logs/0702/../y", "logs/1499.json/."];
    objects.extend(strange.iter().map(|key| ((*key).to_owned(), "{}")));
    let all: Vec<(&str, &str)> = objects.iter().map(|(key, text)| (key.as_str(), *text)).collect();
    let listed = list(&all, "logs");
    assert_eq!(listed.names.len(), 1500);
    let lost = ["bucket/logs/0700//", "bucket/logs/0702/../", "bucket/logs/1499.json/."];
    assert_eq!(listed.unnameable.unwrap(), lost);
    assert_eq!((listed.lost, listed.files.unreadable), (lost.map(str::to_owned).to_vec(), 3));
    assert!(listed.said[0].contains("hint:"), "{:?}", listed.said);
}
