"""The contract of each published table, read from dbt's manifest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import BuildError
from biodata_cache._core.layout import partition_path
from biodata_cache._core.registry.entries import TABLE_TYPES, ColumnEntry, ForeignKey
from biodata_cache._publish.catalogue.provenance import checks_of, referred

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Table:
    """The contract of a published table.

    Attributes:
        relation: Name of its relation in the build database, quoted.
        description: Text for readers.
        type: One of `TABLE_TYPES`.
        folder: Folder or file stem in the version folder.
        partition_key: Column that the files are partitioned by, or None.
        partitions_from: Quoted relations whose partition key column lists further partitions, which
            are published without rows.
        sort_order: Columns that the rows are sorted by, within a partition.
        foreign_keys: Columns of which every value is one of a column of another table.
        columns: Columns in the order of the file; DuckDB types are in upper case.
        dynamic_column: What every further column of the file is, its name left open, and its type
            as well where that is empty; None if the table has the columns above and no others.
        buckets: Number of objects that its rows are spread over; None for one object, and for
            public files beside it.
        is_optional: Whether it is published only if it has a row: a copy of what not every lake
            has.
    """

    name: str
    relation: str
    description: str
    type: str
    folder: str
    partition_key: str | None
    partitions_from: tuple[str, ...]
    primary_key: tuple[str, ...]
    sort_order: tuple[str, ...]
    columns: tuple[ColumnEntry, ...]
    dynamic_column: ColumnEntry | None = None
    buckets: int | None = None
    foreign_keys: tuple[ForeignKey, ...] = ()
    is_optional: bool = False

    @property
    def path(self) -> str:
        """Path of the table in the version folder: its file, or the folder of its partitions."""
        return self.folder if self.partition_key else f"{self.folder}.pqt"

    def partition_path(self, value: str) -> str:
        """Path of the file of one partition in the version folder.

        Example:
            >>> table = Table("t", "t", "", "asset", "qc", "subject_id", (), (), (), ())
            >>> table.partition_path("a/b")
            'qc/subject_id=a%2Fb/data.pqt'
        """
        return partition_path(self.folder, str(self.partition_key), value)


def published_tables(manifest: dict[str, Any]) -> list[Table]:
    """Every table that the project publishes, by name.

    Raises:
        BuildError: If a published table lacks required metadata in the manifest.
    """
    nodes = (
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "external"
    )
    relations = {
        node["name"]: node["relation_name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in {"model", "seed"}
    }
    tables = sorted((_table(node, relations) for node in nodes), key=lambda table: table.name)
    keys = _foreign_keys(manifest, {table.name for table in tables})
    return [replace(table, foreign_keys=keys.get(table.name, ())) for table in tables]


def _foreign_keys(
    manifest: dict[str, Any], published: set[str]
) -> dict[str, tuple[ForeignKey, ...]]:
    """The foreign keys of each table: what a check of `relationships` holds for all of its rows."""
    keys: dict[str, list[ForeignKey]] = {}
    for _, test in sorted(manifest["nodes"].items()):
        if test["resource_type"] != "test":
            continue
        table = str(test.get("attached_node")).rpartition(".")[2]
        for check in checks_of(test):
            if check.kind != "relationships" or test["config"].get("where"):
                continue
            target, (column,) = referred(check.details["to"]), check.columns
            if {table, target} <= published and test["config"]["severity"].lower() == "error":
                key = ForeignKey(column, target, str(check.details["field"]))
                keys.setdefault(table, []).append(key)
    return {name: tuple(sorted(some, key=lambda key: key.column)) for name, some in keys.items()}


def with_dynamic_columns(connection: duckdb.DuckDBPyConnection, tables: list[Table]) -> list[Table]:
    """The tables with their dynamic columns, whose names come from the data."""
    return [_with_dynamic_columns(connection, table) for table in tables]


def _with_dynamic_columns(connection: duckdb.DuckDBPyConnection, table: Table) -> Table:
    if table.dynamic_column is None:
        return table
    known = {column.name for column in table.columns}
    rows = connection.execute(f"describe {table.relation}").fetchall()
    further = (
        replace(table.dynamic_column, name=name, type=table.dynamic_column.type or kind.upper())
        for name, kind, *_ in rows
        if name not in known
    )
    return replace(table, columns=(*table.columns, *further))


def _table(node: dict[str, Any], relations: dict[str, str]) -> Table:
    name, meta = node["name"], node["config"]["meta"]
    if meta.get("type") not in TABLE_TYPES:
        raise BuildError(
            f"Table {name!r} has type {meta.get('type')!r} in its yml: "
            f"it must be one of {', '.join(sorted(TABLE_TYPES))}."
        )
    return Table(
        name=name,
        relation=node["relation_name"],
        description=node["description"].strip(),
        type=meta["type"],
        folder=meta.get("folder", name),
        partition_key=meta.get("partition_key"),
        partitions_from=tuple(
            relations[name] for name in [meta.get("partitions_from")] if name is not None
        ),
        primary_key=tuple(meta["primary_key"]),
        sort_order=tuple(meta["sort_order"]),
        columns=tuple(
            ColumnEntry(
                name=column["name"],
                type=column["data_type"].upper(),
                description=column["description"].strip(),
            )
            for column in node["columns"].values()
        ),
        dynamic_column=_dynamic_column(meta.get("dynamic_columns")),
        buckets=meta.get("buckets"),
        is_optional=meta.get("optional", False),
    )


def _dynamic_column(described: dict[str, str] | None) -> ColumnEntry | None:
    if described is None:
        return None
    return ColumnEntry("", described["description"].strip(), described.get("data_type", "").upper())
