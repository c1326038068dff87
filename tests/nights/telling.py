"""Tells a story of nights from a seed."""

from __future__ import annotations

import os
import random
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import server as s3_server
import trustme
from faults import proxy_before
from mongodb_server import Server as MongoServer
from publishing import build_and_publish
from stories import Files, Mongo, Source, Story, Web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faults import Proxy as S3Proxy


@dataclass(frozen=True)
class Servers:
    """The servers of all stories.

    Attributes:
        mongodb: Port of the MongoDB server.
        s3: What stands before the S3 server.
        bucket: A bucket of it.
        authority: Who certifies the gateway.
    """

    mongodb: int
    s3: S3Proxy
    bucket: str
    authority: trustme.CA


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Start the servers; this process gets the credentials of the S3 server."""
    with ExitStack() as stack:
        mongodb = MongoServer()
        stack.callback(mongodb.stop)
        s3 = s3_server.start()
        stack.callback(s3.stop)
        s3.new_bucket("nights")
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ |= s3.environment | {
            "AWS_CONFIG_FILE": str(folder / "no-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        proxy = stack.enter_context(proxy_before(s3.endpoint))
        os.environ["AWS_ENDPOINT_URL"] = proxy.endpoint
        yield Servers(mongodb.port, proxy, "nights", trustme.CA())


def tell(
    seed: int, folder: Path, servers: Servers, *, records: int, nights: int = 4, build: bool = False
) -> Story:
    """Tell a story to its end.

    Args:
        seed: Draws everything.
        folder: An empty folder for it.
        servers: The servers.
        records: How many records the source has at first.
        nights: In how many nights something goes wrong.
        build: Whether it builds and publishes, too.

    Raises:
        AssertionError: If something was lost, or is false.
    """
    draw = random.Random(seed)
    is_on_s3 = not build and draw.random() < 0.4
    raw = f"s3://{servers.bucket}/{seed}" if is_on_s3 else str(folder / "lake")
    source = _source(draw.randrange(3), seed, folder, servers)
    with closing(source):
        story = Story(draw, source, folder, raw, servers.s3 if is_on_s3 else None)
        story.begin(records)
        for _ in range(nights):
            story.night()
        story.sound_night()
        story.quiet_night()
        if build:
            build_and_publish(story)
    return story


def _source(kind: int, seed: int, folder: Path, servers: Servers) -> Source:
    if kind == 0:
        return Files(folder / "records")
    if kind == 1:
        return Mongo(servers.mongodb, f"nights_{seed}")
    return Web(servers.authority, folder / "authority.pem")
