//! What callers and files of variables give modules of Terraform.

use super::*;

#[test]
fn inputs_of_a_module_are_followed_to_whoever_gives_them() {
    let module = format!(
        "variable \"actions\" {{ default = [\"s3:GetObject\"] }}\n{}",
        allowing("var.actions", "\"*\"")
    );
    let caller = |list: &str| {
        format!(
            "locals {{ own = {list} }}\nmodule \"app\" {{\n  source = \"./app\"\n  actions = local.own\n}}\n"
        )
    };
    let all = told(&[("app/main.tf", &module)], "main.tf", &caller("[\"s3:GetObject\"]"), &caller("[\"*\"]"));
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, "unjudged");
    assert!(all[0].1.contains("`local.own in .` says something else than before"), "{all:?}");
    let default = |list: &str| module.replace("[\"s3:GetObject\"] }", list);
    let all = told(&[], "main.tf", &default("[\"s3:GetObject\"] }"), &default("[\"s3:*\"] }"));
    assert_eq!(all.len(), 1, "{all:?}");
    for file in ["terraform.tfvars", "env/prod.auto.tfvars"] {
        let all =
            told(&[("main.tf", &module)], file, "actions = [\"s3:GetObject\"]\n", "actions = [\"*\"]\n");
        assert_eq!(all.len(), 1, "{file}: {all:?}");
        assert!(told(&[("main.tf", &module)], file, "other = 1\n", "other = 2\n").is_empty());
    }
    let json = told(&[("main.tf", &module)], "x.tfvars.json", "{\"actions\": []}", "{\"actions\": [\"*\"]}");
    assert_eq!(json.len(), 1, "{json:?}");
}

#[test]
fn layout_and_names_of_calls_say_nothing() {
    let main = allowing("var.own", "\"*\"");
    let module = [("app/main.tf", main.as_str())];
    let call =
        |name: &str, list: &str| format!("module \"{name}\" {{\n  source = \"./app\"\n  own = {list}\n}}\n");
    let same = |stays: &[(&str, &str)], base: &str, head: &str| {
        let all = told(stays, "x.tf", base, head);
        assert!(all.is_empty(), "{head} {all:?}");
    };
    same(&module, &call("a", "[\"s3:GetObject\"]"), &call("b", "[\n    # one\n    \"s3:GetObject\",\n  ]"));
    let default = |list: &str| format!("variable \"own\" {{ default = [{list}] }}\n");
    let of_module = default("\"a\"") + &main;
    let other = default("\"b\"") + &main;
    let given = call("a", "[\"s3:GetObject\"]");
    let (base, head) = (
        [("m.tf", given.as_str()), ("app/main.tf", &of_module)],
        [("m.tf", given.as_str()), ("app/main.tf", &other)],
    );
    assert!(checked(&base, &head, &Policy::default()).is_empty());
    // Of two environments neither may get what only the other had.
    let of = |a: &str, b: &str| {
        [
            ("main.tf".to_owned(), main.clone()),
            ("a.tfvars".to_owned(), format!("own = [\"{a}\"]\n")),
            ("b.tfvars".to_owned(), format!("own = [\"{b}\"]\n")),
        ]
    };
    let (base, head) = (of("s3:GetObject", "*"), of("*", "s3:GetObject"));
    let view = |files: &'static [(String, String)]| {
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>()
    };
    let (base, head) = (view(Vec::leak(base.to_vec())), view(Vec::leak(head.to_vec())));
    assert_eq!(checked(&base, &head, &Policy::default()).len(), 1);
    // Of two names that begin alike the one is told that is another.
    let both = allowing("\"s3:GetObject\"", "[\"${var.ab}/*\", \"${var.a}/*\"]");
    let all = told(&[("main.tf", &both)], "a.tfvars", "a = \"x\"\nab = \"y\"\n", "a = \"z\"\nab = \"y\"\n");
    assert!(all.len() == 1 && all[0].1.contains("`${var.a}/"), "{all:?}");
}

