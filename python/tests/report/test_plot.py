"""Rate against distortion."""

import math

import ml_dtypes
import numpy as np
import pytest
import zq

pytest.importorskip("matplotlib", reason="plots need matplotlib")

CODECS = ["nvfp4", "mxfp4", "int4_g32", "int8_row", "q8_0", "ternary", "binary", "nf4"]


def test_points_are_those_of_numpy(gaussian):
    w = gaussian(64, 256)
    figure, points, skipped = zq.plot.rate_distortion(w, CODECS)
    assert [point.codec for point in points] == CODECS and not skipped
    for point in points:
        tensor = zq.encode(w, point.codec)
        changed = tensor.decode().astype(np.float64) - w
        error = np.linalg.norm(changed) / np.linalg.norm(w.astype(np.float64))
        assert point.bits_per_weight == tensor.bits_per_weight
        assert point.relative_error == pytest.approx(error, rel=1e-12)
        assert point.sqnr == pytest.approx(-20 * np.log10(error), rel=1e-12)
        assert point.max_error == np.abs(changed).max()
    drawn = np.concatenate([c.get_offsets() for c in figure.axes[0].collections])
    np.testing.assert_allclose(drawn, [(p.bits_per_weight, p.sqnr) for p in points])


def test_codecs_that_cannot_hold_it_are_listed(gaussian):
    result = zq.plot.rate_distortion(gaussian(16, 64), ["nvfp4", "bf16_huff", "df11"])
    assert [skip.codec for skip in result.skipped] == ["bf16_huff", "df11"]
    assert 'say dtype="bfloat16"' in result.skipped[0].reason
    assert any("bf16_huff, df11" in text.get_text() for text in result.figure.texts)
    with pytest.raises(zq.Error, match="no codec can hold.*bf16_huff"):
        zq.plot.rate_distortion(gaussian(16, 64), ["bf16_huff"])


def test_rounding_first(gaussian):
    w = gaussian(16, 64)
    result = zq.plot.rate_distortion(w, ["nvfp4", "bf16_huff"], dtype="bfloat16")
    assert not result.skipped
    rounded = w.astype(ml_dtypes.bfloat16).astype(np.float64)
    error = np.linalg.norm(rounded - w) / np.linalg.norm(w.astype(np.float64))
    assert result.points[1].relative_error == pytest.approx(error)


def test_lossless_points_are_on_the_edge(gaussian):
    w = gaussian(16, 64).astype(ml_dtypes.bfloat16)
    for quantity in ("sqnr", "relative_error"):
        result = zq.plot.rate_distortion(w, ["nvfp4", "bf16_huff"], quantity=quantity, shannon=True)
        assert result.points[1].sqnr == math.inf
        assert any("lossless" in text.get_text() for text in result.figure.texts)
        axes = result.figure.axes[0]
        low, high = sorted(axes.get_ylim())
        assert all(low < y < high for c in axes.collections for _, y in c.get_offsets())
    assert zq.plot.rate_distortion(w, ["bf16_huff"], shannon=True).points


@pytest.mark.parametrize("quantity", ["sqnr", "relative_error"])
def test_labels_overlap_nothing(gaussian, quantity):
    w = gaussian(64, 256)
    names = [n for n in zq.codecs() if n not in ("aqlm_1x16", "vptq_2", "vptq_3", "lq_lora")]
    figure = zq.plot.rate_distortion({"a": w, "b": w**3}, names[::2], quantity=quantity).figure
    figure.draw_without_rendering()
    axes = figure.axes[0]
    renderer = figure.canvas.get_renderer()
    labels = [text for text in axes.texts if text.get_gid() == "label"]
    boxes = [text.get_window_extent(renderer) for text in labels]
    assert len(boxes) > 20
    # Half a pixel is lost to rounding.
    for i, box in enumerate(boxes):
        assert not any(
            box.shrunk(0.97, 0.9).overlaps(other.shrunk(0.97, 0.9)) for other in boxes[:i]
        )
    frame = axes.get_window_extent(renderer)
    assert all(frame.x0 - 1 <= b.x0 and b.x1 <= frame.x1 + 1 for b in boxes)
    points = np.concatenate([axes.transData.transform(c.get_offsets()) for c in axes.collections])
    assert not any(b.shrunk(0.95, 0.8).contains(x, y) for b in boxes for x, y in points)


def test_the_bound_is_six_decibels_a_bit(gaussian):
    axes = zq.plot.rate_distortion(gaussian(64, 256), CODECS, shannon=True).figure.axes[0]
    (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    bits, ratio = line.get_data()
    assert ratio[0] == 0
    np.testing.assert_allclose(np.diff(ratio) / np.diff(bits), 6.0206, rtol=1e-4)
    # No codec is beyond it on Gaussian values.
    points = zq.plot.rate_distortion(gaussian(64, 256), CODECS).points
    assert all(p.sqnr < 6.0206 * p.bits_per_weight for p in points)
    axes = zq.plot.rate_distortion(gaussian(8, 64), CODECS).figure.axes[0]
    assert not [line for line in axes.lines if line.get_linestyle() == "--"]


def test_saved_by_the_suffix(gaussian, tmp_path):
    w = gaussian(16, 64)
    zq.plot.rate_distortion(w, CODECS, path=tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    zq.plot.rate_distortion(w, CODECS, path=tmp_path / "a.svg")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    with pytest.raises(zq.Error, match="writes no 'txt'"):
        zq.plot.rate_distortion(w, CODECS, path=tmp_path / "a.txt")
    assert not (tmp_path / "a.txt").exists()


def test_codecs_by_label_text_and_object(gaussian):
    w = gaussian(16, 64)
    own = "scale<1x16, f16>, quantize<si3>, pack"
    points = zq.plot.rate_distortion(w, {"mine": own, "theirs": zq.codec("nvfp4")}).points
    assert [point.codec for point in points] == ["mine", "theirs"]
    assert [p.codec for p in zq.plot.rate_distortion(w, own).points] == [own]
    with pytest.raises(zq.Error, match="nvfp5"):
        zq.plot.rate_distortion(w, ["nvfp5"])
    with pytest.raises(zq.Error, match="no quantity 'psnr'"):
        zq.plot.rate_distortion(w, CODECS, quantity="psnr")


def test_pyplot_is_left_alone(gaussian):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    zq.plot.rate_distortion(gaussian(16, 64), CODECS)
    assert plt.get_fignums() == before
