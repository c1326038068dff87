"""Which objects in a folder are known to be whole: each is hashed once, not at every read.

What is known is kept in a small file beside the local copies: a line of JSON for each folder of
objects. Processes may write it at the same time; what one of them loses is hashed once more.
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
from biodata_cache._core.registry.entries import REMEDY
from biodata_cache._storage.common import file_identity, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Identity = list[int]
"""Inode, time of the last change and size: what tells a file from the one that replaces it."""


@lru_cache(maxsize=8)
def verified_in(folder: Path | None) -> VerifiedFiles:
    """The verified objects that a folder remembers, with what this process knows of them."""
    return VerifiedFiles(folder)


@dataclass(frozen=True)
class VerifiedFiles:
    """Objects whose content is what their name says.

    Attributes:
        folder: Where that is remembered for other processes; None for nowhere.
    """

    folder: Path | None = None
    _known: dict[Path, dict[str, Identity]] = field(default_factory=dict, repr=False)

    def check(self, path: Path) -> None:
        """Make sure that the content of an object has the hash that it is named by.

        An object that is missing is no concern of this: whoever opens it will find out.

        Raises:
            AccessError: If it may not be read.
            CacheFileError: If its content is another, or cannot be read.
        """
        found = file_identity(path)
        now = None if found is None else [*found]  # as JSON has it
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
        """What is known of a folder of objects, by name."""
        if objects not in self._known:
            self._known[objects] = dict(self._read(objects))
        return self._known[objects]

    def _remember(self, objects: Path, names: Mapping[str, Identity]) -> None:
        """Add to what is known, for this process and for others."""
        self._remembered(objects).update(names)
        if self.folder is None:
            return
        known = self._read(objects) | self._known[objects]
        there = {name: found for name, found in known.items() if (objects / name).exists()}
        file = self._file(objects)
        unfinished = file.with_name(f".unfinished-{secrets.token_hex(8)}")
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished.write_text(json.dumps(there), encoding="utf-8")
            unfinished.replace(file)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)

    def _read(self, objects: Path) -> dict[str, Identity]:
        """What other processes found out about a folder of objects."""
        if self.folder is None:
            return {}
        try:
            found = json.loads(self._file(objects).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _file(self, objects: Path) -> Path:
        key = hashlib.sha256(os.fsencode(objects)).hexdigest()[:32]
        return Path(str(self.folder)) / f"verified-{key}.json"
