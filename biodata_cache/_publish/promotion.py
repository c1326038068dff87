"""Promotion: bring a published version from one state to another while readers look on.

The order is what keeps readers whole: data, sidecars, registry fragments, registry, the history of
builds with the catalogue page, removal of what is gone. Before an object is replaced or removed it
is kept under `.builds`, which readers ignore, so that `rollback` can put the build back. A journal
names what a promotion adds and removes: the next one clears up after one that was killed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from biodata_cache._core import history as _history
from biodata_cache._core import settings as _settings
from biodata_cache._core.errors import CacheFileError, CacheNotFoundError, RegistryError
from biodata_cache._core.foreign import json_value
from biodata_cache._core.layout import partition_path
from biodata_cache._publish import catalogue as _catalogue
from biodata_cache._storage.base import Content

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_cache._storage.base import Lock, Store

Progress = Callable[[int, int, str], None]

REGISTRY = "cache_registry"
VERSIONS = "cache_versions.json"
BUILDS = ".builds"
_INDEX_ATTEMPTS = 20


@dataclass
class Report:
    """What one publish did, or would do.

    Attributes:
        place: Address of the version folder.
        tables: Registry entries as published.
        added: Files that were not there before.
        replaced: Files whose content changed.
        gone: Files that are removed.
        unchanged: Number of files that were there already with the same bytes.
        build: The build that is published then.
    """

    place: str
    tables: list[dict[str, Any]]
    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    build: str = ""

    @property
    def written(self) -> int:
        """Number of files that were added or replaced."""
        return len(self.added) + len(self.replaced)

    @property
    def removed(self) -> int:
        """Number of files that were removed."""
        return len(self.gone)


@dataclass(frozen=True)
class Published:
    """A version as its registry says it is.

    Attributes:
        content: Bytes of the registry; None if there is none.
        entries: Entries by table.
    """

    content: bytes | None
    entries: dict[str, dict[str, Any]]

    @property
    def build(self) -> str:
        """Name of this state: its newest build, and what tells it from others with the same."""
        if self.content is None:
            return ""
        newest = max((str(entry.get("build_id")) for entry in self.entries.values()), default="")
        return f"{re.sub(r'[^0-9A-Za-z-]', '', newest)}-{_digest(self.content)[:8]}"


@dataclass(frozen=True)
class Goal:
    """A state to bring a version to.

    Attributes:
        data: Data files by path in the version folder. Those that are known to be there already,
            and to stay, may be left out if they are in `entries`.
        entries: Registry entries.
        registry: Bytes of the registry.
    """

    data: dict[str, Content]
    entries: list[dict[str, Any]]
    registry: bytes

    @classmethod
    def of(cls, data: dict[str, Content], entries: list[dict[str, Any]]) -> Goal:
        """A state whose registry is to be written."""
        return cls(data, entries, document({"tables": entries}))

    @property
    def published(self) -> Published:
        """The version as it is then."""
        return Published(self.registry, {entry["name"]: entry for entry in self.entries})

    def documents(self) -> list[dict[str, Content]]:
        """What describes the data: sidecars, fragments, registry; each before the next."""
        sidecars = {
            f"{stem(entry)}.json": {"columns": [column["name"] for column in entry["columns"]]}
            for entry in self.entries
        }
        fragments = {f"{REGISTRY}/{entry['name']}.json": entry for entry in self.entries}
        return [
            {path: Content.of(document(content)) for path, content in sidecars.items()},
            {path: Content.of(document(content)) for path, content in fragments.items()},
            {f"{REGISTRY}.json": Content.of(self.registry)},
        ]


class Promotion:
    """One version of one store on its way from one state to another."""

    def __init__(
        self, store: Store, version_folder: str, goal: Goal, *, is_rollback: bool = False
    ) -> None:
        self._store = store
        self._folder = version_folder
        self._goal = goal
        self._is_rollback = is_rollback
        self._journal = Journal(store, version_folder)
        self.before = read_published(store, version_folder)
        listed = store.listing(f"{version_folder}/")
        self._listed = {path[len(version_folder) + 1 :]: it for path, it in listed.items()}
        stages = [goal.data, *goal.documents(), self._for_people()]
        self._changes = [self._changed(stage) for stage in stages]
        kept = files_of(goal.entries).keys() | {path for stage in stages for path in stage}
        once = files_of(self.before.entries.values()).keys() | set(self._journal.paths)
        self._gone = sorted((once - kept) & self._listed.keys())
        self.report = self._planned(len(kept))

    def run(self, lock: Lock, progress: Progress | None) -> None:
        """Bring the version there."""
        todo = [path for stage in self._changes for path in stage]
        if todo or self._gone:
            known = files_of(self.before.entries.values())
            self._journal.write(
                {*self._gone, *(set(todo) - known.keys())},
                self.report.build if self._is_rollback else None,
            )
            self._keep()
        done = 0

        def write(item: tuple[str, Content]) -> str:
            self._store.write(f"{self._folder}/{item[0]}", item[1])
            return item[0]

        for stage in self._changes:
            lock.check()
            for path in self._each(write, stage.items()):
                done += 1
                if progress is not None:
                    progress(done, len(todo), path)
        lock.check()
        self._store.remove(f"{self._folder}/{path}" for path in self._gone)

    def finish(self) -> None:
        """Say that nothing is left to be cleared up."""
        self._journal.remove()

    def _for_people(self) -> dict[str, Content]:
        """The history of builds, and the page that shows it with the tables.

        Both follow from the registries before and after, so that they go after the registry: what
        a promotion that was killed did not write, the next one makes up for.
        """
        path = f"{self._folder}/{_history.HISTORY_FILE}"
        try:
            known = _history.parse(self._store.read(path), self._store.address(path))
        except RegistryError:
            known = ()  # nobody's reading depends on it: it begins anew
        before, after = self.before, self._goal.published
        builds = _history.extended(
            known,
            _history.PublishedBuild.of(before.build, before.entries.values())
            if before.content is not None
            else None,
            _history.PublishedBuild.of(after.build, after.entries.values()),
        )
        page = _catalogue.page(self._folder, self._goal.entries, builds)
        return {
            _history.HISTORY_FILE: Content.of(_history.document(builds)),
            _catalogue.PAGE_FILE: Content.of(page),
        }

    def _changed(self, wanted: dict[str, Content]) -> dict[str, Content]:
        """Those files that are not there, or with another content."""

        def differs(item: tuple[str, Content]) -> bool:
            path, content = item
            listed = self._listed.get(path)
            return listed is None or not self._store.holds(
                f"{self._folder}/{path}", listed, content
            )

        different = self._each(differs, wanted.items())
        return {
            path: content
            for (path, content), is_different in zip(wanted.items(), different, strict=True)
            if is_different
        }

    def _planned(self, files: int) -> Report:
        changed = [path for stage in self._changes for path in stage]
        return Report(
            place=self._store.address(self._folder),
            tables=self._goal.entries,
            added=[path for path in changed if path not in self._listed],
            replaced=[path for path in changed if path in self._listed],
            gone=self._gone,
            unchanged=files - len(changed),
            build=self._goal.published.build,
        )

    def _keep(self) -> None:
        """Keep what the state before has and the one after has not.

        What is kept already was kept when it was still the content of this state: a promotion from
        it that was killed may have replaced it since.
        """
        if self.before.content is None or self.before.content == self._goal.registry:
            return
        kept = Builds(self._store, self._folder)
        name = kept.folder_of(self.before.build) or kept.next_folder(self.before.build)
        there = self._store.listing(f"{kept.prefix}{name}/")
        data = files_of(self.before.entries.values())
        paths = [
            path
            for path in (*self._changes[0], *self._gone)
            if data.get(path) is not None
            and path in self._listed
            and f"{kept.prefix}{name}/{path}" not in there
        ]

        def keep(path: str) -> None:
            self._store.keep(f"{self._folder}/{path}", f"{kept.prefix}{name}/{path}")

        self._each(keep, paths)
        registry = f"{kept.prefix}{name}/{REGISTRY}.json"
        if registry not in there:
            self._store.write(registry, Content.of(self.before.content))

    def _each(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """Results of a function for each item, several at once; the first error ends it."""
        with ThreadPoolExecutor(self._store.threads) as pool:
            try:
                return list(pool.map(function, list(items)))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


class Journal:
    """What a promotion has begun to do, for the next one if this one is killed.

    Attributes:
        paths: What it adds to the state before, and removes from it.
        rollback: The build that it puts back, if it does.
    """

    def __init__(self, store: Store, version_folder: str) -> None:
        self._store = store
        self._path = f"{BUILDS}/{version_folder}/pending.json"
        content = store.read(self._path)
        self._is_there = content is not None
        try:
            found = json_value(content or b"{}")
            self.paths = sorted(map(str, found.get("paths", ())))
            self.rollback: str | None = found.get("rollback")
        except (ValueError, AttributeError, TypeError):
            # Written whole, so somebody else's: there is nothing to be learnt from it.
            self.paths, self.rollback = [], None

    def write(self, paths: set[str], rollback: str | None) -> None:
        """Write down what is about to be done, and what an earlier one left undone."""
        self.paths, self.rollback = sorted({*self.paths, *paths}), rollback
        self._is_there = True
        content = document({"paths": self.paths, "rollback": rollback})
        self._store.write(self._path, Content.of(content))

    def remove(self) -> None:
        """All is done."""
        if self._is_there:
            self._store.remove([self._path])


class Builds:
    """The builds of a version that are kept for `rollback`, the oldest first."""

    def __init__(self, store: Store, version_folder: str) -> None:
        self._store = store
        self.prefix = f"{BUILDS}/{version_folder}/"
        self.folders = [
            name for name in store.folders(self.prefix) if re.fullmatch(r"\d{6}-.+", name)
        ]

    def folder_of(self, build: str) -> str | None:
        """Folder of a build."""
        return next((name for name in self.folders if name[7:] == build), None)

    def next_folder(self, build: str) -> str:
        """Folder for the build that is about to be replaced."""
        number = int(self.folders[-1][:6]) + 1 if self.folders else 1
        return f"{number:06}-{build}"

    def trim(self, published: str, keep: int) -> None:
        """Forget all but the last builds, and what was kept of the one that is published."""
        others = [name for name in self.folders if name[7:] != published]
        self.forget(set(self.folders) - set(others[-keep:] if keep else ()))

    def forget(self, folders: Iterable[str]) -> None:
        """Remove what was kept."""
        for name in folders:
            self._store.remove(sorted(self._store.listing(f"{self.prefix}{name}/")))

    def since(self, folder: str | None) -> list[str]:
        """A folder and all that are newer."""
        return self.folders[self.folders.index(folder) :] if folder in self.folders else []

    def last(self, published: str) -> str:
        """Folder of the build before the one that is published.

        Raises:
            CacheNotFoundError: None is kept.
        """
        others = [name for name in self.folders if name[7:] != published]
        if not others:
            raise CacheNotFoundError(
                f"No earlier build is kept at {self._store.address(self.prefix)}: publish the "
                "build that you want instead."
            )
        return others[-1]

    def goal(self, folder: str, now: Published) -> Goal:
        """The state that a kept build had.

        Each of its files is what was kept of it, or of the first build after it that had to keep
        the file, or what is published.

        Raises:
            CacheFileError: A file of it is lost.
        """
        content = self._store.read(f"{self.prefix}{folder}/{REGISTRY}.json")
        then = parse_registry(content, self._store.address(f"{self.prefix}{folder}"))
        chain = [
            (f"{self.prefix}{name}/", self._store.listing(f"{self.prefix}{name}/"))
            for name in self.folders[self.folders.index(folder) :]
        ]
        current = files_of(now.entries.values())
        data: dict[str, Content] = {}
        for path, known in files_of(then.entries.values()).items():
            if known is None:
                continue
            size, sha256 = known
            place = next((start + path for start, there in chain if start + path in there), None)
            if place is not None:
                data[path] = Content(size, sha256, place)
            elif current.get(path) != known:
                raise CacheFileError(f"{path} of the build {folder[7:]} was not kept.")
        with ThreadPoolExecutor(self._store.threads) as pool:
            hashes = list(
                pool.map(self._store.sha256, [str(each.source) for each in data.values()])
            )
        damaged = [
            path
            for (path, content), found in zip(data.items(), hashes, strict=True)
            if found != content.sha256
        ]
        if damaged:
            raise CacheFileError(
                f"{len(damaged)} files kept of the build {folder[7:]} are not what they were, the "
                f"first is {damaged[0]}: nothing was changed. Publish a build instead."
            )
        return Goal(data, list(then.entries.values()), content or b"")


def read_published(store: Store, version_folder: str) -> Published:
    """The version as it is published now; empty if it is not.

    Raises:
        RegistryError: There is a registry, but it cannot be read.
    """
    path = f"{version_folder}/{REGISTRY}.json"
    return parse_registry(store.read(path), store.address(path))


def parse_registry(content: bytes | None, address: str) -> Published:
    """What a registry says.

    Raises:
        RegistryError: It is none.
    """
    if content is None:
        return Published(None, {})
    try:
        entries = {entry["name"]: entry for entry in json_value(content)["tables"]}
        files_of(entries.values())
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"The published registry {address} cannot be read ({error}): "
            "remove it and publish again; data files that are right stay."
        ) from None
    return Published(content, entries)


def release(store: Store, version_folder: str) -> None:
    """Name the version in the index, which is what releases it to every reader.

    Publishers of other versions write the same index: each replaces only what it has read.

    Raises:
        RegistryError: The index cannot be read.
        CacheFileError: Others write it all the time.
    """
    for _ in range(_INDEX_ATTEMPTS):
        found = store.tagged(VERSIONS)
        try:
            names = json_value(found.content) if found else []
            wanted = _settings.ascending({*names, version_folder})
        except (ValueError, TypeError) as error:
            raise RegistryError(
                f"The version index {store.address(VERSIONS)} cannot be read ({error}): it must be "
                "a JSON list of version folders. Mend it and publish again; the tables are in "
                "their place."
            ) from None
        content = document(wanted)
        if found is not None and found.content == content:
            return
        if store.replace(VERSIONS, content, found.tag if found else None):
            return
    raise CacheFileError(
        f"{store.address(VERSIONS)} changed at each of {_INDEX_ATTEMPTS} attempts to write it: "
        "publish again; the tables are in their place."
    )


def files_of(entries: Iterable[dict[str, Any]]) -> dict[str, tuple[int, str] | None]:
    """Every file that a publish makes for these entries; size and hash of those with data.

    Older publishers did not write hashes down: what they published cannot be checked, so it counts
    as a file without data, which is removed with its table but not kept for `rollback`.
    """
    files: dict[str, tuple[int, str] | None] = {}
    for entry in entries:
        files |= {f"{stem(entry)}.json": None, f"{REGISTRY}/{entry['name']}.json": None}
        if not entry["partitioned"]:
            files[f"{stem(entry)}.pqt"] = _known(entry)
        for partition in entry.get("partitions") or ():
            path = partition_path(stem(entry), entry["partition_key"], partition["value"])
            files[path] = _known(partition)
    return files


def stem(entry: dict[str, Any]) -> str:
    """Folder of a table in the version folder, or its file without the suffix."""
    place = re.split(r"[/\\]", str(entry["location"]).rstrip("/\\"))[-1]
    return place.removesuffix(".pqt")


def document(content: object) -> bytes:
    """JSON as it is published."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _known(item: dict[str, Any]) -> tuple[int, str] | None:
    size, sha256 = item.get("bytes"), item.get("sha256")
    return (size, sha256) if isinstance(size, int) and isinstance(sha256, str) else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
