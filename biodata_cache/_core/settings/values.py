"""The settings of a command or of a reader, from options and `BIODATA_CACHE_*` variables.

`table` lists them; this module derives what depends on several of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from biodata_cache._core.errors import SettingsError
from biodata_cache._core.layout import CACHE_FOLDER
from biodata_cache._core.messages import warn
from biodata_cache._core.settings.address import Address, Secret, redacted
from biodata_cache._core.settings.parsers import (
    PREFIX,
    Backend,
    is_version_folder,
    system_cache,
    version_folder,
)
from biodata_cache._core.settings.table import DEFAULT_MOUNT, DEFAULT_S3_ROOT, NO_SOURCE, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = [
    "DEFAULT_S3_ROOT",
    "NO_SOURCE",
    "PREFIX",
    "ExtractOptions",
    "Requests",
    "Settings",
    "ascending",
    "installed_version",
    "load",
]


_DERIVED = {
    *("ROOT", "BACKEND", "VERSION", "SOURCE", "SOURCE_FILE", "V1_SOURCE", "RAW", "OBJECTS"),
    *("FORAGING_DATABASE", "DUCKDB_WASM", "LOCAL_CACHE", "MEMORY", "TEMP_DISK", "ON_FINISH"),
}
"""Settings whose attribute is more than their own value."""


class Requests(NamedTuple):
    """How requests to S3 are made.

    Attributes:
        requester_pays: Whether the requester pays, which anonymous requests cannot.
        patience: Seconds without progress after which the server counts as unreachable.
        is_anonymous: Whether to sign none.
    """

    requester_pays: bool = False
    patience: float = 300.0
    is_anonymous: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the cache is read, published and built, by the names of `table`, which explains them.

    Attributes:
        root: Empty for the backend `MEMORY`.
        source: From the variable `SOURCE`, or from the file that the variable `SOURCE_FILE` or an
            option names.
        v1_source: By default `source`, if that is the gateway or the sample, or if a database or
            collection of version 1 is named.
        memory: As DuckDB writes it, as `temp_disk`.
        is_memory_asked: Whether the backend `MEMORY` or a source for it was set. It is also what
            is left if nothing is set, when no build was intended.
    """

    backend: Backend
    root: Address
    version_folder: str
    source: Secret
    database: str
    collection: str
    v1_source: Secret
    v1_database: str
    v1_collection: str
    retry_seconds: float
    workers: int
    raw: Address
    objects: Address
    work: Path
    foraging_database: Address = Address("")  # noqa: RUF009  # a text
    requester_pays: bool = False
    keep_days: int
    grace_hours: int
    duckdb_wasm: str
    local_cache: Path | None
    local_cache_size: int
    memory: str
    temp_disk: str
    on_finish: str = field(default="", repr=False)
    metrics: Path | None = None
    is_memory_asked: bool = False

    @property
    def requests(self) -> Requests:
        """How to make requests to S3."""
        return Requests(self.requester_pays, self.retry_seconds)


@dataclass(frozen=True, kw_only=True)
class ExtractOptions:
    """How to extract.

    Attributes:
        full: Start over: read everything, and replace what the lake holds.
        dry_run: Count only; touch nothing.
        allow_shrink: Accept that most records are gone.
        salvage: Take what can be read of a damaged file.
        prune: Accept that a folder no longer has a file, with the records of it.
        bounds: Bounds of the lake other than its defaults, by attribute of `extract.lake.policy`.
        lease: Seconds after which the lock of a killed run on S3 ends; None for the default.
    """

    full: bool = False
    dry_run: bool = False
    allow_shrink: bool = False
    salvage: bool = False
    prune: bool = False
    bounds: Mapping[str, Any] = field(default_factory=dict)
    lease: float | None = None


