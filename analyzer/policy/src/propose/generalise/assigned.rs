//! Identifiers that services assign.

use super::name_start;
use super::token::is_hex;

/// The ARN with the identifiers that its service assigns replaced, where it has any: EC2's
/// `i-0123456789abcdef0`, ECS task ids, CloudFormation stack ids, the six characters that Secrets Manager
/// appends (AWS's own advice is `name-??????`), and what is numbered anew with each deployment or run: revisions
/// of task and job definitions, versions of functions, layers and state machines, and executions.
pub(super) fn assigned_identifier(arn: &str) -> Option<String> {
    let start = name_start(arn)?;
    let (head, name) = arn.split_at_checked(start)?;
    let service = head.split(':').nth(2)?;
    let generalised = match service {
        "ec2" => {
            let (kind, id) = name.split_once('/')?;
            is_ec2_id(id).then(|| format!("{kind}/*"))
        }
        "ecs" => {
            let (rest, id) = name.rsplit_once('/')?;
            let is_task = rest.starts_with("task/") || rest.starts_with("container-instance/");
            let task = (is_task && has_hex(id, 32)).then(|| format!("{rest}/*"));
            task.or_else(|| unnumbered(name, "task-definition/"))
        }
        "batch" => {
            let job = name.strip_prefix("job/").filter(|id| is_uuid(id)).map(|_| "job/*".to_owned());
            job.or_else(|| unnumbered(name, "job-definition/"))
        }
        "lambda" => unnumbered(name, "function:").or_else(|| unnumbered(name, "layer:")),
        "states" => match name.split(':').collect::<Vec<_>>().as_slice() {
            [kind @ ("execution" | "express"), machine, _, ..] => Some(format!("{kind}:{machine}:*")),
            _ => unnumbered(name, "stateMachine:"),
        },
        "cloudformation" => {
            let (rest, id) = name.rsplit_once('/')?;
            (rest.contains('/') && is_uuid(id)).then(|| format!("{rest}/*"))
        }
        "secretsmanager" => {
            let (rest, suffix) = name.rsplit_once('-')?;
            let is_suffix = suffix.len() == 6 && suffix.chars().all(|c| c.is_ascii_alphanumeric());
            (name.starts_with("secret:") && is_suffix).then(|| format!("{rest}-??????"))
        }
        _ => None,
    }?;
    Some(format!("{head}{generalised}"))
}

/// `kind` and a name with any number behind it, in place of the one that is there.
fn unnumbered(name: &str, kind: &str) -> Option<String> {
    let (rest, number) = name.rsplit_once(':')?;
    let is_numbered =
        rest.starts_with(kind) && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_numbered.then(|| format!("{rest}:*"))
}

/// EC2's identifiers of things that come and go with each deployment. Networks and images are long-lived
/// and stay exact.
fn is_ec2_id(id: &str) -> bool {
    const PASSING: [&str; 6] = ["i", "vol", "snap", "eni", "eipassoc", "spot"];
    id.split_once('-')
        .is_some_and(|(kind, hex)| PASSING.contains(&kind) && (has_hex(hex, 17) || has_hex(hex, 8)))
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn has_hex(text: &str, length: usize) -> bool {
    text.len() == length && is_hex(text)
}
