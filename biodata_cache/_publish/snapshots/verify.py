"""Verifies every object and public file against the hash in the registry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import AccessError, CacheError, RegistryError
from biodata_cache._core.registry import history as _history
from biodata_cache._publish.snapshots import public_files as _public_files
from biodata_cache._publish.snapshots.builds import damaged_builds
from biodata_cache._publish.snapshots.snapshot import documents_of, read_published

if TYPE_CHECKING:
    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._publish.snapshots.snapshot import Published
    from biodata_cache._storage.base import Storage


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    Attributes:
        files: Number of verified public files and documents.
        damaged: Paths of objects and files of this version that are missing or have another hash.
        damaged_before: Paths of damaged objects of other versions and of kept builds only, and of
            damaged registries of kept builds.
    """

    objects: int
    files: int
    damaged: list[str]
    damaged_before: list[str]


def verify(storage: Storage, version_folder: str) -> Verification:
    """Read every object of a root, and every public file of a version, and compare their hashes.

    Raises:
        CacheError: If the root cannot be read.
    """
    published = read_published(storage, version_folder)
    named = _named(published.registry)
    listed = {name: name.removesuffix(".pqt") for name in _listed(storage)}
    objects = {_layout.object_path(name): hashed for name, hashed in (listed | named).items()}
    files, unreadable = _files(storage, version_folder, published)

    def is_damaged(item: tuple[str, str]) -> bool:
        return storage.sha256(item[0]) != item[1]

    every = [*objects.items(), *files.items()]
    with ThreadPoolExecutor(storage.threads) as pool:
        results = list(pool.map(is_damaged, every))
    damaged = {
        path for (path, _), is_bad in zip(every, results, strict=True) if is_bad
    } | unreadable
    with suppress(AccessError):  # a reader need not have the right to list them
        damaged |= damaged_builds(storage, version_folder, published.build, published.content)
    kept = f"{_layout.builds_folder(version_folder)}/"
    live = {*map(_layout.object_path, named), f"{kept}{published.build}.json"}
    before = {path for path in damaged if path in objects or path.startswith(kept)} - live
    return Verification(len(objects), len(files), sorted(damaged - before), sorted(before))


def _named(registry: CacheRegistry) -> dict[str, str]:
    """Objects that a registry references, with their hashes."""
    return {each.name: each.sha256 for each in registry.objects}


def _listed(storage: Storage) -> list[str]:
    """Existing objects; none without the right to list them."""
    start = f"{_layout.OBJECTS}/"
    try:
        names = [path[len(start) :] for path, _ in storage.list(start)]
    except AccessError:  # a reader need not have that right
        return []
    return [name for name in names if _layout.is_object_name(name)]


def _files(
    storage: Storage, version_folder: str, published: Published
) -> tuple[dict[str, str], set[str]]:
    """Public files and documents of a version with their hashes, and lists that are unreadable."""
    registry = published.registry
    files: dict[str, str] = {}
    if registry.public_files is None:
        return {}, set()
    for stage in documents_of(version_folder, registry, published.content or b""):
        for path, content in stage.items():
            files[f"{version_folder}/{path}"] = sha256(content).hexdigest()
    unreadable = set()
    try:
        listed = _public_files.read(storage, registry.public_files)
    except CacheError:
        unreadable.add(_layout.object_path(registry.public_files.name))
    else:
        files |= {f"{version_folder}/{file.path}": file.sha256 for file in listed}
    history = _layout.history_path(version_folder)
    try:
        got = storage.get(history)
        known = {} if got is None else _history.documents_of(got.content, history)
    except RegistryError:
        unreadable.add(history)
    else:
        files |= {f"{version_folder}/{name}": hashed for name, hashed in known.items()}
    return files, unreadable