@lru_cache(maxsize=1)
def installed_version() -> str:
    """Version of the installed package, for example `0.50.0`.

    Raises:
        SettingsError: If the package is not installed, only its files are there.
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
    folders = {name for name in names if is_version_folder(name)}
    return sorted(folders, key=lambda name: ([int(part) for part in name[5:].split(".")], name))


def load(**given: str | None) -> Settings:
    """Settings from the environment; an argument that is not None wins over its variable.

    Args:
        given: Texts by the name of the setting in lower case, for example `root` and `v1_source`.

    Raises:
        SettingsError: If a value cannot be used, or two contradict each other.
        TypeError: If there is no such setting.

    Example:
        >>> load(root="somewhere", version="0.50.0").version_folder
        'bdc-v0.50.0'
    """
    unknown = {name.upper() for name in given} - SETTINGS.keys()
    if unknown:
        raise TypeError(f"there is no setting {', '.join(sorted(unknown))}")

    def value(name: str) -> Any:  # noqa: ANN401  # as its parser makes it
        return SETTINGS[name].value(given.get(name.lower()))

    def is_set(name: str) -> bool:
        return bool(SETTINGS[name].text(given.get(name.lower())))

    root, backend = _root_and_backend(value("ROOT") or "", value("BACKEND"))
    source = _source(given)
    v1_source = value("V1_SOURCE")
    if v1_source is None:
        has_both = source.startswith("https://") or source.partition(":")[0] == "sample"
        is_known = has_both or is_set("V1_DATABASE") or is_set("V1_COLLECTION")
        v1_source = source if is_known else NO_SOURCE
    work, folder = value("WORK"), system_cache()
    local_cache = folder and folder / "biodata-cache" / "copies"
    return Settings(
        backend=backend,
        root=Address(root),
        version_folder=value("VERSION") or version_folder("VERSION", installed_version()),
        source=Secret(source),
        v1_source=Secret(v1_source),
        raw=Address(value("RAW") or work / "raw"),
        objects=Address(value("OBJECTS") or _objects_of(source)),
        foraging_database=Address(value("FORAGING_DATABASE") or ""),
        duckdb_wasm=value("DUCKDB_WASM") or "",
        local_cache=value("LOCAL_CACHE") if is_set("LOCAL_CACHE") else local_cache,
        memory=f"{value('MEMORY')}B",
        temp_disk=f"{value('TEMP_DISK')}B",
        on_finish=value("ON_FINISH") or "",
        is_memory_asked=backend == "MEMORY" and (is_set("BACKEND") or is_set("SOURCE")),
        **{name.lower(): value(name) for name in SETTINGS if name not in _DERIVED},
    )


def _root_and_backend(root: str, chosen: Backend | None) -> tuple[str, Backend]:
    """The root, and the kind of it as set, or as the root implies.

    Programs of the package that this one replaces set `S3` whatever the root is: it decides.
    """
    if chosen == "CODEOCEAN":
        return _mounted(root or DEFAULT_MOUNT), chosen
    implied: Backend = "S3" if root.startswith("s3://") else "LOCAL" if root else "MEMORY"
    if chosen == "LOCAL" and implied != "LOCAL":
        raise SettingsError(
            f"{PREFIX}BACKEND is LOCAL but {PREFIX}ROOT is {redacted(root)!r}: set it to a folder."
        )
    if chosen == "S3" and implied == "LOCAL":
        warn(
            f"{PREFIX}BACKEND is S3 but {PREFIX}ROOT is {redacted(root)!r}, which is read: leave "
            f"{PREFIX}BACKEND out.",
            UserWarning,
        )
        chosen = "LOCAL"
    backend = chosen or implied
    if backend == "MEMORY":
        return "", backend
    return root or DEFAULT_S3_ROOT, backend


def _mounted(folder: str) -> str:
    """The root of a mounted copy of the bucket, or of its folder `data-asset-cache`."""
    if "://" in folder:
        raise SettingsError(
            f"{PREFIX}BACKEND is CODEOCEAN but {PREFIX}ROOT is {redacted(folder)!r}: set it to the "
            f"folder where the bucket is mounted, by default {DEFAULT_MOUNT}."
        )
    path = PurePath(folder)
    return str(path.parent if path.name == CACHE_FOLDER else path)


def _source(given: Mapping[str, str | None]) -> str:
    """The source as given, or as in a secret file; an option wins over either variable."""
    source, file = given.get("source"), given.get("source_file")
    if source is not None and file is not None:
        raise SettingsError("Give --source or --source-file, not both.")
    setting = SETTINGS["SOURCE"]
    if source is None and (file is not None or not setting.text(None)):
        source = SETTINGS["SOURCE_FILE"].value(file)
    value: str = setting.value(source)
    return value


def _objects_of(source: str) -> str:
    """Object store of a source, where none is named: files of records come without one."""
    if source.partition(":")[0] == "sample":
        return "sample"
    return "s3" if "://" in source else "none"
