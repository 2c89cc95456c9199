//! Events of the kernel's programs, in the order in which they happened.

use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use aya::maps::{MapData, RingBuf};
use remit_abi::Header;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::error::KernelError;

/// How long events wait for the reader at most. Only where many wait is it woken before, since each waking costs the
/// workload that causes it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Events of the kernel's programs.
#[derive(Debug)]
pub struct Events {
    ring: AsyncFd<Ring>,
    malformed: u64,
}

struct Ring(RingBuf<MapData>);

impl std::fmt::Debug for Ring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Ring")
    }
}

impl AsRawFd for Ring {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Events {
    /// The most events handed over at a time, so that a flood does not keep its reader from all else.
    pub const MOST: usize = 4096;

    #[expect(
        unsafe_code,
        reason = "only so can a descriptor be waited for that is not the standard library's"
    )]
    pub(super) fn new(ring: RingBuf<MapData>) -> Result<Events, KernelError> {
        // SAFETY: the ring owns its descriptor, always names the same one, and closes it only when it is dropped.
        let ring = unsafe { AsyncFd::register_with_interest(Ring(ring), Interest::READABLE) };
        Ok(Events { ring: ring.map_err(std::io::Error::from)?, malformed: 0 })
    }

    /// Waits until many events are there, or some may be.
    ///
    /// # Errors
    ///
    /// Where the ring buffer cannot be waited for.
    pub async fn wait(&self) -> Result<(), KernelError> {
        match tokio::time::timeout(PATIENCE, self.ring.readable()).await {
            Ok(Ok(mut guard)) => guard.clear_ready(),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => {}
        }
        Ok(())
    }

    /// Hands over events that are there, and says how many. What is handed over is the kernel's memory, so nothing of
    /// it stays behind here.
    pub fn take(&mut self, mut on: impl FnMut(&Header, &[u8])) -> usize {
        let ring = &mut self.ring.get_mut().0;
        for taken in 0..Self::MOST {
            let Some(event) = ring.next() else { return taken };
            match Header::split(&event) {
                Some((header, text)) => on(&header, text),
                None => self.malformed += 1,
            }
        }
        Self::MOST
    }

    /// How many events were shorter than they said, which is a fault of the programs.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.malformed
    }
}
