"""Plant faults one at a time, run the tests that stand nearest to each, and print what survives.

Faults are planted in a copy of the project. A fault that nobody could notice is listed, with the
reason, in `equivalent.txt`, and not planted again. Faults of Python are planted while dbt builds
what the unit tests of SQL need. Ended early, it reports what it has by then.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor, TimeoutError  # noqa: A004 - until Python 3.11
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from fault import Fault, judged_equivalent, sampled
from folders import own_folder
from python_faults import python_faults
from python_tests import PythonTests
from sql_faults import sql_faults
from sql_tests import SqlTests
from verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    parser.add_argument("--work", type=Path, help="work folder of the tests of SQL, to be kept")
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
    equivalent = judged_equivalent(EQUIVALENT)
    wanted = [it for it in planted if it.kind.startswith(options.kind) and it.id not in equivalent]
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
    ends = time.monotonic() + options.minutes * 60
    planted = faults(options)
    if options.list:
        print(*(fault.id for fault in planted), sep="\n")
        return 0
    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.default_int_handler)
    verdicts = Verdicts(len(planted))
    try:
        with own_folder() as folder:
            run(options, planted, folder, verdicts, ends)
    except KeyboardInterrupt:
        verdicts.say("ended before all faults were planted")
    return verdicts.report()


def run(
    options: argparse.Namespace,
    planted: list[Fault],
    folder: Path,
    verdicts: Verdicts,
    ends: float,
) -> None:
    """Plant each fault: those of Python while the tests of SQL are prepared."""
    of_sql = [fault for fault in planted if fault.path.endswith(".sql")]
    of_python = [fault for fault in planted if not fault.path.endswith(".sql")]
    verdicts.say(f"{len(of_python)} faults of Python, {len(of_sql)} of SQL; in {folder}")
    python = PythonTests(copy_of_project(folder / "python"), folder, ends)
    work = options.work or folder / "work"
    sql = SqlTests(copy_of_project(folder / "sql"), work.resolve(), ends)
    paths = {fault.path for fault in of_sql}
    with ThreadPoolExecutor(1) as background, closing(sql):
        preparation = background.submit(sql.prepare, paths, verdicts.say) if of_sql else None
        plant(((fault, python.verdict(fault)) for fault in of_python), verdicts, ends)
        if preparation is not None and time.monotonic() < ends:
            try:
                preparation.result(ends - time.monotonic())
            except TimeoutError:
                verdicts.say("the time is over before SQL is prepared")
                return
            plant(sql.verdicts(of_sql), verdicts, ends)


def plant(found: Iterable[tuple[Fault, str]], verdicts: Verdicts, ends: float) -> None:
    """Add each verdict as it comes, until the time is over."""
    for fault, verdict in found:
        verdicts.add(fault, verdict)
        if time.monotonic() > ends:
            verdicts.say("the time is over")
            break


if __name__ == "__main__":
    sys.exit(main())
