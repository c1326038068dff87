"""Keep the layers of the dbt project apart, where sqlfluff cannot see them.

Staging flattens one record at a time and must stay portable to a distributed engine, so it does
without the idioms of DuckDB, and speaks about JSON through macros only. The layers above hold no
JSON. Every model says its grain first.

    python scripts/lint_staging.py [project folder]

Findings go to stderr, one `path:line: reason` each; the exit code is 1 if there are any.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The base views keep the newest version of each record and the newest answer about each object;
#: the first leaves out what another model ranks as superseded, and a third one reports some of it.
BASE_VIEWS = {"stg_docdb__records", "stg_docdb_v1__records", "stg_objects__responses"}
MAY_JOIN = {*BASE_VIEWS, "stg_docdb__duplicate_documents"}
MAY_RANK = {"stg_docdb__superseded_versions", "stg_docdb_v1__records", "stg_objects__responses"}
#: Copies of what others name: columns that nobody here knows follow those that are named.
MAY_EXCLUDE = {"stg_foraging__database_sessions", "stg_foraging__events", "stg_foraging__trials"}

GRAIN = re.compile(r"-- Grain: one row\b")
CONFIG_BLOCK = re.compile(r"\A\{\{\s*config\(.*?\)\s*\}\}\s*", re.DOTALL)
JSON_FUNCTION = re.compile(r"\b(from_json|to_json|json\w*)\s*\(|\bas\s+json\b", re.IGNORECASE)
#: Macros that take a value out of JSON, and say so by a declaration that stands in staging only.
JSON_MACRO = re.compile(r"\b(read|read_rest|read_column|explode_list|invalid_\w+)\s*\(")
NULLS_STATED = re.compile(r"\bnulls\s+(first|last)\s*$", re.IGNORECASE)


class Rule(NamedTuple):
    """A pattern that staging must not contain, and the models that may."""

    pattern: re.Pattern[str]
    reason: str
    allowed: frozenset[str] = frozenset()


def _rule(pattern: str, reason: str, allowed: set[str] | None = None) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), reason, frozenset(allowed or ()))


STAGING_RULES = [
    _rule(r"->", "arrow: read JSON through json_struct"),
    _rule(r"::", "`::`: write cast(… as …)"),
    _rule(r"\blambda\b", "lambda: explode the list"),
    _rule(r"[\w)\]]\[", "index into a list: engines count from 0 or from 1"),
    _rule(r"\bqualify\b", "qualify: number the rows in a subquery"),
    _rule(r"\bgroup\s+by\b", "group by: staging does not aggregate"),
    _rule(r"\bselect\s+distinct\b", "distinct: staging does not compare records"),
    _rule(
        r"\b(any_value|array_agg|avg|bool_and|bool_or|count|list|max|min|string_agg|sum)\s*\(",
        "aggregate: staging reads one record at a time",
    ),
    _rule(r"\bover\s*\(", "window: staging reads one record at a time", MAY_RANK),
    _rule(r"\bjoin\b", "join: staging reads one record at a time", MAY_JOIN),
    _rule(r"\bvarchar\b", "varchar: say string, which every engine knows"),
    _rule(r"\bunnest\s*\(", "unnest: explode the list"),
    _rule(r"\b(struct_pack|list_(?!transform)\w+|map_\w+)\s*\(", "function of one engine"),
    _rule(r"\b(exclude|replace)\s*\(", "select list: name each column", MAY_EXCLUDE),
    _rule(r"\busing\s*\(|\b(semi|anti|asof|positional)\b", "join of one engine"),
]
#: Above staging, what is built record by record may join and rank the rows of one record. A select
#: list that begins with anything else could hold those of more.
OF_ONE_RECORD = r"(?!\s*(coalesce\()?(\w+\.)?record_id\b)"
BY_RECORD_RULES = [
    _rule(
        rf"\bselect(\s+distinct)?\b(?!\s+distinct)(?!\s+(\w+\.)?\*){OF_ONE_RECORD}",
        "record by record: a select list begins with record_id",
    ),
    _rule(rf"\bpartition\s+by\b{OF_ONE_RECORD}", "record by record: partition by record_id first"),
    _rule(
        rf"\bgroup\s+by\b(?!\s+all\b){OF_ONE_RECORD}", "record by record: group by record_id first"
    ),
    _rule(
        r"\bover\s*\((?!\s*partition\s+by\b)", "record by record: a window is that of one record"
    ),
    _rule(
        r"\bon\b(?!\s+\w+\.record_id = \w+\.record_id\b)",
        "record by record: join by record_id first",
    ),
    _rule(r"\busing\s*\((?!\s*record_id\b)", "record by record: join by record_id first"),
    _rule(
        r"\b(cross|positional)\s+join\b|\blimit\b|\bselect\s+\*\s+from\s*\(",
        "record by record: rows of one record",
    ),
]
#: A model is read on a screen and a half. In staging less is enough, but for the base views, which
#: rank and join as well.
LINES = 80
LINES_ABOVE = 110


class Finding(NamedTuple):
    """A violation of a rule, with its location."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        """As editors and continuous integration read it."""
        return f"{self.path}:{self.line}: {self.reason}"


def findings(project: Path) -> Iterator[Finding]:
    """Yield what is wrong in the models of a project."""
    for path in sorted((project / "models").rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        layer = path.relative_to(project / "models").parts[0]
        yield from _grain(path, text)
        if layer == "staging":
            yield from _staging(path, text)
        else:
            yield from _above(path, text)


def _grain(path: Path, text: str) -> Iterator[Finding]:
    body = CONFIG_BLOCK.sub("", text, count=1)
    if not GRAIN.match(body):
        line = text[: len(text) - len(body)].count("\n") + 1
        yield Finding(path, line, "the first line says the grain: `-- Grain: one row …`")


def _staging(path: Path, text: str) -> Iterator[Finding]:
    code = _blank(text, r"--[^\n]*|\{#.*?#\}")
    for match in re.finditer(r"\\", code):
        yield _at(path, code, match.start(), "backslash: engines read it differently")
    code = _blank(code, r"'[^'\n]*'")
    for rule in STAGING_RULES:
        if path.stem not in rule.allowed:
            for match in rule.pattern.finditer(code):
                yield _at(path, code, match.start(), rule.reason)
    for start, key in _order_keys(code):
        if not NULLS_STATED.search(key):
            yield _at(path, code, start, "order: say nulls first or nulls last")
    sql = _blank(code, r"\{\{.*?\}\}|\{%.*?%\}")
    for match in re.finditer(r'"[^"\n]*"?', sql):
        yield _at(path, sql, match.start(), "double quotes: choose a plain name")
    if path.stem not in BASE_VIEWS and len(text.splitlines()) > LINES:
        yield Finding(path, LINES + 1, f"more than {LINES} lines: split the model by its grain")
    for match in JSON_FUNCTION.finditer(sql):
        yield _at(path, sql, match.start(), "JSON function: use the macros of engine.sql")


def _above(path: Path, text: str) -> Iterator[Finding]:
    if len(text.splitlines()) > LINES_ABOVE:
        yield Finding(path, LINES_ABOVE + 1, f"more than {LINES_ABOVE} lines: split the model")
    code = _blank(_blank(text, r"--[^\n]*|\{#.*?#\}"), r"'[^'\n]*'")
    pattern = rf"->|{JSON_MACRO.pattern}|{JSON_FUNCTION.pattern}"
    for match in re.finditer(pattern, code, re.IGNORECASE):
        yield _at(path, code, match.start(), "JSON above staging: flatten it there")
    if path.parent.name == "record":
        for rule in BY_RECORD_RULES:
            for match in rule.pattern.finditer(code):
                yield _at(path, code, match.start(), rule.reason)


def _blank(text: str, pattern: str) -> str:
    """Blank out what matches, so that the rest keeps its place."""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.DOTALL)


def _order_keys(code: str) -> Iterator[tuple[int, str]]:
    """Yield each key of each `order by`, with its position."""
    for match in re.finditer(r"\border\s+by\b", code, re.IGNORECASE):
        depth, start = 0, match.end()
        for position in range(start, len(code) + 1):
            character = code[position : position + 1]
            if character in {"(", "{"}:
                depth += 1
            elif depth and character in {")", "}"}:
                depth -= 1
            elif not depth and character in {"", ",", ")"}:
                yield match.start(), code[start:position]
                start = position + 1
                if character != ",":
                    break


def _at(path: Path, code: str, position: int, reason: str) -> Finding:
    return Finding(path, code[:position].count("\n") + 1, reason)


def main(arguments: list[str]) -> int:
    """Print the findings of a project; 1 if there are any."""
    project = Path(arguments[0]) if arguments else Path(__file__).parent.parent
    violations = list(findings(project))
    for finding in violations:
        print(finding, file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
