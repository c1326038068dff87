"""Where the files of a published version are; knows folders and names, never what is in a table."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from biodata_cache import _messages, _registry, _settings
from biodata_cache._errors import (
    CacheFileError,
    CacheNotFoundError,
    PartitionNotFoundError,
    RegistryError,
    SettingsError,
)

if TYPE_CHECKING:
    from biodata_cache._registry import CacheRegistry, TableEntry
    from biodata_cache._settings import Settings

REGISTRY_FILE = "cache_registry.json"
VERSIONS_FILE = "cache_versions.json"
PARTITION_FILE = "data.pqt"


def get_cache_registry() -> CacheRegistry:
    """The tables of the published version that is read, with their columns and files.

    Returns:
        The registry: iterate over it, or ask for a table by name.

    Raises:
        SettingsError: No folder to read from is set.
        CacheNotFoundError: The version is not published there.
        RegistryError: The registry cannot be read.

    Example:
        >>> from biodata_cache import get_cache_registry
        >>> get_cache_registry()["quality_control"].partition_key
        'subject_id'
    """
    return find().registry()


def get_cache_versions() -> list[str]:
    """The version folders that are released at the root, the newest last.

    Returns:
        Names such as `bdc-v0.1.0`; empty if nothing is released.

    Raises:
        SettingsError: No folder to read from is set.
        RegistryError: The index cannot be read.

    Example:
        >>> from biodata_cache import get_cache_versions
        >>> get_cache_versions()[-1].startswith("bdc-v")
        True
    """
    return find().versions()


def find(settings: Settings | None = None) -> PublishedCache:
    """The published cache that the settings name; whether it is there shows when it is read.

    Args:
        settings: Where to look; by default as the environment says.

    Raises:
        SettingsError: No folder is set, or a kind of place that cannot be read yet.
    """
    settings = settings or _settings.load()
    if settings.backend == "S3":
        raise SettingsError(
            f"The cache is set to {settings.root}, but reading from S3 comes with a later "
            "version: set BIODATA_CACHE_ROOT to a local folder."
        )
    if settings.backend == "MEMORY":
        raise SettingsError(
            "There is no cache to read: set BIODATA_CACHE_ROOT to the folder that holds "
            f"{_settings.CACHE_FOLDER!r}. (The backend MEMORY is not in this version yet.)"
        )
    return PublishedCache(Path(settings.root) / _settings.CACHE_FOLDER, settings.version_folder)


@dataclass(frozen=True)
class PublishedCache:
    """One version of a cache in a local folder.

    Attributes:
        home: Folder of all versions.
        version_folder: Name of the folder of this version.
    """

    home: Path
    version_folder: str

    @property
    def folder(self) -> Path:
        """Folder of this version."""
        return self.home / self.version_folder

    def versions(self) -> list[str]:
        """Released version folders, the newest last.

        Raises:
            RegistryError: The index is not a list of texts.
        """
        path = self.home / VERSIONS_FILE
        if not path.is_file():
            return []
        try:
            names = json.loads(_text_of(path))
        except ValueError as error:
            raise RegistryError(f"{path} is not JSON ({error}). {_registry.REMEDY}") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RegistryError(f"{path} must be a list of texts. {_registry.REMEDY}")
        return _settings.ascending(names)

    def registry(self) -> CacheRegistry:
        """The registry of this version.

        Raises:
            CacheNotFoundError: The version is not there.
            RegistryError: The registry is not there or cannot be read.
        """
        if not self.folder.is_dir():
            raise self._not_found()
        path = self.folder / REGISTRY_FILE
        if not path.is_file():
            raise RegistryError(f"{path} is missing. {_registry.REMEDY}")
        return _registry.parse(_text_of(path), str(path))

    def files(self, table: TableEntry, value: str | None = None) -> list[Path]:
        """The data files of a table, or the one of a partition; all of them exist.

        Args:
            table: Entry of the table.
            value: Value of the partition key; None for the whole table.

        Raises:
            PartitionNotFoundError: The table has no partition of this value.
            RegistryError: The registry places the table outside this version, or says that a table
                that is asked for a partition has none.
            CacheFileError: A file is missing.
        """
        place = self._place(table)
        if table.partitioned:
            partitions = _partitions(table, place)
            paths = (
                list(partitions.values()) if value is None else [_chosen(table, partitions, value)]
            )
        elif value is None:
            paths = [place]
        else:
            raise RegistryError(
                f"The registry says that {table.name} is one file, so there is nothing to choose "
                f"{value!r} from: read it whole, or publish it in partitions."
            )
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise CacheFileError(
                f"{table.name}: {missing[0]} is missing ({len(missing)} of its {len(paths)} files "
                f"are). {_registry.REMEDY}"
            )
        return paths

    def _place(self, table: TableEntry) -> Path:
        """Where the table lies in the folder that is read.

        The registry holds the address at which the table was published. Only its end is used: the
        folder may have been moved since, or be mounted elsewhere.
        """
        parts = [part for part in re.split(r"[/\\]", table.location) if part]
        if self.version_folder in parts:
            last = len(parts) - 1 - parts[::-1].index(self.version_folder)
            inside = parts[last + 1 :]
        else:
            inside = parts[-1:]
        if not inside or ".." in inside:
            raise RegistryError(
                f"{table.name}: its location {table.location!r} names no file in "
                f"{self.version_folder}. {_registry.REMEDY}"
            )
        return self.folder.joinpath(*inside)

    def _not_found(self) -> CacheNotFoundError:
        """The error for a version that is not there."""
        there = [path.name for path in self.home.iterdir()] if self.home.is_dir() else []
        versions = _settings.ascending(there)
        if not versions:
            return CacheNotFoundError(
                f"There is no published cache in {self.home}: set BIODATA_CACHE_ROOT to the folder "
                f"that holds {_settings.CACHE_FOLDER!r}."
            )
        return CacheNotFoundError(
            f"There is no {self.version_folder} in {self.home}. It has {', '.join(versions)}: "
            "set BIODATA_CACHE_VERSION to one of them, or publish this version."
        )


def _text_of(path: Path) -> str:
    """The text of a JSON file.

    Raises:
        RegistryError: The file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path} cannot be read ({error}). {_registry.REMEDY}") from error


def _partitions(table: TableEntry, place: Path) -> dict[str, Path]:
    """The file of each partition by its value, in the order of the registry.

    An older publisher did not list them: then they are what the folder holds, by value.
    """
    if table.partitions is not None:
        return {
            entry.value: place
            / f"{table.partition_key}={quote(entry.value, safe='')}"
            / PARTITION_FILE
            for entry in table.partitions
        }
    prefix = f"{table.partition_key}="
    found = {
        unquote(path.parent.name.removeprefix(prefix)): path
        for path in place.glob(f"*/{PARTITION_FILE}")
        if path.parent.name.startswith(prefix)
    }
    return dict(sorted(found.items()))


def _chosen(table: TableEntry, partitions: dict[str, Path], value: str) -> Path:
    """The file of one partition.

    Raises:
        PartitionNotFoundError: There is none of this value.
    """
    if value in partitions:
        return partitions[value]
    values = list(partitions)
    raise PartitionNotFoundError(
        f"{table.name} has no {table.partition_key} {value!r}."
        f"{_messages.nearest(value, values)} It has {_messages.few(values)}."
    )
