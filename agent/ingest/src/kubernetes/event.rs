//! One audit event as it lies in the log, and the forms in which clusters' logs are delivered.

use std::sync::Arc;

use super::columns::{as_objects, is_text};
use super::google::Entry;
use crate::grammar::{Grammar, Shape};
use crate::scan::{Cursor, Fault, Find, Text, Value};

/// How audit logs of Kubernetes are read.
#[derive(Debug)]
pub(crate) enum Audit {}

/// The fields of an event of `audit.k8s.io` that are read, still in JSON.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Event<'a> {
    pub(crate) id: Option<Text<'a>>,
    pub(crate) stage: Option<Text<'a>>,
    /// When the request arrived, which is the same in all stages.
    pub(crate) received: Option<Text<'a>>,
    /// When the event was made: all that some deliverers and old servers tell.
    pub(crate) made: Option<Text<'a>>,
    pub(crate) verb: Option<Text<'a>>,
    pub(crate) uri: Option<Text<'a>>,
    pub(crate) user: Option<&'a [u8]>,
    /// The number of `user`, where it was met before.
    pub(crate) known_user: Option<u32>,
    pub(crate) impersonated: Option<&'a [u8]>,
    /// The verb of an impersonation that is constrained.
    pub(crate) constraint: Option<Text<'a>>,
    pub(crate) origins: Option<&'a [u8]>,
    pub(crate) object: Option<&'a [u8]>,
    pub(crate) status: Option<&'a [u8]>,
    pub(crate) code: Option<&'a [u8]>,
    pub(crate) decision: Option<Text<'a>>,
    pub(crate) reason: Option<Text<'a>>,
    pub(crate) request: Option<&'a [u8]>,
    pub(crate) response: Option<&'a [u8]>,
    /// What a row of a table of Azure Monitor tells of its own delivery.
    pub(crate) delivery: Option<Delivery>,
    pub(crate) resource_id: Option<Text<'a>>,
}

/// What stands for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'a> {
    /// An event of `audit.k8s.io`.
    Event(Event<'a>),
    /// An entry of Google Cloud's log.
    Entry(Entry<'a>),
}

/// How a log came here: each form has its own holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Delivery {
    /// As the API server writes it, whether to a file or a webhook.
    #[default]
    File,
    /// CloudWatch Logs, of EKS.
    Eks,
    /// Google Cloud's log, of GKE.
    Gke,
    /// `kube-audit` of AKS.
    Aks,
    /// `kube-audit-admin` of AKS, which has no reads.
    AksAdmin,
    /// Rows of the table `AKSAudit`, which have no column for who was impersonated.
    AksTable,
    /// Rows of the table `AKSAuditAdmin`, which have neither.
    AksAdminTable,
}

impl Delivery {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Eks => "eks",
            Self::Gke => "gke",
            Self::Aks => "aks",
            Self::AksAdmin => "aks-admin",
            Self::AksTable => "aks-table",
            Self::AksAdminTable => "aks-admin-table",
        }
    }

    /// Of a category of diagnostic settings, or of a table.
    fn of_azure(category: Text<'_>) -> Option<Self> {
        match category.raw {
            b"kube-audit" => Some(Self::Aks),
            b"kube-audit-admin" => Some(Self::AksAdmin),
            b"AKSAudit" => Some(Self::AksTable),
            b"AKSAuditAdmin" => Some(Self::AksAdminTable),
            _ => None,
        }
    }
}

/// What wrappers tell of the events in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) cluster: Option<Arc<str>>,
    pub(crate) delivery: Delivery,
}

/// The lists that hold events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// `items` of an `EventList`, or `records` of Azure's diagnostic settings.
    Objects,
    /// `logEvents` or `events` of CloudWatch Logs: events as text in `message`.
    LogEvents {
        /// Whether they are of another stream than the audit log's.
        is_other: bool,
    },
}

impl Grammar for Audit {
    type Event<'a, F: Find> = Found<'a>;
    type List = List;
    type Context = Envelope;

    /// Bodies are part of events, and whoever sends them chooses what they look like.
    const EVENT_START: Option<&'static [u8]> = None;

