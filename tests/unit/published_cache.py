"""A small published cache, written by DuckDB: nothing in it comes from the reader under test."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable

# Ids that a careless reader confuses, loses or trips over.
SUBJECTS = ["0451", "451", "a/b c%d=é'", "..", "*[0]?", ""]

QC_TYPES = {
    "name": "VARCHAR",
    "value": "VARCHAR",
    "status": "VARCHAR",
    "asset_name": "VARCHAR",
    "subject_id": "VARCHAR",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "metric_index": "INTEGER",
}


@dataclass
class Published:
    """A published version that a test can add to and damage."""

    root: Path
    version: str = "0.50.0"
    entries: list[dict[str, object]] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    """Values of the partition key by table."""

    @property
    def home(self) -> Path:
        return self.root / "data-asset-cache"

    @property
    def folder(self) -> Path:
        return self.home / f"bdc-v{self.version}"

    def plain(self, name: str, query: str) -> Path:
        """Publish the rows of a query as a plain table, in place of one of the same name."""
        path = self.folder / f"{name}.pqt"
        columns = self._copy(query, path)
        self._enter(name, path, columns)
        return path

    def partitioned(
        self, name: str, folder: str, key: str, queries: dict[str, str], **extra: object
    ) -> Path:
        """Publish the rows of one query per value of the key; `extra` goes into the entry."""
        location = self.folder / folder
        location.mkdir(parents=True)
        columns: list[tuple[str, str]] = []
        for value, query in queries.items():
            columns = self._copy(query, location / partition_folder(key, value) / "data.pqt")
        self.values[name] = [*queries]
        self._enter(name, location, columns, partitioned=True, partition_key=key, **extra)
        return location

    def build(self, time: str = "20260101T000000Z") -> str:
        """Publish what there is as a build: its objects, the list of its files, its registry.

        Args:
            time: When it is made, as its name has it.
        """
        files: list[tuple[str, str, str | None, Path]] = []
        entries = []
        for entry in self.entries:
            path, key = Path(str(entry["location"])), entry["partition_key"]
            parts: dict[str | None, Path] = {None: path}
            if key is not None:
                parts = {
                    value: path / partition_folder(str(key), value) / "data.pqt"
                    for value in sorted(self.values.get(str(entry["name"]), ()))
                }
            for value, part in parts.items():
                within = part.relative_to(self.home).as_posix()
                files.append((within, str(entry["name"]), value, part))
            made = self._object(entry, [*parts.values()])
            count = {} if key is None else {"partition_count": len(parts)}
            entries.append(entry | {"objects": [made]} | count)
        content = {"tables": entries, "public_files": self._list(files)}
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        build = f"{time}-{digest[:8]}"
        text = json.dumps({"build": build, "built_at": time} | content)
        file = self.home / ".builds" / self.folder.name / f"{build}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        for document in (file, self.folder / "cache_registry.json"):
            document.write_text(text, encoding="utf-8")
        return build

    def _object(self, entry: dict[str, object], parts: list[Path]) -> dict[str, object]:
        """The rows of some files as one object."""
        if not parts:
            columns: Any = entry["columns"]
            selected = ", ".join(
                f'cast(null as {each["type"]}) as "{each["name"]}"' for each in columns
            )
            return self._moved(f"select {selected or 'null as nothing'} limit 0")
        listed = ", ".join(literal(str(part)) for part in parts)
        source = f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
        return self._moved(f"select * from {source}")

    def _list(self, files: list[tuple[str, str, str | None, Path]]) -> dict[str, object]:
        """The object that lists the public files."""
        rows = [
            f"({literal(path)}, {literal(table)}, "
            f"{'null' if value is None else literal(value)}::varchar, "
            f"(select count(*) from read_parquet({literal(str(part))})), "
            f"{part.stat().st_size}, {literal(hashlib.sha256(part.read_bytes()).hexdigest())})"
            for path, table, value, part in files
        ]
        names = "path, table_name, key_value, rows, bytes, sha256"
        values = f"(values {', '.join(rows) or '(null, null, null, 0, 0, null)'}) as files({names})"
        return self._moved(f"select * from {values} where path is not null order by path")

    def _moved(self, query: str) -> dict[str, object]:
        """The rows of a query as an object."""
        objects = self.home / ".objects"
        file = objects / "unfinished"
        self._copy(query, file, "row_group_size 2048")
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        object_file = file.replace(objects / f"{sha256}.pqt")
        (rows,) = duckdb.sql(f"select count(*) from read_parquet('{object_file}')").fetchone()
        size = object_file.stat().st_size
        return {"name": object_file.name, "rows": rows, "bytes": size, "sha256": sha256}

    def enter(self, entry: dict[str, object]) -> None:
        """Write an entry as it is into the registry."""
        self.entries.append(entry)
        self.write_registry()

    def write_registry(self) -> None:
        path = self.folder / "cache_registry.json"
        path.write_text(json.dumps({"tables": self.entries}), encoding="utf-8")

    def _enter(
        self, name: str, path: Path, columns: list[tuple[str, str]], **extra: object
    ) -> None:
        entry = {
            "name": name,
            "description": f"About {name}.",
            "location": f"{path}/" if path.is_dir() else str(path),
            "partitioned": False,
            "partition_key": None,
            "type": "metadata",
            "columns": [
                {"name": column, "description": f"About {column}.", "type": kind}
                for column, kind in columns
            ],
        }
        self.entries = [other for other in self.entries if other["name"] != name]
        self.enter(entry | extra)

    def _copy(self, query: str, path: Path, *options: str) -> list[tuple[str, str]]:
        path.parent.mkdir(parents=True, exist_ok=True)
        how = ", ".join(["format parquet", *options])
        _duck().execute(f"copy ({query}) to {literal(str(path))} ({how})")
        rows = _duck().sql(query)
        return [(column, str(kind)) for column, kind in zip(rows.columns, rows.types, strict=True)]


@dataclass
class Built(Published):
    """A published version whose every change is a build, and whose public files nobody may read."""

    def write_registry(self) -> None:
        """Publish a build; none without tables, which is a registry as any other."""
        if self.entries:
            self.build()
        else:
            super().write_registry()


def partition_folder(key: str, value: str) -> str:
    """Folder of a partition, encoded by DuckDB's own function."""
    (encoded,) = _duck().execute("select url_encode($value)", {"value": value}).fetchone()
    return f"{key}={encoded}"


