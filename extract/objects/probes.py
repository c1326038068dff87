"""Queries the object store for what the records do not say, and writes the responses into the lake.

`probes.sql` selects the queries. Objects are copied as they are: what they mean is for
the models to say.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from extract.locations import split_location
from extract.objects.object_tables import ResponseTable
from extract.objects.stores import ObjectStore, UnavailableObjectError, folder_store, s3_store
from extract.sample import generator as sample

if TYPE_CHECKING:
    from collections.abc import Iterable

Progress = Callable[[int, int], None]
"""Receives the number of finished probes, and of all."""

Row = tuple[str, "str | None", "str | None", "str | None"]
"""Location, key below it, content and problem."""

KINDS = ("channels", "neuroglancer", "exaspim", "exaspim_folders", "trainer_states")
AT_ONCE = 32
_AHEAD = 4 * AT_ONCE
_LARGEST = 64 * 2**20
_PROGRESS_EVERY = 50


@dataclass
class Report:
    """Results of one run of probes.

    Attributes:
        store: The store, as text for a reader.
        asked: Probes sent, by kind.
        found: Probes by kind that found an object.
        remembered: Probes by kind that need not be repeated, or not in this run: missing objects
            of old assets are probed less often.
        problems: Objects that could not be read, by reason.
        kept: Responses of earlier runs by kind that are kept, as their bucket is gone, is empty, or
            refuses.
        seconds: Wall time.
    """

    store: str
    asked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    remembered: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def open_store(
    objects: str, source: str, work: Path, open_s3: Callable[[], ObjectStore] = s3_store
) -> ObjectStore | None:
    """The object store that the settings name.

    Args:
        objects: `s3`, `sample`, `none`, or a folder of buckets.
        source: Where the records come from, with the seed of a sample.
        work: Work folder; the objects of the sample are written there.
        open_s3: Opens S3.

    Returns:
        The store; None for `none`.

    Raises:
        MissingDependencyError: If boto3 is needed and not installed.
        SettingsError: If the configuration of AWS cannot be used.

    Example:
        >>> open_store("none", "sample", Path()) is None
        True
    """
    if objects == "none":
        return None
    if objects == "s3":
        return open_s3()
    if objects == "sample":
        _, _, count = source.partition(":")
        folder = work / "objects"
        write_objects(folder, sample.objects(int(count) if count else None))
        return folder_store(folder, source)
    return folder_store(Path(objects).absolute())


def missing_folder(objects: str) -> str | None:
    """The warning of a folder of buckets that is not there; None for any other store."""
    if objects in {"none", "s3", "sample"} or Path(objects).is_dir():
        return None
    return (
        f"There is no folder of buckets {objects!r}: give `s3`, a folder or `none` as --objects. "
        "What was found before stays."
    )


def write_objects(folder: Path, objects: Iterable[tuple[str, str, bytes]]) -> None:
    """Write objects as files of a folder of buckets; leave alone what is there already."""
    wanted: set[Path] = set()
    for bucket, key, content in objects:
        path = folder / bucket / key
        wanted.add(path)
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in [path for path in folder.rglob("*") if path.is_file() and path not in wanted]:
        path.unlink()


def prepare(raw: Path) -> dict[str, ResponseTable]:
    """Open the lakes of responses by kind; each has at least its schema from here on."""
    return {kind: ResponseTable(raw, kind) for kind in KINDS}


def forget_sample(raw: Path) -> None:
    """Remove what was found in the sample's store, of whose assets another source may have some."""
    for responses in prepare(raw).values():
        responses.forget_sample()


def send(
    store: ObjectStore,
    raw: Path,
    lake: list[str],
    progress: Progress | None = None,
    *,
    prune: bool = False,
    is_sample: bool = False,
    full: bool = False,
    began_at: datetime | None = None,
) -> Report:
    """Send all probes that are due for the records of the lake to a store.

    Known objects are kept if their bucket is now missing, empty, or refuses: an unmounted folder or
    a withdrawn right does not show that the objects are gone.

    Args:
        store: The object store.
        raw: Folder of all lakes; the caller holds the lock of those of objects.
        lake: The files of records, as patterns.
        progress: Receives progress.
        prune: Accept that buckets are gone, with the objects in them.
        is_sample: Whether the records are those of the sample.
        full: Send all probes, whatever is known and however old the asset is.
        began_at: When this run began; now, by default.

    Raises:
        SourceError: If the store cannot be reached; earlier responses are kept.
    """
    started = time.perf_counter()
    report = Report(store.description)
    responses = prepare(raw)
    now = began_at or datetime.now(timezone.utc)
    probes, last_run = _probes(store, responses, lake, now, is_sample=is_sample)
    if last_run is not None:  # a clock that went backwards must not make new responses look old
        now = max(now, last_run + timedelta(microseconds=1))
    due = [(kind, location) for kind, location, is_settled, _ in probes if full or not is_settled]
    known = {(kind, location) for kind, location, _, was_found in probes if was_found}
    buckets = _Buckets(store)
    report.remembered = Counter(kind for kind, *_ in probes)
    report.remembered.subtract(kind for kind, _ in due)
    report.remembered = +report.remembered  # without those of which there are none
    try:
        for done, (kind, rows) in enumerate(_in_order(store, due), start=1):
            report.asked[kind] += 1
            report.found[kind] += any(key is not None for _, key, _, _ in rows)
            report.problems.update(problem for *_, problem in rows if problem is not None)
            if not prune and (kind, rows[0][0]) in known and not buckets.is_conclusive(rows):
                report.kept[kind] += 1
            else:
                responses[kind].add(rows, now, store.description)
            if progress is not None and (done % _PROGRESS_EVERY == 0 or done == len(due)):
                progress(done, len(due))
    finally:
        for each in responses.values():
            each.flush()
    for kind, each in responses.items():
        each.compact({location for other, location, *_ in probes if other == kind})
    report.seconds = time.perf_counter() - started
    return report


