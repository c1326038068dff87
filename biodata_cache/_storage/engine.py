"""DuckDB connections for reading: one database per process, and one per bucket and endpoint."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from biodata_cache._core.errors import AccessError, MissingDependencyError
from biodata_cache._core.sqltext import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from biodata_cache._storage.base import Storage

_lock_of_databases = threading.Lock()


def connect(
    storage: Storage, locations: Sequence[str], *, is_separate: bool = False
) -> duckdb.DuckDBPyConnection:
    """A new connection that can read these locations; the caller closes it.

    Args:
        storage: The storage of the addresses.
        locations: Addresses of the storage, and paths of local files.
        is_separate: Whether to open a database that no other connection shares.

    Raises:
        AccessError: If DuckDB does not accept the credentials.
        MissingDependencyError: If DuckDB cannot read from S3.
    """
    if not any("://" in location for location in locations):
        return _new_local() if is_separate else local_engine()
    secret = storage.secret() or {}
    bundle, proxy = os.environ.get("AWS_CA_BUNDLE", ""), _proxy(secret)  # botocore reads them too
    if is_separate:
        database = _RemoteDatabase(bundle, proxy)
        database.set_secret(secret)
        return database.duck
    # Neither a database nor a client of botocore survives a fork.
    key = (os.getpid(), secret.get("scope", ""), secret.get("endpoint", ""))
    with _lock_of_databases:
        database = _remote(key, bundle, proxy)
        database.set_secret(secret)
        return database.duck.cursor()


def local_engine() -> duckdb.DuckDBPyConnection:
    """A connection to the shared database of this process, which is faster than a new database."""
    with _lock_of_databases:
        return _database(os.getpid()).cursor()


@lru_cache(maxsize=8)
def _database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  # none survives a fork
    """The database that reads local files; it holds no tables."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    # DuckDB's file cache would grow without bound; the operating system caches files as well.
    return duckdb.connect(config={"enable_external_file_cache": "false"})


def _new_local() -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415  # not before it is needed

    return duckdb.connect()


@lru_cache(maxsize=8)
def _remote(key: tuple[int, str, str], bundle: str, proxy: str) -> _RemoteDatabase:  # noqa: ARG001
    """The shared database of a process, bucket and endpoint."""
    return _RemoteDatabase(bundle, proxy)


class _RemoteDatabase:
    """A database that reads from S3, with the certificates and the proxy that AWS tools use."""

    def __init__(self, bundle: str, proxy: str) -> None:
        import duckdb  # noqa: PLC0415  # not before it is needed

        self._secret_statement = ""
        self.duck = duckdb.connect(config={"allow_persistent_secrets": "false"})
        load_httpfs(self.duck)
        # It would grow without bound.
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
        self.duck.execute("set threads = 16")  # they mostly wait for responses
        with suppress(duckdb.CatalogException):  # DuckDB 1.4 has no such setting
            self.duck.execute("set httpfs_connection_caching = true")

    def set_secret(self, secret: dict[str, str]) -> None:
        """Set the credentials if they have changed; those of a role do every few hours.

        Raises:
            AccessError: If DuckDB does not accept them.
        """
        import duckdb  # noqa: PLC0415

        listed = ", ".join(f"{name} {literal(value)}" for name, value in secret.items())
        statement = f"create or replace secret biodata_cache (type s3, provider config, {listed})"
        if statement == self._secret_statement:
            return
        try:
            self.duck.execute(statement)
        except duckdb.Error:
            raise AccessError(
                "DuckDB does not accept the credentials of AWS."
            ) from None  # DuckDB's message contains the credentials
        self._secret_statement = statement


def _proxy(secret: dict[str, str]) -> str:
    """Address of the proxy for the endpoint of a secret; empty if none is set."""
    from urllib import request  # noqa: PLC0415  # brings http and ssl

    endpoint = secret.get("endpoint", "s3.amazonaws.com")
    scheme = "http" if secret.get("use_ssl") == "false" else "https"
    if request.proxy_bypass(endpoint.partition("/")[0]):
        return ""
    return request.getproxies().get(scheme, "")


def load_httpfs(duck: duckdb.DuckDBPyConnection) -> None:
    """Load DuckDB's extension httpfs: from its wheel, else as DuckDB installs extensions.

    Raises:
        MissingDependencyError: If neither way succeeds.
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
