"""moto behind TLS, which writes down what it was asked: certificate, key.

Prints its port first, then a line for each request: method, path, host and status of the answer. Asked for something `flaky` the first time,
it is too busy. moto's own server closes each connection after one request, which no provider does, so this is another.
"""

import sys

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from moto.server import DomainDispatcherApplication, create_backend_app

moto = DomainDispatcherApplication(create_backend_app)
refused = set()


def application(environment, start):
    asked = f"{environment['REQUEST_METHOD']} {environment['REQUEST_URI'].split('?')[0]} {environment['HTTP_HOST']}"

    def answer(status, *rest):
        # One write, so that lines of threads do not mix.
        print(f"{asked} {status[:3]}\n", end="", flush=True)
        return start(status, *rest)

    # These are not in the standard, and moto needs them.
    environment["RAW_URI"] = environment["REQUEST_URI"]
    environment["wsgi.input_terminated"] = environment.get("HTTP_TRANSFER_ENCODING") == "chunked"
    if "flaky" in asked and asked not in refused:
        refused.add(asked)
        answer("503 Slow Down", [("Content-Length", "0")])
        return []
    return moto(environment, answer)


server = Server(("127.0.0.1", 0), application, numthreads=20)
server.ssl_adapter = BuiltinSSLAdapter(sys.argv[1], sys.argv[2])
server.prepare()
print(server.bind_addr[1], flush=True)
server.serve()
