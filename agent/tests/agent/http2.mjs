// Makes calls over one connection of HTTP/2, ten at once: address, prefix of the paths, how many. With `wait` it makes ten
// calls, prints a line and makes the others only when it is told to, by a line too.

import http2 from "node:http2";
import readline from "node:readline/promises";

const [address, prefix, calls, wait] = process.argv.slice(2);
const session = http2.connect(address, { rejectUnauthorized: false });

const call = (number) =>
    new Promise((done, fail) => {
        const method = number % 2 ? "POST" : "GET";
        const headers = { ":method": method, ":path": `${prefix}/${number}?token=hunter2`, authorization: "Bearer hunter2" };
        // Among the fields that a table keeps.
        headers[`x-kept-${number % 7}`] = "x".repeat(100 + (number % 7));
        const request = session.request(headers, { endStream: method === "GET" }).on("error", fail);
        request.on("response", (headers) => {
            if (headers[":status"] !== (prefix.includes("/denied") ? 403 : 200)) fail(headers[":status"]);
        });
        request.resume().on("close", done);
        if (method === "POST") request.end("GET /forged HTTP/1.1\r\nHost: localhost\r\n\r\n");
    });

for (let number = 0; number < Number(calls); number += 10) {
    if (wait && number === 10) {
        console.log("ready");
        await readline.createInterface({ input: process.stdin }).question("");
    }
    await Promise.all(Array.from({ length: 10 }, (_, more) => call(number + more)));
}
session.close();
process.stdin.destroy();
