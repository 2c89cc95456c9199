"""A TLS server that answers every request, and writes down what it was asked: the truth that tests compare with.

Started with a certificate and its key; prints its port first, then a line for each request. The path says what is answered:
`/denied/` 403, and `/fifth/` so at each fifth request of a connection, `/failed/` 500, `/long/` a long head, `/slow/` after five seconds.
"""

import http.server
import ssl
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        # One write, so that lines of threads do not mix.
        print(f"{self.command} {path}\n", end="", flush=True)
        if "/slow/" in path:
            time.sleep(5)
        self.requests = getattr(self, "requests", 0) + 1
        is_denied = "/denied/" in path or "/fifth/" in path and self.requests % 5 == 0
        self.send_response(403 if is_denied else 500 if "/failed/" in path else 200)
        if "/long/" in path:
            self.send_header("X-Long", "a" * 1500)
        self.send_header("Audit-Id", "remit-audit")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_LIST = do_MERGE = answer

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = Server(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
