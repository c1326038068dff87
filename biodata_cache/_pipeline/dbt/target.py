"""The parsed dbt project: kept in the target folder, and copied for other work folders.

dbt parses for 15 seconds before it builds. The result names neither the work folder, the lake nor
the root, and may be used by any run of the same project, packages, settings and arguments, but by
no other: files of an earlier version must not decide what this one builds and tests. So a key of
all of these is stored with it, but only after a completed run. A copy, named by the key and by its
own hash, is kept in the user's cache folder for new work folders.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import BuildError
from biodata_cache._publish.build.artifacts import reason, target_folder
from biodata_cache._storage.common import atomic_write, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_KEY = ".parsed_from"
_PARSED = "partial_parse.msgpack"
_PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "selectors.yml")
_PROJECT_FOLDERS = ("macros", "models", "seeds", "tests/data")
_PREFIXES = ("BIODATA_CACHE_", "DBT_")
# No other setting, and no path, is read while dbt parses: tests/unit/test_dbt_target.py checks it.
_PARSED_WITH = ("BIODATA_CACHE_MEMORY", "BIODATA_CACHE_TEMP_DISK", "DBT_")
_COPIES = 8


@dataclass(frozen=True)
class ParsedProject:
    """The parsed project of a work folder.

    Attributes:
        project: The folder of the dbt project.
        environment: Variables that dbt runs with.
        arguments: Command and options of dbt, without those that name folders.
        copies: Folder of copies for all work folders; None for no copies.
    """

    work: Path
    project: Path
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()
    copies: Path | None = None

    @property
    def path(self) -> Path:
        """The file of the parsed project that dbt writes to the target folder."""
        return target_folder(self.work) / _PARSED

    def prepare(self) -> None:
        """Remove the target folder unless its key matches, then restore the file from a copy.

        The key is removed too, so that an interrupted run leaves none.

        Raises:
            BuildError: If the folder cannot be removed, or a file of the project cannot be read.
        """
        target = target_folder(self.work)
        key = target / _KEY
        try:
            known = key.read_text() if key.is_file() else None
            if known is not None and known == self._key_of_target():
                key.unlink()
                return
            if target.exists():
                shutil.rmtree(target)
        except OSError as error:
            raise _unusable(error) from None
        self._take_copy()

    def keep(self) -> None:
        """Write the key after a completed run, and a copy for other work folders.

        Neither is written if the project was changed during the run.

        Raises:
            BuildError: If the key cannot be written.
        """
        try:
            if not self.path.is_file() or self._decisive != self._decides_now():
                return
            (target_folder(self.work) / _KEY).write_text(self._key_of_target())
        except OSError as error:
            raise _unusable(error) from None
        with suppress(OSError):  # a copy only saves time
            self._leave_copy()

    @cached_property
    def _decisive(self) -> str:
        """Hash of all inputs of a parse, as they are before the run."""
        return self._decides_now()

    def _decides_now(self) -> str:
        arguments = "\0".join(self.arguments).encode()
        return _hash([*_parts(self.project, self.environment, _PARSED_WITH), arguments])

    def _key_of_target(self) -> str:
        """Hash of all inputs of a parse, and of the parsed project."""
        # Also if dbt is run by hand, without the key.
        content = self.path.read_bytes() if self.path.is_file() else b""
        return _hash([self._decisive.encode(), content])

    def _take_copy(self) -> None:
        """Restore the file from an intact copy, if there is one; remove damaged ones."""
        if self.copies is None:
            return
        with suppress(OSError):
            for copy in sorted(self.copies.glob(f"{self._decisive}-*.msgpack")):
                with atomic_write(self.path) as unfinished:
                    shutil.copyfile(copy, unfinished)
                    is_whole = sha256_of(unfinished) == copy.stem.rpartition("-")[2]
                    if not is_whole:
                        unfinished.unlink()
                if is_whole:
                    os.utime(copy)
                    return
                copy.unlink()

    def _leave_copy(self) -> None:
        """Write a copy, unless there is one, and remove the least recently used."""
        if self.copies is None or any(self.copies.glob(f"{self._decisive}-*.msgpack")):
            return
        self.copies.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{self._decisive}-{sha256_of(self.path)}.msgpack"
        with atomic_write(self.copies / name) as unfinished:
            shutil.copyfile(self.path, unfinished)
        by_use = sorted(self.copies.glob("*.msgpack"), key=lambda copy: copy.stat().st_mtime)
        for copy in by_use[:-_COPIES]:
            copy.unlink(missing_ok=True)


def project_key(project: Path, environment: Mapping[str, str]) -> str:
    """Hash of all that decides what dbt parses: project, packages and settings.

    Raises:
        BuildError: If a file of the project cannot be read.
    """
    try:
        return _hash(_parts(project, environment, _PREFIXES))
    except OSError as error:
        raise _unusable(error) from None


def project_content(project: Path) -> str:
    """Hash of the files of the project, wherever it is.

    Raises:
        BuildError: If a file of the project cannot be read.
    """
    try:
        return _hash(_contents(project))
    except OSError as error:
        raise _unusable(error) from None


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(
    project: Path, environment: Mapping[str, str], variables: tuple[str, ...]
) -> Iterator[bytes]:
    yield sys.version.encode()
    yield os.fsencode(project)
    yield from _contents(project)
    yield from _packages()
    for name, value in sorted(environment.items()):
        if name.startswith(variables):
            yield os.fsencode(f"{name}={value}")


def _packages() -> list[bytes]:
    """Names and versions of the installed packages, as the names of their metadata folders."""
    folders = {Path(folder or ".") for folder in sys.path}
    return sorted(os.fsencode(each.name) for path in folders for each in path.glob("*.*-info"))


def _contents(project: Path) -> Iterator[bytes]:
    for path in _project_files(project):
        yield os.fsencode(path.relative_to(project))
        yield path.read_bytes()


def _project_files(project: Path) -> list[Path]:
    files = [project / name for name in _PROJECT_FILES]
    for folder in _PROJECT_FOLDERS:
        files += (project / folder).rglob("*")
    return sorted(path for path in files if path.is_file())


def _unusable(error: OSError) -> BuildError:
    return BuildError(
        f"{error.filename} is in the way of a new build ({reason(error)}): remove it, or give "
        "another folder with --work."
    )
