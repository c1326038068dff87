"""Kept builds of a version, its last rollback, and the removal of what has expired."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import CacheFileError, CacheNotFoundError, RegistryError
from biodata_cache._core.foreign import NotJsonError
from biodata_cache._core.registry import document as _document
from biodata_cache._core.typed import typed_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._core.registry.history import PublishedBuild
    from biodata_cache._storage.base import Storage

_DAY = 86400.0
_HOUR = 3600.0


@dataclass(frozen=True)
class _Rollback:
    """What of the document of a rollback is read again.

    Attributes:
        to: The build that was restored.
    """

    to: str


@dataclass(frozen=True)
class KeptBuild:
    """A build whose registry is kept.

    Attributes:
        content: Bytes of its registry.
        age: Seconds since it was published or restored.
    """

    build: str
    content: bytes
    registry: CacheRegistry
    age: float


def kept_builds(storage: Storage, version_folder: str) -> list[KeptBuild]:
    """The builds of a version that are kept, in the order in which they were published.

    Raises:
        RegistryError: If the registry of one cannot be read.
    """
    kept_ones = []
    for path, build in _paths(storage, version_folder):
        got = storage.get(path)
        if got is not None:
            registry = _registry_of(build, got.content, storage.address(path))
            kept_ones.append(KeptBuild(build, got.content, registry, got.age))
    return sorted(kept_ones, key=lambda kept: (-kept.age, kept.build))


def damaged_builds(
    storage: Storage, version_folder: str, live: str, content: bytes | None
) -> set[str]:
    """Paths of kept registries that cannot be read, or that differ from that of the live build.

    Args:
        storage: The root.
        version_folder: The version.
        live: The live build.
        content: Its registry.

    Raises:
        CacheError: If the root cannot be read.
    """
    damaged = set()
    for path, build in _paths(storage, version_folder):
        got = storage.get(path)
        if got is None:
            continue
        is_sound = got.content == content if build == live else _is_registry_of(build, got.content)
        if not is_sound:
            damaged.add(path)
    return damaged


def _paths(storage: Storage, version_folder: str) -> Iterator[tuple[str, str]]:
    """Paths of kept registries, with the names of their builds."""
    start = f"{_layout.builds_folder(version_folder)}/"
    for path, _ in storage.list(start):
        build = path[len(start) :].removesuffix(".json")
        if _layout.is_build_name(build):
            yield path, build


def _is_registry_of(build: str, content: bytes) -> bool:
    try:
        _registry_of(build, content, build)
    except RegistryError:
        return False
    return True


def _registry_of(build: str, content: bytes, address: str) -> CacheRegistry:
    registry = _document.parse(content, address)
    if registry.build != build:
        raise RegistryError(
            f"{address} is the registry of another build, {registry.build!r}: remove it, it can be "
            "restored by nobody."
        )
    return registry


def find(kept: Iterable[KeptBuild], build: str, address: str) -> KeptBuild:
    """The kept build with this name, or the only one whose name begins with it.

    Raises:
        CacheNotFoundError: If there is none, or more than one.
    """
    builds = {each.build: each for each in kept}
    matches = [name for name in builds if name.startswith(build)] if build else []
    if build in builds or len(matches) == 1:
        return builds[build if build in builds else matches[0]]
    raise CacheNotFoundError(
        f"{'More than one build' if matches else 'No build'} {build!r} is kept at {address}: "
        f"choose one of {', '.join(sorted(builds)) or 'none'}."
    )


def build_before(
    kept: Sequence[KeptBuild],
    live: str,
    history: Iterable[PublishedBuild],
    address: str,
    *,
    is_rolled_back: bool = False,
) -> KeptBuild:
    """The build that was published before the one that is live.

    Args:
        kept: The builds that are kept, in the order in which they were published.
        live: The build that is live.
        history: The builds that led to it, as far as known.
        address: Address of the version, for messages.
        is_rolled_back: Whether the live build was restored by a rollback, so that later builds are
            not considered.

    Raises:
        CacheNotFoundError: If none is kept.
    """
    others = {each.build: each for each in kept if each.build != live}
    led = [each.build for each in history]
    names = led[: led.index(live)] if live in led else []
    if not is_rolled_back:
        names = [*others, *names]
    for name in reversed(names):
        if name in others:
            return others[name]
    raise CacheNotFoundError(
        f"No earlier build is kept at {address}: publish the build that you want instead."
    )


def last_rollback(storage: Storage, version_folder: str) -> str | None:
    """The build of the last rollback, unless something was published since."""
    got = storage.get(_layout.rollback_path(version_folder))
    try:
        return None if got is None else typed_json(got.content, _Rollback).to
    except NotJsonError:
        return "a build that is not known"


def tidy_up(storage: Storage, keep_days: float, grace_hours: float) -> float:
    """Remove expired builds, and objects that no build references.

    Objects stay for `grace_hours` after their last use, as readers may still have them open.

    Args:
        storage: The root.
        keep_days: Days for which a build is kept after it was replaced.
        grace_hours: Hours for which its objects stay after that.

    Returns:
        Seconds until the next build or object expires, if nothing is published until then.
    """
    named: set[str] = set()
    wait = math.inf
    versions = {*storage.folders(""), *storage.folders(f"{_layout.BUILDS}/")}
    for version in sorted(versions):
        if not version.startswith("bdc-v"):
            continue
        try:
            live, kept = _live(storage, version), kept_builds(storage, version)
        except (RegistryError, CacheFileError):
            return 0.0  # its objects are unknown, so that nothing is removed
        limit = keep_days * _DAY + grace_hours * _HOUR
        for position, each in enumerate(kept):
            is_live = live is not None and each.build == live.build
            replaced = None if is_live or each is kept[-1] else kept[position + 1].age
            if replaced is None or replaced < limit:
                named |= _names(each.registry)
                wait = min(wait, math.inf if replaced is None else limit - replaced)
            else:
                storage.delete([_layout.build_path(version, each.build)])
        if live is not None:
            named |= _names(live)
    return min(wait, _remove_objects(storage, named, grace_hours * _HOUR))


def _live(storage: Storage, version_folder: str) -> CacheRegistry | None:
    path = _layout.registry_path(version_folder)
    got = storage.get(path)
    return None if got is None else _document.parse(got.content, storage.address(path))


def _names(registry: CacheRegistry) -> set[str]:
    """Names of the objects that a registry references."""
    return {each.name for each in registry.objects}


def _remove_objects(storage: Storage, named: set[str], grace: float) -> float:
    """Remove objects that no registry references, unless they were written recently.

    Returns:
        Seconds until the next of those that were written recently is to be removed.
    """
    start, wait = f"{_layout.OBJECTS}/", math.inf
    for path, _ in list(storage.list(start)):
        name = path[len(start) :]
        if name not in named and _layout.is_object_name(name):
            got = storage.get(path, first=1)
            if got is not None and got.age >= grace:
                storage.delete([path])
            elif got is not None:
                wait = min(wait, grace - got.age)
    return wait
