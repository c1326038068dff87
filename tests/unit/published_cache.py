"""A small published cache, written by DuckDB: nothing in it comes from the reader under test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

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
        place = self.folder / folder
        place.mkdir(parents=True)
        columns: list[tuple[str, str]] = []
        for value, query in queries.items():
            columns = self._copy(query, place / partition_folder(key, value) / "data.pqt")
        listed = {"partitions": [{"value": value, "rows": 1} for value in queries]}
        self._enter(name, place, columns, partitioned=True, partition_key=key, **(listed | extra))
        return place

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

    def _copy(self, query: str, path: Path) -> list[tuple[str, str]]:
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as duck:
            duck.execute("set TimeZone = 'UTC'")
            target = str(path).replace("'", "''")
            duck.execute(f"copy ({query}) to '{target}' (format parquet)")
            rows = duck.sql(query)
            return [
                (column, str(kind)) for column, kind in zip(rows.columns, rows.types, strict=True)
            ]


def partition_folder(key: str, value: str) -> str:
    """Folder of a partition, encoded by DuckDB's own function."""
    with duckdb.connect() as duck:
        (encoded,) = duck.execute("select url_encode($value)", {"value": value}).fetchone()
    return f"{key}={encoded}"


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


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