    fn read<'a, F: Find>(
        cursor: &mut Cursor<'a, F>,
        list: Option<List>,
        known: impl Fn(&'a [u8]) -> Option<(u32, usize)>,
    ) -> Result<Shape<'a, F, Self>, Fault> {
        match list {
            Some(List::LogEvents { is_other }) => read_message(cursor, is_other),
            Some(List::Objects) | None => read_object(cursor, known),
        }
    }
}

/// What the keys of an object beside an event's tell.
struct Wrapper<'a, F> {
    is_other_kind: bool,
    group: Option<Text<'a>>,
    stream: Option<Text<'a>>,
    category: Option<Text<'a>>,
    properties: Option<Cursor<'a, F>>,
    /// Text or an object that holds an event.
    message: Option<Value<'a>>,
    message_ahead: Option<Cursor<'a, F>>,
    /// The line that a shipper of logs read, as `log` of Fluent Bit and `message` of Filebeat and Vector.
    line: Option<Text<'a>>,
    packed: Option<Text<'a>>,
}

fn read_object<'a, F: Find>(
    cursor: &mut Cursor<'a, F>,
    known: impl Fn(&'a [u8]) -> Option<(u32, usize)>,
) -> Result<Shape<'a, F, Audit>, Fault> {
    let mut event = Event::default();
    let mut entry = Entry::default();
    let mut wrapper = Wrapper {
        is_other_kind: false,
        group: None,
        stream: None,
        category: None,
        properties: None,
        message: None,
        message_ahead: None,
        line: None,
        packed: None,
    };
    let mut is_event = false;
    let mut has_text = false;
    let mut first = true;
    let (start, row) = (cursor.position(), cursor.rest());
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        has_text |= is_text(key, cursor)?;
        match key.raw {
            b"apiVersion" => {
                let version = cursor.value()?.text();
                // An event of another group is what a cluster tells people, such as `pulled the image`.
                wrapper.is_other_kind =
                    version.is_some_and(|version| !version.raw.starts_with(b"audit.k8s.io/"));
            }
            b"auditID" | b"AuditId" => {
                is_event = true;
                event.id = cursor.value()?.text();
            }
            b"stage" | b"Stage" => event.stage = cursor.value()?.text(),
            b"requestURI" | b"RequestUri" => {
                is_event = true;
                event.uri = cursor.value()?.text();
            }
            b"verb" | b"Verb" => {
                is_event = true;
                event.verb = cursor.value()?.text();
            }
            b"user" | b"User" => {
                is_event = true;
                let (number, object) = cursor.known(&known)?;
                event.known_user = number.or(event.known_user);
                event.user = object;
            }
            b"impersonatedUser" | b"ImpersonatedUser" => event.impersonated = cursor.value()?.nested(),
            b"authenticationMetadata" => {
                if let Some(inside) = cursor.pass()? {
                    event.constraint = member(inside, b"impersonationConstraint")?.0.and_then(Value::text);
                }
            }
            b"sourceIPs" | b"SourceIps" => event.origins = cursor.value()?.nested(),
            b"objectRef" | b"ObjectRef" => event.object = cursor.value()?.nested(),
            b"responseStatus" | b"ResponseStatus" => read_status(cursor, &mut event)?,
            b"annotations" | b"Annotations" => read_annotations(cursor, &mut event)?,
            b"requestReceivedTimestamp" | b"RequestReceivedTime" => event.received = cursor.value()?.text(),
            b"stageTimestamp" | b"StageReceivedTime" => {
                let time = cursor.value()?.text();
                event.made = event.made.or(time);
            }
            b"timestamp" => {
                event.made = cursor.value()?.text();
                entry.time = event.made;
            }
            b"requestObject" | b"RequestObject" => event.request = cursor.value()?.nested(),
            b"responseObject" | b"ResponseObject" => event.response = cursor.value()?.nested(),
            b"items" | b"records" | b"Records" if !is_event => {
                if cursor.look()? == b'[' {
                    cursor.advance(1);
                    return Ok(Shape::List(List::Objects, Envelope::default()));
                }
                cursor.value()?;
            }
            b"logEvents" | b"events" if !is_event => {
                if cursor.look()? == b'[' {
                    cursor.advance(1);
                    let is_other = wrapper.stream.is_some_and(is_other_stream);
                    let envelope = Envelope {
                        cluster: wrapper.group.and_then(cluster_of_group),
                        delivery: Delivery::Eks,
                    };
                    return Ok(Shape::List(List::LogEvents { is_other }, envelope));
                }
                cursor.value()?;
            }
            b"messageType" => {
                let value = cursor.value()?;
                if matches!(value, Value::Text(text) if text.raw == b"CONTROL_MESSAGE") && !is_event {
                    while cursor.key(&mut first)?.is_some() {
                        cursor.value()?;
                    }
                    return Ok(Shape::Skipped("control_message"));
                }
            }
            b"logGroup" | b"@log" => wrapper.group = cursor.value()?.text(),
            b"logStream" | b"@logStream" => wrapper.stream = cursor.value()?.text(),
            b"category" | b"Category" => wrapper.category = cursor.value()?.text(),
            b"properties" => wrapper.properties = cursor.pass()?,
            b"resourceId" | b"_ResourceId" | b"ResourceId" => event.resource_id = cursor.value()?.text(),
            b"Type" => event.delivery = cursor.value()?.text().and_then(Delivery::of_azure),
            b"@message" | b"log_s" => {
                cursor.look()?;
                wrapper.message_ahead = Some(*cursor);
                wrapper.message = Some(cursor.value()?);
            }
            b"log" | b"message" => {
                // Filebeat's `log` is an object that tells where the line is from.
                let line = cursor.value()?.text();
                wrapper.line = wrapper.line.or(line);
            }
            b"awslogs" | b"kinesis" => {
                if let Some(inside) = cursor.pass()? {
                    wrapper.packed = member(inside, b"data")?.0.and_then(Value::text);
                }
            }
            b"protoPayload" => entry.payload = cursor.value()?.nested(),
            b"resource" => entry.resource = cursor.value()?.nested(),
            b"labels" => {
                let mut labels = Event::default();
                read_annotations(cursor, &mut labels)?;
                (entry.decision, entry.reason) = (labels.decision, labels.reason);
            }
            b"operation" => entry.operation = cursor.value()?.nested(),
            b"insertId" => entry.insert_id = cursor.value()?.text(),
            _ => {
                cursor.value()?;
            }
        }
    }
    if let Some(category) = wrapper.category {
        return read_record(category, &wrapper, event.resource_id);
    }
    if entry.payload.is_some() {
        return Ok(Shape::Event(Found::Entry(entry)));
    }
    if let Some(message) = wrapper.message {
        let envelope =
            Envelope { cluster: wrapper.group.and_then(cluster_of_group), delivery: Delivery::Eks };
        return Ok(match (message, wrapper.message_ahead) {
            _ if wrapper.stream.is_some_and(is_other_stream) => Shape::Skipped("other_stream"),
            (Value::Text(text), _) => Shape::Text(Some(text), Some(envelope)),
            (Value::Nested(_), Some(inside)) => Shape::Wrapped(inside, Some(envelope)),
            _ => Shape::Skipped("not_an_event"),
        });
    }
    if let Some(packed) = wrapper.packed {
        return Ok(Shape::Packed(packed));
    }
    // Other programs' lines come with the same shippers. One that was cut names its group all the same, since it begins with it.
    let line = wrapper.line.filter(|line| memchr::memmem::find(line.raw, b"audit.k8s.io").is_some());
    if !is_event && line.is_some() {
        return Ok(Shape::Text(line, None));
    }
    if !is_event || wrapper.is_other_kind {
        return Ok(Shape::Skipped("not_an_event"));
    }
    if has_text {
        let row = row.get(..cursor.position() - start).unwrap_or_default();
        return Ok(Shape::Rewritten(as_objects(row)?));
    }
    Ok(Shape::Event(Found::Event(event)))
}

