"""From operations on tensors to MLIR text: values, loops, indexing maps, constants.

A `Value` is a view: a tensor in the program, the shape it is looked at with, and which of its
dimensions a dimension of that shape runs along. Reshapes, transposes and broadcasts only change the
view; the operation that reads it has them in its indexing maps, so that they come between no two
operations that the compiler could fuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import torch

from . import types
from .body import Body, Scalar

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """A view of a tensor of the program.

    `name` is a tensor of the shape `stored`, which holds the elements of a tensor of the shape
    `base`, row by row. Dimension i of `base` runs along dimension `axes[i]` of `shape`; along a
    dimension that is none of the axes, all elements are the same. An axis of None is a dimension of
    one element that is not in `shape`.
    """

    name: str
    stored: Shape
    dtype: torch.dtype
    base: Shape
    axes: tuple[int | None, ...]
    shape: Shape
    #: An operation of the program made it, and may be fused with what reads it in the same shape.
    computed: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether it is the stored elements in their order."""
        return self.base == self.shape and self.axes == tuple(range(len(self.shape)))


class UnknownSize(Exception):
    """A size that each call chooses, and the program cannot tell; the text says why."""


@dataclass(frozen=True)
class Operand:
    """A value that a nest of loops reads: dimension i of it is indexed by loop `loops[i]`."""

    value: Value
    loops: tuple[int, ...]


def _map(count: int, loops: Sequence[int]) -> str:
    dims = ", ".join(f"d{i}" for i in range(count))
    return f"affine_map<({dims}) -> ({', '.join(f'd{i}' for i in loops)})>"


def _boundaries(shape: Shape) -> set[int]:
    """The places between dimensions, as the number of elements behind them."""
    behind, places = 1, set()
    for size in reversed(shape):
        behind *= size
        places.add(behind)
    return places


