"""Parsers of the texts of settings, called with the name of the setting and its text."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from biodata_cache._core.errors import SettingsError
from biodata_cache._core.settings.address import redacted

Backend = Literal["S3", "LOCAL", "MEMORY", "CODEOCEAN"]
Parser = Callable[[str, str], Any]
"""Called with the name of a setting and its text, which is not empty; returns the value."""

PREFIX = "BIODATA_CACHE_"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CREDENTIALS = re.compile(
    r"^(?![A-Za-z]:[\\/]).*:.*@"  # user:password@host
    # host=… password=…, or {"token": "…"}
    r"|(passw|pwd|token|secret|credential|signature|(access|account|api|auth)[ _-]?key)"
    r"\w*\W{0,3}[=:]",
    re.DOTALL | re.IGNORECASE,
)
_VERSION_FOLDER = re.compile(r"bdc-v\d{1,18}(\.\d{1,18})*")


def expanded(name: str, path: str) -> str:
    """A path whose `~`, if it begins with one, is the home of a user.

    Raises:
        SettingsError: If that user has no home directory.
    """
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        raise SettingsError(
            f"{PREFIX}{name} is {path!r}, and no home is known for it: give the path in full."
        ) from None


def is_there(path: str) -> bool:
    """Whether a text is the path of something; one that no path can have is not."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def version_folder(name: str, version: str) -> str:
    """Folder name of a version that is given as `0.50.0`, `v0.50.0` or `bdc-v0.50.0`.

    Raises:
        SettingsError: If the text is not a version.
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


def _names(name: str, *, has_option: bool) -> str:
    """The variable of a setting, and its option if it has one."""
    option = f", or --{name.lower().replace('_', '-')}," if has_option else ""
    return f"{PREFIX}{name}{option}"


def as_text(_: str, text: str) -> str:
    return text


def as_path(name: str, text: str) -> Path:
    return Path(expanded(name, text))


def as_location(name: str, text: str, *, has_option: bool = True) -> str:
    """A path with its home directory expanded, or the address of a source.

    Raises:
        SettingsError: If it looks like an address with a password; the message does not show it.
    """
    is_address = name in {"SOURCE", "V1_SOURCE"} and _ADDRESS.match(text) is not None
    if is_address or not _CREDENTIALS.search(text) or is_there(text):
        return expanded(name, text)
    expected = (
        "mongodb://… or https://…, or a path" if "SOURCE" in name else "a folder or s3://bucket"
    )
    raise SettingsError(
        f"{_names(name, has_option=has_option)} looks like an address with a password in it, which "
        f"cannot be used like this (and is not shown): give {expected}."
    )


def as_root(name: str, text: str, *, has_option: bool = True) -> str:
    """A folder, or an address on S3.

    Raises:
        SettingsError: If it is an address of another kind, or has a password in it.
    """
    scheme, mark, _ = text.partition("://")
    if mark and scheme != "s3":  # would be taken for a folder of that name
        raise SettingsError(
            f"{_names(name, has_option=has_option)} begins with {scheme + mark!r}: give a folder, "
            "or s3://bucket[/prefix]."
        )
    location = as_location(name, text, has_option=has_option)
    return location if location.endswith("://") else location.rstrip("/") or "/"


def as_web_folder(name: str, text: str) -> str:
    """An address of a folder on the web.

    Raises:
        SettingsError: If it is something else, or has more than a path in it.
    """
    if not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w.@~+-]+)*/?", text, re.ASCII):
        raise SettingsError(
            f"{PREFIX}{name} is {redacted(text)!r}: give an address like https://host/folder, of "
            "letters, digits and . @ ~ + - _ only."
        )
    return text.rstrip("/")


def as_backend(name: str, text: str) -> Backend:
    """One of S3, LOCAL, MEMORY and CODEOCEAN, in any case.

    Raises:
        SettingsError: If the text is none of these words.
    """
    for each in ("S3", "LOCAL", "MEMORY", "CODEOCEAN"):
        if text.upper() == each:
            return each
    raise SettingsError(
        f"{PREFIX}{name} is {text.upper()!r}: it must be one of S3, LOCAL, MEMORY, CODEOCEAN "
        "(any case)."
    )


def from_file(name: str, text: str) -> str:
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


def as_objects(name: str, text: str) -> str:
    """A word, or a folder.

    Raises:
        SettingsError: If it is an address; the message shows no more than its scheme.
    """
    location = as_location(name, text)
    if "://" in location:
        raise SettingsError(
            f"{PREFIX}{name}, or --objects, is {redacted(location)!r}: give `s3`, a folder of "
            "buckets, or `none`."
        )
    return location


def at_least(least: float, kind: Callable[[float], Any] = float) -> Parser:
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


def as_count(name: str, text: str) -> int:
    """A whole number that may be zero.

    Raises:
        SettingsError: If the text is not a non-negative integer.
    """
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give a whole number, for example 3.")
    return int(text)


def as_flag(name: str, text: str) -> bool:
    """Yes or no.

    Raises:
        SettingsError: If the text is neither yes nor no.
    """
    if text.lower() not in {"yes", "no"}:
        raise SettingsError(f"{PREFIX}{name} is {text!r}: give 'yes' or 'no'.")
    return text.lower() == "yes"


def as_bytes(least: int = 0) -> Parser:
    """Reads a number of bytes of at least this."""

    def parse(name: str, text: str) -> int:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", text, re.IGNORECASE | re.ASCII)
        if match is None:
            raise SettingsError(f"{PREFIX}{name} is {text!r}: give a size, for example '5GB'.")
        base = 1024 if match[3] else 1000
        number = int(float(match[1]) * base ** " kmgt".index(match[2].lower() or " "))
        if number < least:
            raise SettingsError(
                f"{PREFIX}{name} is {text!r}, which is less than {least} bytes: give more, for "
                "example '3GB'."
            )
        return number

    return parse


def as_local_cache(name: str, text: str) -> Path | None:
    """A folder; None if it is `off`."""
    return None if text.lower() == "off" else Path(expanded(name, text)).absolute()


def system_cache() -> Path | None:
    """The cache folder of the operating system; None if the user has no home directory."""
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
