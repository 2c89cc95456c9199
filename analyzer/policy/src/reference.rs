//! A second evaluator, written to be read. It shares only the document's types with the fast one, compiles
//! nothing, and is what property tests hold the fast one against.
//!
//! It decides requests whose context is fully known: a key that is not in the map has no value.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::Value;

use crate::{Condition, Decision, Document, Effect, Matcher, Statement};

/// Context keys in lower case, with their values.
pub type KnownContext = BTreeMap<String, Vec<String>>;

/// Yes, no, or not to be judged.
type Answer = Option<bool>;

/// Decides a request: a deny counts always; else the identity policies and, if there is one, the boundary must allow.
pub fn decide(
    identity: &[&Document],
    boundary: Option<&Document>,
    action: &str,
    resource: &str,
    context: &KnownContext,
) -> Decision {
    let says = |documents: &[&Document], effect: Effect| {
        any(documents.iter().flat_map(|document| {
            let statements = document.statements.iter().filter(move |statement| statement.effect == effect);
            let variables = (document.version.as_deref() == Some("2012-10-17")).then_some(context);
            statements.map(move |statement| applies(statement, action, resource, context, variables))
        }))
    };
    let boundaries: Vec<_> = boundary.into_iter().collect();
    let denied = any([says(identity, Effect::Deny), says(&boundaries, Effect::Deny)]);
    let is_bounded = if boundary.is_some() { says(&boundaries, Effect::Allow) } else { Some(true) };
    match (denied, all([says(identity, Effect::Allow), is_bounded])) {
        (Some(true), _) => Decision::DeniedExplicitly,
        (_, Some(false)) => Decision::DeniedImplicitly,
        (Some(false), Some(true)) => Decision::Allowed,
        _ => Decision::Undetermined,
    }
}

fn any(answers: impl IntoIterator<Item = Answer>) -> Answer {
    all(answers.into_iter().map(|answer| answer.map(|yes| !yes))).map(|yes| !yes)
}

fn all(answers: impl IntoIterator<Item = Answer>) -> Answer {
    let answers: Vec<_> = answers.into_iter().collect();
    if answers.contains(&Some(false)) {
        Some(false)
    } else {
        answers.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
    }
}

/// `variables` is where policy variables take their values; none in the version of the language without them.
fn applies(
    statement: &Statement,
    action: &str,
    resource: &str,
    context: &KnownContext,
    variables: Option<&KnownContext>,
) -> Answer {
    let lower = |pattern: &String| like(&pattern.to_lowercase(), &action.to_lowercase(), None);
    let matches_action =
        any(statement.actions.patterns.iter().map(lower)).map(|yes| yes != statement.actions.negated);
    let matches_resource = match &statement.resources {
        Some(element) if statement.principal.is_none() => matches(element, resource, variables),
        _ => None,
    };
    let conditions = statement.conditions.iter().map(|condition| holds(condition, context, variables));
    all([matches_action, matches_resource].into_iter().chain(conditions))
}

fn matches(element: &Matcher, resource: &str, variables: Option<&KnownContext>) -> Answer {
    let is_match = any(element.patterns.iter().map(|pattern| match like(pattern, resource, variables) {
        // Sources differ on an action without resource that is granted on all resources of a service.
        Some(false) if resource == "*" && pattern.ends_with('*') && !has_resource_part(pattern) => None,
        is_match => is_match,
    }));
    let lacks_value =
        |pattern: &String| resolve(pattern, true, variables).is_none_or(|resolved| !resolved.is_certain);
    match is_match {
        // Sources differ on a `NotResource` whose variable has no value.
        Some(false) if element.negated && element.patterns.iter().any(lacks_value) => None,
        is_match => is_match.map(|yes| yes != element.negated),
    }
}

/// Whether an ARN pattern says anything of the resource itself.
fn has_resource_part(pattern: &str) -> bool {
    let parts: Vec<_> = pattern.split(':').collect();
    parts.len() == 1 || parts.len() > 6 || (parts.len() == 6 && parts.last() != Some(&"*"))
}

/// One piece of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Symbol {
    Char(char),
    One,
    Many,
}

