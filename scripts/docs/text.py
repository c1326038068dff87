"""Markdown and HTML for what comes from tables, docstrings and records."""

from __future__ import annotations

import html
import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_CELL = 60


def cell(text: str) -> str:
    r"""Text for a cell of a table in Markdown, on one line.

    Example:
        >>> cell("a | b")
        'a \\| b'
    """
    return " ".join(text.split()).replace("|", "\\|")


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; its cells are Markdown, too."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def html_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows of data as they are: nothing in them is Markdown or HTML."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in headings)
    body = "\n".join(
        f"<tr>{''.join(f'<td>{html.escape(shown(value))}</td>' for value in row)}</tr>"
        for row in rows
    )
    return (
        '<div class="rows" markdown="0"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def shown(value: object) -> str:
    """A value for a reader: short, and the same wherever the page is made.

    Example:
        >>> shown(["fib", None]), shown(None), shown(0.1)
        ('["fib", null]', '', '0.1')
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        text = value.isoformat(" ", "seconds")
    elif isinstance(value, (list, dict)):
        text = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, date):
        text = value.isoformat()
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        text = str(value)
    text = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
