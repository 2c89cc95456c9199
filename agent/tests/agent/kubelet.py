"""A stand-in for the kubelet: `/pods` over TLS, for whoever has the token.

Started with a certificate, its key, the token and the file of the answer; prints its port, and then what it is asked, and with what it answers.
"""

import http.server
import pathlib
import ssl
import sys

certificate, key, token, answer = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_allowed = self.path == "/pods" and self.headers.get("Authorization") == f"Bearer {token}"
        body = pathlib.Path(answer).read_bytes() if is_allowed else b"Unauthorized"
        status = 200 if is_allowed else 401
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
