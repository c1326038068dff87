"""The fields of one object of a record, read by the contract of single values."""

from __future__ import annotations

from typing import Any

from contract import Json, Reader, as_time

Row = dict[str, Any]


class Fields:
    """The fields of an object, each read where it stands."""

    def __init__(self, reader: Reader, value: dict[str, Json], path: str) -> None:
        self.reader, self.value, self.path = reader, value, path

    def at(self, name: str) -> tuple[Json, str]:
        return self.value.get(name), f"{self.path}.{name}"

    def text(self, name: str, kind: str = "text") -> str | None:
        return self.reader.scalar(*self.at(name), kind)

    def time(self, name: str) -> str | None:
        return self.text(name, "time")

    def date(self, name: str) -> str | None:
        found = self.text(name, "date")
        return (as_time(found) or "")[:10] or None if found else None

    def number(self, name: str) -> float | None:
        """A number; a text that is one is written so on purpose."""
        found = self.text(name, "number or text")
        return None if found is None else float(found)

    def whole(self, name: str) -> int | None:
        found = self.text(name, "whole number")
        return None if found is None else int(float(found))

    def named(self, name: str, main: str = "name") -> str | None:
        return self.reader.main(*self.at(name), main)

    def object(self, name: str, main: str | None = None) -> Fields:
        return Fields(self.reader, *self.reader.object(*self.at(name), main))

    def is_object(self, name: str, main: str | None = None) -> bool:
        """Whether there is an object, or a text that stands for one."""
        return self.reader.stands_for_object(self.value.get(name), main)

    def texts(self, name: str, *, right: tuple[type, ...] = ()) -> list[str]:
        value, path = self.at(name)
        found = []
        for _, where, each in self.reader.elements(value, path, right=right):
            own, place = self.reader.element(where, path)
            found.append(own.scalar(each, place))
        return [each for each in found if each is not None]

    def people(self, name: str, *, text: bool) -> list[str]:
        return self.names(name, ("name",), "name", text=text)

    def names(
        self, name: str, known: tuple[str, ...], main: str, *, text: bool = False
    ) -> list[str]:
        found = self.places(name, known, main, text=text).values()
        return [each for each in found if each is not None]

    def places(
        self, name: str, known: tuple[str, ...], main: str, *, text: bool = False
    ) -> dict[int, str | None]:
        """Main texts of a list by their places."""
        value, path = self.at(name)
        found = [
            self.reader.main(each, where or path, main, text=text, is_reported=not where)
            for _, where, each in self.reader.elements(value, path, known)
        ]
        return dict(zip(self.reader.positions(value, known), found, strict=True))

    def numbers(self, name: str) -> dict[int, float | None]:
        """Numbers of a list by their places: one that is missing keeps its place."""
        value, path = self.at(name)
        found = []
        for _, where, each in self.reader.elements(value, path):
            own, place = self.reader.element(where, path)
            number = own.scalar(each, place, "number")
            found.append(None if number is None else float(number))
        return dict(zip(self.reader.positions(value), found, strict=True))

    def objects(
        self, name: str, known: tuple[str, ...], main: str | None = None
    ) -> list[tuple[int, Fields]]:
        """Objects of a list with their positions; what stands for none is reported and no row."""
        value, path = self.at(name)
        elements = self.reader.elements(value, path, known)
        found = []
        for index, (_, where, each) in zip(
            self.reader.positions(value, known), elements, strict=True
        ):
            own, place = self.reader.element(where, path)
            fields, below = own.object(each, place, main)
            if self.reader.stands_for_object(each, main):
                found.append((index, Fields(self.reader, fields, below)))
        return found

    def rest(self, known: set[str]) -> Json:
        return {key: each for key, each in self.value.items() if key not in known} or None


def section_of(reader: Reader, value: Json, path: str, main: str | None = None) -> Fields:
    return Fields(reader, *reader.object(value, path, main))
