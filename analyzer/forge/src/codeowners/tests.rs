//! Tests of owners: the statements of the two forges' documentation, as cases.

use super::*;

fn owners(text: &str, dialect: Dialect, path: &str) -> Vec<String> {
    CodeOwners::parse(text, dialect).of(path).into_iter().map(str::to_owned).collect()
}

/// A pattern, and paths that are and are not its.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

fn check(dialect: Dialect, cases: &[Case]) {
    for (pattern, owned, others) in cases {
        let text = format!("{pattern} @them\n");
        for path in *owned {
            assert_eq!(owners(&text, dialect, path), ["@them"], "{pattern} is of {path}");
        }
        for path in *others {
            assert!(owners(&text, dialect, path).is_empty(), "{pattern} is not of {path}");
        }
    }
}

#[test]
fn patterns_match_as_github_documents() {
    check(
        Dialect::GitHub,
        &[
            ("*", &["a", "a/b.tf", ".github/x"], &[]),
            ("*.tf", &["a.tf", "deep/er/b.tf"], &["a.tfvars", "tf"]),
            ("/build/logs/", &["build/logs/a", "build/logs/b/c"], &["x/build/logs/a", "build/logs"]),
            ("docs/*", &["docs/start.md"], &["docs/build/trouble.md", "x/docs/start.md"]),
            ("apps/", &["apps/a", "x/apps/b/c"], &["apps", "x/apps"]),
            ("/docs/", &["docs/a", "docs/b/c"], &["x/docs/a"]),
            ("/scripts", &["scripts", "scripts/a/b"], &["x/scripts"]),
            ("**/logs", &["build/logs/a", "deeply/nested/logs/b", "logs"], &["logs.txt"]),
            ("/apps/github", &["apps/github", "apps/github/a"], &["apps/a", "apps/githubs"]),
            ("iam/roles", &["iam/roles/a.tf"], &["x/iam/roles/a.tf"]),
            ("a/**/z", &["a/z", "a/b/c/z", "a/b/z/d"], &["x/a/z"]),
            (r"my\ folder/*", &["my folder/a"], &["my"]),
            ("[ab].tf", &["[ab].tf"], &["a.tf"]),
            ("{a,b}.tf", &["{a,b}.tf"], &["a.tf"]),
        ],
    );
}

#[test]
fn patterns_match_as_gitlab_documents() {
    check(
        Dialect::GitLab,
        &[
            ("*", &["a", "a/b.tf"], &[]),
            ("/README.md", &["README.md"], &["x/README.md"]),
            ("README.md", &["README.md", "x/y/README.md"], &[]),
            ("internal/README.md", &["internal/README.md", "x/internal/README.md"], &["README.md"]),
            ("/docs/", &["docs/a", "docs/b/c"], &["x/docs/a"]),
            ("/docs/*", &["docs/a"], &["docs/b/c"]),
            ("/docs/*.md", &["docs/a.md"], &["docs/b/c.md"]),
            ("/docs/**/index.md", &["docs/index.md", "docs/a/b/index.md"], &["x/docs/index.md"]),
        ],
    );
}

#[test]
fn the_last_match_decides_and_may_name_nobody() {
    let text = "* @all # everything\n*.tf @ops a@b.example\n/open/\n!*.tf @never\n";
    let of = |path| owners(text, Dialect::GitHub, path);
    assert_eq!(of("x.md"), ["@all"]);
    assert_eq!(of("x.tf"), ["@ops", "a@b.example"]);
    assert!(of("open/x.tf").is_empty());
}

#[test]
fn sections_of_gitlab_add_up() {
    let text = "* @all\n[Database] @dba @dba2\nmodel/\n/own/ @mine\n^[Docs][2]\n*.md @writer\n[DATABASE]\nmore/\n!model/skip\n";
    let of = |path| owners(text, Dialect::GitLab, path);
    assert_eq!(of("x"), ["@all"]);
    assert_eq!(of("model/x.md"), ["@all", "@dba", "@dba2", "@writer"]);
    assert_eq!(of("own/x"), ["@all", "@mine"]);
    assert_eq!(of("more/x"), ["@all", "@dba", "@dba2"]);
    assert_eq!(of("model/skip"), ["@all"]);
}

#[test]
fn odd_files_do_no_harm() {
    for text in
        ["[", "^[x", "[a][", "/", "//", "\\", "a\\", "**", "***", "[x] @a\n**/**/** @b", "\u{feff}* @a"]
    {
        for dialect in [Dialect::GitHub, Dialect::GitLab] {
            let _ = owners(text, dialect, "a/b");
        }
    }
    let huge = "* @a\n".repeat(LARGEST / 5 + 1);
    assert!(owners(&huge, Dialect::GitHub, "a").is_empty());
}
