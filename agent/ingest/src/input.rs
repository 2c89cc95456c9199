//! What the user named, as single sources.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use remit_ledger::{Address, LedgerError};
use walkdir::WalkDir;

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// An object-store prefix or object.
    Store(Address),
    /// A file of a folder whose name says that it is something else.
    Other,
    /// A folder of which every log is named.
    Folder(PathBuf),
}

/// Why something that was named gives no source.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is there, or may be, and cannot be read: what it holds is lost.
    Unread(io::Error),
    /// There is nothing to read.
    Nothing(String),
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unread(error) => write!(formatter, "cannot be read: {error}"),
            Self::Nothing(message) => formatter.write_str(message),
        }
    }
}

/// Names of files in a folder that may be logs end in one of these, or have no ending.
const ENDINGS: [&str; 8] = ["json", "jsonl", "ndjson", "log", "gz", "zst", "zstd", "gzip"];

/// Hands every source to `use_input` and every problem to `problem`, in the order of the names. `use_input` answers
/// whether to go on.
pub(crate) fn expand(
    names: &[String],
    use_input: &mut impl FnMut(Input) -> bool,
    problem: &mut impl FnMut(&str, Problem),
) {
    for name in names {
        let go_on = if name == "-" {
            use_input(Input::Stdin)
        } else {
            match Address::parse(name) {
                Ok(Some(address)) => use_input(Input::Store(address)),
                Ok(None) => expand_path(name, use_input, problem),
                Err(error) => {
                    let message = match error {
                        LedgerError::Address { reason, .. } => format!("cannot be used: {reason}"),
                        other => other.to_string(),
                    };
                    problem(name, Problem::Nothing(message));
                    true
                }
            }
        };
        if !go_on {
            return;
        }
    }
}

fn expand_path(
    name: &str,
    use_input: &mut impl FnMut(Input) -> bool,
    problem: &mut impl FnMut(&str, Problem),
) -> bool {
    let path = Path::new(name);
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            let (mut is_empty, mut is_read) = (true, true);
            let mut use_one = |input: Input| {
                is_empty &= !matches!(input, Input::File(_));
                use_input(input)
            };
            let mut tell = |name: &str, what: Problem| {
                is_read = false;
                problem(name, what);
            };
            let go_on = expand_folder(path, &|path| Some(may_be_log(path)), &mut use_one, &mut tell);
            if is_empty && is_read && go_on {
                let nothing = format!(
                    "holds nothing to read: no file that is named like a log, as `.{}` is",
                    ENDINGS.join("`, `.")
                );
                problem(name, Problem::Nothing(nothing));
            }
            go_on
        }
        Ok(_) => use_input(Input::File(path.to_owned())),
        Err(_) if has_wildcard(name) => expand_glob(name, use_input, problem),
        Err(error) => {
            problem(name, Problem::Unread(error));
            true
        }
    }
}

/// `wanted` answers whether a file is a log, or none when it was not asked for at all.
fn expand_folder(
    folder: &Path,
    wanted: &dyn Fn(&Path) -> Option<bool>,
    use_input: &mut impl FnMut(Input) -> bool,
    problem: &mut impl FnMut(&str, Problem),
) -> bool {
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let go_on = match wanted(entry.path()) {
                    Some(true) => use_input(Input::File(entry.into_path())),
                    Some(false) => use_input(Input::Other),
                    None => true,
                };
                if !go_on {
                    return false;
                }
            }
            Ok(entry) if entry.file_type().is_dir() => {
                if !use_input(Input::Folder(entry.into_path())) {
                    return false;
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_string_lossy().into_owned();
                let said = error.to_string();
                // A link to a folder around it leads to nothing that is not read anyway.
                let unread = error.into_io_error().map(Problem::Unread);
                problem(&path, unread.unwrap_or_else(|| Problem::Nothing(format!("cannot be read: {said}"))));
            }
        }
    }
    true
}

