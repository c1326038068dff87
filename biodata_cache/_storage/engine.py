"""DuckDB for reading files where they are: one database per process, and one per bucket of S3."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING
from urllib import request as _request
from urllib.parse import unquote, urlsplit

from biodata_cache._core.errors import AccessError, MissingDependencyError
from biodata_cache._core.sqltext import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from biodata_cache._storage.base import Storage

_making = threading.Lock()


def connect(
    storage: Storage, locations: Sequence[str], *, is_separate: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection of its own that reads these locations, to use and to close.

    Args:
        storage: Where the addresses among them are.
        locations: Addresses of the storage, and files of this machine.
        is_separate: Whether it is to be a connection to a database that nothing else uses.

    Raises:
        AccessError: If DuckDB does not take the credentials.
        MissingDependencyError: If DuckDB cannot read from S3.
    """
    if not any("://" in location for location in locations):
        return _new_local() if is_separate else local_engine()
    secret = storage.secret() or {}
    bundle, proxy = os.environ.get("AWS_CA_BUNDLE", ""), _proxy(secret)  # botocore reads them too
    if is_separate:
        database = _RemoteDatabase(bundle, proxy)
        database.give(secret)
        return database.duck
    # Neither it nor botocore's client outlives a fork.
    key = (os.getpid(), secret.get("scope", ""), secret.get("endpoint", ""))
    with _making:
        database = _remote(key, bundle, proxy)
        database.give(secret)
        return database.duck.cursor()


def local_engine() -> duckdb.DuckDBPyConnection:
    """A connection to the one database of this process: a database takes longer to make."""
    with _making:
        return _database(os.getpid()).cursor()


@lru_cache(maxsize=8)
def _database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  # none survives a fork
    """The database in which files are read; nothing is kept in it."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    # It would grow with all that is ever read; the file system remembers as well.
    return duckdb.connect(config={"enable_external_file_cache": "false"})


def _new_local() -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415  # not before it is needed

    return duckdb.connect()


@lru_cache(maxsize=8)
def _remote(key: tuple[int, str, str], bundle: str, proxy: str) -> _RemoteDatabase:  # noqa: ARG001
    """The database for a process, bucket and endpoint."""
    return _RemoteDatabase(bundle, proxy)


class _RemoteDatabase:
    """A database that reads from S3, with authorities and through a proxy as AWS tools do."""

    def __init__(self, bundle: str, proxy: str) -> None:
        import duckdb  # noqa: PLC0415  # not before it is needed

        self._given = ""
        self.duck = duckdb.connect(config={"allow_persistent_secrets": "false"})
        load_httpfs(self.duck)
        # It would grow with all that is ever read.
        self.duck.execute("set enable_external_file_cache = false")
        self.duck.execute("set http_retries = 5")
        if bundle:
            self.duck.execute(f"set global ca_cert_file = {literal(bundle)}")
        if proxy:
            through = urlsplit(proxy)
            host = through.netloc.rpartition("@")[2]
            self.duck.execute(f"set global http_proxy = {literal(host)}")
            for option in ("username", "password"):
                value = unquote(getattr(through, option) or "")
                self.duck.execute(f"set global http_proxy_{option} = {literal(value)}")
        self.duck.execute("set threads = 16")  # they wait for answers more than they work
        with suppress(duckdb.CatalogException):  # DuckDB 1.4 has no such setting
            self.duck.execute("set httpfs_connection_caching = true")

    def give(self, secret: dict[str, str]) -> None:
        """Give it the credentials; those of a role change every few hours.

        Raises:
            AccessError: If DuckDB does not take them.
        """
        import duckdb  # noqa: PLC0415

        listed = ", ".join(f"{name} {literal(value)}" for name, value in secret.items())
        statement = f"create or replace secret biodata_cache (type s3, provider config, {listed})"
        if statement == self._given:
            return
        try:
            self.duck.execute(statement)
        except duckdb.Error:
            raise AccessError(
                "DuckDB does not accept the credentials of AWS."
            ) from None  # its message has them in it
        self._given = statement


def _proxy(secret: dict[str, str]) -> str:
    """Address of the proxy for the server of a secret; empty if there is none."""
    endpoint = secret.get("endpoint", "s3.amazonaws.com")
    scheme = "http" if secret.get("use_ssl") == "false" else "https"
    if _request.proxy_bypass(endpoint.partition("/")[0]):
        return ""
    return _request.getproxies().get(scheme, "")


def load_httpfs(duck: duckdb.DuckDBPyConnection) -> None:
    """Give DuckDB what it needs to read from S3: from the wheel, else as DuckDB gets it.

    Raises:
        MissingDependencyError: If it can be had in neither way.
    """
    import duckdb  # noqa: PLC0415

    spec = util.find_spec("duckdb_extension_httpfs")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / f"extensions/v{duckdb.__version__}/httpfs.duckdb_extension"
        if file.is_file():
            duck.execute(f"load {literal(str(file))}")
            return
    try:
        duck.execute("load httpfs")
    except duckdb.Error:
        try:
            duck.execute("install httpfs")
            duck.execute("load httpfs")
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            raise MissingDependencyError(
                f"DuckDB {duckdb.__version__} has no extension httpfs, and could not install it "
                f"({reason}): pip install 'biodata-cache[s3]' brings both in versions that fit."
            ) from error
