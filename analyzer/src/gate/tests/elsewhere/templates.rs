//! What decides a grant of a template of CloudFormation, of a chart, or of an overlay.

use super::*;

#[test]
fn parameters_and_mappings_of_a_template_are_followed() {
    let template = |own: &str, map: &str, action: &str, resource: &str| {
        format!(
            "Parameters:\n  Own: {{Type: String, Default: '{own}'}}\n  Other: {{Type: String}}\nMappings:\n  Map: {{a: {{b: ['{map}']}}}}\nResources:\n  P:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: p\n      Roles: [app]\n      PolicyDocument:\n        Statement:\n        - {{Effect: Allow, Action: {action}, Resource: {resource}}}\n"
        )
    };
    let changed = |action: &str, resource: &str| {
        let (base, head) = (template("a", "b", action, resource), template("c", "d", action, resource));
        told(&[], "t.yaml", &base, &head)
    };
    for (action, resource, rule) in [
        ("!Ref Own", "'*'", "unjudged"),
        ("{'Fn::FindInMap': [Map, a, b]}", "'*'", "unjudged"),
        ("!FindInMap [Map, a, b]", "'*'", "unjudged"),
        ("!If [Own, 's3:Get*', 's3:*']", "'*'", "unjudged"),
        ("s3:GetObject", "!Sub 'arn:aws:s3:::${Own}/*'", "new_privilege"),
    ] {
        let all = changed(action, resource);
        assert_eq!(all.iter().map(|one| one.0).collect::<Vec<_>>(), [rule], "{action} {all:?}");
        assert!(all[0].1.contains("says something else than before"), "{all:?}");
    }
    assert!(changed("s3:GetObject", "!Sub 'arn:aws:s3:::${Other}/*'").is_empty());
}

#[test]
fn conditions_of_a_template_are_followed() {
    let template = |condition: &str, resources: &str| {
        format!(
            "Parameters:\n  Stage: {{Type: String}}\n  Region: {{Type: String, Default: {condition}}}\nConditions:\n  Live: !Equals [!Ref Stage, {condition}]\nResources:\n{resources}"
        )
    };
    let document = "PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";
    let plain = format!(
        "  P:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: p\n      Roles: [app]\n      {document}\n"
    );
    for resources in [
        plain.replace("    Type", "    Condition: Live\n    Type"),
        format!("  R:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies:\n      - !If [Live, {{PolicyName: p, {document}}}, !Ref 'AWS::NoValue']\n"),
        plain.replace("Resource: '*'}", "Resource: '*', Condition: !If [Live, {StringLike: {'aws:PrincipalOrgID': o}}, {StringLike: {'aws:PrincipalOrgID': '*'}}]}"),
        "  R:\n    Type: AWS::IAM::Role\n    Condition: Live\n    Properties:\n      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']\n".to_owned(),
        plain.replace("Effect: Allow", "Effect: !If [Live, Allow, Deny]"),
    ] {
        let all = told(&[], "t.yaml", &template("a", &resources), &template("b", &resources));
        assert_eq!(all.len(), 1, "{resources} {all:?}");
    }
    let wide = plain.replace("Resource: '*'}", "Resource: '*', Condition: !If [Live, {StringLike: {'aws:PrincipalOrgID': o}}, {StringLike: {'aws:PrincipalOrgID': '*'}}]}");
    assert!(
        !told(
            &[],
            "t.yaml",
            &template("a", &wide),
            &template("a", &wide.replace("'aws:PrincipalOrgID': o", "'aws:PrincipalOrgID': '*'"))
        )
        .is_empty()
    );
    // Neither a pseudo parameter nor an attribute is a parameter of that name.
    let own = plain.replace("Resource: '*'", "Resource: !Sub 'arn:aws:s3:${AWS::Region}::x'");
    assert!(told(&[], "t.yaml", &template("a", &own), &template("b", &own)).is_empty());
    let sam = "Transform: AWS::Serverless-2016-10-31\n".to_owned()
        + &template(
            "x",
            "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies:\n      - S3CrudPolicy: {BucketName: !Ref Region}\n",
        );
    assert_eq!(told(&[], "t.yaml", &sam, &sam.replace("Default: x", "Default: y")).len(), 1);
}

