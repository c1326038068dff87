"""The settings: the only module that reads `BIODATA_CACHE_*` from the environment.

Every setting is an environment variable, and an option of the command line, which wins.
"""

from __future__ import annotations

import math
import os
import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from biodata_cache._core.address import Address, Secret, redacted
from biodata_cache._core.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

Backend = Literal["S3", "LOCAL", "MEMORY"]

PREFIX = "BIODATA_CACHE_"
CACHE_FOLDER = "data-asset-cache"
DEFAULT_S3_ROOT = "s3://allen-data-views"
DEFAULT_SOURCE = "https://api.allenneuraldynamics.org"
DEFAULT_WORK = ".biodata-cache"
DEFAULT_DATABASE = "metadata_index"
DEFAULT_COLLECTION = "data_assets"
DEFAULT_RETRY_SECONDS = 300.0
DEFAULT_WORKERS = 4
NO_SOURCE = "none"
VARIABLES = (
    "ROOT",
    "VERSION",
    "SOURCE",
    "SOURCE_FILE",
    "DATABASE",
    "COLLECTION",
    "V1_SOURCE",
    "V1_DATABASE",
    "V1_COLLECTION",
    "RETRY_SECONDS",
    "WORKERS",
    "OBJECTS",
    "WORK",
    "RAW",
    "BACKEND",
    "KEEP_DAYS",
    "GRACE_HOURS",
    "LOCAL_CACHE",
    "LOCAL_CACHE_SIZE",
    "MEMORY",
    "TEMP_DISK",
    "ON_FINISH",
    "METRICS",
)
"""Every setting, without the prefix; `doctor` knows a misspelt one by it."""

DEFAULT_KEEP_DAYS = 14
DEFAULT_GRACE_HOURS = 24
DEFAULT_LOCAL_CACHE_SIZE = 5 * 10**9
DEFAULT_MEMORY = 3 * 10**9
DEFAULT_TEMP_DISK = 50 * 10**9
_LEAST_MEMORY = 10**7
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CREDENTIALS = re.compile(r"^(?![A-Za-z]:[\\/]).*:.*@", re.DOTALL)
_VERSION_FOLDER = re.compile(r"bdc-v\d{1,18}(\.\d{1,18})*")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the cache is read, published and built.

    Attributes:
        backend: Kind of place the cache lives in.
        root: Where the cache is published and read: a folder or `s3://bucket[/prefix]`; empty for
            the backend `MEMORY`.
        version_folder: Folder of the version to read, for example `bdc-v0.50.0`.
        source: Where records come from; may hold a password. From the variable `SOURCE`, or from
            the file that the variable `SOURCE_FILE` or an option names.
        database: Database of the records, for `mongodb://…` and the gateway.
        collection: Collection of the records.
        v1_source: Where records of version 1 come from, or `none`. By default the same as `source`
            if that is the gateway, or if a database or collection of version 1 is named.
        v1_database: Database of the records of version 1.
        v1_collection: Collection of the records of version 1.
        retry_seconds: Seconds without any progress after which a database is given up.
        workers: How many threads fetch at once.
        raw: Raw lake: a folder or `s3://…`.
        objects: Object store to probe: `s3`, a folder of buckets, `sample` (the objects of the
            sample, in the work folder), or `none`.
        work: Folder of the lake, the build area and dbt's target and logs.
        keep_days: For how many days a build is kept after another took its place.
        grace_hours: For how many hours more its objects stay, for readers who had begun before.
        local_cache: Folder of copies of what was read from S3; None for none.
        local_cache_size: Most bytes that these copies take together.
        memory: Most memory that DuckDB takes in a build, as DuckDB writes it.
        temp_disk: Most disk that its temporary files take in a build, as DuckDB writes it.
        on_finish: Command line for a shell that gets the report of a run that ended; or empty.
        metrics: File for a textfile collector of Prometheus; None for none.
        is_memory_asked: Whether the backend `MEMORY` or a source for it was set. It is also what
            is left if nothing is set, and then nobody meant to build anything.
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
    keep_days: int = DEFAULT_KEEP_DAYS
    grace_hours: int = DEFAULT_GRACE_HOURS
    local_cache: Path | None = None
    local_cache_size: int = DEFAULT_LOCAL_CACHE_SIZE
    memory: str = f"{DEFAULT_MEMORY}B"
    temp_disk: str = f"{DEFAULT_TEMP_DISK}B"
    on_finish: str = field(default="", repr=False)
    metrics: Path | None = None
    is_memory_asked: bool = False


@dataclass(frozen=True, kw_only=True)
class ExtractOptions:
    """How to extract.

    Attributes:
        full: Start over: read everything, and replace what the lake holds.
        dry_run: Count only; touch nothing.
        allow_shrink: Accept that most records are gone.
        salvage: Take what can be read of a damaged file.
        prune: Accept that a folder no longer has a file, with the records of it.
    """

    full: bool = False
    dry_run: bool = False
    allow_shrink: bool = False
    salvage: bool = False
    prune: bool = False


