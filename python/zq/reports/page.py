"""The page that `zq.report` writes, put together from figures."""

from __future__ import annotations

import base64
import datetime
import hashlib
import math
import platform
from collections import Counter
from importlib import resources
from pathlib import Path

from .. import _native, distortion
from . import charts, numbers
from .html import Element, name, node
from .layers import LayerFigures, Model
from .levels import Levels
from .timing import ROUNDS, SECONDS, Kernel, Timing

__all__ = ["build_page"]


def build_page(model: Model, timing: Timing | None, title: str) -> Element:
    """The whole document; it refers to nothing outside of itself."""
    style, script = _resource("page.css"), _resource("page.js")
    layers = model.layers
    classes = _stream_classes(layers)
    # Nothing is fetched, and no script runs but the page's own.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return node(
        "html",
        node(
            "head",
            node("meta", charset="utf-8"),
            node("meta", http_equiv="Content-Security-Policy", content=policy),
            node("meta", name="viewport", content="width=device-width, initial-scale=1"),
            node("title", title),
            node("style", style),
        ),
        node(
            "body",
            node("header", node("h1", name(title)), node("p", _subtitle(layers), class_="soft")),
            node(
                "main",
                _totals(layers, timing),
                _overview(layers, classes),
                _layer_table(layers, classes, timing),
                _kernels(timing) if timing else None,
                _fusion(model),
            ),
            _footer(layers),
            node("script", script),
        ),
        lang="en",
    )


def _resource(file: str) -> str:
    return resources.files(__package__).joinpath(file).read_text(encoding="utf-8")


def _stream_classes(layers: list[LayerFigures]) -> charts.Classes:
    """The streams' classes, those of most bytes first; what is not compressed
    comes last, and is gray as all that has no colour of its own."""
    sizes: Counter[str] = Counter()
    dense: set[str] = set()
    for layer in layers:
        sizes.update(layer.streams)
        if not layer.is_compressed:
            dense.update(layer.streams)
    order = sorted(sizes, key=lambda stream: (stream in dense, -sizes[stream], stream))
    return {
        stream: f"s{charts.COLOURS if stream in dense else min(i, charts.COLOURS)}"
        for i, stream in enumerate(order)
    }


def _compressed(layers: list[LayerFigures]) -> list[LayerFigures]:
    return [layer for layer in layers if layer.is_compressed]


def _subtitle(layers: list[LayerFigures]) -> str:
    version = _native.version().split(",")[0]
    return (
        f"{numbers.plural(len(layers), 'tensor')}, "
        f"{numbers.count(sum(layer.size for layer in layers))} weights, "
        f"{len(_compressed(layers))} compressed · {version} · "
        f"{datetime.date.today().isoformat()}"
    )


# ---------------------------------------------------------------------------
# Totals
# ---------------------------------------------------------------------------


def _totals(layers: list[LayerFigures], timing: Timing | None) -> Element:
    compressed = _compressed(layers)
    before = sum(layer.original_bytes for layer in layers)
    after = sum(layer.nbytes for layer in layers)
    weights = sum(layer.size for layer in layers)
    cards = [
        _card(
            "Size",
            numbers.size(after),
            "",
            f"before: {numbers.size(before)}"
            + (f", {before / after:.2f} times as much" if after else ""),
            f"{after:,} bytes, before {before:,}",
        ),
        _card(
            "Bits per weight",
            numbers.bits(8 * after / weights if weights else 0),
            "bits",
            f"{numbers.bits(_bits(compressed))} of what is compressed" if compressed else "",
        ),
    ]
    measured = [layer for layer in compressed if layer.distortion]
    whole = distortion.total(layer.distortion for layer in measured)
    if whole:
        note = f"{numbers.decibels(whole.sqnr)} dB, over {numbers.plural(len(measured), 'tensor')}"
        if whole.identical:
            note = "every bit is that of the originals"
        cards.append(_card("Relative error", numbers.error(whole.relative_error), "", note))
        worst = max(measured, key=lambda layer: layer.distortion.relative_error)
        if not whole.identical:
            cards.append(
                _card(
                    "Largest error of a layer",
                    numbers.error(worst.distortion.relative_error),
                    "",
                    name(worst.name),
                )
            )
    if timing and timing.by_layer:
        seconds = sum(sum(kernel.seconds.values()) for kernel in timing.kernels)
        rate = timing.total_bytes / seconds
        cards.append(
            _card(
                "All products, one row",
                numbers.microseconds(seconds),
                "µs",
                f"{numbers.rate(rate)} GB/s; memory reads at {numbers.rate(timing.read_rate)} GB/s",
            )
        )
    return node("dl", cards, class_="totals")


