// Calls over HTTP/2, in whose headers secrets are. Started with the certificate, its key, and the end of the secrets.
const { readFileSync } = require("node:fs");
const http2 = require("node:http2");

const [certificate, key, end] = process.argv.slice(2);
const server = http2.createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.on("stream", (stream) => {
  stream.respond({ ":status": 200, "set-cookie": `a=canaryAnswer${end}` });
  stream.end(`canaryContent${end}`);
});
server.listen(0, "127.0.0.1", async () => {
  const client = http2.connect(`https://127.0.0.1:${server.address().port}`, { rejectUnauthorized: false });
  for (let number = 0; number < 100; number++) {
    const stream = client.request({
      ":path": `/second/${number}?token=canarySecond${end}`,
      authorization: `Bearer canaryCompressed${end}`,
      cookie: `session=canaryCrumb${end}`,
      "x-api-key": `canaryIndexed${end}`,
    });
    stream.resume();
    await new Promise((done) => stream.on("close", done));
  }
  client.close();
  server.close();
});
