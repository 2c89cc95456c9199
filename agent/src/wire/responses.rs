//! Requests that wait for the beginning of their body or for their response.
//!
//! HTTP/2 says which response is whose. HTTP/1 answers in order, which tells as long as no byte of the responses is
//! missing. Where some are, the newest request is the one that is answered, since clients wait for a response before they
//! ask again; on a stream whose client was seen not to wait, nothing can be told any more. Nor can it where several
//! requests wait and it is not known that all responses before were seen: before the first, since a process may have been
//! about to read when it was first seen, and where no more is followed of responses than their first pieces.

use std::collections::VecDeque;

use super::{beginning::Beginning, counts::Dropped, draft::Draft, fragment::Sink, query::query_size};
use crate::head::{Head, Response};

/// Most requests of one stream that wait; servers allow 100 to 250 at once.
const MOST: usize = 256;

/// Which responses are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Responses {
    /// None: outcomes stay unknown
    Off,
    /// The status of each response, and what of its head stands in the first KiB of what is read first
    #[default]
    First,
    /// The whole head of each response, over as many reads as it comes in
    Full,
}

/// What the request asked for that decides how its response ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    /// A `HEAD`.
    pub(super) is_head: bool,
    /// A `CONNECT`.
    pub(super) is_tunnel: bool,
}

#[derive(Debug)]
struct Exchange {
    /// The stream of HTTP/2, or the number of the request.
    stream: u32,
    asked: Answered,
    /// The head, with its number of unknown fields. Nothing, when it was dropped or delivered.
    call: Option<(Box<Head>, u32)>,
    body: Option<Beginning>,
    /// The beginning of the response, while the trailers that tell what became of a call by gRPC are not there.
    response: Option<Response>,
    /// When the head was complete, in microseconds since the Unix epoch.
    time: i64,
}

impl Exchange {
    fn finish_body(&mut self, is_whole: bool) {
        if let (Some(body), Some((head, _))) = (self.body.take(), &mut self.call) {
            head.body = body.body(is_whole);
        }
    }

    fn deliver(&mut self, response: Option<Response>, sink: &mut Sink<'_>) {
        self.finish_body(false);
        let response = response.or(self.response.take());
        if let Some((head, unknown)) = self.call.take() {
            sink.deliver(head, unknown, response, self.time);
        }
    }

    /// Whether the beginning of the response is there, or was delivered.
    fn is_answered(&self) -> bool {
        self.response.is_some() || self.call.is_none()
    }

    /// Whether a response does not tell yet what became of the call, as its trailers will.
    fn is_open(&self, response: &Response) -> bool {
        let is_grpc = self.call.as_ref().is_some_and(|(head, _)| response.is_grpc || head.is_grpc());
        is_grpc && response.grpc_status.is_none() && (200..300).contains(&response.status)
    }

    fn size(&self) -> usize {
        let head = self.call.as_ref().map_or(0, |(head, _)| head_size(head));
        let id =
            self.response.as_ref().and_then(|response| response.request_id.as_ref()).map_or(0, String::len);
        size_of::<Self>() + head + id + self.body.as_ref().map_or(0, Beginning::capacity)
    }
}

/// The requests of a stream that wait, the oldest first.
#[derive(Debug)]
pub(super) struct Exchanges {
    waiting: VecDeque<Exchange>,
    /// Which responses are waited for.
    responses: Responses,
    /// Whether the client was seen to ask again before it was answered.
    pipelines: bool,
    /// Whether all responses were seen since one that was surely a certain request's.
    is_complete: bool,
    /// Whether it is not known which request is answered next, until responses are taken up again.
    is_adrift: bool,
}

impl Exchanges {
    pub(super) fn new(responses: Responses) -> Self {
        Self { waiting: VecDeque::new(), responses, pipelines: false, is_complete: false, is_adrift: false }
    }

    fn awaits(&self) -> bool {
        self.responses != Responses::Off
    }

    /// Whether no more of a response is followed than its first piece.
    pub(super) fn is_first_only(&self) -> bool {
        self.responses == Responses::First
    }

    /// Takes a request.
    pub(super) fn request(&mut self, stream: u32, draft: Draft, has_body: bool, sink: &mut Sink<'_>) {
        let unknown = draft.unknown;
        self.ask(stream, draft.request().map(|head| (head, unknown)), has_body, sink);
    }

    /// Takes the head of a request, with its number of unknown fields; none where it is no sound head.
    pub(super) fn ask(
        &mut self,
        stream: u32,
        call: Option<(Box<Head>, u32)>,
        has_body: bool,
        sink: &mut Sink<'_>,
    ) {
        let head = call.as_ref().map(|(head, _)| head);
        match head {
            Some(_) => sink.counts.seen += 1,
            None => sink.counts.drop_head(Dropped::Malformed),
        }
        let body = head.filter(|_| has_body).and_then(|head| Beginning::of(head));
        let is = |method: &str| head.is_some_and(|head| head.method == method);
        let asked = Answered { is_head: is("HEAD"), is_tunnel: is("CONNECT") };
        let mut exchange = Exchange { stream, asked, call, body, response: None, time: sink.now };
        if !self.awaits() && exchange.body.is_none() {
            return exchange.deliver(None, sink);
        }
        if self.waiting.len() >= MOST {
            self.abandon_all(sink);
        }
        // One that was dropped waits too, since it is answered in its turn.
        self.waiting.push_back(exchange);
    }

