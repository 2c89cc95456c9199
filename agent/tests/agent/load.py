"""Writes requests into a TLS connection with itself, each to a host of its own: name, how many, how many a second or 0.

Prints a line when it is ready, begins when it is told, and prints how many seconds it took.
"""

import ssl
import subprocess
import sys
import tempfile
import time

name, calls, pace = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with tempfile.TemporaryDirectory() as folder:
    files = f"{folder}/certificate.pem", f"{folder}/key.pem"
    kind = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost".split()
    subprocess.run([*kind, "-out", files[0], "-keyout", files[1]], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
client = ssl._create_unverified_context().wrap_bio(back, there)
server = context.wrap_bio(there, back, server_side=True)
for side in [client, server] * 3:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        pass
print("ready", flush=True)
sys.stdin.readline()
start = time.perf_counter()
for number in range(calls):
    late = start + number / pace - time.perf_counter() if pace else 0
    if late > 0.001:
        time.sleep(late)
    client.write(
        f"GET /orders?token=hunter2 HTTP/1.1\r\nHost: k{number}.{name}.remit-load.example\r\n"
        "Accept-Encoding: identity\r\nUser-Agent: remit-load\r\nAuthorization: Bearer hunter2\r\nAccept: */*\r\n\r\n".encode()
    )
    there.read()
print(time.perf_counter() - start, flush=True)
