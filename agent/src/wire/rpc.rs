//! The method of a JSON-RPC request, out of the beginning of its text.
//!
//! The text may be cut off anywhere, so that a parser of whole documents would not do; what is not complete is not there.

use remit_abi::rpc::NAME;

use crate::head::Body;

/// Reads the method, and the tool's name where it is `tools/call`.
pub(super) fn read(text: &[u8]) -> Option<Body> {
    let mut found = Found::default();
    let mut cursor = Cursor { rest: text };
    cursor.object(&mut |key, cursor| found.member(key, cursor));
    let method = name(found.method?)?;
    // Any API may have a member `method`: it is JSON-RPC if it says so, or if it is a method of MCP (2025-06-18),
    // whose clients may say so only after arguments of any length.
    let is_rpc =
        found.is_rpc || method.split('/').next().is_some_and(|of| MCP.contains(&of)) && method.contains('/');
    let tool = if method == "tools/call" { found.tool.and_then(name) } else { None };
    (is_rpc && !found.is_ambiguous).then_some(Body::Rpc { method, tool })
}

/// The text that names what the kernel's programs found in a request's, which is never longer: nothing else of it is known.
/// None where they found nothing.
pub fn rpc_text(names: &[u8], has_version: bool) -> Option<String> {
    let (method, tool) = names.split_at_checked(NAME)?;
    let read = |bytes: &[u8]| name(bytes.split(|byte| *byte == 0).next().unwrap_or_default());
    let method = read(method)?;
    let version = if has_version { "\"jsonrpc\":\"2.0\"," } else { "" };
    let tool = read(tool).map(|tool| format!(",\"params\":{{\"name\":\"{tool}\"}}")).unwrap_or_default();
    Some(format!("{{{version}\"method\":\"{method}\"{tool}}}"))
}

/// What the methods of MCP begin with.
const MCP: &[&str] = &[
    "completion",
    "elicitation",
    "logging",
    "notifications",
    "prompts",
    "resources",
    "roots",
    "sampling",
    "tools",
];

#[derive(Default)]
struct Found<'a> {
    method: Option<&'a [u8]>,
    tool: Option<&'a [u8]>,
    is_rpc: bool,
    is_ambiguous: bool,
}

impl<'a> Found<'a> {
    fn member(&mut self, key: &'a [u8], cursor: &mut Cursor<'a>) -> Option<()> {
        match key {
            b"jsonrpc" => self.is_rpc = cursor.string()? == b"2.0",
            b"method" => {
                self.is_ambiguous |= self.method.is_some();
                self.method = Some(cursor.string()?);
            }
            b"params" if cursor.peek() == Some(b'{') => cursor.object(&mut |key, cursor| {
                if key != b"name" {
                    return cursor.skip();
                }
                self.is_ambiguous |= self.tool.is_some();
                self.tool = Some(cursor.string()?);
                Some(())
            })?,
            _ => cursor.skip()?,
        }
        Some(())
    }
}

/// A name without escapes, as methods and tools have.
fn name(raw: &[u8]) -> Option<String> {
    let is_name = (1..=128).contains(&raw.len())
        && raw.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-$:".contains(byte));
    is_name.then(|| String::from_utf8_lossy(raw).into_owned())
}

/// A place in JSON text. Every step ends with nothing where the text does.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        if self.peek()? != byte {
            return None;
        }
        self.rest = self.rest.get(1..)?;
        Some(())
    }

    /// The members of an object, each with its value still to be read.
    fn object(&mut self, member: &mut dyn FnMut(&'a [u8], &mut Self) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        loop {
            self.peek()?;
            let key = self.string()?;
            self.take(b':')?;
            self.peek()?;
            member(key, self)?;
            match self.peek()? {
                b',' => self.take(b',')?,
                _ => return self.take(b'}'),
            }
        }
    }

    /// The inside of a string, with its escapes as they are.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let mut escaped = false;
        let end = self.rest.iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        })?;
        let inside = self.rest.get(..end)?;
        self.rest = self.rest.get(end + 1..)?;
        Some(inside)
    }

    /// Passes over a value, without recursion: only the depth matters.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_u32;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.rest = self.rest.get(1..)?;
                    continue;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.rest = self.rest.get(1..)?;
                }
                b',' | b':' if depth > 0 => {
                    self.rest = self.rest.get(1..)?;
                    continue;
                }
                _ => {
                    let is_literal = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                    let length = self.rest.iter().take_while(|byte| is_literal(byte)).count();
                    if length == 0 {
                        return None;
                    }
                    self.rest = self.rest.get(length..)?;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<(String, Option<String>)> {
        match read(text.as_bytes())? {
            Body::Rpc { method, tool } => Some((method, tool)),
            Body::Action(_) => None,
        }
    }

    const CALL: &str = r#" {"method":"tools/call", "params":{"_meta":{"name":"no"},"name":"read_file",
        "arguments":{"path":"\"}secret","name":"hunter2","n":[1,-2.5e3,null,{}]}},"jsonrpc":"2.0","id":1}"#;

    #[test]
    fn a_call_names_its_tool() {
        assert_eq!(names(CALL), Some(("tools/call".to_owned(), Some("read_file".to_owned()))));
        assert_eq!(
            names(r#"{"jsonrpc":"2.0","id":1,"method":"eth_call"}"#),
            Some(("eth_call".to_owned(), None))
        );
    }

    #[test]
    fn what_the_kernel_found_names_the_same() {
        let found = |method: &str, tool: &str, has_version| {
            let mut event = [0; 2 * NAME];
            event.get_mut(..method.len()).unwrap().copy_from_slice(method.as_bytes());
            event.get_mut(NAME..NAME + tool.len()).unwrap().copy_from_slice(tool.as_bytes());
            rpc_text(&event, has_version)
        };
        let text = found("tools/call", "read_file", false).unwrap();
        assert_eq!(names(&text), Some(("tools/call".to_owned(), Some("read_file".to_owned()))));
        assert!(text.len() <= r#"{"method":"tools/call","params":{"name":"read_file"}}"#.len());
        let text = found("eth_call", "", true).unwrap();
        assert_eq!(names(&text), Some(("eth_call".to_owned(), None)));
        assert!(text.len() <= r#"{"jsonrpc":"2.0","method":"eth_call"}"#.len());
        assert_eq!((found("", "", true), found("a\"b", "", true)), (None, None));
        assert_eq!(found(&"a".repeat(NAME), "b\"", false).unwrap().len(), NAME + 13);
        assert_eq!(rpc_text(b"short", true), None);
    }

    #[test]
    fn what_is_cut_off_is_not_there() {
        for end in 0..CALL.len() {
            let names = names(CALL.get(..end).unwrap());
            assert!(
                names.is_none()
                    || names == Some(("tools/call".to_owned(), None))
                    || names == Some(("tools/call".to_owned(), Some("read_file".to_owned()))),
                "{names:?}"
            );
        }
    }

    #[test]
    fn other_json_names_nothing() {
        for text in [
            r#"{"method":"hunter2"}"#,
            r#"{"jsonrpc":"2.0","method":"hunter2 hunter2"}"#,
            r#"{"jsonrpc":"2.0","method":"a","method":"b"}"#,
            r#"{"a":{"jsonrpc":"2.0","method":"hunter2"}}"#,
            r#"[{"jsonrpc":"2.0","method":"a"}]"#,
            r#"{"jsonrpc":"2.0","params":}"#,
            "",
            "{",
        ] {
            assert_eq!(names(text), None, "{text}");
        }
        assert_eq!(read("[".repeat(100_000).as_bytes()), None);
        assert_eq!(read(format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes()), None);
    }
}
