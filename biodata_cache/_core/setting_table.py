"""Every setting in one table: its variable, how it is read, its default, what it means.

`load` reads them, `doctor` knows a misspelt one by it, and the options of the command line and the
list in the README are made of it. A new setting is a line here and an attribute of `Settings`.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from biodata_cache._core.address import redacted
from biodata_cache._core.errors import SettingsError

Backend = Literal["S3", "LOCAL", "MEMORY", "CODEOCEAN"]
Parser = Callable[[str, str], Any]
"""Makes a value of the name of a setting and a text that is not empty."""

PREFIX = "BIODATA_CACHE_"
DEFAULT_S3_ROOT = "s3://allen-data-views"
DEFAULT_MOUNT = "/data/data-asset-cache"
"""Where Code Ocean mounts the folder of the cache of that bucket."""
NO_SOURCE = "none"
_LEAST_MEMORY = 10**7
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CREDENTIALS = re.compile(r"^(?![A-Za-z]:[\\/]).*:.*@", re.DOTALL)
_VERSION_FOLDER = re.compile(r"bdc-v\d{1,18}(\.\d{1,18})*")


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: Its variable, without the prefix.
        parse: How its text is read.
        default: Text that stands for none; empty if other settings or the system decide.
        help: What it means, in one line.
        shown_default: The default in words, where it is not a text.
    """

    name: str
    parse: Parser
    default: str
    help: str
    shown_default: str = ""

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return PREFIX + self.name

    @property
    def option(self) -> str:
        """Name of the option, for example `--v1-source`."""
        return "--" + self.name.lower().replace("_", "-")

    def text(self, given: str | None) -> str:
        """The text that is given, or else the variable; empty if neither says anything."""
        return (os.environ.get(self.variable, "") if given is None else given).strip()

    def value(self, given: str | None = None) -> Any:  # noqa: ANN401  # as the parser makes it
        """The value; None if there is neither a text nor a default.

        Raises:
            SettingsError: If it cannot be used.
        """
        text = self.text(given) or self.default
        return self.parse(self.name, text) if text else None


# Parsers -----------------------------------------------------------------------------------------


def expanded(name: str, path: str) -> str:
    """A path whose `~`, if it begins with one, is the home of a user.

    Raises:
        SettingsError: If nobody knows where that is.
    """
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        raise SettingsError(
            f"{PREFIX}{name} is {path!r}, and no home is known for it: give the path in full."
        ) from None


def version_folder(name: str, version: str) -> str:
    """Folder name of a version that is given as `0.50.0`, `v0.50.0` or `bdc-v0.50.0`.

    Raises:
        SettingsError: If it is not a version.
    """
    folder = "bdc-v" + version.removeprefix("bdc-").removeprefix("v")
    if not is_version_folder(folder):
        raise SettingsError(
            f"{PREFIX}{name} is {version!r}: give numbers separated by dots, for example '0.50.0'."
        )
    return folder


def is_version_folder(name: str) -> bool:
    """Whether a name is that of the folder of a version."""
    return _VERSION_FOLDER.fullmatch(name) is not None


def _text(_: str, text: str) -> str:
    return text


def _path(name: str, text: str) -> Path:
    return Path(expanded(name, text))


def _location(name: str, text: str) -> str:
    """A path in full, or an address where one may be.

    Raises:
        SettingsError: If it looks like an address with a password where none belongs; the message
            shows nothing of it.
    """
    is_address = name in {"SOURCE", "V1_SOURCE"} and _ADDRESS.match(text) is not None
    if is_address or not _CREDENTIALS.search(text) or Path(text).exists():
        return expanded(name, text)
    option = "--" + name.lower().replace("_", "-")
    expected = (
        "mongodb://… or https://…, or a path" if "SOURCE" in name else "a folder or s3://bucket"
    )
    raise SettingsError(
        f"{PREFIX}{name}, or {option}, looks like an address with a password in it, which cannot "
        f"be used like this (and is not shown): give {expected}."
    )


def _root(name: str, text: str) -> str:
    """A folder, or an address on S3.

    Raises:
        SettingsError: If it is an address of another kind, or has a password in it.
    """
    scheme, mark, _ = text.partition("://")
    if mark and scheme != "s3":  # would be taken for a folder of that name
        raise SettingsError(
            f"{PREFIX}{name}, or --root, begins with {scheme + mark!r}: give a folder, or "
            "s3://bucket[/prefix]."
        )
    location = _location(name, text)
    return location if location.endswith("://") else location.rstrip("/") or "/"


def _backend(name: str, text: str) -> Backend:
    """One of the four, in any case.

    Raises:
        SettingsError: If it is not one of them.
    """
    for each in ("S3", "LOCAL", "MEMORY", "CODEOCEAN"):
        if text.upper() == each:
            return each
    raise SettingsError(
        f"{PREFIX}{name} is {text.upper()!r}: it must be one of S3, LOCAL, MEMORY, CODEOCEAN "
        "(any case)."
    )


