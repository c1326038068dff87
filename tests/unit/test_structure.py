"""The size of modules and packages, which no linter looks at."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).parents[2]
LINES, MODULES = 400, 12
GENERATED = "Written by `scripts/"


def test_modules_and_packages_are_short() -> None:
    texts = {
        path: path.read_text(encoding="utf-8")
        for package in ("biodata_cache", "extract")
        for path in (PROJECT / package).rglob("*.py")
    }
    assert len(texts) > 200
    written = {path: text for path, text in texts.items() if GENERATED not in text[:400]}
    assert len(texts) - len(written) < 3
    assert [path for path, text in written.items() if len(text.splitlines()) > LINES] == []
    folders = Counter(path.parent for path in texts if path.name != "__init__.py")
    assert {folder: count for folder, count in folders.items() if count > MODULES} == {}
