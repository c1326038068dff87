"""What a table is made from, as a drawing in SVG."""

from __future__ import annotations

import html
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LETTER, _BOX, _LINE, _ROW, _GAP, _EDGE = 6.7, 22, 28, 52, 14, 4
_WIDTH = 680
"""Width of the column of text, on a window of 1440 pixels."""


@dataclass(frozen=True)
class Box:
    """A node in its position.

    Attributes:
        name: The node.
        x: Left edge.
        y: Upper edge.
        width: Width of the box.
    """

    name: str
    x: float
    y: float
    width: float


def ancestors(parents: Mapping[str, Sequence[str]], name: str) -> dict[str, list[str]]:
    """A node and all that it is made from, each with its parents.

    Example:
        >>> ancestors({"a": ["b"], "b": [], "c": []}, "a")
        {'a': ['b'], 'b': []}
    """
    upstream: dict[str, list[str]] = {}
    waiting = [name]
    while waiting:
        node = waiting.pop(0)
        if node not in upstream:
            upstream[node] = sorted(parents.get(node, ()))
            waiting += upstream[node]
    return upstream


def rows(graph: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The nodes in rows, each below all that it is made from, with few crossings.

    Example:
        >>> rows({"a": ["b", "c"], "b": ["c"], "c": []})
        [['c'], ['b'], ['a']]
    """
    depth: dict[str, int] = {}

    def deep(node: str) -> int:
        if node not in depth:
            depth[node] = 1 + max((deep(parent) for parent in graph[node]), default=-1)
        return depth[node]

    for node in graph:
        deep(node)
    rows: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in sorted(graph):
        rows[depth[node]].append(node)
    children = defaultdict(list)
    for node, parents in graph.items():
        for parent in parents:
            children[parent].append(node)
    for _ in range(4):
        for neighbours in (graph, children):
            position = {node: index / len(row) for row in rows for index, node in enumerate(row)}
            for row in rows:
                row.sort(key=lambda node: (_middle(position, neighbours, node), node))
    return rows


def drawing(
    graph: Mapping[str, Sequence[str]],
    label: Callable[[str], str],
    link: Callable[[str], str],
    kind: Callable[[str], str],
    title: str,
) -> str:
    """The graph as SVG whose colours come from the page.

    Args:
        graph: Nodes with their parents.
        label: What to call a node.
        link: Where its box leads.
        kind: Class of its box.
        title: What a screen reader calls the drawing.
    """
    boxes = _boxes(rows(graph), label)
    width = max(box.x + box.width for box in boxes.values()) + _EDGE
    height = max(box.y for box in boxes.values()) + _BOX + _EDGE
    lines = [
        f'<svg class="lineage" role="group" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" '
        'aria-labelledby="lineage-title lineage-text">',
        f'<title id="lineage-title">{html.escape(title)}</title>',
        '<desc id="lineage-text">The same stands below as text.</desc>',
    ]
    for node, parents in graph.items():
        lines += [_edge(boxes[parent], boxes[node]) for parent in parents]
    for node, box in boxes.items():
        text = html.escape(label(node))
        lines.append(
            f'<a href="{html.escape(link(node))}"><g class="{html.escape(kind(node))}">'
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{_BOX}" '
            f'rx="4"/><text x="{box.x + 8:.1f}" y="{box.y + 15:.1f}">{text}</text></g></a>'
        )
    return "\n".join([*lines, "</svg>"])


def _middle(
    position: Mapping[str, float], neighbours: Mapping[str, Sequence[str]], node: str
) -> float:
    neighbouring = [position[other] for other in neighbours.get(node, ())]
    return sum(neighbouring) / len(neighbouring) if neighbouring else position[node]


def _boxes(rows: Sequence[Sequence[str]], label: Callable[[str], str]) -> dict[str, Box]:
    """The position of every node: a row that is too wide goes on in the next line."""
    widths = {node: len(label(node)) * _LETTER + 16 for row in rows for node in row}
    boxes: dict[str, Box] = {}
    top = float(_EDGE)
    for row in rows:
        lines: list[list[str]] = [[]]
        for node in row:
            if lines[-1] and _width([*lines[-1], node], widths) > _WIDTH:
                lines.append([])
            lines[-1].append(node)
        for line in lines:
            left = _EDGE + (_WIDTH - _width(line, widths)) / 2
            for node in line:
                boxes[node] = Box(node, left, top, widths[node])
                left += widths[node] + _GAP
            top += _LINE
        top += _ROW - _LINE
    return boxes


def _width(line: Sequence[str], widths: Mapping[str, float]) -> float:
    return sum(widths[node] for node in line) + _GAP * (len(line) - 1)


def _edge(start: Box, end: Box) -> str:
    x1, y1 = start.x + start.width / 2, start.y + _BOX
    x2, y2 = end.x + end.width / 2, end.y
    bend = (y2 - y1) / 2
    return (
        f'<path d="M{x1:.1f} {y1:.1f} C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} '
        f'{x2:.1f} {y2:.1f}"/>'
    )


def as_text(graph: Mapping[str, Sequence[str]], label: Callable[[str], str]) -> str:
    r"""The graph as a list in HTML, from the table to what was copied.

    Args:
        graph: Nodes with their parents.
        label: What to call a node.

    Example:
        >>> as_text({"a": ["b"], "b": []}, str.upper)
        '<ul>\n<li>A is made from B</li>\n</ul>'
    """
    lines = [
        f"<li>{html.escape(label(node))} is made from "
        f"{html.escape(', '.join(map(label, graph[node])))}</li>"
        for row in reversed(rows(graph))
        for node in row
        if graph[node]
    ]
    return "\n".join(["<ul>", *lines, "</ul>"])
