"""dbt in processes that need not import it, for three seconds each: one that has done so forks."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CLI = "from dbt.cli.main import cli; cli()"
"""What the command `dbt` does."""

_PARENT = """
import json, os, sys, traceback
import dbt.adapters.duckdb, dbt.cli.main

for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.dup2(os.pipe()[0], 0)  # it stays open
    for number in (1, 2):
        os.dup2(os.open(asked["output"][number - 1], os.O_WRONLY), number)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv[1:] = asked["arguments"]
    status = 0
    try:
        exec(asked["code"], {"__name__": "__main__"})
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # libraries may wait for threads that a fork does not have
"""


def run(
    folder: Path, *arguments: str, environment: Mapping[str, str], code: str = CLI
) -> subprocess.CompletedProcess[str]:
    """Run code that uses dbt in a process of its own, whose standard input stays open.

    Its log file, which costs dbt a fifth of its time, is not written.
    """
    parent = _parent()
    assert parent.stdin is not None
    assert parent.stdout is not None
    with tempfile.NamedTemporaryFile() as output, tempfile.NamedTemporaryFile() as errors:
        asked: dict[str, Any] = {
            "code": code,
            "arguments": arguments,
            "folder": str(folder),
            "environment": {"DBT_LOG_LEVEL_FILE": "none", **environment},
            "output": [output.name, errors.name],
        }
        parent.stdin.write(json.dumps(asked) + "\n")
        parent.stdin.flush()
        status = int(parent.stdout.readline())
        told = [Path(file.name).read_text(encoding="utf-8") for file in (output, errors)]
    return subprocess.CompletedProcess(arguments, status, *told)


@cache
def _parent() -> subprocess.Popen[str]:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(parent.communicate)
    return parent
