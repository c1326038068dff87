"""The picture that is shown where a page is linked to: name, a sentence, and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (1200, 630)
"""Width and height in pixels, as social networks ask for."""

_DOTS = 100  # per inch
_INK, _PAPER, _ACCENT = "#1b2a41", "#f7f9fc", "#3f51b5"


def write(path: Path, name: str, sentence: str, tables: int) -> None:
    """Write the card as PNG: the same bytes whenever and wherever it is made.

    Args:
        path: The file.
        name: Name of the project.
        sentence: What it is, on two lines.
        tables: How many tables it publishes.
    """
    figure = Figure(figsize=(SIZE[0] / _DOTS, SIZE[1] / _DOTS), dpi=_DOTS, facecolor=_PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, SIZE[0]), ylim=(0, SIZE[1]))
    axes.axis("off")
    axes.add_patch(Rectangle((0, 0), 28, SIZE[1], color=_ACCENT))
    axes.text(90, 450, name, size=54, weight="bold", color=_INK)
    for line, text in enumerate(_halves(sentence)):
        axes.text(90, 360 - 52 * line, text, size=23, color=_INK)
    axes.text(90, 90, f"{tables} tables · DuckDB · dbt · parquet", size=18, color=_ACCENT)
    for row in range(5):
        for column in range(3):
            corner = (880 + 88 * column, 60 + 34 * row)
            is_head = row == 4  # noqa: PLR2004  # the uppermost of five
            axes.add_patch(Rectangle(corner, 80, 26, color=_ACCENT, alpha=0.9 if is_head else 0.22))
    figure.savefig(path, format="png", metadata={"Software": None})


def _halves(sentence: str) -> tuple[str, str]:
    """A sentence on two lines, about as long."""
    words = sentence.split()
    cuts = range(1, len(words))
    cut = min(cuts, key=lambda at: abs(len(" ".join(words[:at])) - len(" ".join(words[at:]))))
    return " ".join(words[:cut]), " ".join(words[cut:])
