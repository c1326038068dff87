"""Memory does not grow with documents, nor with their number."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pymongo
import pytest
from lakes import ROOT, rows
from mongodb_server import OWN_SERVER, Server

_RUN = """
import json, resource, sys
from pathlib import Path
from extract.pipeline import extract
from extract.sources.base import SourceOptions
from extract.sources.open import open_source
uri, database, raw = sys.argv[1:]
started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = extract(open_source(uri, SourceOptions(database=database)), Path(raw))
ended = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"new": report.new, "bytes": report.bytes, "grown": (ended - started) * 1024}))
"""


@pytest.fixture
def large_collection(mongodb_uri):
    """A collection in a server that has room for it."""
    if OWN_SERVER:
        pytest.skip("fills a server of its own")
    server = Server(heap="5g")
    with pymongo.MongoClient(server.uri, retryWrites=False) as client:
        yield client["large"]["data_assets"]
    server.stop()


@pytest.mark.slow
def test_peak_is_bounded_whatever_the_documents(large_collection, tmp_path):
    """900 MB in documents of 1.8 and 12 MB."""
    filler = [{"value": number / 7, "text": "x" * 1_000} for number in range(1_700)]
    for number in range(400):
        size = 9 if number % 20 == 0 else 1
        sections = {f"part_{part}": filler for part in range(size)}
        large_collection.insert_one(
            {"_id": str(number), "_last_modified": "2026", "model": sections}
        )
    host, port = large_collection.database.client.address
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _RUN,
            f"mongodb://{host}:{port}",
            large_collection.database.name,
            tmp_path,
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    measured = json.loads(done.stdout)
    assert measured["new"] == 400 == len(rows(tmp_path))
    assert measured["bytes"] > 800e6
    assert measured["grown"] < 1.1e9, measured
