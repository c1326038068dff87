"""Records that Spark flattens, here and on a cluster of its own, give the same rows and files."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import dbt.adapters
import duckdb
import pytest
from hostile import small_records
from shared import made_once

from biodata_cache._core.settings.address import Address
from biodata_cache._pipeline.dbt.build import build
from biodata_cache._pipeline.dbt.spark import build_on_spark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whole_runs import Pipeline

ROOT = Path(__file__).parents[2]
INSTALLER = ROOT / "scripts/install_spark.sh"
REAL = ROOT / "../shared/records/docdb_v2.jsonl.gz"
CLASSES = "org.apache.spark"


def packages() -> Path:
    """PySpark and dbt-spark, as the installer leaves them."""
    found = re.search(r"/(spark-[\d.]+)-", INSTALLER.read_text())
    assert found is not None
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    tools = Path(os.environ.get("BIODATA_TEST_TOOLS") or Path(cache) / "biodata-cache-tools")
    return tools / f"{found[1]}-{sys.implementation.cache_tag}"


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (packages() / "complete").exists(), reason="there is no PySpark: run make servers"
    ),
    pytest.mark.skipif(
        shutil.which("java") is None,
        reason="there is no java: install Debian's default-jre-headless, and run make servers",
    ),
]


@pytest.fixture(autouse=True)
def spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user would have installed, for us and for all that we start."""
    monkeypatch.syspath_prepend(str(packages()))
    # Tests may have imported the adapters by now, before there was one of Spark.
    adapters = [*dbt.adapters.__path__, str(packages() / "dbt/adapters")]
    monkeypatch.setattr(dbt.adapters, "__path__", adapters)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(packages()), str(ROOT)]))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    monkeypatch.delenv("SPARK_HOME", raising=False)


def test_the_sample_gives_the_same_files(sample: Pipeline, tmp_path: Path) -> None:
    settings = replace(sample.settings, work=tmp_path, raw=Address(sample.folder / "work/raw"))
    # Tests change nothing, and have their say of the sample elsewhere.
    build(
        settings,
        selection=["--exclude-resource-type", "test"],
        stage=partial(build_on_spark, count=2),
    )
    compare_rows(sample, tmp_path / "staging")

    folder = sample.area.parent
    expected = sorted(path.relative_to(folder) for path in folder.rglob("*.pqt"))
    built = tmp_path / "cache" / folder.name
    assert sorted(path.relative_to(built) for path in built.rglob("*.pqt")) == expected
    assert len(expected) > 100
    for path in expected:
        assert (built / path).read_bytes() == (folder / path).read_bytes(), path


@pytest.mark.skipif(not REAL.exists(), reason="the real records are not here")
def test_real_records_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    real = made_once(tmp_path_factory, "real", lambda pipeline: pipeline.run(str(REAL)))
    settings = replace(real.settings, work=tmp_path, raw=Address(real.folder / "work/raw"))
    compare_rows(real, Path(build_on_spark(settings, None, 1)))


def test_a_cluster_gives_the_same_rows(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.extract(small_records(range(40)))
    pipeline.build()
    folder = tmp_path / "cluster"
    folder.mkdir()
    with cluster(folder) as address:
        monkeypatch.setenv("SPARK_REMOTE", address)
        written = build_on_spark(replace(pipeline.settings, work=tmp_path / "other"), None, 2)
    compare_rows(pipeline, Path(written))
    # A process of the worker ran them, and not the server.
    assert list(folder.glob("work/app-*/0/stderr"))


def compare_rows(expected: Pipeline, written: Path) -> None:
    """Compare what Spark wrote with the tables of a build by DuckDB alone: types, rows, order."""
    database = expected.folder / "work/build.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        models = sorted(path.name for path in written.iterdir() if path.is_dir())
        for model in models:
            table = f"main_staging.{model}"
            files = f"read_parquet('{written / model}/*.parquet', hive_partitioning = false)"
            assert types(connection, files) == types(connection, table), model
            for one, other in ((table, files), (files, table)):
                only = connection.execute(
                    f"select count(*) from (from {one} except all from {other})"
                ).fetchone()
                assert only == (0,), (model, one)
    assert len(models) > 40


def types(connection: duckdb.DuckDBPyConnection, rows: str) -> list[tuple[str, str]]:
    """Columns and their types; JSON is text in a file."""
    described = connection.execute(f"describe from {rows}").fetchall()
    return [(name, kind.replace("JSON", "VARCHAR")) for name, kind, *_ in described]


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A master, a worker, and a server of Spark Connect that is their driver; its address."""
    submit = packages() / "pyspark/bin"
    master, connect = free_port(), free_port()
    url = f"spark://127.0.0.1:{master}"
    node = ["--host", "127.0.0.1", "--webui-port", "0"]
    with ExitStack() as stack:

        def start(name: str, command: list[str]) -> None:
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
            stack.enter_context(process)
            stack.callback(process.terminate)

        start(
            "master",
            [
                str(submit / "spark-class"),
                f"{CLASSES}.deploy.master.Master",
                *node,
                "--port",
                str(master),
            ],
        )
        wait_for(master)
        start(
            "worker",
            [
                str(submit / "spark-class"),
                f"{CLASSES}.deploy.worker.Worker",
                *node,
                "--cores",
                "2",
                "--memory",
                "1g",
                "--work-dir",
                str(folder / "work"),
                url,
            ],
        )
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(connect),
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.ui.enabled": "false",
            "spark.executor.memory": "512m",
            "spark.driver.memory": "512m",
        }
        start(
            "connect",
            [
                str(submit / "spark-submit"),
                "--master",
                url,
                "--class",
                f"{CLASSES}.sql.connect.service.SparkConnectServer",
                *(part for key, value in settings.items() for part in ("--conf", f"{key}={value}")),
                "spark-internal",
            ],
        )
        wait_for(connect)
        yield f"sc://127.0.0.1:{connect}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 180
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        assert time.monotonic() < deadline, "the cluster did not start"
        time.sleep(0.2)
