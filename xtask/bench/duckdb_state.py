"""Adds states and a day's usage files up with DuckDB, as `remit ledger roll-up` does before it writes: all columns are read and
grouped, and nothing is written."""

import os
import sys

import duckdb

states, usage, first_day = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
BY = """principal, principal_kind, provider, evidence, account, region, service, operation, resources, parameters, outcome, via,
        authorizer, workload, impersonator"""
print(
    *connection.execute(
        f"""
        SELECT count(*), sum(count), epoch_us(min(first_seen)), epoch_us(max(last_seen)), min(sample_id), bit_or(days) FROM (
            SELECT {BY}, sum(count) AS count, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
                   min(sample_id) AS sample_id, bit_or(days) AS days
            FROM (
                SELECT {BY}, count, first_seen, last_seen, sample_id, days FROM read_parquet('{states}')
                UNION ALL
                SELECT {BY.replace("workload", "NULL").replace("impersonator", "NULL")}, count, first_seen, last_seen,
                       sample_id, 1::BIGINT << (date_diff('day', DATE '{first_day}', window_start::DATE))::INTEGER
                FROM read_parquet('{usage}')
            )
            GROUP BY {BY}
        )
        """
    ).fetchone()
)
