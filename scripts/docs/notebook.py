"""A notebook, run and written down as a page."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT = 300


def run(path: Path, root: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, for a published cache.

    Args:
        path: The notebook; it is not changed.
        root: Where the cache is published.
        folder: Folder that it runs in.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    before = os.environ.get("BIODATA_CACHE_ROOT")
    os.environ["BIODATA_CACHE_ROOT"] = str(root)
    try:
        client = NotebookClient(
            notebook,
            timeout=_TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            extra_arguments=["--log-level=ERROR"],
        )
        return client.execute()
    finally:
        if before is None:
            os.environ.pop("BIODATA_CACHE_ROOT")
        else:
            os.environ["BIODATA_CACHE_ROOT"] = before


def write_page(notebook: nbformat.NotebookNode, page: Path, source: str) -> None:
    """Write a notebook that was run as a page, with its pictures beside it.

    Args:
        notebook: The notebook.
        page: Where to write the page.
        source: What the notebook is called in the repository.
    """
    parts = []
    pictures = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                pictures += 1
                name = f"{page.stem}-{pictures}.png"
                (page.parent / name).write_bytes(base64.b64decode(data["image/png"]))
                parts.append(f"![{_alternative(cell.source)}]({name})")
            elif "text/html" in data:
                parts.append(f'<div class="rows" markdown="0">\n{_bare(data["text/html"])}\n</div>')
            elif shown := data.get("text/plain", output.get("text", "")):
                parts.append(f"```text\n{shown.rstrip()}\n```")
    first, _, rest = "\n\n".join(parts).partition("\n\n")
    page.write_text(f"{first}\n\nA notebook: `{source}` in the repository.\n\n{rest}\n")


def _alternative(source: str) -> str:
    """What a picture shows: the title that the code gives it."""
    match = re.search(r"title(?:\(|=)\s*f?[\"'](.+?)[\"']", source)
    return match[1].replace("[", "(").replace("]", ")") if match else "plot"


def _bare(html: str) -> str:
    """A table of pandas without styles of its own, and without empty lines, which end HTML."""
    html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    return "\n".join(line for line in html.splitlines() if line.strip())
