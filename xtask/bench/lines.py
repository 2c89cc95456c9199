"""Writes the events of CloudTrail files into one file, an event a line."""

import gzip
import sys
from pathlib import Path

import orjson

folder, out = sys.argv[1:]
with open(out, "wb") as lines:
    for path in sorted(Path(folder).rglob("*.json.gz")):
        for event in orjson.loads(gzip.decompress(path.read_bytes()))["Records"]:
            lines.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