#[test]
fn circles_and_lists_of_lists_end() {
    let wide = (0..9)
        .map(|at| format!("  a{at} = concat({})\n", vec![format!("local.a{}", at + 1); 10].join(", ")))
        .collect::<String>();
    let text = (0..9)
        .map(|at| format!("  t{at} = \"{}\"\n", format!("${{local.t{}}}", at + 1).repeat(10)))
        .collect::<String>();
    let locals = |action: &str| {
        format!(
            "locals {{\n{wide}{text}  a9 = [\"{action}\"]\n  t9 = \"s\"\n  c = [local.c, local.c, local.d]\n  d = local.c\n}}\n"
        )
    };
    for list in ["local.a0", "local.c", "[local.t0]"] {
        let main = allowing(list, "\"*\"");
        let all = told(&[("main.tf", &main)], "l.tf", &locals("s3:GetObject"), &locals("*"));
        assert_eq!(all.len(), usize::from(list == "local.a0"), "{list} {all:?}");
    }
    // Modules that call one another, each several times and with everything.
    let module = |next: &str| {
        let inputs = |prefix: &str| (0..8).map(|at| format!("  v{at} = {prefix}{at}\n")).collect::<String>();
        let declared = (0..8).map(|at| format!("variable \"v{at}\" {{}}\n")).collect::<String>();
        let calls = (0..3)
            .map(|at| format!("module \"m{at}\" {{\n  source = \"../{next}\"\n{}}}\n", inputs("var.v")))
            .collect::<String>();
        format!("{declared}{calls}{}", allowing("var.v0", "\"*\""))
    };
    let names = ["a", "b", "c", "d", "e", "f", "g", "a"];
    let files: Vec<(String, String)> =
        names.windows(2).map(|pair| (format!("{}/main.tf", pair[0]), module(pair[1]))).collect();
    let stays: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let root = |list: &str| format!("module \"a\" {{\n  source = \"./a\"\n  v0 = [{list}]\n}}\n");
    let all = told(&stays, "main.tf", &root("\"s3:GetObject\""), &root("\"*\""));
    assert_eq!(all.len(), 7, "the input comes to each module, however deep: {all:?}");
}

#[test]
fn callers_may_not_swap_what_they_give() {
    let module = allowing("var.own", "\"*\"").replace("role = \"app\"", "role = var.role");
    let call = |name: &str, role: &str, list: &str| {
        format!("module \"{name}\" {{\n  source = \"./app\"\n  role = \"{role}\"\n  own = [\"{list}\"]\n}}\n")
    };
    let stays = [("app/main.tf", module.as_str())];
    let both = |one: &str, two: &str| call("a", "web", one) + &call("b", "admin", two);
    assert_eq!(told(&stays, "main.tf", &both("s3:GetObject", "*"), &both("*", "s3:GetObject")).len(), 1);
    let three = |list: &str| both("*", "s3:GetObject") + &call("c", "x", list);
    assert_eq!(told(&stays, "main.tf", &three("s3:GetObject"), &three("*")).len(), 1);
    // In another order they are the same.
    let turned = call("b", "admin", "*") + &call("a", "web", "s3:GetObject");
    assert!(told(&stays, "main.tf", &both("s3:GetObject", "*"), &turned).is_empty());
    let attached = "resource \"aws_iam_role_policy_attachment\" \"a\" {\n  role = \"app\"\n  policy_arn = \"arn:aws:iam::aws:policy/AdministratorAccess\"\n}\n";
    let (one, two) = (call("a", "x", "y"), both("y", "y"));
    assert!(told(&[("app/main.tf", attached)], "main.tf", &two, &one).is_empty(), "one call less");
    assert_eq!(told(&[("app/main.tf", attached)], "main.tf", &one, &two).len(), 1, "one call more");
}

#[test]
fn callers_in_other_folders_are_others() {
    let module = allowing("var.own", "\"*\"");
    let call = |list: &str, count: u8| {
        format!("module \"app\" {{\n  source = \"../app\"\n  count = {count}\n  own = [\"{list}\"]\n}}\n")
    };
    let changed = |base: [String; 2], head: [String; 2]| {
        let of = |calls: &[String; 2]| {
            let files = [
                ("app/main.tf", module.clone()),
                ("dev/main.tf", calls[0].clone()),
                ("prod/main.tf", calls[1].clone()),
            ];
            Repository::of(files.map(|(path, text)| (PathBuf::from(path), text)))
        };
        let (base, head) = (of(&base), of(&head));
        let (policy, mutes) = (Policy::default(), Mutes::default());
        let input = Input {
            catalog: Catalog::embedded().unwrap(),
            base: &base,
            head: &head,
            policy: &policy,
            usage: None,
            owner: &|_| None,
            mutes: &mutes,
            today: TODAY,
        };
        check(&input).len()
    };
    let (get, all) = ("s3:GetObject", "*");
    assert_eq!(changed([call(all, 1), call(get, 1)], [call(get, 1), call(all, 1)]), 1);
    assert_eq!(changed([call(all, 0), call(get, 1)], [call(all, 1), call(get, 0)]), 1);
    assert_eq!(changed([call(all, 1), call(get, 1)], [call(all, 1), call(get, 1)]), 0);
}
