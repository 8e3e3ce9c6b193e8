"""The examples of docs/python-torch.md, in order."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import zq  # noqa: E402

PAGE = Path(__file__).resolve().parents[3] / "docs" / "python-torch.md"


def test_examples_run(capsys):
    names = {}
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.S | re.M)
    assert len(examples) == 5
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    shown = capsys.readouterr().out
    assert "<zq.Tensor 1024x256xf32 as nvfp4" in shown
    assert "['aten.sort.default runs in PyTorch: there is no converter for it']" in shown
    assert "int8_row" in shown and "func.func @main" in shown
    assert isinstance(zq.torch.covered(), list)
