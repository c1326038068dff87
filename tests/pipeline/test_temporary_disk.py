"""A build takes no more temporary disk than `BIODATA_CACHE_TEMP_DISK` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Dbt

pytestmark = pytest.mark.slow
SORTED = """
select count(text) as number
from (
    select md5(range::varchar) || md5((range + 1)::varchar) as text
    from range(1500000)
    order by text
    offset 1
)
"""


@pytest.mark.parametrize(("disk", "is_enough"), [("20MB", False), ("2GB", True)])
def test_the_limit_is_reached(
    dbt: Dbt,
    dbt_work: Path,
    monkeypatch: pytest.MonkeyPatch,
    disk: str,
    is_enough: bool,  # noqa: FBT001
) -> None:
    """Sorting 96 MB in 60 MB of memory, in the database of a build."""
    monkeypatch.setenv("BIODATA_CACHE_MEMORY", "60MB")
    monkeypatch.setenv("BIODATA_CACHE_TEMP_DISK", disk)
    done = dbt("show", "--inline", SORTED, "--log-format", "json")
    assert (done.returncode == 0) is is_enough, done.stdout
    assert ("max_temp_directory_size" in done.stdout) is not is_enough
    left = sum(path.stat().st_size for path in (dbt_work / "build.duckdb.tmp").rglob("*"))
    assert left == 0