    /// Takes bytes of the body of a request.
    pub(super) fn body(&mut self, stream: u32, bytes: &[u8], sink: &mut Sink<'_>) {
        let exchange = self.waiting.iter_mut().rev().find(|exchange| exchange.stream == stream);
        if let Some(body) = exchange.and_then(|exchange| exchange.body.as_mut())
            && body.extend(bytes)
        {
            self.end_body(stream, false, sink);
        }
    }

    /// Ends the body of a request, which is whole or cut off.
    pub(super) fn end_body(&mut self, stream: u32, is_whole: bool, sink: &mut Sink<'_>) {
        let Some(at) = self.waiting.iter().rposition(|exchange| exchange.stream == stream) else { return };
        let awaits = self.awaits();
        if let Some(exchange) = self.waiting.get_mut(at) {
            exchange.finish_body(is_whole);
            if !awaits {
                exchange.deliver(None, sink);
                self.waiting.remove(at);
            }
        }
    }

    /// Ends all bodies, which are cut off.
    pub(super) fn end_bodies(&mut self, sink: &mut Sink<'_>) {
        let awaits = self.awaits();
        for exchange in &mut self.waiting {
            exchange.finish_body(false);
            if !awaits {
                exchange.deliver(None, sink);
            }
        }
        if !awaits {
            self.waiting.clear();
        }
    }

    /// Answers the request of a stream of HTTP/2, and tells whether it waits. One of gRPC waits on for its trailers, unless
    /// the head is all of the response.
    pub(super) fn answer(
        &mut self,
        stream: u32,
        response: Response,
        is_all: bool,
        sink: &mut Sink<'_>,
    ) -> bool {
        let waiting = self.waiting.iter_mut().find(|exchange| exchange.stream == stream);
        match waiting {
            Some(exchange) if !is_all && exchange.is_open(&response) => {
                exchange.response = Some(response);
                true
            }
            Some(_) => {
                self.take(stream, Some(response), sink);
                true
            }
            None => false,
        }
    }

    /// Takes a head without a status of a stream of HTTP/2, and tells whether a request waits for one with it: such are
    /// trailers, which end its response.
    pub(super) fn trailers(&mut self, stream: u32, grpc_status: Option<u32>, sink: &mut Sink<'_>) -> bool {
        let waiting = self.waiting.iter_mut().find(|exchange| exchange.stream == stream);
        let Some(exchange) = waiting else { return false };
        // One that waited too long was delivered with what there was of its response.
        let is_answered = exchange.is_answered();
        if let Some(response) = &mut exchange.response {
            response.grpc_status = grpc_status;
        }
        self.take(stream, None, sink);
        !is_answered
    }

    /// The response on a stream of HTTP/2 ended without trailers.
    pub(super) fn end(&mut self, stream: u32, sink: &mut Sink<'_>) {
        if self.waiting.iter().any(|exchange| exchange.stream == stream && exchange.is_answered()) {
            self.take(stream, None, sink);
        }
    }

    /// Delivers the request of a stream of HTTP/2, which waits no more.
    pub(super) fn take(&mut self, stream: u32, response: Option<Response>, sink: &mut Sink<'_>) {
        let at = self.waiting.iter().position(|exchange| exchange.stream == stream);
        if let Some(mut exchange) = at.and_then(|at| self.waiting.remove(at)) {
            exchange.deliver(response, sink);
        }
    }

    /// Answers the request of HTTP/1 whose turn it is, and tells what it asked for.
    pub(super) fn answer_next(
        &mut self,
        response: Option<Response>,
        sink: &mut Sink<'_>,
    ) -> Option<Answered> {
        if self.is_adrift {
            return None;
        }
        if self.waiting.len() > 1 {
            self.pipelines = true;
            if !self.is_complete {
                self.abandon_all(sink);
                return None;
            }
        }
        let mut exchange = self.waiting.pop_front()?;
        self.is_complete = self.responses == Responses::Full;
        exchange.deliver(response, sink);
        Some(exchange.asked)
    }

    /// Notes that the client asks again without having been answered.
    pub(super) fn pipeline(&mut self) {
        self.pipelines = true;
    }

    /// Takes responses of HTTP/1 up again, after some were missed.
    pub(super) fn resume(&mut self, sink: &mut Sink<'_>) {
        if self.is_first_only() {
            return;
        }
        let answered = usize::from(!self.pipelines);
        while self.waiting.len() > answered
            && let Some(mut exchange) = self.waiting.pop_front()
        {
            exchange.deliver(None, sink);
        }
        self.is_adrift = self.pipelines;
    }

    /// Delivers without an answer what has waited since before a time.
    pub(super) fn sweep(&mut self, before: i64, sink: &mut Sink<'_>) {
        for exchange in self.waiting.iter_mut().take_while(|exchange| exchange.time < before) {
            exchange.deliver(None, sink);
        }
    }

    /// Delivers all that waits, without an answer.
    pub(super) fn abandon_all(&mut self, sink: &mut Sink<'_>) {
        for mut exchange in self.waiting.drain(..) {
            exchange.deliver(None, sink);
        }
        self.is_adrift = true;
    }

    /// How many calls wait.
    pub(super) fn held(&self) -> usize {
        self.waiting.iter().filter(|exchange| exchange.call.is_some()).count()
    }

    /// What it occupies.
    pub(super) fn size(&self) -> usize {
        self.waiting.iter().map(Exchange::size).sum()
    }
}

/// What a head occupies beside its place.
fn head_size(head: &Head) -> usize {
    let query: usize = head.query.iter().map(query_size).sum();
    let texts = [&head.host, &head.amz_target, &head.content_type, &head.smithy_protocol, &head.copy_source];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    head.method.len() + head.path.len() + query + texts + 128
}
