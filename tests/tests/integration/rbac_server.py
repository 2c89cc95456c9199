"""A stand-in for an API server that keeps roles and bindings, and speaks of them what kubectl asks for.

rbac_server.py OBJECTS: prints its port. OBJECTS is a file with the list of what there is to begin with, and `/everything` shows what
there is now. A patch is applied by `kubectl patch --local`, which does it as the API server does.
"""

import json
import subprocess
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import urlsplit

GROUP = "rbac.authorization.k8s.io"
KINDS = {
    "roles": ("Role", True),
    "rolebindings": ("RoleBinding", True),
    "clusterroles": ("ClusterRole", False),
    "clusterrolebindings": ("ClusterRoleBinding", False),
}
PATCHES = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
}


# Numbers and names of fields of messages (`rbac/v1/generated.proto`): text, a message, lists of these, and pairs.
TEXT = str
SUBJECT = {1: ("kind", TEXT), 2: ("apiGroup", TEXT), 3: ("name", TEXT), 4: ("namespace", TEXT)}
REFERENCE = {1: ("apiGroup", TEXT), 2: ("kind", TEXT), 3: ("name", TEXT)}
RULE = {number: (name, [TEXT]) for number, name in
        enumerate(["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"], 1)}
PAIRS = ({1: ("key", TEXT), 2: ("value", TEXT)},)
METADATA = {1: ("name", TEXT), 3: ("namespace", TEXT), 11: ("labels", PAIRS), 12: ("annotations", PAIRS)}
ROLE = {1: ("metadata", METADATA), 2: ("rules", [RULE])}
BINDING = {1: ("metadata", METADATA), 2: ("subjects", [SUBJECT]), 3: ("roleRef", REFERENCE)}
UNKNOWN = {1: ("type", {1: ("apiVersion", TEXT), 2: ("kind", TEXT)}), 2: ("raw", bytes)}


def number(raw, at):
    value = shift = 0
    while True:
        value |= (raw[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if raw[at - 1] < 0x80:
            return value, at


def message(raw, fields):
    """A message of Protocol Buffers whose fields all have a length, or are numbers, which are passed over."""
    told, at = {}, 0
    while at < len(raw):
        key, at = number(raw, at)
        length, at = number(raw, at)
        if key & 7 != 2:
            continue
        part, at = raw[at : at + length], at + length
        name, kind = fields.get(key >> 3, (None, None))
        if name is None:
            continue
        several = isinstance(kind, list)
        value = value_of(part, kind[0] if isinstance(kind, (list, tuple)) else kind)
        if several:
            told.setdefault(name, []).append(value)
        elif isinstance(kind, tuple):
            told.setdefault(name, {})[value.get("key", "")] = value.get("value", "")
        elif value:
            told[name] = value
    return told


def value_of(part, kind):
    if isinstance(kind, dict):
        return message(part, kind)
    return part.decode() if kind is TEXT else part


def sent(body):
    """An object that was sent, as JSON or as Protocol Buffers, which `kubectl auth reconcile` sends."""
    if not body.startswith(b"k8s\0"):
        return json.loads(body)
    unknown = message(body[4:], UNKNOWN)
    fields = BINDING if unknown["type"]["kind"].endswith("Binding") else ROLE
    return {**unknown["type"], **message(unknown["raw"], fields)}


def collection(object):
    """Where objects of its kind and namespace are."""
    resource = next(resource for resource, (kind, _) in KINDS.items() if kind == object["kind"])
    namespace = object["metadata"].get("namespace")
    return f"/apis/{GROUP}/v1/" + (f"namespaces/{namespace}/{resource}" if namespace else resource)


def defaulted(object):
    """What the API server adds where it is not said (`pkg/apis/rbac/v1/defaults.go`)."""
    for subject in object.get("subjects", []):
        if subject["kind"] in ["User", "Group"]:
            subject.setdefault("apiGroup", GROUP)
    return object


def status(code, reason, message):
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
                  "message": message}


def discovery(path):
    """What kubectl asks before it does anything, and that unknown fields are refused here and need no check there."""
    if path == "/version":
        return {"major": "1", "minor": "32", "gitVersion": "v1.32.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/api/v1":
        namespaces = {"name": "namespaces", "singularName": "namespace", "kind": "Namespace", "namespaced": False,
                      "verbs": ["get", "create"]}
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1", "resources": [namespaces]}
    if path.startswith("/api/v1/namespaces/"):
        return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": path.rsplit("/", 1)[1]}}
    version = {"groupVersion": f"{GROUP}/v1", "version": "v1"}
    if path == "/apis":
        group = {"name": GROUP, "versions": [version], "preferredVersion": version}
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]}
    if path == f"/apis/{GROUP}/v1":
        resources = [{"name": name, "singularName": kind.lower(), "kind": kind, "namespaced": namespaced,
                      "verbs": ["get", "list", "create", "update", "patch", "delete"]}
                     for name, (kind, namespaced) in KINDS.items()]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{GROUP}/v1", "resources": resources}
    if path == "/openapi/v3":
        return {"paths": {f"apis/{GROUP}/v1": {"serverRelativeURL": f"/openapi/v3/apis/{GROUP}/v1"}}}
    if path == f"/openapi/v3/apis/{GROUP}/v1":
        of = lambda kind: {"patch": {"x-kubernetes-group-version-kind": {"group": GROUP, "version": "v1", "kind": kind},
                                     "parameters": [{"name": "fieldValidation", "in": "query"}], "responses": {}}}
        paths = {f"/apis/{GROUP}/v1/{name}/{{name}}": of(kind) for name, (kind, _) in KINDS.items()}
        return {"openapi": "3.0.0", "info": {"title": "stand-in", "version": "1"}, "paths": paths}
    return None


