"""Reports: what compressing did to a model, as one page of HTML.

`report` is `zq.report`. The folder is not called so: a submodule would take the
function's place in the package when it is imported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..files.atomic import atomic_write
from .html import write
from .layers import Layer, LayerFigures, Reportable, measure_layers
from .page import build_page
from .timing import measure_times

__all__ = ["Layer", "LayerFigures", "Reportable", "measure_layers", "report"]


def report(
    model: Any,
    path: str | os.PathLike[str] = "report.html",
    *,
    original: Any = None,
    time: bool = False,
    title: str | None = None,
) -> Path:
    """Writes a page about compressed weights, and returns its path.

    The page is one file that refers to no other: sizes and bits per weight by
    layer and stream, errors by layer, histograms of the weights against the
    codec's levels, and the remarks on what was fused.

    `model` is one of

    - a module that zq compiled, or anything else with `__zq_layers__`
      (`zq.reports.Reportable`);
    - a mapping from names to `zq.reports.Layer`, to plain tuples `(original,
      tensor)` or `(original, tensor, remarks)`, or to tensors alone. Originals
      are arrays or torch tensors, or None; a tensor is a `zq.Tensor`, or an
      array that stays as it is;
    - a path of a file or folder that `zq.load` reads. Its tensors are read one
      by one;
    - a PyTorch module, of which nothing is compressed.

    `original` is a mapping, a PyTorch module or a path, and has the originals by
    the same names where `model` has none; without an original there are sizes and
    levels, but no errors. `time` measures the fused product of each compressed matrix
    with one row of activations, beside the rate at which memory is read; this
    takes some seconds, and keeps all weights in memory. `title` heads the page.

    Raises `zq.Error` for a model without weights and for shapes that do not
    agree, `TypeError` for what is no model. The file is whole or not there.
    """
    target = Path(path)
    measured = measure_layers(model, original, keep_tensors=time)
    timing = measure_times(measured.tensors) if time else None
    if title is None:
        title = Path(model).name if isinstance(model, (str, os.PathLike)) else "Compressed weights"
    data = write(build_page(measured, timing, title))
    with atomic_write(target) as file:
        file.write(data)
    return target
