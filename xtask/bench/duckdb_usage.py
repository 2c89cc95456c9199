"""Counts CloudTrail events per key as Remit's ingest does, with DuckDB, into a Parquet file."""

import os
import sys

import duckdb

folder, out = sys.argv[1:]

# With the columns given, DuckDB need not guess them, and skips what the key does not need.
RECORD = """STRUCT(
    eventTime TIMESTAMP, recipientAccountId VARCHAR, awsRegion VARCHAR, eventSource VARCHAR, eventName VARCHAR,
    errorCode VARCHAR, sourceIPAddress VARCHAR, resources STRUCT(ARN VARCHAR)[],
    userIdentity STRUCT(
        arn VARCHAR, accessKeyId VARCHAR, invokedBy VARCHAR,
        sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR)))
)[]"""

connection = duckdb.connect()
connection.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
connection.execute(
    f"""
    COPY (
        SELECT
            date_trunc('hour', r.eventTime) AS window_start,
            r.recipientAccountId AS account,
            r.awsRegion AS region,
            coalesce(r.userIdentity.sessionContext.sessionIssuer.arn, r.userIdentity.arn) AS principal,
            r.userIdentity.accessKeyId AS credential,
            r.userIdentity.invokedBy AS via,
            r.eventSource AS service,
            r.eventName AS operation,
            r.errorCode AS error_code,
            r.sourceIPAddress AS network_origin,
            r.resources AS resources,
            count(*) AS count,
            min(r.eventTime) AS first_seen,
            max(r.eventTime) AS last_seen
        FROM (
            SELECT unnest(Records) AS r
            FROM read_json('{folder}/**/*.json.gz', columns = {{Records: '{RECORD}'}},
                           maximum_object_size = 268435456)
        )
        GROUP BY ALL
    ) TO '{out}' (FORMAT parquet)
    """
)
events, rows = connection.execute(f"SELECT sum(count), count(*) FROM '{out}'").fetchone()
print(f"{events} events, {rows} rows")
