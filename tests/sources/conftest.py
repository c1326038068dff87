"""Fixtures of the tests of sources."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from mongodb_server import OWN_SERVER, NoServerError, Server

pymongo = pytest.importorskip("pymongo", reason="pymongo is not installed")

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """Address of a server; the tests are skipped where there is none."""
    if OWN_SERVER:
        yield OWN_SERVER
        return
    try:
        server = Server()
    except NoServerError as error:
        pytest.skip(f"there is no MongoDB-compatible server: run make servers ({error})")
    yield server.uri
    server.stop()


@pytest.fixture(scope="session")
def client(mongodb_uri: str) -> Iterator[pymongo.MongoClient]:
    with pymongo.MongoClient(mongodb_uri, retryWrites=False) as client:
        yield client


@pytest.fixture
def collection(client: pymongo.MongoClient) -> Iterator[pymongo.collection.Collection]:
    """An empty collection in a database of its own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield client[name]["data_assets"]
    client.drop_database(name)
