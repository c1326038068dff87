"""Plant faults one at a time, run the tests that stand nearest to each, and print what survives.

Faults are planted in a copy of the project. A fault that nobody could notice is listed, with the
reason, in `equivalent.txt`, and not planted again.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fault import Fault, judged_equivalent, sampled
from python_faults import python_faults
from python_tests import PythonTests
from sql_faults import sql_faults
from sql_tests import SqlTests

PROJECT = Path(__file__).resolve().parents[2]
EQUIVALENT = Path(__file__).parent / "equivalent.txt"
COPIED = (
    "biodata_cache", "extract", "models", "macros", "seeds", "tests", "scripts", "docs", "examples",
    "dbt_project.yml", "profiles.yml", "selectors.yml", "pyproject.toml", "README.md",
    "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "mkdocs.yml", "LICENSE", ".ci",
)  # fmt: skip
#: The sample is invented: what it is made of is no behaviour.
NOT_PLANTED = ("extract/sample/", "biodata_cache/_reader/filters/tables.py")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many faults")
    parser.add_argument("--seed", type=int, default=1, help="which of them")
    parser.add_argument("--minutes", type=float, default=60, help="when to stop")
    parser.add_argument("--only", choices=("sql", "python"), help="only one language")
    parser.add_argument("--under", default="", help="only files whose path starts so")
    parser.add_argument("--kind", default="", help="only this kind of fault")
    parser.add_argument("--work", type=Path, help="work folder with a lake, to be used again")
    parser.add_argument("--list", action="store_true", help="print the faults, plant none")
    return parser.parse_args()


def faults(options: argparse.Namespace) -> list[Fault]:
    """The faults to plant."""
    planted: list[Fault] = []
    for folder, suffix, find in (
        ("models", ".sql", sql_faults),
        ("macros", ".sql", sql_faults),
        ("biodata_cache", ".py", python_faults),
        ("extract", ".py", python_faults),
    ):
        if options.only == ("python" if suffix == ".sql" else "sql"):
            continue
        for file in sorted((PROJECT / folder).rglob(f"*{suffix}")):
            path = file.relative_to(PROJECT).as_posix()
            if path.startswith(options.under) and not path.startswith(NOT_PLANTED):
                planted += find(path, file.read_text(encoding="utf-8"))
    judged = judged_equivalent(EQUIVALENT)
    wanted = [it for it in planted if it.kind.startswith(options.kind) and it.id not in judged]
    return sampled(wanted, options.count, options.seed)


def copy_of_project(target: Path) -> Path:
    """Copy what tests need."""
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(source, target / name, ignore=ignored)
        elif source.exists():
            shutil.copy2(source, target / name)
    return target


def main() -> int:
    """Plant, run, report."""
    options = arguments()
    planted = faults(options)
    if options.list:
        print(*(fault.id for fault in planted), sep="\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        project = copy_of_project(Path(folder) / "project")
        return report(*run(options, planted, project, options.work or Path(folder) / "work"))


def run(
    options: argparse.Namespace, planted: list[Fault], project: Path, work: Path
) -> tuple[list[Fault], list[Fault]]:
    """Plant each fault: those that were caught, and those that survived."""
    of_sql, of_python = SqlTests(project, work.resolve()), PythonTests(project)
    if any(fault.path.endswith(".sql") for fault in planted):
        if not (work / "raw").exists():
            command = [sys.executable, "-m", "biodata_cache", "extract", "--source", "sample:20"]
            subprocess.run([*command, "--work", work], cwd=PROJECT, check=True)
        of_sql.prepare()
    caught: list[Fault] = []
    survived: list[Fault] = []
    ends = time.monotonic() + options.minutes * 60
    for index, fault in enumerate(planted, 1):
        if time.monotonic() > ends:
            print(f"The time is over: {len(planted) - index + 1} faults were not planted.")
            break
        test = (of_sql if fault.path.endswith(".sql") else of_python).caught_by(fault)
        (caught if test else survived).append(fault)
        verdict = f"caught by {test}" if test else "SURVIVED"
        print(
            f"{index}/{len(planted)} {fault.path}:{fault.line} {fault.kind}: {verdict}", flush=True
        )
    return caught, survived


def report(caught: list[Fault], survived: list[Fault]) -> int:
    """Print what survived, and the figures of each kind."""
    print("\nSurvived:" if survived else "\nNothing survived.")
    for fault in survived:
        print(f"  line {fault.line}: {fault.id}")
    total, lost = (
        Counter(it.kind for it in [*caught, *survived]),
        Counter(it.kind for it in survived),
    )
    print("\nCaught of planted, by kind:")
    for kind, count in sorted(total.items()):
        print(f"  {kind}: {count - lost[kind]} of {count}")
    planted = len(caught) + len(survived)
    print(f"In all: {len(caught)} of {planted} ({100 * len(caught) / max(planted, 1):.0f} %).")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
