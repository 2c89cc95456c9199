// Makes calls by gRPC over one connection, ten at once: address, how many.

import { createRequire } from "node:module";

const { Client, credentials } = createRequire(process.cwd() + "/")("@grpc/grpc-js");
const [address, calls] = process.argv.slice(2);
const client = new Client(address, credentials.createSsl(null, null, null, { rejectUnauthorized: false }));
const plain = (bytes) => bytes;

const call = (number) =>
    new Promise((done, fail) => {
        const answered = (error) => (error ? fail(error) : done());
        client.makeUnaryRequest(`/remit.Orders/Get${number}`, plain, plain, Buffer.from("hunter2"), answered);
    });

for (let number = 0; number < Number(calls); number += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, more) => call(number + more)));
}
client.close();
