"""dbt as a process that never outlives the command that started it; run as a script.

It holds the work folder's second lock, so that no other build begins before it has ended; and it
ends at once when its standard input does, which is a pipe that the command holds open. The system
closes that pipe however the command ends, also when it is killed.
"""

from __future__ import annotations

import os
import sys
import threading

from filelock import FileLock

_PATIENCE = 10.0


def main() -> None:
    """Run dbt with the arguments that follow the path of the lock."""
    lock = sys.argv.pop(1)
    end_with_command()
    with FileLock(lock, timeout=_PATIENCE):
        from dbt.cli.main import cli  # noqa: PLC0415  # a second; the command may be gone by then

        cli()


def end_with_command() -> None:
    """End this process when its standard input does, which a command holds open."""
    threading.Thread(target=_end_at_end_of_input, daemon=True).start()


def _end_at_end_of_input() -> None:
    os.read(0, 1)  # not of sys.stdin, whose lock an interpreter that ends wants to have
    os._exit(1)  # what is half done is of no use: a build is from nothing


if __name__ == "__main__":
    main()
