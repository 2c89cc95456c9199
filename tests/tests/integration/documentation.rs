//! What the documents tell a reader to type exists.

use std::collections::BTreeSet;
use std::path::PathBuf;

use remit_policy::rbac::{Closure, PATHS};
use remit_tests::{data, program};

/// A command line in a document.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Typed {
    /// Words after `remit` that may be verbs: lower-case words before the first option or path.
    words: Vec<String>,
    /// Long options.
    options: Vec<String>,
}

#[test]
fn every_command_in_the_documents_exists() {
    let mut problems = Vec::new();
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for command in commands(&text) {
            if let Err(problem) = exists(&command) {
                problems.push(format!("{}: {problem}", path.display()));
            }
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_rule_and_path_of_roles_is_explained() {
    let text = std::fs::read_to_string(data::repository().join("docs/rbac.md")).unwrap();
    for closure in Closure::ALL {
        assert!(text.contains(&format!("| `{}` |", closure.as_str())), "{closure:?}");
    }
    for path in PATHS {
        let line = format!("| `{}` | {} | {} |", path.name, path.weight, path.leads_to);
        assert!(text.contains(&line), "{line}");
    }
}

#[test]
fn every_verb_is_in_the_readme() {
    let readme = std::fs::read_to_string(data::repository().join("README.md")).unwrap();
    let shown: BTreeSet<String> =
        commands(&readme).into_iter().filter_map(|typed| typed.words.into_iter().next()).collect();
    for verb in verbs(&help(&[])) {
        let named = shown.contains(&verb) || readme.contains(&format!("`{verb}`")) || verb == "help";
        assert!(named, "the README does not show `remit {verb}`");
    }
}

#[test]
fn commands_are_read_from_fences_and_spans() {
    let text = "type `remit ingest cloudtrail DIR --ledger L`, or\n```sh\ncargo run -- demo\nremit usage --since 2026-10-01\n```\n*remit* and `remit-demo/`\n";
    let typed = |words: &[&str], options: &[&str]| Typed {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    };
    let expected = [
        typed(&["demo"], &[]),
        typed(&["ingest", "cloudtrail"], &["--ledger"]),
        typed(&["usage"], &["--since"]),
    ];
    assert_eq!(commands(text), BTreeSet::from(expected));
}

/// The README and the user guide.
fn documents() -> Vec<PathBuf> {
    let root = data::repository();
    let guide = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        guide.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    found.push(root.join("README.md"));
    found.sort();
    found
}

/// The `remit` command lines in fenced code and in code spans.
fn commands(text: &str) -> BTreeSet<Typed> {
    let mut found = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.extend(command(line));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).filter_map(command));
        }
    }
    found
}

/// The command line in a piece of code, if it is one of ours.
fn command(code: &str) -> Option<Typed> {
    let code = code.trim().trim_start_matches("$ ");
    let rest = code
        .strip_prefix("remit ")
        .or_else(|| code.split_once("cargo run").and_then(|(_, rest)| Some(rest.split_once(" -- ")?.1)))?;
    let rest = rest.split(['|', '>', '#', '&']).next().unwrap_or(rest);
    let is_verb = |word: &&str| {
        word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !word.starts_with('-')
    };
    let options = rest.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
    let options =
        options.map(|word| word.trim_matches(['[', ']']).split('=').next().unwrap_or(word).to_owned());
    Some(Typed {
        words: rest.split_whitespace().take_while(is_verb).map(str::to_owned).collect(),
        options: options.collect(),
    })
}

/// Whether the program has the verb and its options.
fn exists(typed: &Typed) -> Result<(), String> {
    let mut path: Vec<&str> = Vec::new();
    let mut text = help(&path);
    for word in &typed.words {
        let verbs = verbs(&text);
        if verbs.is_empty() {
            break;
        }
        if !verbs.contains(word) {
            return Err(format!("`remit {} {word}` does not exist", path.join(" ")).replace("  ", " "));
        }
        path.push(word);
        text = help(&path);
    }
    let missing = typed
        .options
        .iter()
        .find(|option| !text.split([' ', ',', '\n', '=', '[', ']']).any(|word| word == *option));
    missing.map_or(Ok(()), |option| Err(format!("`remit {}` has no option `{option}`", path.join(" "))))
}

/// What the program says about itself or about a verb.
fn help(path: &[&str]) -> String {
    let output = program::command().args(path).arg("--help").output().unwrap();
    assert!(output.status.success(), "`remit {} --help` failed", path.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// The verbs that a help text lists.
fn verbs(help: &str) -> BTreeSet<String> {
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}
