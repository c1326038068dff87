"""Migration of lakes of older versions, and of lakes whose list of files is lost.

An older lake has no list: it is rewritten once, in the columns and with the list of today. Its
files go when the list is there, so that nothing is lost if the run is killed in between.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import LakeError
from biodata_cache._core.sqltext import quoted
from extract.documents.document import BUCKETS
from extract.lake.compaction import RowGroups
from extract.lake.folder import LIST
from extract.lake.lake import SCHEMA
from extract.lake.reading import is_read
from extract.lake.state import State, database_errors, paths_of

if TYPE_CHECKING:
    from extract.lake.lake import Lake

_OLD = re.compile(r"\d{8}T\d{12}Z-\d+\.parquet", re.ASCII)
_NEW_COLUMNS = {"run"}


def take_over(lake: Lake) -> None:
    """Rewrite a lake of an older version, and begin the list of a new one.

    The caller holds the lock.

    Raises:
        LakeError: If a file of the old lake cannot be read, or the list of a newer one is lost.
    """
    old = _old_files(lake)
    if not lake.store.has_list():
        if old:
            _rewrite(lake, old)
        elif lake.has_files():
            raise LakeError(
                f"The lake {lake.folder} has files but no {LIST}, the list of those that count: "
                "run 'biodata-cache extract --full' once, all records are fetched anew."
            )
        else:  # before the first file: one without a list then always has lost it
            lake.store.commit([])
    if old and lake.store.has_list() and not is_read(lake.raw):
        for path in old:
            lake.store.remove(path.name)


def state_of(lake: Lake) -> State:
    """The state of a lake, also of an older version; writes nothing.

    Raises:
        LakeError: If a file cannot be read.
    """
    if lake.store.has_list() or not _old_files(lake):
        return lake.state()
    return State(_old_files(lake), lake.spill, lake.policy.memory, run="epoch_us(extracted_at)")


def forget_damaged_list(lake: Lake) -> None:
    """Discard a damaged or lost list, for a run that fetches all records again."""
    try:
        listed = lake.store.has_list() and lake.store.listed()
    except LakeError:
        listed = False
    if listed is False and not _old_files(lake):
        lake.store.commit([])


def _rewrite(lake: Lake, old: list[Path]) -> None:
    for path in old:
        missing = {field.name for field in SCHEMA} - _NEW_COLUMNS
        with lake.store.open(path.name) as file:
            missing -= set(file.schema_arrow.names)
        if missing:
            raise LakeError(
                f"File {path} has no column {min(missing)!r}: it is no file of this lake. Move it "
                "away, and run again."
            )
    query = Path(__file__).with_name("takeover.sql").read_text(encoding="utf-8")
    parameters = {"files": paths_of(old)}
    with lake.database() as connection, database_errors(lake.folder):
        counted = connection.execute(_COUNT_RUNS, parameters).fetchone() or (0,)
        # The next run must be higher than the number that any row gets here.
        output = RowGroups(lake, max(lake.next_run(), *counted), 0, (0, BUCKETS - 1))
        try:
            columns = ", ".join(quoted(field.name) for field in SCHEMA)
            connection.execute(f"select {columns} from ({query})", parameters)
            for batch in connection.to_arrow_reader(lake.policy.group_rows):
                output.add(batch)
            written = output.close()
        except BaseException:
            output.abandon()
            raise
    lake.store.commit(written)


_COUNT_RUNS = """
select count(distinct extracted_at)
from read_parquet($files, hive_partitioning = false)
"""


def _old_files(lake: Lake) -> list[Path]:
    return [lake.folder / name for name in lake.store.names() if _OLD.fullmatch(name)]
