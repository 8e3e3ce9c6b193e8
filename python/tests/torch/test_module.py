"""Compiled modules: signatures, sizes, buffers, fallbacks, errors, threads."""

import re
import threading
from collections import namedtuple

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
import zq  # noqa: E402
from conftest import Lambda, check  # noqa: E402
from torch import nn  # noqa: E402
from torch.export import Dim  # noqa: E402

Pair = namedtuple("Pair", "first second")


def mlp():
    return nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 48)).eval()


def decoded(model, module):
    """A copy of a model with the values that the compressed weights stand for."""
    import copy

    copied = copy.deepcopy(model)
    for name, tensor in module.weights.items():
        parameter = copied.get_parameter(name)
        parameter.data = torch.from_numpy(tensor.decode()).reshape(parameter.shape)
    return copied


#
# Signatures
#


def test_structures_of_arguments_and_results():
    class Nested(nn.Module):
        def forward(self, d, pair, *, scale, flag=True):
            x = d["x"] * scale if flag else d["x"]
            return {"a": x + pair.first, "b": (pair.second, [x, 3, None])}

    args = ({"x": torch.randn(3)}, Pair(torch.randn(3), torch.randn(2)))
    module = zq.compile_module(Nested(), args, {"scale": torch.tensor(2.0)})
    want = Nested()(*args, scale=torch.tensor(3.0))
    got = module(*args, scale=torch.tensor(3.0))
    assert got["b"][1][1:] == [3, None]
    torch.testing.assert_close(got["a"], want["a"])
    torch.testing.assert_close(got["b"][0], want["b"][0])


def test_arguments_of_another_structure_are_errors():
    module = zq.compile_module(mlp(), (torch.randn(2, 64),))
    with pytest.raises(zq.Error, match="another structure"):
        module(torch.randn(2, 64), 3)
    with pytest.raises(zq.Error, match="expected torch.float32 of 2 dimensions"):
        module(torch.randn(2, 64).double())
    with pytest.raises(zq.Error, match="expected a tensor, got ndarray"):
        module(torch.randn(2, 64).numpy())
    with pytest.raises(zq.Error, match=r"dimension 0 is 3, and was captured as 2.*dynamic_shapes"):
        module(torch.randn(3, 64))
    with pytest.raises(zq.Error, match="needs a gradient"):
        module(torch.randn(2, 64, requires_grad=True))


def test_numbers_are_part_of_the_graph():
    module = zq.compile_module(Lambda(lambda x, n: x * n), (torch.ones(3), 4))
    assert module(torch.ones(3), 4).tolist() == [4, 4, 4]
    with pytest.raises(zq.Error, match="was captured as 4"):
        module(torch.ones(3), 5)


def test_what_is_no_module():
    with pytest.raises(TypeError, match="expected a torch.nn.Module"):
        zq.compile_module(lambda x: x, (torch.ones(3),))
    with pytest.raises(TypeError, match="a tuple of arguments"):
        zq.compile_module(mlp(), torch.randn(2, 64))


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.t().contiguous().t(),
        lambda x: x[:1].expand(4, 6),
        lambda x: torch.randn(8, 12)[::2, ::2],
        lambda x: x.flip(0),
    ],
)
def test_strides_of_arguments(make):
    module = zq.compile_module(Lambda(lambda x: x.t() + 1), (torch.randn(4, 6),))
    x = make(torch.randn(4, 6))
    torch.testing.assert_close(module(x), x.t() + 1)


#
# Sizes
#


def test_sizes_that_change():
    model = mlp()
    batch, length = Dim("batch", max=64), Dim("length", min=2)
    module = zq.compile_module(
        model, (torch.randn(2, 3, 64),), dynamic_shapes=({0: batch, 1: length},), codecs="int8_row"
    )
    reference = decoded(model, module)
    for shape in [(2, 3), (1, 9), (5, 2), (2, 3)]:
        x = torch.randn(*shape, 64)
        with torch.no_grad():
            torch.testing.assert_close(module(x), reference(x), rtol=1e-4, atol=1e-4)
    # One program for each combination of sizes.
    assert len(module.functions) == 3
    with pytest.raises(zq.Error, match="dimension 0 is 65, and has to be from"):
        module(torch.randn(65, 3, 64))
    with pytest.raises(zq.Error, match="dimension 1 is 1, and has to be from 2"):
        module(torch.randn(2, 1, 64))


