"""One page for each published table: text, columns, rows, queries, lineage and checks."""

from __future__ import annotations

import inspect
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lineage
import queries
import text

import biodata_cache
from biodata_cache._core.names import TABLE_FUNCTIONS
from biodata_cache._core.sqltext import quoted
from biodata_cache._publish.catalogue.provenance import checks_of

if TYPE_CHECKING:
    import duckdb

    from biodata_cache._publish.build.contract import Table

_ROWS = 3
_ANSWERS = 5


@dataclass(frozen=True)
class Site:
    """What the pages are made from.

    Attributes:
        manifest: dbt's manifest.
        tables: The published tables.
        duck: A connection with a view for each of them, of the sample.
    """

    manifest: dict[str, Any]
    tables: list[Table]
    duck: duckdb.DuckDBPyConnection

    @property
    def parents(self) -> dict[str, list[str]]:
        """What each model is made from."""
        return {
            name: [
                parent
                for parent in node["depends_on"].get("nodes", ())
                if parent.split(".")[0] in {"model", "seed", "source"}
            ]
            for name, node in self.manifest["nodes"].items()
            if node["resource_type"] in {"model", "seed"}
        }


def index(site: Site) -> str:
    """The page that lists the tables."""
    rows = [
        [f"[`{table.name}`]({table.name}.md)", *_meaning(table), table.type]
        for table in site.tables
    ]
    return (
        "# Tables\n\n"
        "Every table is a function of the package, a view in SQL and a file, or a folder of files, "
        "in the published version.\n\n"
        + text.markdown_table(["table", "what it holds", "one row per", "type"], rows)
        + "\n"
    )


def page(site: Site, table: Table) -> str:
    """The page of one table."""
    description = table.description.replace("\n**Watch out:**", "\n\n**Watch out:**")
    parts = [
        f"# {table.name}",
        description,
        _facts(table),
        "## Columns",
        text.markdown_table(
            ["column", "type", "text"],
            [
                [f"`{column.name}`", f"`{text.cell(column.type)}`", text.cell(column.description)]
                for column in table.columns
            ],
        ),
    ]
    if table.dynamic_column is not None:
        column = table.dynamic_column
        kind = f", of type `{column.type}`" if column.type else ""
        parts.append(f"Further columns, named by the data{kind}: {text.cell(column.description)}")
    parts += ["## Example rows", _example(site, table), "## Queries", *_answers(site, table)]
    parts += ["## Lineage", _lineage(site, table), "## Checks", _checks(site, table)]
    return "\n\n".join(parts) + "\n"


def _meaning(table: Table) -> tuple[str, str]:
    first = " ".join(table.description.split("\n\n", 1)[0].split())
    meaning, _, grain = first.partition("**One row per**")
    return text.cell(meaning.strip()), text.cell(grain.strip(" ."))


def _facts(table: Table) -> str:
    facts = [
        ("function", _function(table)),
        ("key", ", ".join(f"`{name}`" for name in table.primary_key)),
        ("sorted by", ", ".join(f"`{name}`" for name in table.sort_order)),
        ("place", f"`{_place(table)}` in the version folder"),
    ]
    return "\n".join(f"- {name}: {fact}" for name, fact in facts)


def _function(table: Table) -> str:
    name = table.name
    if name not in TABLE_FUNCTIONS:
        return f'`biodata_cache.scan("{name}")`'
    taken = [
        parameter
        for parameter in inspect.signature(getattr(biodata_cache, name)).parameters
        if parameter == table.partition_key
    ]
    return f"[`biodata_cache.{name}({', '.join(taken)})`](../python.md#biodata_cache.{name})"


def _place(table: Table) -> str:
    if table.partition_key is None:
        return table.path
    return f"{table.folder}/{table.partition_key}=…/data.pqt"


def _example(site: Site, table: Table) -> str:
    result = site.duck.execute(f"select * from {quoted(table.name)} limit {_ROWS}")
    rows = result.fetchall()
    if not rows:
        return "The sample has none."
    names = [column[0] for column in result.description or ()]
    return "Of the built-in sample, nothing in which is real.\n\n" + text.html_table(names, rows)


def _answers(site: Site, table: Table) -> list[str]:
    parts = []
    for query in queries.queries(table.name):
        result = site.duck.execute(query.sql)
        names = [column[0] for column in result.description or ()]
        rows = result.fetchmany(_ANSWERS + 1)
        more = "\n\nAnd so on." if len(rows) > _ANSWERS else ""
        answer = text.html_table(names, rows[:_ANSWERS]) if rows else "The sample has none."
        parts.append(f"{query.question}\n\n```sql\n{query.sql}\n```\n\n{answer}{more}")
    return parts


def _lineage(site: Site, table: Table) -> str:
    unique_id = f"model.{site.manifest['metadata']['project_name']}.{table.name}"
    graph = lineage.ancestors(site.parents, unique_id)
    names = {each.name for each in site.tables}

    def label(node: str) -> str:
        return node.rpartition(".")[2]

    def link(node: str) -> str:
        if label(node) in names and node != unique_id:
            return f"{label(node)}.html"
        return f"../dbt/index.html#!/{node.partition('.')[0]}/{node}"

    def kind(node: str) -> str:
        if node.startswith("model."):
            return str(site.manifest["nodes"][node]["fqn"][1])
        return node.partition(".")[0]

    drawn = lineage.drawing(graph, label, link, kind, f"What {table.name} is made from")
    return (
        "From what was copied, at the top, to the table; each box leads to its description in "
        f'the documentation of dbt.\n\n<div class="rows" markdown="0">\n{drawn}\n</div>\n\n'
        f'<details class="rows" markdown="0"><summary>Lineage as text</summary>\n'
        f"{lineage.as_text(graph, label)}\n</details>"
    )


def _checks(site: Site, table: Table) -> str:
    """What is tested of the rows at every build, before anything is published."""
    unique_id = f"model.{site.manifest['metadata']['project_name']}.{table.name}"
    columns: dict[str, list[str]] = defaultdict(list)
    for node in site.manifest["nodes"].values():
        if node["resource_type"] != "test" or node.get("attached_node") != unique_id:
            continue
        for check in checks_of(node):
            columns[check.kind].append(", ".join(f"`{name}`" for name in check.columns))
    unit_tests = sorted(
        (test["name"].rpartition("__")[2], text.cell(test.get("description") or ""))
        for test in site.manifest["unit_tests"].values()
        if test["model"] == table.name
    )
    parts = [
        "Tested at every build; if one fails, nothing is published.",
        text.markdown_table(
            ["check", "columns"],
            [[f"`{name}`", "; ".join(sorted(listed))] for name, listed in sorted(columns.items())],
        ),
    ]
    if unit_tests:
        parts += [
            "Rules that are tested on rows made for it:",
            "\n".join(
                f"- *{name.replace('_', ' ')}*: {described}" for name, described in unit_tests
            ),
        ]
    return "\n\n".join(parts)
