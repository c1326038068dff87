"""The last good build of a work folder: what it was made from, and what it left.

A night is skipped if the lake, the project, the packages and the settings are those of the last
complete, successful build, and its files are unchanged, byte for byte. If only the lake differs,
the next build is incremental: it updates the rows of changed records. Any other difference needs a
full build. So does the passing of a week, to verify that the same lake still gives the same tables.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from biodata_cache._core.errors import BuildError
from biodata_cache._core.layout import AREA_OBJECTS, CACHE_FOLDER
from biodata_cache._core.typed import typed_json
from biodata_cache._publish.build.artifacts import (
    DATABASE,
    DATABASE_LOG,
    MANIFEST,
    RUN_RESULTS,
    reason,
    target_folder,
)
from biodata_cache._publish.build.build_manifest import BuildManifest
from biodata_cache._storage.common import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = ".last_good_build.json"
BUILT_ANEW_AFTER = timedelta(days=6, hours=12)
"""A build that began so long before is repeated: every seventh night."""


@dataclass(frozen=True)
class GoodBuild:
    """A build of everything, of which every model and test was good.

    Attributes:
        lake: Hash of the lake that it was made from.
        project: Hash of the project, the packages and the settings.
        began_at: When it began, ISO 8601.
        whole_at: When the last build began that made everything from nothing.
        confirmed_at: When the last run began that found nothing to build, or the build itself.
        files: Hashes of what it left, by path in the work folder.
    """

    lake: str
    project: str
    began_at: str
    whole_at: str
    confirmed_at: str
    files: dict[str, str]

    def is_due(self, now: datetime) -> bool:
        """Whether everything is to be made from nothing again."""
        age = now - datetime.fromisoformat(self.whole_at)
        return not timedelta(0) <= age < BUILT_ANEW_AFTER

    def tables(self) -> dict[str, str]:
        """Hashes of the files of its tables, by path in the work folder."""
        return {path: sha256 for path, sha256 in self.files.items() if path.startswith("cache/")}


def find(work: Path, project: str) -> GoodBuild | None:
    """The last good build, if this project made it and all that it left is there, byte for byte."""
    build = _read(work)
    if build is None or build.project != project or (work / DATABASE_LOG).exists():
        return None
    try:
        return build if build.files == _hashes(work) else None
    except OSError:  # a build says what is wrong with it
        return None


def confirm(work: Path, now: datetime) -> None:
    """Write down that a run found nothing to build.

    Raises:
        BuildError: If that cannot be written.
    """
    build = _read(work)
    if build is not None:
        _write(work, replace(build, confirmed_at=now.isoformat()))


def confirmed_at(work: Path) -> datetime | None:
    """When the tables were last known to be those of the lake; None if there is no good build."""
    build = _read(work)
    return None if build is None else datetime.fromisoformat(build.confirmed_at)


def forget(work: Path) -> None:
    """A build begins: until it is good there is none.

    Raises:
        BuildError: If the record of the one before cannot be removed.
    """
    try:
        _path(work).unlink(missing_ok=True)
    except OSError as error:
        raise _unusable(error) from None


def keep(
    work: Path, lake: str, project: str, began_at: datetime, *, whole_at: str | None = None
) -> GoodBuild:
    """Write down a good build of everything.

    Args:
        work: The work folder.
        lake: Hash of the lake that it was made from.
        project: Hash of the project, the packages and the settings.
        began_at: When it began.
        whole_at: When the last full build began; by default it is this one.

    Raises:
        BuildError: If what it left cannot be read, or this cannot be written.
    """
    try:
        files = _hashes(work)
    except OSError as error:
        raise _unusable(error) from None
    began = began_at.isoformat()
    build = GoodBuild(lake, project, began, whole_at or began, began, files)
    _write(work, build)
    return build


def _path(work: Path) -> Path:
    return target_folder(work) / _RECORD


def _read(work: Path) -> GoodBuild | None:
    """The last good build; None if nothing is known of one."""
    try:
        build = typed_json(_path(work).read_bytes(), GoodBuild)
        for each in (build.began_at, build.whole_at, build.confirmed_at):
            if datetime.fromisoformat(each).tzinfo is None:
                return None
    except (OSError, ValueError):
        return None
    return build


def _write(work: Path, build: GoodBuild) -> None:
    try:
        with atomic_write(_path(work)) as unfinished:
            unfinished.write_text(json.dumps(asdict(build), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unusable(error) from None


def hashes_of_tables(work: Path) -> dict[str, str]:
    """Hashes of the files of tables that a build leaves, by path in the work folder.

    Raises:
        BuildError: If one of them cannot be read.
    """
    try:
        return _hashed(work, _files_of_tables(work))
    except OSError as error:
        raise _unusable(error) from None


def _hashes(work: Path) -> dict[str, str]:
    """Hashes of what a build leaves for a publish."""
    target = target_folder(work)
    documents = [work / DATABASE, target / MANIFEST, target / RUN_RESULTS]
    return _hashed(work, [*documents, *_files_of_tables(work)])


def _files_of_tables(work: Path) -> list[Path]:
    """The files of tables; objects that a publish has split are its own."""
    cache = work / "cache" / CACHE_FOLDER
    paths = [*(cache / AREA_OBJECTS).glob("*.pqt")]
    for folder in cache.glob("bdc-v*"):
        paths += (path for path in folder.rglob("*") if not path.is_dir())
    return paths


def _hashed(work: Path, paths: list[Path]) -> dict[str, str]:
    manifest = BuildManifest(work)
    hashes = manifest.hashes(sorted(paths))
    manifest.write()
    return hashes


def _unusable(error: OSError) -> BuildError:
    return BuildError(
        f"{error.filename} cannot be used ({reason(error)}): remove it, or give another folder "
        "with --work."
    )
