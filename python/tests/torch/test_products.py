"""Matrix products, attention and convolutions, against PyTorch."""

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from conftest import check, check_all  # noqa: E402

R = torch.randn
attention = F.scaled_dot_product_attention


def test_matrix_products():
    cases = {}
    for m, k, n in [(5, 7, 9), (1, 7, 9), (5, 7, 1), (1, 1, 1), (5, 1, 6), (33, 64, 48)]:
        cases[f"{m} {k} {n}"] = (torch.mm, R(m, k), R(k, n))
    cases |= {
        "nothing": (torch.mm, R(3, 0), R(0, 4)),
        "no rows": (torch.mm, R(0, 3), R(3, 4)),
        "integers": (torch.mm, torch.randint(-5, 5, (4, 6)), torch.randint(-5, 5, (6, 3))),
        "f64": (torch.mm, R(5, 7).double(), R(7, 9).double()),
        "transposed": (lambda x, y: x.t() @ y.t(), R(7, 5), R(9, 7)),
        "addmm": (torch.addmm, R(9), R(5, 7), R(7, 9)),
        "scaled": (
            lambda b, x, y: torch.addmm(b, x, y, alpha=2, beta=0.5),
            R(5, 9),
            R(5, 7),
            R(7, 9),
        ),
        "bmm": (torch.bmm, R(3, 5, 7), R(3, 7, 9)),
        "bmm of one": (torch.bmm, R(1, 5, 7), R(1, 7, 1)),
        "baddbmm": (torch.baddbmm, R(3, 5, 9), R(3, 5, 7), R(3, 7, 9)),
        "rank 4": (torch.matmul, R(2, 3, 5, 7), R(2, 3, 7, 9)),
        "broadcast": (torch.matmul, R(2, 3, 5, 7), R(3, 7, 9)),
        "rank 3 by 2": (torch.matmul, R(2, 5, 7), R(7, 9)),
        "vectors": (lambda x, v: (x @ v, v @ x.t(), v @ v), R(5, 7), R(7)),
        "outer": (torch.outer, R(5), R(7)),
        "heads": (
            lambda q, k: q.transpose(1, 2) @ k.permute(0, 2, 3, 1),
            R(2, 5, 3, 8),
            R(2, 6, 3, 8),
        ),
        "einsum": (
            lambda x, y: torch.einsum("bhid,bhjd->bhij", x, y),
            R(2, 3, 5, 7),
            R(2, 3, 6, 7),
        ),
        "broadcast zeros": (lambda y: torch.zeros(2, 7) @ y, R(7, 9)),
    }
    check_all(cases)


def test_linear():
    check_all(
        {
            "rank 3": (F.linear, R(2, 3, 7), R(5, 7), R(5)),
            "rank 1": (F.linear, R(7), R(5, 7)),
            "no bias": (F.linear, R(1, 40), R(24, 40)),
            "of a transpose": (lambda x, w: F.linear(x.transpose(0, 1), w), R(4, 3, 7), R(5, 7)),
        }
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_products_of_16_bits(dtype):
    """Sums are of f32, and rounded once: within one and a half roundings of the exact result."""
    x, w, b = R(6, 64).to(dtype), R(24, 64).to(dtype), R(24).to(dtype)
    compiled = check_shape(lambda x, w, b: F.linear(x, w, b), x, w, b)
    exact = F.linear(x.double(), w.double(), b.double())
    error = (compiled.double() - exact).abs()
    assert (error <= 0.75 * torch.finfo(dtype).eps * exact.abs() + 1e-5).all()


def check_shape(function, *args):
    import zq
    from conftest import Lambda

    return zq.compile_module(Lambda(function), args)(*args)


def operands(h, g, m, n, d, width=None):
    return R(2, h, m, d), R(2, g, n, d), R(2, g, n, width or d)


def test_attention():
    def masks(*shape):
        return torch.randint(0, 2, shape).bool()

    check_all(
        {
            "plain": (attention, *operands(3, 3, 5, 7, 8)),
            "one": (attention, *operands(1, 1, 1, 1, 1)),
            "rank 3": (attention, R(2, 5, 8), R(2, 6, 8), R(2, 6, 8)),
            "wider values": (attention, *operands(3, 3, 5, 7, 8, 4)),
            "long": (attention, *operands(2, 2, 33, 65, 32)),
            "causal": (
                lambda q, k, v: attention(q, k, v, is_causal=True),
                *operands(3, 3, 5, 5, 8),
            ),
            "causal, more queries": (
                lambda q, k, v: attention(q, k, v, is_causal=True),
                *operands(3, 3, 7, 4, 8),
            ),
            "mask": (attention, *operands(3, 3, 5, 7, 8), masks(2, 1, 5, 7)),
            "added mask": (attention, *operands(3, 3, 5, 7, 8), R(5, 7)),
            "groups": (
                lambda q, k, v: attention(q, k, v, enable_gqa=True),
                *operands(6, 2, 5, 7, 8),
            ),
            "groups, mask": (
                lambda q, k, v, m: attention(q, k, v, m, scale=0.3, enable_gqa=True),
                *operands(6, 2, 5, 7, 8),
                masks(2, 6, 5, 7),
            ),
            "groups, one mask": (
                lambda q, k, v, m: attention(q, k, v, m, enable_gqa=True),
                *operands(6, 2, 5, 7, 8),
                masks(2, 1, 5, 7),
            ),
            "all is masked": (attention, *operands(3, 3, 2, 7, 8), torch.zeros(2, 7).bool()),
        }
    )


def test_attention_of_bf16():
    q, k, v = (t.bfloat16() for t in operands(3, 3, 5, 7, 8))
    got = check_shape(attention, q, k, v)
    exact = attention(q.double(), k.double(), v.double())
    assert got.dtype == torch.bfloat16
    # Ours rounds once; PyTorch's rounds the weights as well.
    assert ((got.double() - exact).abs() <= 0.75 * 2**-7 * exact.abs() + 1e-5).all()


def test_convolutions():
    check_all(
        {
            "patches": (
                lambda x, w, b: F.conv2d(x, w, b, stride=4),
                R(2, 3, 16, 16),
                R(10, 3, 4, 4),
                R(10),
            ),
            "patches and a rest": (
                lambda x, w: F.conv2d(x, w, stride=(4, 3)).flatten(2).transpose(1, 2) * 2,
                R(2, 3, 15, 17),
                R(10, 3, 4, 3),
            ),
            "padded": (
                lambda x, w, b: F.conv2d(x, w, b, padding=1),
                R(1, 3, 9, 7),
                R(5, 3, 3, 3),
                R(5),
            ),
            "dilated": (
                lambda x, w: F.conv2d(x, w, dilation=2, stride=(1, 2)),
                R(1, 3, 9, 9),
                R(5, 3, 3, 3),
            ),
            "one dimension": (lambda x, w: F.conv1d(x, w, padding=2), R(1, 3, 9), R(5, 3, 5)),
            "no batch": (F.conv2d, R(3, 9, 9), R(5, 3, 3, 3)),
        }
    )


def test_groups_of_channels_are_left_to_pytorch():
    check(
        lambda x, w: F.conv2d(x, w, groups=4) * 2,
        R(1, 4, 9, 9),
        R(4, 1, 3, 3),
        remarks=["aten.conv2d.default runs in PyTorch: a convolution of groups of channels"],
    )
