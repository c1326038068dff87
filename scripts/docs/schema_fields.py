"""All fields that a schema package knows, as JSON; run by the Python that has the package.

    python schema_fields.py biodata_schema

One object per field and path: `path` names keys, with `[]` after a list, and `record` is the
smallest record that has nothing but this field, whose value is of no kind that the field may have.
A model that stands within itself is followed once.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

SECTIONS = {
    "subject": "Subject",
    "data_description": "DataDescription",
    "procedures": "Procedures",
    "instrument": "Instrument",
    "acquisition": "Acquisition",
    "processing": "Processing",
    "quality_control": "QualityControl",
}
WRONG = {"nothing": {"of": ["the", {"kind": True}]}}


class Step(NamedTuple):
    """One key on the way to a field."""

    key: str
    object_type: str | None  # of the object that has the key
    is_list: bool


def walk(
    kind: Any,  # noqa: ANN401  # a type as it is written
    steps: tuple[Step, ...],
    above: tuple[type, ...],
    records: dict[str, str],
) -> None:
    """Gather the fields below a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind in above:
            return
        for name, field in kind.model_fields.items():
            key = field.alias or name
            below = (*steps, Step(key, type_of(kind), is_list=False))
            records[json.dumps(record_of(below))] = path_of(below)
            walk(field.annotation, below, (*above, kind), records)
        return
    if get_origin(kind) in {list, tuple}:
        steps = (*steps[:-1], steps[-1]._replace(is_list=True))
    for each in get_args(kind):
        walk(each, steps, above, records)


def type_of(model: type[BaseModel]) -> str | None:
    """What objects of a model have for `object_type`."""
    field = model.model_fields.get("object_type")
    return get_args(field.annotation)[0] if field else None


def path_of(steps: tuple[Step, ...]) -> str:
    """The keys on the way."""
    return ".".join(step.key + "[]" * step.is_list for step in steps)


def record_of(steps: tuple[Step, ...]) -> dict[str, Any]:
    """The smallest record that has this field."""
    value: Any = WRONG
    for step in reversed(steps):
        value = {
            **({"object_type": step.object_type} if step.object_type else {}),
            step.key: [value] if step.is_list else value,
        }
    return value  # type: ignore[no-any-return]  # there is a step


def main() -> None:
    """Print the fields of all sections."""
    records: dict[str, str] = {}
    for section, model in SECTIONS.items():
        module = import_module(f"{sys.argv[1]}.core.{section}")
        walk(getattr(module, model), (Step(section, None, is_list=False),), (), records)
    fields = [{"path": path, "record": json.loads(record)} for record, path in records.items()]
    json.dump(fields, sys.stdout)


if __name__ == "__main__":
    main()
