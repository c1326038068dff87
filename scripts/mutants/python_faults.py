"""Faults of Python: operators on the syntax tree, as replacements in the text of a file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from fault import Fault, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fault import Edit

OTHER = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
#: Calls whose only effect is a text for people.
TALK = {"echo", "debug", "info", "warning", "warn"}


def python_faults(path: str, source: str) -> list[Fault]:
    """Every fault that the operators can make of a file, and that is still Python."""
    faults = [
        Fault(path, kind, line_of(source, edit[0]), source, (edit,))
        for kind, edit in _Finder(source).faults()
    ]
    return [fault for fault in faults if _is_python(fault.mutated())]


class _Finder:
    def __init__(self, source: str) -> None:
        self.source = source
        lines = source.splitlines(keepends=True)
        self.lines = lines
        self.starts = [0]
        for line in lines:
            self.starts.append(self.starts[-1] + len(line))

    def _position(self, line: int, column: int) -> int:
        text = self.lines[line - 1].encode()[:column].decode()
        return self.starts[line - 1] + len(text)

    def _span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._position(node.lineno, node.col_offset), self._position(end_line, end_column)

    def faults(self) -> Iterator[tuple[str, Edit]]:
        skipped = set()
        for node in ast.walk(ast.parse(self.source)):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.If) and _is_for_types(node.test):
                skipped |= {id(each) for each in ast.walk(node)}
                continue
            yield from self._of(node)

    def _of(self, node: ast.AST) -> Iterator[tuple[str, Edit]]:  # noqa: C901, PLR0912 - one branch per operator
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if _called(node.value) not in TALK:
                yield "call skipped", (*self._span(node), "pass")
        elif isinstance(node, ast.Raise):
            yield "error swallowed", (*self._span(node), "pass")
        elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
            yield "condition negated", self._negated(node.test)
        elif isinstance(node, ast.comprehension):
            for condition in node.ifs:
                yield "filter dropped", (*self._span(condition), "True")
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            start, end = self._span(node.left)[1], self._span(node.comparators[0])[0]
            gap = self.source[start:end]
            if not gap.strip("<>=!isnot \n"):
                kind = (
                    "edge"
                    if isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
                    else "turned round"
                )
                yield f"comparison: {kind}", (start, end, f" {OTHER[type(node.ops[0])]} ")
        elif isinstance(node, ast.BoolOp):
            last, before = node.values[-1], node.values[-2]
            yield "condition dropped", (self._span(before)[1], self._span(last)[1], "")
        elif isinstance(node, ast.Call):
            yield from self._arguments(node)
        elif isinstance(node, ast.Constant) and type(node.value) in {int, bool}:
            new = str(not node.value) if isinstance(node.value, bool) else str(node.value + 1)
            yield "constant", (*self._span(node), new)
        elif isinstance(node, (ast.Break, ast.Continue)):
            other = "continue" if isinstance(node, ast.Break) else "break"
            yield "loop", (*self._span(node), other)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.BinOp):
            yield (
                "half of a value",
                (*self._span(node.value), self.source[slice(*self._span(node.value.left))]),
            )

    def _negated(self, test: ast.expr) -> Edit:
        start, end = self._span(test)
        return start, end, f"not ({self.source[start:end]})"

    def _arguments(self, node: ast.Call) -> Iterator[tuple[str, Edit]]:
        for keyword in node.keywords:
            if keyword.arg is not None:
                start, end = self._span(keyword)
                rest = self.source[end:]
                comma = len(rest) - len(rest.lstrip())
                end += comma + 1 if rest.lstrip().startswith(",") else 0
                yield "argument dropped", (start, end, "")


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
