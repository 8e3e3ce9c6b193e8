"""What the tests of reports share: a parser of pages, and a browser."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import zq

VOID = {"meta", "input", "br", "wbr", "link", "img"}


@dataclass
class Node:
    """An element as a parser of HTML sees it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def all(self, tag: str, **attributes: str) -> list[Node]:
        """The elements below with this tag and these attributes, in order."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                wanted = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items()}
                if child.tag == tag and wanted.items() <= child.attributes.items():
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str) -> Node:
        (found,) = self.all(tag, **attributes)
        return found


class Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag, attributes):
        node = Node(tag, {key: value or "" for key, value in attributes})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(text: str) -> Node:
    builder = Builder()
    builder.feed(text)
    builder.close()
    assert len(builder.open) == 1, f"<{builder.open[-1].tag}> is not closed"
    return builder.root


def layer_rows(page: Node) -> list[dict[str, Node]]:
    """The rows of the table of layers, by the columns' keys."""
    table = page.one("section", id="layers").all("table")[0]
    keys = [head.attributes["data-key"] for head in table.all("thead")[0].all("th")]
    rows = []
    for body in (c for c in table.children if isinstance(c, Node) and c.tag == "tbody"):
        cells = [c for c in body.children[0].children if isinstance(c, Node)]
        rows.append(dict(zip(keys, cells, strict=True)) | {"body": body})
    return rows


@pytest.fixture
def gaussian():
    def make(*shape: int, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)

    return make


@pytest.fixture
def write(tmp_path):
    """Writes a report and parses it."""

    def make(model, **options) -> Node:
        path = zq.report(model, tmp_path / "report.html", **options)
        return parse(path.read_text(encoding="utf-8"))

    return make


@pytest.fixture
def browse(tmp_path):
    """What a page looks like once its script ran, and what it wrote to the console."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium to show the page (Debian's package chromium)")

    def show(path: Path, fragment: str = "") -> tuple[Node, list[str]]:
        command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ]
        command += [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr"]
        command += ["--virtual-time-budget=2000", "--dump-dom", path.as_uri() + fragment]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return parse(done.stdout), console

    return show
