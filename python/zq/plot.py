"""Plots. Needs matplotlib: `pip install zq[plot]`."""

from __future__ import annotations

import io
import math
import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from . import arrays
from .codecs import Codec
from .codecs import codec as to_codec
from .codecs import codecs as named_codecs
from .distortion import measure
from .errors import Error
from .tensor import encode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Point", "RateDistortion", "Skipped", "rate_distortion"]


class Point(NamedTuple):
    """One tensor under one codec."""

    tensor: str
    codec: str
    bits_per_weight: float
    """Over all streams, as stored."""
    relative_error: float
    """The norm of what changed, divided by the norm of the tensor."""
    sqnr: float
    """The same as a ratio of powers, in dB; infinite where nothing changed."""
    max_error: float
    """The largest absolute difference."""


class Skipped(NamedTuple):
    """A codec that cannot hold a tensor, and why not."""

    tensor: str
    codec: str
    reason: str


class RateDistortion(NamedTuple):
    """What `rate_distortion` returns: the figure, and all that it shows."""

    figure: Figure
    points: list[Point]
    skipped: list[Skipped]


_COLOURS = ("#2f6db3", "#d9771a", "#2f9172", "#b8455f", "#7a63b8", "#8c8430", "#3ba3b8", "#5c666f")
_INK, _SOFT, _RULE = "#1d2227", "#5c666f", "#dcdfe0"

Codecs = Mapping[str, "str | Codec"] | Iterable["str | Codec"]


def rate_distortion(
    tensors: Any,
    codecs: Codecs | None = None,
    *,
    dtype: Any = None,
    quantity: str = "sqnr",
    shannon: bool = False,
    title: str | None = None,
    path: str | os.PathLike[str] | None = None,
) -> RateDistortion:
    """Encodes with each codec, and plots what is lost against what is stored.

    `tensors` is an array of floats (NumPy, torch, or what `zq.encode` takes), or
    a mapping from names to arrays. `codecs` are names, texts or `zq.Codec`s, or
    a mapping from labels to these; without them, all that have a name: on a
    matrix of 600,000 elements that is about a minute. `dtype` is as for
    `zq.encode`: "bfloat16" rounds first, so that codecs of bfloat16 can be
    compared with others; the rounding counts as error.

    `quantity` is "sqnr" (dB, up is better) or "relative_error" (down is better).
    `shannon` adds the least error that any code of so many bits can have on
    independent Gaussian values: 6.02 dB for each bit. `path` saves the figure, in
    the format that the name ends in.

    Returns the figure, the points, and the codecs that cannot hold a tensor with
    the reason. Raises `zq.Error` for a codec that is none, and where no codec can
    hold any tensor.
    """
    if quantity not in ("sqnr", "relative_error"):
        raise Error(f"no quantity {quantity!r}; there are 'sqnr' and 'relative_error'")
    named = dict(tensors) if isinstance(tensors, Mapping) else {"": tensors}
    chosen = _chosen(codecs)
    points: list[Point] = []
    skipped: list[Skipped] = []
    for name, tensor in named.items():
        array = arrays.to_numpy(tensor)
        for label, codec in chosen.items():
            try:
                encoded = encode(array, codec, dtype=dtype)
            except Error as error:
                skipped.append(Skipped(name, label, str(error).splitlines()[0]))
                continue
            lost = measure(array, encoded.decode())
            rate = encoded.bits_per_weight
            points.append(Point(name, label, rate, lost.relative_error, lost.sqnr, lost.max_error))
    if not points:
        reason = f": {skipped[0].codec}: {skipped[0].reason}" if skipped else ""
        raise Error(f"no codec can hold any of the tensors{reason}")
    figure = _draw(points, skipped, list(named), quantity, shannon, title)
    if path is not None:
        _save(figure, Path(path))
    return RateDistortion(figure, points, skipped)


def _chosen(codecs: Codecs | None) -> dict[str, Codec]:
    if codecs is None:
        return named_codecs()
    if isinstance(codecs, (str, Codec)):
        codecs = [codecs]
    if isinstance(codecs, Mapping):
        return {str(label): to_codec(codec) for label, codec in codecs.items()}
    parsed = [to_codec(codec) for codec in codecs]
    return {str(codec): codec for codec in parsed}


