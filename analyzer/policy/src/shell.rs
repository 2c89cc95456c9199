//! Commands for a shell, as a person copies them from Markdown. Names in them come from logs and may hold anything.

use crate::markdown::is_treacherous;

/// A word as a shell reads it back. Where it has characters that a terminal or a line obeys, it is written as POSIX has it
/// since 2024 (XCU 2.2.4, dollar-single-quotes), which bash, zsh and BusyBox have long read.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    // What begins with `=` is the path of a program to zsh.
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.contains(is_obeyed) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut quoted = String::from("$'");
    for c in word.chars() {
        match c {
            '\\' | '\'' => quoted.extend(['\\', c]),
            c if is_obeyed(c) => {
                let mut bytes = [0; 4];
                quoted.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\{byte:03o}")));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

fn is_obeyed(c: char) -> bool {
    c == '\n' || is_treacherous(c)
}

/// An option and its value: `--role-name app`. A value that begins as an option does has to be joined to its own.
pub fn option(name: &str, value: &str) -> String {
    let apart = if value.starts_with('-') { '=' } else { ' ' };
    format!("{name}{apart}{}", quote(value))
}

/// Lines of commands as a block of Markdown, which nothing in them ends.
pub fn block(lines: &str) -> String {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    format!("{fence}sh\n{}\n{fence}\n", lines.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What a shell takes a word for.
    fn read_back(shell: &str, word: &str) -> String {
        let script = format!("printf '%s' {}", quote(word));
        let output = Command::new(shell).args(["-c", &script]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for word in [
            "app",
            "",
            "a b",
            "it's",
            "$(id)",
            "`id`",
            "a\nb",
            "\u{1b}[31mred\\'",
            "a\u{202e}b\u{85}",
            "größer",
        ] {
            for shell in ["bash", "zsh"] {
                assert_eq!(read_back(shell, word), word, "{shell}");
            }
            assert!(!quote(word).contains(is_obeyed), "{word:?}");
        }
    }

    #[test]
    fn a_value_is_no_option() {
        assert_eq!(option("--role-name", "app"), "--role-name app");
        assert_eq!(option("--role-name", "-app"), "--role-name=-app");
    }

    #[test]
    fn a_block_ends_where_it_is_ended() {
        assert_eq!(block("a\nb\n"), "```sh\na\nb\n```\n");
        assert_eq!(block("a '````'"), "`````sh\na '````'\n`````\n");
    }
}