def unknown(object):
    """Fields that these kinds do not have."""
    is_binding = object["kind"].endswith("Binding")
    known = {"apiVersion", "kind", "metadata"} | ({"roleRef", "subjects"} if is_binding else {"rules", "aggregationRule"})
    fields = sorted(set(object) - known)
    rule = {"apiGroups", "resources", "resourceNames", "nonResourceURLs", "verbs"}
    for rules in object.get("rules") or []:
        fields += sorted(set(rules) - rule)
    for subject in object.get("subjects", []):
        fields += sorted(set(subject) - {"apiGroup", "kind", "name", "namespace"})
    return fields


class Cluster:
    def __init__(self, objects):
        self.objects = {}
        self.lock = Lock()
        for object in objects:
            if object["apiVersion"].startswith(GROUP):
                self.objects[f"{collection(object)}/{object['metadata']['name']}"] = defaulted(object)

    def ask(self, method, path, body, content):
        told = discovery(path) if method == "GET" else None
        if told:
            return 200, told
        with self.lock:
            return self.change(method, path, body, content)

    def change(self, method, path, body, content):
        there = self.objects.get(path)
        if method == "GET" and path == "/everything":
            return 200, self.objects
        if method == "POST":
            object = defaulted(sent(body))
            path = f"{path}/{object['metadata']['name']}"
            if path in self.objects:
                return status(409, "AlreadyExists", f"{path} already exists")
            return self.keep(path, object, 201)
        if there is None:
            return status(404, "NotFound", f"{path} not found")
        if method == "DELETE":
            del self.objects[path]
            return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        if method == "PUT":
            return self.keep(path, defaulted(sent(body)), 200)
        if method == "PATCH":
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(there, file)
                file.flush()
                done = subprocess.run(
                    ["kubectl", "patch", "--local", "-o", "json", "-f", file.name, "--type", PATCHES[content],
                     "-p", body.decode()], capture_output=True, text=True)
            if done.returncode != 0:
                return status(422, "Invalid", f"the patch does not fit: {done.stderr.strip()}")
            return self.keep(path, defaulted(json.loads(done.stdout)), 200)
        return 200, there

    def keep(self, path, object, code):
        fields = unknown(object)
        if fields:
            return status(400, "BadRequest", f"unknown fields: {fields}")
        before = self.objects.get(path)
        if before and before.get("roleRef") != object.get("roleRef"):
            return status(422, "Invalid", "cannot change roleRef")
        self.objects[path] = object
        return code, object


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = (self.headers.get("Content-Type") or "").split(";")[0]
        code, told = cluster.ask(self.command, urlsplit(self.path).path, body, content)
        told = json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_):
        pass


with open(sys.argv[1]) as file:
    cluster = Cluster(json.load(file))
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
