"""A storage as readers need it: documents are remembered, and small files copied.

An object that is named by its content is asked for once on this machine, and verified when it
arrives. Everything else is copied by the hash that the registry has, or else by its tag.
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
from biodata_cache._storage.common import identity
from biodata_cache._storage.disk_cache import LocalCopies

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from biodata_cache._storage.base import DataFile, Got, Storage

_ASKED_EACH = 3


@lru_cache(maxsize=8)
def cached(storage: Storage, folder: Path | None, limit: int) -> CachedStorage:
    """A storage with the copies in a folder, and with what this process remembers of it.

    Args:
        storage: The storage.
        folder: Where copies are; None for nowhere.
        limit: The most bytes that the copies take together.
    """
    return CachedStorage(storage, None if folder is None else LocalCopies(folder, limit))


@dataclass
class CachedStorage:
    """A storage with a memory.

    Attributes:
        storage: The storage itself.
        copies: Copies on this machine; None for none.
    """

    storage: Storage
    copies: LocalCopies | None = None
    _documents: dict[str, Got] = field(default_factory=dict, repr=False)

    @property
    def threads(self) -> int:
        """How many paths are best read at once."""
        return self.storage.threads

    def address(self, path: str = "") -> str:
        """What to call a path."""
        return self.storage.address(path)

    def paths(self, prefix: str) -> list[str]:
        """Every path that begins with this text, sorted."""
        return [path for path, _ in self.storage.list(prefix)]

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below a folder, sorted."""
        return self.storage.folders(prefix)

    def exists(self, path: str) -> bool:
        """Whether a file is there; true where asking costs as much as reading it."""
        return _is_remote(self.address()) or self.storage.stat(path) is not None

    def read(self, path: str) -> bytes | None:
        """Content of a document; what has not changed since is not transferred again."""
        found = self.storage.get(path, unless=self._documents.get(path))
        if found is None:
            self._documents.pop(path, None)
        else:
            self._documents[path] = found
        return None if found is None else found.content

    def connect(
        self, locations: Sequence[str], *, is_separate: bool = False
    ) -> duckdb.DuckDBPyConnection:
        """A connection that reads these locations; see `engine.connect`."""
        return _engine.connect(self.storage, locations, is_separate=is_separate)

    def tags(self, locations: Sequence[str]) -> list[object]:
        """What changes whenever the content at these locations does."""
        found: dict[str, object] = {}
        asked = []
        for location in locations:
            if not _is_remote(location):
                found[location] = identity(Path(location))
            elif is_named_by_content(location):
                found[location] = location
            else:
                asked.append(self._path(location))
        if len(asked) <= _ASKED_EACH:
            found |= {self.storage.address(path): self.storage.stat(path) for path in asked}
        else:
            listed = dict(self.storage.list(f"{os.path.commonpath(asked)}/"))
            found |= {self.storage.address(path): listed.get(path) for path in asked}
        return [found[location] for location in locations]

    def locations(self, files: Sequence[DataFile], *, is_whole: bool = False) -> list[str]:
        """Where to read these files: in copies on this machine, made if need be, or where they are.

        Args:
            files: Data files of the storage.
            is_whole: Whether all of their content is needed.

        Raises:
            AccessError: If an object of a folder is a link.
            CacheFileError: If a file does not have the content that it is named by.
        """
        addresses = [file.address for file in files]
        if not any(map(_is_remote, addresses)):
            for address in addresses:
                if is_named_by_content(address):
                    self.storage.stat(Path(address).relative_to(self.address()).as_posix())
            return addresses
        if self.copies is None or not self.copies.is_usable():
            return addresses
        found = self._copied(self.copies, files, is_whole=is_whole)
        return [
            address if copy is None else str(copy)
            for address, copy in zip(addresses, found, strict=True)
        ]

    def _copied(
        self, copies: LocalCopies, files: Sequence[DataFile], *, is_whole: bool
    ) -> list[Path | None]:
        """Copies of the small ones among files, as far as there is room for all."""
        found = [copies.find(file.sha256, file.sha256) if file.sha256 else None for file in files]
        left = copies.limit - sum(
            file.size or 0 for file, copy in zip(files, found, strict=True) if copy
        )
        wanted = {}
        for number, (file, copy) in enumerate(zip(files, found, strict=True)):
            if copy is not None:
                continue
            largest = copies.largest(file.address, is_whole=is_whole)
            if (file.size or 0) <= min(largest, left):
                wanted[number] = largest
                left -= file.size or 0
        if wanted:
            with ThreadPoolExecutor(min(self.storage.threads, len(wanted))) as pool:
                fetched = pool.map(
                    lambda item: self._fetched(copies, files[item[0]], item[1]), wanted.items()
                )
                for number, copy in zip(wanted, fetched, strict=True):
                    found[number] = copy
            copies.shrink([copy for copy in found if copy is not None])
        return found

    def _fetched(self, copies: LocalCopies, file: DataFile, largest: int) -> Path | None:
        """A copy of an object; None if there is none to be made, and it is read where it is.

        Raises:
            CacheFileError: If the object does not have the content that it is named by.
        """
        path = self._path(file.address)
        if file.sha256 is None:
            stat = self.storage.stat(path)
            if stat is None:
                return None
            known = copies.find(f"{file.address} {stat.tag}")
            if known is not None or stat.size > largest:
                return known
        most = largest if file.size is None else file.size
        got = self.storage.get(path, first=most + 1)
        if got is None:
            return None
        is_other = file.sha256 not in {None, hashlib.sha256(got.content).hexdigest()}
        if is_other and file.size is not None and is_named_by_content(path):
            raise _damaged(file.address)
        if is_other or len(got.content) > most:
            return None  # a publish is at work, or it is large
        return copies.keep(file.sha256 or f"{file.address} {got.tag}", got.content)

    def _path(self, address: str) -> str:
        return address.removeprefix(f"{self.storage.address()}/")


def _damaged(address: str) -> CacheFileError:
    return CacheFileError(
        f"{address} does not have the content that it is named by: it is damaged. Publish the "
        "version again, which puts it again."
    )


def _is_remote(location: str) -> bool:
    return "://" in location
