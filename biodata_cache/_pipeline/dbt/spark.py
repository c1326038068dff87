"""Staging of the records on Spark: dbt sends it each model, a task for each shard of the lake."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._pipeline.dbt.process import Progress, checked_lake, in_the_way, run_dbt
from biodata_cache._pipeline.dbt.staging import shards_of, state_of, write
from biodata_cache._pipeline.project import require
from biodata_cache._storage.open import open_staging

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import Settings

_SPARK = "spark"


def build_on_spark(settings: Settings, progress: Progress | None, count: int) -> str:
    """Build staging of all shards on Spark: on this machine, or on that of `SPARK_REMOTE`.

    Args:
        settings: Names the work folder and the lake, which all executors must see.
        progress: Receives progress after each model.
        count: Number of shards, and so of tasks for each model.

    Returns:
        Folder of the files of all shards.

    Raises:
        BuildError: If a model failed.
        LakeError: If a file of the lake is damaged.
        MissingDependencyError: If PySpark or dbt-spark is not installed.
        LockedError: If another build is running in the same work folder.
    """
    import duckdb  # noqa: PLC0415  # not before it is needed

    require("dbt.adapters.spark", "pyspark", extra=_SPARK)
    work = settings.work.resolve() / _SPARK
    written, out = work / "written", work / "out"
    with checked_lake(work, Path(settings.raw)) as content:
        state = state_of(content)
        try:
            for folder in (written, out):
                if folder.exists():
                    shutil.rmtree(folder)
        except OSError as error:
            raise in_the_way(error) from None
        run_dbt(
            replace(settings, work=work),
            ["run", "--target", _SPARK, "--select", "+config.materialized:staged"],
            {
                "staging_to": str(written),
                "shards": count,
                "duckdb": duckdb.__version__,
                # On this machine a task has the packages that we have.
                "python": os.environ.get("PYSPARK_PYTHON", sys.executable),
            },
            progress,
        )
        storage = open_staging(str(out))
        for shard in shards_of(count):
            write(storage, shard, state, written / shard.name)
        shutil.rmtree(written, ignore_errors=True)
    return str(out)
