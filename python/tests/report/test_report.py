"""What a report says, read back from the page."""

import os
import re

import numpy as np
import pytest
import zq

from .conftest import Node, layer_rows, parse


@pytest.fixture
def model(gaussian):
    """A few layers: their originals and what is stored."""
    originals = {f"layer.{i}.weight": gaussian(64, 256, seed=i) for i in range(3)}
    originals["layer.0.bias"] = gaussian(64, seed=9)
    codecs = ["nvfp4", "int4_h128", "q8_0"]
    return originals | {
        name: (originals[name], zq.encode(originals[name], codec))
        for name, codec in zip(list(originals)[:3], codecs, strict=True)
    }


def figures(page: Node, key: str) -> dict[str, float | None]:
    """A column of the table, by layer."""
    found = {}
    for row in layer_rows(page):
        value = row[key].attributes["data-value"]
        found[row["name"].attributes["data-value"]] = float(value) if value else None
    return found


def card(page: Node, label: str) -> Node:
    (found,) = [d for d in page.one("dl", class_="totals").all("div") if d.one("dt").text == label]
    return found


def test_numbers_of_layers_are_those_of_numpy(model, write):
    page = write(model)
    assert list(figures(page, "size")) == list(model)
    for name, value in model.items():
        if not isinstance(value, tuple):
            continue
        original, tensor = value
        nbytes = sum(stream.nbytes for stream in tensor.streams.values())
        wide = original.astype(np.float64)
        changed = tensor.decode().astype(np.float64) - wide
        error = np.linalg.norm(changed) / np.linalg.norm(wide)
        assert figures(page, "size")[name] == nbytes
        assert figures(page, "bits")[name] == 8 * nbytes / original.size
        assert figures(page, "error")[name] == pytest.approx(error, rel=1e-12)
        assert figures(page, "sqnr")[name] == pytest.approx(-20 * np.log10(error), rel=1e-12)
        assert figures(page, "largest")[name] == np.abs(changed).max()
        row = next(r for r in layer_rows(page) if r["name"].attributes["data-value"] == name)
        assert row["error"].text == f"{error:.4f}"
        assert row["sqnr"].text == f"{-20 * np.log10(error):.2f}"
        assert row["bits"].text == f"{8 * nbytes / original.size:.3f}"
        assert row["codec"].text == str(tensor.codec)
        assert row["shape"].text == "64×256"
    assert figures(page, "bits")["layer.0.bias"] == 32
    assert figures(page, "error")["layer.0.bias"] is None


def test_totals(model, write):
    page = write(model)
    before = 3 * 64 * 256 * 4 + 64 * 4
    pairs = [value for value in model.values() if isinstance(value, tuple)]
    after = sum(tensor.nbytes for _, tensor in pairs) + 64 * 4
    tip = card(page, "Size").one("dd", class_="figure").attributes["title"]
    assert tip == f"{after:,} bytes, before {before:,}"
    bits = card(page, "Bits per weight")
    assert f"{8 * after / (before / 4):.3f}" in bits.text
    compressed = sum(tensor.nbytes for _, tensor in pairs) * 8 / (3 * 64 * 256)
    assert f"{compressed:.3f} of what is compressed" in bits.text
    noise = sum(((t.decode().astype(float) - w) ** 2).sum() for w, t in pairs)
    signal = sum((w.astype(float) ** 2).sum() for w, _ in pairs)
    assert f"{np.sqrt(noise / signal):.4f}" in card(page, "Relative error").text
    errors = {n: e for n, e in figures(page, "error").items() if e is not None}
    worst = max(errors, key=errors.get)
    assert card(page, "Largest error of a layer").text.endswith(f"{errors[worst]:.4f} {worst}")


def test_streams_and_codecs(model, write):
    page = write(model)
    sizes: dict[str, int] = {"float32": 256}
    for value in model.values():
        if isinstance(value, tuple):
            for name, stream in value[1].streams.items():
                sizes[name] = sizes.get(name, 0) + stream.nbytes
    rows = page.one("table", id="streams").one("tbody").all("tr")
    shown = {r.one("th").text: float(r.all("td")[0].attributes["data-value"]) for r in rows}
    assert shown == sizes
    rows = page.one("table", id="codecs").one("tbody").all("tr")
    assert {r.one("th").text for r in rows} == {"nvfp4", "int4_h128", "q8_0", "float32"}


