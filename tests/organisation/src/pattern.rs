//! Text with placeholders, compiled once and filled many times.
//!
//! In a JSON value every string may hold placeholders in braces. A string that is one placeholder may start
//! with `#` (its value is written without quotes: numbers and booleans) or `@` (its value is raw JSON).
//!
//! | placeholder | value |
//! | --- | --- |
//! | `{uuid}` | a fresh UUID |
//! | `{hex:17}` `{digits:12}` `{lower:8}` `{upper:16}` `{base64:44}` | fresh letters of that alphabet |
//! | `{opaque:76}` `{session_token}` | fresh opaque text, cheap to pack where the stream is thrifty |
//! | `{number:1-90}` | a fresh number from that range |
//! | `{pick:a\|b}` | one of the choices |
//! | `{now}` `{now.ms}` `{now.long}` `{date}` `{day:%Y/%m}` `{in:3600}` | the event's time; the time in so many seconds |
//! | `{account}` `{region}` | where the call is made |
//! | any other name | the call's argument; where it has none, an identifier minted once per event |

use serde_json::Value;

use crate::error::Error;
use crate::mint::Mint;
use crate::moment;

/// Text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    segments: Vec<Segment>,
}

/// Where and when a call is made, as far as patterns need it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The account called in.
    pub account: &'a str,
    /// The region called in.
    pub region: &'a str,
    /// The event's time.
    pub now: i64,
}

/// The arguments of one call, by name.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    values: Vec<Argument>,
}

/// One argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its name in the templates.
    pub name: String,
    /// Its value in this event.
    pub value: String,
    /// Its value with `*` for what changes from event to event.
    pub general: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// The flag says whether the value stands inside a JSON string.
    Slot(Slot, bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Slot {
    Uuid,
    Letters(Alphabet, usize),
    SessionToken,
    Number(i64, i64),
    Pick(Vec<String>),
    Now,
    NowMilliseconds,
    NowLong,
    Date,
    Day(String),
    In(i64),
    Account,
    Region,
    Argument(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    Hex,
    Digits,
    Lower,
    Upper,
    Base64,
    Opaque,
}

// === impl Pattern ===

impl Pattern {
    /// Compiles plain text.
    ///
    /// # Errors
    /// A placeholder that is not closed, or whose parameter cannot be read.
    pub fn text(text: &str) -> Result<Self, Error> {
        let mut segments = Vec::new();
        scan(text, false, &mut segments)?;
        Ok(Self { segments })
    }

    /// Compiles a JSON value; the pattern fills to compact JSON text.
    ///
    /// # Errors
    /// A placeholder that is not closed, or whose parameter cannot be read.
    pub fn json(value: &Value) -> Result<Self, Error> {
        let mut segments = Vec::new();
        walk(value, &mut segments)?;
        Ok(Self { segments })
    }

    /// Appends the filled text.
    pub fn fill(&self, out: &mut String, scene: &Scene<'_>, arguments: &mut Arguments, mint: &mut Mint) {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => out.push_str(text),
                Segment::Slot(Slot::Argument(name), quoted) => {
                    let argument = arguments.get_or_mint(name, scene, mint);
                    if *quoted { escape(out, &argument.value) } else { out.push_str(&argument.value) }
                }
                Segment::Slot(slot, _) => slot.fill(out, scene, mint),
            }
        }
    }

    /// Appends the filled text to `value`, and to `general` the same with `*` for all that was made up for this
    /// event: minted identifiers, numbers and dates.
    pub fn fill_both(
        &self,
        value: &mut String,
        general: &mut String,
        scene: &Scene<'_>,
        arguments: &mut Arguments,
        mint: &mut Mint,
    ) {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => {
                    value.push_str(text);
                    general.push_str(text);
                }
                Segment::Slot(Slot::Argument(name), _) => {
                    let argument = arguments.get_or_mint(name, scene, mint);
                    value.push_str(&argument.value);
                    general.push_str(&argument.general);
                }
                Segment::Slot(slot @ (Slot::Account | Slot::Region | Slot::Pick(_)), _) => {
                    let start = value.len();
                    slot.fill(value, scene, mint);
                    general.push_str(value.get(start..).unwrap_or_default());
                }
                Segment::Slot(slot, _) => {
                    slot.fill(value, scene, mint);
                    if !general.ends_with('*') {
                        general.push('*');
                    }
                }
            }
        }
    }

    /// Names of the arguments that the pattern asks for.
    pub fn argument_names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Slot(Slot::Argument(name), _) => Some(name.as_str()),
            _ => None,
        })
    }
}

// === impl Arguments ===

impl Arguments {
    /// Sets an argument to a fixed value.
    pub fn set(&mut self, name: &str, value: &str) {
        self.insert(Argument { name: name.to_owned(), value: value.to_owned(), general: value.to_owned() });
    }

    /// Adds an argument; an earlier one of the same name wins.
    pub fn insert(&mut self, argument: Argument) {
        self.values.push(argument);
    }

