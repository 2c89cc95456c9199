use clap::{Arg, ArgAction, Command, value_parser};

use super::*;

/// A command line in small: what `remit` has, and no more than is told apart.
fn command() -> Command {
    let ledger = || Arg::new("ledger").long("ledger").default_value("remit-ledger");
    let findings = Command::new("findings")
        .arg(ledger())
        .arg(Arg::new("grants").long("grants").required(true).num_args(1..).action(ArgAction::Append))
        .arg(Arg::new("min_window").long("min-window").value_parser(crate::span::microseconds))
        .arg(Arg::new("tier").long("tier").value_parser(["strict", "standard"]))
        .arg(Arg::new("check").long("check").action(ArgAction::SetTrue));
    let one = Arg::new("grants").long("grants");
    let info = Command::new("info").arg(ledger()).arg(one);
    let pr = Command::new("pr")
        .arg(Arg::new("max_open").long("max-open").value_parser(value_parser!(u8)))
        .arg(Arg::new("label").long("label").action(ArgAction::Append));
    let verbose = Arg::new("verbose").long("verbose").global(true).action(ArgAction::SetTrue);
    Command::new("remit")
        .arg(verbose)
        .subcommand(findings)
        .subcommand(Command::new("ledger").subcommand(info))
        .subcommand(pr)
}

const TODAY: Date = jiff::civil::date(2026, 11, 28);

/// What a verb's options are, given a file and words.
fn parsed(text: &str, words: &[&str]) -> clap::ArgMatches {
    let file = File { name: "remit.toml", text };
    let (_, command) = apply(&file, command(), TODAY).unwrap();
    let mut matches = command.try_get_matches_from([&["remit"], words].concat()).unwrap();
    let mut below = matches.remove_subcommand();
    while let Some((_, of_verb)) = below {
        matches = of_verb;
        below = matches.remove_subcommand();
    }
    matches
}

fn texts(matches: &clap::ArgMatches, option: &str) -> Vec<String> {
    matches.get_many::<String>(option).into_iter().flatten().cloned().collect()
}

fn wrong(text: &str) -> String {
    apply(&File { name: "remit.toml", text }, command(), TODAY).unwrap_err().to_string()
}

#[test]
fn the_line_wins_over_the_verb_s_table_and_that_over_what_is_said_of_all() {
    let text = "ledger = 'all'\ngrants = ['a.json', 'b.json']\n[findings]\nledger = 'own'\n";
    assert_eq!(texts(&parsed(text, &["findings"]), "ledger"), ["own"]);
    assert_eq!(texts(&parsed(text, &["findings", "--ledger", "typed"]), "ledger"), ["typed"]);
    assert_eq!(texts(&parsed(text, &["ledger", "info"]), "ledger"), ["all"]);
    // What the file says need not be typed, and what is typed replaces it whole.
    assert_eq!(texts(&parsed(text, &["findings"]), "grants"), ["a.json", "b.json"]);
    assert_eq!(texts(&parsed(text, &["findings", "--grants", "c.json"]), "grants"), ["c.json"]);
    // One that takes but one value means another.
    assert!(texts(&parsed("grants = 'a'\n", &["ledger", "info"]), "grants").is_empty());
}

