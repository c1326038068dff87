"""What the README tells to do: its blocks and commands, and how to run one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()
BIN = Path(sys.executable).parent
#: How the commands begin that make the sample; all others look at it.
MAKE_THE_SAMPLE = ("biodata-cache extract", "biodata-cache build", "biodata-cache publish")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("bash") for line in block.splitlines() if line]


def run(command: list[str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "BIODATA_CACHE_WORK": str(folder / "work"),
        **more,
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
