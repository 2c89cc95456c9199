"""Uploads by a client that writes again and again what its socket does not take at once, to a server that reads slowly:
certificate, key. Both are in this program. It prints the port when it is asked, and fails where nothing had to be written again.
"""

import ctypes
import select
import socket
import ssl
import sys
import threading

SIZE = 1 << 20
SMALL = 16384

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
listener.bind(("127.0.0.1", 0))
listener.listen()
refused = threading.Event()


def serve():
    connection = context.wrap_socket(listener.accept()[0], server_side=True)
    while head := connection.recv(SMALL):
        # Nothing more is read until the client could not write.
        refused.wait()
        refused.clear()
        left = SIZE - len(head.partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= len(connection.recv(min(left, SMALL)))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


threading.Thread(target=serve, daemon=True).start()
library = ctypes.CDLL("libssl.so.3")
for name in ["TLS_client_method", "SSL_CTX_new", "SSL_new"]:
    getattr(library, name).restype = ctypes.c_void_p
pointer = ctypes.c_void_p
client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
client.connect(listener.getsockname())
tls = pointer(library.SSL_new(pointer(library.SSL_CTX_new(pointer(library.TLS_client_method())))))
library.SSL_set_fd(tls, client.fileno())
assert library.SSL_connect(tls) == 1
client.setblocking(False)
WANT_READ, WANT_WRITE = 2, 3


def until_done(function, *arguments):
    tries = 1
    while (done := function(tls, *arguments)) <= 0:
        error = library.SSL_get_error(tls, done)
        assert error in (WANT_READ, WANT_WRITE), error
        if error == WANT_WRITE:
            refused.set()
        sides = [[client], []] if error == WANT_READ else [[], [client]]
        select.select(*sides, [])
        tries += 1
    return tries


tries = 0
port = listener.getsockname()[1]
# The same twice, since who was answered asks once more, and another.
for number in [1, 1, 2]:
    head = f"PUT /remit-retry/{number} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {SIZE}\r\n\r\n".encode()
    text = head + b"x" * SIZE
    tries += until_done(library.SSL_write, text, len(text))
    until_done(library.SSL_read, ctypes.create_string_buffer(1024), 1024)
print(port)
assert tries > 6, tries
