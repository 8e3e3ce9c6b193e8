"""Which weight gets which codec."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import zq  # noqa: E402
from torch import nn  # noqa: E402
from zq.torch import min_elements  # noqa: E402
from zq.torch.choice import Candidate, choose  # noqa: E402


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 64)
        self.mlp = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 64))
        self.norm = nn.LayerNorm(64)
        self.head = nn.Linear(64, 48)

    def forward(self, tokens):
        return self.head(self.norm(self.mlp(self.table(tokens))))


def compiled(codecs, model=None, **options):
    tokens = torch.arange(6).reshape(2, 3)
    return zq.compile_module((model or Model()).eval(), (tokens,), codecs=codecs, **options)


def codecs_of(module):
    return {name: str(tensor.codec) for name, tensor in module.weights.items()}


MATRICES = ["table.weight", "mlp.0.weight", "mlp.2.weight", "head.weight"]


def test_one_codec_for_all_layers():
    module = compiled("nvfp4")
    assert codecs_of(module) == dict.fromkeys(MATRICES, "nvfp4")
    assert not compiled(None).weights


def test_the_first_rule_decides():
    rules = {
        "mlp.2.*": None,
        nn.Embedding: "int8_row",
        "mlp.*": zq.codec("nvfp4"),
        nn.Linear: "nf4",
    }
    assert codecs_of(compiled(rules)) == {
        "table.weight": "int8_row",
        "mlp.0.weight": "nvfp4",
        "head.weight": "nf4",
    }


def test_by_size_and_by_function():
    assert set(compiled({min_elements(64 * 128): "nvfp4"}).weights) == {
        "mlp.0.weight",
        "mlp.2.weight",
    }
    by_name = {lambda name, tensor: name.startswith("head") and tensor.dim() == 2: "int8_row"}
    assert set(compiled(by_name).weights) == {"head.weight"}


def test_what_a_codec_cannot_hold_stays_dense_with_a_remark():
    module = compiled({"mlp.*": "nvfp4"})
    assert set(module.weights) == {"mlp.0.weight", "mlp.2.weight"}
    assert any("mlp.0.bias: stays dense: it has the shape [128]" in r for r in module.remarks)


@pytest.mark.parametrize(
    "rules, message",
    [
        ({"mpl.*": "nvfp4"}, r"the rule 'mpl\.\*' matches no parameter.*; there are mlp\."),
        (
            {nn.Conv2d: "nvfp4"},
            "the rule Conv2d matches no parameter.*Embedding, LayerNorm, Linear",
        ),
        ({min_elements(10**9): None}, r"the rule min_elements\(1000000000\) matches no parameter"),
        ({"norm.*": "nvfp4"}, "nvfp4 holds none of its parameters: norm"),
        ({"mlp.*": "nvfp5"}, "nvfp5"),
        ("nvfp5", "nvfp5"),
    ],
)
def test_rules_that_cannot_be_meant(rules, message):
    with pytest.raises(zq.Error, match=message):
        compiled(rules)


def test_rules_of_a_wrong_type():
    with pytest.raises(TypeError, match="a rule's key is a name pattern"):
        compiled({3: "nvfp4"})
    with pytest.raises(TypeError, match="a codec with a dtype is a pair"):
        compiled({"mlp.*": ("nvfp4", "bf16", 1)})


def test_lossless_codecs_keep_every_bit():
    model = Model().bfloat16().float()
    module = compiled("bf16_huff", model)
    state = model.state_dict()
    for name, tensor in module.weights.items():
        decoded = np.asarray(tensor.decode(), np.float32)
        assert np.array_equal(decoded.view(np.uint32), state[name].numpy().view(np.uint32))
    tokens = torch.arange(6).reshape(2, 3)
    with torch.no_grad():
        torch.testing.assert_close(module(tokens), model(tokens))


def test_values_that_a_codec_would_round_are_an_error_unless_asked_for():
    with pytest.raises(zq.Error, match=r"\.weight: bf16_huff holds bfloat16"):
        compiled("bf16_huff")
    module = compiled({nn.Linear: ("bf16_huff", torch.bfloat16)})
    assert set(codecs_of(module).values()) == {"bf16_huff"}


def test_tied_weights_are_one_tensor():
    model = Model()
    model.head = nn.Linear(64, 50, bias=False)
    model.head.weight = model.table.weight
    module = compiled("int8_row", model)
    tensors = {id(tensor) for name, tensor in module.weights.items() if "mlp" not in name}
    assert len(tensors) == 1
    assert module.nbytes < 50 * 64 * 2 + 2 * 128 * 64 * 1.1 + 4096


def test_the_filters_of_a_convolution_are_rows_of_a_matrix():
    model = nn.Conv2d(3, 16, 4, stride=4).eval()
    x = torch.randn(1, 3, 16, 16)
    module = zq.compile_module(model, (x,), codecs="int8_row", accuracy=0)
    assert module.weights["weight"].shape == (16, 48)
    weight = torch.from_numpy(module.weights["weight"].decode()).reshape(16, 3, 4, 4)
    want = nn.functional.conv2d(x, weight, model.bias.detach(), stride=4)
    torch.testing.assert_close(module(x), want)


def test_rules_of_a_part_of_a_model_may_match_nothing():
    candidate = Candidate("a.weight", torch.zeros(16, 32), nn.Linear)
    rules = {"b.*": "nvfp4", "a.*": "int8_row"}
    assert set(choose(rules, [candidate], lambda text: None, whole=False)) == {"a.weight"}
