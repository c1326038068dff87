"""Check the semantic models and metrics of the dbt project as MetricFlow reads them."""

from __future__ import annotations

import sys
from pathlib import Path

from metricflow_semantic_interfaces.validations.semantic_manifest_validator import (
    SemanticManifestValidator,
)
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


def main(path: Path) -> int:
    """Print what is wrong; the exit code."""
    manifest = parse_manifest_from_dbt_generated_manifest(path.read_text(encoding="utf-8"))
    result = SemanticManifestValidator().validate_semantic_manifest(manifest)
    for issue in (*result.errors, *result.warnings):
        print(issue.as_readable_str())
    lookup = SemanticManifestLookup(manifest).metric_lookup
    for metric in lookup.metric_references:
        lookup.get_metric(metric)
    return 1 if result.errors else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
