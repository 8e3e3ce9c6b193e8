"""Views, slices, indices and tensors made of nothing, against PyTorch."""

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
import zq  # noqa: E402
from conftest import Lambda, check, check_all  # noqa: E402

R = torch.randn


def integers(low, high, *shape):
    return torch.randint(low, high, shape)


# Of a tensor of shape 2, 3, 4, 5: a permutation, and a shape after it.
REGROUPED = [
    ((0, 3, 1, 2), (2, 5, 12)),
    ((2, 3, 0, 1), (20, 6)),
    ((2, 3, 0, 1), (4, 5, 2, 3, 1)),
    ((1, 0, 2, 3), (3, 2, 20)),
    ((3, 0, 1, 2), (5, 2, 3, 2, 2)),
    ((1, 0, 3, 2), (6, 20)),
    ((3, 0, 1, 2), (5, 24)),
    ((0, 2, 1, 3), (2, 2, 2, 15)),
]


def test_views():
    x = R(2, 3, 4)
    check_all(
        {
            "view": (lambda x: x.view(6, 4) + 1, x),
            "other view": (lambda x: x.view(4, 6) * x.reshape(-1)[:6], x),
            "permute": (lambda x: x.permute(2, 0, 1), x),
            "permute and add": (lambda x: x.permute(2, 0, 1) + x.reshape(4, 2, 3), x),
            "transpose": (lambda x: x.transpose(0, 1).reshape(3, 8) * 2, x),
            "expand": (lambda x: x[:, :1].expand(2, 5, 4).reshape(10, 4), x),
            "expand of a permute": (lambda x: x[:1].permute(1, 0, 2).expand(3, 6, 4) + 1, x),
            "units": (
                lambda x: x.unsqueeze(1).squeeze(1)[:, None] * x[None].squeeze(0)[:, None],
                x,
            ),
            "merged after a permute": (
                lambda x: [x.permute(p).reshape(s) + 1 for p, s in REGROUPED],
                R(2, 3, 4, 5),
            ),
            "split after a permute": (lambda x: x.t().reshape(2, 3, 4) * 2, R(4, 6)),
            "merged after an expand": (
                lambda x: x.permute(1, 2, 0)[:, None].expand(3, 6, 4, 2).reshape(18, 8) + 1,
                x,
            ),
            "split broadcast": (lambda x: x[:, None].expand(4, 6).reshape(4, 2, 3) + 1, R(4)),
            "flatten": (lambda x: x.flatten(1).unflatten(1, (2, 6)), x),
            "t": (lambda x: x.t().contiguous().t() + 1, R(3, 5)),
            "scalar": (lambda x: x * 2 + 1, R(())),
            "to a scalar": (lambda x: x.reshape(()) + 1, R(1, 1)),
            "heads": (
                lambda x: x.view(2, 5, 4, 8).transpose(1, 2).reshape(8, 5, 8).transpose(1, 2),
                R(2, 5, 32),
            ),
            "nothing": (lambda x: x.view(4, 0, 2).permute(1, 2, 0) + 1, R(0, 4)),
            "an input itself": (lambda x: (x, x + 1, x), R(3)),
        }
    )


def test_slices():
    x = R(2, 3, 4)
    check_all(
        {
            "plain": (lambda x: x[:, 1:, ::2], x),
            "computed": (lambda x: (x * 2)[:, 1:, ::2] + 1, x),
            "of a transpose": (lambda x: x.transpose(0, 2)[1:3, :, 0] * 2, x),
            "of a broadcast": (lambda x: x[:, :1].expand(2, 5, 4)[:, 2:4] + 1, x),
            "select": (lambda x: x[:, -1] + x[0, 0], x),
            "beyond": (lambda x: (x[:, 5:], x[:, :9], x[:, -2:-1]), x),
            "split": (lambda x: [a * 2 for a in x.split(3, 1)], R(2, 7, 4)),
            "sizes": (lambda x: x.split([1, 4, 2], 1), R(2, 7)),
            "chunk": (lambda x: x.chunk(3, -1)[1], R(2, 9)),
            "unbind": (lambda x: x.unbind(1), x),
            "qkv": (
                lambda x: [a.view(2, 3, 2, 4).transpose(1, 2) for a in x.chunk(3, -1)],
                R(2, 3, 24),
            ),
        }
    )


def test_tensors_put_together():
    x = R(2, 3, 4)
    check_all(
        {
            "cat": (lambda x, y: torch.cat([x, y], 1), x, R(2, 5, 4)),
            "computed": (lambda x: torch.cat([x, -x], -1) * 2, x),
            "with nothing": (lambda x: torch.cat([x, torch.zeros(0)], 0), R(3)),
            "nothing": (lambda x: torch.cat([x, x]), R(0, 4)),
            "dtypes": (lambda x, y: torch.cat([x, y]), R(3), integers(0, 5, 3)),
            "stack": (lambda x: (torch.stack([x, x + 1], 1), torch.stack([x, x], -1)), x),
            "rotary": (lambda x: torch.cat([-x[..., 8:], x[..., :8]], -1) * x, R(2, 3, 5, 16)),
            "repeat": (lambda x: (x.repeat(2, 1, 3), x.repeat(2, 1, 1, 1)), x),
            "repeat_interleave": (lambda x: x.repeat_interleave(2, dim=1), x),
            "pad": (lambda x: F.pad(x, (1, 2, 0, 1), value=3.0), x),
            "flip": (lambda x: x.flip(0, 2), x),
            "roll": (lambda x: x.roll(1, 1), x),
            "slice_scatter": (
                lambda x, y: torch.slice_scatter(x, y, 1, 1, 3),
                R(2, 5, 4),
                R(2, 2, 4),
            ),
            "select_scatter": (lambda x, y: torch.select_scatter(x, y, 1, -1), R(2, 5, 4), R(2, 4)),
        }
    )


