"""History of the published builds of a version: their times and the sizes of their tables.

Published beside the registry, one line per build, the live build last. A rollback removes the
builds that it takes back. It also has the hashes of the documents that are made for people and for
other tools, as no reader of ours needs them; its first line is the hash of all others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import RegistryError
from biodata_cache._core.foreign import json_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata_cache._core.registry.entries import CacheRegistry

MOST_BUILDS = 100
_HASH = "sha256"


@dataclass(frozen=True)
class TableSize:
    """How large a table was.

    Attributes:
        bytes: Size of its files together.
    """

    rows: int
    bytes: int


@dataclass(frozen=True)
class PublishedBuild:
    """One build that was published and differed from the one before it.

    Attributes:
        built_at: When the newest of its tables was built, as ISO text.
        tables: Sizes of its tables by name, as far as the registry knows them.
    """

    build: str
    built_at: str
    tables: Mapping[str, TableSize]

    @classmethod
    def of(cls, build: str, registry: CacheRegistry) -> PublishedBuild:
        """The build that a registry describes."""
        tables = {
            entry.name: TableSize(entry.row_count, entry.bytes)
            for entry in registry
            if entry.row_count is not None and entry.bytes is not None
        }
        newest = max((entry.built_at or "" for entry in registry), default="")
        return cls(build, registry.built_at or newest, tables)


def parse(content: bytes | None, source: str) -> tuple[PublishedBuild, ...]:
    """The builds that a history names, the oldest first; none if there is no history.

    Raises:
        RegistryError: If the document is not a history.

    Example:
        >>> line = '{"build": "b1", "built_at": "2026-01-01T00:00:00Z", "tables": {"a": [2, 99]}}'
        >>> parse(f'{{"builds": [{line}]}}'.encode(), "cache_history.json")[0].tables["a"].rows
        2
    """
    if content is None:
        return ()
    try:
        return tuple(_build(item) for item in json_value(content)["builds"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise RegistryError(
            f"{source} is not a history of builds ({error!r}): remove it, and the next publish "
            "begins a new one."
        ) from None


def extended(
    known: Sequence[PublishedBuild], before: PublishedBuild | None, now: PublishedBuild
) -> tuple[PublishedBuild, ...]:
    """The history after a publish.

    Args:
        known: The history before it.
        before: The replaced build, which the history may lack: its publisher kept no history, or
            was killed before it wrote one.
        now: The published build.
    """
    names = [build.build for build in known]
    if before is not None and before.build not in names:
        known, names = [*known, before], [*names, before.build]
    if now.build in names:
        known = known[: names.index(now.build)]
    earlier = [build for build in known if build.built_at <= now.built_at]
    return (*earlier, now)[-MOST_BUILDS:]


def document(builds: Iterable[PublishedBuild], documents: Mapping[str, str] | None = None) -> bytes:
    """A history as it is published: JSON with one line for each build.

    Args:
        builds: The builds, the oldest first.
        documents: SHA-256 of each document beside it, by name.
    """
    lines = ",\n".join(
        json.dumps(
            {
                "build": build.build,
                "built_at": build.built_at,
                "tables": {name: [size.rows, size.bytes] for name, size in build.tables.items()},
            },
            ensure_ascii=False,
        )
        for build in builds
    )
    rest = f'"builds": [\n{lines}\n],\n"documents": {json.dumps(documents or {})}}}\n'.encode()
    return f'{{"{_HASH}": "{sha256(rest).hexdigest()}",\n'.encode() + rest


def documents_of(content: bytes, source: str) -> dict[str, str]:
    """SHA-256 of each document beside a history, by name.

    Raises:
        RegistryError: If the history is damaged.

    Example:
        >>> content = document([], {"index.html": "0a1b"})
        >>> documents_of(content, "cache_history.json")
        {'index.html': '0a1b'}
    """
    parse(content, source)
    history = json_value(content)
    rest = content.partition(b"\n")[2]
    documents = history.get("documents")
    if history.get(_HASH) != sha256(rest).hexdigest() or not isinstance(documents, dict):
        raise RegistryError(f"{source} is damaged: publish again, with --full.")
    return documents


def _build(item: dict[str, Any]) -> PublishedBuild:
    tables = {
        name: TableSize(int(rows), int(size)) for name, (rows, size) in item["tables"].items()
    }
    return PublishedBuild(str(item["build"]), str(item["built_at"]), tables)
