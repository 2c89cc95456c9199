"""Makes calls over one connection after the other, with a library that has OpenSSL's functions: its folder, which may be one of
Python's packages, then `wait`, or port, prefix of the paths, how many, and whether by the functions that end in `_ex`."""

import ctypes
import glob
import os
import socket
import sys
import time

folder, port, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
folders = {os.path.join(path, folder) for path in sys.path}


def load(name):
    (path,) = (path for folder in folders for path in glob.glob(f"{folder}/{name}*.so*"))
    return ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


load("libcrypto")
ssl = load("libssl")
if port == "wait":
    time.sleep(1)
    sys.exit()
prefix, calls, is_ex = rest[0], int(rest[1]), rest[2:] == ["ex"]
for function in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
    getattr(ssl, function).restype = ctypes.c_void_p
context = ctypes.c_void_p(ssl.SSL_CTX_new(ctypes.c_void_p(ssl.TLS_client_method())))
buffer = ctypes.create_string_buffer(16384)
count = ctypes.c_size_t()


def write(data):
    if is_ex:
        assert ssl.SSL_write_ex(connection, data, ctypes.c_size_t(len(data)), ctypes.byref(count)) == 1
    else:
        count.value = ssl.SSL_write(connection, data, len(data))
    assert count.value == len(data)


def read():
    if is_ex:
        assert ssl.SSL_read_ex(connection, buffer, ctypes.c_size_t(len(buffer)), ctypes.byref(count)) == 1
        return buffer.raw[: count.value]
    length = ssl.SSL_read(connection, buffer, len(buffer))
    assert length > 0
    return buffer.raw[:length]


for number in range(calls):
    if number % 10 == 0:
        plain = socket.create_connection(("127.0.0.1", int(port)))
        connection = ctypes.c_void_p(ssl.SSL_new(context))
        ssl.SSL_set_fd(connection, plain.fileno())
        assert ssl.SSL_connect(connection) == 1
    method, body = ("POST", b"a=b") if number % 2 else ("GET", b"")
    status, path = (403, f"{prefix}/denied/{number}") if number % 5 == 0 else (200, f"{prefix}/{number}")
    fields = f"Host: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
    write(f"{method} {path} HTTP/1.1\r\n{fields}\r\n".encode() + body)
    answer = b""
    while not answer.endswith(b"\r\n\r\n{}"):
        answer += read()
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    if number % 10 == 9:
        ssl.SSL_shutdown(connection)
        ssl.SSL_free(connection)
        plain.close()
