"""Sums, means, extremes, norms, softmax, against PyTorch."""

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from conftest import check, check_all  # noqa: E402

R = torch.randn
INF = float("inf")


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "prod"])
def test_reduction(name):
    f = getattr(torch, name)
    cases = {
        "all": (lambda x: f(x), R(4, 5)),
        "last": (lambda x: f(x, 1), R(4, 37)),
        "first": (lambda x: f(x, 0), R(4, 37)),
        "middle": (lambda x: f(x, 1), R(2, 5, 7)),
        "kept": (lambda x: f(x, dim=-1, keepdim=True) * x, R(2, 4, 37)),
        "one element": (lambda x: f(x, 0), R(1)),
        "of one": (lambda x: f(x, 1), R(7, 1)),
        "transposed": (lambda x: f(x.transpose(0, 1), 0), R(5, 19)),
        "broadcast": (lambda x: f(x.expand(3, 5, 4), 1), R(3, 1, 4)),
    }
    if name != "prod":
        cases["two"] = (lambda x: f(x, (0, 2)), R(4, 5, 6))
        cases["bf16"] = (lambda x: f(x, 1), R(4, 37).bfloat16())
    if name in ("sum", "prod"):
        cases["nothing"] = (lambda x: f(x, 1), R(3, 0))
        cases["of nothing"] = (lambda x: f(x, 0), R(0, 4))
    if name != "mean":
        cases["integers"] = (lambda x: f(x, 1), torch.randint(-9, 9, (4, 5)))
        cases["booleans"] = (lambda x: f(x, -1), torch.randint(0, 2, (4, 5)).bool())
    check_all(cases)


def test_extremes_and_places():
    x = torch.randint(0, 9, (4, 500)).float()
    nan = torch.tensor([1.0, float("nan"), 2.0])
    check_all(
        {
            "max": (lambda x: (x.max(), x.min()), R(4, 5)),
            "with places": (lambda x: (x.max(1), x.min(0)), x),
            "argmax": (lambda x: (x.argmax(-1), x.argmax(), x.argmin(0)), x),
            "argmax kept": (lambda x: x.argmax(1, keepdim=True), R(3, 5, 2)),
            "argmax of NaN": (lambda x: (x.argmax(), x.max(), x.argmin()), nan),
            "any, all": (
                lambda x: (x.any(), x.any(1), x.all(0), x.all()),
                torch.randint(0, 2, (4, 5)).bool(),
            ),
            "any of numbers": (lambda x: (x.any(1), x.all(1)), torch.randint(0, 2, (4, 5))),
        }
    )


def test_variance_and_norms():
    x = R(4, 37)
    check_all(
        {
            "var": (lambda x: (x.var(-1), x.var(0, unbiased=False), x.std(1)), x),
            "var_mean": (lambda x: torch.var_mean(x, (0, 1)), x),
            "far from zero": (lambda x: x.var(-1), x + 1000),
            "normalize": (lambda x: F.normalize(x, dim=-1), x),
            "norms": (lambda x: (x.norm(dim=1), x.norm(1, dim=0), x.norm(INF, dim=1)), x),
            "logsumexp": (lambda x: x.logsumexp(-1), x * 50),
        }
    )


@pytest.mark.parametrize("shape", [(3, 40), (70, 3), (2, 5, 3), (1,), (16, 17)])
def test_cumsum(shape):
    cases = {f"{d}": (lambda x, d=d: x.cumsum(d), R(shape)) for d in range(len(shape))}
    cases["integers"] = (lambda x: x.cumsum(-1), torch.randint(0, 3, shape))
    cases["booleans"] = (lambda x: x.cumsum(0), torch.randint(0, 2, shape).bool())
    check_all(cases)


@pytest.mark.parametrize("size", [1, 16, 37])
def test_softmax(size):
    x = R(2, 4, size) * 10
    hidden = x.masked_fill(torch.arange(size) > size // 2, -INF)
    check_all(
        {
            "last": (lambda x: x.softmax(-1), x),
            "middle": (lambda x: x.softmax(1), x),
            "masked": (lambda x: x.softmax(-1), hidden),
            "log": (lambda x: x.log_softmax(-1), x),
            "bf16": (lambda x: x.softmax(-1), x.bfloat16()),
            "in f32": (lambda x: F.softmax(x, -1, dtype=torch.float32), x.half()),
            "large": (lambda x: x.softmax(-1), x * 1e4),
        }
    )


@pytest.mark.parametrize("size", [1, 16, 37])
def test_norm_layers(size):
    x, w, b = R(2, 4, size), R(size), R(size)
    image, c = R(2, 4, 5, 5), R(4)
    half = tuple(t.bfloat16() for t in (x, w, b))
    check_all(
        {
            "layer": (lambda x, w, b: F.layer_norm(x, (size,), w, b), x, w, b),
            "plain": (lambda x: F.layer_norm(x, (4, size)), x),
            "bf16": (lambda x, w, b: F.layer_norm(x, (size,), w, b), *half),
            "RMS": (lambda x, w: F.rms_norm(x, (size,), w, 1e-6), x, w),
            "RMS bf16": (lambda x, w: F.rms_norm(x, (size,), w), *half[:2]),
            "group": (lambda x, w, b: F.group_norm(x, 2, w, b), image, c, c),
            "batch": (lambda x, v: F.batch_norm(x, v, v.abs(), v, v), image, c),
        }
    )


def test_largest_of_nothing_is_left_to_pytorch():
    compiled = check(lambda x: x.sum() + 1, R(0, 3))
    assert not compiled.remarks
    with pytest.raises(Exception, match="(?i)numel|dimension|reduc"):
        check(lambda x: x.amax(0), R(0, 3))