#[test]
fn values_of_a_chart_are_followed() {
    let role = |rules: &str| {
        format!(
            "{{{{ if .Values.rbac.create }}}}\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: app\nrules:\n{rules}{{{{ end }}}}\n"
        )
    };
    let values = |verb: &str, create: bool| {
        format!(
            "verbs: [{verb}]\nrules:\n- {{apiGroups: [''], resources: [pods], verbs: [{verb}]}}\nrbac:\n  create: {create}\n  other: {verb}\nimage: {verb}\n"
        )
    };
    let plain = "- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n";
    for (rules, name) in [
        ("{{ toYaml .Values.rules }}\n".to_owned(), ".Values.rules"),
        (plain.replace("[get]", "{{ .Values.verbs | toJson }}"), ".Values.verbs"),
        (plain.replace("[get]", "{{ $.Values.verbs | toJson }}"), ".Values.verbs"),
        (
            format!("{plain}{{{{ range .Values.rules }}}}\n- {{{{ toYaml . }}}}\n{{{{ end }}}}\n"),
            ".Values.rules",
        ),
    ] {
        let (role, chart) = (role(&rules), "apiVersion: v2\nname: app\nversion: 0.1.0\n");
        let stays = [("app/Chart.yaml", chart), ("app/templates/role.yaml", role.as_str())];
        let all = told(&stays, "app/values-prod.yaml", &values("get", true), &values("'*'", true));
        assert_eq!(all.iter().map(|one| one.0).collect::<Vec<_>>(), ["unjudged"], "{rules} {all:?}");
        assert!(all[0].1.contains(&format!("`{name}` says something else than before")), "{all:?}");
    }
    let role = role(plain);
    let stays = [("app/Chart.yaml", "name: app\n"), ("app/templates/role.yaml", role.as_str())];
    let all = told(&stays, "app/values.yaml", &values("get", false), &values("get", true));
    assert!(all.len() == 1 && all[0].1.contains(".Values.rbac.create"), "{all:?}");
    assert!(told(&stays, "app/values.yaml", &values("get", true), &values("list", true)).is_empty());
}

#[test]
fn what_a_template_of_a_chart_says_of_a_part_of_values_is_followed() {
    let role = |rules: &str| {
        format!(
            "{{{{- $r := .Values.rbac }}}}\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: app\nrules:\n{rules}"
        )
    };
    let values = |verb: &str| format!("rbac:\n  verbs: [{verb}]\n");
    let rule = |verbs: &str| format!("- apiGroups: ['']\n  resources: [pods]\n  verbs: {verbs}\n");
    for rules in [
        rule("{{ $r.verbs | toJson }}"),
        format!("{{{{- with .Values.rbac }}}}\n{}{{{{- end }}}}\n", rule("{{ .verbs | toJson }}")),
    ] {
        let role = role(&rules);
        let stays = [("app/Chart.yaml", "name: app\n"), ("app/templates/role.yaml", role.as_str())];
        let all = told(&stays, "app/values.yaml", &values("get"), &values("'*'"));
        assert_eq!(all.len(), 1, "{rules} {all:?}");
        // Another way to write the same is the same.
        assert!(
            told(&stays, "app/values.yaml", &values("get"), "# c\nrbac:\n  verbs:\n  - \"get\" # one\n")
                .is_empty()
        );
    }
}

#[test]
fn every_way_of_a_chart_to_its_values_is_followed() {
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: app\n  namespace: {{ .Values.ns }}\nroleRef:\n  kind: ClusterRole\n  name: cluster-admin\nsubjects:\n- kind: User\n  name: ann\n";
    let role = |verbs: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: app\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: {verbs}\n"
        )
    };
    let values = "a: false\nb: false\nns: dev\nbase: &base [get]\nverbs: *base\nmore: {verbs: [get]}\nmerged:\n  <<: {verbs: [get]}\n";
    for (template, from, to) in [
        (
            format!(
                "{{{{- if .Values.a }}}}\n{}{{{{- else if .Values.b }}}}\n---\n{}{{{{- end }}}}\n",
                role("[get]"),
                binding
            ),
            "b: false",
            "b: true",
        ),
        (
            format!("{{{{- $c := .Values.a }}}}\n{{{{- if $c }}}}\n{}{{{{- end }}}}\n", role("[get]")),
            "a: false",
            "a: true",
        ),
        (
            format!("{{{{- $root := . }}}}\n{}", role("{{ $root.Values.more.verbs | toJson }}")),
            "more: {verbs: [get]}",
            "more: {verbs: ['*']}",
        ),
        (
            format!(
                "{{{{- $extra := .Values.more.verbs }}}}\n{}",
                role("{{ concat $.Values.a $extra | toJson }}")
            ),
            "more: {verbs: [get]}",
            "more: {verbs: ['*']}",
        ),
        (role("{{ .Values.verbs | toJson }}"), "&base [get]", "&base ['*']"),
        (role("{{ .Values.merged.verbs | toJson }}"), "<<: {verbs: [get]}", "<<: {verbs: ['*']}"),
        (binding.to_owned(), "ns: dev", "ns: kube-system"),
    ] {
        let stays = [("app/Chart.yaml", "name: app\n"), ("app/templates/role.yaml", template.as_str())];
        assert!(values.contains(from));
        let all = told(&stays, "app/values.yaml", values, &values.replace(from, to));
        assert_eq!(all.len(), 1, "{all:?} {from} {template}");
    }
    let swap = |rest: &str| format!("{{{{- if .Values.a }}}}\n{rest}{{{{- end }}}}\n");
    let stays = [("app/Chart.yaml", "name: app\n"), ("app/values.yaml", values)];
    let (before, behind) = (
        swap(&format!("{}{{{{- else }}}}\n", role("[get]"))),
        swap(&format!("{{{{- else }}}}\n{}", role("[get]"))),
    );
    assert_eq!(told(&stays, "app/templates/r.yaml", &before, &behind).len(), 1);
}

