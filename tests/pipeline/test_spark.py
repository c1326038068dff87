"""Records that Spark flattens, here and on a cluster of its own, give the same rows and files."""

from __future__ import annotations

import gzip
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
from shared import compare_files, made_once

from biodata_cache._core.settings.address import Address
from biodata_cache._pipeline.dbt.build import build
from biodata_cache._pipeline.dbt.spark import build_on_spark
from extract.sample.generator import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whole_runs import Pipeline

    from biodata_cache._core.settings.values import Settings

ROOT = Path(__file__).parents[2]
INSTALLER = ROOT / "scripts/install_spark.sh"
REAL = ROOT / "../shared/records/docdb_v2.jsonl.gz"
CLASSES = "org.apache.spark"
SHARDS = 2
# They change nothing, and have their say of these records elsewhere.
NO_TESTS = ["--exclude-resource-type", "test"]


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


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The sample and the real records, where they are, built by DuckDB alone; not to be changed."""

    def make(pipeline: Pipeline) -> None:
        source = pipeline.folder / "records.jsonl"
        with source.open("wb") as lines:
            lines.writelines(line + b"\n" for line in documents())
            if REAL.exists():
                with gzip.open(REAL) as real:
                    shutil.copyfileobj(real, lines)
        pipeline.extract(str(source))
        build(pipeline.settings, selection=NO_TESTS)

    return made_once(tmp_path_factory, "spark", make)


def test_a_session_gives_the_same_rows_and_files(alone: Pipeline, tmp_path: Path) -> None:
    build(
        elsewhere(alone, tmp_path), selection=NO_TESTS, stage=partial(build_on_spark, count=SHARDS)
    )
    compare_rows(alone, tmp_path / "staging")
    compare_files(alone, tmp_path)


def test_a_cluster_gives_the_same_rows(
    alone: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cluster"
    folder.mkdir()
    with cluster(folder) as address:
        monkeypatch.setenv("SPARK_REMOTE", address)
        written = build_on_spark(elsewhere(alone, tmp_path / "work"), None, SHARDS)
    compare_rows(alone, Path(written))
    # A process of the worker ran them, and not the server.
    assert list(folder.glob("work/app-*/0/stderr"))


def elsewhere(pipeline: Pipeline, work: Path) -> Settings:
    """To build from the lake of a pipeline in another work folder."""
    return replace(pipeline.settings, work=work, raw=Address(pipeline.folder / "work/raw"))


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