/// A record of Azure's diagnostic settings: the event is in `properties.log`, or in a column.
fn read_record<'a, F: Find>(
    category: Text<'a>,
    wrapper: &Wrapper<'a, F>,
    resource: Option<Text<'a>>,
) -> Result<Shape<'a, F, Audit>, Fault> {
    let Some(delivery) = Delivery::of_azure(category) else { return Ok(Shape::Skipped("other_category")) };
    let envelope = Envelope { cluster: resource.and_then(cluster_of_resource), delivery };
    let (log, ahead) = match wrapper.properties {
        Some(properties) => member(properties, b"log")?,
        None => (wrapper.message, wrapper.message_ahead),
    };
    Ok(match (log, ahead) {
        (Some(Value::Text(text)), _) => Shape::Text(Some(text), Some(envelope)),
        (Some(Value::Nested(_)), Some(inside)) => Shape::Wrapped(inside, Some(envelope)),
        _ => Shape::Skipped("not_an_event"),
    })
}

/// An element of a list of CloudWatch Logs.
fn read_message<'a, F: Find>(
    cursor: &mut Cursor<'a, F>,
    is_other: bool,
) -> Result<Shape<'a, F, Audit>, Fault> {
    let (mut message, mut is_other) = (None, is_other);
    let mut first = true;
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        let value = cursor.value()?;
        match key.raw {
            b"message" => message = value.text(),
            b"logStreamName" => is_other = value.text().is_some_and(is_other_stream),
            _ => {}
        }
    }
    Ok(if is_other { Shape::Skipped("other_stream") } else { Shape::Text(message, None) })
}

