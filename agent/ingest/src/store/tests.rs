use object_store::memory::InMemory;

use super::*;
use crate::Limits;
use crate::NoProgress;

#[test]
fn one_object_is_read_as_a_prefix_is() {
    let runtime = Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap());
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    runtime.block_on(store.put(&StorePath::from("logs/a.json"), "{}".into())).unwrap();
    let (shared, _signals) =
        Shared::new(Default::default(), Arc::default(), Limits::default(), &NoProgress, 1);
    let list = |path: &str| {
        let prefix = Prefix {
            store: Arc::clone(&store),
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
        listed.map(|()| names).map_err(|error| error.kind())
    };
    let object = vec!["bucket/logs/a.json".to_owned()];
    assert_eq!(list("logs"), Ok(object.clone()));
    assert_eq!(list("logs/a.json"), Ok(object));
    assert_eq!(list("none"), Err(io::ErrorKind::NotFound));
}
