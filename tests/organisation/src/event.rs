//! One record of the log, written field by field in the order that the service writes.

use crate::caller::Caller;
use crate::mint::Mint;
use crate::moment;
use crate::pattern::{Arguments, Pattern, Scene, escape};
use crate::template::{Class, Template};

/// One call as the log shall show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// What is called.
    pub template: &'a Template,
    /// Who calls.
    pub caller: &'a Caller,
    /// Where from.
    pub origin: &'a Origin,
    /// The service that calls on the caller's behalf.
    pub via: Option<&'a str>,
    /// When and where.
    pub scene: Scene<'a>,
    /// How it ends.
    pub outcome: &'a Outcome,
}

/// Where calls come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Source address.
    pub address: String,
    /// User agent.
    pub agent: String,
    /// VPC endpoint that the calls pass.
    pub endpoint: Option<String>,
    /// Whether the calls are made in the console.
    pub console: bool,
}

/// How a call ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It succeeds.
    #[default]
    Allowed,
    /// It is refused: nothing allows it, or a statement denies it.
    Denied {
        /// Whether a statement denies it.
        explicitly: bool,
    },
    /// It is throttled.
    Throttled,
    /// It would have succeeded, had it not been a trial.
    DryRun,
    /// It fails with this code.
    Failed(String),
}

impl Outcome {
    /// Reads `allowed`, `denied`, `denied_explicitly`, `throttled`, `dry_run` or an error code.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "allowed" => Self::Allowed,
            "denied" => Self::Denied { explicitly: false },
            "denied_explicitly" => Self::Denied { explicitly: true },
            "throttled" => Self::Throttled,
            "dry_run" => Self::DryRun,
            code => Self::Failed(code.to_owned()),
        }
    }

    /// Whether the call was refused.
    #[must_use]
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }
}

impl Call<'_> {
    /// Appends the record.
    pub(crate) fn write(&self, out: &mut String, arguments: &mut Arguments, mint: &mut Mint) {
        let template = self.template;
        template.complete(&self.scene, arguments, mint);
        let service = match (self.via, self.caller) {
            (Some(via), _) => Some(via),
            (None, Caller::Service(service)) => Some(service.as_str()),
            (None, _) => None,
        };
        out.push_str("{\"eventVersion\":\"");
        out.push_str(&template.version);
        out.push_str("\",\"userIdentity\":");
        self.caller.write(out, self.via);
        out.push_str(",\"eventTime\":\"");
        moment::iso(out, self.scene.now);
        text(out, "\",\"eventSource\":\"", &template.source);
        text(out, "\",\"eventName\":\"", &template.name);
        text(out, "\",\"awsRegion\":\"", self.scene.region);
        text(out, "\",\"sourceIPAddress\":\"", service.unwrap_or(&self.origin.address));
        text(out, "\",\"userAgent\":\"", service.unwrap_or(&self.origin.agent));
        out.push('"');
        self.write_error(out, arguments, mint);
        out.push_str(",\"requestParameters\":");
        if self.hides_request() {
            out.push_str("null");
        } else {
            template.request.fill(out, &self.scene, arguments, mint);
        }
        out.push_str(",\"responseElements\":");
        if *self.outcome == Outcome::Allowed {
            template.response.fill(out, &self.scene, arguments, mint);
        } else {
            out.push_str("null");
        }
        if let (Some(additional), false) = (&template.additional, self.hides_request()) {
            out.push_str(",\"additionalEventData\":");
            additional.fill(out, &self.scene, arguments, mint);
        }
        out.push_str(",\"requestID\":\"");
        template.request_id.fill(out, &self.scene, arguments, mint);
        out.push_str("\",\"eventID\":\"");
        mint.uuid(out);
        out.push_str("\",\"readOnly\":");
        out.push_str(if template.read_only { "true" } else { "false" });
        if let (Some(resources), false) = (&template.resources, self.hides_request()) {
            out.push_str(",\"resources\":");
            resources.fill(out, &self.scene, arguments, mint);
        }
        let management = template.class == Class::Management;
        out.push_str(",\"eventType\":\"AwsApiCall\",\"managementEvent\":");
        out.push_str(if management { "true" } else { "false" });
        text(out, ",\"recipientAccountId\":\"", self.scene.account);
        out.push('"');
        if matches!(self.caller, Caller::Service(_) | Caller::Account { .. }) {
            out.push_str(",\"sharedEventID\":\"");
            mint.uuid(out);
            out.push('"');
        }
        if let (Some(endpoint), None) = (&self.origin.endpoint, service) {
            text(out, ",\"vpcEndpointId\":\"", endpoint);
            text(out, "\",\"vpcEndpointAccountId\":\"", self.scene.account);
            out.push('"');
        }
        out.push_str(",\"eventCategory\":\"");
        out.push_str(if management { "Management\"" } else { "Data\"" });
        if service.is_none() {
            if self.origin.console {
                out.push_str(",\"sessionCredentialFromConsole\":\"true\"");
            } else {
                out.push_str(",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"");
                template.host.fill(out, &self.scene, arguments, mint);
                out.push_str("\"}");
            }
        }
        out.push('}');
    }

    /// IAM and STS show nothing of the request of a call that they refuse.
    fn hides_request(&self) -> bool {
        self.outcome.is_denied()
            && matches!(self.template.source.as_str(), "iam.amazonaws.com" | "sts.amazonaws.com")
    }

    fn write_error(&self, out: &mut String, arguments: &mut Arguments, mint: &mut Mint) {
        let template = self.template;
        let (code, message) = match self.outcome {
            Outcome::Allowed => return,
            Outcome::Throttled => (template.throttled.as_str(), "Rate exceeded".to_owned()),
            Outcome::DryRun => {
                ("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.".to_owned())
            }
            Outcome::Failed(code) => {
                let mut message = String::new();
                if let Some(known) = template.errors.get(code) {
                    known.fill(&mut message, &self.scene, arguments, mint);
                }
                (code.as_str(), message)
            }
            Outcome::Denied { explicitly } => {
                (template.denied.as_str(), self.refusal(*explicitly, arguments, mint))
            }
        };
        text(out, ",\"errorCode\":\"", code);
        out.push_str("\",\"errorMessage\":\"");
        escape(out, &message);
        out.push('"');
    }

    fn refusal(&self, explicitly: bool, arguments: &mut Arguments, mint: &mut Mint) -> String {
        let mut resource = String::new();
        let action = self.template.needs.first().map_or("", |need| {
            need.resource.fill(&mut resource, &self.scene, arguments, mint);
            need.action.as_str()
        });
        let principal = self.caller.arn();
        if let Some(message) = &self.template.denied_message {
            arguments.set("principal", &principal);
            arguments.set("denied_action", action);
            arguments.set("denied_resource", &resource);
            return filled(message, &self.scene, arguments, mint);
        }
        let reason = if explicitly {
            "with an explicit deny in an identity-based policy".to_owned()
        } else {
            format!("because no identity-based policy allows the {action} action")
        };
        format!("User: {principal} is not authorized to perform: {action} on resource: {resource} {reason}")
    }
}

fn filled(pattern: &Pattern, scene: &Scene<'_>, arguments: &mut Arguments, mint: &mut Mint) -> String {
    let mut text = String::new();
    pattern.fill(&mut text, scene, arguments, mint);
    text
}

fn text(out: &mut String, before: &str, value: &str) {
    out.push_str(before);
    escape(out, value);
}
