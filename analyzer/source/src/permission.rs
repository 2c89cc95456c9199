//! Permissions to invoke a function: a statement of the function's policy, in words of their own.
//!
//! Sources: `aws_lambda_permission` of Terraform's provider, and `AWS::Lambda::Permission` of CloudFormation.

use remit_policy::Effect;

use crate::node::Span;
use crate::principal::{Principal, Principals};
use crate::statement::{Removal, Source, SourceCondition, Statement};
use crate::text::Text;
use crate::tokens::{Token, Tokens};

/// What narrows a permission: its names in both notations, and the condition that it stands for.
const CONDITIONS: [(&str, &str, &str, &str); 5] = [
    ("source_arn", "SourceArn", "ArnLike", "aws:SourceArn"),
    ("source_account", "SourceAccount", "StringEquals", "aws:SourceAccount"),
    ("principal_org_id", "PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("event_source_token", "EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("function_url_auth_type", "FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
];

/// The statement of a permission. `get` reads one of its arguments by its name in either notation.
pub(crate) fn statement(
    span: &Span,
    source: Source<'_>,
    get: impl Fn(&str, &str) -> Option<Text>,
) -> Statement {
    let tokens = |text: Option<Text>| Tokens {
        items: text.into_iter().map(|text| Token { text, span: span.clone() }).collect(),
        ..Tokens::default()
    };
    let principal = get("principal", "Principal").map(|id| {
        // An account is a number, and a service a name with dots.
        let kind = match id.known() {
            Some("*") => "*",
            Some(known) if known.contains(".amazon") => "Service",
            _ => "AWS",
        };
        Principal { kind: Text::literal(kind), id }
    });
    let conditions = CONDITIONS.iter().filter_map(|(terraform, cloudformation, operator, key)| {
        let value = get(terraform, cloudformation)?;
        let (operator, key) = (Text::literal(*operator), Text::literal(*key));
        Some(SourceCondition { operator, key, values: vec![value] })
    });
    Statement {
        effect: Some(Effect::Allow),
        actions: tokens(get("action", "Action")),
        resources: tokens(get("function_name", "FunctionName")),
        principals: Some(Principals { negated: false, items: principal.into_iter().collect() }),
        conditions: conditions.collect(),
        ..crate::statement::empty(span.clone(), source, Removal::Only)
    }
}