def _groups(left: Shape, right: Shape) -> list[tuple[list[int], list[int]]]:
    """The finest groups of dimensions of two shapes with as many elements each, such that groups
    match."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(left) or j < len(right):
        here: tuple[list[int], list[int]] = ([], [])
        a = b = 1
        if i < len(left):
            a, i = left[i], i + 1
            here[0].append(i - 1)
        if j < len(right):
            b, j = right[j], j + 1
            here[1].append(j - 1)
        while a != b:
            if a < b:
                a, i = a * left[i], i + 1
                here[0].append(i - 1)
            else:
                b, j = b * right[j], j + 1
                here[1].append(j - 1)
        groups.append(here)
    # A group with no dimension on a side goes with its neighbour.
    merged: list[tuple[list[int], list[int]]] = []
    for group in groups:
        if merged and (not all(group) or not all(merged[-1])):
            merged[-1][0].extend(group[0])
            merged[-1][1].extend(group[1])
        else:
            merged.append(group)
    return merged


def _reassociation(groups: Iterable[Sequence[int]]) -> str:
    return "[" + ", ".join("[" + ", ".join(map(str, group)) + "]" for group in groups) + "]"


class Emitter:
    """Writes one function. Each method adds operations and returns the value they make.

    A size that is a multiple of one of `symbols`, primes so large that no other size is, stands for
    one that each call chooses.
    """

    def __init__(self, name: str = "main", symbols: Sequence[int] = ()) -> None:
        self.name = name
        self.symbols = tuple(symbols)
        #: For each symbol that arguments have: the first argument, and its dimension.
        self.places: dict[int, tuple[int, int]] = {}
        self.location = ""
        self._lines: list[str] = []
        self._arguments: list[str] = []
        self._count = 0
        #: Operations without side effects that are there already: text -> result.
        self._known: dict[str, str] = {}

    #
    # Sizes
    #

    def tensor(self, shape: Shape, element: str) -> str:
        """The type of a tensor."""
        if any(len(self._symbols_of(size)) > 1 for size in shape):
            raise UnknownSize("two sizes that may change are one of a tensor")
        sizes = ("?" if self._symbols_of(size) else str(size) for size in shape)
        return f"tensor<{''.join(f'{size}x' for size in sizes)}{element}>"

    def _symbols_of(self, size: int) -> list[int]:
        """The symbols that a size is a product of, and numbers."""
        found = []
        for symbol in self.symbols:
            while size and size % symbol == 0:
                found.append(symbol)
                size //= symbol
        return found

    def _size(self, size: int) -> str:
        """A size as an operand: a number, or a value of the program."""
        symbols = self._symbols_of(size)
        if not symbols:
            return str(size)
        factor = size // math.prod(symbols)
        values = [self._constant(factor)] if factor != 1 else []
        for symbol in symbols:
            if symbol not in self.places:
                raise UnknownSize("no input has a size that may change")
            argument, dim = self.places[symbol]
            kind = self._arguments[argument].split(": ", 1)[1]
            values.append(self._add(f"tensor.dim %a{argument}, {self._constant(dim)} : {kind}"))
        value = values[0]
        for other in values[1:]:
            value = self._add(f"arith.muli {value}, {other} : index")
        return value

    def _constant(self, number: int) -> str:
        return self._add(f"arith.constant {number} : index")

    def _sizes(self, shape: Shape) -> str:
        return "[" + ", ".join(map(self._size, shape)) + "]"

    #
    # The function
    #

    def argument(self, shape: Shape, dtype: torch.dtype) -> Value:
        """The next argument, a dense tensor. One of rank 0 is taken as one element."""
        shape = tuple(shape)
        stored = shape or (1,)
        for dim, size in enumerate(stored):
            if size in self.symbols:
                self.places.setdefault(size, (len(self._arguments), dim))
        name = f"%a{len(self._arguments)}"
        self._arguments.append(f"{name}: {self.tensor(stored, types.storage(dtype))}")
        return Value(name, stored, dtype, shape, tuple(range(len(shape))), shape, computed=False)

    def weight(self, type_text: str, stored: Shape, shape: Shape, dtype: torch.dtype) -> Value:
        """The next argument, a compressed tensor of type `type_text` and shape `stored`, decoded;
        seen as `shape`."""
        name = f"%a{len(self._arguments)}"
        self._arguments.append(f"{name}: {type_text}")
        dense = self.tensor(stored, types.storage(dtype))
        into = self._add(f"tensor.empty() : {dense}")
        zeros = ", ".join("0" for _ in stored)
        decoded = self._add(
            f"zq.decode {name} at [{zeros}] outs({into} : {dense}) : {type_text} -> {dense}"
        )
        return Value(decoded, stored, dtype, shape, tuple(range(len(shape))), shape, computed=False)

    def finish(self, results: Sequence[Value]) -> tuple[str, list[tuple[int, Shape, torch.dtype]]]:
        """The module's text, and for each of `results` which of the function's results holds it,
        and its shape."""
        places: dict[str, int] = {}
        returned: list[str] = []
        where = []
        for result in results:
            value = self.materialize(result)
            if any(s not in self.symbols and self._symbols_of(s) for s in value.stored):
                # A caller knows the sizes of the arguments alone.
                name = self.reshaped(value, value.shape)
                value = replace(value, name=name, stored=value.shape)
            if value.name not in places:
                places[value.name] = len(places)
                returned.append(self.tensor(value.stored, types.storage(value.dtype)))
            where.append((places[value.name], value.shape, value.dtype))
        kinds = ", ".join(returned)
        body = "\n".join(self._lines)
        text = (
            f"func.func @{self.name}({', '.join(self._arguments)}) -> ({kinds}) {{\n{body}\n"
            f"  return {', '.join(places)} : {kinds}\n}}\n"
        )
        return text, where

    def _fresh(self) -> str:
        self._count += 1
        return f"%{self._count}"

    def _loc(self) -> str:
        escaped = self.location.replace("\\", "\\\\").replace('"', '\\"')
        return f' loc("{escaped}")' if escaped else ""

    def _add(self, text: str) -> str:
        """An operation without side effects."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._fresh()
            self._lines.append(f"  {known} = {text}{self._loc()}")
        return known

    def lines(self, text: str) -> None:
        """Lines as they are, for operations with regions."""
        self._lines.extend("  " + line for line in text.splitlines())

    #
    # Views
    #

    def reshaped(self, value: Value, shape: Shape) -> str:
        """The name of the stored elements of `value` as a tensor of `shape`."""
        element = types.storage(value.dtype)
        name, stored = value.name, value.stored
        if stored == shape:
            return name
        if 0 in stored:
            return self.empty(shape, value.dtype)
        if not shape:
            return self._add(
                f"tensor.collapse_shape {name} [] : {self.tensor(stored, element)} into "
                f"{self.tensor(shape, element)}"
            )
        groups = _groups(stored, shape)
        middle = tuple(math.prod(stored[i] for i in left) for left, _ in groups)
        if middle != stored:
            text = _reassociation(left for left, _ in groups)
            name = self._add(
                f"tensor.collapse_shape {name} {text} : {self.tensor(stored, element)} into "
                f"{self.tensor(middle, element)}"
            )
        if middle != shape:
            text = _reassociation(right for _, right in groups)
            name = self._add(
                f"tensor.expand_shape {name} {text} output_shape {self._sizes(shape)} : "
                f"{self.tensor(middle, element)} into {self.tensor(shape, element)}"
            )
        return name

    def permute(self, value: Value, order: Sequence[int]) -> Value:
        """Dimension i of the result is dimension `order[i]` of `value`."""
        place = {dim: i for i, dim in enumerate(order)}
        axes = tuple(None if axis is None else place[axis] for axis in value.axes)
        return replace(value, axes=axes, shape=tuple(value.shape[dim] for dim in order))

    def expand(self, value: Value, shape: Shape) -> Value:
        """Broadcasts to `shape`, by PyTorch's rules."""
        shape = tuple(shape)
        new = len(shape) - len(value.shape)
        axes: list[int | None] = []
        for axis, size in zip(value.axes, value.base, strict=False):
            # One element that becomes many is none of the axes any more.
            axes.append(None if axis is None or size == 1 != shape[axis + new] else axis + new)
        return replace(value, axes=tuple(axes), shape=shape)

    def reshape(self, value: Value, shape: Shape) -> Value:
        """The same elements, row by row, as `shape`."""
        shape = tuple(shape)
        if shape == value.shape:
            return value
        if self._differ_by_ones(value.shape, shape):
            return self._reshape_ones(value, shape)
        regrouped = self._regroup(value, shape)
        if regrouped is not None:
            return regrouped
        value = self.materialize(value)
        return replace(value, base=shape, axes=tuple(range(len(shape))), shape=shape)

    @staticmethod
    def _differ_by_ones(left: Shape, right: Shape) -> bool:
        return [s for s in left if s != 1] == [s for s in right if s != 1]

    def _reshape_ones(self, value: Value, shape: Shape) -> Value:
        """As `reshape`, where only dimensions of one element come or go: the order stays."""
        real = [i for i, size in enumerate(value.shape) if size != 1]
        place = dict(zip(real, (i for i, size in enumerate(shape) if size != 1), strict=False))
        axes = tuple(place.get(axis) if axis is not None else None for axis in value.axes)
        if value.is_plain:
            return replace(value, base=shape, axes=tuple(range(len(shape))), shape=shape)
        return replace(value, axes=axes, shape=shape)

    @staticmethod
    def _regroup(value: Value, shape: Shape) -> Value | None:
        """As `reshape`, where what is merged or split lies together in memory."""
        if 0 in shape or value.is_plain:
            return None
        pieces: dict[int, list[tuple[int, int | None]]] = {}
        dropped: set[int] = set()
        for left, right in _groups(value.shape, shape):
            real = [dim for dim in left if value.shape[dim] != 1]
            places = [value.axes.index(dim) for dim in real if dim in value.axes]
            if not places:
                # The same element all along; or dimensions of one element.
                continue
            between = range(places[0], places[-1] + 1)
            if len(places) < len(real) or places != sorted(places):
                return None
            if any(value.base[i] != 1 for i in between if i not in places):
                return None
            pieces[places[0]] = [(shape[dim], dim) for dim in right]
            dropped.update(between)
        base: list[tuple[int, int | None]] = []
        for i, size in enumerate(value.base):
            if i in pieces:
                base += pieces[i]
            elif i not in dropped and size != 1:
                return None
        return replace(
            value,
            base=tuple(size for size, _ in base),
            axes=tuple(axis for _, axis in base),
            shape=shape,
        )

    def materialize(self, value: Value) -> Value:
        """The same, with its elements stored in their order."""
        if value.is_plain:
            return value
        # Dimensions of one element may be out of place.
        real = [axis for axis, size in zip(value.axes, value.base, strict=False) if size != 1]
        if real == [i for i, size in enumerate(value.shape) if size != 1]:
            return replace(value, base=value.shape, axes=tuple(range(len(value.shape))))
        return self.elementwise([value], value.dtype, lambda body, x: x, compute=value.dtype)

    def slice(self, value: Value, dim: int, start: int, size: int, step: int = 1) -> Value:
        """`size` elements along `dim`, from `start`, every `step`-th, all in bounds."""
        shape = (*value.shape[:dim], size, *value.shape[dim + 1 :])
        if dim not in value.axes:
            return replace(value, shape=shape)
        if start == 0 and step == 1 and size == value.shape[dim]:
            return value
        if not size:
            return self.full(shape, value.dtype, 0)
        at = value.axes.index(dim)
        # Of the stored dimensions, if one of them is the one to be cut.
        stored = value.stored
        before, behind = math.prod(value.base[:at]), math.prod(value.base[at + 1 :])
        for i, length in enumerate(stored):
            if (
                length == value.base[at]
                and math.prod(stored[:i]) == before
                and math.prod(stored[i + 1 :]) == behind
            ):
                place = i
                break
        else:
            stored, place = value.base, at
        name = self.reshaped(value, stored)
        cut = (*stored[:place], size, *stored[place + 1 :])
        offsets = [start if i == place else 0 for i in range(len(stored))]
        steps = [step if i == place else 1 for i in range(len(stored))]
        element = types.storage(value.dtype)
        name = self._add(
            f"tensor.extract_slice {name}{offsets} {self._sizes(cut)} {steps} : "
            f"{self.tensor(stored, element)} to {self.tensor(cut, element)}"
        )
        base = (*value.base[:at], size, *value.base[at + 1 :])
        return replace(value, name=name, stored=cut, base=base, shape=shape, computed=False)

    #
    # Loops
    #

    def empty(self, shape: Shape, dtype: torch.dtype) -> str:
        """A tensor of no particular values."""
        sizes = [self._size(size) for size in shape if self._symbols_of(size)]
        kind = self.tensor(shape, types.storage(dtype))
        return self._add(f"tensor.empty({', '.join(sizes)}) : {kind}")

    def filled(self, shape: Shape, dtype: torch.dtype, value: float | int) -> str:
        """A tensor of equal values."""
        kind = types.storage(dtype)
        number = types.literal(value, torch.uint8 if dtype == torch.bool else dtype)
        if kind in ("f16", "bf16"):
            number = hex(torch.tensor(float(value)).to(dtype).view(torch.int16).item() & 0xFFFF)
        constant = self._add(f"arith.constant {number} : {kind}")
        into, shaped = self.empty(shape, dtype), self.tensor(shape, kind)
        return self._add(
            f"linalg.fill ins({constant} : {kind}) outs({into} : {shaped}) -> {shaped}"
        )

    def full(self, shape: Shape, dtype: torch.dtype, value: float | int) -> Value:
        """Equal values, as a broadcast of one."""
        name = self.filled((1,), dtype, value)
        return Value(name, (1,), dtype, (1,), (None,), tuple(shape))

    def loops(
        self,
        sizes: Sequence[int],
        operands: Sequence[Operand],
        result: Sequence[int],
        dtype: torch.dtype,
        emit: Callable[..., Scalar],
        init: float | int | None = None,
        op: str | None = None,
        keep_order: bool = False,
    ) -> Value:
        """A nest of loops of `sizes` that computes a tensor of `dtype` with a dimension for each
        loop of `result`.

        Loops that are not in `result` are reductions, which begin with `init`. `emit(body,
        *scalars)` computes an element from those of the operands, as they are stored, and, for a
        reduction, the sum so far, which comes last. Loops along which all operands can be walked as
        one become one, unless the body asks for their indices (`keep_order`).
        """
        shape = tuple(sizes[loop] for loop in result)
        if all(sizes[loop] == 1 for loop in result) and not keep_order:
            # Nothing is stored without a dimension: one of one element, of a loop of its own.
            result = [len(sizes)]
            sizes = [*sizes, 1]
        groups, views = self._merge(sizes, operands, result, keep_order)
        count = len(groups)
        merged_sizes = [math.prod(sizes[loop] for loop in group) for group in groups]
        place = {loop: i for i, group in enumerate(groups) for loop in group}
        out: list[int] = []
        for loop in result:
            if loop in place and place[loop] not in out:
                out.append(place[loop])
        stored = tuple(merged_sizes[i] for i in out)
        kind = types.storage(dtype)
        init_name = self.empty(stored, dtype) if init is None else self.filled(stored, dtype, init)

        ins, in_types, maps = [], [], []
        arguments: list[Scalar] = []
        silent: list[Scalar] = []
        for view, loops in views:
            ins.append(self.reshaped(view, view.base))
            in_types.append(self.tensor(view.base, types.storage(view.dtype)))
            maps.append(_map(count, loops))
            arguments.append(Scalar(f"%x{len(arguments)}", types.storage(view.dtype)))
        # A loop along which no operand changes has its length from a tensor that nothing reads.
        known = set(out).union(*(loops for _, loops in views))
        for loop in range(count):
            if loop not in known:
                ins.append(self.empty((merged_sizes[loop],), torch.int8))
                in_types.append(self.tensor((merged_sizes[loop],), "i8"))
                maps.append(_map(count, [loop]))
                silent.append(Scalar(f"%x{len(arguments) + len(silent)}", "i8"))
        maps.append(_map(count, out))
        iterators = ", ".join('"parallel"' if i in out else '"reduction"' for i in range(count))
        accumulator = Scalar("%o", kind)
        body = Body(self._loc())
        yielded = emit(body, *arguments, *([] if init is None else [accumulator]))
        assert yielded.kind == kind, f"{yielded.kind} is yielded to {kind}"
        name = self._fresh()
        block = ", ".join(f"{s.name}: {s.kind}" for s in [*arguments, *silent, accumulator])
        clause = f"ins({', '.join(ins)} : {', '.join(in_types)}) " if ins else ""
        shaped = self.tensor(stored, kind)
        # Named operations take maps of some forms only; others crash upstream's verifier.
        if op is not None and maps == [_map(3, loops) for loops in ((0, 2), (1, 2), (0, 1))]:
            self.lines(
                f"{name} = {op} indexing_maps = [{', '.join(maps)}] {clause}outs({init_name} : "
                f"{shaped})"
                f" -> {shaped}{self._loc()}"
            )
        else:
            self.lines(
                f"{name} = linalg.generic "
                f"{{indexing_maps = [{', '.join(maps)}], iterator_types = [{iterators}]}} "
                f"{clause}outs({init_name} : {shaped}) {{\n^bb0({block}):\n{body.text()}"
                f"  linalg.yield {yielded.name} : {kind}{self._loc()}\n}} -> {shaped}{self._loc()}"
            )
        return Value(name, stored, dtype, shape, tuple(range(len(shape))), shape)

    def _merge(
        self,
        sizes: Sequence[int],
        operands: Sequence[Operand],
        result: Sequence[int],
        keep_order: bool,
    ) -> tuple[list[list[int]], list[tuple[Value, list[int]]]]:
        """Groups of loops that are walked as one, and for each operand its view and the group of
        each dimension."""
        # Dimensions of one element are not walked.
        walked = []
        for operand in operands:
            value = operand.value
            dims = [
                (size, operand.loops[axis])
                for size, axis in zip(value.base, value.axes, strict=False)
                if axis is not None and size != 1
            ]
            walked.append(dims)
        if keep_order:
            groups = [[loop] for loop in range(len(sizes))]
        else:
            real = [loop for loop, size in enumerate(sizes) if size != 1]
            groups = [[loop] for loop in real]
            orders = [[loop for _, loop in dims] for dims in walked]
            orders.append([loop for loop in result if sizes[loop] != 1])
            kept, joined = self._boundaries_of_computed(sizes, operands, real)
            last = real[-1] if real else None
            merged: list[list[int]] = []
            for group in groups:
                loop = group[0]
                before = merged[-1][-1] if merged else None
                # The last loop is that of the vectors.
                may_join = loop != last or before in joined
                if before is not None and may_join and before not in kept:
                    if all(self._adjacent(order, before, loop) for order in orders):
                        merged[-1].append(loop)
                        continue
                merged.append(group)
            groups = merged
            if not any(loop in real for loop in result):
                groups.insert(0, [result[0]])
        place = {loop: i for i, group in enumerate(groups) for loop in group}
        views = []
        for operand, dims in zip(operands, walked, strict=False):
            base: list[int] = []
            loops: list[int] = []
            for size, loop in dims:
                if loops and loops[-1] == place[loop]:
                    base[-1] *= size
                else:
                    base.append(size)
                    loops.append(place[loop])
            # A tensor of rank 0 has no vectors: one element is a dimension of one.
            if not base:
                unit = next(
                    (
                        i
                        for i, group in enumerate(groups)
                        if all(sizes[loop] == 1 for loop in group)
                    ),
                    None,
                )
                if unit is not None:
                    base, loops = [1], [unit]
            views.append((replace(operand.value, base=tuple(base)), loops))
        return groups, views

    @staticmethod
    def _adjacent(order: list[int], left: int, right: int) -> bool:
        if left not in order and right not in order:
            return True
        return left in order and right in order and order.index(left) + 1 == order.index(right)

    @staticmethod
    def _boundaries_of_computed(
        sizes: Sequence[int], operands: Sequence[Operand], real: list[int]
    ) -> tuple[set[int], set[int]]:
        """Loops behind which a dimension ends of a tensor that was computed, and those behind which
        none does.

        Such a tensor may be fused if it is read as it is.
        """
        kept: set[int] = set()
        joined: set[int] = set()
        for operand in operands:
            value = operand.value
            order = [
                operand.loops[axis]
                for axis, size in zip(value.axes, value.base, strict=False)
                if axis is not None and size != 1
            ]
            if not value.computed or order != sorted(order):
                continue
            places = _boundaries(value.stored)
            behind = 1
            for loop in reversed(order):
                before = [other for other in real if other < loop]
                behind *= sizes[loop]
                if not before or before[-1] not in order:
                    continue
                (kept if behind in places else joined).add(before[-1])
        return kept, joined - kept

    #
    # Kinds of loops
    #

    def elementwise(
        self,
        values: Sequence[Value],
        dtype: torch.dtype,
        emit: Callable[..., Scalar],
        compute: torch.dtype | None = None,
        shape: Shape | None = None,
    ) -> Value:
        """`emit(body, *scalars)` for each element, the operands broadcast against each other.

        The scalars are of the dtype `compute`, or of each operand's own; what `emit` returns is of
        `compute`, or of `dtype`.
        """
        if shape is None:
            shape = tuple(torch.broadcast_shapes(*(value.shape for value in values)))
        operands = [
            Operand(self.expand(value, shape), tuple(range(len(shape)))) for value in values
        ]

        def element(body: Body, *scalars: Scalar) -> Scalar:
            loaded = [
                body.convert(body.load(scalar, value.dtype), value.dtype, compute or value.dtype)
                for scalar, value in zip(scalars, values, strict=False)
            ]
            return body.store(emit(body, *loaded), dtype)

        if values and compute == dtype and len(values) == 1 and values[0].dtype == dtype:
            # A copy keeps the bits.
            probe = Scalar("%probe", types.compute(dtype))
            if emit(Body(""), probe) is probe:
                element = lambda body, scalar: scalar  # noqa: E731
        return self.loops(shape, operands, range(len(shape)), dtype, element)

    def reduce(
        self,
        values: Sequence[Value],
        dims: Sequence[int],
        dtype: torch.dtype,
        init: float | int,
        emit: Callable[..., Scalar],
    ) -> Value:
        """Combines elements along `dims`, which stay as dimensions of one element.

        The values are broadcast against each other. `emit(body, *scalars, sum)` gets the scalars in
        the dtype that `dtype`, one without narrower storage than arithmetic, is computed in.
        """
        shape = tuple(torch.broadcast_shapes(*(value.shape for value in values)))
        # The compiler takes the lanes of vectors along the last operand: the one that has most
        # elements.
        order = sorted(range(len(values)), key=lambda i: math.prod(values[i].base))
        operands = [Operand(self.expand(values[i], shape), tuple(range(len(shape)))) for i in order]
        kept = [dim for dim in range(len(shape)) if dim not in dims]

        def element(body: Body, *scalars: Scalar) -> Scalar:
            given = {i: scalar for i, scalar in zip(order, scalars, strict=False)}
            loaded = [
                body.convert(body.load(given[i], value.dtype), value.dtype, dtype)
                for i, value in enumerate(values)
            ]
            return emit(body, *loaded, scalars[-1])

        value = self.loops(shape, operands, kept, dtype, element, init=init)
        return self.reshape(
            value, tuple(1 if dim in dims else size for dim, size in enumerate(shape))
        )

    def convert(self, value: Value, dtype: torch.dtype) -> Value:
        """The same values, rounded to `dtype`."""
        if value.dtype == dtype:
            return value
        return self.elementwise([value], dtype, lambda body, x: body.convert(x, value.dtype, dtype))
