"""Counts audit events of Kubernetes per key as Remit's ingest does, with DuckDB, into a Parquet file."""

import os
import sys

import duckdb

folder, out = sys.argv[1:]

# With the columns given, DuckDB need not guess them, and skips what the key does not need.
COLUMNS = """{
    auditID: VARCHAR, stage: VARCHAR, verb: VARCHAR, requestURI: VARCHAR, requestReceivedTimestamp: TIMESTAMP,
    sourceIPs: 'VARCHAR[]', responseStatus: 'STRUCT(code INTEGER)', annotations: 'MAP(VARCHAR, VARCHAR)',
    user: 'STRUCT(username VARCHAR, groups VARCHAR[], extra MAP(VARCHAR, VARCHAR[]))'
}"""

connection = duckdb.connect()
connection.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
connection.execute(
    f"""
    COPY (
        SELECT
            date_trunc('hour', requestReceivedTimestamp) AS window_start,
            user.username AS principal,
            user.groups AS groups,
            user.extra['authentication.kubernetes.io/credential-id'] AS credential,
            user.extra['authentication.kubernetes.io/pod-name'] AS pod,
            verb,
            split_part(requestURI, '?', 1) AS path,
            responseStatus.code AS code,
            annotations['authorization.k8s.io/decision'] AS decision,
            annotations['authorization.k8s.io/reason'] AS reason,
            sourceIPs[-1] AS network_origin,
            count(*) AS count,
            min(requestReceivedTimestamp) AS first_seen,
            max(requestReceivedTimestamp) AS last_seen
        FROM read_json('{folder}/*.json.gz', format = 'newline_delimited', columns = {COLUMNS})
        WHERE stage <> 'RequestReceived'
        GROUP BY ALL
    ) TO '{out}' (FORMAT parquet)
    """
)
events, rows = connection.execute(f"SELECT sum(count), count(*) FROM '{out}'").fetchone()
print(f"{events} events, {rows} rows")