def test_bars_are_as_wide_as_bits(model, write):
    page = write(model)
    widest = max(b for n, b in figures(page, "bits").items() if isinstance(model[n], tuple))
    for row in layer_rows(page)[:3]:
        widths = [float(r.attributes["width"]) for r in row["bits"].all("rect")]
        bits = float(row["bits"].attributes["data-value"])
        assert sum(widths) == pytest.approx(100 * bits / widest, abs=0.02)


def test_details(model, write):
    page = write(model)
    detail = layer_rows(page)[0]["body"].one("tr", class_="more")
    tensor = model["layer.0.weight"][1]
    streams = {r.one("th").text: r.all("td")[0].text for r in detail.one("tbody").all("tr")}
    assert streams == {name: f"{s.nbytes:,}" for name, s in tensor.streams.items()}
    assert tensor.codec.text in detail.text
    assert "15 levels" in detail.text
    # One bar for each level, as high as its share.
    found = zq.reports.measure_layers(model).layers[0].levels
    sticks = re.findall(r"M(\S+) (\S+)V(\S+)", detail.one("path").attributes["d"])
    heights = np.array([float(base) - float(top) for _, base, top in sticks])
    shares = found.counts / found.counts.sum()
    np.testing.assert_allclose(heights / heights.sum(), shares, atol=2e-3)


def test_originals_may_come_apart(model, write):
    pairs = {name: value for name, value in model.items() if isinstance(value, tuple)}
    tensors = {name: tensor for name, (_, tensor) in pairs.items()}
    whole = write(pairs)
    apart = write(tensors, original={name: w for name, (w, _) in pairs.items()})
    assert figures(apart, "error") == figures(whole, "error")
    alone = write(tensors)
    assert set(figures(alone, "error").values()) == {None}
    assert "size before is that of the tensor's logical type" in alone.one("footer").text


def test_of_files(model, write, tmp_path):
    pairs = {name: value for name, value in model.items() if isinstance(value, tuple)}
    zq.save(tmp_path / "small.safetensors", {name: tensor for name, (_, tensor) in pairs.items()})
    zq.save(tmp_path / "dense.safetensors", {name: w for name, (w, _) in pairs.items()})
    page = write(tmp_path / "small.safetensors", original=str(tmp_path / "dense.safetensors"))
    assert figures(page, "error") == figures(write(pairs), "error")
    assert page.one("h1").text == "small.safetensors"


def test_lossless_weights(gaussian, write):
    import ml_dtypes

    w = gaussian(64, 256).astype(ml_dtypes.bfloat16)
    page = write({"w": (w, zq.encode(w, "bf16_huff"))})
    assert figures(page, "error")["w"] == 0
    assert layer_rows(page)[0]["sqnr"].attributes["data-value"] == "Infinity"
    assert layer_rows(page)[0]["sqnr"].text == "∞"
    assert "Every bit is that of the original" in page.text


def test_infinite_weights_are_left_out_and_named(gaussian, write):
    w = gaussian(8, 64)
    w[3, 5] = np.nan
    page = write({"w": (w, w)})
    assert "1 elements that are not finite" in page.text


def test_remarks_go_to_the_layers_they_name(model, write):
    remarks = [
        "layer.0: decode fused per panel",
        "layer.1.weight: decode not fused: it is read twice",
        "input:3:4: something about all of it",
    ]
    layered = {name: (*value, remarks) for name, value in model.items() if isinstance(value, tuple)}
    page = write({**layered, "": zq.reports.Layer(None, None, ["softmax: runs in PyTorch"])})
    details = [row["body"].one("tr", class_="more").text for row in layer_rows(page)]
    assert "decode fused per panel" in details[0] and "not fused" not in details[0]
    assert "decode not fused: it is read twice" in details[1]
    assert "fused" not in details[2]
    whole = page.one("ul", id="remarks").text
    for text in ("something about all of it", "softmax: runs in PyTorch", "decode fused per panel"):
        assert whole.count(text) == 1


def test_remarks_of_functions(gaussian, write):
    tensor = zq.encode(gaussian(8, 64), "nvfp4")
    text = zq.reports.timing.product_text(tensor)
    function = zq.compile(text, file_name="product")
    page = write({"w": (None, tensor, function)})
    assert "8-bit integers" in page.one("ul", id="remarks").text


