//! Shells complete by the scripts that the programs print, and the manual's pages are such as readers of manuals take.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use remit_tests::program::{agent, ran, remit_path};
use remit_tests::skip;

/// Both programs, with the beginning of one of their verbs, the verb, and the beginning of an option with its value.
fn programs() -> [(PathBuf, &'static str, &'static str, &'static str, [&'static str; 3]); 2] {
    [
        (remit_path(), "remit", "fin", "findings", ["--tier", "stri", "strict"]),
        (agent(), "remit-agent", "ru", "run", ["--responses", "of", "off"]),
    ]
}

/// What a program prints.
fn printed(command: &mut Command) -> String {
    let ran = ran(command);
    assert_eq!(ran.code, Some(0), "{command:?} ended with {ran:#?}");
    ran.out
}

fn write_script(program: &Path, shell: &str, file: &Path) {
    fs::write(file, printed(Command::new(program).args(["completions", shell]))).unwrap();
}

/// Whether a program is installed; loudly so, where it is not.
fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        skip::loudly(&format!("`{program}` is not installed"), &format!("install `{program}`"));
    }
    is_there
}

#[test]
fn bash_completes_verbs_and_values() {
    if !has("bash") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let script = place.path().join("script");
    // What bash does for a word is what `complete -p` names for the command.
    let ask = r#"
        source "$1"; shift
        function_of=$(complete -p "$1"); function_of=${function_of##*-F }; function_of=${function_of%% *}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        "$function_of" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    for (program, name, begun, verb, [option, start, value]) in programs() {
        write_script(&program, "bash", &script);
        let completed = |words: &[&str]| {
            let mut bash = Command::new("bash");
            bash.args(["--norc", "-c", ask, "bash"]).arg(&script).arg(name).args(words);
            printed(&mut bash)
        };
        assert_eq!(completed(&[begun]), format!("{verb}\n"));
        assert!(completed(&[verb, "--"]).lines().any(|option| option == "--ledger"));
        assert_eq!(completed(&[verb, option, start]), format!("{value}\n"));
    }
}

#[test]
fn fish_completes_verbs_and_values() {
    if !has("fish") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let script = place.path().join("script");
    for (program, name, begun, verb, [option, start, value]) in programs() {
        write_script(&program, "fish", &script);
        let completed = |line: String| {
            let mut fish = Command::new("fish");
            // A home of its own, since fish writes there.
            fish.env("HOME", place.path()).args([
                "--no-config",
                "-c",
                "source $argv[1]; complete -C $argv[2]",
            ]);
            let printed = printed(fish.arg(&script).arg(line));
            let words = printed.lines().map(|line| line.split('\t').next().unwrap().to_owned());
            words.collect::<Vec<_>>()
        };
        assert_eq!(completed(format!("{name} {begun}")), [verb]);
        assert!(completed(format!("{name} {verb} --")).contains(&"--ledger".to_owned()));
        assert_eq!(completed(format!("{name} {verb} {option} {start}")), [value]);
    }
}

#[test]
fn zsh_completes_verbs_and_values() {
    if !has("zsh") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    // What the line became is printed by the key that completes it, so that nothing has to wait for it.
    let settings = "fpath=($ZDOTDIR $fpath); autoload -Uz compinit && compinit -u -D\n\
                    ask() { zle complete-word; print -r -- \"BECAME<$BUFFER>\"; exit }\n\
                    zle -N ask; bindkey '^I' ask\n";
    fs::write(place.path().join(".zshrc"), settings).unwrap();
    let ask = "zmodload zsh/zpty; zpty shell 'zsh -d -i'; zpty -w -n shell \"$1\"$'\\t'\n\
               zpty -r shell out '*BECAME<*>*'; print -r -- \"$out\"; zpty -d shell";
    for (program, name, begun, verb, [option, start, value]) in programs() {
        write_script(&program, "zsh", &place.path().join(format!("_{name}")));
        let completed = |line: String| {
            let mut zsh = Command::new("zsh");
            zsh.env("ZDOTDIR", place.path()).env("TERM", "dumb").args(["-f", "-c", ask, "zsh"]).arg(line);
            let printed = printed(&mut zsh);
            let became = printed.rsplit_once("BECAME<").and_then(|(_, rest)| rest.split_once('>'));
            became.unwrap().0.trim_end_matches([' ', '=']).to_owned()
        };
        assert_eq!(completed(format!("{name} {begun}")), format!("{name} {verb}"));
        assert_eq!(completed(format!("{name} {verb} --led")), format!("{name} {verb} --ledger"));
        let begun = format!("{name} {verb} {option}");
        assert_eq!(completed(format!("{begun} {start}")), format!("{begun} {value}"));
    }
}

#[test]
fn each_verb_has_a_page_that_a_reader_of_manuals_takes() {
    let place = tempfile::tempdir().unwrap();
    for (program, name, _, verb, _) in programs() {
        let pages = place.path().join("man/man1").join(name);
        printed(Command::new(&program).args(["man", "--out"]).arg(&pages));
        let help = printed(Command::new(&program).arg("--help"));
        let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let verbs = verbs.take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  "));
        let verbs: Vec<&str> = verbs
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|verb| *verb != "help")
            .collect();
        assert!(verbs.contains(&verb), "{help}");
        for verb in &verbs {
            let page = fs::read_to_string(pages.join(format!("{name}-{verb}.1"))).unwrap();
            assert!(page.contains(".SH SYNOPSIS") && page.contains(".SH OPTIONS"), "{page}");
        }
        if has("mandoc") {
            let page = pages.join(format!("{name}-{verb}.1"));
            let shown = printed(Command::new("mandoc").args(["-T", "utf8"]).arg(page));
            assert!(shown.contains("Manual") && shown.contains(verb), "{shown}");
        }
    }
}
