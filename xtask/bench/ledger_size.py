"""Prints the bytes and the rows of a ledger's usage files."""

import sys
from pathlib import Path

import duckdb

folder = Path(sys.argv[1]) / "usage"
size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
(rows,) = duckdb.execute(f"SELECT count(*) FROM '{folder}/**/*.parquet'").fetchone()
print(size, rows)
