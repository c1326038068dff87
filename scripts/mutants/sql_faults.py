"""Faults of SQL: operators on the tokens of a file, outside of comments, texts and Jinja."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from fault import Fault, line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault import Edit

TOKENS = re.compile(
    r"(?P<skip>--[^\n]*|\{#.*?#\}|\{%.*?%\}|\s+)"
    r"|(?P<opaque>\{\{.*?\}\}|'(?:\{\{.*?\}\}|[^']|'')*'|\"[^\"]*\")"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign><=|>=|!=|\|\||::|->|.)",
    re.DOTALL,
)
REPLACED = {
    ("<",): ("edge of a comparison", "<="),
    ("<=",): ("edge of a comparison", "<"),
    (">",): ("edge of a comparison", ">="),
    (">=",): ("edge of a comparison", ">"),
    ("!=",): ("comparison turned round", "="),
    ("left", "join"): ("kind of a join", "inner join"),
    ("inner", "join"): ("kind of a join", "left join"),
    ("union", "all"): ("union all", "union"),
    ("distinct",): ("distinct dropped", ""),
    ("nulls", "last"): ("nulls last dropped", ""),
    ("desc",): ("order turned round", "asc"),
    ("asc",): ("order turned round", "desc"),
    ("is", "not", "null"): ("null turned round", "is null"),
    ("is", "null"): ("null turned round", "is not null"),
    ("min",): ("least and greatest", "max"),
    ("max",): ("least and greatest", "min"),
    ("bool_and",): ("and, or", "bool_or"),
    ("bool_or",): ("and, or", "bool_and"),
}
UNWRAPPED = {"coalesce", "nullif", "lower", "upper", "trim", "greatest", "least"}
CLOSES = {"where", "and", "or", "qualify", "group", "order", "having", "limit", "from", "union"}


class Token(NamedTuple):
    """A piece of SQL that is neither space nor comment."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The keyword or sign; nothing for a text, a number or Jinja."""
        return self.text.lower() if self.kind in {"word", "sign"} else ""


def tokens_of(source: str) -> list[Token]:
    """The tokens that count."""
    tokens = [
        Token(str(match.lastgroup), match[0], match.start(), match.end())
        for match in TOKENS.finditer(source)
    ]
    return [token for token in tokens if token.kind != "skip"]


def sql_faults(path: str, source: str) -> list[Fault]:
    """Every fault that the operators can make of a file."""
    tokens = tokens_of(source)
    operators: list[Callable[[str, list[Token]], Iterator[tuple[str, list[Edit]]]]] = [
        _replaced,
        _tie_breaks,
        _unwrapped,
        _conditions,
        _branches,
        _swapped,
    ]
    faults = [
        Fault(path, kind, line_of(source, edits[0][0]), source, tuple(edits))
        for operator in operators
        for kind, edits in operator(source, tokens)
    ]
    unique = {fault.mutated(): fault for fault in faults}
    return [fault for text, fault in unique.items() if text.split() != source.split()]


def _replaced(_: str, tokens: list[Token]) -> Iterator[tuple[str, list[Edit]]]:
    for index, token in enumerate(tokens):
        if token.kind == "number" and tokens[index - 1].word != "order":
            yield "number", [(token.start, token.end, str(int(float(token.text)) + 1))]
        for words, (kind, new) in REPLACED.items():
            span = tokens[index : index + len(words)]
            if tuple(each.word for each in span) == words and not _is_part(tokens, index, words):
                yield kind, [(token.start, span[-1].end, new)]


def _is_part(tokens: list[Token], index: int, words: tuple[str, ...]) -> bool:
    """Whether the words belong to others: `is distinct from`, a lambda, a function's name."""
    before = tokens[index - 1].word if index else ""
    after = tokens[index + len(words)].word if index + len(words) < len(tokens) else ""
    return (
        (words == ("distinct",) and (before in {"is", "not"} or after == "from"))
        or before == "."
        or (words[0] in {"min", "max", "left"} and words[-1] != "join" and after != "(")
    )


