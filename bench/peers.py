"""Other libraries that compute the same product, each if it is installed.

A peer gets x[m,k] and dense weights as f32, the rows of which it repeats for all n
rows. It keeps its own copies of them in its own format, and takes another copy at
each call.
"""

import itertools

import numpy as np

from . import ggml, tools


def make(spec, x, weights, at_least):
    """The peer of a specification: a function that computes y[m,n] and returns it
    as a NumPy array, and the bytes of weights that a call reads."""
    if spec["peer"] != "ggml":
        weights = np.tile(weights, (spec["n"] // len(weights), 1))
    return MAKERS[spec["peer"]](spec, x, weights, at_least)


def _torch():
    try:
        import torch
    except ImportError:
        raise tools.NotAvailable("torch is not installed") from None
    return torch


def _cycle(first, size, at_least, clone):
    """An endless round of copies of `first`, of `at_least` bytes in all."""
    count = max(2, -(-at_least // size))
    return itertools.cycle([first] + [clone(first) for _ in range(count - 1)])


def make_torch_linear(spec, x, weights, at_least):
    """torch.nn.functional.linear on dense weights, through oneDNN or MKL."""
    torch = _torch()
    torch.set_num_threads(spec["threads"])
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[spec["type"]]
    weight = torch.from_numpy(weights).to(dtype)
    activations = torch.from_numpy(x).to(dtype)
    size = weight.numel() * weight.element_size()
    copies = _cycle(weight, size, at_least, lambda w: w.clone())

    def run():
        with torch.inference_mode():
            y = torch.nn.functional.linear(activations, next(copies))
        return y.float().numpy()

    return run, size


def make_torch_int8(spec, x, weights, at_least):
    """torch's dynamically quantized linear: int8 weights, a scale a row."""
    torch = _torch()
    torch.set_num_threads(spec["threads"])
    torch.backends.quantized.engine = "onednn"
    n, k = weights.shape
    scales = torch.from_numpy(abs(weights).max(1) / 127).double()
    zeros = torch.zeros(n, dtype=torch.int64)
    quantized = torch.quantize_per_channel(
        torch.from_numpy(weights), scales, zeros, 0, torch.qint8
    )
    pack = torch.ops.quantized.linear_prepack
    copies = _cycle(
        pack(quantized, None), n * k, at_least, lambda _: pack(quantized, None)
    )
    activations = torch.from_numpy(x)

    def run():
        with torch.inference_mode():
            return torch.ops.quantized.linear_dynamic(activations, next(copies)).numpy()

    return run, n * k


def make_torch_int4(spec, x, weights, at_least):
    """torch's weight-only int4 product of bf16 activations, groups of 32."""
    torch = _torch()
    torch.set_num_threads(spec["threads"])
    group = 32
    n, k = weights.shape
    grouped = torch.from_numpy(weights).reshape(n, k // group, group)
    scale = grouped.abs().amax(2) / 7
    codes = (grouped / scale[:, :, None]).round().clamp(-8, 7).int() + 8
    packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(codes.reshape(n, k), 1)
    scales = torch.stack([scale.T, torch.zeros_like(scale.T)], 2)
    scales = scales.contiguous().bfloat16()
    size = n * k // 2 + scales.numel() * scales.element_size()
    copies = _cycle(
        (packed, scales), size, at_least, lambda c: (c[0].clone(), c[1].clone())
    )
    activations = torch.from_numpy(x).bfloat16()

    def run():
        with torch.inference_mode():
            codes, group_scales = next(copies)
            y = torch.ops.aten._weight_int4pack_mm_for_cpu(
                activations, codes, group, group_scales
            )
        return y.float().numpy()

    return run, size


def make_openblas(spec, x, weights, at_least):
    """The sgemm of the OpenBLAS that NumPy carries."""
    copies = _cycle(weights, weights.nbytes, at_least, lambda w: w.copy())
    return lambda: x @ next(copies).T, weights.nbytes


def make_ggml(spec, x, weights, at_least):
    """ggml's product in one of its types, in the layout it likes best."""
    product = ggml.Product(spec, x, weights, at_least)
    return product.run, product.bytes


MAKERS = {
    "torch linear": make_torch_linear,
    "torch int8": make_torch_int8,
    "torch int4": make_torch_int4,
    "openblas": make_openblas,
    "ggml": make_ggml,
}
