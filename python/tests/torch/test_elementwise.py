"""Arithmetic, comparisons, casts and functions of single elements, against PyTorch."""

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from conftest import check, check_all  # noqa: E402

R = torch.randn
NAN, INF = float("nan"), float("inf")


def integers(low, high, *shape):
    return torch.randint(low, high, shape)


# Shapes of both operands: equal, broadcast, of one element, without any.
PAIRS = [
    ((3, 37), (3, 37)),
    ((3, 1, 5), (4, 1)),
    ((), (2, 3)),
    ((1,), (1,)),
    ((), ()),
    ((0, 4), (4,)),
    ((17,), (2, 1, 17)),
    ((2, 3, 4, 5), (3, 1, 5)),
    ((1, 1), (3, 1, 1)),
]


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "maximum", "minimum"])
def test_binary(name):
    f = getattr(torch, name)
    cases = {f"{name} {a} {b}": (f, R(a), R(b)) for a, b in PAIRS}
    cases["integers"] = (f, integers(-9, 9, 4, 5), integers(1, 9, 4, 5))
    for dtype in (torch.bfloat16, torch.float16, torch.float64, torch.int32, torch.int8):
        x, y = integers(-60, 60, 3, 20), integers(1, 60, 20)
        cases[f"{dtype}"] = (f, x.to(dtype), y.to(dtype))
    if name not in ("maximum", "minimum"):
        cases["mixed"] = (f, integers(-9, 9, 4, 5), R(5))
        cases["mixed floats"] = (f, R(4, 5).bfloat16(), R(5))
        cases["number"] = (lambda x: f(x, 2.5), R(2, 3))
        cases["number to integers"] = (lambda x: f(x, 2.5), integers(-9, 9, 5))
    else:
        cases["NaN"] = (f, torch.tensor([NAN, -1.0, 2.0] * 8), R(24))
    check_all(cases)


def test_scaled_sums():
    check_all(
        {
            "alpha": (lambda x, y: torch.add(x, y, alpha=2), R(2, 3), R(3)),
            "sub alpha": (lambda x, y: torch.sub(x, y, alpha=0.5), R(2, 3), R(3)),
            "rsub": (lambda x: 1 - x, R(2, 3)),
            "addcmul": (lambda x, y, z: torch.addcmul(x, y, z, value=0.5), R(5), R(5), R(5)),
            "lerp": (lambda x, y: torch.lerp(x, y, 0.7), R(5), R(5)),
            "lerp tensor": (torch.lerp, R(5), R(5), torch.rand(5)),
        }
    )


