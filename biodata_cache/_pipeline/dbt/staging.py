"""Staging of the records that another process builds: shards of the lake, as parquet files.

A shard is some of the hash buckets of the lake. Building one writes a file for each model,
and then a list of these files with their hashes, and with the state of the lake and of the project
that they were made from. The list comes last, so that a shard without one is not finished.
"""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biodata_cache._core.errors import BuildError, SettingsError
from biodata_cache._core.typed import typed_json
from biodata_cache._pipeline.dbt.target import project_content
from biodata_cache._pipeline.project import project_folder
from biodata_cache._storage.common import sha256_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from biodata_cache._storage.base import Storage

BUCKETS = 16
"""Hash buckets of the lake: there can be as many shards."""
_SHARD = re.compile(r"([1-9]\d?)/([1-9]\d?)", re.ASCII)
_FILE = re.compile(r"stg_\w+/[\w.-]+\.parquet", re.ASCII)
_LIST = re.compile(r"shard-\d+-of-\d+\.json", re.ASCII)


@dataclass(frozen=True, order=True)
class Shard:
    """One of `of` shards, counted from 1."""

    of: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """A shard by its text, such as `2/4`.

        Raises:
            SettingsError: If it is none.

        Example:
            >>> Shard.parse("2/4").buckets, Shard.parse("3/3").buckets
            ((4, 7), (10, 15))
        """
        match = _SHARD.fullmatch(text)
        number, of = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= of <= BUCKETS:
            raise SettingsError(
                f"{text!r} is no shard: write i/N, for example 1/4, with at most {BUCKETS} shards."
            )
        return cls(of, number)

    @property
    def buckets(self) -> tuple[int, int]:
        """First and last hash bucket."""
        return (self.number - 1) * BUCKETS // self.of, self.number * BUCKETS // self.of - 1

    @property
    def name(self) -> str:
        """Name of its files, without the suffix."""
        return f"shard-{self.number}-of-{self.of}"

    def __str__(self) -> str:
        """As the command line has it."""
        return f"{self.number}/{self.of}"


@dataclass(frozen=True)
class _Written:
    """The list of a finished shard.

    Attributes:
        state: What it was made from.
        files: Hashes of its files, by path.
    """

    shard: str
    state: str
    files: dict[str, str]


def shards_of(count: int) -> list[Shard]:
    """All shards of a lake that is cut into so many."""
    return [Shard(count, number) for number in range(1, count + 1)]


def state_of(content: str) -> str:
    """Hash of what staging is made from: the lake, the project, and the version of the engine.

    Raises:
        BuildError: If a file of the project cannot be read.
    """
    import duckdb  # noqa: PLC0415  # not before it is needed

    parts = (content, project_content(project_folder()), duckdb.__version__)
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def write(storage: Storage, shard: Shard, state: str, folder: Path) -> None:
    """Store the files of a shard, and then their list.

    Raises:
        CacheError: If they cannot be written.
    """
    files = {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.glob("*/*.parquet"))
    }
    storage.delete([f"{shard.name}.json"])
    with ThreadPoolExecutor(storage.threads, thread_name_prefix="staging") as threads:
        list(
            threads.map(lambda file: storage.put(file[0], folder / file[0], file[1]), files.items())
        )
    written = {"shard": str(shard), "state": state, "files": files}
    content = (json.dumps(written, indent=1) + "\n").encode()
    storage.put(f"{shard.name}.json", content, hashlib.sha256(content).hexdigest())


def fetch(storage: Storage, state: str, folder: Path) -> None:
    """Copy the files of all shards that were made from this lake and project.

    Args:
        storage: Where they are.
        state: What they must be made from.
        folder: Empty folder to copy them to.

    Raises:
        BuildError: If there are none, if they were made from something else, or if one, or a model
            of one, is missing.
    """
    address = storage.address()
    lists = [_read(storage, path) for path, _ in storage.list("shard-") if _LIST.fullmatch(path)]
    if not lists:
        raise BuildError(
            f"{address} holds no finished shard of staging: write it with "
            f"'biodata-cache build --shard 1/N --out {address}' for each of N shards."
        )
    ours = {Shard.parse(each.shard): each for each in lists if each.state == state}
    if not ours:
        raise BuildError(
            f"The shards in {address} were made from another state of the lake, or by another "
            "version of biodata-cache or DuckDB than this one: build them again from this lake."
        )
    missing, count = min((_missing(ours, count), count) for count in {each.of for each in ours})
    if missing:
        raise BuildError(
            f"{address} holds no shard {', '.join(map(str, missing))} of this state of the lake: "
            f"run 'biodata-cache build --shard {missing[0]} --out {address}'."
        )
    models = {shard: {_model(path) for path in ours[shard].files} for shard in shards_of(count)}
    for shard in shards_of(count):
        lacking = set().union(*models.values()) - models[shard]
        if lacking or not models[shard]:
            raise BuildError(
                f"{storage.address(f'{shard.name}.json')} lists no file of "
                f"{min(lacking, default='any model')}: build that shard again."
            )
        _copy(storage, shard, ours[shard].files, folder)


def _model(path: str) -> str:
    return path.partition("/")[0]


def _missing(present: Collection[Shard], count: int) -> list[Shard]:
    return [shard for shard in shards_of(count) if shard not in present]


def _read(storage: Storage, path: str) -> _Written:
    """The list of a shard."""
    stored = storage.get(path)
    try:
        written = typed_json(b"" if stored is None else stored.content, _Written)
        Shard.parse(written.shard)
        unexpected = next((name for name in written.files if not _FILE.fullmatch(name)), None)
    except ValueError:
        unexpected = path
    if unexpected is not None:
        raise BuildError(
            f"{storage.address(path)} is not what a shard has written: remove it, or build that "
            "shard again."
        )
    return written


def _copy(storage: Storage, shard: Shard, files: Mapping[str, str], folder: Path) -> None:

    def copy(path: str) -> bool:
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        return storage.download(path, target, sha256=files[path])

    with ThreadPoolExecutor(storage.threads, thread_name_prefix="staging") as threads:
        for path, is_copied in zip(files, threads.map(copy, files), strict=True):
            if not is_copied:
                raise BuildError(
                    f"{storage.address(path)} is missing, or not what shard {shard} has written: "
                    f"run 'biodata-cache build --shard {shard} --out {storage.address()}' again."
                )