def _source_file(name: str, text: str) -> str:
    """The first line of a file.

    Raises:
        SettingsError: If it cannot be read, or is an address itself.
    """
    if "://" in text:  # which may hold a password
        raise SettingsError(
            f"{PREFIX}{name}, or --source-file, is itself the address of a source: give a "
            f"file that holds it, or set {PREFIX}SOURCE to it."
        )
    try:
        content = Path(expanded(name, text)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise SettingsError(
            f"The file of {PREFIX}{name}, or --source-file, cannot be read ({reason}): "
            "give a file that holds the address in its first line."
        ) from None
    return content.partition("\n")[0].strip()


def _objects(name: str, text: str) -> str:
    """A word, or a folder.

    Raises:
        SettingsError: If it is an address; the message shows no more than its scheme.
    """
    location = _location(name, text)
    if "://" in location:
        raise SettingsError(
            f"{PREFIX}{name}, or --objects, is {redacted(location)!r}: give `s3`, a folder of "
            "buckets, or `none`."
        )
    return location


def _number(least: float, kind: Callable[[float], Any] = float) -> Parser:
    """Reads a number of at least this."""

    def parse(name: str, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < least:
            raise SettingsError(f"{PREFIX}{name} is {text!r}: give a number of at least {least:g}.")
        value: float = kind(number)
        return value

    return parse


def _count(name: str, text: str) -> int:
    """A whole number that may be zero.

    Raises:
        SettingsError: If it is something else.
    """
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give a whole number, for example 3.")
    return int(text)


def _flag(name: str, text: str) -> bool:
    """Yes or no.

    Raises:
        SettingsError: If it is something else.
    """
    if text.lower() not in {"yes", "no"}:
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give 'yes' or 'no'.")
    return text.lower() == "yes"


def _bytes(least: int = 0) -> Parser:
    """Reads a number of bytes of at least this."""

    def parse(name: str, text: str) -> int:
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

    return parse


def _local_cache(name: str, text: str) -> Path | None:
    """A folder; None if it is `off`."""
    return None if text.lower() == "off" else Path(expanded(name, text)).absolute()


def system_cache() -> Path | None:
    """Where the system keeps what can be had again; None if nobody is at home."""
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        folder = "~/Library/Caches"
    else:
        folder = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(folder).expanduser().absolute()
    except RuntimeError:
        return None


# The table ---------------------------------------------------------------------------------------

_ALL = (
    Setting(
        "ROOT",
        _root,
        "",
        "Where the cache is published and read: a folder, or `s3://bucket[/prefix]`.",
        f"S3: `{DEFAULT_S3_ROOT}`",
    ),
    Setting(
        "VERSION",
        version_folder,
        "",
        "Version to read.",
        "the installed one",
    ),
    Setting(
        "LOCAL_CACHE",
        _local_cache,
        "",
        "Folder of copies of what was read from S3, and of what was verified, or `off`; it may be "
        "removed at any time.",
        "`biodata-cache/copies` where the system keeps caches",
    ),
    Setting(
        "LOCAL_CACHE_SIZE",
        _bytes(),
        "5GB",
        "Most that these copies take together; those used last stay.",
    ),
    Setting(
        "SOURCE",
        _location,
        "https://api.allenneuraldynamics.org",
        "Where records come from: `sample`, `sample:N`, a file or folder, `mongodb://…` or "
        "`https://…`.",
        "the public gateway",
    ),
    Setting(
        "SOURCE_FILE",
        _source_file,
        "",
        "File that holds the address of the source, for one with a password.",
        "none",
    ),
    Setting(
        "DATABASE",
        _text,
        "metadata_index",
        "Database of the records.",
    ),
    Setting(
        "COLLECTION",
        _text,
        "data_assets",
        "Collection of the records.",
    ),
    Setting(
        "V1_SOURCE",
        _location,
        "",
        "Where records of version 1 come from, or `none`.",
        "the same gateway or sample, else `none`",
    ),
    Setting(
        "V1_DATABASE",
        _text,
        "metadata_index",
        "Database of the records of version 1.",
    ),
    Setting(
        "V1_COLLECTION",
        _text,
        "data_assets",
        "Collection of the records of version 1.",
    ),
    Setting(
        "RETRY_SECONDS",
        _number(0),
        "300",
        "Seconds without progress after which a database is given up.",
    ),
    Setting("WORKERS", _number(1, int), "4", "How many threads fetch at once."),
    Setting(
        "OBJECTS",
        _objects,
        "",
        "Where the files of the assets are asked for: `s3`, a folder of buckets, or `none`.",
        "the sample's own; `none` for files; else `s3`",
    ),
    Setting(
        "WORK",
        _path,
        ".biodata-cache",
        "Folder of the lake, the build area and dbt's files.",
    ),
    Setting(
        "RAW",
        _location,
        "",
        "The raw lake: a folder, or `s3://bucket/prefix`.",
        "`<work>/raw`",
    ),
    Setting(
        "BACKEND",
        _backend,
        "",
        "`LOCAL`, `S3`, or `MEMORY`: the first read builds the tables of the source in this "
        "process. `CODEOCEAN`: a mounted copy of the bucket, by default `/data/data-asset-cache`, "
        "which is only read.",
        "by the root",
    ),
    Setting(
        "REQUESTER_PAYS",
        _flag,
        "no",
        "Whether to pay for one's own requests to S3, as some buckets ask for: `yes` or `no`.",
    ),
    Setting(
        "KEEP_DAYS",
        _count,
        "14",
        "For how many days a build can be read and put back after another took its place.",
    ),
    Setting(
        "GRACE_HOURS",
        _count,
        "24",
        "For how many hours more its data stay, for readers who had begun before.",
    ),
    Setting("MEMORY", _bytes(_LEAST_MEMORY), "3GB", "Memory that DuckDB may use while it builds."),
    Setting(
        "TEMP_DISK",
        _bytes(_LEAST_MEMORY),
        "50GB",
        "Disk that its temporary files may take in the work folder while it builds.",
    ),
    Setting(
        "ON_FINISH",
        _text,
        "",
        "A line of shell that is run when a run ended, with the file of its report in the variable "
        "`BIODATA_CACHE_RUN_REPORT`.",
        "none",
    ),
    Setting(
        "METRICS",
        _path,
        "",
        "File with metrics of the last runs, for a textfile collector of Prometheus.",
        "none",
    ),
)
SETTINGS = {setting.name: setting for setting in _ALL}
