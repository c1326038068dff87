"""A storage with caches for readers: documents in memory, small data files on disk.

An object named by its content is downloaded once per machine and verified on arrival. Copies of
other files are keyed by the hash in the registry, or else by their tag.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import CacheFileError
from biodata_cache._storage import engine as _engine
from biodata_cache._storage.base import is_named_by_content
from biodata_cache._storage.common import file_identity
from biodata_cache._storage.disk_cache import LocalCopies

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from biodata_cache._storage.base import DataFile, Storage, StoredContent

_MAX_SINGLE_REQUESTS = 3


@lru_cache(maxsize=8)
def cached(storage: Storage, folder: Path | None, limit: int) -> CachedStorage:
    """The caching layer of a storage, shared in this process; no folder: no copies."""
    return CachedStorage(storage, None if folder is None else LocalCopies(folder, limit))


@dataclass
class CachedStorage:
    """A storage behind a cache.

    Attributes:
        copies: Copies on this machine; None if they are switched off.
    """

    storage: Storage
    copies: LocalCopies | None = None
    _documents: dict[str, StoredContent] = field(default_factory=dict, repr=False)

    @property
    def threads(self) -> int:
        """Number of paths to read in parallel."""
        return self.storage.threads

    def address(self, path: str = "") -> str:
        """Absolute address of a path."""
        return self.storage.address(path)

    def paths(self, prefix: str) -> list[str]:
        """Every path that begins with this text, sorted."""
        return [path for path, _ in self.storage.list(prefix)]

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below a folder, sorted."""
        return self.storage.folders(prefix)

    def exists(self, path: str) -> bool:
        """Whether a file exists; always true on S3, where a check costs as much as a read."""
        return _is_remote(self.address()) or self.storage.stat(path) is not None

    def read(self, path: str) -> bytes | None:
        """Content of a document, None if missing; an unchanged one is not sent again."""
        document = self.storage.get(path, unless=self._documents.get(path))
        if document is None:
            self._documents.pop(path, None)
            return None
        self._documents[path] = document
        return document.content

    def connect(
        self, locations: Sequence[str], *, is_separate: bool = False
    ) -> duckdb.DuckDBPyConnection:
        """A connection that reads these locations; see `engine.connect`."""
        return _engine.connect(self.storage, locations, is_separate=is_separate)

    def tags(self, locations: Sequence[str]) -> list[object]:
        """For each location a value that changes whenever the content there does."""
        tags: dict[str, object] = {}
        mutable = []
        for location in locations:
            if not _is_remote(location):
                tags[location] = file_identity(Path(location))
            elif is_named_by_content(location):
                tags[location] = location
            else:
                mutable.append(self._path(location))
        if len(mutable) <= _MAX_SINGLE_REQUESTS:
            tags |= {self.storage.address(path): self.storage.stat(path) for path in mutable}
        else:
            listed = dict(self.storage.list(f"{os.path.commonpath(mutable)}/"))
            tags |= {self.storage.address(path): listed.get(path) for path in mutable}
        return [tags[location] for location in locations]

    def locations(self, files: Sequence[DataFile], *, is_whole: bool = False) -> list[str]:
        """Where to read each of these files: the path of its local copy, or its own address.

        Missing copies are made if they are small enough and there is room for them.

        Args:
            files: Data files of the storage.
            is_whole: Whether all of their content is needed.

        Raises:
            AccessError: If an object of a local root is a symbolic link.
            CacheFileError: If an object does not have the hash that it is named by.
        """
        addresses = [file.address for file in files]
        if not any(map(_is_remote, addresses)):
            for address in addresses:
                if is_named_by_content(address):
                    self.storage.stat(Path(address).relative_to(self.address()).as_posix())
            return addresses
        if self.copies is None or not self.copies.is_usable():
            return addresses
        copies = self._local_copies(self.copies, files, is_whole=is_whole)
        return [
            address if copy is None else str(copy)
            for address, copy in zip(addresses, copies, strict=True)
        ]

    def _local_copies(
        self, copies: LocalCopies, files: Sequence[DataFile], *, is_whole: bool
    ) -> list[Path | None]:
        """The copy of each file, in order; None where it is too large or there is no room."""
        cached = [copies.find(file.sha256, file.sha256) if file.sha256 else None for file in files]
        left = copies.limit - sum(
            file.size or 0 for file, copy in zip(files, cached, strict=True) if copy
        )
        wanted = {}
        for number, (file, copy) in enumerate(zip(files, cached, strict=True)):
            if copy is not None:
                continue
            size_limit = copies.size_limit(file.address, is_whole=is_whole)
            if (file.size or 0) <= min(size_limit, left):
                wanted[number] = size_limit
                left -= file.size or 0
        if wanted:
            with ThreadPoolExecutor(min(self.storage.threads, len(wanted))) as pool:
                fetched = pool.map(
                    lambda item: self._fetch(copies, files[item[0]], item[1]), wanted.items()
                )
                for number, copy in zip(wanted, fetched, strict=True):
                    cached[number] = copy
            copies.shrink([copy for copy in cached if copy is not None])
        return cached

    def _fetch(self, copies: LocalCopies, file: DataFile, size_limit: int) -> Path | None:
        """Copy an object; None if it cannot be copied now and has to be read at its address."""
        path = self._path(file.address)
        if file.sha256 is None:
            stat = self.storage.stat(path)
            if stat is None:
                return None
            known = copies.find(f"{file.address} {stat.tag}")
            if known is not None or stat.size > size_limit:
                return known
        max_bytes = size_limit if file.size is None else file.size
        stored = self.storage.get(path, first=max_bytes + 1)
        if stored is None:
            return None
        is_other = file.sha256 not in {None, hashlib.sha256(stored.content).hexdigest()}
        if is_other and file.size is not None and is_named_by_content(path):
            raise _damaged(file.address)
        if is_other or len(stored.content) > max_bytes:
            return None  # a publish is replacing it, or it is too large
        return copies.keep(file.sha256 or f"{file.address} {stored.tag}", stored.content)

    def _path(self, address: str) -> str:
        return address.removeprefix(f"{self.storage.address()}/")


def _damaged(address: str) -> CacheFileError:
    return CacheFileError(
        f"{address} is damaged: its content does not have the hash in its name. Publish the "
        "version again, which writes it again."
    )


def _is_remote(location: str) -> bool:
    return "://" in location
