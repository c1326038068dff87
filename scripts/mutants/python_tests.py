"""Which files of tests see a fault of Python: those that stand nearest to the module."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fault import Fault

SECONDS = 240
FILES = 8
IMPORTED = re.compile(
    r"^\s*(?:from\s+([\w.]+)\s+import\s+([^#\n]+|\([^)]*\))|import\s+([\w.]+))", re.MULTILINE
)


class PythonTests:
    """Fast tests in a copy of the project, file by file.

    A file of tests is near to a module if it imports it, or imports something that imports it: the
    fewer steps, the nearer; of equally near ones, the one that says the module's name more often.
    """

    def __init__(self, project: Path) -> None:
        """Knows nothing yet of the files: they are read on first use."""
        self.project = project
        self.sound: dict[str, bool] = {}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Modules and files of tests, by their dotted name or their path."""
        texts = {}
        for path in sorted(self.project.rglob("*.py")):
            relative = path.relative_to(self.project)
            if relative.parts[0] in {"biodata_cache", "extract"}:
                parts = relative.with_suffix("").parts
                texts[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
            elif relative.parts[0] == "tests":
                texts[str(relative)] = path.read_text()
        return texts

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """What each module or file of tests imports, of these."""
        helpers = {
            name.split("/")[-1][:-3]: name for name in self.texts if name.startswith("tests/")
        }
        imports: dict[str, set[str]] = {}
        for name, text in self.texts.items():
            targets = set()
            for module, names, plain in IMPORTED.findall(text):
                base = module or plain
                targets |= {base, helpers.get(base, "")}
                targets |= {f"{base}.{each}" for each in re.findall(r"\w+", names)}
            imports[name] = {target for target in targets if target in self.texts} - {name}
        return imports

    def near(self, path: str) -> list[str]:
        """Files of tests, the nearest first."""
        parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
        distances, reached = {".".join(parts): 0}, {".".join(parts)}
        while reached:
            reached = {
                name
                for name, targets in self.imports.items()
                if name not in distances and targets & reached
            }
            distances |= dict.fromkeys(reached, max(distances.values()) + 1)
        word = re.compile(rf"\b{re.escape(parts[-1])}\b")
        files = [name for name in distances if "/test_" in name]
        files.sort(key=lambda name: (distances[name], -len(word.findall(self.texts[name])), name))
        named = [name for name in files if parts[-1].strip("_") in name.split("/")[-1]]
        return list(dict.fromkeys([*named, *files]))[:FILES]

    def _fails(self, file: str) -> str | None:
        """The first test of a file that fails, if any does."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-rf"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.project),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            done = subprocess.run(
                [*command, "-m", "not slow", "--no-header", "--tb=no", file],
                cwd=self.project,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{file}: time limit"
        if done.returncode in {0, 5}:
            return None
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
        return failed[1] if failed else f"{file}: pytest ended with {done.returncode}"

    def caught_by(self, fault: Fault) -> str | None:
        """The test that fails with the fault, if any does."""
        for file in self.near(fault.path):
            target = self.project / fault.path
            target.write_text(fault.mutated(), encoding="utf-8")
            try:
                failed = self._fails(file)
            finally:
                target.write_text(fault.source, encoding="utf-8")
            if failed is None:
                continue
            if file not in self.sound:
                self.sound[file] = self._fails(file) is None
            if self.sound[file]:
                return failed
        return None
