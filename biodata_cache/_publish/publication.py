"""Writes a build to the root in an order that is safe for readers at any time.

Objects come first, so that everything a registry references exists. Public files, sidecars and
fragments follow, and then the registry, which switches our own reader to the new build in one step.
Obsolete files are removed last. A publish that is killed leaves a marker, which `status` reports;
the next publish completes it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import LockedError, RegistryError
from biodata_cache._core.interrupts import raise_received
from biodata_cache._core.registry import history as _history
from biodata_cache._publish.catalogue import page as _catalogue
from biodata_cache._publish.catalogue import profiles as _profiles
from biodata_cache._publish.catalogue.croissant import croissant
from biodata_cache._publish.catalogue.database import database
from biodata_cache._publish.catalogue.datapackage import datapackage
from biodata_cache._publish.last_publish import FileState, tags_of
from biodata_cache._publish.snapshots.pending import Pending
from biodata_cache._publish.snapshots.snapshot import documents_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from biodata_cache._core.registry.entries import TableEntry
    from biodata_cache._publish.snapshots.public_files import PublicFile
    from biodata_cache._publish.snapshots.snapshot import Published, Snapshot, Source
    from biodata_cache._storage.base import Lease, Stat, Storage

Progress = Callable[[int, int, str], None]


@dataclass
class Report:
    """What one publish did, or would do.

    Attributes:
        address: Address of the version folder.
        tables: Registry entries as published.
        added: Public files and documents that are new.
        replaced: Those whose content changed.
        gone: Those that are removed.
        unchanged: Number of those that are published already with the same bytes.
        build_before: The build that was published before; empty if none was.
        objects: Number of objects that were written.
        rolled_back_to: The build of an earlier rollback that this publish replaces.
    """

    address: str
    tables: tuple[TableEntry, ...]
    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    build: str = ""
    build_before: str = ""
    objects: int = 0
    rolled_back_to: str | None = None

    @property
    def written(self) -> int:
        """Number of files that were added or replaced."""
        return len(self.added) + len(self.replaced)

    @property
    def removed(self) -> int:
        """Number of files that were removed."""
        return len(self.gone)


class Publication:
    """The plan and the execution of publishing one build of a version."""

    def __init__(
        self,
        storage: Storage,
        version_folder: str,
        before: Published,
        snapshot: Snapshot,
        *,
        known: Mapping[str, FileState] | None = None,
        is_rollback: bool = False,
        duckdb_wasm: str = "",
    ) -> None:
        """Compare what is published with what is to be published.

        Args:
            storage: The root.
            version_folder: The version.
            before: Its published state.
            snapshot: What is to be published.
            known: Tag and hash of each file read or written in the root the last time; what
                has another tag is compared by its content.
            is_rollback: Whether an earlier build is restored.
            duckdb_wasm: Address of the DuckDB that the page queries with, if any.
        """
        self._storage = storage
        self._known = known or {}
        self.files: dict[str, FileState] = {}
        self._folder = version_folder
        self._snapshot = snapshot
        self._is_rollback = is_rollback
        self._duckdb_wasm = duckdb_wasm
        self._before = before
        self._pending = Pending(storage, version_folder)
        start = len(version_folder) + 1
        self._listed = {path[start:]: stat for path, stat in storage.list(f"{version_folder}/")}
        self._listed_objects = dict(storage.list(f"{_layout.OBJECTS}/"))
        self._objects = self._changed_objects()
        self.changed_data = self._changed_data()
        documents = [
            *documents_of(version_folder, snapshot.registry, snapshot.content),
            self._history_and_page(),
        ]
        self._documents = [self._changed_documents(stage) for stage in documents]
        wanted = {file.path for file in snapshot.files} | {_layout.REGISTRY_FILE}
        wanted.update(*documents)
        once = (*before.registry, *self._pending.tables)
        self._gone = sorted(self._owned(once) - wanted)
        self._foreign = self._listed.keys() - wanted - {*self._gone}
        self._is_switched = before.content != snapshot.content
        self.report = self._planned(len(wanted))

    def run(self, lease: Lease, progress: Progress | None) -> None:
        """Write all changes, and remove the marker at the end."""
        raise_received()  # the plan was made with DuckDB, which may have swallowed it
        self._keep_before()
        self._in_parallel(self._put_object, self._objects)
        if self.report.written or self._gone:
            self._pending.write(self._snapshot, is_rollback=self._is_rollback)
        done, total = 0, self.report.written

        def put(item: tuple[str, Callable[[str], None]]) -> str:
            path, write = item
            write(path)
            return path

        data, *documents = self._writes()
        sidecars, fragments, registry, for_people = documents
        for stage in (data, sidecars, fragments, registry):
            lease.check()
            for path in self._in_parallel(put, stage.items()):
                done += 1
                if progress is not None:
                    progress(done, total, path)
        self._keep_snapshot()
        lease.check()
        self._storage.delete(f"{self._folder}/{path}" for path in self._gone)
        for path in self._in_parallel(put, for_people.items()):
            done += 1
            if progress is not None:
                progress(done, total, path)

    def finish(self) -> None:
        """Remove the marker of an unfinished publish."""
        self._pending.remove()

    def others(self) -> dict[str, str]:
        """Tags of what else the version has now: foreign files, kept builds, objects of before."""
        tags = tags_of(self._storage, f"{_layout.builds_folder(self._folder)}/")
        tags |= {f"{self._folder}/{path}": self._listed[path].tag for path in self._foreign}
        for each in self._snapshot.registry.objects:
            path = _layout.object_path(each.name)
            if path not in self.files and path in self._listed_objects:
                tags[path] = self._listed_objects[path].tag
        return tags

    # Plan -----------------------------------------------------------------------------------

    def _changed_objects(self) -> list[str]:
        """New objects that are missing in the root, or damaged there."""

        def differs(item: tuple[str, Source]) -> bool:
            path = _layout.object_path(item[0])
            hashed = item[0].removesuffix(".pqt")
            return not self._is_there(path, self._listed_objects.get(path), item[1], hashed)

        items = sorted(self._snapshot.objects.items())
        return [name for name, _ in self._filter_in_parallel(differs, items)]

    def _changed_data(self) -> list[PublicFile]:
        """Public files that are missing or have another content."""

        def differs(file: PublicFile) -> bool:
            path, stat = f"{self._folder}/{file.path}", self._listed.get(file.path)
            source = self._snapshot.sources.get(file.path)
            if stat is not None and stat.size != file.bytes:
                return True
            return not self._is_there(path, stat, source, file.sha256)

        return self._filter_in_parallel(differs, self._snapshot.files)

    def _is_there(self, path: str, stat: Stat | None, source: Source | None, hashed: str) -> bool:
        """Whether a path has the content with this hash; its source need not be at hand."""
        if stat is None:
            return False
        state = FileState(stat.tag, hashed)
        is_current = self._known.get(path) == state or (
            hash_of(self._storage, path) == hashed
            if source is None
            else self._storage.holds(path, stat, source, hashed)
        )
        if is_current:
            self.files[path] = state
        return is_current

    def _changed_documents(self, wanted: Mapping[str, bytes]) -> dict[str, bytes]:
        def differs(item: tuple[str, bytes]) -> bool:
            path, content = item
            hashed = sha256(content).hexdigest()
            whole = f"{self._folder}/{path}"
            return not self._is_there(whole, self._listed.get(path), content, hashed)

        return dict(self._filter_in_parallel(differs, wanted.items()))

    def _history_and_page(self) -> dict[str, bytes]:
        """The history of builds, the pages, and files for other tools.

        These are a database to attach, and descriptions of the tables.
        """
        path = _layout.history_path(self._folder)
        got = self._storage.get(path)
        try:
            content = None if got is None else got.content
            known = _history.parse(content, self._storage.address(path))
        except RegistryError:
            known = ()  # no reader depends on it: start a new one
        before, after = self._before, self._snapshot.published
        builds = _history.extended(
            known,
            _history.PublishedBuild.of(before.build, before.registry) if before.build else None,
            _history.PublishedBuild.of(after.build, after.registry),
        )
        profiles = _profiles.of_build(self._storage, after.registry, self._snapshot.objects)
        partitions = _catalogue.largest(self._snapshot.files)
        page = _catalogue.page(
            self._folder, after.registry, builds, partitions, profiles, modules=self._duckdb_wasm
        )
        home = self._storage.address().replace("\\", "/")
        root = home.removesuffix(f"/{_layout.CACHE_FOLDER}")
        documents = {
            _layout.PAGE_FILE: page,
            _layout.QUALITY_PAGE_FILE: _catalogue.quality_page(self._folder, builds, profiles),
            _layout.DATABASE_FILE: database(self._folder, after.registry, root),
            _layout.DATAPACKAGE_FILE: datapackage(
                self._folder, after.registry, self._snapshot.files, home
            ),
            _layout.CROISSANT_FILE: croissant(self._folder, after.registry, home),
        }
        hashes = {name: sha256(content).hexdigest() for name, content in documents.items()}
        return {_layout.HISTORY_FILE: _history.document(builds, hashes), **documents}

    def _owned(self, tables: Iterable[TableEntry]) -> set[str]:
        """Every listed file that a publish of these tables may have written."""
        owned: set[str] = set()
        folders: dict[str, str] = {}
        for entry in tables:
            data = _layout.data_path(self._folder, entry.name, entry.location)
            sidecar = _layout.sidecar_path(data)
            fragment = _layout.fragment_path(self._folder, entry.name)
            if entry.partition_key is None:
                owned.add(data)
            else:
                folders[data] = entry.partition_key
            owned |= {sidecar, fragment}
        start = len(self._folder) + 1
        paths = {path[start:] for path in owned} & self._listed.keys()
        for path in self._listed:
            folder = f"{self._folder}/{path.rpartition('/')[0].rpartition('/')[0]}"
            key = folders.get(folder)
            whole = f"{self._folder}/{path}"
            if key is not None and _layout.partition_value(folder, key, whole) is not None:
                paths.add(path)
        return paths

    def _planned(self, files: int) -> Report:
        changed = [file.path for file in self.changed_data]
        changed += [path for stage in self._documents for path in stage]
        return Report(
            address=self._storage.address(self._folder),
            tables=self._snapshot.registry.tables,
            added=[path for path in changed if path not in self._listed],
            replaced=[path for path in changed if path in self._listed],
            gone=self._gone,
            unchanged=files - len(changed),
            build=self._snapshot.build,
            build_before=self._before.build,
            objects=len(self._objects),
        )

    # Execution ------------------------------------------------------------------------------

    def _writes(self) -> list[dict[str, Callable[[str], None]]]:
        """The writes of each stage, in upload order."""
        named = {each.name for entry in self._snapshot.registry for each in entry.objects}
        data: dict[str, Callable[[str], None]] = {}
        for file in self.changed_data:
            name = _layout.object_name(file.sha256)
            is_object = file.key_value is None and name in named
            data[file.path] = self._copy_of(file, name) if is_object else self._put_of(file)
        sidecars, fragments, registry, for_people = self._documents
        return [
            data,
            {path: self._put_document(content) for path, content in sidecars.items()},
            {path: self._put_document(content) for path, content in fragments.items()},
            dict.fromkeys(registry, self._switch),
            {path: self._put_document(content) for path, content in for_people.items()},
        ]

    def _copy_of(self, file: PublicFile, name: str) -> Callable[[str], None]:
        def copy(path: str) -> None:
            whole = f"{self._folder}/{path}"
            tag = self._storage.copy(_layout.object_path(name), whole)
            self.files[whole] = FileState(tag, file.sha256)

        return copy

    def _put_of(self, file: PublicFile) -> Callable[[str], None]:
        return lambda path: self._put(
            f"{self._folder}/{path}", self._snapshot.sources[path], file.sha256
        )

    def _put_document(self, content: bytes) -> Callable[[str], None]:
        hashed = sha256(content).hexdigest()
        return lambda path: self._put(f"{self._folder}/{path}", content, hashed)

    def _put_object(self, name: str) -> None:
        source, hashed = self._snapshot.objects[name], name.removesuffix(".pqt")
        self._put(_layout.object_path(name), source, hashed)

    def _put(self, path: str, source: Source, hashed: str) -> None:
        self.files[path] = FileState(self._storage.put(path, source, hashed), hashed)

    def _switch(self, path: str) -> None:
        """Replace the registry, on the condition that it is still the one that was read."""
        whole, content = f"{self._folder}/{path}", self._snapshot.content
        tag = self._storage.put_if(whole, content, self._before.tag)
        if tag is None:
            raise LockedError(
                f"{self._storage.address(whole)} was written by somebody else while this publish "
                "was at work: publish again."
            )
        self.files[whole] = FileState(tag, sha256(content).hexdigest())

    def _keep_before(self) -> None:
        """Keep the registry of the replaced build, in case its publisher was killed before that."""
        content, build = self._before.content, self._before.registry.build
        if self._is_switched and content is not None and build is not None:
            path = _layout.build_path(self._folder, build)
            if self._storage.stat(path) is None:
                self._storage.put(path, content, sha256(content).hexdigest())

    def _keep_snapshot(self) -> None:
        """Keep the registry of this build; rewriting it after a rollback resets its age."""
        content = self._snapshot.content
        path = _layout.build_path(self._folder, self._snapshot.build)
        got = None if self._is_switched else self._storage.get(path)
        if got is None or got.content != content:
            self._storage.put(path, content, sha256(content).hexdigest())

    def _filter_in_parallel(self, test: Callable[[Any], bool], items: Iterable[Any]) -> list[Any]:
        """The items that satisfy the predicate, which is called in parallel."""
        every = list(items)
        results = self._in_parallel(test, every)
        return [item for item, is_chosen in zip(every, results, strict=True) if is_chosen]

    def _in_parallel(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """Results of a function for each item, in parallel; the first error is raised."""
        with ThreadPoolExecutor(self._storage.threads) as pool:
            try:
                return list(pool.map(function, list(items)))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def hash_of(storage: Storage, path: str) -> str | None:
    """Content hash of a path: the recorded one, or else computed from its content."""
    stat = storage.stat(path)
    if stat is None:
        return None
    return stat.sha256 or storage.sha256(path)
