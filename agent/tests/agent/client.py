"""Makes calls over one connection after the other: port, prefix of the paths, how many, and how many a connection."""

import http.client
import ssl
import sys

port, prefix, calls, share = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
context = ssl._create_unverified_context()
connection = None
for number in range(calls):
    if number % share == 0:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
    body = "Action=GetCallerIdentity&Secret=hunter2" if number % 2 else None
    # As clients of Vault do.
    method = "POST" if body else "LIST" if number % 10 == 4 else "GET"
    connection.request(method, f"{prefix}/{number}?token=hunter2", body, {"Authorization": "Bearer hunter2"})
    response = connection.getresponse()
    response.read()
    assert response.status == (403 if "/denied" in prefix else 500 if "/failed" in prefix else 200)
    if number % share == share - 1:
        connection.close()
