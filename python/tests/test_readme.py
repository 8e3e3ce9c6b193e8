"""The README's Python example works as printed."""

import doctest
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_example(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 9
    assert result.failed == 0
