"""JSON templates of records: fixed values are data, drawn values are written where they are drawn.

A template is a JSON value in `templates/*.json`. An object whose only key begins with `$` is a
draw, named after the method of `Draw`:

- `{"$pick": [a, b]}`, `{"$weighted": [[a, 3], [b, 1]]}`, `{"$fair_pick": ["trait", [a, b]]}`;
- `{"$due": ["trait", rate, a, b]}`, `{"$chance": [rate, a, b]}`: `a` if it succeeds, else `b`;
- `{"$between": [low, high]}`, `{"$number": [low, high, digits]}`, `{"$digits": count}`;
- `{"$text": ["format {}", a]}`: `str.format`;
- `{"$template": "name"}`: an earlier template of the same file.

A text that begins with `$` is a parameter; one that can be called is called when its place is
reached. Draws happen in the order in which they are written, alternatives of a pick before the
pick. A key `$base` holds an object whose keys come first, a key `//` is a comment.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.sample.draw import Draw

FOLDER = Path(__file__).parent / "templates"

Parameters: TypeAlias = dict[str, Any]
Template: TypeAlias = "Callable[[Draw, Parameters], Any]"


def read(name: str) -> Any:  # noqa: ANN401  # whatever the file holds
    """Content of `templates/<name>.json`."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def fill(file: str, name: str, draw: Draw, /, **parameters: object) -> dict[str, Any]:
    """An object made of a template.

    Args:
        file: File of templates, without its suffix.
        name: Name of the template in the file.
        draw: The stream of choices.
        parameters: Values of the texts `$…`; a callable is called at its position.
    """
    made: dict[str, Any] = fill_any(file, name, draw, **parameters)
    return made


def fill_any(file: str, name: str, draw: Draw, /, **parameters: object) -> Any:  # noqa: ANN401
    """The same of a template that is no object."""
    return _templates(file)[name](draw, parameters)


@lru_cache
def _templates(file: str) -> dict[str, Template]:
    templates: dict[str, Template] = {}
    for name, value in read(file).items():
        templates[name] = _compiled(value, templates)
    return templates


def _compiled(template: Any, others: dict[str, Template]) -> Template:  # noqa: ANN401
    """The function that makes a value of a template, which may name others of its file."""
    if isinstance(template, list):
        elements = [_compiled(element, others) for element in template]
        return lambda draw, given: [element(draw, given) for element in elements]
    if isinstance(template, str) and template.startswith("$"):
        return _parameter(template[1:])
    if not isinstance(template, dict):
        return lambda _, __: template
    (first, *more) = template or [""]
    if first.startswith("$") and not more and first != "$base":
        return _DRAWS[first[1:]](template[first], others)
    fields = {
        key: _compiled(each, others) for key, each in template.items() if key not in {"$base", "//"}
    }
    base = _compiled(template.get("$base", []), others)
    return lambda draw, given: {
        **dict(base(draw, given)),
        **{key: field(draw, given) for key, field in fields.items()},
    }


def _parameter(name: str) -> Template:
    def parameter(_: Draw, given: Parameters) -> Any:  # noqa: ANN401
        value = given[name]
        return value() if callable(value) else value

    return parameter


def _pick(items: list[Any], others: dict[str, Template]) -> Template:
    every = _compiled(items, others)
    return lambda draw, given: draw.pick(every(draw, given))


def _weighted(items: list[Any], others: dict[str, Template]) -> Template:
    every = _compiled(items, others)
    return lambda draw, given: draw.weighted(every(draw, given))


def _fair_pick(options: list[Any], _: dict[str, Template]) -> Template:
    trait, items = options
    return lambda draw, _: draw.fair_pick(trait, items)


def _due(options: list[Any], others: dict[str, Template]) -> Template:
    trait, rate, *either = options
    then, otherwise = (_compiled(value, others) for value in either)
    return lambda draw, given: (then if draw.due(trait, rate) else otherwise)(draw, given)


def _chance(options: list[Any], others: dict[str, Template]) -> Template:
    rate, *either = options
    then, otherwise = (_compiled(value, others) for value in either)
    return lambda draw, given: (then if draw.chance(rate) else otherwise)(draw, given)


def _text(options: list[Any], others: dict[str, Template]) -> Template:
    form, *values = options
    every = _compiled(values, others)
    return lambda draw, given: form.format(*every(draw, given))


def _named(name: str, others: dict[str, Template]) -> Template:
    return others[name]


_DRAWS: dict[str, Callable[[Any, dict[str, Template]], Template]] = {
    "pick": _pick,
    "weighted": _weighted,
    "fair_pick": _fair_pick,
    "due": _due,
    "chance": _chance,
    "between": lambda bounds, _: lambda draw, __: draw.between(*bounds),
    "number": lambda bounds, _: lambda draw, __: draw.number(*bounds),
    "digits": lambda count, _: lambda draw, __: draw.digits(count),
    "text": _text,
    "template": _named,
}
