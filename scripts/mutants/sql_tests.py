"""Which tests of dbt see a fault of SQL: the unit tests of the models that the file makes."""

from __future__ import annotations

import json
import multiprocessing
import os
from typing import TYPE_CHECKING, Any

from dbt.cli.main import dbtRunner

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from fault import Fault

SECONDS = 180


def dbt(*arguments: str) -> str | None:
    """Run dbt in this process, in the current folder: the first thing that failed, if anything."""
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "none"]
    done = dbtRunner().invoke([*quiet, *arguments, "--profiles-dir", "."])
    if done.success:
        return None
    results = getattr(done.result, "results", None) or []
    bad = {"fail", "error", "runtime error"}
    failed = [result for result in results if result.status in bad]
    if not failed:
        return f"dbt: {str(done.exception)[:300]}"
    return f"{failed[0].node.name} ({' '.join(str(failed[0].message).split())[:80]})"


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
        work: Work folder with a lake and the tables of staging and intermediate models.
    """

    def __init__(self, project: Path, work: Path) -> None:
        """Nothing is built before `prepare`."""
        self.project, self.work = project, work
        self.manifest: dict[str, Any] = {}

    def prepare(self) -> None:
        """Build the tables that unit tests ask for their columns, and see that all pass."""
        chosen = ("--select", "resource_type:seed", "staging", "intermediate", "test_type:unit")
        failed = self._dbt("build", *chosen, "--exclude", "test_type:data", seconds=1800)
        if failed is not None:
            raise SystemExit(f"Without any fault, {failed} fails.")
        self.read_manifest()

    def read_manifest(self) -> None:
        """Read what dbt knows of the project."""
        path = self.work / "target/manifest.json"
        self.manifest = json.loads(path.read_text(encoding="utf-8"))

    def _dbt(self, *arguments: str, seconds: int = SECONDS) -> str | None:
        """Run dbt in a process of its own, which is ended if it takes too long."""
        context = multiprocessing.get_context("fork")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(
            target=_dbt_here, args=(self.project, self.work, arguments, sending)
        )
        process.start()
        sending.close()
        try:
            return receiving.recv() if receiving.poll(seconds) else "time limit"
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

    def caught_by(self, fault: Fault) -> str | None:
        """The test that fails with the fault, if any does."""
        file = self.project / fault.path
        file.write_text(fault.mutated(), encoding="utf-8")
        try:
            chosen = [f"{name},test_type:unit" for name in self.models_of(fault.path)]
            return self._dbt("test", "--fail-fast", "--select", *chosen) if chosen else None
        finally:
            file.write_text(fault.source, encoding="utf-8")
