"""The page's pictures, as SVG that takes its colours from the style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from . import numbers
from .html import Element, node
from .layers import LayerFigures
from .levels import Levels

COLOURS = 7
"""How many streams have a colour of their own; one more is for all others."""

Classes = Mapping[str, str]
"""The class of each stream, which gives its colour; in the order of drawing."""


def text(x: float, y: float, content: str, class_: str = "", **more: object) -> Element:
    return node("text", content, x=f"{x:.1f}", y=f"{y:.1f}", class_=class_ or None, **more)


def rectangle(x: float, y: float, width: float, height: float, class_: str) -> Element:
    sides = {"x": x, "y": y, "width": width, "height": height}
    return node("rect", class_=class_, **{key: f"{value:.2f}" for key, value in sides.items()})


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Element:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return node("line", class_=class_, **{key: f"{value:.1f}" for key, value in ends.items()})


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers from `low` to `high`, about `count`."""
    step = (high - low) / max(count, 1)
    if not step > 0 or not math.isfinite(step):
        return [low]
    power = 10 ** math.floor(math.log10(step))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def share_bar(layer: LayerFigures, classes: Classes, most_bits: float) -> Element:
    """Bits per weight as a bar of streams, for a row of the table."""
    parts = []
    x = 0.0
    for stream in sorted(layer.streams, key=list(classes).index):
        width = 100 * 8 * layer.streams[stream] / max(layer.size, 1) / most_bits
        parts.append(rectangle(x, 0, min(width, 100 - x), 10, classes[stream]))
        x = min(x + width, 100)
    return node(
        "svg",
        parts,
        class_="bar",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def roof_bar(ratio: float, most: float) -> Element:
    """A rate as a share of the roof, which is a line."""
    return node(
        "svg",
        rectangle(0, 2, 100 * ratio / most, 6, "s0"),
        line(100 / most, 0, 100 / most, 10, "roof"),
        class_="bar wide",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def overview(layers: Sequence[tuple[int, LayerFigures]], classes: Classes) -> Element:
    """Bits per weight of the compressed layers as stacked columns, and below
    their signal-to-noise ratio. `layers` come with their numbers."""
    left = 44
    step = min(956 / len(layers), 64)
    column = step * 0.78
    top, bits_height = 22, 150
    right = left + step * len(layers)
    most = max(layer.bits_per_weight for _, layer in layers) * 1.05
    parts: list[Element] = [text(0, 11, "bits per weight", "axis")]
    for tick in nice_ticks(0, most, 4):
        y = top + bits_height * (1 - tick / most)
        parts += [line(left, y, right, y, "grid"), text(left - 6, y + 4, f"{tick:g}", "tick end")]

    distortions = [layer.distortion for _, layer in layers]
    ratios = [d.sqnr for d in distortions if d and math.isfinite(d.sqnr)]
    second_top, second_height = top + bits_height + 46, 90
    low, high = (
        (5 * math.floor(min(ratios) / 5), 5 * math.ceil(max(ratios) / 5 + 0.2))
        if ratios
        else (0, 1)
    )
    if ratios:
        parts.append(text(0, second_top - 11, "signal to quantization noise, dB", "axis"))
        for tick in nice_ticks(low, high, 3):
            y = second_top + second_height * (high - tick) / (high - low)
            parts += [line(left, y, right, y, "grid")]
            parts += [text(left - 6, y + 4, numbers.level(tick), "tick end")]
    bottom = second_top + second_height if ratios else top + bits_height

    every = next(n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if n * step >= 22)
    for place, (number, layer) in enumerate(layers):
        middle = left + step * (place + 0.5)
        group: list[Element] = [node("title", _summary(number, layer))]
        y = float(top + bits_height)
        for stream in sorted(layer.streams, key=list(classes).index):
            height = bits_height * 8 * layer.streams[stream] / max(layer.size, 1) / most
            y -= height
            group.append(rectangle(middle - column / 2, y, column, height, classes[stream]))
        distortion = layer.distortion
        if distortion and ratios:
            if math.isfinite(distortion.sqnr):
                y = second_top + second_height * (high - distortion.sqnr) / (high - low)
                group.append(_dot(middle, y, min(column / 2, 4)))
            elif distortion.sqnr > 0:
                group.append(text(middle, second_top + 4, "∞", "tick middle"))
        # The whole column shows the title, not just its coloured parts.
        group.append(rectangle(middle - step / 2, top, step, bottom - top, "hover"))
        parts.append(node("g", group))
        if place % every == 0:
            parts.append(text(middle, bottom + 16, str(number), "tick middle"))
    parts.append(text(left, bottom + 34, "number of the layer in the table below", "axis"))
    return node(
        "svg",
        node("title", "Bits per weight and error of each compressed layer"),
        parts,
        class_="overview",
        viewBox=f"0 0 1000 {bottom + 40:.0f}",
        role="img",
        aria_label="Bits per weight and error of each compressed layer; the table has the numbers",
    )


def _dot(x: float, y: float, radius: float) -> Element:
    return node("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{radius:.1f}", class_="dot")


def _summary(number: int, layer: LayerFigures) -> str:
    text = f"{number}: {layer.name}\n{layer.codec}, {numbers.bits(layer.bits_per_weight)} bits"
    if layer.distortion:
        text += f"\n{numbers.decibels(layer.distortion.sqnr)} dB"
    return text


def histogram(levels: Levels) -> Element:
    """How many weights are stored as each level, over how the originals lie."""
    left, right, top, base, width = 44, 470, 22, 150, 480
    values, counts = levels.levels, levels.counts
    if levels.edges is not None:
        low, high = float(levels.edges[0]), float(levels.edges[-1])
    else:
        margin = 0.08 * float(values[-1] - values[0]) or 0.5
        low, high = float(values[0]) - margin, float(values[-1]) + margin
    shares = 100 * counts / counts.sum()
    spacing = float(values[-1] - values[0]) / max(len(values) - 1, 1) or (high - low) / 4

    curve = None
    if levels.bins is not None and levels.bins.sum():
        total = int(levels.bins.sum()) + levels.outside
        # As a share for each mean distance of levels: with equal distances the
        # curve runs through the tops of the bars.
        curve = 100 * levels.bins / total * spacing / ((high - low) / len(levels.bins))
    most = 1.08 * max(float(shares.max()), float(curve.max()) if curve is not None else 0)

    def to_x(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    def to_y(share: float) -> float:
        return base - (base - top) * share / most

    parts: list[Element] = [text(0, 11, "share of weights, %", "axis")]
    for tick in nice_ticks(0, most, 3):
        y = to_y(tick)
        parts += [line(left, y, right, y, "grid"), text(left - 6, y + 4, f"{tick:g}", "tick end")]
    if curve is not None:
        steps = np.repeat(levels.edges, 2)[1:-1]
        points = zip(steps.tolist(), np.repeat(curve, 2).tolist(), strict=True)
        path = " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in points)
        parts.append(
            node("polygon", points=f"{left},{base} {path} {right},{base}", class_="density")
        )
    nearest = float(np.diff(values).min()) if len(values) > 1 else high - low
    bar = min(max((right - left) * nearest / (high - low) * 0.5, 1.2), 9)
    sticks = " ".join(
        f"M{to_x(value):.1f} {base}V{to_y(share):.1f}"
        for value, share in zip(values.tolist(), shares.tolist(), strict=True)
    )
    parts.append(node("path", d=sticks, class_="stick", stroke_width=f"{bar:.1f}"))
    parts.append(line(left, base, right, base, "base"))
    for value in _labelled(values, (high - low) * 34 / (right - left)):
        parts.append(text(to_x(value), base + 16, numbers.level(value), "tick middle"))
    parts.append(text(right, base + 32, "level", "axis end"))
    label = f"Histogram over {len(values)} levels"
    return node(
        "svg",
        node("title", label),
        parts,
        class_="histogram",
        viewBox=f"0 0 {width} {base + 38}",
        role="img",
        aria_label=label,
    )


def _labelled(values: np.ndarray, distance: float) -> list[float]:
    """Levels to write below the axis: the ends first, then what has room."""
    chosen: list[float] = []
    middle = values[np.argmin(np.abs(values))]
    for value in [values[0], values[-1], middle, *values]:
        if all(abs(float(value) - other) >= distance for other in chosen):
            chosen.append(float(value))
    return chosen
