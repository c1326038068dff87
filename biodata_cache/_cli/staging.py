"""Command-line options of sharded and external staging."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

from biodata_cache._cli.options import with_options
from biodata_cache._core.settings.address import Address
from biodata_cache._pipeline.dbt.shards import build_shards
from biodata_cache._pipeline.dbt.spark import build_on_spark
from biodata_cache._pipeline.dbt.staging import BUCKETS, Shard

if TYPE_CHECKING:
    from biodata_cache._cli.options import Command
    from biodata_cache._pipeline.dbt.build import Stage

SPARK = "spark"
"""The value of `--staging` that is no folder: one of that name is `./spark`."""


@dataclass(frozen=True)
class StagingOptions:
    """Where the staging of a build runs.

    Attributes:
        shard: The only shard that this process stages.
        out: Folder or address on S3 of all shards.
        stage: Runs staging elsewhere, for a build of all tables; None if the build runs it.
    """

    shard: Shard | None
    out: Address | None
    stage: Stage | None


def staging_options(command: Command) -> Command:
    """Options of staging, passed to the command as one argument, `how`."""

    @wraps(command)
    def with_how(**given: Any) -> Any:  # noqa: ANN401  # the signature of the command
        names = ("shards", "shard", "out", "staging")
        return command(how=_options(**{name: given.pop(name) for name in names}), **given)

    return with_options(with_how, *_OPTIONS)


def _options(
    shards: int | None, shard: str | None, out: str | None, staging: str | None
) -> StagingOptions:
    """The options that were given."""
    ways = (None if staging == SPARK else shards, shard, staging)
    if sum(way is not None for way in ways) > 1:
        raise click.UsageError("Give one of --shards, --shard and --staging.")
    if (shard is None) != (out is None):
        raise click.UsageError("--shard I/N and --out belong together.")
    return StagingOptions(
        shard=None if shard is None else Shard.parse(shard),
        out=None if out is None else Address(out),
        stage=_stage(shards, staging),
    )


def _stage(shards: int | None, staging: str | None) -> Stage | None:
    if staging == SPARK:
        return partial(build_on_spark, count=shards or BUCKETS)
    if shards is not None:
        return partial(build_shards, count=shards)
    return None if staging is None else lambda *_: staging


_OPTIONS = (
    click.option(
        "--shards",
        type=click.IntRange(1, BUCKETS),
        metavar="N",
        help="Flatten the records in N processes, each of which takes up to BIODATA_CACHE_MEMORY.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        help="Only flatten this one of N shards of the records, into --out.",
    ),
    click.option("--out", metavar="TEXT", help="Folder or `s3://bucket/prefix` of all shards."),
    click.option(
        "--staging",
        metavar="TEXT",
        help="Build the tables from the shards in this folder or `s3://bucket/prefix`, or `spark`: "
        "have Spark flatten the records, in --shards tasks for each model (by default 16).",
    ),
)
