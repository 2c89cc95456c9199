"""Posts bodies of JSON over one connection: port, path, bodies. Each body is a write of its own."""

import http.client
import ssl
import sys

connection = http.client.HTTPSConnection(
    "127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context(), timeout=20
)
for number, body in enumerate(sys.argv[3:]):
    connection.request("POST", f"{sys.argv[2]}/{number}", body.encode(), {"Content-Type": "application/json"})
    connection.getresponse().read()
