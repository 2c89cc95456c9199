//! Hands on what an object of a log holds: an event, or a text or bytes in which there is one.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Reader;
use crate::content::{Compression, decoder};
use crate::grammar::{Grammar, Place, Shape, Sink};
use crate::scan::{Cursor, Fault, Find, Text};

/// A log that lies in another is not larger: of what CloudWatch Logs sends at once, it is far from it.
const PACKED_LIMIT: u64 = 64 << 20;

pub(super) fn deliver_text<G: Grammar>(
    text: Option<Text<'_>>,
    context: &G::Context,
    place: Place,
    sink: &mut impl Sink<G>,
) {
    match text.map(Text::decode) {
        Some(Some(text)) if text.trim_start().starts_with('{') => {
            deliver_object(Cursor::new(text.trim_start().as_bytes()), context, place, sink);
        }
        Some(None) => sink.lost("malformed", place),
        Some(Some(_)) | None => sink.skipped("not_an_event", place),
    }
}

/// Reads a log within a log: what it holds lies where it does, and packs no other.
pub(super) fn deliver_packed<G: Grammar>(text: Text<'_>, place: Place, sink: &mut impl Sink<G>) {
    let Ok(packed) = BASE64.decode(text.raw) else { return sink.lost("malformed", place) };
    let mut plain = Vec::new();
    let unpacked = decoder(Compression::of(&packed), packed.as_slice())
        .and_then(|decoder| decoder.take(PACKED_LIMIT + 1).read_to_end(&mut plain));
    match unpacked {
        Ok(length) if length as u64 <= PACKED_LIMIT => {
            let mut reader = Reader::<G> { within: Some(place), ..Reader::default() };
            reader.feed(&plain, true, sink);
        }
        Ok(_) => sink.lost("too_large", place),
        Err(_) => sink.lost("malformed", place),
    }
}

pub(super) fn deliver_object<G: Grammar, F: Find>(
    mut object: Cursor<'_, F>,
    context: &G::Context,
    place: Place,
    sink: &mut impl Sink<G>,
) {
    let shape = G::read(&mut object, None, |rest| sink.known_identity(rest));
    match shape {
        Ok(Shape::Event(event)) => sink.event(&event, context, place),
        Ok(Shape::Rewritten(event)) => deliver_rewritten(&event, context, place, sink),
        Ok(_) => sink.skipped("not_an_event", place),
        Err(Fault::End) => sink.lost("truncated", place),
        Err(Fault::Bad(_)) => sink.lost("malformed", place),
    }
}

/// Delivers what was rewritten once. If it would be again, some text of it is no object.
pub(super) fn deliver_rewritten<G: Grammar>(
    event: &[u8],
    context: &G::Context,
    place: Place,
    sink: &mut impl Sink<G>,
) {
    let mut object = Cursor::new(event);
    match G::read(&mut object, None, |rest| sink.known_identity(rest)) {
        Ok(Shape::Event(event)) => sink.event(&event, context, place),
        _ => sink.lost("malformed", place),
    }
}