def _card(
    label: str, figure: str, unit: str, more: Element | str, tip: str | None = None
) -> Element:
    return node(
        "div",
        node("dt", label),
        node("dd", figure, node("span", f" {unit}", class_="unit"), class_="figure", title=tip),
        node("dd", more, class_="more"),
    )


def _bits(layers: list[LayerFigures]) -> float:
    weights = sum(layer.size for layer in layers)
    return 8 * sum(layer.nbytes for layer in layers) / weights if weights else 0.0


# ---------------------------------------------------------------------------
# Where the bits are
# ---------------------------------------------------------------------------


def _overview(layers: list[LayerFigures], classes: charts.Classes) -> list[Element]:
    numbered = [(i, layer) for i, layer in enumerate(layers, 1) if layer.is_compressed]
    result = [node("h2", "Where the bits are")]
    if numbered:
        result.append(node("div", charts.overview(numbered, classes), class_="scroll"))
    dense = [layer for layer in layers if not layer.is_compressed]
    if dense:
        result.append(
            node(
                "p",
                f"{numbers.plural(len(dense), 'tensor')} not compressed, "
                f"{numbers.size(sum(layer.nbytes for layer in dense))}"
                + (", and not in the picture." if numbered else "."),
                class_="note",
            )
        )
    result.append(node("div", _stream_table(layers, classes), _codec_table(layers), class_="pair"))
    return result


def _stream_table(layers: list[LayerFigures], classes: charts.Classes) -> Element:
    total = sum(layer.nbytes for layer in layers) or 1
    rows = []
    for stream in classes:
        holders = [layer for layer in layers if stream in layer.streams]
        size = sum(layer.streams[stream] for layer in holders)
        weights = sum(layer.size for layer in holders)
        swatch = node("span", class_=f"swatch {classes[stream]}")
        rows.append(
            node(
                "tr",
                node("th", swatch, name(stream), scope="row"),
                _number(numbers.size(size), size),
                _number(f"{100 * size / total:.1f}", size / total),
                _number(numbers.bits(8 * size / weights if weights else 0), None),
            )
        )
    heads = ("Stream", "Size", "Share, %", "Bits per weight")
    return _table("By stream", heads, rows, "streams")


def _codec_table(layers: list[LayerFigures]) -> Element:
    groups: dict[str, list[LayerFigures]] = {}
    for layer in sorted(layers, key=lambda layer: not layer.is_compressed):
        groups.setdefault(layer.codec, []).append(layer)
    rows = []
    for codec, members in groups.items():
        error = distortion.total(m.distortion for m in members if m.distortion)
        rows.append(
            node(
                "tr",
                node("th", _codec(codec), scope="row"),
                _number(f"{len(members):,}", len(members)),
                _number(numbers.size(sum(m.nbytes for m in members)), None),
                _number(numbers.bits(_bits(members)), None),
                _number(numbers.error(error.relative_error) if error else "–", None),
            )
        )
    heads = ("Codec", "Tensors", "Size", "Bits per weight", "Relative error")
    return _table("By codec", heads, rows, "codecs")


def _table(caption: str, heads: tuple[str, ...], rows: list[Element], id: str) -> Element:
    cells = [node("th", h, scope="col", class_="n" if i else None) for i, h in enumerate(heads)]
    table = node(
        "table",
        node("caption", node("h3", caption)),
        node("thead", node("tr", cells)),
        node("tbody", rows),
        id=id,
    )
    return node("div", table, class_="scroll")