#[test]
fn each_kind_of_option_is_set() {
    let text = "grants = 'a.json'\nmin_window = '30d'\n[findings]\ncheck = true\n[pr]\nmax_open = 5\nlabel = ['x']\n";
    let findings = parsed(text, &["findings"]);
    assert!(findings.get_flag("check"));
    assert_eq!(findings.get_one::<i64>("min_window"), Some(&(30 * 86_400_000_000)));
    let pr = parsed(text, &["pr"]);
    assert_eq!(pr.get_one::<u8>("max_open"), Some(&5));
    assert_eq!(texts(&pr, "label"), ["x"]);
    assert!(!parsed("grants = 'a'\n[findings]\ncheck = false\n", &["findings"]).get_flag("check"));
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_what_was_meant() {
    let cases = [
        (
            "ledger = 'a'\n\nmin-window = '3d'\n",
            "remit.toml:3: unknown key `min-window`\nhint: did you mean `min_window`?",
        ),
        ("grant = 'a'\n", "remit.toml:1: unknown key `grant`\nhint: did you mean `grants`?"),
        (
            "xyz = 1\n",
            "remit.toml:1: unknown key `xyz`\nhint: known are `grants`, `ledger`, `min_window`, `tier`",
        ),
        (
            "max_open = 3\n",
            "remit.toml:1: `max_open` is for one verb alone\nhint: put it below `[pr]` or another",
        ),
        (
            "[finding]\ncheck = true\n",
            "remit.toml:1: unknown table `finding`\nhint: did you mean `findings`?",
        ),
        ("[pr]\n\nlabels = ['x']\n", "remit.toml:3: unknown key `labels`\nhint: did you mean `label`?"),
        ("[pr]\nmax_open = '3 days'\n", "remit.toml:2: invalid digit found in string"),
        ("tier = ['strict']\n", "remit.toml:1: `tier` does not take a list\nhint: write `tier = \"...\"`"),
        (
            "tier = 'strickt'\n",
            "remit.toml:1: `strickt` is no value of `tier`\nhint: give one of `strict`, `standard`",
        ),
        (
            "grants = true\n",
            "remit.toml:1: `grants` does not take true or false\nhint: write `grants = [\"...\"]`",
        ),
        (
            "[findings]\ncheck = 'yes'\n",
            "remit.toml:2: `check` does not take a text\nhint: write `check = true`",
        ),
        (
            "min_window = 'soon'\n",
            "remit.toml:1: `soon` is not a length of time\nhint: write it like `90d`, `12h` or `0d`",
        ),
        ("[[mute]]\nidentity = '*'\nreson = 'x'\n", "remit.toml:3: unknown field `reson`"),
        ("[[mute]]\nidentity = '*'\n", "remit.toml:1: missing field `reason`"),
        (
            "\n[[mute]]\nreason = 'x'\n",
            "remit.toml:2: this mutes everything\nhint: say `identity`, `action` or `rule`",
        ),
        (
            "[[mute]]\nreason = 'x'\nrule = 'unusd'\n",
            "remit.toml:3: unknown rule `unusd`\nhint: did you mean `unused`?",
        ),
        (
            "[[mute]]\nreason = 'x'\nrule = 'unused'\nuntil = 'soon'\n",
            "remit.toml:4: `soon` is no date\nhint: write it as `2027-01-31`",
        ),
        ("[[mute]]\nreason = 'x'\naction = '[s3'\n", "remit.toml:3: `[s3` is no pattern: "),
        (
            "[mute]\nreason = 'x'\n",
            "remit.toml:1: `mute` is no list of tables\nhint: write `[[mute]]` above each",
        ),
        (
            "[[owner]]\nidentity = 'ci-*'\nowner = 3\n",
            "remit.toml:3: invalid type: integer `3`, expected a string",
        ),
        ("verbose = true\n", "remit.toml:1: unknown key `verbose`"),
    ];
    for (text, expected) in cases {
        let message = wrong(text);
        assert!(message.starts_with(expected), "{text}: {message}");
    }
    // What the parser says has its line too.
    assert!(wrong("ledger = 'a'\ntier = \n").starts_with("remit.toml:2: "));
    assert!(wrong("ledger = 'a'\nledger = 'b'\n").starts_with("remit.toml:2: "));
}

#[test]
fn the_file_is_the_one_that_is_named() {
    let named = |words: &[&str]| path(words.iter().map(std::ffi::OsString::from));
    assert_eq!(named(&["findings", "--config", "a.toml"]), Some("a.toml".into()));
    assert_eq!(named(&["--config=b.toml", "findings"]), Some("b.toml".into()));
    assert_eq!(named(&["findings", "--no-config"]), None);
    // The package's own folder has none.
    assert_eq!(named(&["findings", "--", "--config", "a.toml"]), None);
}

#[test]
fn the_schema_has_every_key_that_is_taken() {
    let schema = schema(&command());
    let keys =
        |at: &str| schema.pointer(at).unwrap().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut top = keys("/properties");
    top.sort();
    assert_eq!(
        top,
        ["findings", "grants", "ledger", "ledger-info", "min_window", "mute", "owner", "pr", "tier"]
    );
    // What the schema says of a table is what is read of it: all keys that are there, and those that have to be.
    for (table, all) in [
        ("mute", "identity = 'a'\naction = 'b'\nrule = 'unused'\nreason = 'c'\nuntil = 2027-01-31\n"),
        ("owner", "identity = 'a'\nowner = 'b'\n"),
    ] {
        let taken = |text: &str| {
            apply(&File { name: "remit.toml", text: &format!("[[{table}]]\n{text}") }, command(), TODAY)
                .is_ok()
        };
        assert!(taken(all));
        let mut named: Vec<_> = all.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        let required = &schema.pointer(&format!("/properties/{table}/items/required")).unwrap();
        for key in &named {
            let others =
                all.lines().filter(|line| !line.starts_with(key.as_str())).collect::<Vec<_>>().join("\n");
            let is_required = required.as_array().unwrap().iter().any(|one| one == key);
            assert_eq!(taken(&others), !is_required, "{table}: {key}");
        }
        let mut keys = keys(&format!("/properties/{table}/items/properties"));
        keys.sort();
        named.sort();
        assert_eq!(keys, named);
    }
    assert_eq!(keys("/properties/pr/properties"), ["label", "max_open"]);
    assert_eq!(schema.pointer("/properties/tier/enum").unwrap(), &serde_json::json!(["strict", "standard"]));
    assert_eq!(schema.pointer("/additionalProperties"), Some(&serde_json::Value::Bool(false)));
}
