"""The contract of single values in plain Python: what a table holds, and what is reported.

Written from tables.md, section 0, by those who wrote the SQL, whose reading of it both share; the
slow test compares the two.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

Json = Any
TIME = re.compile(
    r"\s*(\d{4}-\d\d-\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)?)?\s*"
)
#: Decimal numbers are written as texts, too: both are right.
NUMBERS = ("number", "number or text")
SPELLINGS = {
    "judgement": ("Pass", "Fail", "Pending"),
    "data level": ("raw", "derived", "simulated"),
    "object type": (
        "QC metric",
        "Curation metric",
        "Probe implant",
        "Device implant",
        "Catheter implant",
        "Myomatrix insertion",
        "Brain injection",
        "Injection",
        "Translation",
        "Rotation",
        "Patch cord config",
        "Fiber assembly config",
    ),
}


def text_of(value: Json) -> str | None:
    """The text that a value obviously stands for."""
    if value is None or isinstance(value, (list, dict)):
        return None
    # The engine writes numbers without the sign of an exponent.
    return value if isinstance(value, str) else json.dumps(value).replace("e+", "e")


def as_time(text: str) -> str | None:
    """A time as it is published; None if not every reader can read it."""
    found = TIME.fullmatch(text)
    if not found:
        return None
    day, hour, minute, second, zone = found.groups()
    try:
        year, month, number = map(int, day.split("-"))
        instant = datetime(
            year, month, number, int(hour or 0), int(minute or 0), int(second or 0),
            tzinfo=timezone.utc,
        )  # fmt: skip
        if zone and zone != "Z":
            digits = zone[1:].replace(":", "").ljust(4, "0")
            offset = int(digits[:2]) * 60 + int(digits[2:])
            if int(digits[2:]) > 59 or offset > 14 * 60:
                return None
            shift = offset * 60 * (1 if zone[0] == "-" else -1)
            datetime.fromtimestamp(instant.timestamp() + shift, timezone.utc)
    except (ValueError, OverflowError):
        return None
    written = text.strip().replace(" ", "T")
    if zone and second is None:
        # A zone behind the minutes is not read by every reader.
        written = f"{written[: -len(zone)]}:00{zone}"
    if zone and zone != "Z":
        written = written[: -len(zone)] + f"{zone[:3]}:{zone[1:].replace(':', '')[2:] or '00'}"
    return written


def as_number(text: str, kind: str) -> str | None:
    """A finite number, a whole one of up to nine digits, or one that is a year of birth."""
    if kind == "whole number":
        return text.strip() if re.fullmatch(r"\s*[+-]?\d{1,9}([.]0*)?\s*", text) else None
    try:
        number = float(text) if re.fullmatch(r"\s*[-+.\deE]+\s*", text) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return None
    is_year = 1900 <= number <= 9999 and number == int(number)
    return text.strip() if kind in NUMBERS else text if is_year else None


def as_kind(text: str | None, kind: str) -> str | None:
    """A text as its kind is published; None if it is none of the kind."""
    if text is None:
        return None
    if kind in SPELLINGS:
        words = {word.lower(): word for word in SPELLINGS[kind]}
        return words.get(text.strip().lower(), text)
    if kind in ("time", "date"):
        time = as_time(text)
        return time if kind == "time" or time is None else text
    if kind in (*NUMBERS, "whole number", "year of birth"):
        return as_number(text, kind)
    return text


def single(value: Json, main: str) -> str | None:
    """The text of a value that is no list; of an object that of its main field."""
    return text_of(value.get(main) if isinstance(value, dict) else value)


def first(values: list[str | None]) -> str | None:
    """The first element that can be used."""
    return next((value for value in values if value is not None), None)


def is_object(value: Json) -> bool:
    """Whether a value stands for an object without the help of a main field."""
    return any(isinstance(each, dict) for each in (value if isinstance(value, list) else [value]))


def _nested(names: str, value: Json) -> dict[str, Json]:
    """The object that has the value at these names, which dots separate."""
    name, _, rest = names.partition(".")
    return {name: _nested(rest, value) if rest else value}


@dataclass
class Reader:
    """Reads a record by the contract, and notes what is reported of it."""

    reported: list[tuple[str, str]] = field(default_factory=list)

    def scalar(
        self, value: Json, path: str, kind: str = "text", main: str | None = None
    ) -> str | None:
        """One value; in a list, the first that can be used; of an object its main field."""
        if value is None:
            return None
        main = main or path.rpartition(".")[2]
        if isinstance(value, list):
            found = first([as_kind(single(each, main), kind) for each in value])
        else:
            found = as_kind(single(value, main), kind)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        right = isinstance(value, str) and kind not in ("number", "whole number", "year of birth")
        if is_number and kind in (*NUMBERS, "whole number", "year of birth"):
            right = True
        if not right:
            self.reported.append((path, "wrong kind"))
        elif found is None:
            self.reported.append((path, f"not a {kind.removesuffix(' or text')}"))
        elif kind == "judgement" and found not in SPELLINGS[kind]:
            self.reported.append((path, "unknown judgement"))
        return found

    def main(
        self, value: Json, path: str, main: str, *, text: bool = False, is_reported: bool = False
    ) -> str | None:
        """The main text of an object, or the text in its place; `text`: both are right."""
        if value is None:
            return None
        if isinstance(value, dict):
            if value.get(main) is None and not is_reported:
                self.reported.append((path, f"no {main}"))
            return self.scalar(value.get(main), f"{path}.{main}")
        if not (text and isinstance(value, str)) and not is_reported:
            self.reported.append((path, "wrong kind"))
        if isinstance(value, list):
            return first([self._main_single(each, main, text=text) for each in value])
        return self._main_single(value, main, text=text)

    @staticmethod
    def _main_single(value: Json, main: str, *, text: bool) -> str | None:
        is_usable = text or isinstance(value, (str, dict))
        return single(value, main) if is_usable else None

    def object(
        self, value: Json, path: str, main: str | None = None
    ) -> tuple[dict[str, Json], str]:
        """The object that a value stands for, and where it stands; else an empty one.

        A text stands for its field `main`, with dots if that is a field of another object.
        """
        if value is None or isinstance(value, dict):
            return value or {}, path
        self.reported.append((path, "wrong kind"))
        for index, each in enumerate(value) if isinstance(value, list) else ():
            if isinstance(each, dict):
                return each, f"{path}[{index}]"
            if main and isinstance(each, str):
                return _nested(main, each), f"{path}[{index}]"
        return (_nested(main, value) if main and isinstance(value, str) else {}), path

    @staticmethod
    def stands_for_object(value: Json, main: str | None = None) -> bool:
        """Whether there is an object, or a text that stands for its main field."""
        kinds = (dict, str) if main else (dict,)
        return any(
            isinstance(each, kinds) for each in (value if isinstance(value, list) else [value])
        )

    @staticmethod
    def positions(value: Json, known: tuple[str, ...] = ()) -> list[int]:
        """Where the elements of a list stand, null elements counted."""
        if isinstance(value, dict) and not set(known) & set(value):
            value = list(value.values())
        items = value if isinstance(value, list) else [value]
        return [index for index, each in enumerate(items) if each is not None]

    def elements(
        self, value: Json, path: str, known: tuple[str, ...] = (), *, right: tuple[type, ...] = ()
    ) -> list[tuple[str | None, str, Json]]:
        """The elements of a list: key, path (empty where the list reported it) and value."""
        if value is None:
            return []
        if not isinstance(value, (list, *right)):
            self.reported.append((path, "wrong kind"))
        if isinstance(value, list):
            pairs = [(None, f"{path}[{index}]", each) for index, each in enumerate(value)]
        elif isinstance(value, dict) and not set(known) & set(value):
            pairs = [(key, f"{path}.{key}", each) for key, each in value.items()]
        else:
            return [(None, "", value)]
        return [pair for pair in pairs if pair[2] is not None]

    def element(self, path: str, parent: str) -> tuple[Reader, str]:
        """The reader that judges an element: another one, if its list was reported instead."""
        return (self, path) if path else (Reader(), parent)
