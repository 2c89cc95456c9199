//! What is done to a parameter's value before it becomes part of an ARN.

use crate::arn::is_arn;
use crate::partition::{is_account, partition_of};

/// What is done to a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Transform {
    /// Nothing. An ARN is no part of another.
    Plain,
    /// A slash at the start is left out, as SSM parameters and IAM paths have it.
    NoLeadingSlash,
    /// What follows the last slash: Route 53 writes `/hostedzone/Z1`.
    LastSegment,
    /// What precedes the first colon: a name with a version or label behind it.
    BeforeColon,
    /// What follows the first colon.
    AfterColon,
    /// The name of a Lambda function, without a version or alias behind it. Not with an account, which the ARN
    /// would have to have.
    FunctionName,
    /// A KMS key id. Not an alias: which key it stands for the request does not tell.
    KeyId,
    /// An SQS queue's URL, which tells region and account too.
    QueueUrl,
    /// The name of an SSM parameter, without the slash at its start and a version or label behind a colon.
    ParameterName,
    /// The path of SSM parameters, without the slashes at its ends.
    ParameterPath,
    /// A name that has no colon: no version is given.
    NoColon,
    /// A secret's ARN, possibly without the six random characters at its end: any end then.
    SecretTail,
    /// An ARN, to which the pattern adds something.
    Arn,
    /// The ARN of a Lambda function without a version or alias behind it.
    FunctionArn,
}

/// What a transform makes of a value.
pub(crate) enum Transformed<'v> {
    /// Text for the placeholder.
    Part(&'v str),
    /// The ARN as a whole.
    Whole(String),
}

impl Transform {
    /// Every transform, in the order in which the table numbers them.
    pub(crate) const ALL: [Self; 14] = [
        Self::Plain,
        Self::NoLeadingSlash,
        Self::LastSegment,
        Self::BeforeColon,
        Self::AfterColon,
        Self::FunctionName,
        Self::KeyId,
        Self::QueueUrl,
        Self::ParameterName,
        Self::ParameterPath,
        Self::NoColon,
        Self::SecretTail,
        Self::Arn,
        Self::FunctionArn,
    ];

    pub(crate) fn apply(self, value: &str) -> Option<Transformed<'_>> {
        match self {
            Self::SecretTail => {
                return may_lack_tail(value).then(|| Transformed::Whole(format!("{value}-??????")));
            }
            Self::Arn => return is_arn(value).then_some(Transformed::Part(value)),
            Self::FunctionArn => return is_function_arn(value).then_some(Transformed::Part(value)),
            _ => {}
        }
        if is_arn(value) || value.is_empty() {
            return None;
        }
        let part = match self {
            Self::Plain => value,
            Self::NoLeadingSlash => value.strip_prefix('/').unwrap_or(value),
            Self::LastSegment => value.rsplit_once('/').map_or(value, |(_, last)| last),
            Self::BeforeColon => value.split_once(':').map_or(value, |(first, _)| first),
            Self::AfterColon => value.split_once(':')?.1,
            Self::FunctionName => function_name(value)?,
            Self::NoColon => Some(value).filter(|value| !value.contains(':'))?,
            Self::KeyId => Some(value).filter(|value| !value.starts_with("alias/"))?,
            Self::QueueUrl => return queue_arn(value).map(Transformed::Whole),
            Self::ParameterName => {
                let name = value.split_once(':').map_or(value, |(name, _)| name);
                name.strip_prefix('/').unwrap_or(name)
            }
            Self::ParameterPath => value.trim_matches('/'),
            Self::SecretTail | Self::Arn | Self::FunctionArn => return None,
        };
        (!part.is_empty()).then_some(Transformed::Part(part))
    }
}

/// `name` and `name:qualifier`; not `123456789012:function:name` or `123456789012:name`.
fn function_name(value: &str) -> Option<&str> {
    let Some((name, qualifier)) = value.split_once(':') else { return Some(value) };
    (!is_account(name) && !qualifier.contains(':')).then_some(name)
}

fn is_function_arn(value: &str) -> bool {
    is_arn(value) && value.split(':').nth(5) == Some("function") && value.split(':').count() == 7
}

/// Lower-case letters alone are rather a word of the name than six random characters.
fn may_lack_tail(arn: &str) -> bool {
    let tail = arn.rsplit_once('-').map_or("", |(_, tail)| tail);
    let is_random =
        tail.len() == 6 && tail.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    is_arn(arn) && !is_random
}

/// `https://sqs.eu-west-1.amazonaws.com/123456789012/name`, and the older
/// `https://eu-west-1.queue.amazonaws.com/123456789012/name`.
fn queue_arn(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let mut parts = rest.split('/');
    let (host, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    let region = match host.split_once('.')? {
        ("sqs", rest) => rest.split('.').next()?,
        (region, rest) if rest.starts_with("queue.") => region,
        _ => return None,
    };
    let partition = partition_of(region);
    (is_account(account) && parts.next().is_none() && !name.is_empty())
        .then(|| format!("arn:{partition}:sqs:{region}:{account}:{name}"))
}
