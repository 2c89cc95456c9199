// Stands in for an API server of Kubernetes: certificate, key, file of the audit log.
//
// Prints its port first. It speaks HTTP/2 and HTTP/1.1, keeps objects in memory, and writes an event of audit.k8s.io/v1 for
// each stage of a request, as the server does at the level Metadata; each answer names its event in `Audit-Id`, but for those
// that change to another protocol, which the server leaves without. Whoever has a token is who the token says, and may do
// anything but with secrets. A config map named `remit-wrong` is wrong, and one named `remit-refused` is refused by admission.

import { createHash, randomUUID } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import http2 from "node:http2";

const [certificate, secret, log] = process.argv.slice(2);
const objects = new Map();

const resource = (name, kind, verbs = "create delete deletecollection get list patch update watch") =>
    ({ name, singularName: "", namespaced: true, kind, verbs: verbs.split(" ") });
const list = (groupVersion, resources) => ({ kind: "APIResourceList", apiVersion: "v1", groupVersion, resources });
const group = (name) => ({
    name, versions: [{ groupVersion: `${name}/v1`, version: "v1" }], preferredVersion: { groupVersion: `${name}/v1`, version: "v1" },
});
const FIXED = {
    "/api": { kind: "APIVersions", versions: ["v1"] },
    "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [group("apps"), group("coordination.k8s.io"), group("authorization.k8s.io")] },
    "/api/v1": list("v1", [
        resource("configmaps", "ConfigMap"), resource("secrets", "Secret"), resource("pods", "Pod"),
        resource("pods/exec", "PodExecOptions", "create get"), resource("pods/log", "Pod", "get"),
    ]),
    "/apis/apps/v1": list("apps/v1", [
        resource("deployments", "Deployment"), { ...resource("deployments/scale", "Scale", "get patch update"), group: "autoscaling", version: "v1" },
    ]),
    "/apis/coordination.k8s.io/v1": list("coordination.k8s.io/v1", [resource("leases", "Lease")]),
    "/apis/authorization.k8s.io/v1": list("authorization.k8s.io/v1", [
        { ...resource("selfsubjectaccessreviews", "SelfSubjectAccessReview", "create"), namespaced: false },
    ]),
    "/version": { major: "1", minor: "36", gitVersion: "v1.36.0", gitCommit: "", gitTreeState: "", buildDate: "", goVersion: "", compiler: "", platform: "" },
    "/healthz": "ok",
};

// What a request asks for, as far as the stand-in has it.
function read(method, url) {
    const parts = url.pathname.split("/").filter(Boolean);
    const core = parts[0] === "api";
    const rest = core ? parts.slice(2) : parts[0] === "apis" ? parts.slice(3) : [];
    if (rest.length === 0) {
        return { verb: method.toLowerCase() };
    }
    const [namespace, of] = rest[0] === "namespaces" && rest.length > 2 ? [rest[1], rest.slice(2)] : ["", rest];
    const [resource, path = "", subresource = ""] = of;
    // A list of the one that is named so is authorised by its name.
    const selected = method === "GET" && url.searchParams.get("fieldSelector")?.match(/^metadata\.name=([^,]+)$/)?.[1];
    const name = path || selected || "";
    const verbs = { POST: "create", GET: "get", PUT: "update", PATCH: "patch", DELETE: "delete" };
    let verb = verbs[method];
    if (path === "" && verb === "get") {
        verb = ["true", "1"].includes(url.searchParams.get("watch")) ? "watch" : "list";
    } else if (path === "" && verb === "delete") {
        verb = "deletecollection";
    }
    const [group, version] = core ? ["", parts[1]] : [parts[1], parts[2]];
    return { verb, group, version, namespace, resource, name, subresource };
}

// Whose token it is.
function whose(authorization) {
    const claims = JSON.parse(Buffer.from(authorization.split(".")[1], "base64url"));
    const namespace = claims.sub.split(":")[2];
    return {
        username: claims.sub,
        uid: claims["kubernetes.io"].serviceaccount.uid,
        groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
        extra: {
            "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`],
            "authentication.kubernetes.io/pod-name": [claims["kubernetes.io"].pod.name],
        },
    };
}

const failure = (code, reason, message) => ({ code, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code } });