@pytest.mark.parametrize("recode_weights", [False, True])
def test_any_number_of_rows(recode_weights):
    model = mlp()
    codec = "scale<1x32, f16>, quantize<si4>, register_rans<lanes = 64, rows = 4>"
    module = zq.compile_module(
        model,
        (torch.randn(4, 64),),
        dynamic_shapes=({0: Dim("rows")},),
        codecs=codec,
        recode_weights=recode_weights,
    )
    reference = decoded(model, module)
    for rows in (1, 3, 8, 17, 512):
        x = torch.randn(rows, 64)
        with torch.no_grad():
            torch.testing.assert_close(module(x), reference(x), rtol=1e-3, atol=1e-3)
    assert len(module.functions) == 1
    (function,) = module.functions
    assert all("tensor<?x" in text for _, text in function.results)


def test_two_sizes_that_are_one_of_a_matrix():
    model = mlp()
    shapes = ({0: Dim("batch"), 1: Dim("length", min=2)},)
    module = zq.compile_module(
        model, (torch.randn(2, 3, 64),), dynamic_shapes=shapes, codecs="int8_row"
    )
    assert any("two sizes that may change" in remark for remark in module.remarks)
    x = torch.randn(3, 5, 64)
    with torch.no_grad():
        torch.testing.assert_close(module(x), decoded(model, module)(x), rtol=1e-4, atol=1e-4)


def test_sizes_that_slices_may_not_exceed():
    table = torch.randn(7, 8)
    model = Lambda(lambda x: (x + table[: x.shape[0]], table[: x.shape[0]] * 2))
    module = zq.compile_module(
        model, (torch.randn(4, 8),), dynamic_shapes=(({0: Dim("n", max=7)},),)
    )
    for n in (2, 7):
        x = torch.randn(n, 8)
        torch.testing.assert_close(module(x), (x + table[:n], table[:n] * 2))


def test_sizes_that_depend_on_each_other():
    n = Dim("n", min=2)
    model = Lambda(lambda x, y: torch.cat([x, x]) + y)
    module = zq.compile_module(
        model, (torch.randn(4), torch.randn(8)), dynamic_shapes=(({0: n}, {0: 2 * n}),)
    )
    x, y = torch.randn(5), torch.randn(10)
    torch.testing.assert_close(module(x, y), torch.cat([x, x]) + y)
    with pytest.raises(zq.Error, match="has to be 2"):
        module(x, torch.randn(9))


def test_sizes_reach_the_values():
    """Positions, masks and means of a sequence whose length is not known when it is captured."""

    def function(x):
        n = x.shape[1]
        mask = torch.ones(n, n, dtype=torch.bool).tril()
        scores = (x @ x.transpose(1, 2)).masked_fill(~mask, float("-inf"))
        return scores.softmax(-1).sum(1) / n + torch.arange(n)

    module = zq.compile_module(
        Lambda(function), (torch.randn(2, 5, 8),), dynamic_shapes=(({1: Dim("n", min=2)},),)
    )
    for n in (5, 3, 17):
        x = torch.randn(2, n, 8)
        torch.testing.assert_close(module(x), function(x))


#
# Buffers
#


class Cache(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("rows", torch.zeros(2, 8, 4))
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))

    def forward(self, x):
        self.rows.index_copy_(1, self.count, x)
        self.count.add_(1)
        return self.rows.sum(1), self.count + 0


def test_buffers_are_written_to():
    model, reference = Cache(), Cache()
    module = zq.compile_module(model, (torch.ones(2, 1, 4),))
    for _ in range(3):
        x = torch.randn(2, 1, 4)
        torch.testing.assert_close(module(x), reference(x))
    # They are those of the model, and nothing of it was run before.
    torch.testing.assert_close(model.rows, reference.rows)
    assert model.count.item() == 3


def test_arguments_are_written_to():
    def function(x, y):
        x.add_(y)
        return x * 2

    module = zq.compile_module(Lambda(function), (torch.zeros(3), torch.ones(3)))
    x = torch.zeros(3)
    assert module(x, torch.ones(3)).tolist() == [2, 2, 2]
    assert x.tolist() == [1, 1, 1]


def test_tensors_that_are_no_buffers_cannot_be_written_to():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = [torch.zeros(3)]

        def forward(self, x):
            self.hidden[0].add_(x)
            return self.hidden[0] * 2

    with pytest.raises(zq.Error, match="none of its buffers"):
        zq.compile_module(Hidden(), (torch.ones(3),))


#
# What is left to PyTorch
#


