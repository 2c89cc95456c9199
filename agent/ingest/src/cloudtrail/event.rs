//! One CloudTrail event as it lies in the log: the fields that a usage record needs, still in JSON.

use crate::grammar::{Grammar, Shape};
use crate::scan::{Cursor, Fault, Find, Text, Value};

/// The fields of an event that are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a, F> {
    pub(crate) identity: Option<&'a [u8]>,
    /// The number of `identity`, where it was met before.
    pub(crate) known_identity: Option<u32>,
    pub(crate) time: Option<Text<'a>>,
    pub(crate) source: Option<Text<'a>>,
    pub(crate) name: Option<Text<'a>>,
    pub(crate) region: Option<Text<'a>>,
    pub(crate) origin: Option<Text<'a>>,
    pub(crate) error_code: Option<Text<'a>>,
    pub(crate) error_message: Option<Text<'a>>,
    /// Before `requestParameters`, an object.
    pub(crate) request: Option<Cursor<'a, F>>,
    /// Before `responseElements`, an object.
    pub(crate) response: Option<Cursor<'a, F>>,
    pub(crate) id: Option<Text<'a>>,
    pub(crate) read_only: Option<bool>,
    /// Before `resources`, an array.
    pub(crate) resources: Option<Cursor<'a, F>>,
    pub(crate) kind: Option<Text<'a>>,
    pub(crate) category: Option<Text<'a>>,
    pub(crate) recipient: Option<Text<'a>>,
    pub(crate) management: Option<bool>,
}

/// How CloudTrail's logs are read.
#[derive(Debug)]
pub(crate) enum Cloudtrail {}

/// The lists that hold events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// `Records` of a delivered file: events.
    Records,
    /// `logEvents` or `events` of CloudWatch Logs: events as text in `message`.
    LogEvents,
    /// `Events` of a look-up: events as text in `CloudTrailEvent`.
    LookupEvents,
}

impl Grammar for Cloudtrail {
    type Event<'a, F: Find> = Event<'a, F>;
    type List = List;
    type Context = ();

    const EVENT_START: Option<&'static [u8]> = Some(b"{\"eventVersion\"");

    #[inline]
    fn read<'a, F: Find>(
        cursor: &mut Cursor<'a, F>,
        list: Option<List>,
        known: impl Fn(&'a [u8]) -> Option<(u32, usize)>,
    ) -> Result<Shape<'a, F, Self>, Fault> {
        match list {
            Some(list @ (List::LogEvents | List::LookupEvents)) => {
                Ok(Shape::Text(read_message(cursor, list)?, None))
            }
            Some(List::Records) | None => read_object(cursor, known),
        }
    }
}

fn read_object<'a, F: Find>(
    cursor: &mut Cursor<'a, F>,
    known: impl Fn(&'a [u8]) -> Option<(u32, usize)>,
) -> Result<Shape<'a, F, Cloudtrail>, Fault> {
    let mut event = Event::new();
    let mut detail = None;
    let mut is_event = false;
    let mut is_digest = false;
    let mut is_control = false;
    let mut first = true;
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        match key.raw {
            b"userIdentity" => {
                is_event = true;
                let (number, object) = cursor.known(&known)?;
                event.known_identity = number.or(event.known_identity);
                event.identity = object;
            }
            b"eventTime" => event.time = cursor.value()?.text(),
            // Logstash moves the time here.
            b"@timestamp" if event.time.is_none() => event.time = cursor.value()?.text(),
            b"eventSource" => event.source = cursor.value()?.text(),
            b"eventName" => {
                is_event = true;
                event.name = cursor.value()?.text();
            }
            b"awsRegion" => event.region = cursor.value()?.text(),
            b"sourceIPAddress" => event.origin = cursor.value()?.text(),
            b"errorCode" => event.error_code = cursor.value()?.text(),
            b"errorMessage" => event.error_message = cursor.value()?.text(),
            b"requestParameters" => event.request = cursor.pass()?,
            b"responseElements" => event.response = cursor.pass()?,
            b"eventID" => event.id = cursor.value()?.text(),
            b"readOnly" => event.read_only = cursor.value()?.flag(),
            b"resources" => event.resources = cursor.pass()?,
            b"eventType" => event.kind = cursor.value()?.text(),
            b"eventCategory" => event.category = cursor.value()?.text(),
            b"recipientAccountId" => event.recipient = cursor.value()?.text(),
            b"managementEvent" => event.management = cursor.value()?.flag(),
            b"eventVersion" => {
                is_event = true;
                cursor.value()?;
            }
            b"insightDetails" => {
                is_event = true;
                cursor.value()?;
            }
            b"Records" | b"logEvents" | b"events" | b"Events" if !is_event => {
                if cursor.look()? == b'[' {
                    cursor.advance(1);
                    let list = match key.raw {
                        b"Records" => List::Records,
                        b"Events" => List::LookupEvents,
                        _ => List::LogEvents,
                    };
                    return Ok(Shape::List(list, ()));
                }
                cursor.value()?;
            }
            b"detail" => detail = cursor.pass()?,
            b"digestS3Bucket" | b"digestStartTime" => {
                is_digest = true;
                cursor.value()?;
            }
            b"messageType" => {
                let value = cursor.value()?;
                is_control = matches!(value, Value::Text(text) if text.raw == b"CONTROL_MESSAGE");
            }
            _ => {
                cursor.value()?;
            }
        }
        if is_control && !is_event {
            // The list of a control message holds no events.
            while cursor.key(&mut first)?.is_some() {
                cursor.value()?;
            }
            return Ok(Shape::Skipped("control_message"));
        }
    }
    Ok(match detail {
        _ if is_event => Shape::Event(event),
        Some(detail) => Shape::Wrapped(detail, None),
        None if is_digest => Shape::Skipped("digest"),
        None => Shape::Skipped("not_an_event"),
    })
}

impl<F> Event<'_, F> {
    fn new() -> Self {
        Self {
            identity: None,
            known_identity: None,
            time: None,
            source: None,
            name: None,
            region: None,
            origin: None,
            error_code: None,
            error_message: None,
            request: None,
            response: None,
            id: None,
            read_only: None,
            resources: None,
            kind: None,
            category: None,
            recipient: None,
            management: None,
        }
    }
}

/// The text that an element of a list of [`List::LogEvents`] or [`List::LookupEvents`] holds.
fn read_message<'a, F: Find>(cursor: &mut Cursor<'a, F>, list: List) -> Result<Option<Text<'a>>, Fault> {
    let name: &[u8] = if list == List::LookupEvents { b"CloudTrailEvent" } else { b"message" };
    let mut message = None;
    let mut first = true;
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        let value = cursor.value()?;
        if key.raw == name {
            message = value.text();
        }
    }
    Ok(message)
}