/// A pattern with its variables replaced.
struct Resolved {
    symbols: Vec<Symbol>,
    /// False where a key has several values, any of which may count, or an empty one, which may count as none.
    is_certain: bool,
}

/// None where a variable has no value: such a pattern matches nothing.
fn resolve(pattern: &str, wildcards: bool, variables: Option<&KnownContext>) -> Option<Resolved> {
    let mut resolved = Resolved { symbols: Vec::new(), is_certain: true };
    let mut chars = pattern.chars();
    while let Some(next) = chars.next() {
        let inside = chars.as_str().strip_prefix('{').and_then(|rest| rest.split_once('}'));
        match (next, variables, inside) {
            ('$', Some(context), Some((inside, rest))) => {
                chars = rest.chars();
                let (key, default) =
                    inside.split_once(',').map_or((inside, None), |(key, value)| (key, Some(value)));
                let default = default.map(|value| value.trim().trim_matches('\''));
                let values = context.get(&key.trim().to_lowercase()).map_or(&[][..], Vec::as_slice);
                let value = match (inside, values) {
                    ("*" | "?" | "$", _) => inside,
                    (_, [only]) if !only.is_empty() => only,
                    (_, []) => default?,
                    (_, [..]) => {
                        resolved.is_certain = false;
                        resolved.symbols.push(Symbol::Many);
                        continue;
                    }
                };
                resolved.symbols.extend(value.chars().map(Symbol::Char));
            }
            ('*', ..) if wildcards => resolved.symbols.push(Symbol::Many),
            ('?', ..) if wildcards => resolved.symbols.push(Symbol::One),
            (plain, ..) => resolved.symbols.push(Symbol::Char(plain)),
        }
    }
    Some(resolved)
}

fn like(pattern: &str, text: &str, variables: Option<&KnownContext>) -> Answer {
    fits(resolve(pattern, true, variables), text)
}

fn fits(pattern: Option<Resolved>, text: &str) -> Answer {
    let Some(pattern) = pattern else { return Some(false) };
    let is_match = glob(&pattern.symbols, text);
    (pattern.is_certain || !is_match).then_some(is_match)
}

fn glob(pattern: &[Symbol], text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    match pattern {
        [] => first.is_none(),
        [Symbol::Many, rest @ ..] => glob(rest, text) || (first.is_some() && glob(pattern, chars.as_str())),
        [Symbol::One, rest @ ..] => first.is_some() && glob(rest, chars.as_str()),
        [Symbol::Char(wanted), rest @ ..] => first == Some(*wanted) && glob(rest, chars.as_str()),
    }
}

fn holds(condition: &Condition, context: &KnownContext, variables: Option<&KnownContext>) -> Answer {
    let operator = condition.operator.to_lowercase();
    let (set, rest) = operator.split_once(':').map_or(("", operator.as_str()), |(set, rest)| (set, rest));
    let (name, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |name| (name, true));
    let values = context.get(&condition.key.to_lowercase()).map_or(&[][..], Vec::as_slice);
    let wanted: Vec<_> = condition.values.iter().map(text).collect();
    if wanted.is_empty() {
        return None;
    }
    if name == "null" {
        let [wanted] = wanted.as_slice() else { return None };
        return boolean(wanted)
            .filter(|_| rest == operator && !if_exists)
            .map(|is_null| is_null == values.is_empty());
    }
    let negated = NEGATED.contains(&name);
    let name = if negated { name.replacen("not", "", 1) } else { name.to_owned() };
    let judges = wanted.iter().map(|wanted| judge(&name, wanted, variables)).collect::<Option<Vec<_>>>()?;
    let test = |value: &String| any(judges.iter().map(|judge| judge(value))).map(|yes| yes != negated);
    match (set, values) {
        // An empty string may count as no value.
        ("forallvalues" | "foranyvalue", values) if values.contains(&String::new()) => None,
        ("forallvalues", values) => all(values.iter().map(test)),
        // Documentation and practice differ on `ForAnyValue` with `IfExists`.
        ("foranyvalue", []) if if_exists => None,
        ("foranyvalue", values) => any(values.iter().map(test)),
        ("", []) => Some(if_exists || negated),
        ("", [only]) => test(only),
        _ => None,
    }
}

