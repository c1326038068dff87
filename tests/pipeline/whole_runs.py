"""Whole runs of the pipeline: records in, published tables out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.dbt.build import build
from biodata_cache._pipeline.extract_stage import run_extract
from biodata_cache._publish.publish import Report, publish

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from biodata_cache._core.settings.values import Settings


@dataclass(frozen=True)
class Pipeline:
    """A work folder and a root of its own.

    Attributes:
        folder: Where both are.
        root: Name of the root.
    """

    folder: Path
    root: str = "root"

    @property
    def objects(self) -> str | None:
        """A folder of buckets, if the test made one; else what the source implies."""
        buckets = self.folder / "buckets"
        return str(buckets) if buckets.exists() else None

    @property
    def foraging_database(self) -> str | None:
        """A folder of its files, if the test made one."""
        database = self.folder / "foraging database"
        return str(database) if database.exists() else None

    @property
    def settings(self) -> Settings:
        return _settings.load(root=str(self.folder / self.root), work=str(self.folder / "work"))

    @property
    def area(self) -> Path:
        """The version folder in the build area."""
        return self.folder / "work/cache/data-asset-cache" / self.settings.version_folder

    @property
    def published(self) -> Path:
        """The version folder as readers see it."""
        return self.folder / self.root / "data-asset-cache" / self.settings.version_folder

    def extract(self, source: str | Iterable[Mapping[str, Any]]) -> None:
        """Bring the lake up to date; of records of version 1, with those of `put_v1`."""
        if not isinstance(source, str):
            source = self._file("records.jsonl", source)
        v1 = self.folder / "v1.jsonl"
        settings = _settings.load(
            source=source,
            v1_source=str(v1) if v1.exists() else None,
            root=self.settings.root,
            work=str(self.settings.work),
            objects=self.objects,
            foraging_database=self.foraging_database,
        )
        run_extract(settings, lambda *_: None)

    def build(self) -> None:
        build(self.settings)

    def publish(self) -> Report:
        return publish(self.settings)

    def put(self, bucket: str, key: str, content: str | bytes) -> None:
        """Put an object into the folder of buckets that is probed."""
        path = self.folder / "buckets" / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def put_v1(self, *records: Mapping[str, Any]) -> None:
        """Have these records of version 1 in each extract from now on."""
        self._file("v1.jsonl", records)

    def put_upgrades(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put the custom table of the metadata upgrader where it leaves it."""
        path = self.folder / self.root / "data-asset-cache/custom/metadata_upgrade_status_prod.pqt"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(list(rows)), path)

    def put_foraging(self, name: str, query: str) -> None:
        """Put a file of the foraging database where each extract from now on looks for it."""
        path = self.folder / "foraging database" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        duckdb.execute(f"copy ({query}) to '{path}' (format parquet)")

    def _file(self, name: str, records: Iterable[Mapping[str, Any]]) -> str:
        path = self.folder / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return str(path)

    def run(self, source: str | Iterable[Mapping[str, Any]]) -> Report:
        self.extract(source)
        self.build()
        return self.publish()

    def read(self, table: str, where: str = "true") -> list[dict[str, Any]]:
        """Rows of a published table as dictionaries, in the order of the file."""
        plain = self.published / f"{table}.pqt"
        files = [plain] if plain.exists() else sorted((self.published / table).glob("*/data.pqt"))
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute(
            f"select * from read_parquet(?, hive_partitioning = false) where {where}",
            [[str(file) for file in files]],
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a published table that has some."""
        found = self.read(table)
        assert found, f"{table} has no rows: nothing could be wrong with them"
        return found

    def registry(self) -> list[dict[str, Any]]:
        tables: list[dict[str, Any]] = json.loads(
            (self.published / "cache_registry.json").read_text()
        )["tables"]
        assert len(tables) > 15
        return tables

    def partitions(self, table: str) -> dict[str, int]:
        """Rows of each partition of a published table, by the list of public files."""
        registry = json.loads((self.published / "cache_registry.json").read_text())
        listed = self.published.parent / ".objects" / registry["public_files"]["name"]
        found = duckdb.execute(
            "select key_value, rows from read_parquet(?) "
            "where table_name = ? and key_value is not null order by key_value",
            [str(listed), table],
        )
        return dict(found.fetchall())

    def snapshot(self) -> dict[str, tuple[bytes, int]]:
        """Bytes and time of change of what is published below the root.

        Left out are locks, and the status, which changes at each publish.
        """
        root = self.folder / self.root
        return {
            path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in root.rglob("*")
            if path.is_file()
            and not path.name.endswith(".lock")
            and path.name != "cache_status.json"
        }
