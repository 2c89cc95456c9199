//! Both directions of a connection of HTTP/2.

use super::{Event, Frames};
use crate::wire::{
    counts::Dropped,
    fragment::Sink,
    responses::Exchanges,
    stream::{Missing, Turn},
};

/// The parsers of a connection.
#[derive(Debug)]
pub(in crate::wire) struct Connection {
    requests: Frames,
    responses: Frames,
    /// The newest stream, by which trailers are told from heads.
    newest: u32,
}

impl Connection {
    /// At its beginning.
    pub(in crate::wire) fn new() -> Self {
        Self { requests: Frames::new(true), responses: Frames::new(false), newest: 0 }
    }

    /// Somewhere in it.
    pub(in crate::wire) fn late() -> Self {
        Self { requests: Frames::late(), responses: Frames::late(), newest: 0 }
    }

    pub(in crate::wire) fn is_lost(&self) -> bool {
        self.requests.is_lost() && self.responses.is_lost()
    }

    /// Takes what the process wrote.
    pub(in crate::wire) fn written(
        &mut self,
        missing: Missing,
        mut bytes: &[u8],
        exchanges: &mut Exchanges,
        sink: &mut Sink<'_>,
    ) -> Turn {
        if missing != Missing::Nothing {
            if let Some(stream) = self.requests.body() {
                exchanges.end_body(stream, false, sink);
            }
            if let Some(reason) = self.requests.skip(missing.known()) {
                sink.counts.drop_head(reason);
            }
            sink.counts.gaps += u64::from(self.requests.is_lost());
        }
        let mut turn = Turn::Stay;
        if self.requests.is_lost() {
            // Bytes of any body may be among those that are missing.
            exchanges.end_bodies(sink);
            if !self.requests.resume(bytes) {
                sink.counts.foreign += 1;
            }
        }
        while let Some(event) = self.requests.next(&mut bytes) {
            match event {
                Event::Head { draft, .. } if draft.status().is_some() => {
                    turn = Turn::Served;
                    break;
                }
                Event::Head { stream, draft, ends } if stream > self.newest && !draft.is_bare() => {
                    self.newest = stream;
                    exchanges.request(stream, *draft, !ends, sink);
                }
                Event::Head { stream, draft, .. } if stream > self.newest && draft.unknown > 0 => {
                    self.newest = stream;
                    sink.counts.drop_head(Dropped::Undecoded);
                }
                Event::Head { stream, ends: true, .. } | Event::End { stream } => {
                    exchanges.end_body(stream, true, sink);
                }
                Event::Head { .. } => {}
                Event::Data { stream, bytes } => exchanges.body(stream, bytes, sink),
                Event::Reset { stream } => exchanges.take(stream, None, sink),
                Event::Dropped(reason) => sink.counts.drop_head(reason),
                Event::Foreign => sink.counts.foreign += 1,
            }
        }
        sink.counts.forgotten += self.requests.take_forgotten();
        turn
    }

    /// Takes what the process read.
    pub(in crate::wire) fn read(
        &mut self,
        missing: Missing,
        mut bytes: &[u8],
        exchanges: &mut Exchanges,
        sink: &mut Sink<'_>,
    ) -> Turn {
        if missing != Missing::Nothing {
            sink.counts.unread += u64::from(self.responses.skip(missing.known()).is_some());
        }
        if self.responses.is_lost() && !self.responses.resume(bytes) {
            sink.counts.foreign += 1;
        }
        while let Some(event) = self.responses.next(&mut bytes) {
            match event {
                Event::Head { stream, draft, ends } => {
                    let grpc_status = draft.grpc_status();
                    match draft.response() {
                        Some(response) if (100..200).contains(&response.status) => {}
                        Some(response) => {
                            let is_known = exchanges.answer(stream, response, ends, sink);
                            sink.counts.unmatched += u64::from(!is_known);
                        }
                        // Trailers, or a head whose status could not be decoded, where a request waits for one.
                        None => {
                            let waits = exchanges.trailers(stream, grpc_status, sink);
                            sink.counts.unread += u64::from(waits);
                        }
                    }
                }
                Event::Reset { stream } => exchanges.take(stream, None, sink),
                Event::End { stream } => exchanges.end(stream, sink),
                Event::Data { .. } => {}
                Event::Dropped(_) => sink.counts.unread += 1,
                Event::Foreign => sink.counts.foreign += 1,
            }
        }
        sink.counts.forgotten += self.responses.take_forgotten();
        Turn::Stay
    }

    /// Gives up what is not complete.
    pub(in crate::wire) fn close(&mut self, reason: Dropped, sink: &mut Sink<'_>) {
        if let Some(reason) = self.requests.lose(reason) {
            sink.counts.drop_head(reason);
        }
        sink.counts.unread += u64::from(self.responses.lose(reason).is_some());
    }

    /// What it occupies.
    pub(in crate::wire) fn size(&self) -> usize {
        size_of::<Self>() + self.requests.size() + self.responses.size()
    }
}
