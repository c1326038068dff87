"""The last complete publish from a work folder to a root: what it was made from, what it left.

A publish compares the tags of a listing with those that it saw or wrote the last time, and reads
only what has another one. If nothing has changed in the work folder either, there is nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from biodata_cache._core import layout as _layout
from biodata_cache._core.typed import typed_json
from biodata_cache._publish.build.artifacts import DATABASE, MANIFEST, RUN_RESULTS, target_folder
from biodata_cache._storage.common import atomic_write, file_identity

if TYPE_CHECKING:
    from biodata_cache._storage.base import Storage

_FOLDER = ".published"
_PACKAGE = Path(__file__).resolve().parents[1]
_PROGRAM = ("_core", "_publish", "_storage")
"""What of this package decides what is published."""
_FULL_AUDIT_AFTER = timedelta(days=6, hours=12)
"""After so long all files are read again, those of the build and the published ones."""


class FileState(NamedTuple):
    """What a path of the root held when it was last written or compared.

    Attributes:
        sha256: Hash of the content.
    """

    tag: str
    sha256: str


@dataclass(frozen=True)
class LastPublish:
    """The last complete publish from a work folder to a root.

    Attributes:
        made_from: What it was made from (see `made_from`).
        unchanged: Number of public files and documents.
        as_of: When the newest record of the build was extracted; None if unknown.
        began: When the build began.
        tidy_at: When the next kept build or object expires; None if none does.
        files: What each public file, document and object is, by path in the root.
        others: Tags of what else is in the folders of the version, by path in the root.
    """

    made_from: str
    unchanged: int
    as_of: datetime | None
    began: datetime
    tidy_at: datetime | None
    files: dict[str, FileState] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    def is_unchanged(self, storage: Storage, version_folder: str, now: datetime) -> bool:
        """Whether the root holds all that was left there, nothing else, and nothing has expired."""
        if self.tidy_at is not None and now >= self.tidy_at:
            return False
        left = {path: state.tag for path, state in self.files.items()} | self.others
        builds, objects = f"{_layout.builds_folder(version_folder)}/", f"{_layout.OBJECTS}/"
        present = tags_of(storage, f"{version_folder}/") | tags_of(storage, builds)
        present |= {path: tag for path, tag in tags_of(storage, objects).items() if path in left}
        return present == left


def tags_of(storage: Storage, prefix: str) -> dict[str, str]:
    """Tag of each path that begins with this text."""
    return {path: stat.tag for path, stat in storage.list(prefix)}


def is_audit_due(audited_at: object, now: datetime) -> bool:
    """Whether the last complete audit is too long ago."""
    try:
        age = now - datetime.fromisoformat(str(audited_at))
    except (ValueError, TypeError):
        return True
    return not timedelta(0) <= age < _FULL_AUDIT_AFTER


def made_from(work: Path, home: str, settings: object) -> str:
    """Hash of all that decides what is published: the build, the settings and this program."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    target, area = target_folder(work), work / "cache" / _layout.CACHE_FOLDER
    paths = [str(path) for path in (work / DATABASE, target / MANIFEST, target / RUN_RESULTS)]
    for folder in (area, *(_PACKAGE / name for name in _PROGRAM)):
        for parent, _, names in os.walk(folder):
            paths += (f"{parent}{os.sep}{name}" for name in names if not name.endswith(".pyc"))
    lines = [f"{duckdb.__version__} {home} {settings!r}"]
    lines += (f"{path} {file_identity(path)}" for path in sorted(paths))
    return hashlib.sha256("\n".join(lines).encode(errors="replace")).hexdigest()


def read_last(work: Path, address: str) -> LastPublish | None:
    """The last publish from this work folder to this address; None if nothing is known of it."""
    try:
        last = typed_json(_path(work, address).read_bytes(), LastPublish)
    except (OSError, ValueError):
        return None
    times = (last.as_of, last.began, last.tidy_at)
    return last if all(time is None or time.tzinfo for time in times) else None


def write_last(work: Path, address: str, last: LastPublish) -> None:
    """Write it down; where that cannot be done, the next publish compares everything."""
    content = json.dumps(vars(last), indent=0, default=datetime.isoformat) + "\n"
    with suppress(OSError), atomic_write(_path(work, address)) as unfinished:
        unfinished.write_text(content, encoding="utf-8")


def forget_last(work: Path, address: str) -> None:
    """Let the next publish to this address compare everything."""
    with suppress(OSError):
        _path(work, address).unlink(missing_ok=True)


def short_name(address: str) -> str:
    """A short name for files about an address in a work folder."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _path(work: Path, address: str) -> Path:
    return work / _FOLDER / f"{short_name(address)}.json"