def test_anything_with_layers_is_a_model(model, write):
    class Compiled:
        def __zq_layers__(self):
            return model

    assert list(figures(write(Compiled()), "size")) == list(model)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title></svg><b>bold</b>",
    "' onclick='x",
    "&amp; &lt;i&gt;",
    "]]><!-- -->",
    "\u202egnp.exe",
    "{{7*7}}${7*7}",
]


def test_names_cannot_inject(gaussian, write):
    tensor = zq.encode(gaussian(8, 64), "nvfp4")
    w = gaussian(8, 64)
    page = write(
        {text: (w, tensor, [f"remark {text}"]) for text in HOSTILE},
        title="</title><script>alert(2)</script>",
        time=False,
    )
    assert len(page.all("script")) == 1
    assert not page.all("img") and not page.all("b") and not page.all("i")
    assert [row["name"].text for row in layer_rows(page)] == HOSTILE
    assert page.one("h1").text == "</title><script>alert(2)</script>"
    for text in HOSTILE:
        assert f"remark {text}" in page.one("ul", id="remarks").text
    for node in every(page):
        assert not [key for key in node.attributes if key.startswith("on")]
    # Nothing turns the text around it.
    assert all(row["name"].all("bdi") for row in layer_rows(page))


def every(node: Node):
    for child in node.children:
        if isinstance(child, Node):
            yield child
            yield from every(child)


def test_names_that_no_page_can_hold(gaussian, write):
    page = write({"a\0b\ud800c\x1b": gaussian(4)})
    assert layer_rows(page)[0]["name"].text == "a\ufffdb\ufffdc\ufffd"


def test_the_page_refers_to_nothing(model, write, tmp_path):
    page = write(model)
    text = (tmp_path / "report.html").read_text()
    for node in every(page):
        assert not {"src", "href", "xlink:href", "action"} & node.attributes.keys()
    assert "url(" not in text and "@import" not in text and "http://" not in text
    assert "https://" not in text
    (policy,) = page.all("meta", http_equiv="Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none';")


def test_a_hundred_layers_are_small(gaussian, tmp_path):
    w = gaussian(64, 256)
    tensor = zq.encode(w, "int8_g128")
    path = zq.report({f"layer.{i}": (w, tensor) for i in range(100)}, tmp_path / "r.html")
    assert path.stat().st_size < 1.5e6


def test_written_whole_or_not_at_all(model, tmp_path, monkeypatch):
    path = zq.report(model, tmp_path / "r.html")
    before = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(zq.Error, match="No space left"):
        zq.report({"other": np.ones(3, np.float32)}, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.html"]


def test_what_is_no_model(gaussian, tmp_path):
    path = tmp_path / "r.html"
    with pytest.raises(TypeError, match="and not int"):
        zq.report(3, path)
    with pytest.raises(TypeError, match="name is a str"):
        zq.report({3: gaussian(4)}, path)
    with pytest.raises(TypeError, match="layer 'w': remarks"):
        zq.report({"w": (gaussian(4), None, "one")}, path)
    with pytest.raises(TypeError, match="originals are"):
        zq.report({"w": gaussian(4)}, path, original=3)
    with pytest.raises(zq.Error, match="no weights"):
        zq.report({}, path)
    with pytest.raises(zq.Error, match="layer 'w'.*shape"):
        zq.report({"w": (gaussian(4, 64), zq.encode(gaussian(8, 64), "nvfp4"))}, path)
    with pytest.raises(zq.Error, match="missing.safetensors"):
        zq.report(tmp_path / "missing.safetensors", path)
    assert not path.exists()


@pytest.mark.parametrize("shape", [(), (0, 64), (1, 1)])
def test_odd_shapes(shape, write):
    page = write({"w": np.ones(shape, np.float32), "i": np.arange(3)})
    assert len(layer_rows(page)) == 2


def test_a_constant_weight(write):
    w = np.full((4, 64), 0.5, np.float32)
    page = write({"w": (w, zq.encode(w, "int4_g32")), "zero": (0 * w, zq.encode(0 * w, "nvfp4"))})
    assert "the level in use" in page.text
    assert figures(page, "error")["zero"] == 0


def test_function_and_module_do_not_collide():
    # `import zq.reports` must leave zq.report what it is.
    import zq.reports

    assert callable(zq.report) and zq.report is zq.reports.report


def test_the_parser_of_these_tests_sees_faults():
    with pytest.raises(AssertionError):
        parse("<p><b></p>")
