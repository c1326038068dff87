"""Normalised names of people in plain Python, from tables.md, section 3."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def spelled(part: str) -> str:
    """One name with capitals and without signs; of an address what stands before the sign."""
    part = part.strip()
    if len(part.split()) == 1 and part.count("@") == 1:
        part = part.partition("@")[0]
    plain = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", part)).strip()
    runs = re.findall(r"[^\W\d_]+|\d+| ", plain)
    return "".join(run[:1].upper() + run[1:].lower() for run in runs)


def is_name_in_letters(entries: list[str]) -> bool:
    """Whether a list is one name that was taken apart; blank entries count as none."""
    letters = [entry.strip() for entry in entries if entry.strip()]
    return len(letters) >= 4 and all(len(each) == 1 and each.isalpha() for each in letters)


def names_of(entries: list[str]) -> list[str]:
    """The names of one list, each person once, as the list itself spells them."""
    if is_name_in_letters(entries):
        return []
    found: dict[str, str] = {}
    for name in filter(None, (spelled(part) for each in entries for part in each.split(","))):
        found.setdefault(name.replace(" ", "").lower(), name)
    names = list(found.values())
    longer = [name.split(" ")[0] for name in names if " " in name]
    return [name for name in names if " " in name or longer.count(name) != 1]


def completed(lists: Iterable[list[str]]) -> list[list[str]]:
    """All lists of a table: a first name that one person alone has becomes the whole name."""
    named = [names_of(each) for each in lists]
    people = defaultdict(set)
    for name in {name for each in named for name in each if " " in name}:
        people[name.split(" ")[0].lower()].add(name)
    return [
        list(dict.fromkeys(_whole_name(name, people[name.lower()]) for name in each))
        for each in named
    ]


def _whole_name(name: str, people: set[str]) -> str:
    return name if " " in name or len(people) != 1 else min(people)
