"""Writes a cluster's audit log in bulk, an event a line, in gzip'd files of 10,000 events: the same for the same seed."""

import gzip
import json
import os
import random
import sys

folder, events, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
PER_FILE = 10_000
dice = random.Random(seed)
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def word(length):
    return "".join(dice.choices(LETTERS, k=length))


def dump(value):
    return json.dumps(value, separators=(",", ":"))


NAMESPACES = [f"team-{number}" for number in range(40)]
NODES = [f"node-{number}" for number in range(150)]


def address():
    return f"10.0.{dice.randrange(64)}.{dice.randrange(1, 255)}"


def account(namespace, name):
    uid = f"{dice.getrandbits(32):08x}-7f4c-4f0e-9c50-{dice.getrandbits(48):012x}"
    user = {
        "username": f"system:serviceaccount:{namespace}:{name}",
        "uid": uid,
        "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
        "extra": {
            "authentication.kubernetes.io/credential-id": [f"JTI={uid}"],
            "authentication.kubernetes.io/node-name": [dice.choice(NODES)],
            "authentication.kubernetes.io/node-uid": [uid],
            "authentication.kubernetes.io/pod-name": [f"{name}-{word(9)}-{word(5)}"],
            "authentication.kubernetes.io/pod-uid": [uid],
        },
    }
    reason = (
        f'RBAC: allowed by ClusterRoleBinding "{name}" of ClusterRole "{name}" '
        f'to ServiceAccount "{name}/{namespace}"'
    )
    return dump(user), dump(reason), namespace, name, address()


# As many controllers as a cluster has add-ons, and a few replicas of each team's own.
CONTROLLERS = [account("kube-system", f"controller-{number}") for number in range(30)]
TEAMS = [account(namespace, f"app-{number}") for namespace in NAMESPACES for number in range(5)]
KUBELETS = [
    (
        dump({"username": f"system:node:{node}", "groups": ["system:nodes", "system:authenticated"]}),
        '""',
        "",
        node,
        address(),
    )
    for node in NODES
]


def call():
    """Verb, address, object, code and caller of one request."""
    kind = dice.randrange(100)
    team = dice.choice(TEAMS)
    _, _, namespace, name, _ = team
    if kind < 40:
        who = dice.choice(CONTROLLERS)
        uri = f"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/{who[3]}"
        return ("update" if kind < 25 else "get"), uri, ("leases", "kube-system", who[3], "coordination.k8s.io"), 200, who
    if kind < 55:
        who = dice.choice(KUBELETS)
        uri = f"/api/v1/nodes/{who[3]}/status?timeout=10s"
        return "patch", uri, ("nodes", "", who[3], ""), 200, who
    if kind < 63:
        version = dice.randrange(10**8)
        uri = (
            f"/api/v1/namespaces/{namespace}/configmaps?allowWatchBookmarks=true\\u0026resourceVersion={version}"
            f"\\u0026timeoutSeconds={dice.randrange(300, 600)}\\u0026watch=true"
        )
        return "watch", uri, ("configmaps", namespace, "", ""), 200, team
    if kind < 70:
        uri = f"/apis/apps/v1/namespaces/{namespace}/deployments?limit=500\\u0026resourceVersion=0"
        return "list", uri, ("deployments", namespace, "", "apps"), 200, team
    if kind < 85:
        uri = f"/api/v1/namespaces/{namespace}/secrets/{name}-{dice.randrange(20)}"
        return "get", uri, ("secrets", namespace, name, ""), dice.choice([200] * 9 + [404]), team
    if kind < 95:
        pod = f"{name}-{word(9)}-{word(5)}"
        uri = f"/api/v1/namespaces/{namespace}/pods/{pod}"
        return dice.choice(["get", "patch", "delete"]), uri, ("pods", namespace, pod, ""), 200, team
    if kind < 98:
        uri = f"/api/v1/namespaces/{namespace}/pods"
        return "create", uri, ("pods", namespace, f"{name}-{word(5)}", ""), 201, team
    return "get", f"/api/v1/namespaces/kube-system/secrets/{name}", ("secrets", "kube-system", name, ""), 403, team


def event(number):
    verb, uri, (resource, namespace, name, group), code, (user, reason, _, _, origin) = call()
    second, micro = number // 50, number * 20_000 % 1_000_000
    time = f"2026-11-{1 + second // 86400 % 28:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.{micro:06}Z"
    version = f',"apiGroup":"{group}"' if group else ""
    decision, reason = ("forbid", '""') if code == 403 else ("allow", reason)
    return (
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata",'
        f'"auditID":"{dice.getrandbits(32):08x}-{dice.getrandbits(16):04x}-4f0e-9c50-{dice.getrandbits(48):012x}",'
        f'"stage":"ResponseComplete","requestURI":"{uri}","verb":"{verb}","user":{user},'
        f'"sourceIPs":["{origin}"],'
        '"userAgent":"controller/v1.31.2 (linux/amd64) kubernetes/0123456789",'
        f'"objectRef":{{"resource":"{resource}","namespace":"{namespace}","name":"{name}"{version},"apiVersion":"v1"}},'
        f'"responseStatus":{{"metadata":{{}},"code":{code}}},"requestReceivedTimestamp":"{time}","stageTimestamp":"{time}",'
        f'"annotations":{{"authorization.k8s.io/decision":"{decision}","authorization.k8s.io/reason":{reason}}}}}\n'
    )


os.makedirs(folder)
for first in range(0, events, PER_FILE):
    text = "".join(event(number) for number in range(first, min(first + PER_FILE, events)))
    with gzip.GzipFile(f"{folder}/audit-{first:09}.json.gz", "wb", 6, mtime=0) as file:
        file.write(text.encode())
