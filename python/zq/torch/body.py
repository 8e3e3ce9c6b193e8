"""The body of a nest of loops: arithmetic on scalars, as MLIR text."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from . import types


@dataclass(frozen=True)
class Scalar:
    """A scalar of the program, and its MLIR type."""

    name: str
    kind: str


class Body:
    """Writes the operations of a body. Floats are of a type that has arithmetic: f32 or f64."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._lines: list[str] = []
        self._known: dict[str, Scalar] = {}

    def text(self) -> str:
        """The lines so far."""
        return "".join(f"  {line}\n" for line in self._lines)

    def add(self, text: str, kind: str) -> Scalar:
        """An operation that makes a scalar of `kind`."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = Scalar(f"%s{len(self._known)}", kind)
            self._lines.append(f"{known.name} = {text}{self._location}")
        return known

    def constant(self, value: float | int | bool, dtype: torch.dtype) -> Scalar:
        """`value` in the type that `dtype` is computed in."""
        kind = types.compute(dtype)
        text = types.literal(value, dtype)
        return self.add(f"arith.constant {text}" + ("" if kind == "i1" else f" : {kind}"), kind)

    def op(self, name: str, *operands: Scalar) -> Scalar:
        """An operation whose operands and result are of one type."""
        text = f"{name} {', '.join(operand.name for operand in operands)} : {operands[0].kind}"
        return self.add(text, operands[0].kind)

    def cast(self, name: str, x: Scalar, kind: str) -> Scalar:
        """A conversion to `kind`."""
        return self.add(f"{name} {x.name} : {x.kind} to {kind}", kind)

    def compare(self, predicate: str, x: Scalar, y: Scalar) -> Scalar:
        """`predicate` is one of arith.cmpf or arith.cmpi."""
        name = "arith.cmpf" if x.kind[0] == "f" or x.kind == "bf16" else "arith.cmpi"
        return self.add(f"{name} {predicate}, {x.name}, {y.name} : {x.kind}", "i1")

    def select(self, condition: Scalar, x: Scalar, y: Scalar) -> Scalar:
        """x where `condition`, else y."""
        return self.add(f"arith.select {condition.name}, {x.name}, {y.name} : {x.kind}", x.kind)

    def index(self, loop: int) -> Scalar:
        """The iteration of a loop."""
        return self.add(f"linalg.index {loop} : index", "index")

    def from_index(self, index: Scalar, dtype: torch.dtype) -> Scalar:
        """An index as a number of `dtype`."""
        number = self.cast("arith.index_cast", index, "i64")
        return self.convert(number, torch.int64, dtype)

    def load(self, x: Scalar, dtype: torch.dtype) -> Scalar:
        """A stored element of `dtype` in the type of its arithmetic."""
        if dtype in (torch.float16, torch.bfloat16):
            return self.cast("arith.extf", x, "f32")
        if dtype == torch.bool:
            return self.compare("ne", x, self.constant(0, torch.uint8))
        return x

    def store(self, x: Scalar, dtype: torch.dtype) -> Scalar:
        """The reverse of `load`: rounds."""
        kind = types.storage(dtype)
        if x.kind == kind:
            return x
        if dtype in (torch.float16, torch.bfloat16):
            return self.cast("arith.truncf", x, kind)
        assert dtype == torch.bool and x.kind == "i1", f"{x.kind} is stored as {dtype}"
        return self.cast("arith.extui", x, kind)

    def convert(self, x: Scalar, source: torch.dtype, target: torch.dtype) -> Scalar:
        """A scalar of `source` in the type that `target` is computed in.

        Not rounded to `target` where that is narrower than its arithmetic; `store` does that.
        """
        kind = types.compute(target)
        if target == torch.bool:
            if source == torch.bool:
                return x
            return self.compare(
                "une" if source.is_floating_point else "ne", x, self.constant(0, source)
            )
        if source.is_floating_point and target.is_floating_point:
            if x.kind == kind:
                return x
            return self.cast("arith.extf" if kind == "f64" else "arith.truncf", x, kind)
        if source.is_floating_point:
            # By way of 64 bits, which wraps to narrower ones as C++ does on x86.
            wide = self.cast("arith.fptosi", x, "i64")
            return wide if kind == "i64" else self.cast("arith.trunci", wide, kind)
        unsigned = source in (torch.uint8, torch.bool)
        if target.is_floating_point:
            return self.cast("arith.uitofp" if unsigned else "arith.sitofp", x, kind)
        if x.kind == kind:
            return x
        if int(x.kind[1:]) > int(kind[1:]):
            return self.cast("arith.trunci", x, kind)
        return self.cast("arith.extui" if unsigned else "arith.extsi", x, kind)

    #
    # Arithmetic on numbers of a dtype
    #

    def binary(self, name: str, x: Scalar, y: Scalar) -> Scalar:
        """`name` is add, sub or mul, of floats or of integers."""
        return self.op(f"arith.{name}{'f' if x.kind[0] == 'f' else 'i'}", x, y)

    def maximum(self, x: Scalar, y: Scalar, dtype: torch.dtype) -> Scalar:
        """The larger; NaN where one is NaN."""
        return self.op(f"arith.max{_suffix(dtype)}", x, y)

    def minimum(self, x: Scalar, y: Scalar, dtype: torch.dtype) -> Scalar:
        """The smaller; NaN where one is NaN."""
        return self.op(f"arith.min{_suffix(dtype)}", x, y)


def _suffix(dtype: torch.dtype) -> str:
    if dtype.is_floating_point:
        return "imumf"
    return "ui" if dtype in (torch.uint8, torch.bool) else "si"