class _Buckets:
    """Buckets of a store whose "no such object" can be trusted."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._has_any: dict[str, bool] = {}

    def is_conclusive(self, rows: list[Row]) -> bool:
        """Whether a response shows what exists, and not only that access failed."""
        if any(key is not None and problem is None for _, key, _, problem in rows):
            return True
        if any(problem is not None for *_, problem in rows):
            return False
        bucket, _ = split_location(rows[0][0])
        if bucket not in self._has_any:
            try:
                self._has_any[bucket] = bool(self._store.folders(bucket, ""))
            except UnavailableObjectError:
                self._has_any[bucket] = False
        return self._has_any[bucket]


def _probes(
    store: ObjectStore,
    responses: dict[str, ResponseTable],
    lake: list[str],
    now: datetime,
    *,
    is_sample: bool,
) -> tuple[list[tuple[str, str, bool, bool]], datetime | None]:
    """Kind and location of each probe, whether it is settled, whether an object is known.

    And when the newest run was.
    """
    known = {kind: each.files() for kind, each in responses.items()}
    files = [file for each in known.values() for file in each]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        probes = connection.execute(
            Path(__file__).with_name("probes.sql").read_text(encoding="utf-8"),
            {"lake": lake, "store": store.description, "is_sample": is_sample, "now": now, **known},
        ).fetchall()
        newest = connection.execute(
            "select max(epoch_us(asked_at)) from read_parquet(?)", [files]
        ).fetchone()
    if newest is None or newest[0] is None:
        return probes, None
    return probes, datetime.fromtimestamp(0, timezone.utc) + timedelta(microseconds=newest[0])


def _in_order(store: ObjectStore, probes: list[tuple[str, str]]) -> Iterable[tuple[str, list[Row]]]:
    """Send many queries at once; responses in the order of the queries, not too far ahead."""
    waiting: deque[tuple[str, Future[list[Row]]]] = deque()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="objects") as threads:
        try:
            for kind, location in probes:
                waiting.append((kind, threads.submit(_probe, store, kind, location)))
                if len(waiting) >= _AHEAD:
                    first, response = waiting.popleft()
                    yield first, response.result()
            for kind, response in waiting:
                yield kind, response.result()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _probe(store: ObjectStore, kind: str, location: str) -> list[Row]:
    """The rows of the response to one probe."""
    bucket, prefix = split_location(location)
    try:
        rows = list(_PROBES[kind](store, bucket, prefix))
    except UnavailableObjectError as error:
        problem = None if str(error) in {"no such object", "no such bucket"} else str(error)
        return [(location, None, None, problem)]
    return [(location, *row) for row in rows] or [(location, None, None, None)]


_Found = tuple[str, "str | None", "str | None"]
"""Key below the location, content and problem."""


def _channels(store: ObjectStore, bucket: str, prefix: str) -> Iterable[_Found]:
    names = store.folders(bucket, f"{prefix}image_cell_segmentation/")
    return [(name, None, None) for name in names]


def _neuroglancer(store: ObjectStore, bucket: str, prefix: str) -> Iterable[_Found]:
    return [_read(store, bucket, prefix, "SPIM/derivatives/neuroglancer_config.json")]


def _exaspim(store: ObjectStore, bucket: str, prefix: str) -> Iterable[_Found]:
    return [
        (name, None, None)
        for name in ("neuroglancer.json", "process_output.json")
        if prefix + name in store.keys(bucket, prefix + name)
    ]


def _exaspim_folders(store: ObjectStore, bucket: str, prefix: str) -> Iterable[_Found]:
    wanted = {
        "fusion": ("fused.zarr", "fused_ccf_ch.zarr"),
        "flatfield_correction": ("SPIM.ome.zarr",),
        "denoised": ("SPIM.ome.zarr",),
    }
    return [
        (f"{folder}/{name}", None, None)
        for folder, names in wanted.items()
        for name in store.folders(bucket, f"{prefix}{folder}/")
        if name in names
    ]


def _trainer_states(store: ObjectStore, bucket: str, prefix: str) -> Iterable[_Found]:
    return [
        _read(store, bucket, prefix, key.removeprefix(prefix))
        for beginning in ("behavior/trainer_state", "behavior/Logs/.launcher/TrainerState_")
        for key in store.keys(bucket, prefix + beginning)
        if key.endswith(".json")
    ]


_PROBES: dict[str, Callable[[ObjectStore, str, str], Iterable[_Found]]] = {
    "channels": _channels,
    "neuroglancer": _neuroglancer,
    "exaspim": _exaspim,
    "exaspim_folders": _exaspim_folders,
    "trainer_states": _trainer_states,
}


def _read(store: ObjectStore, bucket: str, prefix: str, name: str) -> _Found:
    """One object as text; a problem instead if it exists and cannot be read."""
    try:
        content = store.read(bucket, prefix + name, _LARGEST)
        return name, content.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        return name, None, "not UTF-8 text"
    except UnavailableObjectError as error:
        if str(error) in {"no such object", "no such bucket"}:
            raise
        return name, None, str(error)
