"""Makes requests again and again over one connection, that differ in what the agent has no use for: port, path, a secret.

The process ends without a farewell to its connection. The truth is what the server was asked.
"""

import http.client
import os
import ssl
import sys
import time

connection = http.client.HTTPSConnection(
    "127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context(), timeout=20
)
made = 0


def get(path, **fields):
    global made
    made += 1
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    connection.request("GET", sys.argv[2] + path, headers={"X-Trace": f"{made:08}", **fields})
    connection.getresponse().read()


for _ in range(3):
    for path in ["/one", "/two"]:
        for _ in range(40):
            get(path)
# What differs in what the agent keeps is another request.
for index in range(30):
    get("/hosts", Host=f"remit-sums-{sys.argv[1]}-{index % 3}.example")
scope = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/eu-west-1/s3/aws4_request, SignedHeaders=host, "
for index in range(60):
    get(f"/signed-{sys.argv[1]}", Authorization=f"{scope}Signature=hunter2{index:08}", X_Amz_Date=f"20261128T{index:06}Z")
# So long that what was added up so far is told once more, and looked up.
time.sleep(2)
for _ in range(50):
    get("/last")
# Of the last, no event has anything of the head.
get("/last", Cookie=sys.argv[3])
time.sleep(1.5)
for _ in range(3):
    get("/last", Cookie=sys.argv[3])
os._exit(0)
