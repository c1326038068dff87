"""The help of every command, as `--help` prints it."""

from __future__ import annotations

import click

from biodata_cache._cli import cli

_WIDTH = 80


def section() -> str:
    """One heading for each command, with its help."""
    whole = click.Context(cli, info_name="biodata-cache", terminal_width=_WIDTH)
    parts = [f"```text\n{cli.get_help(whole)}\n```"]
    for name, command in sorted(cli.commands.items()):
        context = click.Context(command, info_name=name, parent=whole, terminal_width=_WIDTH)
        parts.append(f"### {name}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts) + "\n"
