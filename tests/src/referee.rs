//! The referee: an independent simulator of the provider's policy evaluation, asked as a subprocess.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::{data, peer};

/// A request and the policies that decide it.
#[derive(Clone, Debug)]
pub struct Question {
    /// The principal's policies, as JSON. The referee reads those that questions share once.
    pub identity: Vec<Arc<Value>>,
    /// Its permissions boundary.
    pub boundary: Option<Arc<Value>>,
    /// The resource's own policy. A key's must delegate to the account, or everything is denied.
    pub resource_policy: Option<Value>,
    /// ARN of the principal; the resource is taken to be of the same account.
    pub principal: String,
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// The context keys that the request has, with their values.
    pub context: BTreeMap<String, Vec<String>>,
    /// Whether actions, resources and policies that do not exist or are malformed are refused.
    pub checked: bool,
}

/// What the referee says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    DeniedExplicitly,
    /// No statement allows it.
    DeniedImplicitly,
    /// The question was refused, with the reason.
    Refused(String),
}

/// Asks all questions at once; none, and loudly so, where the referee was not prepared.
///
/// # Panics
///
/// Where `CI` is set and it is absent, or where it does not answer every question.
#[must_use]
pub fn rule(questions: &[Question]) -> Option<Vec<Ruling>> {
    let mut command = peer::node()?;
    command.arg(data::repository().join("tests/referee/referee.mjs"));
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    assert!(child.is_ok(), "node does not start: {child:?}");
    let mut child = child.ok()?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let rulings: Vec<_> = std::thread::scope(|scope| {
        // In a thread of its own, since the referee answers while it is still being asked.
        scope.spawn(move || ask(questions, input?).ok());
        let lines = output.map(|output| BufReader::new(output).lines()).into_iter().flatten();
        lines.map_while(Result::ok).map(|line| ruling(&line)).collect()
    });
    let status = child.wait();
    assert!(
        rulings.len() == questions.len(),
        "the referee ruled on {} of {} questions and ended with {status:?}",
        rulings.len(),
        questions.len()
    );
    Some(rulings)
}

/// Sends the questions, and each policy ahead of the first question that has it: by its place among those sent, later
/// questions name it.
fn ask(questions: &[Question], input: impl Write) -> std::io::Result<()> {
    let mut input = BufWriter::new(input);
    let mut sent = BTreeMap::new();
    for question in questions {
        let mut place = |policy: &Arc<Value>| {
            let next = sent.len();
            let place = *sent.entry(Arc::as_ptr(policy)).or_insert(next);
            if place == next {
                writeln!(input, "{}", json!({ "policy": **policy }))?;
            }
            std::io::Result::Ok(place)
        };
        let identity = question.identity.iter().map(&mut place).collect::<Result<Vec<_>, _>>()?;
        let boundary = question.boundary.as_ref().map(place).transpose()?;
        let asked = json!({
            "identity": identity,
            "boundary": boundary,
            "resourcePolicy": question.resource_policy,
            "principal": question.principal,
            "action": question.action,
            "resource": question.resource,
            "context": question.context,
            "checked": question.checked,
        });
        writeln!(input, "{asked}")?;
    }
    input.flush()
}

fn ruling(line: &str) -> Ruling {
    let reply: Value = serde_json::from_str(line).unwrap_or_default();
    match reply.get("decision").and_then(Value::as_str) {
        Some("Allowed") => Ruling::Allowed,
        Some("ExplicitlyDenied") => Ruling::DeniedExplicitly,
        Some("ImplicitlyDenied") => Ruling::DeniedImplicitly,
        _ => Ruling::Refused(reply.get("error").and_then(Value::as_str).unwrap_or(line).to_owned()),
    }
}
