"""Calls SSL_write or SSL_write_ex of a connection that is not set up, so that little but the call is measured.

Prints nanoseconds a call for each line it reads: function, kind of what is written.
"""

import ctypes
import ctypes.util
import sys
import time

ssl = ctypes.PyDLL(ctypes.util.find_library("ssl"))
for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
    getattr(ssl, name).restype = ctypes.c_void_p
context = ssl.SSL_CTX_new(ctypes.c_void_p(ssl.TLS_client_method()))
connection = ctypes.c_void_p(ssl.SSL_new(ctypes.c_void_p(context)))
head = b"%s /remit-bench HTTP/1.1\r\nHost: s3.eu-west-1.amazonaws.com\r\n" + b"X-Amz-Date: 20261128T000000Z\r\n" * 8 + b"\r\n"
texts = {
    "body": b"\0" * 900,
    "head": head % b"GET",
    "post": head % b"POST" + b"b" * 500,
}
buffers = {name: (ctypes.create_string_buffer(text), len(text)) for name, text in texts.items()}
# So many that what they make fits the ring buffer without waking its reader.
CALLS = 450
print("ready", flush=True)
for line in sys.stdin:
    function, kind = line.split()
    buffer, length = buffers[kind]
    call = getattr(ssl, function)
    written = ctypes.c_size_t()
    arguments = [connection, buffer, ctypes.c_size_t(length), ctypes.byref(written)]
    if function == "SSL_write":
        arguments = [connection, buffer, ctypes.c_int(length)]
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        call(*arguments)
    print((time.perf_counter_ns() - start) / CALLS, flush=True)
