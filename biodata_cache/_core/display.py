"""How the registry and its tables look in a terminal and in a notebook."""

from __future__ import annotations

import html
import re
import shutil
import textwrap
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WIDEST = 120
_LEAST_TEXT = 30
_GAP = "  "


class _Named(Protocol):
    """A column of the registry."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str | None: ...
    @property
    def description(self) -> str: ...


class _Table(Protocol):
    """An entry of the registry."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def partitioned(self) -> bool: ...
    @property
    def partition_key(self) -> str | None: ...
    @property
    def columns(self) -> Sequence[_Named]: ...
    @property
    def row_count(self) -> int | None: ...
    @property
    def bytes(self) -> int | None: ...
    @property
    def files(self) -> int | None: ...
    @property
    def built_at(self) -> str | None: ...
    @property
    def primary_key(self) -> Sequence[str]: ...
    @property
    def sort_order(self) -> Sequence[str]: ...
    @property
    def partition_count(self) -> int | None: ...


def table_text(entry: _Table) -> str:
    """A table for a terminal: description, size, age and columns."""
    width = _width()
    lines = [entry.name, ""]
    lines += [line for part in _parts(entry) for line in textwrap.wrap(part, width)]
    lines += ["", *(line for fact in facts(entry) for line in textwrap.wrap(fact, width)), ""]
    rows = [(each.name, each.type or "?", _plain(each.description)) for each in entry.columns]
    return "\n".join(lines + _grid(("column", "type", "what it holds"), rows, width))


def table_html(entry: _Table) -> str:
    """A table for a notebook."""
    rows = [(each.name, each.type or "?", _plain(each.description)) for each in entry.columns]
    items = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts(entry))
    text = "<br>".join(map(html.escape, _parts(entry)))
    return (
        f"<h4>{html.escape(entry.name)}</h4><p>{text}</p>"
        f"<ul>{items}</ul>{_html_grid(('column', 'type', 'what it holds'), rows)}"
    )


def registry_text(registry: Iterable[_Table]) -> str:
    """All tables for a terminal, one row each."""
    return "\n".join(_grid(_HEADER, _listed(registry), _width()))


def registry_html(registry: Iterable[_Table]) -> str:
    """All tables for a notebook."""
    return _html_grid(_HEADER, _listed(registry))


_HEADER = ("table", "rows", "size", "built", "what it holds")


def _listed(registry: Iterable[_Table]) -> list[tuple[str, ...]]:
    return [
        (
            entry.name,
            "?" if entry.row_count is None else f"{entry.row_count:,}",
            "?" if entry.bytes is None else size(entry.bytes),
            ago(entry.built_at),
            _first_sentence(_plain(entry.description)),
        )
        for entry in registry
    ]


def facts(entry: _Table) -> list[str]:
    """Lines about size, age, partitions, key, order and location of a table."""
    rows = "unknown number of rows" if entry.row_count is None else f"{entry.row_count:,} rows"
    measured = [rows]
    if entry.bytes is not None:
        measured.append(size(entry.bytes))
    if entry.files is not None:
        measured.append(f"{entry.files:,} file{'' if entry.files == 1 else 's'}")
    lines = [", ".join(measured)]
    if entry.built_at is not None:
        lines.append(f"built {entry.built_at} ({ago(entry.built_at)})")
    if entry.partitioned:
        count = "" if entry.partition_count is None else f" ({entry.partition_count:,})"
        lines.append(f"partitions: one file for each {entry.partition_key}{count}")
    if entry.primary_key:
        lines.append(f"key: {', '.join(entry.primary_key)}")
    if entry.sort_order:
        lines.append(f"sorted by: {', '.join(entry.sort_order)}")
    return [*lines, f"location: {entry.location}"]


def size(count: int) -> str:
    """A number of bytes with a unit.

    Example:
        >>> size(999), size(1_520_128)
        ('999 bytes', '1.5 MB')
    """
    if count < 1000:  # noqa: PLR2004  # a thousand
        return f"{count} bytes"
    number = float(count)
    for unit in ("kB", "MB", "GB"):  # noqa: B007  # the last one is used
        number /= 1000
        if number < 999.5:  # noqa: PLR2004  # what rounds to three digits
            break
    return f"{number:.1f} {unit}"


def ago(built_at: str | None) -> str:
    """Time since a build in words; a question mark if it is unknown."""
    seconds = seconds_since(built_at)
    if seconds is None:
        return "?"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = int(seconds // length)
            return f"{number:,} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def seconds_since(built_at: str | None) -> float | None:
    """Seconds since a time in ISO format; None if it cannot be parsed."""
    try:
        # Python 3.10 reads no Z.
        built = datetime.fromisoformat((built_at or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    if built.tzinfo is None:
        built = built.replace(tzinfo=timezone.utc)
    return (datetime.now(timezone.utc) - built).total_seconds()


def _plain(text: str) -> str:
    """Markdown as plain text in one line."""
    return " ".join(re.sub(r"\*\*|`", "", text).split())


def _parts(entry: _Table) -> list[str]:
    """Paragraphs of the description of a table."""
    parts = re.split(r"\n\s*\n|(?=\*\*(?:Left|Watch) out:)", entry.description)
    return [_plain(part) for part in parts if part.strip()]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?]) ", text, maxsplit=1)[0]


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Rows with aligned columns, the last column wrapped."""
    rows = [header, *rows]
    widths = [max(len(row[number]) for row in rows) for number in range(len(header) - 1)]
    indent = sum(widths) + len(_GAP) * len(widths)
    lines = []
    for row in rows:
        first, *others = textwrap.wrap(row[-1], max(width - indent, _LEAST_TEXT)) or [""]
        cells = [cell.ljust(wide) for cell, wide in zip(row, widths, strict=False)]
        lines.append(_GAP.join([*cells, first]).rstrip())
        lines += [" " * indent + other for other in others]
    return lines


def _html_grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    left = ' style="text-align: left; vertical-align: top"'

    def line(tag: str, cells: Sequence[str]) -> str:
        joined = "".join(f"<{tag}{left}>{html.escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{joined}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', header)}</thead><tbody>{body}</tbody></table>"
