"""`torch.compile(model, backend="zq")`."""

import gc

import pytest

torch = pytest.importorskip("torch")

import zq  # noqa: E402
import zq.torch  # noqa: E402
from torch import nn  # noqa: E402
from zq.torch import backend  # noqa: E402
from zq.torch.backend import qualified_name  # noqa: E402


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(2)])
        self.register_buffer("shift", torch.ones(64))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x + self.shift


def compiled(model, **options):
    return torch.compile(model, backend="zq", options=options or None)


def test_is_registered():
    assert "zq" in torch._dynamo.list_backends(exclude_tags=())


def test_without_codecs():
    model = Model().eval()
    call = compiled(model)
    x = torch.randn(3, 64)
    with torch.no_grad():
        torch.testing.assert_close(call(x), model(x))
        x = torch.randn(5, 64)
        torch.testing.assert_close(call(x), model(x))
        x = torch.randn(7, 2, 64)
        torch.testing.assert_close(call(x), model(x))


def test_any_number_of_rows():
    torch._dynamo.reset()
    model = Model().eval()
    call = compiled(model, codecs="int8_row", recode_weights=True)
    with torch.no_grad():
        for rows in (3, 8, 17, 512):
            x = torch.randn(rows, 64)
            torch._dynamo.mark_dynamic(x, 0)
            torch.testing.assert_close(call(x), model(x), rtol=0.05, atol=0.05)
    # One graph, and one program of it. One row is a graph of its own for dynamo.
    (graph,) = [graph for graph in backend._graphs if graph.belongs_to(model)]
    assert [len(segment.programs) for segment in graph.segments] == [1]
    with torch.no_grad():
        torch.testing.assert_close(call(x[:1]), model(x[:1]), rtol=0.05, atol=0.05)


def test_codecs_by_name():
    model = Model().eval()
    call = compiled(model, codecs={"layers.1.*": "int8_row"})
    x = torch.randn(3, 64)
    with torch.no_grad():
        got = call(x)
        want = model.layers[0](x).relu()
        weight = zq.encode(model.layers[1].weight.detach(), "int8_row").decode()
        want = nn.functional.linear(want, torch.from_numpy(weight), model.layers[1].bias)
        torch.testing.assert_close(got, want.relu() + 1, rtol=1e-4, atol=1e-4)
        assert not torch.equal(got, model(x))
    rows = zq.explain(call).rows
    assert [(row.name, row.codec, row.fused) for row in rows] == [
        ("layers.1.weight", "int8_row", True)
    ]
    assert [row.name for row in zq.explain(model).rows] == ["layers.1.weight"]
    assert zq.explain(model).dense == [("layers.0.weight", (64, 64), 64 * 64 * 4)]


def test_by_layer_type_and_one_codec():
    model = Model().eval()
    x = torch.randn(3, 64)
    for codecs in ("int8_row", {nn.Linear: "int8_row"}):
        torch._dynamo.reset()
        call = compiled(model, codecs=codecs)
        with torch.inference_mode():
            call(x)
        names = {row.name for row in zq.explain(call).rows if row.codec}
        assert names == {"layers.0.weight", "layers.1.weight"}


def test_a_changed_parameter_is_compressed_anew():
    model = Model().eval()
    call = compiled(model, codecs="int8_row")
    x = torch.randn(3, 64)
    with torch.no_grad():
        before = call(x)
        for layer in model.layers:
            layer.weight.mul_(2)
        after = call(x)
        assert not torch.allclose(before, after)
        torch.testing.assert_close(after, model(x), rtol=0.1, atol=0.2)
        model.layers[0].weight.data = torch.zeros(64, 64)
        torch.testing.assert_close(call(x), model(x), rtol=0.1, atol=0.2)


def test_gradients_are_an_error():
    call = compiled(Model())
    with pytest.raises(Exception, match="compiles for inference, and gradients are needed"):
        call(torch.randn(3, 64))


def test_options_are_checked():
    with pytest.raises(Exception, match="unknown options codec of the backend zq; there are"):
        with torch.no_grad():
            compiled(Model(), codec="nvfp4")(torch.randn(3, 64))


def test_parts_run_in_pytorch():
    def function(x):
        y = torch.sort(x * 2)[0] + 1
        print(end="")  # A break of the graph.
        return y.relu().nonzero().sum() + y.sum()

    x = torch.randn(4, 8)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(function, backend="zq")(x), function(x))


def test_views_and_writes_come_back():
    def function(x, y):
        y.add_(1)
        return x.t(), x[1:], y * 2, x

    x, y, z = torch.randn(3, 4), torch.zeros(3), torch.zeros(3)
    with torch.no_grad():
        got = torch.compile(function, backend="zq")(x, y)
        want = function(x, z)
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(y, z)
    assert got[3] is x and got[0].data_ptr() == x.data_ptr()


def test_nothing_to_explain():
    model = Model()
    with pytest.raises(zq.Error, match="nothing of this model was compiled"):
        zq.explain(model)
    with pytest.raises(TypeError, match="expected a model"):
        zq.explain(3)
    gc.collect()


@pytest.mark.parametrize(
    "source, name",
    [
        ("L['self']._modules['a']._modules['0']._parameters['weight']", "a.0.weight"),
        ("L['s']._parameters['w']", "w"),
        ("G['model']._modules['a']._buffers['b']", "a.b"),
    ],
)
def test_names_of_parameters(source, name):
    assert qualified_name(source) == name
