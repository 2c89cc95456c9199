"""moto behind TLS, which writes down what it was asked: certificate, key.

Prints its port first, then a line for each request: method, path and host. Asked for something `flaky` the first time,
it is too busy.
"""

import logging
import sys

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

# So that connections are kept, and `Expect: 100-continue` is answered.
WSGIRequestHandler.protocol_version = "HTTP/1.1"
logging.getLogger("werkzeug").setLevel(logging.ERROR)
moto = DomainDispatcherApplication(create_backend_app)
refused = set()


def application(environment, start):
    asked = f"{environment['REQUEST_METHOD']} {environment['RAW_URI'].split('?')[0]} {environment['HTTP_HOST']}"
    # One write, so that lines of threads do not mix.
    print(f"{asked}\n", end="", flush=True)
    if "flaky" in asked and asked not in refused:
        refused.add(asked)
        start("503 Slow Down", [("Content-Length", "0")])
        return []
    return moto(environment, start)


server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context=(sys.argv[1], sys.argv[2]))
print(server.server_port, flush=True)
server.serve_forever()