#[test]
fn patches_of_an_overlay_are_followed() {
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: app\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n";
    let inline = |verb: &str| {
        format!(
            "resources: [role.yaml]\npatches:\n- target: {{kind: ClusterRole, name: app}}\n  patch: |-\n    - {{op: replace, path: /rules/0/verbs, value: [{verb}]}}\n"
        )
    };
    let all = told(&[("role.yaml", role)], "kustomization.yaml", &inline("list"), &inline("'*'"));
    assert!(all.len() == 1 && all[0].1.contains("`kustomization.yaml` says something else"), "{all:?}");
    let overlay =
        "resources: [role.yaml]\npatches:\n- path: patch.yaml\n  target: {kind: ClusterRole, name: app}\n";
    let patch = |verb: &str| format!("- {{op: replace, path: /rules/0/verbs, value: [{verb}]}}\n");
    let stays = [("role.yaml", role), ("kustomization.yaml", overlay)];
    let all = told(&stays, "patch.yaml", &patch("list"), &patch("'*'"));
    assert!(all.len() == 1 && all[0].1.contains("`patch.yaml` says something else"), "{all:?}");
}

#[test]
fn patterns_of_targets_may_mean_any() {
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: app\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n";
    let patch = |target: &str, verb: &str| {
        format!(
            "resources: [role.yaml]\npatches:\n- target: {target}\n  patch: |-\n    - {{op: replace, path: /rules/0/verbs, value: [{verb}]}}\n"
        )
    };
    for target in ["{kind: ClusterRole, name: ap.*}", "{kind: Cluster.*}", "{name: app}"] {
        let all =
            told(&[("role.yaml", role)], "kustomization.yml", &patch(target, "list"), &patch(target, "'*'"));
        assert!(
            all.len() == 1 && all[0].1.contains("`kustomization.yml` says something else"),
            "{target} {all:?}"
        );
    }
    let other = "{kind: ClusterRole, name: other}";
    assert!(
        told(&[("role.yaml", role)], "kustomization.yml", &patch(other, "list"), &patch(other, "'*'"))
            .is_empty()
    );
}

#[test]
fn a_broken_manifest_is_told_whatever_it_is_called() {
    let of = |text: &str| Repository::of([(PathBuf::from("values-role.yaml"), text.to_owned())]);
    assert_eq!(of("kind: ClusterRole\nrules: [\n").problems.len(), 1);
    assert!(of("a: {{ .Values.b }}: [\n").problems.is_empty());
}

#[test]
fn an_alias_elsewhere_in_the_values_says_nothing_of_others() {
    let role = "{{- if .Values.rbac.create }}\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: app\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n{{- end }}\n";
    let stays = [("app/Chart.yaml", "name: app\n"), ("app/templates/role.yaml", role)];
    let values = |tag: u8| {
        format!("labels: &l {{a: b}}\npodLabels: *l\nimage: {{tag: {tag}}}\nrbac: {{create: true}}\n")
    };
    assert!(told(&stays, "app/values.yaml", &values(1), &values(2)).is_empty());
}

#[test]
fn texts_of_texts_end() {
    let nested = (0..15).fold("\"s\"".to_owned(), |inner, _| {
        format!("{{\"Fn::Sub\": [\"${{a}}${{a}}${{a}}${{a}}\", {{\"a\": {inner}}}]}}")
    });
    let flat =
        format!("{{\"Fn::Sub\": [\"{}\", {{\"a\": \"{}\"}}]}}", "${a}".repeat(100_000), "b".repeat(100_000));
    for resource in [nested, flat] {
        let of = |action: &str| {
            format!(
                "{{\"Resources\": {{\"P\": {{\"Type\": \"AWS::IAM::Policy\", \"Properties\": {{\"PolicyName\": \"p\", \"Roles\": [\"app\"], \"PolicyDocument\": {{\"Statement\": [{{\"Effect\": \"Allow\", \"Action\": \"{action}\", \"Resource\": {resource}}}]}}}}}}}}}}"
            )
        };
        assert_eq!(told(&[], "t.json", &of("s3:GetObject"), &of("s3:*")).len(), 1);
    }
}
