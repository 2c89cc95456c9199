"""Renders the chart under a release's name for each of several values, which stand as JSON lines on standard input, and prints for each what
came out."""

import json
import sys

import helm_python
import kubernetes_validate
import yaml

# The oldest version that the chart says it serves, and the newest that there are schemas of.
VERSIONS = ["1.30", "1.37"]


def wrong(resource):
    """What the schemas say is wrong with an object."""
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            yield f"no schema of {resource['apiVersion']} {resource['kind']}"
            return
        except kubernetes_validate.ValidationError as error:
            place = "/".join(map(str, error.path))
            yield f"{version}: {resource['kind']} {resource['metadata']['name']}: {place}: {error.message}"


def rendered(chart, release, values):
    said = helm_python.lint(chart, values, strict=True)
    answer = {"lint": said["errors"] + [one["error"] for one in said["messages"] if one["severity"] > 1]}
    try:
        with helm_python.Chart.load(chart) as loaded:
            files = loaded.render(values, name=release, namespace="observing")
    except helm_python.HelmError as error:
        return answer | {"refused": str(error)}
    notes = "".join(text for name, text in files.items() if name.endswith("NOTES.txt"))
    manifests = [text for name, text in sorted(files.items()) if not name.endswith("NOTES.txt")]
    resources = [resource for text in manifests for resource in yaml.safe_load_all(text) if resource]
    problems = [problem for resource in resources for problem in wrong(resource)]
    return answer | {"notes": notes, "objects": resources, "problems": problems}


for line in sys.stdin:
    print(json.dumps(rendered(sys.argv[1], sys.argv[2], json.loads(line))))
