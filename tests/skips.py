"""Tests that were skipped: counted in one line at the end, and, with a setting, a failure."""

from __future__ import annotations

import os
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

#: Brings every test whose reason names it.
INSTALL = "make servers"
#: Set, a run fails if a test was skipped that `ALLOWED` does not list.
NO_SKIPS = "BIODATA_TEST_NO_SKIPS"
ALLOWED = Path(__file__).parent / "allowed_skips.txt"


def allowed() -> list[str]:
    """Patterns of the tests that may be skipped anywhere."""
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    return [line.partition(" # ")[0].strip() for line in lines if line and line[0] != "#"]


def skipped(reporter: TerminalReporter) -> list[tuple[str, str]]:
    """Each skipped test, or file, and the reason."""
    return [
        (report.nodeid, str(report.longrepr[2]).removeprefix("Skipped: "))
        for report in reporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    ]


def not_allowed(reporter: TerminalReporter) -> list[tuple[str, str]]:
    """The skipped tests that no pattern allows, if a run is to have none."""
    if not os.environ.get(NO_SKIPS):
        return []
    patterns = allowed()
    return [
        (test, reason)
        for test, reason in skipped(reporter)
        if not any(fnmatchcase(test, pattern) for pattern in patterns)
    ]


def summary(found: list[tuple[str, str]]) -> str:
    """One line for the end of a run."""
    missing = Counter(reason for _, reason in found if INSTALL in reason)
    parts = []
    if missing:
        what = ", ".join(f"{reason.split(':')[0]}: {count}" for reason, count in missing.items())
        parts.append(f"{missing.total()} that `{INSTALL}` brings ({what})")
    if rest := len(found) - missing.total():
        parts.append(f"{rest} that cannot run on this machine (reasons above)")
    return f"Not run: {' and '.join(parts)}." if parts else "Nothing was skipped."


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say what was not run, last of all."""
    for test, reason in not_allowed(terminalreporter):
        terminalreporter.line(f"Must not be skipped: {test}: {reason}", red=True)
    terminalreporter.line(summary(skipped(terminalreporter)), yellow=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> object:
    """Fail a run that must not skip anything, and did."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.exitstatus == 0 and not_allowed(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return (yield)
