"""The example queries of the tables, which live in `docs/queries`, one file for each table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs/queries"


@dataclass(frozen=True)
class Query:
    """A question that a table answers.

    Attributes:
        question: The question, for people.
        sql: The query.
    """

    question: str
    sql: str


def queries(table: str, folder: Path = FOLDER) -> list[Query]:
    """The queries of a table: each begins with a comment that is its question.

    Raises:
        FileNotFoundError: The table has none.
        ValueError: One does not begin with its question.
    """
    path = folder / f"{table}.sql"
    queries = []
    for part in re.split(r";\s*\n", path.read_text(encoding="utf-8").rstrip().rstrip(";") + ";\n"):
        if not part.strip():
            continue
        lines = part.strip().splitlines()
        comments = [line for line in lines if line.startswith("-- ")]
        sql = "\n".join(lines[len(comments) :])
        if not comments or lines[: len(comments)] != comments or not sql.strip():
            raise ValueError(f"{path}: a query must begin with its question, not {lines[0]!r}.")
        queries.append(Query(" ".join(line[3:] for line in comments), sql))
    return queries
