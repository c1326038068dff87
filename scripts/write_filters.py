"""Write what the package knows of the columns of each table, from dbt's manifest.

`biodata_cache/_reader/filters/tables.py` has the filters, `biodata_cache/tables/columns.json` the
texts. Run it with `make docs`. A test says whether both are up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT = Path(__file__).resolve().parents[1]
MODULE = PROJECT / "biodata_cache/_reader/filters/tables.py"
TEXTS = PROJECT / "biodata_cache/tables/columns.json"
HEAD = '''"""The filters that each table takes, for type checkers and editors.

Written by `scripts/write_filters.py` from the columns of the models: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from biodata_cache._reader.filters.conditions import (
        FlagFilter,
        NumberFilter,
        TextFilter,
        TimeFilter,
    )


class ReadOptions(TypedDict, total=False):
    """What every table takes beside the filters on its columns."""

    limit: int | None
    lists: Literal["text"] | None
    parse_times: bool
'''
KINDS = {
    "varchar": "TextFilter",
    "varchar[]": "TextFilter",
    "integer": "NumberFilter",
    "bigint": "NumberFilter",
    "double": "NumberFilter",
    "boolean": "FlagFilter",
    "timestamp": "TimeFilter",
    "timestamp with time zone": "TimeFilter",
    "date": "TimeFilter",
}


def module(models: Iterable[dict[str, Any]]) -> str:
    """The module for these models of the manifest."""
    return "\n\n".join([HEAD, *(_class(each) for each in sorted(models, key=lambda m: m["name"]))])


def texts(models: Iterable[dict[str, Any]]) -> str:
    """The texts of columns by class of filters, as JSON."""
    by_class = {
        _name(model): {
            column["name"]: " ".join(column["description"].split())
            for column in model["columns"].values()
        }
        for model in sorted(models, key=lambda model: model["name"])
    }
    return json.dumps(by_class, indent=1, ensure_ascii=False) + "\n"


def _name(model: dict[str, Any]) -> str:
    """Name of the class of filters of a model."""
    return "".join(word.capitalize() for word in model["name"].split("_")) + "Filters"


def _class(model: dict[str, Any]) -> str:
    """One class; the partition key is a parameter of its own, and may be the only column."""
    key = model["config"]["meta"].get("partition_key")
    lines = [
        f"    {column['name']}: {KINDS.get(column['data_type'], 'None')}"
        for column in model["columns"].values()
        if column["name"] != key and column["name"].isidentifier()
    ]
    head = (
        f"class {_name(model)}(ReadOptions, total=False):\n"
        f'    """Filters on `{model["name"]}`."""\n'
    )
    return head + "\n" * bool(lines) + "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Write both."""
    sys.path.insert(0, str(PROJECT / "scripts"))
    from write_readme_tables import manifest  # noqa: PLC0415  # beside this script

    models = published(manifest())
    MODULE.write_text(module(models), encoding="utf-8")
    TEXTS.write_text(texts(models), encoding="utf-8")


def published(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The models that are published tables of columns that are known before."""
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] == "external"
        and not node["config"]["meta"].get("dynamic_columns")
    ]


if __name__ == "__main__":
    main()
