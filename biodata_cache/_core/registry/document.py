"""The published registry as a JSON document, written and read by the same code.

Unknown keys, which other versions write, are kept and written back.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import MISSING, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from biodata_cache._core.errors import RegistryError
from biodata_cache._core.foreign import parse_json
from biodata_cache._core.layout import is_build_name, object_name
from biodata_cache._core.registry.entries import (
    REMEDY,
    TABLE_TYPES,
    CacheRegistry,
    CheckEntry,
    ColumnEntry,
    ForeignKey,
    ObjectFile,
    RegistryPart,
    TableEntry,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def parse(content: bytes | str, source: str) -> CacheRegistry:
    """The registry that a document holds.

    Raises:
        RegistryError: If the document is not a registry; names the entry and the key.

    Example:
        >>> parse('{"tables": []}', "cache_registry.json").names
        []
    """
    registry = _item(content, source).read(CacheRegistry)
    names = registry.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RegistryError(f"{source}: more than one entry for {', '.join(twice)}. {REMEDY}")
    if registry.build is not None and not is_build_name(registry.build):
        raise RegistryError(f"{source}: {registry.build!r} is not the name of a build. {REMEDY}")
    return registry


def parse_fragments(contents: Mapping[str, bytes]) -> CacheRegistry:
    """The registry of a version that publishes only fragments, given by their addresses.

    Raises:
        RegistryError: If one of them is not an entry.
    """
    items = (
        _Item.of(parse_json(text, source, RegistryError, REMEDY), source)
        for source, text in sorted(contents.items())
    )
    return CacheRegistry(tuple(item.read(TableEntry) for item in items))


def document(registry: CacheRegistry) -> bytes:
    """A registry as it is published."""
    values = registry.model_dump()
    return as_json(values | {"tables": values.pop("tables")})


def fragment(entry: TableEntry) -> bytes:
    """The entry of one table as it is published beside the registry."""
    return as_json(entry.model_dump())


def content_hash(tables: Iterable[TableEntry]) -> str:
    """Hash of the content of a build, without its times."""
    timeless = (replace(table, built_at=None, build_id=None).model_dump() for table in tables)
    return hashlib.sha256(as_json([*timeless])).hexdigest()


def as_json(content: object) -> bytes:
    """JSON as it is published."""
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


Kind = TypeVar("Kind", bound=RegistryPart)
# Lists of objects by their key.
_LISTS: dict[str, type[RegistryPart]] = {
    "tables": TableEntry,
    "columns": ColumnEntry,
    "objects": ObjectFile,
    "foreign_keys": ForeignKey,
    "checks": CheckEntry,
}


def _is_text(value: object) -> bool:
    """Whether it is a text, and one that can be written."""
    """Whether it is a text, and one that can be written."""
    if not isinstance(value, str):
        return False
    return value.isascii() or not re.search("[\ud800-\udfff]", value)


def _are_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_is_text, value))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# What the values of a field must be, by its annotation.
_CHECKS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "str": ("a text", _is_text),
    "str | None": ("a text", _is_text),
    "int": ("a whole number", _is_count),
    "int | None": ("a whole number", _is_count),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "tuple[str, ...]": ("a list of texts", _are_texts),
    "dict[str, tuple[str, ...]]": (
        "an object of lists of texts",
        lambda value: isinstance(value, dict) and all(map(_are_texts, value.values())),
    ),
}


def _item(content: bytes | str, source: str) -> _Item:
    """The object that a document holds."""
    return _Item.of(parse_json(content, source, RegistryError, REMEDY), source)


@dataclass(frozen=True)
class _Item:
    """One JSON object of the registry, and its name in messages."""

    values: dict[str, Any]
    label: str

    @classmethod
    def of(cls, value: object, label: str) -> _Item:
        """The item that a JSON value stands for.

        Raises:
            RegistryError: If the value is not an object.
        """
        if not isinstance(value, dict):
            raise RegistryError(f"{label}: it must be an object, not {_shown(value)}. {REMEDY}")
        name = value.get("name")
        return cls(value, f"{label} ({name})" if isinstance(name, str) else label)

    def wrong(self, key: str, what: str) -> RegistryError:
        """The error for a key whose value is not what it must be."""
        shown = _shown(self.values[key]) if key in self.values else "missing"
        return RegistryError(f"{self.label}: key {key!r} must be {what}; it is {shown}. {REMEDY}")

    def known(self, key: str, annotation: str) -> object:
        """Value of a key, which must be of its type.

        Raises:
            RegistryError: If the value has another type.
        """
        value = self.values.get(key)
        if annotation == "ObjectFile | None":
            return _Item.of(value, f"{self.label}: {key}").read(ObjectFile)
        what, is_right = _CHECKS[annotation]
        if not is_right(value):
            raise self.wrong(key, what)
        if isinstance(value, dict):
            return {name: tuple(texts) for name, texts in value.items()}
        return tuple(value) if isinstance(value, list) else value

    def items(self, key: str) -> tuple[_Item, ...]:
        """The objects of a list that must be there.

        Raises:
            RegistryError: If the value is not a list of objects.
        """
        value = self.values.get(key)
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return tuple(
            _Item.of(element, f"{self.label}: {key}[{index}]")
            for index, element in enumerate(value)
        )

    def read(self, kind: type[Kind]) -> Kind:
        """Read it as an object of this class; null is the same as absent.

        Raises:
            RegistryError: If a value is not of the type of its field, or one that must be there
                is not.
        """
        known: dict[str, Any] = {}
        parts = fields(kind)
        for each in parts:
            key, is_there = each.name, self.values.get(each.name) is not None
            is_needed = each.default is MISSING and each.default_factory is MISSING
            if key == "other":
                names = {part.name for part in parts if part.name != key}
                known[key] = {name: it for name, it in self.values.items() if name not in names}
            elif is_needed or is_there:
                known[key] = (
                    tuple(item.read(_LISTS[key]) for item in self.items(key))
                    if key in _LISTS
                    else self.known(key, str(each.type))
                )
        made = kind(**known)
        return self.checked(made) if isinstance(made, TableEntry) else made  # type: ignore[return-value]  # both are

    def checked(self, entry: TableEntry) -> TableEntry:
        """The entry of a table, checked.

        Raises:
            RegistryError: If its values contradict each other.
        """
        for key in ("name", "location", *(["partition_key"] if entry.partitioned else [])):
            if not getattr(entry, key):
                raise self.wrong(key, "a text that is not empty")
        if entry.type not in TABLE_TYPES:
            raise self.wrong("type", "one of " + ", ".join(TABLE_TYPES))
        if any(object_name(each.sha256) != each.name for each in entry.objects):
            raise self.wrong("objects", "a list of files that are named by their sha256")
        return entry if entry.partitioned else replace(entry, partition_key=None)


def _shown(value: object) -> str:
    """A JSON value, shortened for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  # a short line