    /// All arguments, in the order added.
    pub fn iter(&self) -> impl Iterator<Item = &Argument> {
        self.values.iter()
    }

    /// The argument of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Argument> {
        self.values.iter().find(|argument| argument.name == name)
    }

    fn get_or_mint(&mut self, name: &str, scene: &Scene<'_>, mint: &mut Mint) -> &Argument {
        let index = self.values.iter().position(|argument| argument.name == name).unwrap_or_else(|| {
            let mut value = String::new();
            let fixed = identifier(&mut value, name, scene, mint);
            let general = format!("{}*", value.get(..fixed).unwrap_or_default());
            self.values.push(Argument { name: name.to_owned(), value, general });
            self.values.len() - 1
        });
        // The index was found, or has just been pushed.
        static NONE: Argument =
            Argument { name: String::new(), value: String::new(), general: String::new() };
        self.values.get(index).unwrap_or(&NONE)
    }
}

// === impl Slot ===

impl Slot {
    fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error::Placeholder { text: text.to_owned() };
        let (name, parameter) = text.split_once(':').unwrap_or((text, ""));
        let length = || parameter.parse::<usize>().map_err(|_| bad());
        Ok(match name {
            "uuid" => Self::Uuid,
            "hex" => Self::Letters(Alphabet::Hex, length()?),
            "digits" => Self::Letters(Alphabet::Digits, length()?),
            "lower" => Self::Letters(Alphabet::Lower, length()?),
            "upper" => Self::Letters(Alphabet::Upper, length()?),
            "base64" => Self::Letters(Alphabet::Base64, length()?),
            "opaque" => Self::Letters(Alphabet::Opaque, length()?),
            "session_token" => Self::SessionToken,
            "number" => {
                let (low, high) = parameter.split_once('-').ok_or_else(bad)?;
                Self::Number(low.parse().map_err(|_| bad())?, high.parse().map_err(|_| bad())?)
            }
            "pick" => Self::Pick(parameter.split('|').map(str::to_owned).collect()),
            "now" => Self::Now,
            "now.ms" => Self::NowMilliseconds,
            "now.long" => Self::NowLong,
            "date" => Self::Date,
            "day" => Self::Day(parameter.to_owned()),
            "in" => Self::In(parameter.parse().map_err(|_| bad())?),
            "account" => Self::Account,
            "region" => Self::Region,
            "" => return Err(bad()),
            _ => Self::Argument(text.to_owned()),
        })
    }

    fn fill(&self, out: &mut String, scene: &Scene<'_>, mint: &mut Mint) {
        match self {
            Self::Uuid => mint.uuid(out),
            Self::Letters(Alphabet::Hex, length) => mint.hex(out, *length),
            Self::Letters(Alphabet::Digits, length) => mint.digits(out, *length),
            Self::Letters(Alphabet::Lower, length) => mint.lower(out, *length),
            Self::Letters(Alphabet::Upper, length) => mint.upper(out, *length),
            Self::Letters(Alphabet::Base64, length) => mint.base64(out, *length),
            Self::Letters(Alphabet::Opaque, length) => mint.opaque(out, *length),
            Self::SessionToken => mint.session_token(out),
            Self::Number(low, high) => out.push_str(&mint.between(*low, *high).to_string()),
            Self::Pick(choices) => out.push_str(mint.pick(choices).map(String::as_str).unwrap_or_default()),
            Self::Now => moment::iso(out, scene.now),
            Self::NowMilliseconds => {
                out.push_str(&(scene.now * 1000).to_string());
            }
            Self::NowLong => out.push_str(&long(scene.now)),
            Self::Date => {
                let mut text = String::new();
                moment::iso(&mut text, scene.now);
                out.push_str(text.get(..10).unwrap_or_default());
            }
            Self::Day(format) => out.push_str(&moment::format(scene.now, format)),
            Self::In(seconds) => out.push_str(&long(scene.now + seconds)),
            Self::Account => out.push_str(scene.account),
            Self::Region => out.push_str(scene.region),
            // Arguments are filled by the pattern, which holds them.
            Self::Argument(_) => {}
        }
    }
}

/// `Oct 31, 2026, 5:00:00 AM`, as responses of STS and others carry it.
fn long(moment: i64) -> String {
    moment::format(moment, "%b %-d, %Y, %-I:%M:%S %p")
}

