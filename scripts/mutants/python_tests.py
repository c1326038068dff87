"""Which files of tests see a fault of Python: those that stand nearest to the module."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from verdicts import SURVIVED, UNDECIDED

if TYPE_CHECKING:
    from pathlib import Path

    from fault import Fault

#: Of all tests near to a fault; of one without any fault.
SECONDS, SOUND_SECONDS = 120, 30
FILES = 8
#: How often tests that fail without any fault are left out, until a fault is given up.
TRIES = 4
IMPORTED = re.compile(
    r"^\s*(?:from\s+([\w.]+)\s+import\s+([^#\n]+|\([^)]*\))|import\s+([\w.]+))", re.MULTILINE
)


class PythonTests:
    """Fast tests in a copy of the project, in one run that ends at the first failure.

    A file of tests is near to a module if it imports it, or imports something that imports it: the
    fewer steps, the nearer; of equally near ones, the one that says the module's name more often.
    """

    def __init__(self, project: Path, folder: Path, ends: float) -> None:
        """Knows nothing yet of the files: they are read on first use."""
        self.project, self.folder, self.ends = project, folder, ends
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

    def verdict(self, fault: Fault) -> str:
        """The test that fails with the fault, or that none does, or why it is not known."""
        files = self.near(fault.path)
        for _ in range(TRIES):
            outcome, test = self._with(fault, *files, seconds=SECONDS)
            if outcome == "passed":
                return SURVIVED
            if time.monotonic() > self.ends:
                break
            # A test that fails without any fault, too, says nothing.
            if not self._is_sound(test):
                continue
            if outcome == "failed":
                return f"caught by {test}"
            # Time was over while this one ran: by its own fault, or by that of all before it.
            if self._with(fault, test, seconds=2 * SOUND_SECONDS)[0] != "passed":
                return f"caught by {test}, which hangs"
            break
        return f"{UNDECIDED}: {outcome}"

    def _with(self, fault: Fault, *tests: str, seconds: float) -> tuple[str, str]:
        target = self.project / fault.path
        target.write_text(fault.mutated(), encoding="utf-8")
        try:
            return self._run(*tests, seconds=seconds)
        finally:
            target.write_text(fault.source, encoding="utf-8")

    def _is_sound(self, test: str) -> bool:
        """Whether a test passes without any fault, and soon; of a file, whether it is read."""
        if test not in self.sound:
            options = () if "::" in test else ("--collect-only",)
            outcome, _ = self._run(test, *options, seconds=SOUND_SECONDS)
            self.sound[test] = outcome == "passed"
        return self.sound[test]

    def _run(self, *tests: str, seconds: float) -> tuple[str, str]:
        """What became of tests, and the first that failed, or the one that time ended."""
        left = [f"--deselect={test}" for test, sound in self.sound.items() if not sound]
        command = [
            sys.executable, "-m", "pytest", "-x", "-v", "-p", "no:cacheprovider", "-m", "not slow",
            "--no-header", "--tb=no", "-rfE", f"--basetemp={self.folder / 'pytest'}",
        ]  # fmt: skip
        seconds = max(min(seconds, self.ends - time.monotonic() + 1), 1)
        with (self.folder / "output").open("w+") as output:
            process = subprocess.Popen(
                [*command, *(left if len(tests) > 1 else ()), *tests],
                cwd=self.project,
                env={
                    **os.environ,
                    "PYTHONPATH": str(self.project),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "TMPDIR": str(self.folder),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                # What the tests have started goes with them.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.seek(0)
            text = output.read()
        if code is None:
            running = re.findall(r"^(tests/\S+::.+?) *$", text, re.MULTILINE)
            return "time", running[-1] if running else tests[0]
        if code in {0, 5}:
            return "passed", ""
        failed = re.search(r"^(?:FAILED|ERROR) (tests/.*?)(?: - .*)?$", text, re.MULTILINE)
        return "failed", failed[1] if failed else tests[0]