/// A member of the object ahead, and a cursor before its value.
fn member<'a, F: Find>(
    mut cursor: Cursor<'a, F>,
    name: &[u8],
) -> Result<(Option<Value<'a>>, Option<Cursor<'a, F>>), Fault> {
    let mut found = (None, None);
    let mut first = true;
    if cursor.look()? != b'{' {
        return Ok(found);
    }
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        cursor.look()?;
        let ahead = cursor;
        let value = cursor.value()?;
        if key.raw == name {
            found = (Some(value), Some(ahead));
        }
    }
    Ok(found)
}

fn read_status<'a, F: Find>(cursor: &mut Cursor<'a, F>, event: &mut Event<'a>) -> Result<(), Fault> {
    if cursor.look()? != b'{' {
        return cursor.value().map(|_| ());
    }
    let (start, rest) = (cursor.position(), cursor.rest());
    let mut first = true;
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        let value = cursor.value()?;
        if key.raw == b"code" {
            event.code = match value {
                Value::Bare(code) => Some(code),
                Value::Text(text) => Some(text.raw),
                Value::Nested(_) => None,
            };
        }
    }
    event.status = rest.get(..cursor.position() - start);
    Ok(())
}

/// Annotations, or the labels that Google makes of them.
fn read_annotations<'a, F: Find>(cursor: &mut Cursor<'a, F>, event: &mut Event<'a>) -> Result<(), Fault> {
    let mut first = true;
    if cursor.look()? != b'{' {
        return cursor.value().map(|_| ());
    }
    cursor.enter()?;
    while let Some(key) = cursor.key(&mut first)? {
        let value = cursor.value()?;
        match key.raw {
            b"authorization.k8s.io/decision" => event.decision = value.text(),
            b"authorization.k8s.io/reason" => event.reason = value.text(),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a stream of CloudWatch Logs is one of EKS's others: `authenticator-...`, `kube-scheduler-...`.
fn is_other_stream(stream: Text<'_>) -> bool {
    const OTHERS: [&[u8]; 4] =
        [b"authenticator-", b"cloud-controller-manager-", b"kube-controller-manager-", b"kube-scheduler-"];
    OTHERS.iter().any(|other| stream.raw.starts_with(other))
        || (stream.raw.starts_with(b"kube-apiserver-") && !stream.raw.starts_with(b"kube-apiserver-audit-"))
}

/// The cluster of `/aws/eks/NAME/cluster`, which an account may precede.
fn cluster_of_group(group: Text<'_>) -> Option<Arc<str>> {
    let group = group.decode()?;
    let (_, rest) = group.split_once("/aws/eks/")?;
    let name = rest.strip_suffix("/cluster")?;
    is_cluster(name).then(|| name.into())
}

/// The cluster of `/SUBSCRIPTIONS/.../MANAGEDCLUSTERS/NAME`, in small letters: Azure writes it as it likes.
pub(super) fn cluster_of_resource(id: Text<'_>) -> Option<Arc<str>> {
    let id = id.decode()?.to_ascii_lowercase();
    let (_, rest) = id.split_once("/managedclusters/")?;
    let name = rest.split('/').next().unwrap_or_default();
    is_cluster(name).then(|| name.into())
}

/// Clouds allow a hundred letters at most.
pub(super) fn is_cluster(name: &str) -> bool {
    (1..=128).contains(&name.len()) && !name.contains(|letter: char| letter.is_control())
}
