//! Events as an API server writes them (`audit.k8s.io/v1`).

use serde_json::{Map, Value, json};

use super::{ClusterCall, SubjectDescription};
use crate::mint::Mint;
use crate::moment;

/// One request that is made.
pub(crate) struct Request<'a> {
    pub(crate) subject: &'a SubjectDescription,
    pub(crate) call: &'a ClusterCall,
    /// What stands for `{}` in names.
    pub(crate) suffix: &'a str,
    /// Seconds since the Unix epoch.
    pub(crate) at: i64,
}

impl Request<'_> {
    /// The lines that the request leaves in the log, none where the audit policy hides it.
    pub(crate) fn lines(&self, policy: &Value, mint: &mut Mint) -> Vec<String> {
        if self.is_hidden(policy) {
            return Vec::new();
        }
        self.events(mint).iter().map(Value::to_string).collect()
    }

    /// The events of the stages in which the server writes one: a watch is written when it begins and when it ends.
    fn events(&self, mint: &mut Mint) -> Vec<Value> {
        let mut id = String::new();
        mint.uuid(&mut id);
        let complete = self.event("ResponseComplete", &id);
        if self.call.verb != "watch" {
            return vec![complete];
        }
        let started = self.event("ResponseStarted", &id);
        // Some are still open when the log ends.
        if mint.chance(0.3) { vec![started] } else { vec![started, complete] }
    }

    fn event(&self, stage: &str, id: &str) -> Value {
        let (call, user) = (self.call, self.user());
        let time = |offset: i64| {
            let mut text = String::new();
            moment::iso(&mut text, self.at + offset);
            text.replace('Z', ".000000Z")
        };
        let length = if stage == "ResponseComplete" && call.verb == "watch" { 420 } else { 0 };
        let event = json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": id,
            "stage": stage,
            "requestURI": self.uri(),
            "verb": call.verb,
            "user": user,
            "sourceIPs": ["198.51.100.7", "10.0.3.11"],
            "userAgent": "larkspur/1.4 (linux/amd64)",
            "requestReceivedTimestamp": time(0),
            "stageTimestamp": time(length),
            "responseStatus": {"metadata": {}, "code": call.code},
            "annotations": self.annotations(),
        });
        let object = (!call.resource.is_empty()).then(|| self.object());
        let other =
            call.as_user.as_ref().map(|user| json!({"username": user, "groups": ["system:authenticated"]}));
        with(event, [("objectRef", object), ("impersonatedUser", other)])
    }

    fn user(&self) -> Value {
        let name = &self.subject.user;
        let mut groups = self.subject.groups.clone();
        let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        if let Some((namespace, _)) = account {
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        groups.push("system:authenticated".to_owned());
        let pod = self.subject.pod.as_ref().map(|pod| pod.replace("{}", "x7k2p"));
        let extra = pod.map(|pod| json!({"authentication.kubernetes.io/pod-name": [pod]}));
        with(json!({"username": name, "groups": groups}), [("extra", extra)])
    }

    fn annotations(&self) -> Value {
        if self.call.code == 403 {
            return json!({"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""});
        }
        json!({
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": "RBAC: allowed by ClusterRoleBinding \"some\" of ClusterRole \"some\" to User \"u\"",
        })
    }

    fn object(&self) -> Value {
        let call = self.call;
        let text = |text: &str| (!text.is_empty()).then(|| json!(text));
        let parts = [
            ("apiGroup", text(&call.group)),
            ("namespace", text(&call.namespace)),
            ("subresource", text(&call.subresource)),
            ("name", text(&self.name())),
        ];
        with(json!({"resource": call.resource, "apiVersion": call.version}), parts)
    }

    fn name(&self) -> String {
        self.call.name.replace("{}", self.suffix)
    }

    fn uri(&self) -> String {
        let call = self.call;
        if call.resource.is_empty() {
            return call.path.clone();
        }
        let mut uri = match call.group.as_str() {
            "" => format!("/api/{}", call.version),
            group => format!("/apis/{group}/{}", call.version),
        };
        if !call.namespace.is_empty() {
            uri = format!("{uri}/namespaces/{}", call.namespace);
        }
        uri = format!("{uri}/{}", call.resource);
        // What is to be created has its name in the body.
        let is_addressed = call.verb != "create" || !call.subresource.is_empty();
        if is_addressed && !call.name.is_empty() {
            uri = match call.verb.as_str() {
                "list" | "watch" => format!("{uri}?fieldSelector=metadata.name%3D{}", self.name()),
                _ => format!("{uri}/{}", self.name()),
            };
        }
        if !call.subresource.is_empty() {
            uri = format!("{uri}/{}", call.subresource);
        }
        match call.verb.as_str() {
            "watch" if uri.contains('?') => format!("{uri}&watch=true"),
            "watch" => format!("{uri}?allowWatchBookmarks=true&watch=true"),
            "list" if !uri.contains('?') => format!("{uri}?limit=500"),
            _ => uri,
        }
    }

    /// Whether the audit policy's first rule that fits says `None`. Profiles use rules of verbs and of groups with resources
    /// only.
    fn is_hidden(&self, policy: &Value) -> bool {
        let call = self.call;
        let rules = policy.get("rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let has = |of: &Value, list: &str, item: &str| {
            let list = of.get(list).and_then(Value::as_array);
            list.is_none_or(|items| items.iter().any(|one| one.as_str() == Some(item)))
        };
        let text =
            |of: &Value, field: &str| of.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let fits = |rule: &&Value| {
            let resources = rule.get("resources").and_then(Value::as_array);
            let is_named = |one: &Value| {
                !call.resource.is_empty()
                    && text(one, "group") == call.group
                    && has(one, "resources", &call.resource)
            };
            has(rule, "verbs", &call.verb) && resources.is_none_or(|resources| resources.iter().any(is_named))
        };
        rules.iter().find(fits).is_none_or(|rule| text(rule, "level") == "None")
    }
}

/// An object with further fields, those that there are.
fn with<const N: usize>(object: Value, fields: [(&str, Option<Value>); N]) -> Value {
    let mut object = match object {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Value::Object(object)
}
