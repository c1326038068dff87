"""Opens the storage that the settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import MissingDependencyError, SettingsError
from biodata_cache._core.layout import CACHE_FOLDER
from biodata_cache._core.settings.address import Address
from biodata_cache._core.settings.values import PREFIX, Requests
from biodata_cache._storage.cached import cached
from biodata_cache._storage.local import LocalStorage

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._storage.base import Storage
    from biodata_cache._storage.cached import CachedStorage
    from biodata_cache._storage.s3 import S3Storage

_REQUESTS = Requests()


def open_storage(settings: Settings) -> Storage:
    """The storage of the configured root, which need not exist yet.

    Raises:
        MissingDependencyError: If the extra `s3` is needed and not installed.
        SettingsError: If no root is set, it is read-only, or it names no bucket.
    """
    check_root(settings)
    return _open(settings)


def check_root(settings: Settings) -> None:
    """Check that the settings name a root that can be published to.

    Raises:
        SettingsError: If they name no root (MEMORY), or a read-only one (CODEOCEAN).
    """
    if settings.backend == "MEMORY":
        raise SettingsError(
            "There is no root to publish to: give --root, or set BIODATA_CACHE_ROOT to a folder "
            "or to s3://bucket[/prefix]."
        )
    if settings.backend == "CODEOCEAN":
        raise SettingsError(
            f"BIODATA_CACHE_BACKEND is CODEOCEAN, a copy of the bucket in {settings.root} that is "
            "only read: to publish, leave it out and set BIODATA_CACHE_ROOT."
        )


def _open(settings: Settings) -> Storage:
    if settings.backend == "S3":
        return _bucket(settings.root, "root", "ROOT", settings.requests, CACHE_FOLDER)
    return LocalStorage(Path(settings.root).absolute(), CACHE_FOLDER)


def open_cached(settings: Settings) -> CachedStorage:
    """The configured root for a reader, behind caches in memory and on disk.

    Raises:
        MissingDependencyError: If the extra `s3` is needed and not installed.
        SettingsError: If the root names no bucket, or the AWS settings contradict each other.
    """
    return cached(_open(settings), settings.local_cache, settings.local_cache_size)


def open_lake(raw: str, requests: Requests = _REQUESTS) -> S3Storage:
    """The storage of a raw lake at `s3://bucket/prefix`.

    Raises:
        MissingDependencyError: If the extra `s3` is not installed.
        SettingsError: If the address names no bucket, or no prefix in it.
    """
    return _prefix(raw, "raw lake", "RAW", requests)


def open_staging(address: str, requests: Requests = _REQUESTS) -> Storage:
    """The storage of staging that other processes build: a folder, or `s3://bucket/prefix`.

    Raises:
        MissingDependencyError: If the extra `s3` is needed and not installed.
        SettingsError: If the address is neither, or names no prefix in a bucket.
    """
    if not address.startswith("s3://"):
        if "://" in address:
            raise SettingsError(
                f"{Address(address)!r} is neither a folder nor on S3: give a folder or "
                "s3://bucket/prefix."
            )
        return LocalStorage(Path(address).absolute())
    return _prefix(address, "staging", "ROOT", requests)


def _prefix(address: str, what: str, setting: str, requests: Requests) -> S3Storage:
    """The storage of a prefix in a bucket."""
    storage = _bucket(address, what, setting, requests)
    if not storage.prefix:
        raise SettingsError(
            f"The {what} {address!r} would be a whole bucket: write s3://bucket/prefix."
        )
    return storage


def open_bucket(bucket: str, requests: Requests = _REQUESTS) -> S3Storage:
    """The storage of a whole bucket that others manage.

    Raises:
        MissingDependencyError: If the extra `s3` is not installed.
        SettingsError: If the name is invalid, or the AWS settings contradict each other.
    """
    storage = _bucket(f"s3://{bucket}", "bucket", "OBJECTS", requests)
    return replace(storage, is_foreign=True)


def _bucket(
    address: str, what: str, setting: str, requests: Requests, folder: str = ""
) -> S3Storage:
    """The storage of an address, or of a folder below it."""
    try:
        # boto3 comes with the extra `s3`.
        from biodata_cache._storage.s3 import S3Storage  # noqa: PLC0415
        from biodata_cache._storage.s3_client import access, split_address  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed: {address} needs pip install 'biodata-cache[s3]'."
        ) from error
    bucket, prefix = split_address(address, what)
    prefix = "/".join(part for part in (prefix, folder) if part)
    return S3Storage(bucket, prefix, access(requests), f"{PREFIX}{setting}")
