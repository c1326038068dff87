"""Which tests of dbt see a fault of SQL: the unit tests of the models that the file makes."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from verdicts import SURVIVED, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    from fault import Fault

SECONDS = 240
#: Faults of as many models are planted at a time; a unit test knows no other model than its own.
AT_A_TIME = 12
BAD = {"fail", "error", "runtime error"}


def dbt(*arguments: str) -> dict[str, str] | str:
    """Run dbt in this process and folder: what failed, by its id, or why nothing was run."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - three seconds

    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "none"]
    done = dbtRunner().invoke([*quiet, *arguments, "--profiles-dir", "."])
    results = getattr(done.result, "results", None)
    if results is None:
        return "" if done.success else f"dbt: {str(done.exception)[:300]}"
    return {
        result.node.unique_id: f"{result.node.name} ({' '.join(str(result.message).split())[:80]})"
        for result in results
        if result.status in BAD
    }


def _dbt_here(project: Path, work: Path, arguments: tuple[str, ...], answer: Connection) -> None:
    os.chdir(project)
    os.environ["BIODATA_CACHE_WORK"] = str(work)
    # What a file of a changed project says is for nobody.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    answer.send(dbt(*arguments))


class SqlTests:
    """Unit tests of models in a copy of the project.

    Args:
        project: The copy, in which faults are planted.
        work: Work folder for a lake and the tables of staging and intermediate models.
        ends: When to stop, by the monotonic clock.
    """

    def __init__(self, project: Path, work: Path, ends: float) -> None:
        """Nothing is built before `prepare`."""
        self.project, self.work, self.ends = project, work, ends
        self.manifest: dict[str, Any] = {}
        self.preparing: subprocess.Popen[str] | None = None

    def prepare(self, paths: set[str], say: Callable[[str], None]) -> None:
        """Build the tables that unit tests ask for their columns, and see that all of these pass.

        Args:
            paths: Files in which faults are planted.
            say: Receives progress; faults of Python are planted meanwhile.
        """
        if not (self.work / "raw").exists():
            say("SQL: records are extracted")
            self._prepared("biodata_cache", "extract", "--source", "sample:20")
        say("SQL: tables are built and all unit tests run, a minute or a few")
        chosen = ["resource_type:seed", "staging", "intermediate", "test_type:unit"]
        few = len(paths) <= AT_A_TIME and not any(path.startswith("macros/") for path in paths)
        if few:
            layers = [f"+path:{path},{layer}" for path in paths for layer in chosen[1:3]]
            tests = [f"path:{path},test_type:unit" for path in paths]
            chosen = [chosen[0], *layers, *tests]
        options = ("--exclude", "test_type:data", "--profiles-dir", ".")
        self._prepared("dbt.cli.main", "--quiet", "build", "--select", *chosen, *options)
        path = self.work / "target/manifest.json"
        self.manifest = json.loads(path.read_text(encoding="utf-8"))
        say("SQL: prepared")

    def _prepared(self, *command: str) -> None:
        environment = {"PYTHONPATH": str(self.project), "BIODATA_CACHE_WORK": str(self.work)}
        self.preparing = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.project,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output, _ = self.preparing.communicate()
        if self.preparing.returncode:
            raise RuntimeError(f"Without any fault, {command[0]} fails: {output[-2000:]}")

    def close(self) -> None:
        """End what prepares."""
        if self.preparing is not None:
            self.preparing.kill()

    def _dbt(self, *arguments: str) -> dict[str, str] | str:
        """Run dbt in a process of its own, which is ended if it takes too long."""
        import dbt.cli.main  # noqa: F401, PLC0415 - three seconds, which no process then needs

        context = multiprocessing.get_context("fork")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(
            target=_dbt_here, args=(self.project, self.work, arguments, sending), daemon=True
        )
        process.start()
        sending.close()
        try:
            left = max(min(SECONDS, self.ends - time.monotonic() + 1), 1)
            return receiving.recv() if receiving.poll(left) else "time"
        except EOFError:
            return "dbt ended"
        finally:
            process.kill()
            process.join()

    def models_of(self, path: str) -> list[str]:
        """The models that have unit tests and are made of a file."""
        nodes = self.manifest["nodes"].values()
        tested = {
            node
            for test in self.manifest["unit_tests"].values()
            for node in test["depends_on"]["nodes"]
        }
        models = [node for node in nodes if node["resource_type"] == "model"]
        if not path.startswith("macros/"):
            return [it["name"] for it in models if it["original_file_path"] == path]
        used = self._macros_that_use(path)
        return [
            it["name"]
            for it in models
            if it["unique_id"] in tested and used & set(it["depends_on"]["macros"])
        ]

    def _macros_that_use(self, path: str) -> set[str]:
        macros = self.manifest["macros"]
        used = {name for name, macro in macros.items() if macro["original_file_path"] == path}
        while True:
            more = {
                name for name, macro in macros.items() if used & set(macro["depends_on"]["macros"])
            }
            if more <= used:
                return used
            used |= more

    def verdicts(self, faults: list[Fault]) -> Iterator[tuple[Fault, str]]:
        """What became of each fault: faults of different models are planted together."""
        left = faults if self.manifest else []
        while left:
            paths: dict[str, Fault] = {}
            for fault in left:
                alone = fault.path.startswith("macros/")
                if not (alone and paths) and len(paths) < AT_A_TIME:
                    paths.setdefault(fault.path, fault)
                if alone:
                    break
            together = list(paths.values())
            left = [fault for fault in left if fault not in together]
            yield from self._verdicts(together)

    def _verdicts(self, faults: list[Fault]) -> Iterator[tuple[Fault, str]]:
        models = {fault.path: self.models_of(fault.path) for fault in faults}
        failed = self._planted(faults, [name for names in models.values() for name in names])
        if isinstance(failed, str) and len(faults) > 1 and time.monotonic() < self.ends:
            half = len(faults) // 2
            yield from self._verdicts(faults[:half])
            yield from self._verdicts(faults[half:])
            return
        for fault in faults:
            if isinstance(failed, str):
                yield fault, f"{UNDECIDED}: time" if failed == "time" else f"caught by {failed}"
                continue
            caught = [
                test for name, test in failed.items() if set(models[fault.path]) & self._of(name)
            ]
            yield fault, f"caught by {caught[0]}" if caught else SURVIVED

    def _of(self, test: str) -> set[str]:
        """Names of the models that a test is of."""
        names = self.manifest["unit_tests"][test]["depends_on"]["nodes"]
        return {name.rpartition(".")[2] for name in names}

    def _planted(self, faults: list[Fault], models: list[str]) -> dict[str, str] | str:
        """What fails with these faults, or why nothing was run."""
        if not models:
            return {}
        chosen = ["test", "--select", *(f"{name},test_type:unit" for name in models)]
        for fault in faults:
            (self.project / fault.path).write_text(fault.mutated(), encoding="utf-8")
        try:
            return self._dbt(*chosen)
        finally:
            for fault in faults:
                (self.project / fault.path).write_text(fault.source, encoding="utf-8")
