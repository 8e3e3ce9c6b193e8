"""Comparison of compiled modules with PyTorch itself.

Tolerances are those of torch.testing for the dtype (for f32: 1.3e-6 relative, 1e-5 absolute).
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import zq  # noqa: E402


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
    torch._dynamo.reset()


class Lambda(torch.nn.Module):
    """A module of a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


class Many(torch.nn.Module):
    """A module of many functions, each with arguments of its own."""

    def __init__(self, functions):
        super().__init__()
        self.functions = functions

    def forward(self, *args):
        return [function(*given) for function, given in zip(self.functions, args, strict=True)]


def check(function, *args, remarks=(), **options):
    """Compiles a function or module, compares it with PyTorch, and returns what was compiled."""
    module = function if isinstance(function, torch.nn.Module) else Lambda(function)
    module = module.eval()
    with torch.no_grad():
        want = module(*args)
    compiled = zq.compile_module(module, args, **options)
    got = compiled(*args)
    torch.testing.assert_close(got, want, equal_nan=True)
    assert len(compiled.remarks) >= len(remarks), compiled.remarks
    for remark, text in zip(compiled.remarks, remarks, strict=False):
        assert text in remark
    return compiled


def check_all(cases):
    """Compiles all of {name: (function, *args)} as one program, without a call of PyTorch."""
    module = Many([case[0] for case in cases.values()]).eval()
    args = tuple(tuple(case[1:]) for case in cases.values())
    with torch.no_grad():
        want = module(*args)
    compiled = zq.compile_module(module, args)
    assert not compiled._capture_remarks
    for name, a, b in zip(cases, compiled(*args), want, strict=True):
        torch.testing.assert_close(
            a, b, equal_nan=True, msg=lambda text, name=name: f"{name}: {text}"
        )
