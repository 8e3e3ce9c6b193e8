"""Levels of codecs, and weights brought to their scale."""

import numpy as np
import pytest
import zq
from zq.reports.levels import Levels, find_levels, split_stages


def test_levels_are_counted_from_the_codes(gaussian):
    w = gaussian(64, 256)
    tensor = zq.encode(w, "int4_g32")
    found = find_levels(tensor, w)
    codes = tensor.streams["codes"]
    nibbles = np.stack([codes & 15, codes >> 4]).astype(np.int8)
    values, counts = np.unique((nibbles ^ 8) - 8, return_counts=True)
    np.testing.assert_array_equal(found.levels, values)
    np.testing.assert_array_equal(found.counts, counts)
    share = counts / counts.sum()
    assert found.entropy == pytest.approx(-(share * np.log2(share)).sum())


def test_originals_lie_on_the_scale_of_the_levels(gaussian):
    w = gaussian(64, 256)
    tensor = zq.encode(w, "int4_g32")
    found = find_levels(tensor, w)
    scaled = w / np.repeat(tensor.streams["scale"].astype(np.float32), 32, axis=1)
    bins, _ = np.histogram(scaled, found.edges)
    # A value beside a bin's edge may fall on either side.
    assert np.abs(np.cumsum(bins) - np.cumsum(found.bins)).max() <= 3
    assert found.bins.sum() + found.outside == w.size


# Whatever is above the quantizer, each weight is within half a step of its level.
@pytest.mark.parametrize(
    "codec",
    [
        "int4_zp_g128",
        "int4_h128",
        "nvint4",
        "q4_k",
        "q5_0",
        "eora_int4",
        "spqr3",
        "permute<axis = 1>, scale<1x32, f16>, quantize<si4>, pack",
        "scale<1x32, f16>, quantize<si4>, huffman<chunk = 1024, length = 12>",
    ],
)
def test_each_weight_is_near_its_level(gaussian, codec):
    w = gaussian(32, 256)
    found = find_levels(zq.encode(w, codec), w)
    assert isinstance(found, Levels) and found.bins is not None
    # As many weights are below the middle between two levels as are stored below it.
    borders = (found.levels[:-1] + found.levels[1:]) / 2
    below = np.interp(borders, found.edges, np.append(0, np.cumsum(found.bins)))
    stored = np.cumsum(found.counts)[:-1]
    assert np.abs(below - stored).max() < 0.02 * w.size


def test_codes_that_follow_no_scale_have_levels_alone(gaussian):
    w = gaussian(32, 256)
    # A rotation below the scale.
    found = find_levels(zq.encode(w, "turboquant_mse3"), w)
    assert len(found.levels) == 8 and found.bins is None


def test_a_matrix_of_another_origin_is_not_applied(gaussian):
    w = gaussian(32, 256)
    codec = "orthogonal<axis = 1, block = 128, seed = 1>, scale<1x32, f16>, quantize<si4>, pack"
    tensor = zq.encode(w, codec)
    assert find_levels(tensor, w).bins is not None
    streams = tensor.streams
    streams["matrix"] = np.eye(128, dtype=np.float32)
    assert find_levels(zq.Tensor.from_streams(codec, w.shape, streams), w).bins is None


@pytest.mark.parametrize(
    ("codec", "why"),
    [
        ("bf16_huff", "lossless"),
        ("aqlm_2x8", "more than 256 levels"),
        ("sparse_2_4", "one code for each weight"),
    ],
)
def test_codecs_without_levels_say_why(gaussian, codec, why):
    dtype = "bfloat16" if "bf16" in codec else None
    assert why in find_levels(zq.encode(gaussian(32, 256), codec, dtype=dtype), None)


def test_every_named_codec_has_levels_or_a_reason(gaussian):
    w = gaussian(16, 256)
    slow = {"aqlm_1x16", "vptq_2", "vptq_3"}
    for name in zq.codecs().keys() - slow:
        dtype = "bfloat16" if name.startswith(("bf16", "df11")) else None
        tensor = zq.encode(w, name, dtype=dtype)
        found = find_levels(tensor, w)
        assert isinstance(found, (Levels, str)), name
        if isinstance(found, Levels):
            assert found.counts.sum() == w.size, name


def test_stages_are_split_at_their_own_commas():
    text = "scale<1x64, [offset<tensor, f32>, pack]>, lookup<[-1.0, 1.0]>, pack"
    assert split_stages(text) == [
        "scale<1x64, [offset<tensor, f32>, pack]>",
        "lookup<[-1.0, 1.0]>",
        "pack",
    ]
