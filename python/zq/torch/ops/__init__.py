"""The converters, by kind. Importing this registers all of them."""

from . import (  # noqa: F401
    attention,
    convolution,
    creation,
    elementwise,
    indexing,
    norms,
    products,
    quantized,
    reductions,
    shapes,
)
