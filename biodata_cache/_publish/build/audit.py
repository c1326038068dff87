"""The audit before publishing: the dbt run succeeded, and the files hold the tested rows."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import AuditError
from biodata_cache._core.layout import CACHE_FOLDER
from biodata_cache._core.registry.entries import ObjectFile
from biodata_cache._core.settings import values as _settings
from biodata_cache._core.sqltext import pattern_of, quoted
from biodata_cache._publish.build.artifacts import failures, reason
from biodata_cache._publish.build.build_manifest import Audited
from biodata_cache._publish.build.fingerprint import NO_ROWS, fingerprint, total
from biodata_cache._publish.snapshots.public_files import PublicFile
from biodata_cache._publish.snapshots.snapshot import OBJECT_BYTES, split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_cache._publish.build.build_manifest import BuildManifest, BuiltFile
    from biodata_cache._publish.build.contract import Table

_FILES_AT_ONCE = 1_000
"""DuckDB holds some memory for each file of a query."""


@dataclass(frozen=True)
class BuiltTable:
    """A table in the build area, after its audit.

    Attributes:
        files: Its public files, sorted by path.
        objects: The local files that become its objects, in order, with their registry entries.
    """

    files: list[PublicFile]
    objects: list[tuple[Path, ObjectFile]]


def check_run(
    manifest: dict[str, Any], results: dict[str, Any], tables: list[Table], *, is_whole: bool
) -> None:
    """Check that the dbt run succeeded and covered all that these tables need.

    Args:
        manifest: dbt's manifest.
        results: dbt's run results.
        tables: Tables to be published.
        is_whole: Whether these are all tables; then no model or test may be left out.

    Raises:
        AuditError: If a model or test failed or was left out, or the files are of different runs.
    """
    failed = list(failures(results["results"]))
    if failed:
        raise AuditError(
            "The last build failed, so nothing is published:\n  " + "\n  ".join(failed[:5])
        )
    if manifest["metadata"]["invocation_id"] != results["metadata"]["invocation_id"]:
        raise AuditError(
            "dbt's manifest and run results are of two different runs, so nothing is published: "
            "run 'biodata-cache build' again."
        )
    passed = {
        result["unique_id"]
        for result in results["results"]
        if result["status"] in {"success", "pass"}
    }
    nodes = manifest["nodes"]
    models = {name for name, node in nodes.items() if node["resource_type"] in {"model", "seed"}}
    if not is_whole:
        models = _needed(nodes, models, {table.name for table in tables})
    tests = {
        name
        for name, node in nodes.items()
        if node["resource_type"] == "test"
        and node["config"]["severity"].lower() == "error"
        and (is_whole or models.issuperset(_parents(nodes, name)))
    }
    wanted = models | tests
    missing = sorted(wanted - passed)
    if missing or not tables:
        raise AuditError(
            f"The last dbt run left out {len(missing)} models and tests (the first is "
            f"{missing[0] if missing else 'any'}), so nothing is published: "
            "run 'biodata-cache build' or a whole 'dbt build'."
        )


def built_tables(
    manifest: dict[str, Any], results: dict[str, Any], tables: list[Table]
) -> list[Table]:
    """Those of the tables that the run built."""
    built = {
        manifest["nodes"][result["unique_id"]]["name"]
        for result in results["results"]
        if result["status"] == "success" and result["unique_id"] in manifest["nodes"]
    }
    return [table for table in tables if table.name in built]


def _needed(nodes: dict[str, Any], models: set[str], tables: set[str]) -> set[str]:
    """The tables and all the models and seeds that they are made from."""
    needed: set[str] = set()
    pending = [name for name in models if nodes[name]["name"] in tables]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += _parents(nodes, name)
    return needed


def _parents(nodes: dict[str, Any], name: str) -> list[str]:
    return [parent for parent in nodes[name]["depends_on"].get("nodes", ()) if parent in nodes]


def without_rows(connection: duckdb.DuckDBPyConnection, tables: list[Table]) -> list[Table]:
    """The optional ones of the tables that have no row: these are not published."""
    return [
        table
        for table in tables
        if table.is_optional
        and not connection.execute(f"select 1 from {table.relation} limit 1").fetchall()
    ]


def build_area(work: Path, manifest: dict[str, Any]) -> Path:
    """The version folder in the build area; there is one for the version that dbt built."""
    version = _settings.installed_version()
    area = work / "cache" / CACHE_FOLDER / f"bdc-v{version}"
    if not area.is_dir():
        raise AuditError(
            f"There is no {area}: build with the installed version ({version}), "
            f"dbt's project is {manifest['metadata'].get('project_name')!r}."
        )
    return area


def audit(
    connection: duckdb.DuckDBPyConnection,
    area: Path,
    tables: list[Table],
    *,
    is_whole: bool,
    manifest: BuildManifest,
    object_bytes: int = OBJECT_BYTES,
    left_out: Iterable[Table] = (),
) -> dict[str, BuiltTable]:
    """Compare each file in the build area with the contract and with the tested table.

    Files are hashed before they are compared, and publishing refuses files with other hashes. What
    the manifest knows of a file is compared, the others are read.

    Args:
        connection: The build database.
        area: The version folder in the build area.
        tables: Tables to be published.
        manifest: The manifest of the work folder; results are added.
        is_whole: Whether these are all tables; then any other file is an error.
        object_bytes: Size from which on the rows of a table are split into several objects.
        left_out: Tables that are built but not published; their files are no error.

    Raises:
        AuditError: If a file is missing, unexpected, or differs from the contract or the table.
    """
    built = {
        table.name: _audit_table(connection, area, table, object_bytes, manifest)
        for table in tables
    }
    wanted = {file.path for table in built.values() for file in table.files}
    paths = {table.path for table in tables}
    ignored = {table.path for table in left_out}
    actual = {
        path.relative_to(area).as_posix()
        for path in area.rglob("*")
        if path.is_file()
        and (part := path.relative_to(area).parts[0]) not in ignored
        and (is_whole or part in paths)
    }
    if wanted != actual:
        raise AuditError(
            f"The build area {area} does not hold what the contract names: "
            f"missing {sorted(wanted - actual)[:3]}, too many {sorted(actual - wanted)[:3]}. "
            "Build again."
        )
    return built


def _audit_table(
    connection: duckdb.DuckDBPyConnection,
    area: Path,
    table: Table,
    object_bytes: int,
    manifest: BuildManifest,
) -> BuiltTable:
    try:
        return _compared(connection, area, table, object_bytes, manifest)
    except (duckdb.Error, OSError) as error:
        raise AuditError(
            f"The files of table {table.name!r} in {area} cannot be compared with what was tested "
            f"({reason(error)}): build again."
        ) from None


def _compared(
    connection: duckdb.DuckDBPyConnection,
    area: Path,
    table: Table,
    object_bytes: int,
    manifest: BuildManifest,
) -> BuiltTable:
    paths = _paths(connection, table)
    files, objects = [area / path for path in paths], _object_paths(area, table)
    missing = [str(path) for path in (*files, *objects) if not path.is_file()]
    if missing:
        raise AuditError(f"Table {table.name!r} has no file {missing[0]}: build again.")
    _audit_new(connection, table, files, manifest)  # a table in partitions may have none
    _audit_new(connection, table, objects, manifest)
    measured = manifest.files([*files, *objects])
    if table.buckets is None:  # else the tested table is a view of the objects
        tested = _tested(connection, table)
        every = total(tested.values())
        if files:
            _check_rows(table, [measured[path] for path in files], every)
        for path, value in paths.items() if table.partition_key is not None else ():
            if _rows_in([measured[area / path]]) != tested.get(value, NO_ROWS):
                raise AuditError(
                    f"Table {table.name!r} has rows of another {table.partition_key} in "
                    f"{area / path}: build again."
                )
        if objects[0].stat().st_size > object_bytes:
            folder = area.parent / _layout.AREA_OBJECTS / table.name
            objects = split(connection, objects[0], folder, object_bytes)
            _audit_new(connection, table, objects, manifest)
            measured |= manifest.files(objects)
        _check_rows(table, [measured[path] for path in objects], every)
    return BuiltTable(
        [
            PublicFile(path, table.name, value, *_facts(measured[file]))
            for (path, value), file in zip(paths.items(), files, strict=True)
        ],
        [
            (path, ObjectFile(_layout.object_name(measured[path].sha256), *_facts(measured[path])))
            for path in objects
        ],
    )


def _facts(file: BuiltFile) -> tuple[int, int, str]:
    """Rows, bytes and hash of an audited file."""
    return file.audited.rows if file.audited else 0, file.identity[2], file.sha256


def _audit_new(
    connection: duckdb.DuckDBPyConnection, table: Table, files: list[Path], manifest: BuildManifest
) -> None:
    """Look into those of the files that were not audited under this contract."""
    columns = repr([(column.name, column.type) for column in table.columns])
    hashed = fingerprint(table.columns)
    contract = f"{duckdb.__version__} {sha256(f'{hashed} {columns}'.encode()).hexdigest()}"
    audited: list[str] = []
    new: list[str] = []
    for path, file in manifest.files(files).items():
        is_known = file.audited is not None and file.audited.contract == contract
        (audited if is_known else new).append(str(path))
    columns_known = audited[:1]
    for first in range(0, len(new), _FILES_AT_ONCE):
        some = new[first : first + _FILES_AT_ONCE]
        _check_columns(connection, table, [*some, *columns_known])
        columns_known = columns_known or some[:1]
        rows = "select file_name, num_rows, 0 from parquet_file_metadata(?)"
        if table.buckets is None:
            rows = f"""
                select filename, {hashed}
                from read_parquet(?, hive_partitioning = false)
                group by filename
            """
        counted = {
            file: facts for file, *facts in connection.execute(rows, [_patterns(some)]).fetchall()
        }
        manifest.add_audited({Path(f): Audited(contract, *counted.get(f, NO_ROWS)) for f in some})


def _patterns(files: list[str]) -> list[str]:
    return [pattern_of(file) for file in files]


def _object_paths(area: Path, table: Table) -> list[Path]:
    """The local files that become the objects of a table."""
    folder = area.parent / _layout.AREA_OBJECTS
    if table.buckets is not None:
        return [folder / f"{table.name}-{bucket:02}.pqt" for bucket in range(table.buckets)]
    if table.partition_key is not None:
        return [folder / f"{table.name}.pqt"]
    return [area / table.path]


def _paths(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str | None]:
    """Paths that the files of a table must have, with the values of its partitions."""
    if table.buckets is not None:
        return {}
    if table.partition_key is None:
        return {table.path: None}
    sources = [table.relation, *table.partitions_from]
    values = " union ".join(f"select {quoted(table.partition_key)} from {each}" for each in sources)
    rows = connection.execute(f"select distinct * from ({values}) order by 1").fetchall()
    return {table.partition_path(value): value for (value,) in rows}


def _check_columns(connection: duckdb.DuckDBPyConnection, table: Table, files: list[str]) -> None:
    """Every file has the columns and types of the contract."""
    wanted = [(column.name, column.type) for column in table.columns]
    described = connection.execute(
        "describe select * from read_parquet(?, hive_partitioning = false)", [_patterns(files[:1])]
    ).fetchall()
    actual = [(row[0], row[1].upper()) for row in described]
    if actual != wanted:
        different = [pair for pair in zip(wanted, actual, strict=False) if pair[0] != pair[1]]
        raise AuditError(
            f"Table {table.name!r} has {len(actual)} columns, the contract {len(wanted)}; the "
            f"first that differ (contract, file): {different[:1]}. Build again."
        )
    schemas = connection.execute(
        """
        select any_value(file_name)
        from (
            select
                file_name,
                list((name, type, repetition_type, duckdb_type) order by column_id) as columns
            from parquet_schema(?)
            group by file_name
        )
        group by columns
        """,
        [_patterns(files)],
    ).fetchall()
    if len(schemas) != 1:
        raise AuditError(
            f"The partitions of table {table.name!r} differ in their columns: see "
            f"{', '.join(row[0] for row in schemas[:2])}. Build again."
        )


def _tested(
    connection: duckdb.DuckDBPyConnection, table: Table
) -> dict[str | None, tuple[int, int]]:
    """Number and fingerprint of the tested rows of each partition."""
    key = "null" if table.partition_key is None else quoted(table.partition_key)
    rows = connection.execute(
        f"select {key}, {fingerprint(table.columns)} from {table.relation} group by 1"
    ).fetchall()
    return {value: (count, hashed) for value, count, hashed in rows}


def _rows_in(files: Iterable[BuiltFile]) -> tuple[int, int]:
    """Number and fingerprint of the rows of audited files."""
    return total(file.audited[1:] for file in files if file.audited)


def _check_rows(table: Table, files: Iterable[BuiltFile], tested: tuple[int, int]) -> None:
    """The files together hold the rows that were tested."""
    written = _rows_in(files)
    if tested != written:
        raise AuditError(
            f"Table {table.name!r} was tested with {tested[0]} rows, but its files hold "
            f"{written[0]} rows, or other ones. Build again."
        )
