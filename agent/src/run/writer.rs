//! Batches are stored on a thread of their own, so that no disk holds up what the kernel has to say.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use remit_agent::recording::{Batch, Recorder, Store, StoreSettings, Written};

/// Stores batches, one after the other.
pub(super) struct Writer {
    batches: Sender<Batch>,
    done: Receiver<Written>,
    is_busy: bool,
    problems: Vec<String>,
}

impl Writer {
    /// Starts the thread. It ends when the writer is dropped.
    pub(super) fn begin(settings: StoreSettings) -> anyhow::Result<Self> {
        let mut store = Store::new(settings)?;
        let (batches, received) = channel::<Batch>();
        let (tell, done) = channel();
        std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            for batch in received {
                if tell.send(store.write(batch)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { batches, done, is_busy: false, problems: Vec::new() })
    }

    /// Hands over a batch, which the recorder gives out one at a time.
    pub(super) fn write(&mut self, batch: Batch) {
        self.is_busy = self.batches.send(batch).is_ok();
    }

    /// Tells the recorder what became of a batch that is done.
    pub(super) fn acknowledge(&mut self, recorder: &mut Recorder) {
        if let Ok(written) = self.done.try_recv() {
            self.note(written, recorder);
        }
    }

    /// Waits for the batch that is on its way.
    pub(super) fn wait(&mut self, recorder: &mut Recorder, until: Instant) {
        if self.is_busy
            && let Ok(written) = self.done.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            self.note(written, recorder);
        }
    }

    /// Why the last batch is not all in the ledger.
    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    fn note(&mut self, written: Written, recorder: &mut Recorder) {
        self.is_busy = false;
        let problems = written.problems.iter().map(ToString::to_string).collect();
        if self.problems != problems {
            for problem in &problems {
                tracing::warn!(%problem, "calls are kept until the ledger takes them");
            }
        }
        self.problems = problems;
        recorder.acknowledge(written);
    }
}
