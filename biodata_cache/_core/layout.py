"""All paths and file names of the cache, each made of checked single names.

    data-asset-cache/
        cache_versions.json                  released versions
        cache_status.json                    time and result of the last complete publish
        .objects/<sha256>.pqt                immutable, named by content
        .builds/<version folder>/<build>.json
        custom/<name>.pqt
        <version folder>/
            cache_registry.json
            cache_registry/<table>.json      fragments: one entry each
            cache_history.json, index.html, qc.html
            biodata_cache.duckdb             a view for every table
            datapackage.json, croissant.json descriptions of the tables for other tools
            <folder>.json                    sidecar: the columns of a table
            <folder>.pqt                     public file of a plain table
            <folder>/<key>=<value>/data.pqt  public files of a partitioned table

Paths are relative to the folder `data-asset-cache` of the root, with `/` between names.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from urllib.parse import quote, unquote

from biodata_cache._core.errors import RegistryError

CACHE_FOLDER = "data-asset-cache"
VERSIONS_FILE = "cache_versions.json"
STATUS_FILE = "cache_status.json"
REGISTRY_FILE = "cache_registry.json"
FRAGMENTS = "cache_registry"
HISTORY_FILE = "cache_history.json"
PAGE_FILE = "index.html"
QUALITY_PAGE_FILE = "qc.html"
DATABASE_FILE = "biodata_cache.duckdb"
DATAPACKAGE_FILE = "datapackage.json"
CROISSANT_FILE = "croissant.json"
PARQUET_TYPE = "application/vnd.apache.parquet"
LEASE = ".publish.lock"
"""Lease of the one publisher of a root."""

OBJECTS = ".objects"
BUILDS = ".builds"
PARTITION_FILE = "data.pqt"
AREA_OBJECTS = "objects"
"""Folder of the sorted objects of partitioned tables, in the build area beside the version."""

_MOST_BYTES = 255  # of a name, in every usual file system
_OBJECT = re.compile(r"[0-9a-f]{64}\.pqt")
_BUILD = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}", re.ASCII)


def single(name: str) -> str:
    """The name, checked to be the name of one file or folder.

    Raises:
        RegistryError: If it is empty, `.` or `..`, too long, or holds a separator or a control
            character.

    Example:
        >>> single("asset_basics.pqt")
        'asset_basics.pqt'
    """
    is_odd = name in {"", ".", ".."} or re.search(r"[/\\\x00-\x1f\x7f\ud800-\udfff]", name)
    if is_odd or len(name.encode()) > _MOST_BYTES:
        shown = name if len(name) <= _MOST_BYTES else f"{name[:60]}…"
        raise RegistryError(
            f"{shown!r} cannot be the name of a file or folder of the cache: publish this version "
            "again, or copy it again from where it was published."
        )
    return name


def path(*names: str) -> str:
    """Path of checked single names.

    Raises:
        RegistryError: If one of them is not a single name.

    Example:
        >>> path("bdc-v0.50.0", "cache_registry.json")
        'bdc-v0.50.0/cache_registry.json'
    """
    return "/".join(map(single, names))


def version_folder(version: str) -> str:
    """Folder of a version."""
    return single(f"bdc-v{version}")


def registry_path(version_folder: str) -> str:
    """Path of the registry of a version."""
    return path(version_folder, REGISTRY_FILE)


def history_path(version_folder: str) -> str:
    """Path of the list of published builds."""
    return path(version_folder, HISTORY_FILE)


def fragment_path(version_folder: str, table: str) -> str:
    """Path of the registry entry of one table."""
    return path(version_folder, FRAGMENTS, f"{table}.json")


def sidecar_path(data_path: str) -> str:
    """Path of the list of columns of a table, from the path of its file or folder."""
    return path(*data_path.removesuffix(".pqt").split("/")[:-1], f"{table_folder(data_path)}.json")


def table_folder(data_path: str) -> str:
    """Folder of a table in its version, or its file without the suffix."""
    return single(data_path.rpartition("/")[2].removesuffix(".pqt"))


def data_path(version_folder: str, table: str, location: str) -> str:
    """Path of the file of a table, or of the folder of its partitions.

    Args:
        version_folder: Folder of the version that is read.
        table: Name of the table, for messages.
        location: Address at which it was published. Only its end is used: the folder may have been
            moved since, or be mounted elsewhere.

    Raises:
        RegistryError: If the location names nothing inside of the version.

    Example:
        >>> data_path("bdc-v0.50.0", "quality_control", "s3://bucket/data-asset-cache/bdc-v0.50.0/qc/")
        'bdc-v0.50.0/qc'
    """
    parts = [part for part in re.split(r"[/\\]", location) if part]
    if version_folder in parts:
        inside = parts[len(parts) - parts[::-1].index(version_folder) :]
    else:
        inside = parts[-1:]
    try:
        if inside:
            return path(version_folder, *inside)
    except RegistryError:
        pass
    raise RegistryError(
        f"{table}: its location {location!r} names no file in {version_folder}. Publish this "
        "version again, or copy it again from where it was published."
    )


def partition_path(folder: str, key: str, value: str) -> str:
    """Path of the file of one partition, its value percent-encoded as DuckDB does it.

    Example:
        >>> partition_path("qc", "subject_id", "a/b")
        'qc/subject_id=a%2Fb/data.pqt'
    """
    return path(*folder.split("/"), f"{key}={quote(value, safe='')}", PARTITION_FILE)


def partition_value(folder: str, key: str, path: str) -> str | None:
    """Value of the partition whose file has this path; None if it is not a partition file.

    Example:
        >>> partition_value("qc", "subject_id", "qc/subject_id=a%2Fb/data.pqt")
        'a/b'
    """
    value = value_in_path(folder, key, path)
    return value if path.endswith(f"/{PARTITION_FILE}") else None


def value_in_path(folder: str, key: str, path: str) -> str | None:
    """The same, whatever the file is called: older publishers write a partition in several files.

    Example:
        >>> value_in_path("units", "asset_name", "units/asset_name=a1/data_0001.pqt")
        'a1'
    """
    pattern = rf"{re.escape(folder)}/{re.escape(key)}=([^/]*)/[^/]+\.(pqt|parquet)"
    match = re.fullmatch(pattern, path)
    return unquote(match[1]) if match else None


def object_name(sha256: str) -> str:
    """Name of the object of this content."""
    return f"{sha256}.pqt"


def is_object_name(name: str) -> bool:
    """Whether a name is that of an object."""
    return _OBJECT.fullmatch(name) is not None


def object_path(name: str) -> str:
    """Path of an object.

    Raises:
        RegistryError: If the text is not the name of an object.
    """
    if not is_object_name(name):
        raise RegistryError(f"{name!r} is not the name of an object: publish this version again.")
    return path(OBJECTS, name)


def builds_folder(version_folder: str) -> str:
    """Folder of the registries of the kept builds of a version."""
    return path(BUILDS, version_folder)


def pending_path(version_folder: str) -> str:
    """Path of the marker of an unfinished publish: public files are of more than one build."""
    return path(BUILDS, version_folder, "pending.json")


def rollback_path(version_folder: str) -> str:
    """Path of the marker of a rollback, which the next publish checks."""
    return path(BUILDS, version_folder, "rollback.json")


def is_build_name(name: str) -> bool:
    """Whether a name is the name of a build.

    Example:
        >>> is_build_name("20260131T081500Z-0a1b2c3d")
        True
        >>> is_build_name("20269999T081500Z-0a1b2c3d")
        False
    """
    if not _BUILD.fullmatch(name):
        return False
    try:
        build_time(name)
    except ValueError:
        return False
    return True


def build_time(build: str) -> datetime:
    """Time of a build, from its name.

    Example:
        >>> build_time("20260131T081500Z-0a1b2c3d").isoformat()
        '2026-01-31T08:15:00+00:00'
    """
    made = datetime.strptime(build.partition("-")[0], "%Y%m%dT%H%M%SZ")  # next line
    return made.replace(tzinfo=timezone.utc)


def build_path(version_folder: str, build: str) -> str:
    """Path of the registry of a kept build.

    Raises:
        RegistryError: If the text is not the name of a build.
    """
    if not is_build_name(build):
        raise RegistryError(
            f"{build!r} is not the name of a build, such as '20260131T081500Z-0a1b2c3d': "
            "'biodata-cache builds' lists those that are kept."
        )
    return path(BUILDS, version_folder, f"{build}.json")