const NEGATED: &[&str] = &[
    "stringnotequals",
    "stringnotequalsignorecase",
    "stringnotlike",
    "numericnotequals",
    "datenotequals",
    "notipaddress",
    "arnnotequals",
    "arnnotlike",
];

/// Judges a value of the request.
type Judge<'a> = Box<dyn Fn(&str) -> Answer + 'a>;

/// What an operator asks with a value of the policy; none if either is not understood.
fn judge<'a>(name: &str, wanted: &'a str, variables: Option<&'a KnownContext>) -> Option<Judge<'a>> {
    Some(match name {
        "stringequals" => Box::new(move |value| fits(resolve(wanted, false, variables), value)),
        "stringequalsignorecase" => Box::new(move |value| {
            let mut pattern = resolve(wanted, false, variables);
            for symbol in pattern.iter_mut().flat_map(|pattern| &mut pattern.symbols) {
                if let Symbol::Char(letter) = symbol {
                    letter.make_ascii_lowercase();
                }
            }
            fits(pattern, &value.to_ascii_lowercase())
        }),
        "stringlike" => Box::new(move |value| like(wanted, value, variables)),
        "arnequals" | "arnlike" => Box::new(move |value| arn(resolve(wanted, true, variables), value)),
        "binaryequals" => Box::new(move |value| Some(value == wanted)),
        "bool" => {
            boolean(wanted).map(|wanted| Box::new(move |value: &str| Some(boolean(value)? == wanted)))?
        }
        "ipaddress" => {
            let (base, length) =
                wanted.split_once('/').map_or((wanted, None), |(base, length)| (base, Some(length)));
            let (base, bits) = address(base)?;
            let length =
                length.map_or(Some(bits), |length| length.parse().ok()).filter(|length| *length <= bits)?;
            let prefix = move |number: u128| number.checked_shr(bits - length).unwrap_or(0);
            Box::new(move |value| {
                let (number, value_bits) = address(value)?;
                Some(value_bits == bits && prefix(number) == prefix(base))
            })
        }
        _ => match (name.strip_prefix("numeric"), name.strip_prefix("date")) {
            (Some(relation), _) => related(relation, number(wanted)?, number)?,
            (_, Some(relation)) => related(relation, date(wanted)?, date)?,
            _ => return None,
        },
    })
}

fn related<'a, T: PartialOrd + 'a>(
    relation: &str,
    wanted: T,
    read: fn(&str) -> Option<T>,
) -> Option<Judge<'a>> {
    let test: fn(&T, &T) -> bool = match relation {
        "equals" => |value, wanted| value == wanted,
        "lessthan" => |value, wanted| value < wanted,
        "lessthanequals" => |value, wanted| value <= wanted,
        "greaterthan" => |value, wanted| value > wanted,
        "greaterthanequals" => |value, wanted| value >= wanted,
        _ => return None,
    };
    Some(Box::new(move |value| Some(test(&read(value)?, &wanted))))
}

/// Each of the six parts of an ARN is matched by itself.
fn arn(pattern: Option<Resolved>, value: &str) -> Answer {
    let values: Vec<_> = value.splitn(6, ':').collect();
    let Some(pattern) = pattern else { return (values.len() == 6).then_some(false) };
    let parts: Vec<_> = pattern.symbols.splitn(6, |symbol| *symbol == Symbol::Char(':')).collect();
    let is_judged = pattern.is_certain && parts.len() == 6 && values.len() == 6;
    is_judged.then(|| parts.iter().zip(values).all(|(part, value)| glob(part, value)))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn boolean(text: &str) -> Option<bool> {
    text.to_lowercase().parse().ok()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|_| text.chars().all(|letter| "+-.0123456789".contains(letter)))
}

fn date(text: &str) -> Option<Timestamp> {
    let day = || text.parse::<civil::Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    let seconds = || Timestamp::from_second(text.parse().ok().filter(|seconds| *seconds > 9999)?).ok();
    text.parse().ok().or_else(|| Some(day()?.timestamp())).or_else(seconds)
}

/// An address as a number, and of how many bits.
fn address(text: &str) -> Option<(u128, u32)> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => (u32::from(address).into(), 32),
        IpAddr::V6(address) => (address.into(), 128),
    })
}
