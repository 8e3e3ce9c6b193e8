"""Models that are quantized already: the same integers, scales and zero points, compressed."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import zq  # noqa: E402
import zq.torch  # noqa: E402, F401
from torch import nn  # noqa: E402

quantized = torch.ops.quantized_decomposed


class Channels(nn.Module):
    def __init__(self, dtype, low, high, zero):
        super().__init__()
        self.register_buffer("q", torch.randint(low, high + 1, (48, 64)).to(dtype))
        self.register_buffer("scale", torch.rand(48) * 0.01 + 1e-4)
        zeros = torch.randint(low, high + 1, (48,)) if zero else torch.zeros(48).long()
        self.register_buffer("zero", zeros)
        self.range = low, high, dtype

    def weight(self):
        return quantized.dequantize_per_channel(self.q, self.scale, self.zero, 0, *self.range)

    def forward(self, x):
        return nn.functional.linear(x, self.weight())


class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("q", torch.randint(-128, 128, (48, 64)).to(torch.int8))

    def weight(self):
        return quantized.dequantize_per_tensor(self.q, 0.013, 3, -128, 127, torch.int8)

    def forward(self, x):
        return x @ self.weight().t()


def check_bits(model, text=None):
    """The only weight of a model decodes to the bits that PyTorch computes."""
    x = torch.randn(5, 64)
    module = zq.compile_module(model, (x,), accuracy=0)
    (tensor,) = module.weights.values()
    assert np.array_equal(
        tensor.decode().view(np.uint32), model.weight().detach().numpy().view(np.uint32)
    )
    if text is not None:
        assert tensor.codec == zq.codec(text)
    torch.testing.assert_close(module(x), model(x).detach(), rtol=1e-5, atol=1e-4)
    return module


@pytest.mark.parametrize(
    "dtype, low, high, zero, text",
    [
        (torch.int8, -128, 127, False, "int8_row"),
        (torch.int8, -128, 127, True, "scale<1x?, f32, zero>, quantize<si8>, pack"),
        (torch.uint8, 0, 255, True, "scale<1x?, f32, zero>, quantize<si8>, pack"),
        (torch.uint8, 0, 255, False, "scale<1x?, f32>, quantize<ui8>, pack"),
        (torch.int8, -8, 7, False, "scale<1x?, f32>, quantize<si4>, pack"),
        (torch.uint8, 0, 15, True, "scale<1x?, f32, zero>, quantize<ui4>, pack"),
    ],
)
def test_per_channel(dtype, low, high, zero, text):
    check_bits(Channels(dtype, low, high, zero), text)


def test_per_tensor():
    check_bits(Whole(), "scale<tensor, f32, zero>, quantize<si8>, pack")


def test_streams_are_the_model_s_own():
    model = Channels(torch.int8, -128, 127, False)
    (tensor,) = check_bits(model).weights.values()
    assert np.array_equal(tensor.streams["codes"].view(np.int8), model.q.numpy())
    assert np.array_equal(tensor.streams["scale"].ravel(), model.scale.numpy())


def test_scales_that_are_no_power_of_anything_per_group():
    class Groups(nn.Module):
        """As tensor subclasses export: arithmetic on groups."""

        def __init__(self):
            super().__init__()
            self.q = nn.Parameter(torch.randint(-8, 8, (48, 64)).to(torch.int8), False)
            self.scale = nn.Parameter(torch.rand(48, 2), False)
            self.zero = nn.Parameter(torch.randint(-8, 8, (48, 2)).to(torch.int8), False)

        def weight(self):
            codes = self.q.view(48, 2, 32).to(torch.float32)
            zero = self.zero.view(48, 2, 1).to(torch.float32)
            return ((codes - zero) * self.scale.view(48, 2, 1)).view(48, 64)

        def forward(self, x):
            return nn.functional.linear(x, self.weight())

    check_bits(Groups(), "scale<1x32, f32, zero>, quantize<si4>, pack")


def test_bytes_that_are_scaled_after_the_product():
    class After(nn.Module):
        def __init__(self):
            super().__init__()
            self.q = nn.Parameter(torch.randint(-128, 128, (48, 64)).to(torch.int8), False)
            self.scale = nn.Parameter(torch.rand(48), False)

        def weight(self):
            return self.q.to(torch.float32)

        def forward(self, x):
            return torch.mm(x, self.q.t().to(torch.float32)) * self.scale

    check_bits(After(), "quantize<si8>, pack")


def test_what_no_codec_holds_is_dequantized_at_each_call():
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("q", torch.randint(-999, 999, (48, 64)).to(torch.int16))

        def forward(self, x):
            return x @ quantized.dequantize_per_tensor(self.q, 0.013, 0, -999, 999, torch.int16).t()

    model, x = Wide(), torch.randn(5, 64)
    module = zq.compile_module(model, (x,))
    assert not module.weights
    assert any("is dequantized at each call" in remark for remark in module.remarks)
    torch.testing.assert_close(module(x), model(x))


def test_activations_are_rounded_as_pytorch_does():
    class Rounds(nn.Module):
        def forward(self, x):
            q = quantized.quantize_per_tensor(x, 0.02, 111, 0, 255, torch.uint8)
            y = quantized.dequantize_per_tensor(q, 0.02, 111, 0, 255, torch.uint8)
            scales, zeros = torch.tensor([0.1, 0.2]), torch.tensor([0, 3])
            c = quantized.quantize_per_channel(x, scales, zeros, 0, -128, 127, torch.int8)
            return (
                q,
                y,
                c,
                quantized.dequantize_per_channel(c, scales, zeros, 0, -128, 127, torch.int8),
            )

    x = torch.randn(2, 1000) * 3
    torch.testing.assert_close(zq.compile_module(Rounds(), (x,))(x), Rounds()(x), rtol=0, atol=0)


def test_torchao():
    torchao = pytest.importorskip("torchao.quantization")
    for config, codec in [
        (torchao.Int8WeightOnlyConfig(), "quantize<si8>, pack"),
        (
            torchao.IntxWeightOnlyConfig(weight_dtype=torch.int4, granularity=torchao.PerGroup(32)),
            "scale<1x32, f32>, quantize<si4>, pack",
        ),
    ]:
        model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 48)).eval()
        torchao.quantize_(model, config)
        x = torch.randn(5, 64)
        module = zq.compile_module(model, (x,), accuracy=0)
        assert [tensor.codec for tensor in module.weights.values()] == [zq.codec(codec)] * 2
        with torch.no_grad():
            torch.testing.assert_close(module(x), model(x), rtol=1e-5, atol=1e-5)


def test_pt2e():
    pytest.importorskip("torchao.quantization.pt2e")
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 48)).eval()
    first, last = model[0], model[2]
    x = torch.randn(5, 64)
    quantizer = x86.X86InductorQuantizer()
    quantizer.set_global(x86.get_default_x86_inductor_quantization_config())
    prepared = prepare_pt2e(torch.export.export(model, (x,)).module(), quantizer)
    prepared(x)
    model = convert_pt2e(prepared)
    module = zq.compile_module(model, (x,), accuracy=0)
    assert {str(tensor.codec) for tensor in module.weights.values()} == {"int8_row"}
    # Sums in another order may round an activation to the next step: two of them at most here.
    with torch.no_grad():
        step = first(x).relu().max() / 255
        atol = 2 * step.item() * last.weight.abs().max().item()
        torch.testing.assert_close(module(x), model(x), rtol=1e-5, atol=atol)
