"""The database beside the registry, attached at the bucket that it was published to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from biodata_cache._publish.publish import publish
from biodata_cache._publish.rollback import rollback
from biodata_cache._storage.engine import load_httpfs

if TYPE_CHECKING:
    from built import Build
    from server import Server


@pytest.fixture
def duck(aws: Server) -> Any:
    with duckdb.connect(config={"allow_persistent_secrets": "false"}) as duck:
        load_httpfs(duck)
        host = aws.endpoint.partition("://")[2]
        environment = aws.environment
        duck.execute(
            f"create secret (type s3, key_id '{environment['AWS_ACCESS_KEY_ID']}', "
            f"secret '{environment['AWS_SECRET_ACCESS_KEY']}', endpoint '{host}', use_ssl false, "
            f"url_style path, region '{environment['AWS_REGION']}')"
        )
        yield duck


def contents(duck: Any, build: Build) -> list[Any]:
    """What the views give; of a database that is attached anew."""
    duck.execute(
        f"attach '{build.root}/data-asset-cache/{build.area.name}/biodata_cache.duckdb' as c"
    )
    found = [
        *duck.execute("select distinct project_name from c.assets").fetchall(),
        *duck.execute("select value from c.quality_control order by subject_id").fetchall(),
    ]
    duck.execute("detach c")
    return [value for (value,) in found]


def test_it_shows_the_build_that_is_published(build: Build, duck: Any) -> None:
    publish(build.make({"0451": "1"}).settings)
    assert contents(duck, build) == ["first", "1"]
    second = build.make({"0451": "2", "451": "3"}, assets="second", built_at="2026-01-02T00:00:00Z")
    report = publish(second.settings)
    assert "biodata_cache.duckdb" in report.replaced
    assert contents(duck, build) == ["second", "2", "3"]
    assert publish(second.settings).written == 0, "the same tables are the same bytes"
    assert "biodata_cache.duckdb" in rollback(build.settings).replaced
    assert contents(duck, build) == ["first", "1"]
