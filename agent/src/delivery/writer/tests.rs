use tokio::sync::Semaphore;

use super::*;
use crate::delivery::samples::{Ledger, Told};

/// A group is what is there; nothing is waited for.
const AT_ONCE: WriterSettings = WriterSettings { gather: Duration::ZERO, group: 1 << 20, compact: u32::MAX };

struct Bench {
    told: Arc<Told>,
    counters: Arc<Counters>,
    writer: Writer,
    room: Arc<Semaphore>,
}

type Answer = oneshot::Receiver<Result<(), Refusal>>;

impl Bench {
    fn new(settings: WriterSettings) -> Self {
        let (told, counters) = (Arc::new(Told::default()), Arc::new(Counters::default()));
        let writer = Writer::begin(Ledger(Arc::clone(&told)), settings, Arc::clone(&counters)).unwrap();
        Self { told, counters, writer, room: Arc::new(Semaphore::new(1000)) }
    }

    fn send(&self, body: &'static str) -> Answer {
        let (answer, answered) = oneshot::channel();
        let room = Arc::clone(&self.room).try_acquire_many_owned(10).unwrap();
        self.writer.bodies.send(Waiting { body: body.into(), asking: Asking { room, answer } }).unwrap();
        answered
    }

    fn durable(&self) -> Vec<String> {
        self.told.state.lock().unwrap().durable.clone()
    }
}

fn away(reason: &str) -> Result<(), Refusal> {
    Err(Refusal::Away(reason.to_owned()))
}

#[test]
fn what_is_acknowledged_is_durable() {
    let bench = Bench::new(AT_ONCE);
    for body in ["a", "b", "a"] {
        assert_eq!(bench.send(body).blocking_recv().unwrap(), Ok(()));
        assert!(bench.durable().contains(&body.to_owned()));
    }
    assert_eq!(bench.durable(), ["a", "b"]);
    assert_eq!(bench.room.available_permits(), 1000);
}

#[test]
fn what_comes_while_a_group_is_published_is_published_together() {
    let bench = Bench::new(AT_ONCE);
    bench.told.set(|state| state.is_slow = true);
    let first = bench.send("first");
    bench.told.wait(|state| state.published == 1);
    let later: Vec<Answer> = ["a", "b", "c"].into_iter().map(|body| bench.send(body)).collect();
    assert_eq!(bench.durable(), Vec::<String>::new());
    assert_eq!(bench.room.available_permits(), 1000 - 40, "each takes room until it is answered");
    bench.told.set(|state| state.is_slow = false);
    for answer in [first].into_iter().chain(later) {
        assert_eq!(answer.blocking_recv().unwrap(), Ok(()));
    }
    assert_eq!(bench.durable(), ["first", "a", "b", "c"]);
    bench.writer.end();
    let state = bench.told.state.lock().unwrap();
    // The three may have been taken one after the other, had they come later; they waited for the first.
    assert_eq!((state.published, state.compacted), (2, 1), "what was there before is looked after once");
}

#[test]
fn what_is_no_list_of_events_harms_no_other() {
    let bench = Bench::new(WriterSettings { gather: Duration::from_secs(60), group: 10, ..AT_ONCE });
    let answers = ["good", "wrong", "more of it"].map(|body| bench.send(body));
    let [good, wrong, more] = answers.map(|answer| answer.blocking_recv().unwrap());
    assert_eq!((good, more), (Ok(()), Ok(())));
    assert_eq!(wrong, Err(Refusal::Foreign("it is wrong".to_owned())));
    assert_eq!(bench.durable(), ["good", "more of it"]);
    assert_eq!(bench.counters.problem(), None);
}

#[test]
fn what_was_not_published_counts_when_it_is_sent_again() {
    let bench = Bench::new(AT_ONCE);
    // The second opens it, since it is looked after once the first is published.
    for body in ["a", "a"] {
        assert_eq!(bench.send(body).blocking_recv().unwrap(), Ok(()));
    }
    bench.told.set(|state| state.is_away = true);
    assert_eq!(bench.send("b").blocking_recv().unwrap(), away("the disk is full"));
    // Now it cannot be opened either.
    assert_eq!(bench.send("b").blocking_recv().unwrap(), away("the disk is away"));
    assert!(bench.counters.problem().unwrap().contains("the disk is away"));
    bench.told.set(|state| state.is_away = false);
    assert_eq!(bench.send("b").blocking_recv().unwrap(), Ok(()));
    assert_eq!(bench.durable(), ["a", "b"]);
    assert_eq!(bench.counters.problem(), None);
}

#[test]
fn a_sender_that_is_gone_leaves_its_events() {
    let bench = Bench::new(AT_ONCE);
    drop(bench.send("a"));
    bench.told.wait(|state| !state.durable.is_empty());
    assert_eq!(bench.durable(), ["a"]);
}

#[test]
fn few_files_are_made_of_many_between_groups() {
    let bench = Bench::new(WriterSettings { compact: 2, ..AT_ONCE });
    for body in ["a", "b", "c", "d", "e"] {
        assert_eq!(bench.send(body).blocking_recv().unwrap(), Ok(()));
    }
    bench.writer.end();
    let state = bench.told.state.lock().unwrap();
    assert_eq!((state.compacted, state.opened), (3, 3), "it is not open meanwhile");
    assert_eq!(state.durable, ["a", "b", "c", "d", "e"]);
}
