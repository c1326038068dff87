"""Entry point of the command line, which needs more than reading does."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `biodata-cache`, or say what is missing for it."""
    try:
        import click  # noqa: F401, PLC0415
        import rich  # noqa: F401, PLC0415
    except ImportError as error:
        sys.stderr.write(
            f"The command line needs {error.name}: pip install 'biodata-cache[cli]' to look at "
            "published tables, or 'biodata-cache[sync]' to build them.\n"
        )
        sys.exit(1)
    from biodata_cache._cli import cli  # noqa: PLC0415

    cli()


if __name__ == "__main__":
    main()