def _closing(tokens: list[Token], index: int, ends: frozenset[str] = frozenset()) -> int:
    """Index of the token that ends what starts at `index`: a bracket, or one of the words."""
    depth = 0
    for position in range(index, len(tokens)):
        word = tokens[position].word
        if depth == 0 and (word in ends or word in {")", "]"}):
            return position
        depth += (word in {"(", "[", "case"}) - (word in {")", "]", "end"})
        if depth < 0:
            return position
    return len(tokens)


def _parts(tokens: list[Token], start: int, end: int) -> list[tuple[int, int]]:
    """Spans of tokens between commas."""
    spans, first = [], start
    while first < end:
        last = min(_closing(tokens, first, frozenset({","})), end)
        spans.append((first, last))
        first = last + 1
    return spans


def _tie_breaks(_: str, tokens: list[Token]) -> Iterator[tuple[str, list[Edit]]]:
    ends = frozenset({"rows", "range", "limit", "union"})
    for index, token in enumerate(tokens):
        if token.word == "order" and tokens[index + 1].word == "by":
            keys = _parts(tokens, index + 2, _closing(tokens, index + 2, ends))
            for (_, before), (_, end) in itertools.pairwise(keys):
                yield "tie-break dropped", [(tokens[before].start, tokens[end - 1].end, "")]


def _unwrapped(source: str, tokens: list[Token]) -> Iterator[tuple[str, list[Edit]]]:
    for index, token in enumerate(tokens[:-1]):
        if token.word in UNWRAPPED and tokens[index + 1].word == "(":
            end = _closing(tokens, index + 2)
            if end < len(tokens):
                first, last = _parts(tokens, index + 2, end)[0]
                inner = source[tokens[first].start : tokens[last - 1].end]
                yield f"{token.word} dropped", [(token.start, tokens[end].end, inner)]
        if (
            token.word == "not"
            and tokens[index - 1].word != "is"
            and tokens[index + 1].kind != "skip"
        ):
            yield "not dropped", [(token.start, token.end, "")]


def _conditions(_: str, tokens: list[Token]) -> Iterator[tuple[str, list[Edit]]]:
    between = False
    for index, token in enumerate(tokens):
        between = between or token.word == "between"
        if token.word == "and" and between:
            between = False
        elif token.word in {"and", "or"} and index + 1 < len(tokens):
            end = _closing(tokens, index + 1, frozenset(CLOSES | {"then", "when", ","}))
            yield "condition dropped", [(token.start, tokens[end - 1].end, "")]
            other = "or" if token.word == "and" else "and"
            yield "and, or", [(token.start, token.end, other)]
        elif token.word == "where" and index + 1 < len(tokens):
            end = _closing(tokens, index + 1, frozenset(CLOSES | {","}))
            yield "filter dropped", [(tokens[index + 1].start, tokens[end - 1].end, "true")]


def _branches(_: str, tokens: list[Token]) -> Iterator[tuple[str, list[Edit]]]:
    ends = frozenset({"when", "else", "end"})
    for index, token in enumerate(tokens):
        if token.word == "when" and tokens[index - 1].word not in {"case", ""}:
            end = _closing(tokens, index + 1, ends)
            if end < len(tokens):
                yield "branch dropped", [(token.start, tokens[end].start, "")]
        if token.word == "else":
            end = _closing(tokens, index + 1, ends)
            yield "else dropped", [(token.start, tokens[end - 1].end, "")]


def _swapped(source: str, _: list[Token]) -> Iterator[tuple[str, list[Edit]]]:
    """Two neighbours of a select list, each `expression as name`, change their expressions."""
    lines = list(re.finditer(r"^ +(\w+(?:\.\w+)+) as \w+,?$", source, re.MULTILINE))
    for one, two in itertools.pairwise(lines):
        if source.count("\n", one.start(), two.start()) == 1:
            yield ("columns swapped", [(*one.span(1), two[1]), (*two.span(1), one[1])])
