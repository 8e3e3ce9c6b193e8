"""What docs/python-files.md shows does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from zq import cli

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"```(python|console)\n(.*?)```", re.S)


@pytest.fixture
def blocks(tmp_path, monkeypatch) -> list[tuple[str, str]]:
    """The document's blocks in their order; examples/ is there as in a clone."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZQ_CACHE_DIR", str(tmp_path / ".cache"))
    monkeypatch.delenv("COLUMNS", raising=False)
    return BLOCK.findall((ROOT / "docs" / "python-files.md").read_text())


def test_code_and_commands(blocks, capsys):
    names: dict[str, object] = {}
    for kind, text in blocks:
        capsys.readouterr()
        if kind == "python":
            exec(compile(text, "docs/python-files.md", "exec"), names)
            said = [line.rpartition("  # ")[2] for line in text.splitlines() if "print(" in line]
            assert capsys.readouterr().out.splitlines() == said
            continue
        for command, _, output in re.findall(
            r"\$ (python -m zq .*)\n((?!\$))((?:[^$].*\n|\n)*)", text
        ):
            assert cli._run(shlex.split(command)[3:]) == 0
            printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
            # Times differ from run to run, and are not shown.
            if output:
                assert printed == output.splitlines()
    tensor = names["zq"].load("small.safetensors")["w1"]
    retyped = names["without_last_rounding"](tensor)
    assert retyped.dtype == "float32"


def test_every_format_of_gguf_is_named(blocks):
    from zq.files.gguf_blocks import FORMATS

    text = (ROOT / "docs" / "python-files.md").read_text()
    for name in FORMATS:
        assert re.search(rf"\b{name}\b", text), name
