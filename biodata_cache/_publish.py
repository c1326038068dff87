"""The publish stage: audit what was built, then promote what changed, the version index last.

Nothing is built in the published place. A reader sees old or new files at any moment, never half
of one: each file is written beside the version folder and moved in whole. The order is: data,
sidecars, registry fragments, registry, removal of what is gone, version index.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from biodata_cache import _settings
from biodata_cache._build import DATABASE, failures, target_folder
from biodata_cache._contract import (
    Table,
    partition_path,
    published_tables,
    quoted,
    read_artifact,
    read_manifest,
    with_dynamic_columns,
)
from biodata_cache._errors import AuditError, LockedError, RegistryError, SettingsError
from biodata_cache._settings import CACHE_FOLDER, Settings

Progress = Callable[[int, int, str], None]

REGISTRY = "cache_registry"
VERSIONS = "cache_versions.json"


@dataclass(frozen=True)
class BuiltFile:
    """One data file of a table in the build area, as the audit found it.

    Attributes:
        path: Path in the version folder.
        value: Value of the partition key; None if the table is not partitioned.
        rows: Number of rows.
        bytes: Size.
        sha256: Content hash.
    """

    path: str
    value: str | None
    rows: int
    bytes: int
    sha256: str


@dataclass
class Report:
    """What one publish did.

    Attributes:
        folder: The version folder.
        tables: Registry entries as published.
        written: Files that were written or replaced.
        unchanged: Files that were already there with the same bytes.
        removed: Files that were removed.
    """

    folder: Path
    tables: list[dict[str, Any]]
    written: int = 0
    unchanged: int = 0
    removed: int = 0


def publish(settings: Settings, progress: Progress | None = None) -> Report:
    """Promote the last build to the published place.

    Args:
        settings: Where the build area and the published place are.
        progress: Told after each table: tables done, tables in all, name.

    Raises:
        AuditError: The last build failed, or its files disagree with the contract. Nothing was
            published.
        BuildError: There is no build.
        LockedError: Another publish to this root is at work.
        SettingsError: No root to publish to.
    """
    if settings.backend == "MEMORY":
        raise SettingsError(
            "There is no place to publish to: give --root, or set BIODATA_CACHE_ROOT to a folder."
        )
    if settings.backend == "S3":
        raise SettingsError(
            f"Publishing to {settings.root} needs a later version: give a local folder as --root."
        )
    work = settings.work.resolve()
    manifest = read_manifest(target_folder(work))
    results = read_artifact(target_folder(work), "run_results.json")
    tables = published_tables(manifest)
    _check_run(manifest, results, tables)
    tables = with_dynamic_columns(work / DATABASE, tables)
    area = _build_area(work, manifest)
    built = _audit(work, area, tables)
    home = Path(settings.root).expanduser().absolute() / CACHE_FOLDER
    with _locked(home):
        return _promote(home, area, tables, built, results["metadata"]["generated_at"], progress)


def _check_run(manifest: dict[str, Any], results: dict[str, Any], tables: list[Table]) -> None:
    """Refuse a run that failed, was of something else, or was of a part.

    Raises:
        AuditError: It is not a good run of the whole project.
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
    wanted = {
        node["unique_id"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in {"model", "seed"}
        or (node["resource_type"] == "test" and node["config"]["severity"].lower() == "error")
    }
    missing = sorted(wanted - passed)
    if missing or not tables:
        raise AuditError(
            f"The last dbt run left out {len(missing)} models and tests (the first is "
            f"{missing[0] if missing else 'any'}), so nothing is published: "
            "run 'biodata-cache build' or a whole 'dbt build'."
        )


def _build_area(work: Path, manifest: dict[str, Any]) -> Path:
    """The version folder in the build area; there is one for the version that dbt built."""
    version = _settings.installed_version()
    area = work / "cache" / CACHE_FOLDER / f"bdc-v{version}"
    if not area.is_dir():
        raise AuditError(
            f"There is no {area}: build with the installed version ({version}), "
            f"dbt's project is {manifest['metadata'].get('project_name')!r}."
        )
    return area


def _audit(work: Path, area: Path, tables: list[Table]) -> dict[str, list[BuiltFile]]:
    """Compare each file in the build area with the contract and with the tested table.

    Raises:
        AuditError: They differ.
    """
    connection = duckdb.connect(str(work / DATABASE), read_only=True)
    connection.execute("set TimeZone = 'UTC'")
    try:
        built = {table.name: _audit_table(connection, area, table) for table in tables}
    finally:
        connection.close()
    wanted = {file.path for files in built.values() for file in files}
    found = {path.relative_to(area).as_posix() for path in area.rglob("*") if path.is_file()}
    if wanted != found:
        raise AuditError(
            f"The build area {area} does not hold what the contract names: "
            f"missing {sorted(wanted - found)[:3]}, too many {sorted(found - wanted)[:3]}. "
            "Build again."
        )
    return built


def _audit_table(
    connection: duckdb.DuckDBPyConnection, area: Path, table: Table
) -> list[BuiltFile]:
    """The files of one table, once they are known to hold what was tested."""
    paths = _paths(connection, table)
    missing = [path for path in paths if not (area / path).is_file()]
    if missing:
        raise AuditError(f"Table {table.name!r} has no file {missing[0]} in {area}: build again.")
    if not paths:  # a partitioned table without rows
        return []
    files = [str(area / path) for path in paths]
    _check_columns(connection, table, files)
    _check_rows(connection, table, files)
    rows = dict(
        connection.execute(
            "select file_name, num_rows from parquet_file_metadata(?)", [files]
        ).fetchall()
    )
    return [
        BuiltFile(
            path=path,
            value=value,
            rows=rows[file],
            bytes=Path(file).stat().st_size,
            sha256=_sha256(Path(file)),
        )
        for (path, value), file in zip(paths.items(), files, strict=True)
    ]


def _paths(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str | None]:
    """Paths that the files of a table must have, with the values of its partitions."""
    if table.partition_key is None:
        return {table.place: None}
    sources = [table.relation, *table.partitions_from]
    values = " union ".join(f"select {quoted(table.partition_key)} from {each}" for each in sources)
    rows = connection.execute(f"select * from ({values}) order by 1").fetchall()
    return {table.partition_path(value): value for (value,) in rows}


def _check_columns(connection: duckdb.DuckDBPyConnection, table: Table, files: list[str]) -> None:
    """Every file has the columns and types of the contract.

    Raises:
        AuditError: One has not.
    """
    wanted = [(column.name, column.type) for column in table.columns]
    found = connection.execute(
        "describe select * from read_parquet(?, hive_partitioning = false)", [files[:1]]
    ).fetchall()
    actual = [(row[0], row[1].upper()) for row in found]
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
        [files],
    ).fetchall()
    if len(schemas) != 1:
        raise AuditError(
            f"The partitions of table {table.name!r} differ in their columns: see "
            f"{', '.join(row[0] for row in schemas[:2])}. Build again."
        )


