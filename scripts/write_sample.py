"""Write the tables of the built-in sample that the wheel carries, for `biodata-cache demo`.

    python scripts/write_sample.py [--work FOLDER] [--target FOLDER]

They are what our reader opens of a published root, and its page: the registry and the objects of
every table but `records`, whose whole documents would be half of it. `make wheel` calls this.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from biodata_cache._core.layout import CACHE_FOLDER, HISTORY_FILE, OBJECTS, REGISTRY_FILE
from biodata_cache._core.settings.values import PREFIX
from biodata_cache._publish.build.artifacts import target_folder
from biodata_cache._reader.files.sample import FOLDER

PROJECT = Path(__file__).resolve().parents[1]
LEFT_OUT = "records"
MOST_BYTES = 1_000_000
"""Most that the objects may take."""


def publish(work: Path, root: Path) -> None:
    """Publish the last build of a work folder without the table that is left out.

    Args:
        work: The work folder; its manifest loses the table.
        root: An empty folder.
    """
    path = target_folder(work) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["nodes"] = {
        name: node
        for name, node in manifest["nodes"].items()
        if not (node["resource_type"] == "model" and node["name"] == LEFT_OUT)
    }
    path.write_text(json.dumps(manifest), encoding="utf-8")
    run("publish", "--work", work, "--root", root)


def copy(root: Path, target: Path) -> None:
    """Copy what is opened of a published root, without its public files and its path.

    Raises:
        ValueError: If the objects are too large.
    """
    source, copied = root / CACHE_FOLDER, target / CACHE_FOLDER
    shutil.rmtree(target, ignore_errors=True)
    (version,) = source.glob("bdc-v*")
    objects = sorted((source / OBJECTS).glob("*.pqt"))
    size = sum(path.stat().st_size for path in objects)
    if size > MOST_BYTES:
        raise ValueError(f"the sample takes {size:,} bytes: the wheel carries {MOST_BYTES:,}.")
    documents = (version / name for name in (REGISTRY_FILE, HISTORY_FILE))
    texts = [*source.glob("*.json"), *documents, *version.glob("*.html")]
    for path in (*texts, *objects):
        content = path.read_bytes()
        if path in texts:
            content = content.replace(f"{root.as_posix()}/".encode(), b"")
        target = copied / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def run(*arguments: object) -> None:
    """Run our command, without the settings of whoever makes the wheel.

    Raises:
        CalledProcessError: If it fails.
    """
    settings = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    subprocess.run(
        [sys.executable, "-m", "biodata_cache", *map(str, arguments)],
        check=True,
        cwd=PROJECT,
        env=settings,
        stdout=subprocess.DEVNULL,
    )


def main() -> None:
    """Read the options, build the sample, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=PROJECT / ".biodata-cache/wheel-sample")
    parser.add_argument("--target", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    work, root = arguments.work.resolve(), arguments.work.resolve() / "root"
    shutil.rmtree(root, ignore_errors=True)
    run("extract", "--source", "sample", "--work", work)
    run("build", "--work", work)
    publish(work, root)
    copy(root, arguments.target)


if __name__ == "__main__":
    main()