def test_a_remark_names_operation_and_place():
    class Sorts(nn.Module):
        def forward(self, x):
            return torch.sort(x * 2)[0]

    model = nn.Sequential(nn.Linear(8, 8), Sorts(), nn.ReLU()).eval()
    module = check(model, torch.randn(3, 8))
    assert module.remarks[0] == (
        "1: aten.sort.default runs in PyTorch: there is no converter for it"
    )
    assert len(module.functions) == 2


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.sort(x)[1],
        lambda x: torch.sort((x + 1).transpose(0, 1))[0].contiguous().view(-1),
        lambda x: (torch.fft.rfft(x.relu() + 1).abs() * 2).tanh(),
        lambda x: torch.view_as_real(torch.view_as_complex(x.reshape(-1, 2) * 2) * 1j) + 1,
        lambda x: torch.as_strided((x * 2).t(), (3,), (2,), 1) + 1,
        lambda x: (x @ x.t()).topk(2)[1] + x.shape[0],
        lambda x: (x.nonzero() + 1).sum() + x[x > 0].sum(),
        lambda x: torch.linalg.inv(x @ x.t() + torch.eye(4)) @ x,
    ],
)
def test_parts_run_in_pytorch(function):
    module = check(function, torch.randn(4, 8))
    assert any("runs in PyTorch" in remark for remark in module.remarks)


def test_sizes_that_are_not_covered_run_in_pytorch():
    """A running sum is covered up to a length; others fall back, with the weights as stored."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(64, 64)

        def forward(self, x):
            return self.layer(x.cumsum(0)).transpose(0, 1).reshape(-1)

    model = Model().eval()
    module = zq.compile_module(
        model,
        (torch.randn(5, 64),),
        codecs="int8_row",
        dynamic_shapes=({0: Dim("n", max=9999)},),
    )
    reference = decoded(model, module)
    for n in (5, 5000, 7):
        x = torch.randn(n, 64) / n
        with torch.no_grad():
            torch.testing.assert_close(module(x), reference(x), rtol=1e-4, atol=1e-4)
    assert len(module.functions) == 2
    text = "aten.cumsum.default runs in PyTorch: a running sum of 5000 elements, more than 4096"
    assert any(text in remark for remark in module.remarks)
    assert any(text in remark for remark in module.explain().remarks)


def test_what_pytorch_reads_is_not_compressed():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(64, 64)
            self.b = nn.Linear(64, 64)

        def forward(self, x):
            return self.b(self.a(x)) + torch.linalg.inv(self.a.weight)[0]

    model = Model().eval()
    module = zq.compile_module(model, (torch.randn(2, 64),), codecs="int8_row")
    assert set(module.weights) == {"b.weight"}
    assert "a.weight: stays dense: it is read by an operation that runs in PyTorch" in (
        module.remarks
    )
    x = torch.randn(2, 64)
    with torch.no_grad():
        want = decoded(model, module)(x)
    torch.testing.assert_close(module(x), want, rtol=1e-4, atol=1e-3)


#
# What can be seen
#


def test_explain_and_mlir():
    model = mlp()
    module = zq.compile_module(model, (torch.randn(2, 64),), codecs={"0.*": "nvfp4"})
    (row,) = module.explain().rows
    assert (row.name, row.codec, row.shape) == ("0.weight", "nvfp4", (128, 64))
    assert row.nbytes == module.weights["0.weight"].nbytes < row.dense_nbytes == 128 * 64 * 4
    assert row.fused is True and row.why
    assert module.explain().dense == [("2.weight", (48, 128), 48 * 128 * 4)]
    assert "0.weight" in str(zq.explain(module))
    assert re.search(r'zq\.decode .* loc\("0\.weight"\)', module.mlir)
    assert 'loc("2")' in module.mlir
    assert "vector" in module.functions[0].ir("vectors")
    assert "1 compressed weights" in repr(module)


def test_every_weight_of_a_layer_is_fused():
    """Views come between no decode and its contraction, and none between that and its epilogue."""
    model = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True).eval()
    module = zq.compile_module(model, (torch.randn(2, 5, 64),), codecs="nvfp4", pack_weights=False)
    rows = module.explain().rows
    assert len(rows) >= 4 and all(row.fused for row in rows), str(module.explain())


def test_threads_may_call_at_once():
    model = mlp()
    module = zq.compile_module(
        model, (torch.randn(2, 64),), dynamic_shapes=({0: Dim("n", max=99)},)
    )
    inputs = [torch.randn(n % 5 + 1, 64) for n in range(40)]
    with torch.no_grad():
        want = [model(x) for x in inputs]
    got = [None] * len(inputs)

    def work(first):
        for i in range(first, len(inputs), 4):
            got[i] = module(inputs[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b)


def test_accuracy_is_passed_on():
    """Without integers the product is within f32's rounding of the decoded weights'."""
    model = nn.Linear(256, 128).eval()
    x = torch.randn(4, 256)
    module = zq.compile_module(model, (x,), codecs="int8_row", accuracy=0)
    weight = torch.from_numpy(module.weights["weight"].decode())
    bound = 256 * 2**-24 * (x.abs() @ weight.abs().t())
    exact = F.linear(x.double(), weight.double(), model.bias.detach().double())
    assert ((module(x).double() - exact).abs() <= bound + 1e-6).all()
