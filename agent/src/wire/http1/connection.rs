//! Both directions of a connection of HTTP/1.

use super::{Event, Framing, Messages, Parser};
use crate::wire::{
    counts::Dropped,
    fragment::Sink,
    responses::Exchanges,
    stream::{Missing, Turn},
};

/// The parsers of a connection.
#[derive(Debug)]
pub(in crate::wire) struct Connection {
    requests: Parser,
    responses: Parser,
    /// The number of the newest request.
    newest: u32,
}

impl Connection {
    /// At its beginning, or somewhere in it.
    pub(in crate::wire) fn new(is_late: bool) -> Self {
        Self {
            requests: Parser::new(Messages::Requests, is_late),
            responses: Parser::new(Messages::Responses, is_late),
            newest: 0,
        }
    }

    pub(in crate::wire) fn is_lost(&self) -> bool {
        self.requests.is_lost() && self.responses.is_lost()
    }

    /// The number of the next request.
    pub(in crate::wire) fn next(&mut self) -> u32 {
        self.newest = self.newest.wrapping_add(1);
        self.newest
    }

    /// Takes what the process wrote.
    pub(in crate::wire) fn written(
        &mut self,
        missing: Missing,
        mut bytes: &[u8],
        exchanges: &mut Exchanges,
        sink: &mut Sink<'_>,
    ) -> Turn {
        let mut heads = 0;
        if missing != Missing::Nothing {
            exchanges.end_body(self.newest, false, sink);
            if let Some(reason) = self.requests.skip(missing.known()) {
                sink.counts.drop_head(reason);
            }
            sink.counts.gaps += u64::from(self.requests.is_lost());
        }
        if self.requests.is_lost() && !self.requests.resume(bytes) {
            sink.counts.foreign += 1;
        }
        while let Some(event) = self.requests.next(&mut bytes) {
            match event {
                Event::Head(draft) => {
                    heads += 1;
                    if heads > 1 {
                        exchanges.pipeline();
                    }
                    let framing = Framing::of_request(&draft);
                    self.requests.frame(framing);
                    exchanges.request(self.next(), *draft, framing != Framing::Length(0), sink);
                }
                Event::Body(bytes) => exchanges.body(self.newest, bytes, sink),
                Event::End => exchanges.end_body(self.newest, !self.requests.is_lost(), sink),
                Event::Dropped(reason) => sink.counts.drop_head(reason),
                Event::Foreign => sink.counts.foreign += 1,
            }
        }
        Turn::Stay
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
        if self.responses.resume(bytes) {
            exchanges.resume(sink);
        } else if self.responses.is_lost() {
            sink.counts.foreign += 1;
        }
        while let Some(event) = self.responses.next(&mut bytes) {
            match event {
                Event::Head(draft) => {
                    let status = draft.status().unwrap_or_default();
                    if (100..200).contains(&status) && status != 101 {
                        self.responses.frame(Framing::Length(0));
                        continue;
                    }
                    let framing = |answers_head| Framing::of_response(&draft, status, answers_head);
                    let (with_body, without) = (framing(false), framing(true));
                    let Some(answered) = exchanges.answer_next(draft.response(), sink) else {
                        // Whether it has a body depends on the request.
                        sink.counts.unmatched += 1;
                        self.responses.lose(Dropped::Truncated);
                        continue;
                    };
                    if status == 101 || answered.is_tunnel && (200..300).contains(&status) {
                        return Turn::Foreign;
                    }
                    if exchanges.is_first_only() {
                        self.responses.lose(Dropped::Truncated);
                        continue;
                    }
                    self.responses.frame(if answered.is_head { without } else { with_body });
                }
                Event::Body(_) | Event::End => {}
                Event::Dropped(_) => sink.counts.unread += 1,
                Event::Foreign => sink.counts.foreign += 1,
            }
        }
        // What follows of a head that is not whole is not copied.
        if exchanges.is_first_only()
            && let Some(draft) = self.responses.cut()
            && draft.status().is_some_and(|status| status >= 200)
            && exchanges.answer_next(draft.response(), sink).is_none()
        {
            sink.counts.unmatched += 1;
        }
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
