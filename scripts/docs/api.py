"""The page of the Python functions, from their docstrings."""

from __future__ import annotations

import html
import inspect
import re
from typing import Any

import biodata_cache
from biodata_cache.tables._completion import COLUMNS

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Example|Yields):$")
_ENTRY = re.compile(r"^ {4}(?P<name>\*{0,2}[\w.]+): (?P<text>.*)$")
_TITLES = {"Args": "Arguments", "Returns": "Returns", "Raises": "Raises", "Example": "Example"}


def page() -> str:
    """The page: functions, then classes, then errors."""
    public = {name: getattr(biodata_cache, name) for name in biodata_cache.__all__}
    public.pop("__version__")
    kinds: dict[str, list[str]] = {"Functions": [], "Classes": [], "Errors": []}
    for name, thing in public.items():
        if inspect.isclass(thing):
            kinds["Errors" if issubclass(thing, Exception) else "Classes"].append(name)
        else:
            kinds["Functions"].append(name)
    parts = [
        "# Python functions",
        f"What `import biodata_cache` offers. {_first_paragraph(biodata_cache.__doc__ or '')}",
    ]
    for title, names in kinds.items():
        parts.append(f"## {title}")
        parts += [described(name, public[name]) for name in sorted(names)]
    return "\n\n".join(parts) + "\n"


def described(name: str, thing: Any) -> str:  # noqa: ANN401  # whatever is public
    """A function or class with its signature and its text."""
    parts = [f"### {name} {{ #{name} }}"]
    is_error = inspect.isclass(thing) and issubclass(thing, Exception)
    if not is_error:
        parts.append(f"```python\n{signature(name, thing)}\n```")
    # The pages of the tables have their columns.
    text, _, _ = (inspect.getdoc(thing) or "").partition(f"\n\n{COLUMNS}\n")
    parts.append(markdown(text))
    if inspect.isclass(thing) and not is_error:
        for method, member in sorted(vars(thing).items()):
            text = inspect.getdoc(member) if not method.startswith("_") else None
            is_field = method in getattr(thing, "__dataclass_fields__", {})
            if text and not is_field and (callable(member) or isinstance(member, property)):
                call = f"{name}.{method}"
                shown = call if isinstance(member, property) else signature(call, member)
                parts += [f"```python\n{shown}\n```", markdown(text)]
    return "\n\n".join(parts)


def signature(name: str, thing: Any) -> str:  # noqa: ANN401  # whatever is public
    """How it is called, one line for each argument if that is long.

    Example:
        >>> def half(number: int, *, up: bool = False) -> int: ...
        >>> signature("half", half)
        'half(number: int, *, up: bool = False) -> int'
    """
    found = inspect.signature(thing)
    parameters = [parameter for parameter in found.parameters.values() if parameter.name != "self"]
    found = found.replace(parameters=parameters)
    text = f"{name}{found}".replace("'", "").replace("NoneType", "None")
    text = re.sub(r"\b(?:collections\.abc|typing|pd|pa|pl|duckdb)\.(?=[A-Z])", "", text)
    if len(text) <= 80:  # noqa: PLR2004  # the width of a block on the page
        return text
    head, _, tail = text.partition("(")
    arguments, _, result = tail.rpartition(")")
    return f"{head}(\n    {_one_per_line(arguments)},\n){result}"


def markdown(docstring: str) -> str:
    r"""A Google docstring as Markdown: paragraphs, then sections.

    Example:
        >>> print(markdown("Halve it.\n\nReturns:\n    The half."))
        Halve it.
        <BLANKLINE>
        **Returns** &nbsp; The half.
    """
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line in docstring.splitlines():
        if found := _SECTION.match(line):
            parts.append((found[1], []))
        else:
            parts[-1][1].append(line)
    return "\n\n".join(text for name, lines in parts if (text := _section(name, lines).strip("\n")))


def _section(name: str, lines: list[str]) -> str:
    if not name:
        return "\n".join(lines)
    if name == "Example":
        block = "\n".join(line[4:] for line in lines).strip("\n")
        return f"**Example**\n\n```pycon\n{block}\n```"
    title = _TITLES.get(name, name)
    if name in {"Returns", "Yields"}:
        return f"**{title}** &nbsp; {' '.join(' '.join(lines).split())}"
    entries: list[list[str]] = []
    for line in lines:
        if found := _ENTRY.match(line):
            entries.append([found["name"], found["text"]])
        elif entries and line.strip():
            entries[-1].append(line.strip())
    listed = "\n".join(f"- `{name}`: {' '.join(text)}" for name, *text in entries)
    return f"**{title}**\n\n{listed}"


def _one_per_line(arguments: str) -> str:
    """Arguments on lines of their own; commas within brackets part nothing."""
    depth, text = 0, ""
    for character in arguments:
        depth += (character in "([{") - (character in ")]}")
        text += ",\n   " if character == "," and depth == 0 else character
    return text


def _first_paragraph(docstring: str) -> str:
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return html.escape(" ".join(paragraphs[1].split())) if len(paragraphs) > 1 else ""