@functools.cache
def _duck() -> duckdb.DuckDBPyConnection:
    duck = duckdb.connect()
    duck.execute("set TimeZone = 'UTC'")
    return duck


class Templates:
    """Versions that many tests begin with: each is made once, and copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[type[Published], str], Published] = {}

    def fill(self, target: Published, name: str, make: Callable[[Published], object]) -> None:
        """Give a new version what `make` adds to one; under one name that is always the same."""
        key = (type(target), name)
        if key not in self._made:
            made = type(target)(self._folder / f"{type(target).__name__}-{name}", target.version)
            made.folder.mkdir(parents=True)
            make(made)
            self._made[key] = made
        made = self._made[key]
        target.values = dict(made.values)
        shutil.copytree(made.root, target.root, dirs_exist_ok=True)
        for document in target.root.rglob("*.json"):
            text = document.read_text(encoding="utf-8")
            document.write_text(text.replace(str(made.root), str(target.root)), encoding="utf-8")
        entries = json.dumps(made.entries).replace(str(made.root), str(target.root))
        target.entries = json.loads(entries)


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def add_quality_control(published: Published) -> None:
    """Publish quality control of all `SUBJECTS`."""
    rows = {subject: qc_rows(subject) for subject in SUBJECTS}
    published.partitioned("quality_control", "qc", "subject_id", rows)


def qc_rows(subject: str) -> str:
    """Two metrics of a subject, of two assets; the second has neither status nor time."""
    values = {
        0: f"""'drift', '0.5', 'Pass', {literal(subject + "_first")}, {literal(subject)},
            timestamptz '2024-01-31 08:50:58-08:00', 0::integer""",
        1: f"""'drift', null, null, {literal(subject + "_second")}, {literal(subject)},
            null::timestamptz, 0::integer""",
    }
    names = ", ".join(f'"{name}"' for name in QC_TYPES)
    return f"select * from (values ({values[0]}), ({values[1]})) as metrics({names})"
