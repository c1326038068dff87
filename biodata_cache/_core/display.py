"""Grids, sizes and ages as text for a terminal, and as HTML for a notebook."""

from __future__ import annotations

import html
import re
import shutil
import textwrap
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDEST = 120
_LEAST_TEXT = 30
_GAP = "  "

Grid = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Header and rows."""


def page_text(title: str, description: str, facts: Iterable[str], grid: Grid) -> str:
    """A title, paragraphs, facts and a grid for a terminal."""
    width = _width()
    lines = [title, ""]
    lines += [line for part in _parts(description) for line in textwrap.wrap(part, width)]
    lines += ["", *(line for fact in facts for line in textwrap.wrap(fact, width)), ""]
    return "\n".join(lines + _lines(grid, width))


def page_html(title: str, description: str, facts: Iterable[str], grid: Grid) -> str:
    """The same for a notebook."""
    items = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)
    text = "<br>".join(map(html.escape, _parts(description)))
    return f"<h4>{html.escape(title)}</h4><p>{text}</p><ul>{items}</ul>{grid_html(grid)}"


def grid_text(grid: Grid) -> str:
    """A grid for a terminal."""
    return "\n".join(_lines(grid, _width()))


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


def plain(text: str) -> str:
    """Markdown as plain text in one line."""
    return " ".join(re.sub(r"\*\*|`", "", text).split())


def _parts(description: str) -> list[str]:
    """Paragraphs of the description of a table."""
    parts = re.split(r"\n\s*\n|(?=\*\*(?:Left|Watch) out:)", description)
    return [plain(part) for part in parts if part.strip()]


def first_sentence(text: str) -> str:
    """The first sentence of a plain text."""
    return re.split(r"(?<=[.!?]) ", text, maxsplit=1)[0]


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)


def _lines(grid: Grid, width: int) -> list[str]:
    """Rows with aligned columns, the last column wrapped."""
    header, rows = grid[0], [grid[0], *grid[1]]
    widths = [max(len(row[number]) for row in rows) for number in range(len(header) - 1)]
    indent = sum(widths) + len(_GAP) * len(widths)
    lines = []
    for row in rows:
        first, *others = textwrap.wrap(row[-1], max(width - indent, _LEAST_TEXT)) or [""]
        cells = [cell.ljust(wide) for cell, wide in zip(row, widths, strict=False)]
        lines.append(_GAP.join([*cells, first]).rstrip())
        lines += [" " * indent + other for other in others]
    return lines


def grid_html(grid: Grid) -> str:
    """A grid for a notebook."""
    header, rows = grid
    left = ' style="text-align: left; vertical-align: top"'

    def line(tag: str, cells: Sequence[str]) -> str:
        joined = "".join(f"<{tag}{left}>{html.escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{joined}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', header)}</thead><tbody>{body}</tbody></table>"