fn expand_glob(
    pattern: &str,
    use_input: &mut impl FnMut(Input) -> bool,
    problem: &mut impl FnMut(&str, Problem),
) -> bool {
    let glob = match GlobBuilder::new(pattern).literal_separator(true).build() {
        Ok(glob) => glob.compile_matcher(),
        Err(error) => {
            problem(pattern, Problem::Nothing(format!("is not a pattern: {}", error.kind())));
            return true;
        }
    };
    // The walk starts at the last folder that the pattern names without a wildcard.
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !has_wildcard(&part.as_os_str().to_string_lossy()))
        .collect();
    let start = if fixed.as_os_str().is_empty() { Path::new(".") } else { fixed.as_path() };
    let mut matches = 0_u64;
    // A walk from `.` names files `./a`, the pattern means `a`.
    // As in a shell, a pattern means hidden files only where it says so.
    let is_hidden =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let means_hidden = is_hidden(Path::new(pattern));
    // Folders with logs that the pattern leaves out are not read as a whole.
    let partly = RefCell::new(HashSet::new());
    let is_match = |path: &Path| {
        let is_meant = means_hidden || !is_hidden(path);
        let is_match = is_meant && glob.is_match(path.strip_prefix("./").unwrap_or(path));
        if !is_match && may_be_log(path) {
            let mut partly = partly.borrow_mut();
            for folder in path.ancestors().skip(1) {
                if !partly.insert(folder.to_path_buf()) {
                    break;
                }
            }
        }
        is_match.then_some(true)
    };
    let mut folders = Vec::new();
    let mut counting = |input: Input| match input {
        Input::Folder(path) => {
            folders.push(path);
            true
        }
        input => {
            matches += 1;
            use_input(input)
        }
    };
    let go_on = expand_folder(start, &is_match, &mut counting, problem);
    if matches == 0 {
        problem(pattern, Problem::Nothing("matches no file".to_owned()));
    }
    let partly = partly.into_inner();
    let mut whole = folders.into_iter().filter(|folder| !partly.contains(folder));
    go_on && whole.all(|folder| use_input(Input::Folder(folder)))
}

/// Whether a name is no file's or folder's, but a pattern of such.
pub(crate) fn is_pattern(name: &str) -> bool {
    has_wildcard(name) && matches!(Address::parse(name), Ok(None)) && Path::new(name).metadata().is_err()
}

fn has_wildcard(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

/// Whether a file's name allows it to be a log.
pub(crate) fn may_be_log(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return false };
    if name.starts_with('.') {
        return false;
    }
    match name.rsplit_once('.') {
        Some((_, ending)) => ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn expanded(names: &[String]) -> (Vec<String>, Vec<String>) {
        let (mut inputs, mut problems) = (Vec::new(), Vec::new());
        expand(
            names,
            &mut |input| {
                if !matches!(input, Input::Other | Input::Folder(_)) {
                    inputs.push(format!("{input:?}"));
                }
                true
            },
            &mut |name, message| problems.push(format!("{name}: {message}")),
        );
        (inputs, problems)
    }

    #[test]
    fn folders_globs_and_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        let root = folder.path().to_string_lossy().into_owned();
        let (inputs, problems) = expanded(std::slice::from_ref(&root));
        assert_eq!(inputs, [""; 0]);
        assert!(problems[0].contains("holds nothing to read"), "{problems:?}");
        for name in ["a/1.json.gz", "a/2.json", "a/readme.md", "a/.hidden.json", "b.log", "stream-2026-11-23"]
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let (inputs, problems) = expanded(std::slice::from_ref(&root));
        assert_eq!(inputs.len(), 4, "{inputs:?}");
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(expanded(&[format!("{root}/*/*.gz")]).0.len(), 1);
        assert_eq!(expanded(&[format!("{root}/**/*.json*")]).0.len(), 2);
        assert_eq!(expanded(&[format!("{root}/*.gz"), format!("{root}/none")]).1.len(), 2);
        let (inputs, problems) =
            expanded(&["-".to_owned(), "s3://bucket/prefix".to_owned(), "gs://bucket".to_owned()]);
        assert_eq!((inputs.len(), problems.len()), (2, 1), "{inputs:?} {problems:?}");
    }
}
