// Makes calls one after the other: port, prefix of the paths, how many.
const https = require("https");

const [port, prefix, calls] = process.argv.slice(2);
const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

function call(number) {
  if (number >= Number(calls)) return;
  const options = { port, agent, path: `${prefix}/${number}`, method: number % 2 ? "POST" : "GET" };
  const request = https.request(options, (response) => {
    if (response.statusCode !== (prefix.includes("/denied") ? 403 : 200)) process.exit(1);
    response.resume().on("end", () => call(number + 1));
  });
  request.end(number % 2 ? "a body" : undefined);
}

call(0);