def test_divisions():
    x, y, n = R(5, 20) * 10, R(20), integers(-20, 20, 41)
    cases = {
        "remainder": (torch.remainder, x, y),
        "fmod": (torch.fmod, x, y),
        "integer remainder": (lambda x: (x % 5, x % -5, torch.fmod(x, 5)), n),
        "integer floor": (lambda x: (x // 3, x // -3), n),
        "float floor": (lambda x: (x // 3.0, x // -0.1), x),
        "bytes": (lambda x: (x // 3, x % 7, x * 2, x > 200, x.float()), n.to(torch.uint8)),
    }
    for mode in ("floor", "trunc"):
        cases[mode] = (lambda x, y, mode=mode: torch.div(x, y, rounding_mode=mode), x, y)
        cases[f"integer {mode}"] = (lambda x, mode=mode: torch.div(x, 3, rounding_mode=mode), n)
    check_all(cases)


def test_powers():
    x = R(40).abs() + 0.1
    cases = {f"{e}": (lambda x, e=e: x**e, x) for e in (2, 3, 0.5, -0.5, -1, -2, 1.7, 0, 1)}
    cases["tensor"] = (torch.pow, x, R(40))
    cases["of a number"] = (lambda x: 2.0**x, R(40))
    cases["integers"] = (lambda x: x**3, integers(-5, 5, 40))
    check_all(cases)


def test_comparisons_and_logic():
    x, y, n = integers(0, 3, 40).float(), integers(0, 3, 40).float(), integers(0, 3, 40)
    b, c = integers(0, 2, 3, 1).bool(), integers(0, 2, 4).bool()
    cases = {}
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        f = getattr(torch, name)
        cases[name] = (f, x, y)
        cases[f"{name} number"] = (f, n, 1)
        cases[f"{name} NaN"] = (f, torch.tensor([NAN, 1.0, INF] * 8), torch.tensor(1.0))
        cases[f"{name} bytes"] = (f, integers(0, 256, 40).to(torch.uint8), 128)
    cases |= {
        "logical": (
            lambda x, y: (x.logical_and(y), x.logical_or(y), x.logical_xor(y), ~x),
            b,
            c,
        ),
        "not of numbers": (torch.logical_not, n),
        "bitwise": (lambda x, y: (x & y, x | y, x ^ y, ~x), integers(0, 99, 40), n),
        "of booleans": (lambda x, y: (x & y, x | y, x ^ y, x + y, x * y), b, c),
    }
    check_all(cases)


def test_choices():
    mask, x = integers(0, 2, 3, 40).bool(), R(40)
    check_all(
        {
            "where": (torch.where, mask, x, R(3, 1)),
            "number": (lambda c, x: torch.where(c, x, -1e9), mask, x),
            "two numbers": (lambda c: torch.where(c, 1.0, 0.0), mask),
            "mixed": (lambda c, x: torch.where(c, x, 2), mask, integers(0, 5, 40)),
            "masked_fill": (lambda x, m: x.masked_fill(m, -INF), R(3, 40), mask),
            "clamp": (lambda x: (x.clamp(-0.5, 0.5), x.clamp(min=0), x.clamp(max=1)), x),
            "clamp integers": (lambda x: x.clamp(min=0), integers(-5, 5, 40)),
            "clamp tensors": (torch.clamp, x, R(40)),
            "NaN": (lambda x: (x.clamp(0, 1), x.relu()), torch.tensor([NAN, -1.0, 2.0] * 8)),
        }
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_functions(dtype):
    names = "exp expm1 sin cos tan tanh erf sigmoid neg abs relu sign square floor ceil trunc round"
    positive = "sqrt rsqrt log log2 log10 log1p reciprocal exp2"
    cases = {n: (getattr(torch, n), R(3, 37).to(dtype)) for n in names.split()}
    cases |= {n: (getattr(torch, n), (R(3, 37).abs() + 0.1).to(dtype)) for n in positive.split()}
    for f in (F.gelu, F.silu, F.softplus, F.mish, F.elu, F.hardswish, F.leaky_relu, F.relu6):
        cases[f.__name__] = (f, (R(3, 37) * 3).to(dtype))
    cases["gelu tanh"] = (lambda x: F.gelu(x, approximate="tanh"), (R(3, 37) * 3).to(dtype))
    cases["hardtanh"] = (F.hardtanh, R(37).to(dtype))
    check_all(cases)


def test_functions_of_integers():
    n = integers(-5, 5, 33)
    names = "exp sin tanh sigmoid neg abs sign square floor round relu"
    check_all({name: (getattr(torch, name), n) for name in names.split()})


def test_special_values():
    x = torch.tensor([NAN, INF, -INF, 0.0, -0.0, 1e-40, -1e38, 88.8, -104.0, 700.0] * 5)
    names = "exp tanh sigmoid erf relu abs neg isnan isinf sign floor sqrt rsqrt reciprocal"
    cases = {name: (getattr(torch, name), x) for name in names.split()}
    cases |= {"silu": (F.silu, x[torch.isfinite(x)]), "nan_to_num": (torch.nan_to_num, x)}
    cases["log"] = (torch.log, x)
    cases["isnan of integers"] = (torch.isnan, integers(0, 3, 4))
    check_all(cases)


DTYPES = [
    torch.float32,
    torch.bfloat16,
    torch.float16,
    torch.float64,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


@pytest.mark.parametrize("source", DTYPES, ids=str)
def test_casts(source):
    x = integers(0, 2, 33) if source == torch.bool else integers(0, 120, 33)
    if source.is_floating_point:
        x = x / 7
    elif source not in (torch.bool, torch.uint8):
        x = x - 60
    x = x.to(source)
    check_all({str(target): (lambda x, t=target: x.to(t), x) for target in DTYPES})


def test_rounds_after_each_operation():
    """In bf16 the sum is rounded before the product, as PyTorch does it."""
    x = (R(1000) * 100).bfloat16()
    check(lambda x: (x + 0.3) * 1.7 - x, x)


def test_division_by_what_data_decides_is_left_to_pytorch():
    x, y = integers(-9, 9, 20), integers(1, 5, 20)
    check(lambda x, y: x // y + 1, x, y, remarks=["aten.floor_divide.default runs in PyTorch"])
