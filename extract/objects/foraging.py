"""Copies the table of foraging sessions, a pickled pandas frame, into the raw lake."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from biodata_cache._core.errors import SourceError
from extract.objects.object_tables import TableFolder
from extract.objects.safe_pickle import read_frame
from extract.objects.stores import UnavailableObjectError

if TYPE_CHECKING:
    from pathlib import Path

    from extract.objects.stores import ObjectStore

BUCKET = "aind-behavior-data"
KEY = "foraging_nwb_bonsai_processed/df_sessions.pkl"
# What the models read, so that they can be built before a frame was ever read.
SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("store", pa.string()),
        *(
            pa.field(name, pa.string())
            for name in (
                "subject_id",
                "session_date",
                "session",
                "nwb_suffix",
                "metadata/rig",
                "metadata/user_name",
                "metadata/task",
                "auto_train/curriculum_name",
                "auto_train/curriculum_version",
                "auto_train/current_stage_actual",
                "session_stats/foraging_eff",
                "session_stats/foraging_eff_random_seed",
                "session_stats/finished_trials",
                "session_stats/finished_rate",
                "session_stats/total_trials",
                "session_stats/bias_naive",
            )
        ),
    ]
)


_TABLE = "sessions"


def folder(raw: Path) -> TableFolder:
    """The lake of sessions, created with its schema if needed."""
    return TableFolder(raw / "foraging_sessions", SCHEMA)


def copy_sessions(
    store: ObjectStore, raw: Path, *, prune: bool = False, is_sample: bool = False
) -> tuple[int | None, str | None]:
    """Update the lake of sessions.

    Args:
        store: Where the frame is.
        raw: Folder of all lakes.
        prune: Accept that the frame is gone.
        is_sample: Whether the records are those of the sample.

    Returns:
        Sessions in the frame, and None; or None, and why there is no frame that can be read. What
        an earlier run read then stays, unless it was the sample's and the records are others.

    Raises:
        SourceError: If the store cannot be reached.
    """
    tables = folder(raw)
    try:
        content = store.read(BUCKET, KEY)
    except UnavailableObjectError as error:
        if prune or (_is_of_sample(tables) and not is_sample):
            tables.remove(_TABLE)
        return None, _kept(tables, str(error))
    try:
        table = _table(_columns(content), store.description)
    except SourceError as error:
        if _is_of_sample(tables) and not is_sample:
            tables.remove(_TABLE)
        return None, _kept(tables, f"s3://{BUCKET}/{KEY} in {store.description}: {error}")
    tables.write(_TABLE, table)
    return table.num_rows, None


def forget_sample(raw: Path) -> None:
    """Remove the sessions of the sample, which no other source has."""
    tables = folder(raw)
    if _is_of_sample(tables):
        tables.remove(_TABLE)


def _columns(content: bytes) -> dict[str, list[Any]]:
    columns = read_frame(content)
    if "subject_id" not in columns:
        raise SourceError(
            f"the frame has no 'subject_id': its columns begin with {list(columns)[:4]}, so it is "
            "not the table of sessions"
        )
    return columns


def _kept(tables: TableFolder, reason: str) -> str:
    is_kept = tables.find(_TABLE) is not None
    return f"{reason}; the sessions of an earlier run stay" if is_kept else reason


def _is_of_sample(tables: TableFolder) -> bool:
    return str(tables.note(_TABLE, "store")).partition(":")[0] == "sample"


def _table(columns: dict[str, list[Any]], store: str) -> pa.Table:
    """The frame's columns under their names: numbers if all values are, else text."""
    length = len(next(iter(columns.values()), []))
    arrays: dict[str, pa.Array] = {
        "position": pa.array(range(length), type=pa.int64()),
        "store": pa.array([store] * length, type=pa.string()),
    }
    taken = set(arrays)
    for name, values in columns.items():
        if name.lower() in taken:
            raise SourceError(f"The frame {KEY} has two columns called {name!r}, in any case.")
        taken.add(name.lower())
        arrays[name] = _column(values)
    return pa.table(arrays).replace_schema_metadata({"store": store})


def _column(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, type=pa.bool_())
    if kinds and kinds <= {int, float}:
        if kinds == {int} and all(
            -(2**63) <= value < 2**63 for value in values if value is not None
        ):
            return pa.array(values, type=pa.int64())
        if float in kinds:
            with suppress(OverflowError):  # an integer that no float can be
                return pa.array(
                    [None if value is None else float(value) for value in values], type=pa.float64()
                )
    texts = [None if value is None else _text(value) for value in values]
    return pa.array(texts, type=pa.string())


def _text(value: object) -> str:
    """Text of a value in a column that holds several kinds."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(Decimal(value))  # an integer itself refuses to be so many digits
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "replace").decode()  # a lone surrogate is no text
