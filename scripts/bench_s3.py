"""Measure publishing to the S3 server of the tests; figures go to stdout.

Run `scripts/install_s3_server.sh` first. Requests are counted by a proxy in runs of their own; how
fast the published tables are read is measured by `scripts/bench_read.py`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/s3"))

import server as s3_server
from built import Build
from faults import proxy_before

from biodata_cache._publish.publish import plan, publish

if TYPE_CHECKING:
    from faults import Proxy
    from server import Server

PARTITIONS = 5_000


def main() -> None:
    """Measure all."""
    server = s3_server.start()
    try:
        server.new_bucket("bench")
        os.environ |= server.environment
        with tempfile.TemporaryDirectory() as folder, proxy_before(server.endpoint) as proxy:
            build = Build(Path(folder) / "work", "s3://bench")
            _publishing(build, server, proxy)
    finally:
        server.stop()


def _publishing(build: Build, server: Server, proxy: Proxy) -> None:
    subjects = {f"{number:06}": "first" for number in range(PARTITIONS)}
    second = dict.fromkeys(subjects, "second")
    every_hundredth = list(subjects)[::100]
    build.make(subjects, built_at="2026-01-01T00:00:00Z")
    _publish(build, "all are new")
    _publish(build, "nothing changed")
    _publish(build, "nothing changed, all read again", full=True)
    build.make(second, built_at="2026-01-02T00:00:00Z")
    _publish(build, "all changed")
    build.change(second | dict.fromkeys(every_hundredth, "third"), built_at="2026-01-03T00:00:00Z")
    _publish(build, "1 % changed")
    os.environ["AWS_ENDPOINT_URL"] = proxy.endpoint
    for name, value in (("nothing changed", "third"), ("1 % changed", "fourth")):
        if value != "third":
            changed = dict.fromkeys(every_hundredth, value)
            build.change(second | changed, built_at="2026-01-04T00:00:00Z")
        proxy.reset()
        publish(build.settings)
        methods = Counter(request.method for request in proxy.requests)
        _say(f"publish, {name}: {len(proxy.requests)} requests {dict(methods)}")
    os.environ["AWS_ENDPOINT_URL"] = server.endpoint


def _publish(build: Build, name: str, *, full: bool = False) -> None:
    started = time.perf_counter()
    plan(build.settings)
    audit = time.perf_counter() - started
    started = time.perf_counter()
    report = publish(build.settings, full=full)
    seconds = time.perf_counter() - started
    _say(
        f"publish, {name}: {report.written} written in {seconds:.1f} s "
        f"(a dry run takes {audit:.1f} s)"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
