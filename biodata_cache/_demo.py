"""`biodata-cache demo`: the tables of the built-in sample, which the wheel carries.

It needs what reading needs and nothing else: no click, no dbt, no network.
"""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import CacheError
from biodata_cache._reader.files.sample import sample_root
from biodata_cache._session import Cache

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLE = "select status, count(*) as assets from qc_status group by status order by status"


def overview(page: str) -> str:
    """What the command prints: the tables, a query, and what can be done with them.

    Raises:
        CacheError: If the tables are not there or cannot be read.
    """
    demo = Cache.demo()
    registry = demo.tables()
    result = demo.sql(_EXAMPLE).to_string(index=False)
    records = registry["asset_basics"].row_count
    return f"""\
The built-in sample, {records} made-up records, as {len(registry)} tables:

{registry!r}

    from biodata_cache import Cache
    demo = Cache.demo()
    demo.sql("{_EXAMPLE}")
{result}

demo.scan("subjects").df() is a whole table, demo.table_info("subjects") says what is in it.
With BIODATA_CACHE_ROOT={sample_root()}
every function and command reads these tables.
{page}
"""


def show(*, open_page: bool) -> str:
    """Open the page in a browser, if there is one, and say what there is to see.

    Raises:
        CacheError: If the tables are not there or cannot be read.
    """
    page = next((sample_root() / _layout.CACHE_FOLDER).glob(f"*/{_layout.PAGE_FILE}"))
    text = overview(f"The page of the tables: {page}")
    if open_page and not _open(page.as_uri()):
        text += "(There is no browser here to open it in.)\n"
    return text


def _open(address: str) -> bool:
    """Open an address in a browser with a window; whether there is one."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # One that runs in the terminal would take it over; unless BROWSER names it.
    if type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ:
        return False
    return browser.open(address)


def main(arguments: Sequence[str]) -> int:
    """Run the command where the packages of the command line are not installed.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        "biodata-cache demo", description="Show the tables of the built-in sample."
    )
    parser.add_argument("--no-open", action="store_true", help="Do not open the page.")
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write(show(open_page=not options.no_open))
    except CacheError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0
