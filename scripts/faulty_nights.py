"""Nights in which something goes wrong at random moments; a line for each story, by its seed.

Run `make servers` first. What a story is stands in `tests/nights/stories.py`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/s3"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/sources"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/nights"))

import stories
from telling import servers, tell


def main() -> None:
    """Tell the stories of some seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--nights", type=int, default=4, help="with a fault, in each story")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--build-each", type=int, default=10, help="every so many stories publish")
    given = parser.parse_args()
    faults: Counter[str] = Counter()
    failed = []
    with tempfile.TemporaryDirectory() as top, servers(Path(top)) as running:
        for seed in range(given.first, given.first + given.seeds):
            folder, began = Path(top) / str(seed), time.monotonic()
            folder.mkdir()
            is_built = given.build_each > 0 and seed % given.build_each == 0
            try:
                story = tell(
                    seed,
                    folder,
                    running,
                    records=given.records,
                    nights=given.nights,
                    build=is_built,
                )
            except AssertionError as error:
                failed.append(seed)
                _say(f"seed {seed}: FAILED: {str(error)[:2_000]}")
                continue
            faults.update(re.split(r"[:,(]", line)[0].strip() for line in story.log)
            _say(
                f"seed {seed}: {type(story.source).__name__} to {story.raw.partition(':')[0][:2]}, "
                f"{len(story.records):,} records{', published' if is_built else ''}, "
                f"{time.monotonic() - began:.0f} s: {'; '.join(story.log)}"
            )
    _say(f"{given.seeds - len(failed)} of {given.seeds} as they should be; faults {dict(faults)}")
    if failed:
        sys.exit(f"seeds {failed} failed in {stories.__file__}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
