"""Entry point of the command line, which needs more than reading does."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

_SOURCES = {"--source": "BIODATA_CACHE_SOURCE", "--v1-source": "BIODATA_CACHE_V1_SOURCE"}


def _hide_secrets() -> None:
    """Begin again without the passwords on the command line, which every user of a machine sees.

    They move to the environment, which only the same user can read.
    """
    arguments = sys.orig_argv
    hidden: dict[str, str] = {}
    kept: list[str] = []
    index = 0
    while index < len(arguments):
        option, equals, value = arguments[index].partition("=")
        if not equals and index + 1 < len(arguments):
            value = arguments[index + 1]
        if option in _SOURCES and "://" in value and "@" in value:
            hidden[_SOURCES[option]] = value
            index += 1 if equals else 2
        else:
            kept.append(arguments[index])
            index += 1
    if hidden:
        os.execve(sys.executable, [sys.executable, *kept[1:]], os.environ | hidden)  # noqa: S606


def _leave(*_: object) -> NoReturn:
    """Exit while modules are still imported, without a traceback of that."""
    os.write(2, b"error: interrupted before anything was begun.\n")
    os._exit(130)


def main() -> None:
    """Run `biodata-cache`, or say what is missing for it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no third one
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    try:
        import click  # noqa: F401, PLC0415
        import rich  # noqa: F401, PLC0415
    except ImportError as error:
        if sys.argv[1:2] == ["demo"]:
            from biodata_cache._demo import main as demo  # noqa: PLC0415  # needs neither of them

            sys.exit(demo(sys.argv[2:]))
        sys.stderr.write(
            f"The command line needs {error.name}: pip install 'biodata-cache[cli]' to look at "
            "published tables, or 'biodata-cache[sync]' to build them.\n"
        )
        sys.exit(1)
    _hide_secrets()
    from biodata_cache._cli.signals import end_as_by_ctrl_c, ignore  # noqa: PLC0415

    end_as_by_ctrl_c()
    from biodata_cache._cli import cli  # noqa: PLC0415  # takes a moment, which may be interrupted

    try:
        cli(prog_name="biodata-cache")
    finally:
        ignore()


if __name__ == "__main__":
    main()
