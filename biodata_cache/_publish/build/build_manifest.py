"""The manifest of a work folder: size, times, hashes and audit of each file of a build.

A file that still has the inode, time and size of when it was hashed has that hash, and what an
audit found in it. So only files that were written anew are read. The bytes that are published are
hashed once more while they are written, and every week everything is read again.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core.typed import typed_json
from biodata_cache._storage.common import atomic_write, file_identity, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_FILE = ".build_manifest.json"
_THREADS = 2


class Audited(NamedTuple):
    """The result of the audit of a data file.

    Attributes:
        contract: Columns and types that it has, and what hashed its rows: DuckDB, and by which SQL.
        fingerprint: Hash of all rows, whatever their order.
    """

    contract: str
    rows: int
    fingerprint: int


class BuiltFile(NamedTuple):
    """A file of the work folder.

    Attributes:
        identity: Inode, modification time in ns and size.
        sha256: Content hash.
        audited: The result of the audit; None if it was not audited.
    """

    identity: tuple[int, int, int]
    sha256: str
    audited: Audited | None = None


class BuildManifest:
    """What is known of the files of a work folder."""

    def __init__(self, work: Path, *, is_trusted: bool = True) -> None:
        """Read the manifest; if it is not trusted, requested files are hashed and audited again."""
        self._work = work
        self._known = _read(work)
        self._is_trusted = is_trusted
        self._files: dict[str, BuiltFile] = {}

    def files(self, paths: Iterable[Path]) -> dict[Path, BuiltFile]:
        """The manifest's entries of these files; those that are new or were written are hashed.

        Raises:
            OSError: If a file cannot be read.
        """
        names = {path: self._name(path) for path in paths}
        trusted = self._known if self._is_trusted else {}
        new: dict[Path, tuple[int, int, int]] = {}
        for path, name in names.items():
            identity = file_identity(path) or (0, 0, 0)
            known = self._files.get(name) or trusted.get(name)
            if known is not None and known.identity == identity:
                self._files[name] = known
            else:
                new[path] = identity  # of before its bytes are read
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="sha256") as threads:
            hashes = threads.map(sha256_of, new)
            for (path, identity), sha256 in zip(new.items(), hashes, strict=True):
                known = trusted.get(names[path])
                same = known is not None and known.sha256 == sha256
                audited = known.audited if known is not None and same else None
                self._files[names[path]] = BuiltFile(identity, sha256, audited)
        return {path: self._files[name] for path, name in names.items()}

    def hashes(self, paths: Iterable[Path]) -> dict[str, str]:
        """Hashes of these files, by path in the work folder.

        Raises:
            OSError: If a file cannot be read.
        """
        return {self._name(path): file.sha256 for path, file in self.files(paths).items()}

    def add_audited(self, audits: Mapping[Path, Audited]) -> None:
        """Add the results of the audit of files that were hashed before."""
        for path, audited in audits.items():
            name = self._name(path)
            self._files[name] = self._files[name]._replace(audited=audited)

    def write(self) -> None:
        """Write the entries of all requested files, and of the others that still exist.

        If it cannot be written, the next run reads all files again.
        """
        others = {
            name: file
            for name, file in self._known.items()
            if name not in self._files and file_identity(self._work / name) is not None
        }
        listed = dict(sorted((others | self._files).items()))
        with suppress(OSError), atomic_write(self._work / _FILE) as unfinished:
            unfinished.write_text(json.dumps(listed, indent=0) + "\n", encoding="utf-8")

    def _name(self, path: Path) -> str:
        return path.relative_to(self._work).as_posix()


def _read(work: Path) -> dict[str, BuiltFile]:
    """The entries by path in the work folder; none if there is no manifest that can be read."""
    try:
        return typed_json((work / _FILE).read_bytes(), dict[str, BuiltFile])
    except (OSError, ValueError):
        return {}
