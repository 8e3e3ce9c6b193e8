"""The page in a browser: it shows without errors, and its script does its work."""

import re

import numpy as np
import pytest
import zq

from .conftest import Node, layer_rows


@pytest.fixture
def page(tmp_path, gaussian):
    scales = {"b.weight": 3.0, "a<b>.weight": 0.1, "c.weight": 1.0}
    codecs = ["nvfp4", "int8_row", "q6_k"]
    model = {
        name: (scale * gaussian(64, 256), zq.encode(scale * gaussian(64, 256), codec))
        for (name, scale), codec in zip(scales.items(), codecs, strict=True)
    }
    model["d.bias"] = np.ones(64, np.float32)
    return zq.report(model, tmp_path / "report.html")


def names(document: Node, visible: bool = True) -> list[str]:
    return [
        row["name"].text
        for row in layer_rows(document)
        if not (visible and "hidden" in row["body"].attributes)
    ]


def test_shows_without_errors(page, browse):
    document, console = browse(page)
    assert console == []
    # The tools are there, the details are folded, and what is dense is not shown.
    assert "hidden" not in document.one("div", class_="tools").attributes
    assert len(names(document, visible=False)) == 4
    assert names(document) == ["b.weight", "a<b>.weight", "c.weight"]
    assert all("hidden" in row.attributes for row in document.all("tr", class_="more"))
    assert document.one("output", id="shown").text == "3 of 4"


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("sort=bits&order=ascending", ["b.weight", "c.weight", "a<b>.weight"]),
        ("sort=bits&order=descending", ["a<b>.weight", "c.weight", "b.weight"]),
        ("sort=name&order=ascending", ["a<b>.weight", "b.weight", "c.weight"]),
        # By value and not by text; what has no value is last in either order.
        ("sort=error&order=ascending&show=all", ["a<b>.weight", "c.weight", "b.weight", "d.bias"]),
        ("sort=error&order=descending&show=all", ["b.weight", "c.weight", "a<b>.weight", "d.bias"]),
        ("show=dense", ["d.bias"]),
        ("filter=Q6_K", ["c.weight"]),
        ("filter=weight+b", ["b.weight", "a<b>.weight"]),
        ("sort=nothing&show=nothing&layer=77", ["b.weight", "a<b>.weight", "c.weight"]),
    ],
)
def test_sorts_and_filters_by_the_address(page, browse, fragment, expected):
    document, console = browse(page, f"#{fragment}")
    assert console == []
    assert names(document) == expected


def test_unfolds_by_the_address(page, browse):
    document, _ = browse(page, "#layer=2")
    folded = ["hidden" in row.attributes for row in document.all("tr", class_="more")]
    assert folded == [True, False, True, True]


def test_clicks(page, browse):
    clicks = """
      const click = (selector) => document.querySelector(selector).click();
      click("th[data-key=bits] button");
      click("th[data-key=bits] button");
      const sorted = location.hash;
      click("tbody:nth-of-type(3) th button");
      const filter = document.querySelector("#filter");
      filter.value = "weight";
      filter.dispatchEvent(new Event("input"));
      document.title = sorted + location.hash;
    """
    # The page itself runs no script but its own.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
    page.write_text(text.replace("</body>", f"<script>{clicks}</script></body>"))
    document, console = browse(page)
    assert console == []
    assert names(document) == ["b.weight", "c.weight", "a<b>.weight"]
    heads = {
        head.attributes["data-key"]: head.attributes.get("aria-sort")
        for head in document.all("th")
        if "data-key" in head.attributes
    }
    assert heads["bits"] == "ascending" and heads["error"] is None
    rows = layer_rows(document)
    assert "hidden" not in rows[2]["body"].one("tr", class_="more").attributes
    state = "#sort=bits&order=ascending"
    assert document.one("head").one("title").text == f"{state}{state}&filter=weight"


def test_no_other_script_runs(page, browse):
    text = page.read_text()
    page.write_text(text.replace("</body>", "<script>document.title = 'ran'</script></body>"))
    document, console = browse(page)
    assert document.one("head").one("title").text != "ran"
    # It also shows that the console's messages are seen by these tests.
    assert any("Content Security Policy" in line for line in console)


def test_readable_without_script(page, browse):
    text = page.read_text()
    page.write_text(text[: text.index("<script>")] + "</body></html>")
    document, _ = browse(page)
    assert len(names(document)) == 4
    assert not any("hidden" in row.attributes for row in document.all("tr", class_="more"))
    assert "hidden" in document.one("div", class_="tools").attributes
