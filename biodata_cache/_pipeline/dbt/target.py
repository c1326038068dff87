"""dbt's target folder between builds: kept while the inputs of a parse are the same, else removed.

dbt keeps its parse cache there, which saves a build some seconds. It may be used only for the same
project, packages and settings: files of an earlier version must not decide what this one builds and
tests. So a key of all of these is stored with it, but only after a completed run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from importlib.metadata import distributions
from typing import TYPE_CHECKING

from biodata_cache._core.errors import BuildError
from biodata_cache._publish.build.artifacts import reason, target_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_KEY = ".parsed_from"
_PARSED = "partial_parse.msgpack"
_PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "selectors.yml")
_PROJECT_FOLDERS = ("macros", "models", "seeds", "tests/data")
_PREFIXES = ("BIODATA_CACHE_", "DBT_")


def discard_if_other(work: Path, project: Path, environment: Mapping[str, str]) -> None:
    """Remove the target folder unless the same project was parsed into it; take the key away.

    Args:
        work: The work folder.
        project: The folder of the dbt project.
        environment: Variables that dbt is to run with.

    Raises:
        BuildError: If the folder cannot be removed, or a file of the project cannot be read.
    """
    target = target_folder(work)
    key = target / _KEY
    try:
        known = key.read_text() if key.is_file() else None
        if known is None or known != _key(target, project, environment):
            if target.exists():
                shutil.rmtree(target)
        else:
            key.unlink()
    except OSError as error:
        raise _unusable(error) from None


def keep(work: Path, project: Path, environment: Mapping[str, str]) -> None:
    """Write the key after a completed run.

    Args:
        work: The work folder.
        project: The folder of the dbt project.
        environment: Variables that dbt ran with.

    Raises:
        BuildError: If the key cannot be written.
    """
    target = target_folder(work)
    try:
        if (target / _PARSED).is_file():
            (target / _KEY).write_text(_key(target, project, environment))
    except OSError as error:
        raise _unusable(error) from None


def project_key(project: Path, environment: Mapping[str, str]) -> str:
    """Hash of all that decides what dbt parses: project, packages and settings.

    Args:
        project: The folder of the dbt project.
        environment: Variables that dbt runs with.

    Raises:
        BuildError: If a file of the project cannot be read.
    """
    try:
        return _hash(_parts(project, environment))
    except OSError as error:
        raise _unusable(error) from None


def project_content(project: Path) -> str:
    """Hash of the files of the project, wherever it is.

    Args:
        project: The folder of the dbt project.

    Raises:
        BuildError: If a file of the project cannot be read.
    """
    try:
        return _hash(_contents(project))
    except OSError as error:
        raise _unusable(error) from None


def _key(target: Path, project: Path, environment: Mapping[str, str]) -> str:
    """Hash of all that decides what dbt parses, and of what it has parsed."""
    parsed = target / _PARSED  # also if dbt is run by hand, without the key
    content = parsed.read_bytes() if parsed.is_file() else b""
    return _hash([*_parts(project, environment), content])


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(project: Path, environment: Mapping[str, str]) -> Iterator[bytes]:
    yield sys.version.encode()
    yield os.fsencode(project)
    yield from _contents(project)
    yield from sorted(
        f"{distribution.metadata['Name']} {distribution.version}".encode()
        for distribution in distributions()
    )
    for name, value in sorted(environment.items()):
        if name.startswith(_PREFIXES):
            yield os.fsencode(f"{name}={value}")


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
