"""Shell completion: the script that a shell reads, and the names of tables and columns."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from biodata_cache._core.errors import CacheError
from biodata_cache._core.settings import values as _settings
from biodata_cache._session import open_published

if TYPE_CHECKING:
    from biodata_cache._core.registry.entries import CacheRegistry

_NAME = "biodata-cache"
_VARIABLE = f"_{_NAME}_complete".replace("-", "_").upper()
"""Set by the script when a shell asks for completions; click reads it."""

_PATIENCE = 1.0
"""Seconds that a shell waits for completions."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands, options, tables and columns in a shell.

    Put `eval "$(biodata-cache completion bash)"` into ~/.bashrc, or the same with zsh into
    ~/.zshrc; fish reads the script from ~/.config/fish/completions/biodata-cache.fish.

    \b
    Example:
      biodata-cache completion bash
    """
    kind = get_completion_class(shell)
    if kind is None:  # click knows all of the choices
        raise click.BadParameter(shell)
    root = click.get_current_context().find_root().command
    script = kind(root, {}, _NAME, _VARIABLE)
    # click's own `source` would start the shell to ask for its version.
    click.echo(script.source_template % script.source_vars())


COMMANDS = (completion,)


def complete_table(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of published tables that begin like this."""
    registry = _registry(context)
    names = [] if registry is None else registry.names
    return [name for name in names if name.startswith(incomplete)]


def complete_column(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of columns of the table named before, completing the last of a comma-separated list."""
    registry = _registry(context)
    if registry is None:
        return []
    # click has not parsed the arguments of a line that ends in an option without its value.
    named = [context.params.get("name"), *context.args]
    name = next((word for word in named if word in registry), None)
    if name is None:
        return []
    before, comma, last = incomplete.rpartition(",")
    columns = [column.name for column in registry[str(name)].columns]
    return [f"{before}{comma}{column}" for column in columns if column.startswith(last)]


def _registry(context: click.Context) -> CacheRegistry | None:
    """The published tables; None after a timeout or an error, which a shell could not show."""
    given = {name: context.params.get(name) for name in ("root", "version")}
    registries: list[CacheRegistry] = []

    def read() -> None:
        try:
            settings = _settings.load(**given)
            if settings.backend != "MEMORY":  # nothing is built for a name
                registries.append(open_published(settings).registry())
        except (CacheError, OSError):
            return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(_PATIENCE)
    return registries[0] if registries else None
