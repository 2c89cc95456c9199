"""Writes HTTP/2 to a server that only reads: requests in one write, one with a long head, one behind bodies,
and one behind a frame that is cut.

The truth is printed: a line for each request.
"""

import socket
import ssl
import subprocess
import sys
import tempfile
import threading

HOST = b"remit-frames.example"


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def number(value, bits, first=0):
    """An integer of RFC 7541, section 5.1."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    rest, value = [], value - most
    while value >= 128:
        rest.append(value % 128 | 128)
        value //= 128
    return bytes([first | most, *rest, value])


def literal(name, value):
    """A field with its name and without Huffman's code, which is not remembered: section 6.2.2."""
    return b"\0" + number(len(name), 7) + name + number(len(value), 7) + value


def head(path, *fields):
    block = literal(b":method", b"GET") + literal(b":scheme", b"https") + literal(b":authority", HOST)
    return block + literal(b":path", path.encode()) + b"".join(literal(*field) for field in fields)


with tempfile.TemporaryDirectory() as folder:
    files = [f"{folder}/certificate.pem", f"{folder}/key.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-out", files[0], "-keyout", files[1]],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
ours, theirs = socket.socketpair()


def serve():
    connection = context.wrap_socket(theirs, server_side=True)
    while connection.recv(65536):
        pass


server = threading.Thread(target=serve)
server.start()
client = ssl._create_unverified_context().wrap_socket(ours)
client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
stream, paths = 1, []


def request(path, *fields):
    global stream
    paths.append(path)
    taken = frame(1, 0x5, stream, head(path, *fields))
    stream += 2
    return taken


many = b"".join(request(f"/remit-frames/many/{index}") for index in range(20))
client.sendall(many)
# The field is longer than a piece of what leaves the kernel, many times.
client.sendall(request("/remit-frames/long", (b"x-long", b"hunter2" * 1800)))
bodies = b"".join(frame(0, 0, 1, b"hunter2" * index) for index in range(150))
client.sendall(bodies + request("/remit-frames/behind"))
# What a frame carries is written by itself, and begins like a request.
carried = b"GET /remit-phantom HTTP/1.1\r\nHost: remit-frames.example\r\n\r\n"
client.sendall(frame(0, 0, 1, carried)[:9])
client.sendall(carried)
client.sendall(request("/remit-frames/carried"))
client.sendall(request("/remit-frames/last"))
# A write that ends within the header of a frame: what is behind it may be anything.
ping = frame(6, 0, 0, b"hunter2!")
client.sendall(ping + ping[:4])
client.sendall(ping[4:])
client.sendall(request("/remit-frames/again"))
client.close()
server.join()
print("\n".join(paths))
