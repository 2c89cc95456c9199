//! Who owns a path: `CODEOWNERS` as GitHub and GitLab read it, each by the rules of its documentation.

use globset::{GlobBuilder, GlobMatcher};

/// Whose rules a file follows.
///
/// GitHub: "About code owners". GitLab: "Code Owners syntax and error handling".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The last pattern that matches decides, and a line without owners takes them away.
    GitHub,
    /// The last pattern of each section decides; sections have default owners, and `!` excludes a path from its section.
    GitLab,
}

impl Dialect {
    /// Where the file may be, the first that is there being the one that counts.
    pub fn places(self) -> [&'static str; 3] {
        match self {
            Self::GitHub => [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"],
            Self::GitLab => ["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"],
        }
    }
}

/// The rules of a file.
#[derive(Clone, Debug)]
pub struct CodeOwners {
    sections: Vec<Section>,
}

#[derive(Clone, Debug, Default)]
struct Section {
    name: String,
    owners: Vec<String>,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    owners: Vec<String>,
    is_exclusion: bool,
}

/// What a pattern matches: the path itself, or a folder that it lies in.
#[derive(Clone, Debug)]
struct Pattern {
    itself: Option<GlobMatcher>,
    within: Option<GlobMatcher>,
}

/// Bytes of a file that are read: GitHub does not load a larger one.
const LARGEST: usize = 3_000_000;

impl CodeOwners {
    /// Reads a file. A line that is no rule is passed over, as the forges do.
    pub fn parse(text: &str, dialect: Dialect) -> Self {
        let mut sections = vec![Section::default()];
        if text.len() > LARGEST {
            return Self { sections };
        }
        let mut at = 0;
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if dialect == Dialect::GitLab
                && let Some(section) = heading(line)
            {
                // Sections of one name are one section, whatever their case, and their rules join.
                let known = sections.iter().position(|known| known.name.eq_ignore_ascii_case(&section.name));
                at = known.unwrap_or(sections.len());
                match sections.get_mut(at) {
                    Some(known) if !section.owners.is_empty() => known.owners = section.owners,
                    Some(_) => {}
                    None => sections.push(section),
                }
                continue;
            }
            let Some(section) = sections.get_mut(at) else { continue };
            section.rules.extend(rule(line, dialect, &section.owners));
        }
        Self { sections }
    }

    /// Owners of a path, relative to the repository, in the order in which the file names them.
    pub fn of(&self, path: &str) -> Vec<&str> {
        let mut owners: Vec<&str> = Vec::new();
        for section in &self.sections {
            let matching = section.rules.iter().filter(|rule| rule.pattern.matches(path));
            let mut decisive = None;
            for rule in matching {
                // A path that is excluded cannot be included again in the same section.
                if rule.is_exclusion {
                    decisive = None;
                    break;
                }
                decisive = Some(rule);
            }
            for owner in decisive.into_iter().flat_map(|rule| &rule.owners) {
                if !owners.contains(&owner.as_str()) {
                    owners.push(owner);
                }
            }
        }
        owners
    }
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        [&self.itself, &self.within].into_iter().flatten().any(|glob| glob.is_match(path))
    }
}

/// A section's heading: `[Name]`, `^[Name]` and `[Name][2]`, with default owners behind it.
fn heading(line: &str) -> Option<Section> {
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (name, rest) = rest.split_once(']')?;
    let rest = match rest.strip_prefix('[') {
        Some(approvals) => approvals.split_once(']')?.1,
        None => rest,
    };
    Some(Section { name: name.trim().to_owned(), owners: names(rest), rules: Vec::new() })
}

fn rule(line: &str, dialect: Dialect, default: &[String]) -> Option<Rule> {
    let (is_exclusion, line) = match (dialect, line.strip_prefix('!')) {
        (Dialect::GitLab, Some(rest)) => (true, rest),
        // GitHub documents that negation does not work.
        (Dialect::GitHub, Some(_)) => return None,
        (_, None) => (false, line),
    };
    let (pattern, rest) = first_word(line);
    let mut owners = names(rest);
    if owners.is_empty() {
        owners = default.to_vec();
    }
    Some(Rule { pattern: compile(&pattern, dialect)?, owners, is_exclusion })
}

/// The first word, in which a backslash makes a space part of it, and what comes behind.
fn first_word(line: &str) -> (String, &str) {
    let mut word = String::new();
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => word.extend(letters.next().map(|(_, escaped)| escaped)),
            letter if letter.is_whitespace() => {
                return (word, line.get(at..).unwrap_or_default());
            }
            letter => word.push(letter),
        }
    }
    (word, "")
}

/// Names of owners up to a comment: `@user`, `@organisation/team`, GitLab's `@@role` and addresses.
fn names(text: &str) -> Vec<String> {
    let words = text.split_whitespace().take_while(|word| !word.starts_with('#'));
    words.filter(|word| word.contains('@')).map(str::to_owned).collect()
}

fn compile(pattern: &str, dialect: Dialect) -> Option<Pattern> {
    // Ranges of characters mean nothing to either forge, and braces nothing but themselves.
    let mut escaped = String::new();
    for letter in pattern.chars() {
        if "[]{}".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    let is_folder = escaped.ends_with('/');
    let bare = escaped.trim_end_matches('/');
    // GitHub follows gitignore: a slash in the middle ties a pattern to the root. To GitLab only one in front does.
    let is_tied = bare.starts_with('/') || (dialect == Dialect::GitHub && bare.contains('/'));
    let bare = bare.trim_start_matches('/');
    let rooted = if is_tied || bare.starts_with("**/") { bare.to_owned() } else { format!("**/{bare}") };
    let glob = |text: &str| {
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
        glob.ok().map(|glob| glob.compile_matcher())
    };
    if bare.is_empty() {
        // The root and all in it.
        return is_folder.then(|| Pattern { itself: None, within: glob("**") });
    }
    // `docs/*` is of what lies directly in a folder, and not of what lies in its folders.
    let is_shallow = bare.ends_with("/*");
    let within = (!is_shallow).then(|| format!("{rooted}/**"));
    let itself = if is_folder { None } else { Some(glob(&rooted)?) };
    let within = within.map(|within| glob(&within));
    Some(Pattern { itself, within: within.flatten() })
}

#[cfg(test)]
mod tests;