// What is answered to a request that is allowed.
function answer(asked, url, body) {
    if (asked.resource === undefined) {
        const fixed = FIXED[url.pathname];
        return fixed ? { code: 200, body: fixed } : failure(404, "NotFound", "the server could not find the requested resource");
    }
    const { verb, group, version, namespace, resource, name, subresource } = asked;
    const apiVersion = group ? `${group}/${version}` : version;
    const kinds = [FIXED["/api/v1"], FIXED["/apis/apps/v1"], FIXED["/apis/coordination.k8s.io/v1"]].flatMap((list) => list.resources);
    const kind = kinds.find((one) => one.name === resource)?.kind ?? body.kind;
    const sent = body.metadata?.name;
    const key = (name) => [group, namespace, resource, name].join("/");
    const found = objects.get(key(name));
    const made = (name) => {
        const object = { ...body, apiVersion, kind, metadata: { ...body.metadata, name, namespace, uid: randomUUID(), resourceVersion: "1" } };
        objects.set(key(name), object);
        return object;
    };
    const missing = failure(404, "NotFound", `${resource} "${name}" not found`);
    if (subresource === "log") {
        return { code: 200, body: "a line\n" };
    }
    if (subresource === "scale") {
        return { code: 200, body: { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name, namespace }, spec: { replicas: 1 }, status: { replicas: 1 } } };
    }
    switch (verb) {
        case "create":
            if (resource.endsWith("reviews")) {
                return { code: 201, body: { ...body, status: { allowed: true } } };
            }
            if (sent === "remit-wrong") {
                return failure(422, "Invalid", `${resource} "${sent}" is invalid`);
            }
            if (sent === "remit-refused") {
                return failure(403, "Forbidden", `${resource} "${sent}" is forbidden: exceeded quota`);
            }
            return objects.has(key(sent))
                ? failure(409, "AlreadyExists", `${resource} "${sent}" already exists`)
                : { code: 201, body: made(sent) };
        case "get":
            return found ? { code: 200, body: found } : missing;
        case "list":
            const items = [...objects].filter(([at]) => at.startsWith(key("")) || (namespace === "" && at.includes(`/${resource}/`)));
            return { code: 200, body: { apiVersion, kind: `${kind}List`, metadata: { resourceVersion: "1" }, items: items.map(([, object]) => object) } };
        case "update":
        case "patch":
            if (found) {
                return { code: 200, body: found };
            }
            return body.kind ? { code: 201, body: made(name) } : missing;
        case "delete":
            return objects.delete(key(name)) ? { code: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" } } : missing;
        default:
            return { code: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" } };
    }
}

// The microsecond of now, as events have it.
const now = () => new Date().toISOString().replace("Z", "000Z");

// The log of one request: a function that writes the event of a stage.
function audited(method, url, headers, asked, user) {
    const auditID = randomUUID();
    const received = now();
    const another = headers["impersonate-user"];
    const impersonatedUser = another && { username: another, groups: ["system:authenticated"] };
    const isDenied = asked.resource === "secrets";
    const who = (impersonatedUser ?? user).username;
    const annotations = isDenied
        ? { "authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "" }
        : { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": `RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "all" to User "${who}"` };
    let objectRef;
    if (asked.resource !== undefined) {
        const { group: apiGroup, version: apiVersion, namespace, resource, name, subresource } = asked;
        objectRef = Object.fromEntries(Object.entries({ apiGroup, apiVersion, namespace, resource, name, subresource }).filter(([, text]) => text));
    }
    const write = (stage, code, message, made) => {
        const isReceived = stage === "RequestReceived";
        appendFileSync(log, JSON.stringify({
            kind: "Event", apiVersion: "audit.k8s.io/v1", level: "Metadata", auditID, stage, requestURI: url.pathname + url.search,
            verb: asked.verb, user, impersonatedUser: isReceived ? undefined : impersonatedUser, sourceIPs: ["127.0.0.1"],
            userAgent: headers["user-agent"], objectRef: made ? { ...objectRef, name: made } : objectRef,
            responseStatus: isReceived ? undefined : { metadata: {}, code, message },
            requestReceivedTimestamp: received, stageTimestamp: now(), annotations: isReceived ? undefined : annotations,
        }) + "\n");
    };
    write("RequestReceived");
    return { auditID, isDenied, write, who };
}

// Answers a request.
function serve(request, response) {
    const url = new URL(request.url, "https://localhost");
    const asked = read(request.method, url);
    const user = whose(request.headers.authorization);
    const { auditID, isDenied, write, who } = audited(request.method, url, request.headers, asked, user);
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece)).on("end", () => {
        let sent = {};
        const respond = ({ code, body }) => {
            const text = typeof body === "string" ? body : JSON.stringify(body);
            const type = typeof body === "string" ? "text/plain" : "application/json";
            // The server has what is created named in the event, which the address does not.
            write("ResponseComplete", code, code >= 400 ? body.message : undefined, asked.verb === "create" && sent.metadata?.name);
            response.writeHead(code, { "audit-id": auditID, "cache-control": "no-cache, private", "content-type": type, "content-length": Buffer.byteLength(text) });
            response.end(text);
        };
        if (url.pathname === "/livez") {
            // Whoever asks this waits until it is ended.
            return;
        }
        if (isDenied) {
            return respond(failure(403, "Forbidden", `${asked.resource} is forbidden: User "${who}" cannot ${asked.verb}`));
        }
        if (asked.verb === "watch") {
            write("ResponseStarted", 200);
            response.writeHead(200, { "audit-id": auditID, "content-type": "application/json" });
            for (const type of ["ADDED", "DELETED"]) {
                const object = { apiVersion: asked.version, kind: "ConfigMap", metadata: { name: "remit-watched", namespace: asked.namespace, resourceVersion: "2" } };
                response.write(JSON.stringify({ type, object }) + "\n");
            }
            // Of a controller's, the log is read while it is open.
            if (!url.searchParams.has("timeoutSeconds")) {
                write("ResponseComplete", 200);
            }
            return response.end();
        }
        try {
            sent = JSON.parse(Buffer.concat(pieces));
        } catch {
            // Only what is sent as JSON is looked at.
        }
        respond(answer(asked, url, sent));
    });
}

// Runs nothing in a pod, and says that it did so: by the fifth version of the protocol, over a websocket.
function upgrade(request, socket) {
    const url = new URL(request.url, "https://localhost");
    const asked = read(request.method, url);
    const { write } = audited(request.method, url, request.headers, asked, whose(request.headers.authorization));
    const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
    write("ResponseStarted", 101);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`);
    const status = Buffer.from('\x03{"metadata":{},"status":"Success"}');
    socket.write(Buffer.concat([Buffer.from([0x82, status.length]), status, Buffer.from([0x88, 2, 3, 0xe8])]));
    socket.on("error", () => {}).on("data", () => {}).on("end", () => socket.end());
    write("ResponseComplete", 101);
}

const [cert, key] = [certificate, secret].map((path) => readFileSync(path));
const server = http2.createSecureServer({ cert, key, allowHTTP1: true }, serve);
server.on("upgrade", upgrade);
server.on("sessionError", () => {}).on("clientError", (error, socket) => socket.destroy());
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
