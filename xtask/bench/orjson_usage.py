"""Counts CloudTrail events per key as Remit's ingest does, with orjson in two processes."""

import gzip
import sys
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

import orjson


def key(event):
    identity = event.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    resources = event.get("resources") or ()
    return (
        event["eventTime"][:13],
        event.get("recipientAccountId"),
        event.get("awsRegion"),
        issuer.get("arn") or identity.get("arn"),
        identity.get("accessKeyId"),
        identity.get("invokedBy"),
        event["eventSource"],
        event["eventName"],
        event.get("errorCode"),
        event.get("sourceIPAddress"),
        tuple(resource.get("ARN") for resource in resources),
    )


def count(path):
    with gzip.open(path) as file:
        records = orjson.loads(file.read())["Records"]
    return Counter(map(key, records))


def main():
    paths = sorted(Path(sys.argv[1]).rglob("*.json.gz"))
    usage = Counter()
    with Pool(2) as pool:
        for part in pool.imap_unordered(count, paths, chunksize=8):
            usage.update(part)
    print(f"{usage.total()} events, {len(usage)} rows")


if __name__ == "__main__":
    main()