def _save(figure: Figure, path: Path) -> None:
    from .files.atomic import atomic_write

    form = path.suffix.lstrip(".") or "png"
    if form not in figure.canvas.get_supported_filetypes():
        raise Error(f"{path}: matplotlib writes no '{form}'")
    data = io.BytesIO()
    figure.savefig(data, format=form, dpi=160)
    with atomic_write(path) as file:
        file.write(data.getbuffer())


# ---------------------------------------------------------------------------
# The figure
# ---------------------------------------------------------------------------


def _draw(
    points: Sequence[Point],
    skipped: Sequence[Skipped],
    names: Sequence[str],
    quantity: str,
    shannon: bool,
    title: str | None,
) -> Figure:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("zq.plot needs matplotlib: pip install 'zq[plot]'") from error

    # Not by pyplot, which would keep the figure and choose a window.
    figure = Figure(figsize=(9.6, 6.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    plotted = [name for name in names if any(point.tensor == name for point in points)]
    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(plotted)}
    place = _placer(points, quantity)
    places = [place(point) for point in points]
    for name in plotted:
        own = [(p, q) for p, q in zip(points, places, strict=True) if p.tensor == name]
        colour = colours[name]
        label = name or None
        # What loses nothing is on the edge, and has a sign of its own.
        for marker, is_exact in (("o", False), ("^" if quantity == "sqnr" else "v", True)):
            xy = [q for p, q in own if (p.relative_error == 0) == is_exact]
            if xy:
                dots = axes.scatter(*zip(*xy, strict=True), s=26, marker=marker, color=colour)
                dots.set(zorder=3, label=label)
                label = None
        front = _front([p for p, _ in own])
        # Steps, since between two points there is no codec.
        axes.step(
            [p.bits_per_weight for p in front],
            [place(p)[1] for p in front],
            where="post",
            color=colour,
            alpha=0.28,
            linewidth=1.2,
            zorder=2,
        )
    if quantity == "relative_error":
        from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

        axes.set_yscale("log", nonpositive="clip")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.margins(0.07, 0.07)
    widest = max(point.bits_per_weight for point in points)
    axes.set_xlim(left=0, right=widest * 1.07 + 0.1)
    if all(point.relative_error == 0 for point in points):
        axes.set_yticks([])  # There is no scale to be beyond of.
    elif shannon:
        _draw_bound(axes, quantity)
    _decorate(axes, quantity, title)
    if len(plotted) > 1:
        axes.legend(
            loc="upper left" if quantity == "sqnr" else "upper right", frameon=False, fontsize=9
        )
    note = _note(skipped, len(plotted))
    if any(point.relative_error == 0 for point in points):
        note = "triangles: lossless, beyond the scale" + (f"\n{note}" if note else "")
    lines = note.count("\n") + 1 if note else 0
    figure.get_layout_engine().set(rect=(0.01, 0.03 * lines + 0.01, 0.98, 0.98 - 0.03 * lines))
    figure.draw_without_rendering()
    # Labels are laid out in pixels: nothing may move from here on.
    figure.set_layout_engine("none")
    unlabelled = _label(axes, points, places, colours)
    if unlabelled:
        note += f"{'; ' if note else ''}without room for a label: {unlabelled}"
    if note:
        figure.text(0.012, 0.012, note, fontsize=8, color=_SOFT, va="bottom")
    return figure


def _placer(points: Sequence[Point], quantity: str):
    """Where a point is drawn; what is infinite or 0 is drawn at the edge."""
    values = [getattr(point, quantity) for point in points]
    if quantity == "sqnr":
        finite = [value for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        edge = 0.08 * (high - low) or 3.0

        def place(point: Point) -> tuple[float, float]:
            return point.bits_per_weight, min(max(point.sqnr, low - edge), high + edge)
    else:
        finite = [value for value in values if 0 < value < math.inf]
        low, high = (min(finite), max(finite)) if finite else (0.1, 1.0)

        def place(point: Point) -> tuple[float, float]:
            return point.bits_per_weight, min(max(point.relative_error, low / 2), high * 2)

    return place


def _front(points: Sequence[Point]) -> list[Point]:
    """Those that no other beats in both, from few bits to many."""
    front: list[Point] = []
    for point in sorted(points, key=lambda p: (p.bits_per_weight, p.relative_error)):
        if not front or point.relative_error < front[-1].relative_error:
            front.append(point)
    return front


def _draw_bound(axes: Axes, quantity: str) -> None:
    import numpy as np

    limits = axes.get_ylim()
    right = axes.get_xlim()[1]
    bits = np.linspace(0, right, 200)
    values = 20 * math.log10(2) * bits if quantity == "sqnr" else 2.0**-bits
    axes.plot(bits, values, color=_SOFT, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
    axes.set_ylim(limits)
    inside = [(b, v) for b, v in zip(bits, values, strict=True) if limits[0] < v < limits[1]]
    if inside:
        x, y = inside[int(len(inside) * 0.93)]
        axes.annotate(
            "Shannon bound, Gaussian",
            (x, y),
            xytext=(-8, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=_SOFT,
            ha="right",
            va="center",
            gid="bound",
        )


def _decorate(axes: Axes, quantity: str, title: str | None) -> None:
    axes.set_xlabel("bits per weight", color=_INK)
    label = "SQNR, dB" if quantity == "sqnr" else "relative error"
    axes.set_ylabel(label, color=_INK)
    if title:
        axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=_INK, pad=12)
    axes.grid(color=_RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=_SOFT, length=0, labelsize=9)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_SOFT)


def _note(skipped: Sequence[Skipped], tensors: int) -> str:
    names = list(dict.fromkeys(skip.codec for skip in skipped))
    if not names:
        return ""
    text = f"Cannot hold {'the tensor' if tensors == 1 else 'some of the tensors'}: "
    shown = names[:12]
    text += ", ".join(textwrap.shorten(name, 40, placeholder="…") for name in shown)
    if len(names) > len(shown):
        text += f" and {len(names) - len(shown)} more"
    return textwrap.fill(text, 150)


def _label(
    axes: Axes,
    points: Sequence[Point],
    places: Sequence[tuple[float, float]],
    colours: Mapping[str, str],
) -> int:
    """Writes the codecs' names, none over another or over a point; returns how
    many found no room. Those on the front come first."""
    from matplotlib.patheffects import withStroke
    from matplotlib.transforms import Bbox

    figure = axes.figure
    renderer = figure.canvas.get_renderer()
    scale = figure.dpi / 72
    pixels = axes.transData.transform(places)
    frame = axes.get_window_extent(renderer)
    taken = [
        Bbox.from_bounds(x - 4 * scale, y - 4 * scale, 8 * scale, 8 * scale) for x, y in pixels
    ]
    taken += [text.get_window_extent(renderer) for text in axes.texts]
    legend = axes.get_legend()
    if legend:
        taken.append(legend.get_window_extent(renderer))
    front = {point for name in colours for point in _front([p for p in points if p.tensor == name])}
    order = sorted(range(len(points)), key=lambda i: (points[i] not in front, i))
    unlabelled = 0
    for i in order:
        point = points[i]
        text = axes.annotate(
            textwrap.shorten(point.codec, 44, placeholder="…"),
            places[i],
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=8,
            color=colours[point.tensor] if len(colours) > 1 else _INK,
            gid="label",
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=4,
        )
        size = text.get_window_extent(renderer)
        for dx, dy in _OFFSETS:
            # From the point to the nearest edge of the text.
            left = pixels[i][0] + dx * scale - (size.width if dx < 0 else 0)
            if dx == 0:
                left -= size.width / 2
            bottom = pixels[i][1] + dy * scale - size.height / 2
            box = Bbox.from_bounds(left, bottom, size.width, size.height)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0
            if inside and box.y1 <= frame.y1 and not any(box.overlaps(other) for other in taken):
                break
        else:
            text.remove()
            unlabelled += 1
            continue
        taken.append(box)
        text.set_position(((box.x0 - pixels[i][0]) / scale, (box.y0 - pixels[i][1]) / scale))
        text.set_verticalalignment("bottom")
        if math.hypot(dx, dy) > 16:
            end = (min(max(pixels[i][0], box.x0), box.x1), (box.y0 + box.y1) / 2)
            axes.annotate(
                "",
                places[i],
                xytext=axes.transData.inverted().transform(end),
                arrowprops={"arrowstyle": "-", "color": _SOFT, "linewidth": 0.5, "alpha": 0.6},
                zorder=2,
            )
    return unlabelled


# Where a label may be: to the right first, then around, then farther away.
_OFFSETS = [(6, 0), (-6, 0), (0, 10), (0, -10), (6, 8), (6, -8), (-6, 8), (-6, -8)] + [
    (side * reach, up * reach * 0.7)
    for reach in (16, 24, 34, 46)
    for up in (0.5, -0.5, 1, -1, 0, 1.5, -1.5)
    for side in (1, -1, 0)
    if side or up
]
