use super::*;

/// Line, kind and name of each.
fn named(text: &str) -> Vec<(u32, String, String)> {
    let read = read("x.yaml", text);
    assert_eq!(read.rest.problems, []);
    let text = |manifest: &Manifest, at: &str| {
        manifest.value.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let one = |manifest: &Manifest| {
        (manifest.origin.line, text(manifest, "/kind"), text(manifest, "/metadata/name"))
    };
    read.manifests.iter().map(one).collect()
}

fn own(expected: &[(u32, &str, &str)]) -> Vec<(u32, String, String)> {
    let one = |&(line, kind, name): &(u32, &str, &str)| (line, kind.to_owned(), name.to_owned());
    expected.iter().map(one).collect()
}

#[test]
fn yaml_and_json_tell_the_line_of_each_object() {
    let yaml = "---\n# Source: web/role.yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\n---\n\
                apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n- apiVersion: v1\n  kind: Pod\n\
                kind: List\n";
    assert_eq!(named(yaml), own(&[(3, "Role", "a"), (9, "Pod", "b"), (12, "Pod", "")]));
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n {\"apiVersion\": \"v1\", \"kind\": \"Pod\"},\n\n \
                {\"apiVersion\": \"v1\",\n  \"kind\": \"Secret\"}]}\n{\"apiVersion\": \"v1\", \"kind\": \"Node\"}\n";
    assert_eq!(named(json), own(&[(2, "Pod", ""), (4, "Secret", ""), (6, "Node", "")]));
    let array =
        "[\n{\"apiVersion\": \"v1\", \"kind\": \"Pod\"},\n{\"apiVersion\": \"v1\", \"kind\": \"Node\"}]";
    assert_eq!(named(array), own(&[(2, "Pod", ""), (3, "Node", "")]));
}

/// `kubectl get --raw` and the API itself name kind and version once, at the list.
#[test]
fn items_of_a_typed_list_have_its_kind() {
    let text = "kind: RoleList\napiVersion: rbac.authorization.k8s.io/v1\nitems:\n- metadata: {name: a}\n- {kind: Other, metadata: {name: b}}\n";
    assert_eq!(named(text), own(&[(4, "Role", "a"), (5, "Other", "b")]));
}

#[test]
fn what_is_no_object_is_counted_and_what_is_broken_is_said() {
    let read = read(
        "c.yaml",
        "replicas: 1\n---\n- 1\n---\nkind: {{ .Values.kind }}\n---\nkind: A\napiVersion: v1\n",
    );
    assert_eq!((read.manifests.len(), read.rest.others), (1, 1));
    let [problem] = read.rest.problems.as_slice() else { panic!("{:?}", read.rest.problems) };
    assert_eq!((problem.file.as_str(), problem.line), ("c.yaml", 5));
    assert!(problem.message.ends_with("hint: give what `helm template` makes of it"), "{}", problem.message);
    let broken = super::read("c.json", "{\"kind\": \"Pod\",\n \"apiVersion\" 1}");
    assert_eq!(broken.rest.problems[0].line, 2);
}

#[test]
fn lists_are_not_nested_without_end() {
    let mut text = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}".to_owned();
    for _ in 0..6 {
        text = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{text}]}}");
    }
    let read = read("deep.json", &text);
    assert_eq!(read.manifests, []);
    assert_eq!(read.rest.problems[0].message, "lists are nested too deep");
}