def _number(shown: str, value: float | None, tip: str | None = None) -> Element:
    return node("td", shown, class_="n", data_value=_data(value), title=tip)


def _data(value: float | None) -> str:
    """As JavaScript reads it; empty where there is none."""
    if value is None or math.isnan(value):
        return ""
    return repr(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


# ---------------------------------------------------------------------------
# The layers
# ---------------------------------------------------------------------------

# Key, title, unit; whether it is a number; and the order that it is first sorted in.
_COLUMNS = [
    ("number", "#", "", True, "ascending"),
    ("name", "Layer", "", False, "ascending"),
    ("shape", "Shape", "", False, "ascending"),
    ("codec", "Codec", "", False, "ascending"),
    ("size", "Size", "", True, "descending"),
    ("bits", "Bits per weight", "", True, "descending"),
    ("error", "Relative error", "", True, "descending"),
    ("sqnr", "SQNR", "dB", True, "ascending"),
    ("largest", "Largest error", "absolute", True, "descending"),
]
_TIME_COLUMNS = [
    ("time", "Time", "µs", True, "descending"),
    ("rate", "Rate", "GB/s", True, "ascending"),
]


def _layer_table(
    layers: list[LayerFigures], classes: charts.Classes, timing: Timing | None
) -> list[Element]:
    columns = _COLUMNS + (_TIME_COLUMNS if timing else [])
    heads = [
        node(
            "th",
            node("button", title, type="button"),
            node("small", unit) if unit else None,
            scope="col",
            class_="n" if is_number else None,
            data_key=key,
            data_first=first,
        )
        for key, title, unit, is_number, first in columns
    ]
    compressed = _compressed(layers)
    most = max((layer.bits_per_weight for layer in compressed or layers), default=1) or 1
    bodies = [
        _layer_rows(number, layer, classes, most, timing, len(columns))
        for number, layer in enumerate(layers, 1)
    ]
    tools = node(
        "div",
        node(
            "input",
            type="search",
            id="filter",
            placeholder="Filter by name or codec",
            aria_label="Filter by name or codec",
        ),
        node(
            "select",
            node("option", "all tensors", value="all"),
            # What is not compressed is mostly biases and norms.
            node(
                "option",
                "compressed",
                value="compressed",
                selected="selected" if compressed else None,
            ),
            node("option", "not compressed", value="dense"),
            id="show",
            aria_label="Which tensors",
        ),
        node("output", id="shown", class_="soft", aria_live="polite"),
        class_="tools",
        hidden="hidden",
    )
    table = node(
        "table",
        node("caption", "A name unfolds its histogram, streams and remarks.", class_="note"),
        node("thead", node("tr", heads)),
        bodies,
    )
    return [
        node(
            "section",
            node("h2", "Layers"),
            tools,
            node("div", table, class_="scroll"),
            id="layers",
        )
    ]


def _layer_rows(
    number: int,
    layer: LayerFigures,
    classes: charts.Classes,
    most: float,
    timing: Timing | None,
    columns: int,
) -> Element:
    shape = "×".join(map(str, layer.shape)) or "scalar"
    id = f"layer-{number}"
    bar = charts.share_bar(layer, classes, max(most, layer.bits_per_weight))
    bits = layer.bits_per_weight
    error = layer.distortion
    cells = [
        _number(str(number), number),
        node(
            "th",
            node("button", name(layer.name), type="button", aria_controls=id),
            scope="row",
            data_value=layer.name,
        ),
        node("td", shape, class_="nowrap", data_value=shape),
        node("td", _codec(layer.codec), data_value=layer.codec),
        _number(numbers.size(layer.nbytes), layer.nbytes, f"{layer.nbytes:,} bytes"),
        node(
            "td",
            node("div", bar, node("span", numbers.bits(bits)), class_="bits"),
            class_="n",
            data_value=_data(bits),
        ),
    ]
    if error:
        cells += [
            _number(numbers.error(error.relative_error), error.relative_error),
            _number(numbers.decibels(error.sqnr), error.sqnr),
            _number(numbers.error(error.max_error), error.max_error),
        ]
    else:
        cells += [_number("–", None)] * 3
    if timing:
        kernel = timing.by_layer.get(layer.name)
        if kernel:
            seconds = kernel.seconds[layer.name]
            rate = kernel.nbytes[layer.name] / seconds
            cells += [
                _number(numbers.microseconds(seconds), seconds * 1e6),
                _number(numbers.rate(rate), rate),
            ]
        else:
            cells += [_number("–", None)] * 2
    return node(
        "tbody",
        node("tr", cells, class_="row"),
        node("tr", node("td", _detail(layer, classes), colspan=columns), class_="more", id=id),
        data_text=f"{layer.name} {layer.codec}",
        data_kind="compressed" if layer.is_compressed else "dense",
    )


def _codec(codec: str) -> Element:
    """A codec's name; of one without, the begin of the text that details have."""
    short = codec if len(codec) <= 60 else codec[:59] + "…"
    return node("code", short, class_="codec" if len(codec) <= 24 else None)


def _detail(layer: LayerFigures, classes: charts.Classes) -> Element:
    left: list[Element] = []
    if isinstance(layer.levels, Levels):
        left += [charts.histogram(layer.levels), node("p", _level_note(layer), class_="note")]
    else:
        left.append(node("p", f"No histogram: {layer.levels}.", class_="note"))
    rows = [
        node(
            "tr",
            node(
                "th",
                node("span", class_=f"swatch {classes[stream]}"),
                name(stream),
                scope="row",
            ),
            _number(f"{size:,}", size),
            _number(numbers.bits(8 * size / layer.size if layer.size else 0), None),
        )
        for stream, size in layer.streams.items()
    ]
    heads = [
        node("th", "Stream", scope="col"),
        node("th", "Bytes", scope="col", class_="n"),
        node("th", "Bits per weight", scope="col", class_="n"),
    ]
    right = [
        node("table", node("thead", node("tr", heads)), node("tbody", rows)),
        node("p", node("code", layer.codec_text)) if layer.codec_text else None,
    ]
    error = layer.distortion
    if error and error.identical:
        right.append(node("p", "Every bit is that of the original.", class_="note"))
    if error and error.not_finite:
        right.append(
            node(
                "p",
                f"{error.not_finite:,} elements that are not finite are not in the errors.",
                class_="note",
            )
        )
    if layer.remarks:
        right.append(node("h3", "What the compiler said"))
        right.append(node("ul", [node("li", remark) for remark in layer.remarks]))
    return node("div", node("div", left), node("div", right), class_="detail")


def _level_note(layer: LayerFigures) -> str:
    levels = layer.levels
    assert isinstance(levels, Levels)
    used = len(levels.levels)
    note = (
        f"Bars: the {'level' if used == 1 else f'{used} levels'} in use, and the share of weights "
        f"stored as each; the choice of one is worth {levels.entropy:.2f} bits."
    )
    if levels.bins is None:
        if layer.distortion is None:
            return note + " There is no original to compare with."
        return note + " The originals cannot be brought to the levels' scale one by one."
    note += (
        " Area: the original weights on the levels' scale, as a share for each mean distance of "
        "levels."
    )
    total = int(levels.bins.sum()) + levels.outside
    if levels.outside:
        note += f" {100 * levels.outside / total:.2g} % lie beyond."
    return note


# ---------------------------------------------------------------------------
# Time
# ---------------------------------------------------------------------------


def _kernels(timing: Timing) -> list[Element]:
    most = max(
        [1.0] + [k.rate / timing.read_rate for k in timing.kernels if k.seconds],
    )
    rows = [_kernel_row(kernel, timing, most * 1.04) for kernel in timing.kernels]
    heads = [
        ("Codec", "", False),
        ("Shape", "", False),
        ("Layers", "", True),
        ("Time", "µs, all layers", True),
        ("Rate", "GB/s", True),
        ("Share of the roof", "%; the line is the roof", True),
        ("What the compiler said", "", False),
    ]
    cells = [
        node("th", title, node("small", unit), scope="col", class_="n" if is_number else None)
        for title, unit, is_number in heads
    ]
    table = node("table", node("thead", node("tr", cells)), node("tbody", rows), id="kernels")
    result = [
        node("h2", "Time by kernel"),
        node(
            "p",
            "One row of activations times each weight, y = W x, decoded in the product. Such a "
            "product reads every byte of the weight once, so that memory is its roof.",
        ),
        node("div", table, class_="scroll"),
        node("p", _conditions(timing), class_="note"),
    ]
    return [node("section", result)]


def _kernel_row(kernel: Kernel, timing: Timing, most: float) -> Element:
    shape = "×".join(map(str, kernel.shape))
    start = [
        node("th", _codec(kernel.codec), scope="row"),
        node("td", shape, class_="nowrap"),
    ]
    if not kernel.seconds:
        why = kernel.failure or "not measured"
        return node("tr", start, node("td", f"not measured: {why}", colspan=5, class_="note"))
    seconds = sum(kernel.seconds.values())
    share = kernel.rate / timing.read_rate
    return node(
        "tr",
        start,
        _number(str(len(kernel.seconds)), len(kernel.seconds)),
        _number(numbers.microseconds(seconds), seconds * 1e6),
        _number(numbers.rate(kernel.rate), kernel.rate),
        node(
            "td",
            node(
                "div",
                charts.roof_bar(share, most),
                node("span", f"{100 * share:.0f}"),
                class_="bits",
            ),
            class_="n",
            data_value=_data(share),
        ),
        node(
            "td",
            [node("div", remark.split(": ", 1)[-1]) for remark in kernel.remarks],
            class_="note",
        ),
    )


def _conditions(timing: Timing) -> str:
    text = (
        f"On {_processor()}, {numbers.plural(timing.threads, 'thread')}. Weights, "
        f"{numbers.size(timing.total_bytes)} in all, are taken in turn, in the model's order, "
        f"{numbers.plural(timing.rounds, 'time')} (at least {ROUNDS}, for {SECONDS:g} s); times "
        "are medians, rates compressed bytes by time. Activations are f32; the products have the "
        "default accuracy of zq.compile. The roof is the best rate at which NumPy reads "
        f"{numbers.size(timing.probe_bytes)} on as many threads, before and after: "
        f"{numbers.rate(timing.read_rate)} GB/s. A call from Python is in each time; an empty one "
        f"takes {numbers.microseconds(timing.call_seconds)} µs."
    )
    if timing.cache_bytes and timing.total_bytes < timing.cache_bytes:
        text += (
            f" The last-level cache of {numbers.size(timing.cache_bytes)} can hold all weights: "
            "they may come from there, faster than memory."
        )
    return text


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


# ---------------------------------------------------------------------------
# What was fused
# ---------------------------------------------------------------------------


def _fusion(model: Model) -> list[Element]:
    groups: dict[str, list[str]] = {}
    for layer in model.layers:
        for remark in layer.remarks:
            groups.setdefault(remark, []).append(layer.name)
    result = [node("h2", "What was fused, and why not")]
    if not groups and not model.remarks:
        result.append(node("p", "No remarks of a compiled function were given.", class_="soft"))
        return result
    items = []
    for remark, layers in sorted(groups.items(), key=lambda item: -len(item[1])):
        items.append(
            node(
                "li",
                node("div", remark),
                node(
                    "details",
                    node("summary", numbers.plural(len(layers), "layer"), class_="soft"),
                    node("ul", [node("li", name(layer)) for layer in layers]),
                ),
            )
        )
    items += [node("li", remark) for remark in model.remarks]
    result.append(node("ul", items, class_="remarks", id="remarks"))
    return result


def _footer(layers: list[LayerFigures]) -> Element:
    text = (
        "Sizes are those of all streams as stored, kB and MB of 1000 and 1000² bytes. The relative "
        "error is the norm of what changed, divided by the norm of the original; SQNR is the same "
        "as a ratio of powers: −20 log₁₀ of it. Both are in double precision over all elements."
    )
    if any(layer.is_compressed and layer.distortion is None for layer in layers):
        text += (
            " Where no original was given, there is no error, and the size before is that of the "
            "tensor's logical type."
        )
    return node("footer", node("p", text, class_="note"))
