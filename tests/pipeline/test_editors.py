"""Names complete in editors, by the language server of pyright."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import consumers
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
INSTALLER = PROJECT / "scripts/install_checkers.sh"


class Editor:
    """The editor's side of the protocol."""

    def __init__(self, server: subprocess.Popen[bytes]) -> None:
        self.server = server
        self.last_id = 0

    def tell(self, **message: Any) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self.server.stdin.flush()

    def ask(self, method: str, **params: Any) -> Any:
        self.last_id += 1
        self.tell(id=self.last_id, method=method, params=params)
        while True:
            message = self._message()
            if "method" not in message and message.get("id") == self.last_id:
                return message["result"]
            if "method" in message and "id" in message:  # of settings, and there are none
                items = message["params"].get("items", [])
                self.tell(id=message["id"], result=[None for _ in items])

    def _message(self) -> Any:
        length = 0
        while line := self.server.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        assert length, "the server ended"
        return json.loads(self.server.stdout.read(length))


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    found = re.search(r"^pyright_version=(\S+)$", INSTALLER.read_text(), re.MULTILINE)
    assert found is not None
    folder = consumers.tools() / f"pyright-{found[1]}"
    node = shutil.which("node")
    if node is None or not (folder / "complete").exists():
        pytest.skip("there is no pyright: run make servers")
    program = folder / "node_modules/pyright/langserver.index.js"
    with subprocess.Popen(
        [node, program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        started = Editor(server)
        root = PROJECT.as_uri()
        folders = [{"uri": root, "name": "project"}]
        started.ask(
            "initialize", processId=None, rootUri=root, capabilities={}, workspaceFolders=folders
        )
        started.tell(method="initialized", params={})
        yield started
        server.kill()


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("assets(subj", {"subject_id="}),
        ("quality_control('1', stat", {"status=", "status_timestamp=", "status_evaluator="}),
        ("asset_basics(li", {"limit=", "lists="}),
        ("tabl", {"table_info"}),
    ],
)
def test_names_complete_in_editors(editor: Editor, call: str, names: set[str]) -> None:
    line = f"biodata_cache.{call}"
    document = {"uri": f"{PROJECT.as_uri()}/unsaved_{editor.last_id}.py", "languageId": "python"}
    text = f"import biodata_cache\n{line}"
    opened = {"textDocument": {**document, "version": 1, "text": text}}
    editor.tell(method="textDocument/didOpen", params=opened)
    position = {"line": 1, "character": len(line)}
    answer = editor.ask("textDocument/completion", textDocument=document, position=position)
    assert names <= {item["label"] for item in answer["items"]}
