"""The commands that look at a cache, on S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from click.testing import CliRunner, Result

from biodata_cache._cli import cli
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from pathlib import Path

    from built import Build
    from server import Server


@pytest.fixture
def published(build: Build) -> Build:
    """Published twice: the second time, a subject less."""
    publish(build.make({"1": "a", "2": "a"}).settings)
    publish(build.make({"1": "a"}, built_at="2026-01-02T00:00:00Z").settings)
    return build


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def doctor(*arguments: str) -> dict[str, tuple[str, str]]:
    done = run("doctor", "--json", *arguments)
    return {check["name"]: (check["state"], check["text"]) for check in json.loads(done.stdout)}


def test_commands_look_at_a_cache(published: Build, aws: Server, tmp_path: Path) -> None:
    found = doctor()
    assert {state for state, _ in found.values()} == {"ok"}
    assert found["credentials"][1] == "of AWS, from env"
    assert found["endpoint"][1] == aws.endpoint
    assert "httpfs" in found["extension"][1]
    assert found["reading"] == ("ok", "assets, 2 rows")

    shown = json.loads(run("status", "--json", "--work", str(published.work)).stdout)
    changes = {table["name"]: table["change"] for table in shown["tables"]}
    assert changes == {"assets": 0, "quality_control": -1}
    assert shown["place"] == f"{published.root}/data-asset-cache/{published.area.name}"

    done = run("read", "assets", "--where", "modalities=fib", "--columns", "name", "--json")
    assert json.loads(done.stdout) == [{"name": "a"}, {"name": "b"}]
    path = tmp_path / "rows.parquet"
    query = "select count(*) as n from assets, quality_control"
    assert run("sql", query, "-o", str(path)).exit_code == 0
    assert duckdb.read_parquet(str(path)).fetchall() == [(2,)]


def test_doctor_reports_wrong_credentials_without_the_secret(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "nobody-knows-this"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    found = doctor()
    assert found["root"][0] == "fail"
    assert "credentials" in found["root"][1]
    assert secret not in str(found)
    assert run("doctor").exit_code == 1


def test_doctor_does_not_wait_long_for_a_server_that_is_not_there(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    found = doctor()
    assert found["root"][0] == "fail"
    assert "AWS_ENDPOINT_URL" in found["root"][1]
