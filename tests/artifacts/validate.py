"""Says whether dbt accepts the artifacts of a target folder: validate.py FOLDER

Runs in an environment with dbt-core. Each file is held against the JSON Schema that dbt publishes for it, which is made from
dbt's own classes, and then read as dbt reads it with `--state`. A problem is a line on standard output; exit 1 if there is any.
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact
from dbt.contracts.graph.manifest import Manifest

ARTIFACTS = {
    "manifest.json": WritableManifest,
    "run_results.json": RunResultsArtifact,
    "catalog.json": CatalogArtifact,
    "sources.json": FreshnessExecutionResultArtifact,
}


def deepest(error):
    """The most telling of the reasons why no alternative fits: the one that got furthest."""
    while error.context:
        error = max(error.context, key=lambda inner: (len(inner.absolute_path), -len(inner.context)))
    return error


def problems(path, artifact):
    value = json.loads(path.read_text())
    for error in Draft202012Validator(artifact.json_schema()).iter_errors(value):
        error = deepest(error)
        place = "/".join(str(step) for step in error.absolute_path)
        yield f"{path.name}: {place}: {error.message[:300]}"
    expected = str(artifact.dbt_schema_version)
    found = value["metadata"]["dbt_schema_version"]
    if found != expected:
        yield f"{path.name}: its schema is {found}, not {expected}"
    try:
        loaded = artifact.read_and_check_versions(str(path))
        if artifact is WritableManifest:
            Manifest.from_writable_manifest(loaded)
    except Exception as error:  # dbt raises many kinds; all of them mean that it does not read the file
        yield f"{path.name}: dbt does not read it: {error}"


def main(folder):
    found = []
    for name, artifact in ARTIFACTS.items():
        path = Path(folder) / name
        if path.exists():
            found += problems(path, artifact)
            print(f"read {name}")
    print("\n".join(f"problem {line}" for line in found[:50]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
