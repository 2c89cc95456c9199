"""Uploads a body of known length that is made of requests, in equal parts, and then asks for something: port, path."""

import http.client
import ssl
import sys

connection = http.client.HTTPSConnection(
    "127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context(), timeout=20
)
part = b"GET /remit-phantom/1 HTTP/1.1\r\nHost: remit-phantom.example\r\n\r\n" * 1024
for number in range(3):
    connection.putrequest("PUT", f"{sys.argv[2]}/{number}")
    connection.putheader("Content-Length", str(4 * len(part)))
    connection.endheaders()
    for _ in range(4):
        connection.send(part)
    connection.getresponse().read()
    connection.request("GET", f"{sys.argv[2]}/after/{number}")
    connection.getresponse().read()
connection.request("MERGE", f"{sys.argv[2]}/merged")
connection.getresponse().read()