/// Appends an identifier in the provider's notation for an argument that the call does not give. Answers how much
/// of it is the same for every identifier of that name.
fn identifier(out: &mut String, name: &str, scene: &Scene<'_>, mint: &mut Mint) -> usize {
    let prefix = match name {
        "instance" => "i-",
        "volume" => "vol-",
        "snapshot" => "snap-",
        "interface" => "eni-",
        "attachment" => "eni-attach-",
        "security_group" => "sg-",
        "rule" => "sgr-",
        "subnet" => "subnet-",
        "vpc" => "vpc-",
        "image" => "ami-",
        "reservation" => "r-",
        "route_table" => "rtb-",
        "address" => "eipalloc-",
        "launch_template" => "lt-",
        _ => {
            match name {
                "key" | "query" | "change_set" | "command" => mint.uuid(out),
                "issued" => out.push_str(&mint.account_id("ASIA", scene.account, 16)),
                "object" => {
                    out.push_str(&moment::format(scene.now, "year=%Y/month=%m/day=%d/part-"));
                    mint.digits(out, 5);
                    out.push('-');
                    mint.uuid(out);
                    out.push_str(".snappy.parquet");
                }
                _ => {
                    out.push_str(name);
                    out.push('-');
                    mint.lower(out, 8);
                    return name.len() + 1;
                }
            }
            return 0;
        }
    };
    out.push_str(prefix);
    out.push('0');
    mint.hex(out, 16);
    prefix.len()
}

fn walk(value: &Value, segments: &mut Vec<Segment>) -> Result<(), Error> {
    match value {
        Value::Object(map) => {
            for (position, (name, value)) in map.iter().enumerate() {
                literal(segments, if position == 0 { "{" } else { "," });
                literal(segments, "\"");
                scan(name, true, segments)?;
                literal(segments, "\":");
                walk(value, segments)?;
            }
            literal(segments, if map.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            for (position, value) in items.iter().enumerate() {
                literal(segments, if position == 0 { "[" } else { "," });
                walk(value, segments)?;
            }
            literal(segments, if items.is_empty() { "[]" } else { "]" });
        }
        Value::String(text) => {
            let bare = ["{#", "{@"].iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix('}'));
            if let Some(name) = bare {
                segments.push(Segment::Slot(Slot::parse(name)?, false));
            } else {
                literal(segments, "\"");
                scan(text, true, segments)?;
                literal(segments, "\"");
            }
        }
        other => literal(segments, &other.to_string()),
    }
    Ok(())
}

fn scan(text: &str, quoted: bool, segments: &mut Vec<Segment>) -> Result<(), Error> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        push_literal(segments, before, quoted);
        let (name, tail) =
            after.split_once('}').ok_or_else(|| Error::Placeholder { text: after.to_owned() })?;
        segments.push(Segment::Slot(Slot::parse(name)?, quoted));
        rest = tail;
    }
    push_literal(segments, rest, quoted);
    Ok(())
}

fn push_literal(segments: &mut Vec<Segment>, text: &str, quoted: bool) {
    if quoted {
        let mut escaped = String::new();
        escape(&mut escaped, text);
        literal(segments, &escaped);
    } else {
        literal(segments, text);
    }
}

fn literal(segments: &mut Vec<Segment>, text: &str) {
    match segments.last_mut() {
        Some(Segment::Literal(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => segments.push(Segment::Literal(text.to_owned())),
    }
}

/// Appends text as the inside of a JSON string.
pub(crate) fn escape(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push_str(text);
        return;
    }
    let quoted = Value::from(text).to_string();
    out.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SCENE: Scene<'_> = Scene { account: "111122223333", region: "eu-west-1", now: 1_793_422_800 };

    #[test]
    fn a_json_pattern_fills_to_valid_json_in_the_order_written() {
        let value = json!({"z": "{bucket}/{date}", "a": ["{#number:3-3}", {}], "quote": "\"{note}\"", "raw": "{@document}"});
        let pattern = Pattern::json(&value).unwrap();
        let mut arguments = Arguments::default();
        arguments.set("bucket", "b");
        arguments.set("note", "x\"y");
        arguments.set("document", "{\"k\":1}");
        let mut text = String::new();
        pattern.fill(&mut text, &SCENE, &mut arguments, &mut Mint::new(1, ""));
        assert_eq!(
            text,
            r#"{"z":"b/2026-10-31","a":[3,{}],"quote":"\"x\"y\"","raw":{"k":1}}"#.replace("x\"y", "x\\\"y")
        );
    }

    #[test]
    fn what_is_minted_is_equal_within_an_event_and_general_outside() {
        let pattern = Pattern::text("{instance}/{instance}/{date}-{digits:4}").unwrap();
        let (mut value, mut general) = (String::new(), String::new());
        pattern.fill_both(&mut value, &mut general, &SCENE, &mut Arguments::default(), &mut Mint::new(1, ""));
        let parts: Vec<_> = value.split('/').collect();
        assert_eq!(parts[0], parts[1]);
        assert_eq!(general, "i-*/i-*/*-*");
    }

    #[test]
    fn an_unreadable_placeholder_is_an_error() {
        assert!(Pattern::text("{hex:many}").is_err());
        assert!(Pattern::text("{open").is_err());
        assert!(Pattern::text("{}").is_err());
    }

    #[test]
    fn long_times_are_written_as_responses_write_them() {
        assert_eq!(long(SCENE.now), "Oct 31, 2026, 5:00:00 AM");
    }
}
