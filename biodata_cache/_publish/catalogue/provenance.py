"""Provenance of each published table: its sources and the checks that ran on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from biodata_cache._core.registry.entries import CheckEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The layers of the project, from the lake to the table.
RAW, SEEDS, STAGING, INTERMEDIATE = "raw", "seeds", "staging", "intermediate"


@dataclass(frozen=True)
class Check:
    """One check of a table.

    Attributes:
        kind: What must hold, such as `not_null`.
        columns: The columns that it is of; empty if it is of the whole table.
        details: Its further arguments, by name, such as the `values` that are accepted.
        name: Name of its test, if it is the only check there.
    """

    kind: str
    columns: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Provenance:
    """Provenance of one table.

    Attributes:
        checks: Each check of the table in words, with its result: `pass`, or `warn` if it failed
            with severity warn.
        made_from: Names of its direct and indirect sources, by layer.
    """

    checks: tuple[CheckEntry, ...]
    made_from: dict[str, tuple[str, ...]]


def provenance(manifest: dict[str, Any], results: dict[str, Any]) -> dict[str, Provenance]:
    """How each table came about, by name."""
    status = {result["unique_id"]: str(result["status"]) for result in results["results"]}
    checks: dict[str, list[tuple[int, str, str]]] = {}
    for name, node in manifest["nodes"].items():
        if node["resource_type"] == "test" and name in status:
            attached = str(node.get("attached_node"))
            columns = list(manifest["nodes"].get(attached, {}).get("columns", ()))
            checks.setdefault(attached, []).extend(
                (_place(check, columns), _in_words(check), status[name])
                for check in checks_of(node)
            )
    return {
        node["name"]: Provenance(
            checks=tuple(
                CheckEntry(check, result) for _, check, result in sorted(checks.get(name, []))
            ),
            made_from=_made_from(manifest, name),
        )
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "external"
    }


def checks_of(test: dict[str, Any]) -> Iterator[Check]:
    """The checks of a test: one, but each of its rules of the test `rules`."""
    metadata = test.get("test_metadata") or {}
    kwargs = metadata.get("kwargs", {})
    kind = str(metadata.get("name") or test["name"])
    if kind != "rules":
        column = column_of(test)
        yield Check(kind, (column,) if column else (), kwargs, str(test["name"]))
        return
    for rule, given in kwargs.items():
        if rule == "accepted_values":
            for column, values in given.items():
                yield Check(rule, (column,), {"values": values})
        elif rule == "relationships":
            for column, target in given.items():
                yield Check(rule, (column,), target)
        elif rule != "model":
            for columns in given:
                yield Check(rule, (columns,) if isinstance(columns, str) else tuple(columns))


def column_of(test: dict[str, Any]) -> str:
    """The column that a test looks at; empty if it is the whole table."""
    kwargs = (test.get("test_metadata") or {}).get("kwargs", {})
    return str(kwargs.get("column_name") or "").strip('"')


def _place(check: Check, columns: list[str]) -> int:
    """Sort key of a check: checks of the whole table first, then those of each column."""
    of_one = len(check.columns) == 1 and check.columns[0] in columns
    return columns.index(check.columns[0]) + 1 if of_one else 0


def _in_words(check: Check) -> str:
    """A check in words; the name of a check of an unknown kind."""
    listed, details = _listed(check.columns) if check.columns else "", check.details
    if check.kind == "not_null":
        words = f"{listed} is never missing"
    elif check.kind == "unique":
        words = f"{listed} {'is' if len(check.columns) == 1 else 'together are'} unique"
    elif check.kind == "relationships":
        words = f"{listed} is a `{details['field']}` of `{referred(details['to'])}`, or missing"
    elif check.kind == "accepted_values":
        words = f"{listed} is one of {_listed(details['values'], 'or')}"
    elif check.kind == "castable_time":
        words = f"{listed} can be read as a time, or is missing"
    else:
        words = check.name
    return words


def _listed(names: Sequence[Any], last: str = "and") -> str:
    quoted = [f"`{name}`" for name in names]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]


def referred(to: str) -> str:
    """Name of the model in `ref('name')`."""
    match = re.search(r"\w+(?=['\"]\))", to)
    return match[0] if match else to


def _made_from(manifest: dict[str, Any], table: str) -> dict[str, tuple[str, ...]]:
    layers: dict[str, set[str]] = {RAW: set(), SEEDS: set(), STAGING: set(), INTERMEDIATE: set()}
    for name in _ancestors(manifest, table):
        kind = name.partition(".")[0]
        if kind == "source":
            layers[RAW].add(name.rpartition(".")[2])
        elif kind == "seed":
            layers[SEEDS].add(manifest["nodes"][name]["name"])
        else:
            node = manifest["nodes"][name]
            layer = node.get("fqn", ["", ""])[1]
            layers.setdefault(layer, set()).add(node["name"])
    return {layer: tuple(sorted(names)) for layer, names in layers.items() if names}


def lineage(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """What each model is made from directly: names of models, seeds and sources."""
    return {
        str(node["name"]): sorted(
            {_name(manifest, parent) for parent in node["depends_on"].get("nodes", ())}
        )
        for _, node in sorted(manifest["nodes"].items())
        if node["resource_type"] == "model"
    }


def _name(manifest: dict[str, Any], unique_id: str) -> str:
    node = manifest["nodes"].get(unique_id)
    return unique_id.rpartition(".")[2] if node is None else str(node["name"])


def _ancestors(manifest: dict[str, Any], table: str) -> Iterator[str]:
    """Every node that a table depends on, each once."""
    seen, pending = {table}, [table]
    while pending:
        node = manifest["nodes"].get(pending.pop(), {})
        for parent in node.get("depends_on", {}).get("nodes", ()):
            if parent not in seen:
                seen.add(parent)
                pending.append(parent)
                yield parent
