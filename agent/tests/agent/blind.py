"""A client that encrypts by itself, as far as anyone can see: it sends a ClientHello and then noise as data.

It asks a server of names of its own, connects to a server of its own that answers with what it gets, and compares. Both
are at addresses that nothing else on the machine has. It prints the port of that server.
"""
import os, random, socket, struct, sys, threading

kind, name, place = sys.argv[1], sys.argv[2], sys.argv[3]
dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if kind == "dns":
    dns.bind((place, 53))
server = socket.create_server((place, 0), family=socket.AF_INET6 if ":" in place else socket.AF_INET)


def answer():
    question, asker = dns.recvfrom(512)
    body = question[12:]
    record = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(place)
    dns.sendto(question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + body + record, asker)


def echo():
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def extension(number, body):
    return struct.pack(">HH", number, len(body)) + body


def hello(names):
    # The key share of post-quantum cryptography, before the name, so that it does not lie in the first 1024 bytes.
    extensions = extension(51, os.urandom(1216)) + names + extension(21, bytes(64))
    body = b"\3\3" + os.urandom(32) + b"\x20" + os.urandom(32) + b"\0\2\x13\1\1\0"
    body += struct.pack(">H", len(extensions)) + extensions
    return b"\x16\3\1" + struct.pack(">H", len(body) + 4) + b"\1\0" + struct.pack(">H", len(body)) + body


threading.Thread(target=echo, daemon=True).start()

names = b""
if kind == "sni":
    names = extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name.encode())
if kind == "dns":
    threading.Thread(target=answer, daemon=True).start()
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    asker.sendto(os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1", (place, 53))
    asker.settimeout(30)
    assert asker.recv(512).endswith(socket.inet_aton(place))

with socket.create_connection(server.getsockname()[:2]) as client:
    client.settimeout(30)

    def send(data):
        client.sendall(data)
        got = b""
        while len(got) < len(data):
            got += client.recv(65536)
        assert got == data, "what was sent is not what came"

    send(hello(names))
    send(b"\x14\3\3\0\1\1")
    if kind != "silent":
        for length in (40, 300, 16000):
            send(b"\x17\3\3" + struct.pack(">H", length) + random.randbytes(length))
print(server.getsockname()[1])
