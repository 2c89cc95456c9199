// An HTTP/2 server that answers every request, and writes down what it was asked: certificate, key.
//
// Prints its port first, then a line for each request. What is asked for by gRPC is answered by it; what is below a
// folder `denied` is denied; and kubectl is told that there are config maps.

import { readFileSync } from "node:fs";
import http2 from "node:http2";

const JSON_OF = {
    "/api": { kind: "APIVersions", versions: ["v1"] },
    "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
    "/api/v1": {
        kind: "APIResourceList",
        groupVersion: "v1",
        resources: [{ name: "configmaps", singularName: "configmap", namespaced: true, kind: "ConfigMap", verbs: ["delete"] }],
    },
};
const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const server = http2.createSecureServer({ cert, key });
server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const path = headers[":path"].split("?")[0];
    process.stdout.write(`${headers[":method"]} ${path}\n`);
    stream.resume().on("end", () => {
        if (headers["content-type"] !== "application/grpc") {
            stream.respond({ ":status": path.includes("/denied") ? 403 : 200, "content-type": "application/json" });
            return stream.end(JSON.stringify(JSON_OF[path] ?? { kind: "Status", apiVersion: "v1", status: "Success" }));
        }
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        // An empty message.
        stream.end(Buffer.alloc(5));
    });
});
server.on("sessionError", () => {});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
