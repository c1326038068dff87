"""Locates the files of a published version, by its registry, folders and file names.

A build is read from its objects, which never change. A version that was published without them is
read from its public files, under their fixed names.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core import layout as _layout
from biodata_cache._core import messages as _messages
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
from biodata_cache._core.registry import document as _document
from biodata_cache._core.registry import entries as _registry
from biodata_cache._core.registry import history as _history
from biodata_cache._core.settings import values as _settings
from biodata_cache._reader.files.verified import VerifiedFiles
from biodata_cache._storage.base import DataFile, is_named_by_content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata_cache._core.registry.entries import CacheRegistry, ObjectFile, TableEntry
    from biodata_cache._core.registry.history import PublishedBuild
    from biodata_cache._storage.cached import CachedStorage


# Versions that were warned about, and roots that were checked for it, in this process.
_warned: list[str] = []
_looked: set[str] = set()


class _File(NamedTuple):
    """A data file by its path in the store, with what the registry knows of it."""

    path: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class PublishedCache:
    """One version of a cache, and the live build of it or one that is kept.

    Attributes:
        store: Storage of all versions.
        verified: Objects of local roots whose hash was checked.
    """

    store: CachedStorage
    version_folder: str
    build: str | None = None
    verified: VerifiedFiles = field(default_factory=VerifiedFiles, compare=False)

    def versions(self) -> list[str]:
        """Released version folders, the newest last.

        Raises:
            RegistryError: If the index is not a list of texts.
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
        """The registry of the build, or one made of its fragments if the document is missing.

        Raises:
            CacheNotFoundError: If there is no such version, or no such build of it.
            RegistryError: If the registry is missing or cannot be read.
        """
        if self.build is not None:
            return self._kept_registry(self.build)
        path = _layout.registry_path(self.version_folder)
        content = self._read(path)
        if content is not None:
            return _parsed(content, self.store.address(path))
        there = self.store.folders("")
        if self.version_folder not in there:
            raise self._not_found(there)
        fragments = self._fragments()
        if fragments:
            return _document.parse_fragments(fragments)
        raise RegistryError(f"{self.store.address(path)} is missing. {_registry.REMEDY}")

    def builds(self) -> list[str]:
        """Names of the kept builds of this version and of the live one, oldest first.

        Raises:
            CacheNotFoundError: If there is no such version.
            RegistryError: If the registry is missing or cannot be read.
        """
        live = replace(self, build=None).registry().build
        paths = self.store.paths(f"{_layout.builds_folder(self.version_folder)}/")
        names = {path.rpartition("/")[2].removesuffix(".json") for path in paths}
        return sorted({*filter(_layout.is_build_name, names), *([live] if live else [])})

    def _kept_registry(self, build: str) -> CacheRegistry:
        path = _layout.build_path(self.version_folder, build)
        content = self._read(path)
        if content is not None:
            return _parsed(content, self.store.address(path))
        live = replace(self, build=None)
        registry = live.registry()
        if registry.build == build:
            return registry
        kept = live.builds()
        raise CacheNotFoundError(
            f"There is no build {build!r} of {self.version_folder} in {self.store.address()}. It "
            f"has {', '.join(kept) or 'none'}: choose one of them, or None for the live one."
        )

    def _fragments(self) -> dict[str, bytes]:
        """Content of the registry fragments, by address."""
        folder = _layout.path(self.version_folder, _layout.FRAGMENTS)
        paths = [path for path in self.store.paths(f"{folder}/") if path.endswith(".json")]
        with ThreadPoolExecutor(self.store.threads) as pool:
            contents = dict(zip(paths, pool.map(self._read, paths), strict=True))
        return {self.store.address(path): text for path, text in contents.items() if text}

    def history(self) -> tuple[PublishedBuild, ...]:
        """The published builds of this version, the live one last; empty if there is no history.

        Raises:
            RegistryError: If the history cannot be read.
        """
        path = _layout.history_path(self.version_folder)
        return _history.parse(self._read(path), self.store.address(path))

    def warn_if_behind(self, versions: Sequence[str] | None = None) -> None:
        """Warn once if the package is newer than all released versions, by default of the index."""
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
            return  # reading the index itself reports the error
        if released and _settings.ascending([*released, installed])[-1] not in released:
            _warned.append(installed)
            _messages.warn(
                f"The installed biodata-cache is {installed[5:]}, and the newest version in "
                f"{home} is {released[-1]}: it may lack tables and columns that "
                "the package describes. Publish this version, or install the package of that one.",
                VersionWarning,
            )

    def files(
        self, table: TableEntry, values: Sequence[str] | None = None, *, is_strict: bool = True
    ) -> list[DataFile]:
        """The data files of a table, or those of some partitions.

        In a local root, missing files are noticed here; on S3, when they are read.

        Args:
            table: Entry of the table.
            values: Values of the partition key; None for the whole table. Objects hold all rows.
            is_strict: Whether a value without a partition is an error.

        Raises:
            PartitionNotFoundError: If the table has no partition of a value.
            RegistryError: If the registry locates the table outside this version, or says that a
                table that is read by partition has none.
            CacheFileError: If a file is missing.
        """
        path = self._path(table)
        if table.objects and (values is None or table.partitioned):
            files = [_object(each) for each in table.objects]
        elif table.partitioned:
            files = self._partitions(table, path, values, is_strict=is_strict)
        elif values is None:
            files = [_File(path, table.bytes, table.sha256)]
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

    def public_files(self, registry: CacheRegistry) -> DataFile | None:
        """The object that lists the public files of a build; None if it has none."""
        if registry.public_files is None:
            return None
        path, size, sha256 = _object(registry.public_files)
        return DataFile(self.store.address(path), size, sha256)

    def locations(self, files: Sequence[DataFile], *, is_whole: bool = False) -> list[str]:
        """Where to read each of the files: its own address, or a copy on this machine.

        Raises:
            CacheFileError: If an object does not have the hash that it is named by.
        """
        locations = self.store.locations(files, is_whole=is_whole)
        for file, location in zip(files, locations, strict=True):
            is_here = location == file.address and "://" not in location
            if is_here and is_named_by_content(location):
                self.verified.check(Path(location))
        return locations

    def location(self, table: TableEntry, value: str | None = None) -> str:
        """Address of the public file of a partition, or without a value of the whole table.

        Raises:
            RegistryError: If the registry locates the table outside this version.
        """
        path = self._path(table)
        if value is not None and table.partition_key is not None:
            path = _layout.partition_path(path, table.partition_key, value)
        return self.store.address(path)

    def _path(self, table: TableEntry) -> str:
        """Path of the table in the storage."""
        return _layout.data_path(self.version_folder, table.name, table.location)

    def partitions(self, table: TableEntry) -> list[str]:
        """Values of the partition key of a table of an older publisher, sorted.

        Raises:
            RegistryError: If the registry locates the table outside this version.
        """
        return [*self._listed_files(table, self._path(table))]

    def _partitions(
        self, table: TableEntry, folder: str, values: Sequence[str] | None, *, is_strict: bool
    ) -> list[_File]:
        """The files of some partitions, or of all sorted by value, in their folder."""
        known = self._listed_files(table, folder)
        if values is None:
            values = list(known)
        elif is_strict:
            for value in values:
                if value not in known:
                    raise partition_not_found(table, value, list(known))
        return [file for value in values for file in known.get(value, ())]

    def _listed_files(self, table: TableEntry, folder: str) -> dict[str, list[_File]]:
        """The files in the folder of a table by the value of its partition key, sorted."""
        files: dict[str, list[_File]] = {}
        for path in self.store.paths(f"{folder}/"):
            value = _layout.value_in_path(folder, str(table.partition_key), path)
            if value is not None:
                files.setdefault(value, []).append(_File(path))
        return {value: sorted(files[value]) for value in sorted(files)}

    def _read(self, path: str) -> bytes | None:
        """Content of a document; None if there is none."""
        try:
            return self.store.read(path)
        except CacheFileError as error:
            raise RegistryError(f"{error} {_registry.REMEDY}") from error

    def _not_found(self, there: list[str]) -> CacheNotFoundError:
        """The error for a missing version."""
        versions = _settings.ascending(there)
        home = self.store.address()
        if not versions:
            return CacheNotFoundError(
                f"There is no published cache in {home}: set BIODATA_CACHE_ROOT to the folder, or "
                f"s3://bucket[/prefix], that holds {_layout.CACHE_FOLDER!r}."
            )
        return CacheNotFoundError(
            f"There is no {self.version_folder} in {home}. It has {', '.join(versions)}: choose "
            "one of them with use_version() or BIODATA_CACHE_VERSION, or publish this version."
        )


@lru_cache(maxsize=4)
def _parsed(content: bytes, address: str) -> CacheRegistry:
    """A parsed registry; cached, because one with thousands of partitions is slow to validate."""
    return _document.parse(content, address)


def partition_not_found(
    table: TableEntry, value: str, values: Sequence[str]
) -> PartitionNotFoundError:
    """The error for a partition that a table does not have."""
    return PartitionNotFoundError(
        f"{table.name} has no {table.partition_key} {value!r}."
        f"{_messages.nearest(value, values)} It has {_messages.few(values)}."
    )


def _object(listed: ObjectFile) -> _File:
    return _File(_layout.object_path(listed.name), listed.bytes, listed.sha256)
