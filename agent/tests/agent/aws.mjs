// Calls AWS with its SDK for JavaScript: port of a stand-in, to which all hosts lead.
//
// Prints what the SDK sends, a line each: service, operation and resources, by the names of CloudTrail.

import { createRequire } from "node:module";
import https from "node:https";
import { Readable } from "node:stream";

const require = createRequire(process.cwd() + "/");
const { S3, GetObjectCommand } = require("@aws-sdk/client-s3");
const { DynamoDB } = require("@aws-sdk/client-dynamodb");

const port = Number(process.argv[2]);
const CALLS = 200;
const OPERATIONS = { ListObjectsV2: "ListObjects" };
const lookup = (host, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
let calls = 0;

function client(Client, service, options, resources) {
    const httpsAgent = new https.Agent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: false, lookup });
    const createConnection = httpsAgent.createConnection.bind(httpsAgent);
    httpsAgent.createConnection = (options, done) => createConnection({ ...options, port }, done);
    const made = new Client({
        region: "eu-west-1",
        credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "hunter2" },
        requestHandler: { httpsAgent },
        ...options,
    });
    // Once for each attempt, as close to the wire as the SDK lets anyone be.
    made.middlewareStack.add(
        (next, context) => (given) => {
            const operation = context.commandName.replace(/Command$/, "");
            const line = [service, OPERATIONS[operation] ?? operation, ...resources(given.input)].join(" ");
            process.stdout.write(line + "\n");
            calls += 1;
            return next(given);
        },
        { step: "deserialize", priority: "low" },
    );
    return made;
}

/// 8 calls.
async function objects(s3, bucket) {
    const Key = "a b/ü";
    await s3.createBucket({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } });
    await s3.putObject({ Bucket: bucket, Key, Body: "x".repeat(100000) });
    const streamed = Readable.from([Buffer.alloc(50000), Buffer.from("GET /forged HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n")]);
    await s3.putObject({ Bucket: bucket, Key, Body: streamed, ContentLength: 50049 });
    await (await s3.getObject({ Bucket: bucket, Key })).Body.transformToByteArray();
    await s3.listObjectsV2({ Bucket: bucket });
    // Over several connections.
    await Promise.all([1, 2, 3].map((number) => s3.putObject({ Bucket: bucket, Key: `k${number}`, Body: "x" })));
}

const named = ({ Bucket, Key }) => [Bucket && `arn:aws:s3:::${Bucket}`, Key && `arn:aws:s3:::${Bucket}/${Key}`].filter(Boolean);
for (const forcePathStyle of [true, false]) {
    for (const endpoint of forcePathStyle ? [undefined, `https://127.0.0.1:${port}`] : [undefined, `https://localhost:${port}`]) {
        await objects(client(S3, "s3", { forcePathStyle, endpoint }, named), `bucket${calls}`);
    }
}
const table = client(DynamoDB, "dynamodb", {}, () => []);
await table.createTable({
    TableName: "t",
    KeySchema: [{ AttributeName: "k", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "k", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
});
while (calls < CALLS - 1) {
    await table.putItem({ TableName: "t", Item: { k: { S: String(calls) } } });
    await table.getItem({ TableName: "t", Key: { k: { S: String(calls) } } });
}
while (calls < CALLS) await table.listTables({});
