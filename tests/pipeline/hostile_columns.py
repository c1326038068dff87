"""Which columns a field feeds: those that change where that field alone was attacked."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whole_runs import Pipeline

Rows = list[dict[str, str]]
#: Columns by which a row is found, the most certain first; below them, what they hold of a record.
OWNERS = {
    "asset_id": "_id", "_id": "_id", "record_id": "_id", "asset_name": "name", "name": "name",
    "subject_id": "subject_id",
}  # fmt: skip
FOLDERS = {"quality_control": "qc"}
#: Fields whose column these records do not show, by table; unit tests of their models do.
NOT_SHOWN = {
    # A row is of several assets: those that are stitched from it, whose keys it has, whose mice it
    # counts. A stimulus epoch is counted by its position.
    "platform_qc": {"quality_control.metrics[].tags[]"},
    "platform_smartspim": {"data_description.institution"},
    "scientist_rl_fib": {
        "acquisition.stimulus_epochs[].performance_metrics.output_parameters.task_parameters.stage_in_use",
        "acquisition.stimulus_epochs[].performance_metrics.output_parameters.task_parameters.stage_in_use[]",
    },
    "stimulus_epochs": {"acquisition.stimulus_epochs[]"},
}


def attacked(record_id: str) -> tuple[str, str]:
    """The record that was attacked and the path of what was, as `published_fields` writes it."""
    place = record_id.rpartition("-")[0]
    if place.startswith("variant:"):
        _, kind, field = place.split(":")
        return f"variant:{kind}", re.sub(r"\.\d+(?=\.|$)", "[]", field)
    tables = place.startswith("tables-")
    path = re.sub(r"\.\d+(?=\.|$)", "[]", place.removeprefix("tables-"))
    return (re.split(r"[.\[]", path)[0] if tables else "", path)


class Columns:
    """Rows of the hostile records in the tables, with what they have when nothing is attacked."""

    def __init__(self, built: Pipeline, basics: Mapping[str, dict[str, Any]]) -> None:
        self.built, self.basics = built, basics
        self._tables: dict[str, dict[str, Rows]] = {}
        self._sound: dict[tuple[str, str], Rows] = {}

    @cached_property
    def by_path(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for record_id in self.basics:
            found[attacked(record_id)[1]].append(record_id)
        return found

    def rows(self, table: str, record_id: str) -> Rows:
        """Rows of a record, each column as JSON, without what names the record."""
        if table not in self._tables:
            self._tables[table] = self._read(table)
        return self._tables[table].get(record_id, [])

    def _read(self, table: str) -> dict[str, Rows]:
        rows = self.built.read(FOLDERS.get(table, table))
        owner = next((each for each in OWNERS if rows and each in rows[0]), None)
        records = defaultdict(list)
        for record_id, values in self.basics.items():
            records[values[OWNERS[owner]] if owner else None].append(record_id)
        found = defaultdict(list)
        for row in rows if owner else ():
            # What several records share is of none of them.
            if len(records[row[owner]]) == 1:
                (record_id,) = records[row[owner]]
                texts = {name: json.dumps(value, default=str) for name, value in row.items()}
                own = re.escape(record_id)
                found[record_id].append(
                    {name: re.sub(own, "", text) for name, text in texts.items()}
                )
        return found

    def sound(self, table: str, family: str) -> Rows:
        """Rows that most records have: those in which something else was attacked."""
        if (table, family) not in self._sound:
            count = Counter(
                json.dumps(self.rows(table, each))
                for each in self.basics
                if attacked(each)[0] == family
            )
            self._sound[table, family] = json.loads(count.most_common(1)[0][0])
        return self._sound[table, family]

    def feeds(self, path: str, table: str, column: str) -> bool:
        """Whether an attack on a path changes the column, or where none changes a row, the rows."""
        in_place, has_other_rows = [], False
        for record_id in self.by_path[path]:
            rows, sound = self.rows(table, record_id), self.sound(table, attacked(record_id)[0])
            has_other_rows |= len(rows) != len(sound)
            if len(rows) == len(sound) and rows != sound:
                in_place.append([row[column] for row in rows] != [row[column] for row in sound])
        return any(in_place) if in_place else has_other_rows
