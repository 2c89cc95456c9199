"""Connects, says so, and waits for a line before it makes equal calls over that connection: port, path, how many, and seconds
between them."""

import http.client
import ssl
import sys
import time

connection = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context())
connection.connect()
print("connected", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    connection.request("GET", sys.argv[2])
    connection.getresponse().read()
    time.sleep(float(sys.argv[4]))
