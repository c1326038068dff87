"""Where the files of a published version are; knows folders and names, never what is in a table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core import history as _history
from biodata_cache._core import layout as _layout
from biodata_cache._core import messages as _messages
from biodata_cache._core import registry as _registry
from biodata_cache._core import registry_document as _document
from biodata_cache._core import settings as _settings
from biodata_cache._core.errors import (
    CacheError,
    CacheFileError,
    CacheNotFoundError,
    PartitionNotFoundError,
    RegistryError,
    VersionWarning,
)
from biodata_cache._core.foreign import parse_json
from biodata_cache._core.layout import VERSIONS_FILE
from biodata_cache._core.registry import PartitionEntry
from biodata_cache._storage.base import DataFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata_cache._core.history import PublishedBuild
    from biodata_cache._core.registry import CacheRegistry, TableEntry
    from biodata_cache._storage.base import Store


# What was warned of, and the places that were looked at for it.
_warned: list[str] = []
_looked: set[str] = set()


class _File(NamedTuple):
    """A data file by its path in the store, with what the registry knows of it."""

    path: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class PublishedCache:
    """One version of a cache.

    Attributes:
        store: Place of all versions.
        version_folder: Name of the folder of this version.
    """

    store: Store
    version_folder: str

    def versions(self) -> list[str]:
        """Released version folders, the newest last.

        Raises:
            RegistryError: The index is not a list of texts.
        """
        address = self.store.address(VERSIONS_FILE)
        content = self._read(VERSIONS_FILE)
        if content is None:
            return []
        names = parse_json(content, address, RegistryError, _registry.REMEDY)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RegistryError(f"{address} must be a list of texts. {_registry.REMEDY}")
        return _settings.ascending(names)

    def registry(self) -> CacheRegistry:
        """The registry of this version.

        Raises:
            CacheNotFoundError: The version is not there.
            RegistryError: The registry is not there or cannot be read.
        """
        path = _layout.registry_path(self.version_folder)
        content = self._read(path)
        if content is not None:
            return _parsed(content, self.store.address(path))
        there = self.store.folders("")
        if self.version_folder not in there:
            raise self._not_found(there)
        raise RegistryError(f"{self.store.address(path)} is missing. {_registry.REMEDY}")

    def history(self) -> tuple[PublishedBuild, ...]:
        """The builds that this version went through, the live one last; none if nobody kept any.

        Raises:
            RegistryError: The history cannot be read.
        """
        path = _layout.history_path(self.version_folder)
        return _history.parse(self._read(path), self.store.address(path))

    def warn_if_behind(self, versions: Sequence[str] | None = None) -> None:
        """Warn once if the installed package is newer than anything that is released here.

        Args:
            versions: What is released; looked up if it is not given and may be behind.
        """
        try:
            installed = f"bdc-v{_settings.installed_version()}"
            home = self.store.address()
            if _warned or (
                versions is None and (home in _looked or installed == self.version_folder)
            ):
                return
            _looked.add(home)
            released = self.versions() if versions is None else versions
        except CacheError:
            return  # whoever needs the index will be told
        if released and _settings.ascending([*released, installed])[-1] not in released:
            _warned.append(installed)
            warnings.warn(
                f"The installed biodata-cache is {installed[5:]}, and the newest version in "
                f"{home} is {released[-1]}: it may lack tables and columns that "
                "the package describes. Publish this version, or install the package of that one.",
                VersionWarning,
                stacklevel=3,
            )

    def files(
        self, table: TableEntry, values: Sequence[str] | None = None, *, is_strict: bool = True
    ) -> list[DataFile]:
        """The data files of a table, or those of some partitions.

        Files in a folder all exist. Of objects that shows when they are read.

        Args:
            table: Entry of the table.
            values: Values of the partition key; None for the whole table.
            is_strict: Whether there must be a partition of each of the values.

        Raises:
            PartitionNotFoundError: The table has no partition of a value.
            RegistryError: The registry places the table outside this version, or says that a table
                that is asked for a partition has none.
            CacheFileError: A file is missing.
        """
        place = self._place(table)
        if table.partitioned:
            files = self._partitions(table, place, values, is_strict=is_strict)
        elif values is None:
            files = [_File(place, table.bytes, table.sha256)]
        else:
            raise RegistryError(
                f"The registry says that {table.name} is one file, so there is nothing to choose "
                f"{_messages.few(values)} from: read it whole, or publish it in partitions."
            )
        missing = [file.path for file in files if not self.store.exists(file.path)]
        if missing:
            raise CacheFileError(
                f"{table.name}: {self.store.address(missing[0])} is missing ({len(missing)} of its "
                f"{len(files)} files are). {_registry.REMEDY}"
            )
        return [DataFile(self.store.address(path), size, sha256) for path, size, sha256 in files]

    def location(self, table: TableEntry) -> str:
        """Address of the file of a table, or of the folder of its partitions.

        Raises:
            RegistryError: The registry places the table outside this version.
        """
        return self.store.address(self._place(table))

    def _place(self, table: TableEntry) -> str:
        """Where the table lies in the folder that is read."""
        return _layout.data_path(self.version_folder, table.name, table.location)

    def _partitions(
        self, table: TableEntry, place: str, values: Sequence[str] | None, *, is_strict: bool
    ) -> list[_File]:
        """The files of some partitions, or of all in the order of the registry.

        An older publisher did not list them: then they are what the folder holds, by value.

        Raises:
            PartitionNotFoundError: The table has no partition of a value.
        """
        key = str(table.partition_key)
        known = (
            {value: PartitionEntry(value) for value in self._found_partitions(place, key)}
            if table.partitions is None
            else {entry.value: entry for entry in table.partitions}
        )
        if values is None:
            chosen = list(known.values())
        elif is_strict:
            chosen = [_chosen(table, known, value) for value in values]
        else:
            chosen = [known[value] for value in values if value in known]
        return [
            _File(_layout.partition_path(place, key, entry.value), entry.bytes, entry.sha256)
            for entry in chosen
        ]

    def _found_partitions(self, place: str, key: str) -> list[str]:
        """Values of the partitions in a folder, sorted."""
        paths = self.store.listing(f"{place}/")
        found = (_layout.partition_value(place, key, path) for path in paths)
        return sorted(value for value in found if value is not None)

    def _read(self, path: str) -> bytes | None:
        """Content of a document; None if there is none.

        Raises:
            RegistryError: It cannot be read.
        """
        try:
            return self.store.read(path)
        except CacheFileError as error:
            raise RegistryError(f"{error} {_registry.REMEDY}") from error

    def _not_found(self, there: list[str]) -> CacheNotFoundError:
        """The error for a version that is not there."""
        versions = _settings.ascending(there)
        home = self.store.address()
        if not versions:
            return CacheNotFoundError(
                f"There is no published cache in {home}: set BIODATA_CACHE_ROOT to the folder, or "
                f"s3://bucket[/prefix], that holds {_settings.CACHE_FOLDER!r}."
            )
        return CacheNotFoundError(
            f"There is no {self.version_folder} in {home}. It has {', '.join(versions)}: choose "
            "one of them with use_version() or BIODATA_CACHE_VERSION, or publish this version."
        )


@lru_cache(maxsize=4)
def _parsed(content: bytes, address: str) -> CacheRegistry:
    """The registry that this content is: thousands of partitions take a while to check.

    Raises:
        RegistryError: It is none.
    """
    return _document.parse(content, address)


def _chosen(table: TableEntry, partitions: dict[str, PartitionEntry], value: str) -> PartitionEntry:
    """The entry of one partition.

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