def _check_rows(connection: duckdb.DuckDBPyConnection, table: Table, files: list[str]) -> None:
    """The files together hold the rows that were tested, each row of a partition in its own file.

    Raises:
        AuditError: They do not.
    """
    fingerprint = "count(*), coalesce(bit_xor(hash(row_of)), 0)"
    tested = connection.execute(f"select {fingerprint} from {table.relation} as row_of").fetchone()
    written = connection.execute(
        f"select {fingerprint} from read_parquet(?, hive_partitioning = false) as row_of", [files]
    ).fetchone()
    if tested != written:
        raise AuditError(
            f"Table {table.name!r} was tested with {tested[0] if tested else 0} rows, but its "
            f"files hold {written[0] if written else 0} rows, or other ones. Build again."
        )


def _promote(
    home: Path,
    area: Path,
    tables: list[Table],
    built: dict[str, list[BuiltFile]],
    built_at: str,
    progress: Progress | None,
) -> Report:
    """Move what changed into the published place, in the order that keeps readers whole."""
    folder = home / area.name
    old = _published_entries(folder)
    build_id = _build_id(built_at, built)
    report = Report(folder, [])
    staging = home / f".publish-{area.name}"
    shutil.rmtree(staging, ignore_errors=True)  # what a killed publish left behind
    staging.mkdir(parents=True)
    writer = _Writer(folder, staging, report)
    for number, table in enumerate(tables, start=1):
        for file in built[table.name]:
            writer.copy(area / file.path, file)
        entry = _entry(table, folder, built[table.name], built_at, build_id)
        report.tables.append(_same_build(entry, old.get(table.name)))
        if progress is not None:
            progress(number, len(tables), table.name)
    for table in tables:
        columns = [column.name for column in table.columns]
        writer.write_json(f"{table.folder}.json", {"columns": columns})
    for entry in report.tables:
        writer.write_json(f"{REGISTRY}/{entry['name']}.json", entry)
    writer.write_json(f"{REGISTRY}.json", {"tables": report.tables})
    writer.remove(_files_of(old.values(), folder))
    _release(home, area.name, _Writer(home, staging, report))
    shutil.rmtree(staging)
    return report


