"""Codecs by name, by text and composed in Python."""

import pickle

import numpy as np
import pytest
import zq
from zq import stages
from zq.stages import hadamard, lookup, offset, pack, quantize, scale


def test_a_name_of_the_table():
    codec = zq.codec("nvfp4")
    assert codec.name == "nvfp4"
    assert codec.text == "scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, pack"
    assert "NVIDIA" in codec.source or codec.source
    assert not codec.lossless
    # 4 bits, and 8 for every 16; 32 for the whole are rounded away here.
    assert codec.bits_per_weight((4096, 4096)) == pytest.approx(4.5, abs=1e-4)
    assert repr(codec) == "zq.codec('nvfp4')"


def test_the_table():
    table = zq.codecs()
    assert len(table) > 80
    assert all(codec.name == name for name, codec in table.items())
    assert table["bf16_huff"].lossless
    assert table["bf16_huff"].bits_per_weight() is None


@pytest.mark.parametrize("text", ["scale<1x32, f16>, quantize<si4>, pack", "#zq.codec<int4_g32>"])
def test_text_and_attribute_are_the_named_codec(text):
    assert zq.codec(text) == zq.codec("int4_g32")
    assert hash(zq.codec(text)) == hash(zq.codec("int4_g32"))


@pytest.mark.parametrize(
    "text",
    [
        "quantize<si4>, records = 64",
        "channels<axis = 5, first = 0, [quantize<si8>, pack]>, quantize<si4>, "
        "pack<lanes = 16x4>, records = 64",
        "quantize<si4>, pack<lanes = 16x4>, records = 64",
    ],
)
def test_records_of_no_tensor_yet_are_asked_for_loss(text):
    assert not zq.codec(text).lossless


def test_a_codec_is_itself():
    codec = zq.codec("mxfp4")
    assert zq.codec(codec) is codec
    assert pickle.loads(pickle.dumps(codec)) == codec


@pytest.mark.parametrize(
    ("composed", "text"),
    [
        (scale("1x32", "f16") >> quantize("si4") >> pack, "int4_g32"),
        (
            scale("1x64", offset("tensor", "f32", "mean") >> scale("1x256", "f32"))
            >> quantize("si8"),
            "scale<1x64, [offset<tensor, f32, mean>, scale<1x256, f32>]>, quantize<si8>",
        ),
        (
            hadamard(axis=1, block=128, seed=1) >> scale("1x128", "bf16", zero=True),
            "hadamard<axis = 1, block = 128, seed = 1>, scale<1x128, bf16, zero>",
        ),
        (
            scale("1x32", "f16", zero=quantize("ui4") >> pack),
            "scale<1x32, f16, zero = [quantize<ui4>, pack]>",
        ),
        (lookup([-1.0, 0.5, 1e-5]), "lookup<[-1.0, 0.5, 1.0e-05]>"),
        (stages.float_fields, "float_fields"),
    ],
)
def test_composing_reads_like_the_text(composed, text):
    if text in zq.codecs():
        assert zq.codec(composed) == zq.codec(text)
    else:
        assert str(composed) == text


def test_parameters_are_given_once():
    with pytest.raises(TypeError, match="has its parameters already"):
        scale("1x32")("f16")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nvfp5", "unknown stage or codec 'nvfp5'; did you mean 'nvfp4'?"),
        ("scale<1x16, f16>, quantise<si4>, pack", "did you mean 'quantize'?"),
        ("scale<1x16, f16", "unbalanced '<'"),
        ("scale<0x16, f16>, quantize<si4>, pack", "at least one element"),
        ("", "at least one stage"),
    ],
)
def test_errors_show_the_place(text, message):
    with pytest.raises(zq.Error) as caught:
        zq.codec(text)
    lines = str(caught.value).splitlines()
    assert message in lines[0]
    if len(lines) > 1:
        # The caret stands below the text that the line before shows.
        assert lines[2].strip() == "^"
        assert len(lines[2]) <= len(lines[1]) + 1


def test_stages_that_do_not_fit_are_refused_with_a_shape():
    with pytest.raises(zq.Error, match="nothing can follow the stage that ends the chain"):
        zq.encode(np.zeros((4, 4), np.float32), "quantize<si4>, pack, pack")


def test_what_is_no_codec():
    with pytest.raises(TypeError, match="a codec is a str or a zq.Codec, and not int"):
        zq.codec(4)


def test_the_rate_of_a_shape_it_cannot_hold():
    with pytest.raises(zq.Error):
        zq.codec("int4_g32").bits_per_weight((4096,))
    with pytest.raises(TypeError, match="float32, bfloat16"):
        zq.codec("int4_g32").bits_per_weight((32, 32), np.int32)
    with pytest.raises(zq.Error, match=r"\(T1\) a compressed tensor has a static shape"):
        zq.codec("int4_g32").bits_per_weight((-1, 32))
