"""A build area without dbt: the files and artifacts of a run, as small or large as a test needs."""

from __future__ import annotations

import filecmp
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from biodata_cache._core.layout import CACHE_FOLDER, partition_path
from biodata_cache._core.settings import values as _settings

if TYPE_CHECKING:
    from pathlib import Path

    from biodata_cache._core.settings.values import Settings

COLUMNS = {
    "assets": {"name": "VARCHAR", "project_name": "VARCHAR", "modalities": "VARCHAR[]"},
    "quality_control": {"name": "VARCHAR", "value": "VARCHAR", "subject_id": "VARCHAR"},
}


@dataclass
class Build:
    """What a work folder holds after a build; two tables, one of them in partitions."""

    work: Path
    root: str

    @property
    def settings(self) -> Settings:
        return _settings.load(root=self.root, work=str(self.work))

    @property
    def area(self) -> Path:
        version = _settings.installed_version()
        return self.work / "cache" / CACHE_FOLDER / f"bdc-v{version}"

    def make(
        self,
        subjects: dict[str, str],
        *,
        assets: str = "first",
        built_at: str = "2026-01-01T00:00:00Z",
        tables: dict[str, str] | None = None,
    ) -> Build:
        """Build: one row of quality control per subject with a value, and assets of a project.

        More tables are made of queries, by name.
        """
        shutil.rmtree(self.work, ignore_errors=True)
        self.area.mkdir(parents=True)
        objects = self.area.parent / "objects"
        objects.mkdir()
        (self.work / "target").mkdir()
        with duckdb.connect(str(self.work / "build.duckdb")) as duck:
            duck.execute("set threads = 1")
            duck.execute(
                "create table assets as select unnest(['a', 'b']) as name, ? as project_name, "
                "['fib', 'SPIM'] as modalities",
                [assets],
            )
            duck.execute(
                "create table quality_control as select 'drift' as name, "
                "unnest($values)::varchar as value, unnest($subjects)::varchar as subject_id",
                {"subjects": list(subjects), "values": list(subjects.values())},
            )
            _copy(duck, "from assets", self.area / "assets.pqt")
            for subject in subjects:
                path = self.area / partition_path("qc", "subject_id", subject)
                path.parent.mkdir(parents=True)
                query = f"from quality_control where subject_id = {_literal(subject)}"
                _copy(duck, query, path)
            _copy(duck, "from quality_control order by subject_id", objects / "quality_control.pqt")
            columns = dict(COLUMNS)
            for name, query in (tables or {}).items():
                duck.execute(f"create table {name} as {query}")
                texts = {"description": f"It's {name}.", "columns": '{"name": ""}'}
                _copy(duck, f"from {name}", self.area / f"{name}.pqt", texts)
                rows = duck.sql(f"describe {name}").fetchall()
                columns[name] = {row[0]: row[1] for row in rows}
        self._artifacts(built_at, columns)
        return self

    def change(self, subjects: dict[str, str], *, built_at: str) -> Build:
        """Build again, and write only the files that have other bytes."""
        other = Build(self.work.with_name(f"{self.work.name}-again"), self.root)
        other.make(subjects, built_at=built_at)
        made = {path.relative_to(other.work): path for path in other.work.rglob("*.*")}
        for path in list((self.work / "cache").rglob("*.pqt")):
            if path.relative_to(self.work) not in made:
                path.unlink()
        for name, path in made.items():
            target = self.work / name
            if path.is_file() and not (
                target.exists() and filecmp.cmp(path, target, shallow=False)
            ):
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
        shutil.rmtree(other.work)
        return self

    def _artifacts(self, built_at: str, tables: dict[str, dict[str, str]]) -> None:
        nodes = {
            f"model.p.{name}": {
                "unique_id": f"model.p.{name}",
                "name": name,
                "resource_type": "model",
                "relation_name": f'"{name}"',
                "description": f"One row per thing of {name}.",
                "config": {
                    "materialized": "external",
                    "meta": {
                        "type": "metadata",
                        "primary_key": ["name"],
                        "sort_order": ["name"],
                        **(
                            {"folder": "qc", "partition_key": "subject_id"}
                            if name == "quality_control"
                            else {}
                        ),
                    },
                },
                "depends_on": {"nodes": []},
                "columns": {
                    column: {"name": column, "data_type": kind, "description": f"The {column}."}
                    for column, kind in columns.items()
                },
            }
            for name, columns in tables.items()
        }
        metadata = {
            "invocation_id": "1",
            "generated_at": built_at,
            "invocation_started_at": built_at,
            "project_name": "p",
        }
        results = [
            {"unique_id": name, "status": "success", "execution_time": 0.1} for name in nodes
        ]
        self._write("manifest.json", {"metadata": metadata, "nodes": nodes, "sources": {}})
        self._write("run_results.json", {"metadata": metadata, "results": results})

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self.work / "target" / name).write_text(json.dumps(content))


def _copy(
    duck: duckdb.DuckDBPyConnection,
    query: str,
    path: Path,
    texts: dict[str, str] | None = None,
) -> None:
    listed = ", ".join(f"{key}: {_literal(text)}" for key, text in (texts or {}).items())
    options = f", kv_metadata {{{listed}}}" if listed else ""
    duck.execute(
        f"copy ({query}) to {_literal(str(path))} (format parquet, compression zstd{options})"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
