"""Makes equal requests, of which some are answered otherwise than those before: port, path.

The last is not answered when the process ends, without a farewell.
"""

import http.client
import os
import ssl
import sys
import time


def connect():
    context = ssl._create_unverified_context()
    return http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=context, timeout=20)


def get(connection, path, times):
    for _ in range(times):
        connection.request("GET", sys.argv[2] + path)
        connection.getresponse().read()


get(connect(), "/same", 100)
get(connect(), "/fifth/", 100)
get(connect(), "/denied/", 10)
# Two requests in one connection before the first is answered.
ahead = connect()
ahead.connect()
request = f"GET {sys.argv[2]}/ahead HTTP/1.1\r\nHost: 127.0.0.1:{sys.argv[1]}\r\n\r\n".encode()
for _ in range(2):
    ahead.sock.sendall(request)
received = b""
while received.count(b"{}") < 2:
    received += ahead.sock.recv(4096)
slow = connect()
get(slow, "/slow/", 1)
slow.request("GET", sys.argv[2] + "/slow/")
time.sleep(0.5)
os._exit(0)
