"""`demo`: the tables of the sample that the package carries."""

from __future__ import annotations

import click

from biodata_cache import _demo


@click.command()
@click.option("--open/--no-open", "open_page", default=True, help="Open the page in a browser.")
def demo(open_page: bool) -> None:  # noqa: FBT001
    """Show the tables of the built-in sample, which come with the package.

    Nothing is built or written: the tables are read where the package is installed.

    \b
    Example:
      biodata-cache demo --no-open
    """
    click.echo(_demo.show(open_page=open_page), nl=False)


COMMANDS = (demo,)