@dataclass
class _Writer:
    """Puts files into a folder whole, and only those that differ from what is there."""

    folder: Path
    staging: Path
    report: Report
    kept: set[Path] = field(default_factory=set)

    def copy(self, source: Path, built: BuiltFile) -> None:
        """Put a data file in its place."""
        target = self.folder / built.path
        self.kept.add(target)
        if (
            target.is_file()
            and target.stat().st_size == built.bytes
            and _sha256(target) == built.sha256
        ):
            self.report.unchanged += 1
            return
        unfinished = self.staging / "data"
        shutil.copyfile(source, unfinished)
        self._finish(unfinished, target)

    def write_json(self, path: str, content: object) -> None:
        """Put a JSON document in its place."""
        target = self.folder / path
        self.kept.add(target)
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        if target.is_file() and target.read_text(encoding="utf-8") == text:
            self.report.unchanged += 1
            return
        unfinished = self.staging / "json"
        unfinished.write_text(text, encoding="utf-8")
        self._finish(unfinished, target)

    def remove(self, once_published: set[Path]) -> None:
        """Remove what an earlier publish put here and this one did not; nobody else's files."""
        for path in sorted(once_published - self.kept):
            if path.is_file():
                path.unlink()
                self.report.removed += 1
                if path.parent != self.folder and not any(path.parent.iterdir()):
                    path.parent.rmdir()

    def _finish(self, unfinished: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.replace(target)
        self.report.written += 1


def _entry(
    table: Table, folder: Path, files: list[BuiltFile], built_at: str, build_id: str
) -> dict[str, Any]:
    """The registry entry of a table: what existing readers need, then what is ours."""
    entry: dict[str, Any] = {
        "name": table.name,
        "description": table.description,
        "location": (folder / table.place).as_posix(),
        "partitioned": table.partition_key is not None,
        "partition_key": table.partition_key,
        "type": table.type,
        "columns": [
            {"name": column.name, "description": column.description, "type": column.type}
            for column in table.columns
        ],
        "row_count": sum(file.rows for file in files),
        "bytes": sum(file.bytes for file in files),
        "files": len(files),
        "sha256": _sha256_of_all(files),
        "built_at": built_at,
        "build_id": build_id,
        "primary_key": list(table.primary_key),
        "sort_order": list(table.sort_order),
    }
    if table.partition_key is not None:
        entry["partitions"] = [
            {"value": file.value, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
            for file in files
        ]
    return entry


def _same_build(entry: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    """The old entry if nothing but the build changed: a table's build is the one that made it."""
    if old is None:
        return entry
    as_before = entry | {key: old.get(key) for key in ("built_at", "build_id")}
    return old if old == as_before else entry


def _published_entries(folder: Path) -> dict[str, dict[str, Any]]:
    """Registry entries of the version as published now; none if there is no such version.

    Raises:
        RegistryError: There is a registry, but it cannot be read.
    """
    path = folder / f"{REGISTRY}.json"
    if not path.is_file():
        return {}
    try:
        return {
            entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))["tables"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"The published registry {path} cannot be read ({error}): "
            "remove it and publish again; data files that are right stay."
        ) from None


def _files_of(entries: Iterable[dict[str, Any]], folder: Path) -> set[Path]:
    """Every file that an earlier publish made for these entries."""
    files: set[Path] = set()
    for entry in entries:
        place = Path(entry["location"]).name
        stem = place.removesuffix(".pqt")
        files |= {folder / f"{stem}.json", folder / REGISTRY / f"{entry['name']}.json"}
        if not entry["partitioned"]:
            files.add(folder / place)
        for partition in entry.get("partitions", ()):
            path = partition_path(stem, entry["partition_key"], partition["value"])
            files.add(folder / path)
    return files


def _release(home: Path, version_folder: str, writer: _Writer) -> None:
    """Name the version in the index, which is what releases it to every reader.

    Raises:
        RegistryError: The index cannot be read.
    """
    path = home / VERSIONS
    names: list[str] = []
    if path.is_file():
        try:
            names = json.loads(path.read_text(encoding="utf-8"))
            names = _settings.ascending({*names, version_folder})
        except (ValueError, TypeError) as error:
            raise RegistryError(
                f"The version index {path} cannot be read ({error}): it must be a JSON list of "
                "version folders. Mend it and publish again; the tables are in their place."
            ) from None
    else:
        names = [version_folder]
    writer.write_json(VERSIONS, names)


def _build_id(built_at: str, built: dict[str, list[BuiltFile]]) -> str:
    """Name of a build: when it was made, and what it holds."""
    content = _sha256_of_all([file for files in built.values() for file in files])
    digits = "".join(
        character for character in built_at[:19] if character.isdigit() or character == "T"
    )
    return f"{digits}Z-{content[:8]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _sha256_of_all(files: list[BuiltFile]) -> str:
    """Content hash of a table: of its only file, or of the hashes of all."""
    if len(files) == 1 and files[0].value is None:
        return files[0].sha256
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Keep other publishers of this root out; a lock dies with the process that holds it.

    Raises:
        LockedError: Another one is at work.
        SettingsError: The root cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / ".publish.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"Another publish to {home} is at work: wait until it has ended."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"The root cannot be written: {error.strerror or error} ({home}). "
            "Give a folder that you may write as --root."
        ) from None
    try:
        yield
    finally:
        lock.release()
