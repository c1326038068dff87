"""Records the file that each record was last read from, in a small lake beside the records.

Without it, a file that is gone from a folder would look like the deletion of its records; so would
one that has no usable record any more, which may have broken off before its first one. While one
is gone, a record that no file shows may have moved into it: it counts as one of that file from then
on. If the list itself is lost, any file may be gone. The list is written before the records are:
what it says of a record that the lake does not hold has no effect, unless a file of the lake is
damaged, which may hold it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from biodata_cache._core.errors import LakeError
from extract.lake.folder import LIST, Folder
from extract.lake.state import paths_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extract.lake.folder import ListedFile
    from extract.lake.lake import Lake
    from extract.lake.state import State

_SCHEMA = pa.schema([pa.field("_id", pa.string(), nullable=False), pa.field("file", pa.string())])


class SourceFiles:
    """The file that each record of a lake was last read from.

    Args:
        lake: The lake of the records.
        state: What it holds, with what a source shows of it once that was compared.
    """

    def __init__(self, lake: Lake, state: State) -> None:
        """Reads nothing yet."""
        self._store = Folder(lake.raw / f"{lake.collection}_source_files")
        self._state = state
        self._policy = lake.policy
        self._files: frozenset[str] | None = None
        self._is_lost = False
        self._is_all_lost = False

    def compare(self, files: Sequence[str] | None, *, is_complete: bool, prune: bool) -> list[str]:
        """Compare the files of a folder with those of the last run, once records are compared.

        Args:
            files: The names of its files; None for a source that is no folder, whose readings
                are complete whatever it is called.
            is_complete: Whether all files could be read; a damaged one shows no record either.
            prune: Accept that files are gone.

        Returns:
            What is damaged of the list of an earlier reading, and how.

        Raises:
            LakeError: If the files of the lake cannot be read.
        """
        self._state.execute(_NO_FILES)
        if files is None:
            return []
        self._files = frozenset(files)
        listed, problem = self._last_list()
        damage = self._store.damage(listed)
        sound = [self._store.path / file.name for file in listed if file.name not in damage]
        present = pa.table({"file": pa.array(list(files), pa.string())})
        with self._state.registered("present", present) as cursor:
            if sound:
                cursor.execute(_LAST_FILES, {"files": paths_of(sound), "is_complete": is_complete})
        if problem is not None:
            damage[LIST] = problem
        self._is_lost = not prune and (bool(damage) or not self._store.has_list())
        if prune:
            self._state.execute("delete from last_file where is_vanished")
        elif self._is_lost:
            self._state.execute(_UNKNOWN, {"file": _NAME_LOST})
        self._state.execute(_MAY_HAVE_MOVED)
        return [f"{self._store.path / name}: {problem}" for name, problem in damage.items()]

    def _last_list(self) -> tuple[list[ListedFile], str | None]:
        """The files of the list, and why it cannot be read; it is written anew by each run."""
        try:
            return self._store.listed(), None
        except LakeError:
            return [], "it cannot be read"

    def vanished(self, *, is_lake_damaged: bool) -> list[str]:
        """A sentence for each file that is gone from the folder while its records stay.

        Args:
            is_lake_damaged: Whether a record may be in the lake that could not be found there.
        """
        counts = dict(self._state.rows(_VANISHED, {"is_lake_damaged": is_lake_damaged}))
        self._is_all_lost = self._is_lost and is_lake_damaged
        if self._is_all_lost:
            counts.setdefault(_NAME_LOST, 0)
        return [
            f"{file}: {self._how_gone(file)}; what it may hold stays, {count:,} "
            f"record{'' if count == 1 else 's'}"
            for file, count in counts.items()
        ]

    def _how_gone(self, file: str) -> str:
        """What is known of a file of which no record is shown."""
        if file == _NAME_LOST:
            return "the folder may no longer have it"
        if self._files is not None and file in self._files:
            return "it has no record any more"
        return "the folder no longer has it"

    @staticmethod
    def table_of(ids: Iterable[str]) -> pa.Table:
        """A table of `_id`s."""
        return pa.table({"_id": pa.array(list(ids), pa.string())})

    def save(self, run: int, *, is_full: bool) -> None:
        """Write the file of each record; call it after the comparison.

        Where the list was lost and the lake is damaged, nothing is written: the next run must not
        take what this one found for all there was.

        Args:
            run: Number of the run.
            is_full: Whether nothing stays of what was damaged.

        Raises:
            LakeError: If the lake cannot be written.
        """
        if self._is_all_lost and not is_full:
            return
        old, _ = self._last_list()
        if self._files is None:
            self._replace(old, [])
            return
        self._state.execute(_NOTED)
        if old and not self._is_lost and not self._state.value(_IS_DIFFERENT):
            return
        name = f"{run:08}-0000.parquet"
        file = self._store.create(name, _SCHEMA, compression="zstd")
        rows: list[tuple[str, str]] = []
        for row in self._state.rows("select _id, file from noted order by file, _id"):
            rows.append(row)
            if len(rows) == _GROUP_ROWS:
                file.write(_table(rows))
                rows = []
        file.write(_table(rows))
        self._replace(old, [file.finish(run)])

    def _replace(self, old: list[ListedFile], new: list[ListedFile]) -> None:
        if old != new or not self._store.has_list():
            self._store.commit(new)
        listed = {file.name for file in new}
        for name in self._store.names():
            if name not in listed:
                self._store.remove(name)


def _table(rows: list[tuple[str, str]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), ()]
    return pa.table([pa.array(list(c), pa.string()) for c in columns], schema=_SCHEMA)


_GROUP_ROWS = 100_000
_NAME_LOST = "a file whose name was lost"
_NO_FILES = "create or replace table last_file (_id varchar, file varchar, is_vanished boolean)"
_LAST_FILES = """
insert into last_file
select
    _id,
    file,
    file not in (select file from present)
    or ($is_complete and file not in (select file from shown)) as is_vanished
from read_parquet($files, hive_partitioning = false)
"""
_UNKNOWN = """
insert into last_file
select distinct live._id, $file, true
from live
anti join last_file on live._id = last_file._id
anti join of_another on live._id = of_another._id
"""
_MAY_HAVE_MOVED = """
update last_file
set file = vanished.file, is_vanished = true
from (select min(file) as file from last_file where is_vanished) as vanished
where
    vanished.file is not null
    and not last_file.is_vanished
    and last_file._id in (select _id from compared where shown = 0)
"""
# Only what no other file has by now.
_VANISHED = """
select last_file.file, count(*)
from last_file
left join compared on last_file._id = compared._id
where last_file.is_vanished and coalesce(compared.shown = 0, $is_lake_damaged)
group by all
order by all
"""
# Grain: one row per record: of those that the source shows its last document, of those that stay
# although it does not what was known, also if the lake could not be read where it may hold them.
_NOTED = """
create or replace table noted as
select _id, max_by(file, position) as file
from shown
group by _id
union all
select last_file._id, last_file.file
from last_file
left join compared on last_file._id = compared._id
anti join deleted on last_file._id = deleted._id
where coalesce(compared.shown = 0, last_file.is_vanished)
"""
_IS_DIFFERENT = """
select count(*) > 0 or (select count(*) from noted) != (select count(*) from last_file)
from noted
anti join last_file on noted._id = last_file._id and noted.file = last_file.file
"""
