"""Build the documentation: our pages, a page for each table, and dbt's own site.

    python scripts/docs/build.py [--work FOLDER] [--site FOLDER]

The sample is extracted, built and published into the work folder with the project's own command:
the pages show its rows, run the queries of `docs/queries` on it, and the notebook.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import api
import card
import commands
import notebook
import tables

from biodata_cache._core.settings.values import PREFIX
from biodata_cache._publish.build.artifacts import read_manifest
from biodata_cache._publish.build.contract import published_tables

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = {"qc-over-time": "qc_over_time", "a-week": "a_week_with_the_cache"}
# Pages are dated by this, so that the same input gives the same bytes: 1 January 2026.
_DATE = "1767225600"


def build(work: Path, site: Path) -> None:
    """Build everything into a folder.

    Args:
        work: Folder for the lake, the tables and the pages before they become a site.
        site: Folder of the site; it is made anew.
    """
    work = work.resolve()
    root, pages = work / "root", work / "pages"
    _run("biodata_cache", "sync", "--source", "sample", "--root", root, "--work", work)
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(PROJECT / "docs", pages, ignore=shutil.ignore_patterns("queries"))
    _write_dbt_site(work, pages / "dbt")
    os.environ["BIODATA_CACHE_ROOT"] = str(root)
    import biodata_cache  # noqa: PLC0415

    manifest = read_manifest(work / "target")
    published = published_tables(manifest)
    with contextlib.closing(biodata_cache.connect()) as duck:
        found = tables.Site(manifest, published, duck)
        folder = pages / "tables"
        folder.mkdir()
        (folder / "index.md").write_text(tables.index(found))
        for table in published:
            (folder / f"{table.name}.md").write_text(tables.page(found, table))
    (pages / "python.md").write_text(api.page())
    _complete(pages / "command-line.md", "commands", commands.section())
    _complete(pages / "adding-a-table.md", "checklist", _checklist())
    for page, name in NOTEBOOKS.items():
        path = PROJECT / "examples" / f"{name}.ipynb"
        done = notebook.run(path, root, work)
        notebook.write_page(done, pages / f"{page}.md", path.relative_to(PROJECT).as_posix())
    _make_site(pages, site, [table.name for table in published])


def _run(module: str, *arguments: object) -> None:
    subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=PROJECT,
    )


def _write_dbt_site(work: Path, folder: Path) -> None:
    """The documentation of dbt as one page."""
    subprocess.run(
        [
            sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet",
            "docs", "generate", "--static", "--no-compile",
            "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--target-path", str(work / "target"), "--log-path", str(work / "logs"),
        ],
        check=True,
        cwd=PROJECT,
        env=os.environ | {"BIODATA_CACHE_WORK": str(work), "BIODATA_CACHE_RAW": str(work / "raw")},
    )  # fmt: skip
    folder.mkdir()
    page = (work / "target/static_index.html").read_text(encoding="utf-8")
    for place in (work, PROJECT):  # where this machine has the files is of no use to readers
        page = page.replace(f"{place}/", "").replace(str(place), ".")
    (folder / "index.html").write_text(page, encoding="utf-8")


def _complete(page: Path, name: str, content: str) -> None:
    """Replace each placeholder by its generated text.

    Raises:
        ValueError: The page has no such sign.
    """
    sign = f"<!-- {name} -->"
    before, sign_found, after = page.read_text().partition(sign)
    if not sign_found:
        raise ValueError(f"{page.name} has no {sign} to put the {name} in.")
    page.write_text(before + content + after)


def _checklist() -> str:
    """The checklist for a new table, which stands in CONTRIBUTING.md."""
    text = (PROJECT / "CONTRIBUTING.md").read_text()
    match = re.search(r"^## A new table: checklist\n\n(.*?)\n(?=## )", text, re.DOTALL | re.M)
    if match is None:
        raise ValueError("CONTRIBUTING.md has no checklist for a new table.")
    return match[1]


def _make_site(pages: Path, site: Path, names: list[str]) -> None:
    """Pages to HTML; whatever MkDocs has to say about them is an error."""
    os.environ |= {"SOURCE_DATE_EPOCH": _DATE, "DISABLE_MKDOCS_2_WARNING": "true"}
    from mkdocs.commands.build import build as make  # noqa: PLC0415  # the variables above first
    from mkdocs.config import load_config  # noqa: PLC0415
    from mkdocs.exceptions import Abort  # noqa: PLC0415

    config = load_config(
        str(PROJECT / "mkdocs.yml"), docs_dir=str(pages), site_dir=str(site.resolve()), strict=True
    )
    for entry in config.nav or ():
        if "Tables" in entry:
            entry["Tables"] = ["tables/index.md", *(f"tables/{name}.md" for name in names)]
    card.write(pages / "card.png", config.site_name, str(config.site_description), len(names))
    config.plugins.on_startup(command="build", dirty=False)
    try:
        make(config)
    except Abort as error:
        sys.exit(f"The documentation is not right: {error}")


def main() -> None:
    """Read the options and build."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=PROJECT / ".biodata-cache/docs")
    parser.add_argument("--site", type=Path, default=PROJECT / "site")
    arguments = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]  # the sample must not get into the lake of whoever builds the pages
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    build(arguments.work, arguments.site)


if __name__ == "__main__":
    main()
