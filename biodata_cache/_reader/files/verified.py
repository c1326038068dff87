"""Remembers which objects of a local root were verified, so that each is hashed only once.

Verified objects are listed in a small JSON file beside the local copies, one for each folder of
objects. Processes may overwrite each other's entries; these objects are hashed once more.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import AccessError, CacheFileError
from biodata_cache._core.foreign import json_value
from biodata_cache._core.registry.entries import REMEDY
from biodata_cache._storage.common import file_identity, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Identity = list[int]
"""Inode, modification time in ns and size, which change when a file is replaced."""


@lru_cache(maxsize=8)
def verified_in(folder: Path | None) -> VerifiedFiles:
    """The shared `VerifiedFiles` of a folder in this process."""
    return VerifiedFiles(folder)


@dataclass(frozen=True)
class VerifiedFiles:
    """Objects whose content was verified against the hash in their name.

    Attributes:
        folder: Folder of the file that other processes read; None to remember in memory only.
    """

    folder: Path | None = None
    _known: dict[Path, dict[str, Identity]] = field(default_factory=dict, repr=False)

    def check(self, path: Path) -> None:
        """Check that an object has the hash that it is named by; a missing object is ignored.

        Raises:
            AccessError: If the file may not be read.
            CacheFileError: If its hash is another, or it cannot be read.
        """
        identity = file_identity(path)
        now = None if identity is None else [*identity]  # as JSON has it
        if now is None or self._remembered(path.parent).get(path.name) == now:
            return
        try:
            sha256 = sha256_of(path)
        except PermissionError as error:
            raise AccessError(f"{path} may not be read: change its rights.") from error
        except FileNotFoundError:
            return
        except OSError as error:
            raise CacheFileError(f"{path} cannot be read ({error.strerror or error}).") from error
        if sha256 != path.stem:
            raise CacheFileError(
                f"{path} is damaged: its content is not what it is named by (its sha256 is "
                f"{sha256}). {REMEDY}"
            )
        self._remember(path.parent, {path.name: now})

    def _remembered(self, objects: Path) -> dict[str, Identity]:
        """Verified files of a folder of objects, by name."""
        if objects not in self._known:
            self._known[objects] = dict(self._read(objects))
        return self._known[objects]

    def _remember(self, objects: Path, names: Mapping[str, Identity]) -> None:
        """Add verified files, for this process and for others."""
        self._remembered(objects).update(names)
        if self.folder is None:
            return
        known = self._read(objects) | self._known[objects]
        there = {
            name: identity
            for name, identity in known.items()
            if file_identity(objects / name) is not None
        }
        file = self._file(objects)
        unfinished = file.with_name(f".unfinished-{secrets.token_hex(8)}")
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished.write_text(json.dumps(there), encoding="utf-8")
            unfinished.replace(file)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)

    def _read(self, objects: Path) -> dict[str, Identity]:
        """Verified files of a folder of objects, as the file on disk lists them."""
        if self.folder is None:
            return {}
        try:
            content = json_value(self._file(objects).read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _file(self, objects: Path) -> Path:
        key = hashlib.sha256(os.fsencode(objects)).hexdigest()[:32]
        return Path(str(self.folder)) / f"verified-{key}.json"
