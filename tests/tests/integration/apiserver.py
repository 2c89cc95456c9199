"""A stand-in for an API server that serves lists over TLS.

apiserver.py CERTIFICATE KEY OBJECTS: prints its port, and then each request. OBJECTS maps an address to the items of its list,
or to a status that it answers instead, or to `{"items": [...], "after": ...}`: what comes of going on behind the first page is
the status `after`, or the first page again where that is `again`.
"""

import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

certificate, key, objects = sys.argv[1:]
with open(objects) as file:
    objects = json.load(file)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        print(self.command, self.path, self.headers.get("Authorization"), flush=True)
        found = objects.get(address.path, 404)
        if isinstance(found, int):
            return self.answer(found, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": found,
                                       "reason": "Because", "message": f"{address.path} is {found}"})
        start = int(query.get("continue", ["0"])[0])
        if isinstance(found, dict):
            found, after = found["items"], found["after"]
            if start and isinstance(after, int):
                return self.answer(after, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": after,
                                           "reason": "Expired", "message": "the provided continue parameter is too old"})
            start = 0
        end = start + min(int(query["limit"][0]), 2) if "limit" in query else len(found)
        more = {"continue": str(end)} if end < len(found) else {}
        self.answer(200, {"kind": "AnyList", "apiVersion": "any/v1", "metadata": more, "items": found[start:end]})

    def answer(self, code, body):
        body = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name):
        # Whatever else is asked is a method that changes something.
        if name.startswith("do_"):
            return self.refuse
        raise AttributeError(name)

    def refuse(self):
        print(self.command, self.path, None, flush=True)
        self.answer(405, {"kind": "Status", "code": 405, "status": "Failure", "message": "no", "reason": "no"})

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
