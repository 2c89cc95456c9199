//! The kubelet is asked on a thread of its own, since it may take its time.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use remit_agent::identity::{Kubelet, KubeletError, KubeletSettings, PodList};

/// Asks for pods.
pub(super) struct Asker {
    questions: SyncSender<()>,
    answers: Receiver<Result<PodList, KubeletError>>,
    is_busy: bool,
    problem: Option<String>,
}

impl Asker {
    /// Starts the thread. It ends when the asker is dropped.
    pub(super) fn begin(settings: &KubeletSettings) -> anyhow::Result<Self> {
        let kubelet = Kubelet::new(settings)?;
        let (questions, asked) = sync_channel(1);
        let (tell, answers) = sync_channel(1);
        std::thread::Builder::new().name("kubelet".to_owned()).spawn(move || {
            for () in asked {
                if tell.send(kubelet.pods()).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { questions, answers, is_busy: false, problem: None })
    }

    /// Asks where that is wanted, and hands over an answer that is there.
    pub(super) fn pods(&mut self, is_wanted: bool) -> Option<PodList> {
        let answer = self.answers.try_recv().ok();
        self.is_busy &= answer.is_none();
        if is_wanted && !self.is_busy {
            self.is_busy = self.questions.try_send(()).is_ok();
        }
        match answer? {
            Ok(pods) => {
                self.problem = None;
                Some(pods)
            }
            Err(error) => {
                let problem = error.to_string();
                if self.problem.as_ref() != Some(&problem) {
                    tracing::warn!(%problem, "pods are not known");
                }
                self.problem = Some(problem);
                None
            }
        }
    }

    /// Why the last question was not answered.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}