@lru_cache(maxsize=1)
def installed_version() -> str:
    """Version of the installed package, for example `0.50.0`.

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
    objects: str | None = None,
    work: str | None = None,
    **others: str | None,
) -> Settings:
    """Settings from the environment; an argument that is not None wins over its variable.

    Args:
        root: Where the cache is published and read.
        version: Version to read.
        source: Where records come from.
        raw: Raw lake.
        objects: Object store to probe.
        work: Folder of the lake, the build area and dbt's files.
        others: `source_file`, `database`, `collection`, `v1_source`, `v1_database`,
            `v1_collection`.

    Raises:
        SettingsError: A value cannot be used, or two contradict each other.

    Example:
        >>> load(root="somewhere", version="0.50.0").version_folder
        'bdc-v0.50.0'
    """
    chosen_root = _value("ROOT", root)
    backend = _backend(chosen_root)
    chosen_root = _unless_credentials("ROOT", chosen_root)
    if backend == "S3" and not chosen_root:
        chosen_root = DEFAULT_S3_ROOT
    work_folder = Path(_expanded("WORK", _value("WORK", work) or DEFAULT_WORK))
    chosen_source = _source(source, others.get("source_file"))
    chosen_source = _place("SOURCE", chosen_source) or DEFAULT_SOURCE
    v1_database = _value("V1_DATABASE", others.get("v1_database"))
    v1_collection = _value("V1_COLLECTION", others.get("v1_collection"))
    v1_source = _place("V1_SOURCE", _value("V1_SOURCE", others.get("v1_source")))
    if not v1_source:
        has_both = chosen_source.startswith("https://") or chosen_source.split(":")[0] == "sample"
        is_known = has_both or v1_database or v1_collection
        v1_source = chosen_source if is_known else NO_SOURCE
    return Settings(
        backend=backend,
        root=Address(
            "" if backend == "MEMORY" else _expanded("ROOT", chosen_root).rstrip("/") or "/"
        ),
        version_folder=_version_folder(_value("VERSION", version) or installed_version()),
        source=Secret(chosen_source),
        database=_value("DATABASE", others.get("database")) or DEFAULT_DATABASE,
        collection=_value("COLLECTION", others.get("collection")) or DEFAULT_COLLECTION,
        v1_source=Secret(v1_source),
        v1_database=v1_database or DEFAULT_DATABASE,
        v1_collection=v1_collection or DEFAULT_COLLECTION,
        retry_seconds=_number("RETRY_SECONDS", DEFAULT_RETRY_SECONDS),
        workers=int(_number("WORKERS", DEFAULT_WORKERS, least=1)),
        raw=Address(_place("RAW", _value("RAW", raw)) or str(work_folder / "raw")),
        objects=Address(
            _objects(_place("OBJECTS", _value("OBJECTS", objects))) or _objects_of(chosen_source)
        ),
        work=work_folder,
        keep_days=_count("KEEP_DAYS", DEFAULT_KEEP_DAYS),
        grace_hours=_count("GRACE_HOURS", DEFAULT_GRACE_HOURS),
        local_cache=_local_cache(_value("LOCAL_CACHE", None)),
        local_cache_size=_bytes("LOCAL_CACHE_SIZE", DEFAULT_LOCAL_CACHE_SIZE),
        memory=_duckdb_size("MEMORY", DEFAULT_MEMORY),
        temp_disk=_duckdb_size("TEMP_DISK", DEFAULT_TEMP_DISK),
        on_finish=_value("ON_FINISH", None),
        metrics=Path(_expanded("METRICS", named)) if (named := _value("METRICS", None)) else None,
        is_memory_asked=backend == "MEMORY"
        and bool(_value("BACKEND", None) or _value("SOURCE", source)),
    )


def _value(name: str, argument: str | None) -> str:
    """The argument if there is one, else the variable; empty if neither says anything."""
    if argument is not None:
        return argument.strip()
    return os.environ.get(PREFIX + name, "").strip()


def _expanded(name: str, place: str) -> str:
    """A place whose `~`, if it begins with one, is the home of a user.

    Raises:
        SettingsError: Nobody knows where that is.
    """
    try:
        return str(Path(place).expanduser()) if place.startswith("~") else place
    except RuntimeError:
        raise SettingsError(
            f"{PREFIX}{name} is {place!r}, and no home is known for it: give the path in full."
        ) from None


def _place(name: str, value: str) -> str:
    """The value as a path in full, or as an address where one may be; refused otherwise.

    Raises:
        SettingsError: If it looks like an address with a password, or begins with `~` and no home
            is known for that.
    """
    return _expanded(name, _unless_credentials(name, value))


def _unless_credentials(name: str, value: str) -> str:
    """The value, unless it looks like an address with a password where none belongs.

    Raises:
        SettingsError: If it does; the message shows nothing of it.
    """
    is_address = name in {"SOURCE", "V1_SOURCE"} and _ADDRESS.match(value) is not None
    if is_address or not _CREDENTIALS.search(value) or Path(value).exists():
        return value
    option = "--" + name.lower().replace("_", "-")
    expected = (
        "mongodb://… or https://…, or a path" if "SOURCE" in name else "a folder or s3://bucket"
    )
    raise SettingsError(
        f"{PREFIX}{name}, or {option}, looks like an address with a password in it, which cannot "
        f"be used like this (and is not shown): give {expected}."
    )


def _source(argument: str | None, file: str | None) -> str:
    """The source as given, or as a secret file says; an option wins over either variable.

    Raises:
        SettingsError: The file cannot be read.
    """
    if argument is not None and file is not None:
        raise SettingsError("Give --source or --source-file, not both.")
    if argument is not None:
        return argument.strip()
    name = (
        file
        if file is not None
        else ("" if _value("SOURCE", None) else _value("SOURCE_FILE", None))
    )
    if not name:
        return _value("SOURCE", None)
    if "://" in name:  # which may hold a password
        raise SettingsError(
            f"{PREFIX}SOURCE_FILE, or --source-file, is itself the address of a source: give a "
            f"file that holds it, or set {PREFIX}SOURCE to it."
        )
    try:
        text = Path(_expanded("SOURCE_FILE", name)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise SettingsError(
            f"The file of {PREFIX}SOURCE_FILE, or --source-file, cannot be read ({reason}): "
            "give a file that holds the address in its first line."
        ) from None
    return text.partition("\n")[0].strip()


def _number(name: str, default: float, *, least: float = 0.0) -> float:
    """A number from the environment.

    Raises:
        SettingsError: It is none, or too small.
    """
    text = _value(name, None)
    try:
        number = float(text) if text else float(default)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < least:
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give a number of at least {least:g}.")
    return number


def _objects(place: str) -> str:
    """The object store as given.

    Raises:
        SettingsError: If it is an address; the message shows no more than its scheme.
    """
    if "://" in place:
        raise SettingsError(
            f"{PREFIX}OBJECTS, or --objects, is {redacted(place)!r}: give `s3`, a folder of "
            "buckets, or `none`."
        )
    return place


def _objects_of(source: str) -> str:
    """Object store of a source, where none is named: files of records come without one."""
    if source.partition(":")[0] == "sample":
        return "sample"
    return "s3" if "://" in source else "none"


def _count(name: str, default: int) -> int:
    """A whole number that may be zero.

    Raises:
        SettingsError: It is something else.
    """
    text = _value(name, None)
    if text and not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give a whole number, for example 3.")
    return int(text) if text else default


def _local_cache(folder: str) -> Path | None:
    """Folder of local copies, by default where the system keeps what can be had again."""
    if folder.lower() == "off":
        return None
    if folder:
        return Path(_expanded("LOCAL_CACHE", folder)).absolute()
    if sys.platform == "win32":
        place = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        place = "~/Library/Caches"
    else:
        place = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(place).expanduser().absolute() / "biodata-cache" / "copies"
    except RuntimeError:  # nobody is at home
        return None


def _bytes(name: str, default: int, *, least: int = 0) -> int:
    """A number of bytes.

    Raises:
        SettingsError: If it is none, or less than the least.
    """
    text = _value(name, None)
    if not text:
        return default
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", text, re.IGNORECASE | re.ASCII)
    if found is None:
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give a size, for example '5GB'.")
    base = 1024 if found[3] else 1000
    number = int(float(found[1]) * base ** " kmgt".index(found[2].lower() or " "))
    if number < least:
        raise SettingsError(
            f"{PREFIX}{name} is {text!r}, which is less than {least} bytes: give more, for "
            "example '3GB'."
        )
    return number


def _duckdb_size(name: str, default: int) -> str:
    """A number of bytes as DuckDB reads it, of which it needs some to work at all."""
    return f"{_bytes(name, default, least=_LEAST_MEMORY)}B"


def _backend(root: str) -> Backend:
    """Backend as set, or as the root implies.

    Raises:
        SettingsError: Unknown backend, or one that the root contradicts.
    """
    scheme, mark, _ = root.partition("://")
    if mark and scheme != "s3":  # would be taken for a folder of that name
        raise SettingsError(
            f"{PREFIX}ROOT, or --root, begins with {scheme + mark!r}: give a folder, or "
            "s3://bucket[/prefix]."
        )
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
            f"{PREFIX}BACKEND is LOCAL but {PREFIX}ROOT is {redacted(root)!r}: set it to a folder."
        )
    if asked == "S3" and implied == "LOCAL":
        raise SettingsError(
            f"{PREFIX}BACKEND is S3 but {PREFIX}ROOT is {redacted(root)!r}: "
            "set it to s3://bucket[/prefix], or leave it out."
        )
    return asked  # type: ignore[return-value]  # checked against the three names above


def _version_folder(version: str) -> str:
    """Folder name of a version that is given as `0.50.0`, `v0.50.0` or `bdc-v0.50.0`.

    Raises:
        SettingsError: Not a version.
    """
    folder = "bdc-v" + version.removeprefix("bdc-").removeprefix("v")
    if not _VERSION_FOLDER.fullmatch(folder):
        raise SettingsError(
            f"{PREFIX}VERSION is {version!r}: give numbers separated by dots, for example '0.50.0'."
        )
    return folder
