//! Methods of JSON-RPC requests, and nothing else of their bodies.

use std::process::Command;

use crate::server::{Server, script, succeed};
use crate::trace::Trace;

/// What an MCP client says, as the SDKs for Python and TypeScript write it, and as a person may.
const CALLS: [(&str, &str); 6] = [
    (
        r#"{"method":"tools/call","params":{"name":"read_file","arguments":{"key":"hunter2"}},"jsonrpc":"2.0","id":1}"#,
        " mcp: 127.0.0.1 tools/call read_file",
    ),
    (
        r#"{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"_meta": {"name": "hunter2"}, "name": "write"}}"#,
        " mcp: 127.0.0.1 tools/call write",
    ),
    (r#"{"method":"tools/list","jsonrpc":"2.0","id":3,"secret":"hunter2"}"#, " mcp: 127.0.0.1 tools/list"),
    (r#"{"jsonrpc":"2.0","method":"eth_call","params":["hunter2"],"id":4}"#, " http: 127.0.0.1 POST "),
    (r#"{"method":"hunter2","params":{"name":"hunter2"}}"#, " http: 127.0.0.1 POST "),
    (r#"{"jsonrpc":"1.0","method":"tools/call/hunter2"}"#, " http: 127.0.0.1 POST "),
];

#[test]
fn methods_and_tools_are_named_and_bodies_stay_in_the_kernel() {
    let server = Server::start();
    let Some(mut trace) = Trace::start() else { return };
    assert!(trace.says("libssl"));
    // In one write with the head, and in one of its own.
    for (number, (body, _)) in CALLS.iter().enumerate() {
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--http1.1", "-H", "Content-Type: application/json", "-d", body]);
        succeed(curl.arg(server.address(&format!("/remit-rpc/curl/{number}"))));
    }
    let mut python = Command::new("python3");
    python.arg(script("posts.py")).arg(server.port.to_string()).arg("/remit-rpc/python");
    succeed(python.args(CALLS.map(|(body, _)| body)));
    let seen = trace.stop();
    assert_eq!(seen.count("pieces"), seen.count("pieces read"), "{}", seen.summary);
    for client in ["curl", "python"] {
        for (number, (body, named)) in CALLS.iter().enumerate() {
            let named = named.replace("127.0.0.1", &format!("127.0.0.1:{}", server.port));
            let path = format!("POST /remit-rpc/{client}/{number} ");
            let lines: Vec<&String> = seen.lines.iter().filter(|line| line.contains(&path)).collect();
            assert_eq!(lines.len(), 1, "{path}: {}", seen.summary);
            assert!(lines[0].contains(&named), "{body}: {}", lines[0]);
            assert_eq!(lines[0].contains("eth_call"), body.contains("eth_call"), "{}", lines[0]);
        }
    }
    assert!(!seen.printed.contains("hunter2"));
}
