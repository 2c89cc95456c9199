use super::*;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Severity, rule and message of each thing that is said of a change of a template of a chart.
fn said(base: &str, head: &str) -> Vec<(Severity, &'static str, String)> {
    let chart = ("chart/Chart.yaml", "name: app\n");
    let path = "chart/templates/rbac.yaml";
    let objections = checked(&[chart, (path, base)], &[chart, (path, head)], &Policy::default());
    objections.into_iter().map(|one| (one.severity, one.rule, one.message)).collect()
}

fn role(metadata: &str, rest: &str) -> String {
    format!("apiVersion: {GROUP}/v1\nkind: ClusterRole\nmetadata:\n  name: app\n{metadata}{rest}")
}

const RULES: &str = "rules:\n- apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get]\n";

fn binding(subjects: &str) -> String {
    format!(
        "---\napiVersion: {GROUP}/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: app\nroleRef:\n  apiGroup: {GROUP}\n  kind: ClusterRole\n  name: app\nsubjects:\n- kind: ServiceAccount\n  name: web\n  namespace: shop\n{subjects}"
    )
}

#[track_caller]
fn unjudged(all: &[(Severity, &'static str, String)], why: &str) {
    let [(Severity::Warning, "unjudged", message)] = all else { panic!("{all:#?}") };
    assert!(message.contains(why), "{message}");
}

#[test]
fn rules_and_subjects_that_templates_add_are_told() {
    let more = |values: &str| {
        format!("{{{{- with .Values.{values} }}}}\n{{{{- toYaml . | nindent 0 }}}}\n{{{{- end }}}}\n")
    };
    let base = role("", RULES);
    let head = role("", &format!("{RULES}{}", more("extraRules")));
    unjudged(&said(&base, &head), "a template decides what is there");
    assert_eq!(said(&head, &format!("# down\n{head}")), []);
    assert_eq!(said(&head, &base), []);
    let other = role("", &format!("{RULES}{}", more("allRules")));
    unjudged(&said(&head, &other), "a template decides what is there");

    let base = format!("{base}{}", binding(""));
    let head = format!("{}{}", role("", RULES), binding(&more("extraSubjects")));
    unjudged(&said(&base, &head), "a template decides what is there");
    assert_eq!(said(&head, &format!("# down\n{head}")), []);
}

#[test]
fn a_loop_around_a_role_is_told_when_it_is_another() {
    let of =
        |values: &str| format!("{{{{- range .Values.{values} }}}}\n---\n{}{{{{- end }}}}\n", role("", RULES));
    unjudged(&said(&of("teams"), &of("everybody")), "several are made of it by `range`");
    assert_eq!(said(&of("teams"), &of("teams")), []);
}

#[test]
fn roles_that_aggregate_or_are_aggregated_are_told() {
    let label = "  labels:\n    rbac.authorization.k8s.io/aggregate-to-edit: \"true\"\n";
    unjudged(&said(&role("", RULES), &role(label, RULES)), "its labels make its rules those of other roles");
    assert_eq!(said(&role(label, RULES), &role("", RULES)), []);
    let aggregation = |name: &str| {
        role(
            "",
            &format!(
                "aggregationRule:\n  clusterRoleSelectors:\n  - matchLabels: {{to: {name}}}\nrules: []\n"
            ),
        )
    };
    unjudged(&said(&role("", "rules: []\n"), &aggregation("app")), "the roles that it aggregates");
    unjudged(&said(&aggregation("app"), &aggregation("all")), "the roles that it aggregates");
    let head = format!("{}{}", aggregation("app"), binding(""));
    let all = said(&aggregation("app"), &head);
    let [(Severity::Warning, "new_privilege", message)] = all.as_slice() else { panic!("{all:#?}") };
    assert!(message.contains("of which not all rules are known (write)"), "{message}");
}

#[test]
fn a_rule_that_is_an_expression_is_told() {
    let head = role("", &format!("{RULES}- {{{{ .Values.rule }}}}\n"));
    let all = said(&role("", RULES), &head);
    assert!(all.iter().all(|one| one.1 == "unjudged") && !all.is_empty(), "{all:#?}");
    assert_eq!(said(&head, &head), []);
}

/// A role of Terraform and what binds it.
fn terraform(verbs: &str, more: &str) -> String {
    format!(
        "resource \"kubernetes_role_v1\" \"app\" {{\n  metadata {{\n    name      = \"app\"\n    namespace = \"shop\"\n  }}\n  rule {{\n    api_groups = [\"\"]\n    resources  = [\"pods\"]\n    verbs      = {verbs}\n  }}\n{more}}}\n"
    )
}

#[test]
fn roles_and_bindings_of_terraform_are_compared() {
    let at = |path: &str, base: &str, head: &str| -> Vec<(Severity, &'static str, String)> {
        let objections = checked(&[(path, base)], &[(path, head)], &Policy::default());
        objections.into_iter().map(|one| (one.severity, one.rule, one.message)).collect()
    };
    let base = terraform("[\"get\", \"list\"]", "");
    for path in ["main.tf", "main.tofu"] {
        let all = at(path, &base, &terraform("[\"get\", \"list\", \"delete\"]", ""));
        let [(Severity::Note, "new_privilege", message)] = all.as_slice() else { panic!("{all:#?}") };
        assert!(message.contains("allows `delete pods`"), "{message}");
        assert_eq!(at(path, &base, &terraform("[\"get\"]", "")), []);
        assert_eq!(at(path, &base, &format!("# down\n{base}")), []);
    }
    // Under another name it is another role, which may be bound already.
    let renamed = base.replacen("\"app\"\n", "\"viewer\"\n", 1);
    assert_ne!(renamed, base);
    assert!(!at("main.tf", &base, &renamed).is_empty());
    let all = at("main.tf", &base, &terraform("[\"*\"]", ""));
    assert!(matches!(all.as_slice(), [(Severity::Warning, "new_privilege", _)]), "{all:#?}");
    // What is only known once it is planned.
    unjudged(&at("main.tf", &base, &terraform("var.verbs", "")), "an expression or template says what");
    let looped = |values: &str| {
        terraform(
            "[\"get\", \"list\"]",
            &format!(
                "  dynamic \"rule\" {{\n    for_each = {values}\n    content {{\n      verbs = rule.value\n    }}\n  }}\n"
            ),
        )
    };
    unjudged(&at("main.tf", &base, &looped("var.rules")), "a loop makes its statements");
    unjudged(&at("main.tf", &looped("var.rules"), &looped("var.more")), "a loop makes its statements");
    assert_eq!(at("main.tf", &looped("var.rules"), &looped("var.rules")), []);

    let binding = |subjects: &str| {
        format!(
            "{base}resource \"kubernetes_role_binding_v1\" \"app\" {{\n  metadata {{\n    name      = \"app\"\n    namespace = \"shop\"\n  }}\n  role_ref {{\n    kind = \"Role\"\n    name = kubernetes_role_v1.app.metadata[0].name\n  }}\n{subjects}}}\n"
        )
    };
    let one = "  subject {\n    kind      = \"ServiceAccount\"\n    name      = \"web\"\n    namespace = \"shop\"\n  }\n";
    let more = "  subject {\n    kind = \"Group\"\n    name = \"staff\"\n  }\n";
    let all = at("main.tf", &base, &binding(one));
    let [(Severity::Note, "new_privilege", message)] = all.as_slice() else { panic!("{all:#?}") };
    assert!(message.contains("binds `shop/web` (ServiceAccount) to `Role/app`"), "{message}");
    assert!(!message.contains("not in the repository"), "{message}");
    let all = at("main.tf", &binding(one), &binding(&format!("{one}{more}")));
    let [(_, "new_privilege", message)] = all.as_slice() else { panic!("{all:#?}") };
    assert!(message.contains("binds `staff` (Group)"), "{message}");
    assert_eq!(at("main.tf", &binding(&format!("{one}{more}")), &binding(one)), []);
}
