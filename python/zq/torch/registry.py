"""The table of converters: from an ATen operation to what emits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .body import Body, Scalar
from .emitter import Emitter, Value


class Unsupported(Exception):
    """An operation, or its arguments, that no converter covers; the text says why."""


@dataclass
class Context:
    """What a converter works with: the function in the making, and what the result is."""

    emitter: Emitter
    #: A fake tensor, or a tuple of them.
    out: Any
    #: Indices that PyTorch would check: the value, and the range it has to be in.
    checks: list[tuple[Value, int, int]]

    @property
    def dtype(self) -> torch.dtype:
        """Of the (first) result."""
        return self.first.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the (first) result."""
        return tuple(self.first.shape)

    @property
    def first(self) -> torch.Tensor:
        """The (first) result."""
        return self.out[0] if isinstance(self.out, (tuple, list)) else self.out

    def pointwise(
        self,
        emit: Callable[..., Scalar],
        *args: Value | float | int | bool,
        compute: torch.dtype,
        store: bool = True,
    ) -> Value:
        """An elementwise operation whose operands are taken in `compute`; numbers become constants.

        What `emit` returns is of the result's dtype if `store`, or else of `compute`, and is
        converted.
        """
        values = [arg for arg in args if isinstance(arg, Value)]
        dtype = self.dtype

        def body_of(body: Body, *scalars: Scalar) -> Scalar:
            rest = iter(scalars)
            operands = [
                next(rest) if isinstance(arg, Value) else body.constant(arg, compute)
                for arg in args
            ]
            result = emit(body, *operands)
            return result if store else body.convert(result, compute, dtype)

        return self.emitter.elementwise(values, dtype, body_of, compute=compute, shape=self.shape)


Converter = Callable[..., Value | Sequence[Value]]

_CONVERTERS: dict[Any, Converter] = {}


def converter(*ops: Any) -> Callable[[Converter], Converter]:
    """Registers a function of (context, *the operation's arguments) for some ATen overloads.

    Tensors arrive as `Value`s, everything else as it is.
    """

    def register(function: Converter) -> Converter:
        for op in ops:
            assert op not in _CONVERTERS, f"{op} has two converters"
            _CONVERTERS[op] = function
        return function

    return register


def find(op: Any) -> Converter | None:
    """The converter of an ATen overload, if there is one."""
    return _CONVERTERS.get(op)


def covered_ops() -> list[Any]:
    """All operations with a converter."""
    return list(_CONVERTERS)


def covered() -> list[str]:
    """Their names."""
    return sorted(map(str, _CONVERTERS))
