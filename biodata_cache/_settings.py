"""The settings: the only module that reads `BIODATA_CACHE_*` from the environment.

Every setting is an environment variable, and an option of the command line, which wins.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from biodata_cache._errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

Backend = Literal["S3", "LOCAL", "MEMORY"]

PREFIX = "BIODATA_CACHE_"
CACHE_FOLDER = "data-asset-cache"
DEFAULT_S3_ROOT = "s3://allen-data-views"
DEFAULT_SOURCE = "https://api.allenneuraldynamics.org"
DEFAULT_WORK = ".biodata-cache"
DEFAULT_KEEP_BUILDS = 3
_VERSION_FOLDER = re.compile(r"bdc-v\d+(\.\d+)*")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the cache is read, published and built.

    Attributes:
        backend: Kind of place the cache lives in.
        root: Where the cache is published and read: a folder or `s3://bucket[/prefix]`; empty for
            the backend `MEMORY`.
        version_folder: Folder of the version to read, for example `bdc-v0.1.0`.
        source: Where records come from.
        raw: Raw lake: a folder or `s3://…`.
        objects: Object store to probe: `s3` or a folder of buckets.
        work: Folder of the lake, the build area and dbt's target and logs.
        keep_builds: How many earlier builds of a version are kept for `rollback`.
        is_memory_asked: Whether the backend `MEMORY` or a source for it was set. It is also what
            is left if nothing is set, and then nobody meant to build anything.
    """

    backend: Backend
    root: str
    version_folder: str
    source: str
    raw: str
    objects: str
    work: Path
    keep_builds: int = DEFAULT_KEEP_BUILDS
    is_memory_asked: bool = False


@lru_cache(maxsize=1)
def installed_version() -> str:
    """Version of the installed package, for example `0.1.0`.

    Raises:
        SettingsError: The package is not installed, only its files are there.
    """
    try:
        return metadata.version("biodata-cache")
    except metadata.PackageNotFoundError as error:
        raise SettingsError(
            "biodata-cache is not installed, so its version is unknown: "
            f"run `pip install -e .` in the checkout, or set {PREFIX}VERSION."
        ) from error


def ascending(names: Iterable[str]) -> list[str]:
    """Those of the names that are version folders, by number, the newest last.

    Example:
        >>> ascending(["bdc-v0.10", "bdc-v0.9", "bdc-v0.9-draft"])
        ['bdc-v0.9', 'bdc-v0.10']
    """
    folders = {name for name in names if _VERSION_FOLDER.fullmatch(name)}
    return sorted(folders, key=lambda name: ([int(part) for part in name[5:].split(".")], name))


def load(
    *,
    root: str | None = None,
    version: str | None = None,
    source: str | None = None,
    raw: str | None = None,
    work: str | None = None,
) -> Settings:
    """Settings from the environment; an argument that is not None wins over its variable.

    Raises:
        SettingsError: A value cannot be used, or two contradict each other.

    Example:
        >>> load(root="somewhere", version="0.1.0").version_folder
        'bdc-v0.1.0'
    """
    chosen_root = _value("ROOT", root)
    backend = _backend(chosen_root)
    if backend == "S3" and not chosen_root:
        chosen_root = DEFAULT_S3_ROOT
    work_folder = Path(_value("WORK", work) or DEFAULT_WORK)
    chosen_source = _value("SOURCE", source) or DEFAULT_SOURCE
    return Settings(
        backend=backend,
        root="" if backend == "MEMORY" else chosen_root.rstrip("/") or "/",
        version_folder=_version_folder(_value("VERSION", version) or installed_version()),
        source=chosen_source,
        raw=_value("RAW", raw) or str(work_folder / "raw"),
        objects=_value("OBJECTS", None) or "s3",
        work=work_folder,
        keep_builds=_count("KEEP_BUILDS", DEFAULT_KEEP_BUILDS),
        is_memory_asked=backend == "MEMORY"
        and bool(_value("BACKEND", None) or _value("SOURCE", source)),
    )


def _value(name: str, argument: str | None) -> str:
    """The argument if there is one, else the variable; empty if neither says anything."""
    if argument is not None:
        return argument.strip()
    return os.environ.get(PREFIX + name, "").strip()


def _count(name: str, default: int) -> int:
    """A whole number that may be zero.

    Raises:
        SettingsError: It is something else.
    """
    text = _value(name, None)
    if text and not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give a whole number, for example 3.")
    return int(text) if text else default


def _backend(root: str) -> Backend:
    """Backend as set, or as the root implies.

    Raises:
        SettingsError: Unknown backend, or one that the root contradicts.
    """
    implied: Backend = "S3" if root.startswith("s3://") else "LOCAL" if root else "MEMORY"
    asked = _value("BACKEND", None).upper()
    if not asked:
        return implied
    if asked not in {"S3", "LOCAL", "MEMORY"}:
        raise SettingsError(
            f"{PREFIX}BACKEND is {asked!r}: it must be one of S3, LOCAL, MEMORY (any case)."
        )
    if asked == "LOCAL" and implied != "LOCAL":
        raise SettingsError(
            f"{PREFIX}BACKEND is LOCAL but {PREFIX}ROOT is {root!r}: set it to a folder."
        )
    if asked == "S3" and implied == "LOCAL":
        raise SettingsError(
            f"{PREFIX}BACKEND is S3 but {PREFIX}ROOT is {root!r}: "
            "set it to s3://bucket[/prefix], or leave it out."
        )
    return asked  # type: ignore[return-value]  # checked against the three names above


def _version_folder(version: str) -> str:
    """Folder name of a version that is given as `0.1.0`, `v0.1.0` or `bdc-v0.1.0`.

    Raises:
        SettingsError: Not a version.
    """
    folder = "bdc-v" + version.removeprefix("bdc-").removeprefix("v")
    if not _VERSION_FOLDER.fullmatch(folder):
        raise SettingsError(
            f"{PREFIX}VERSION is {version!r}: give numbers separated by dots, for example '0.1.0'."
        )
    return folder
