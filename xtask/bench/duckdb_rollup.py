"""Rolls a ledger up per principal, operation and resource with DuckDB: the query that `remit usage` runs."""

import os
import sys

import duckdb

connection = duckdb.connect()
connection.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
connection.execute(
    f"""
    COPY (
        SELECT principal, principal_kind, account, region, service, operation, resources, parameters, outcome, via,
               sum(count) AS count, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
               min(sample_id) AS sample_id
        FROM read_parquet('{sys.argv[1]}/usage/**/*.parquet')
        GROUP BY principal, principal_kind, account, region, service, operation, resources, parameters, outcome, via
    ) TO '/dev/null' (FORMAT csv)
    """
)
