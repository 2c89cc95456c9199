"""Writes a wide cluster: so many ServiceAccounts bound to so many Roles, and 60 days of what they do in its audit log.

Each account has two bindings, of a Role of its namespace and of a ClusterRole; a role has eight rules. An account makes
about twenty different requests, each in ten hours of the 60 days. The same for the same seed.
"""

import gzip
import json
import os
import random
import sys

folder, subjects, roles, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
DAYS = 60
NAMESPACES = 500
dice = random.Random(seed)
GROUPS = {
    "": ["pods", "services", "configmaps", "secrets", "events", "endpoints", "pods/log", "serviceaccounts"],
    "apps": ["deployments", "statefulsets", "daemonsets", "replicasets", "deployments/scale"],
    "batch": ["jobs", "cronjobs", "jobs/status"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "example.org": ["widgets", "widgets/status", "gadgets", "gizmos", "gizmos/status"],
}
VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]


def rule():
    group = dice.choice(list(GROUPS))
    resources = dice.sample(GROUPS[group], 2)
    return {"apiGroups": [group], "resources": resources, "verbs": dice.sample(VERBS, 3)}


def role(kind, name, namespace=None):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata,
        "rules": [rule() for _ in range(8)],
    }


def binding(namespace, role, subject, name):
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": role["kind"],
            "name": role["metadata"]["name"],
        },
        "subjects": [{"kind": "ServiceAccount", "name": subject, "namespace": namespace}],
    }


def path(group, resource, namespace, verb, name):
    resource, _, sub = resource.partition("/")
    root = f"/apis/{group}/v1" if group else "/api/v1"
    uri = f"{root}/namespaces/{namespace}/{resource}"
    if verb not in ("list", "watch", "create") or sub:
        uri += f"/{name}"
    uri += f"/{sub}" if sub else ""
    return uri + ("?watch=true" if verb == "watch" else "")


def event(account, namespace, used, day, hour, number):
    group, resource, verb, name = used
    own, _, sub = resource.partition("/")
    at = f"{day}T{hour:02}:{dice.randrange(60):02}:{dice.randrange(60):02}.{dice.randrange(10**6):06}Z"
    reference = {"resource": own, "namespace": namespace, "apiVersion": "v1"}
    if group:
        reference["apiGroup"] = group
    if sub:
        reference["subresource"] = sub
    if verb not in ("list", "watch", "create") or sub:
        reference["name"] = name
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"{dice.getrandbits(32):08x}-0000-4000-8000-{number:012x}",
        "stage": "ResponseComplete",
        "requestURI": path(group, resource, namespace, verb, name),
        "verb": verb,
        "user": {
            "username": f"system:serviceaccount:{namespace}:{account}",
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
        },
        "sourceIPs": ["10.0.0.1"],
        "objectRef": reference,
        "responseStatus": {"code": 201 if verb == "create" else 200},
        "requestReceivedTimestamp": at,
        "stageTimestamp": at,
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
    }


os.makedirs(f"{folder}/log", exist_ok=True)
cluster_roles = [role("ClusterRole", f"shared-{number}") for number in range(roles // 2)]
namespaced = [role("Role", f"own-{number}", f"team-{number % NAMESPACES}") for number in range(roles - roles // 2)]
objects = cluster_roles + namespaced
days = [[] for _ in range(DAYS)]
for number in range(subjects):
    namespace, account = f"team-{number % NAMESPACES}", f"app-{number}"
    own = namespaced[(number % NAMESPACES) + NAMESPACES * dice.randrange(len(namespaced) // NAMESPACES)]
    bound = [own, dice.choice(cluster_roles)]
    objects += [binding(namespace, one, account, f"{account}-{at}") for at, one in enumerate(bound)]
    granted = [
        (rule["apiGroups"][0], resource, verb)
        for one in bound
        for rule in one["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]
    for group, resource, verb in dice.sample(granted, min(20, len(granted))):
        used = (group, resource, verb, f"{account}-{dice.randrange(3)}")
        for _ in range(10):
            days[dice.randrange(DAYS)].append((account, namespace, used))
with open(f"{folder}/rbac.json", "w") as out:
    json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, out, separators=(",", ":"))
number = 0
for at, uses in enumerate(days):
    day = f"2026-{5 + at // 31:02}-{1 + at % 31:02}"
    uses = sorted(((dice.randrange(24), use) for use in uses), key=lambda pair: pair[0])
    with gzip.open(f"{folder}/log/audit-{at:02}.log.gz", "wt", compresslevel=1) as out:
        for hour, (account, namespace, used) in uses:
            out.write(json.dumps(event(account, namespace, used, day, hour, number), separators=(",", ":")) + "\n")
            number += 1