def test_indices():
    check_all(
        {
            "embedding": (F.embedding, integers(0, 9, 2, 5), R(9, 12)),
            "one token": (F.embedding, torch.tensor(3), R(9, 12)),
            "i32": (F.embedding, integers(0, 9, 2, 5).int(), R(9, 12)),
            "index_select": (lambda x, i: x.index_select(1, i), R(3, 7, 4), integers(0, 7, 5)),
            "gather": (lambda x, i: x.gather(1, i), R(3, 7, 4), integers(0, 7, 3, 2, 4)),
            "rows": (lambda x, i: x[i], R(7, 4), integers(-7, 7, 3, 2)),
            "pairs": (lambda x, i, j: x[i, j], R(7, 4, 3), integers(0, 7, 5), integers(0, 4, 5)),
            "apart": (lambda x, i, j: x[i, :, j], R(7, 4, 3), integers(0, 7, 5), integers(0, 3, 5)),
            "apart, later": (
                lambda x, i, j: x[:, i, :, j],
                R(2, 7, 4, 3),
                integers(0, 7, 5),
                integers(0, 3, 5),
            ),
            "later": (lambda x, j: x[:, j], R(7, 4, 3), integers(0, 4, 5)),
            "broadcast": (
                lambda x, i, j: x[i, j],
                R(7, 4, 3),
                integers(0, 7, 5, 1),
                integers(0, 4, 2),
            ),
            "diagonal": (lambda x, j: x[torch.arange(7), j], R(7, 4), integers(0, 4, 7)),
            "nothing": (lambda x, i: x[i], R(7, 4), integers(0, 7, 0)),
            "booleans": (lambda x, i: x[i], integers(0, 2, 7).bool(), integers(0, 7, 5)),
        }
    )


def test_writes():
    i = torch.tensor([3, 1])
    check_all(
        {
            "index_copy": (lambda x, i, s: x.index_copy(1, i, s), R(2, 7, 4), i, R(2, 2, 4)),
            "last wins": (
                lambda x, i, s: x.index_copy(0, i, s),
                R(7, 4),
                torch.tensor([3, 3]),
                R(2, 4),
            ),
            "cache": (
                lambda x, i, s: x.index_copy(2, i, s),
                R(1, 2, 16, 8),
                torch.tensor([5]),
                R(1, 2, 1, 8),
            ),
            "index_put": (lambda x, s: _put(x, s), R(2, 7, 4), R(2, 2, 4)),
            "a number": (
                lambda x, i: x.index_put((i,), torch.tensor(2.0)),
                R(7, 4),
                torch.tensor([3, -1]),
            ),
            "a mask": (
                lambda x, m: x.index_put((m,), torch.tensor(2.0)),
                R(7, 4),
                integers(0, 2, 7).bool(),
            ),
        }
    )


def _put(x, values):
    x = x.clone()
    x[:, torch.tensor([3, -1])] = values
    return x


def test_tensors_of_nothing():
    check_all(
        {
            "arange": (lambda x: x + torch.arange(5), R(5)),
            "steps": (lambda x: x + torch.arange(0.5, 3, 0.5), R(5)),
            "full": (lambda x: x + torch.full((2, 3), 4.0), R(3)),
            "zeros": (lambda x: torch.zeros(3, dtype=torch.int32) + x, integers(0, 3, 3)),
            "ones": (lambda x: torch.ones_like(x).cumsum(0), R(5)),
            "only": (lambda x: torch.arange(3), R(5)),
            "triu": (lambda x: (torch.triu(x, 1), torch.triu(x, -1)), R(4, 5)),
            "tril": (lambda x: x.tril(-1), R(2, 4, 5)),
            "mask": (lambda x: x + torch.full((5, 5), float("-inf")).triu(1), R(5, 5)),
            "causal": (lambda x: torch.ones(5, 5, dtype=torch.bool).tril() & (x > 0), R(5, 5)),
            "eye": (lambda x: x @ torch.eye(5), R(5, 5)),
        }
    )


@pytest.mark.parametrize(
    "function, limit",
    [
        (lambda x, i: F.embedding(i, x), 7),
        (lambda x, i: x[i], 7),
        (lambda x, i: x[i + 1 - 1], 7),
        (lambda x, i: x.index_select(0, i), 7),
        (lambda x, i: x.index_copy(0, i, x[:2]), 7),
    ],
)
def test_indices_outside_are_errors(function, limit):
    x = R(limit, 4)
    compiled = zq.compile_module(Lambda(function), (x, torch.tensor([0, 1])))
    compiled(x, torch.tensor([limit - 1, 0]))
    for index in (limit, 2**40, -limit - 1):
        with pytest.raises(IndexError, match="out of range"):
            compiled(x, torch.tensor([0, index]))


def test_a_mask_as_an_index_is_left_to_pytorch():
    check(
        lambda x: (x * 2)[x > 0].sum() + x.mean(),
        R(3, 8),
        remarks=["aten.index.Tensor runs in PyTorch: its shape is up to data"],
    )
