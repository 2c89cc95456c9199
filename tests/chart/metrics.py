"""Reads a page of metrics from standard input with Prometheus' own parser, and prints what is wrong with it and how many series it has.

What is asked for is in Prometheus' documentation: "Metric and label naming" and "Exposition formats".
"""

import json
import re
import sys

from prometheus_client.parser import text_string_to_metric_families

# Names are in seconds and bytes; whatever else is a unit there or a shorter name of one.
UNITS = {"ms", "us", "ns", "s", "sec", "secs", "milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "days",
         "kb", "mb", "gb", "kilobytes", "megabytes", "gigabytes", "kib", "mib", "percent"}
TYPES = {"counter", "gauge", "histogram", "summary"}


def problems(text):
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.MULTILINE))
    seen = set()
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError as error:
        return [f"it cannot be parsed: {error}"], 0
    found = []
    # The parser names counters otherwise than the page.
    named = re.findall(r"^([^#\s{]+)", text, re.MULTILINE)
    for name in sorted(set(named) | set(types)):
        words = name.split("_")
        if name not in types:
            found.append(f"{name} has no type")
        if name not in helps:
            found.append(f"{name} has no help")
        if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
            found.append(f"{name} is no name of small letters")
        if not name.startswith("remit_"):
            found.append(f"{name} lacks the prefix")
        if (types.get(name) == "counter") != name.endswith("_total"):
            found.append(f"{name} and its type do not agree on `_total`")
        found += [f"{name} is in `{word}`" for word in words if word in UNITS]
        found += [f"{name} tells its type" for word in words if word in TYPES]
    for family in families:
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            if series in seen:
                found.append(f"{series} is there twice")
            seen.add(series)
            for label in sample.labels:
                if label in ["le", "quantile"] or not re.fullmatch("[a-z]+(_[a-z]+)*", label):
                    found.append(f"{sample.name} has the label {label}")
    return found, len(seen)


found, series = problems(sys.stdin.read())
print(json.dumps({"problems": found, "series": series}))
