"""The command line: `biodata-cache sync | publish | tables | read | sql | status | doctor | …`.

Commands that read need the extra `cli`; commands that build need `sync`. Only `__main__` imports
this; it may import every floor. Decisions about data belong to the floors below.
"""

from __future__ import annotations

import click

from biodata_cache._cli.commands import builds as _builds
from biodata_cache._cli.commands import completion as _completion
from biodata_cache._cli.commands import demo as _demo
from biodata_cache._cli.commands import doctor as _doctor
from biodata_cache._cli.commands import published as _published
from biodata_cache._cli.commands import rows as _rows
from biodata_cache._cli.commands import runs as _runs
from biodata_cache._cli.commands import stages as _stages
from biodata_cache._cli.commands import status as _status
from biodata_cache._cli.output import Commands
from biodata_cache._core.settings import values as _settings

__all__ = ["cli"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_settings.installed_version(), prog_name="biodata-cache")
@click.option("--debug", is_flag=True, help="Show the traceback of a fault of biodata-cache.")
def cli(debug: bool) -> None:  # noqa: FBT001  # read by `Commands`
    """Build, publish and read the metadata cache.

    \b
    Examples:
      biodata-cache demo
      biodata-cache sync --source sample --root published
      biodata-cache tables --root published
      biodata-cache read assets --where modalities=fib --root published
    """


for _module in (
    *(_demo, _stages, _published, _builds, _rows, _status, _runs, _doctor, _completion),
):
    for _command in _module.COMMANDS:
        cli.add_command(_command)
