"""Some stories of nights in which something goes wrong; `scripts/faulty_nights.py` tells more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import server as s3_server
from mongodb_server import NoServerError, installed_folder
from telling import Servers, servers, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
pytest.importorskip("aind_data_access_api", reason="aind-data-access-api is not installed")
RECORDS = int(os.environ.get("BIODATA_TEST_NIGHTS_RECORDS", "400"))
SEEDS = range(int(os.environ.get("BIODATA_TEST_NIGHTS_SEEDS", "3")))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    reason = s3_server.reason_for_none()
    if reason is not None:
        pytest.skip(reason)
    try:
        installed_folder()
    except NoServerError as error:
        pytest.skip(f"there is no MongoDB-compatible server: run make servers ({error})")
    before = dict(os.environ)
    with servers(tmp_path_factory.mktemp("servers")) as started:
        yield started
    os.environ.clear()
    os.environ |= before


@pytest.mark.parametrize("seed", SEEDS)
def test_the_lake_is_the_source_in_the_end(seed: int, running: Servers, tmp_path: Path) -> None:
    tell(seed, tmp_path, running, records=RECORDS)


def test_what_is_published_is_what_was_built(running: Servers, tmp_path: Path) -> None:
    tell(1_000, tmp_path, running, records=RECORDS, nights=1, build=True)
