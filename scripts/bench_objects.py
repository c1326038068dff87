"""Measure probes of an object store that takes 20 ms for each response; figures go to stdout.

The server is a process of its own on loopback: it responds to each listing with one key and each
object with the same JSON, as late as a store in the same region would. What cannot be beaten is
`requests x latency / requests at once`.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import sys
import time
from typing import TYPE_CHECKING

from extract.objects import probes

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LATENCY = 0.02
PROBES = 10_000
_CONTENT = b'{"trainer": {"curriculum": {"name": "Foraging", "version": "1.0.0"}}, "stage": null}'
_LISTING = (
    '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
    "<Contents><Key>{}.json</Key></Contents></ListBucketResult>"
)


def main() -> None:
    """Ask for the trainer states of many assets, and for raw links of others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=PROBES)
    count = parser.parse_args().probes
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ours.recv()}",
        "AWS_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench-secret",
    }
    store = probes.s3_store()
    try:
        questions = [("neuroglancer", f"s3://open/SPIM_{number:06}") for number in range(count)]
        _measure(store, questions[: probes.AT_ONCE])  # connections are made
        seconds, cpu = _measure(store, questions)
    finally:
        server.terminate()
    bound = count * LATENCY / probes.AT_ONCE
    sys.stdout.write(
        f"{count:,} probes at {LATENCY * 1e3:.0f} ms: {seconds:.2f} s ({cpu:.2f} s of CPU), "
        f"latency bound {bound:.2f} s, ratio {seconds / bound:.2f}\n"
    )


def _measure(store: probes.ObjectStore, questions: list[tuple[str, str]]) -> tuple[float, float]:
    """Wall and CPU seconds of asking."""
    cpu, started = _cpu(), time.perf_counter()
    answered = sum(
        rows[0][2] is not None
        for _, rows in probes._in_order(store, questions)  # noqa: SLF001
    )
    seconds = time.perf_counter() - started
    if answered != len(questions):
        raise SystemExit(f"{len(questions) - answered} questions were not answered")
    return seconds, _cpu() - cpu


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _serve(ready: Connection) -> None:
    asyncio.run(_answer_all(ready))


async def _answer_all(ready: Connection) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=256)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(LATENCY)
            body = _CONTENT
            if b"list-type=2" in head.partition(b"\r\n")[0]:
                body = _LISTING.format("found").encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


if __name__ == "__main__":
    main()
