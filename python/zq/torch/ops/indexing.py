"""Elements at places that data decides: embeddings, gathers, and writes to a cache."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from .. import types
from ..body import Body, Scalar
from ..emitter import Operand, Value
from ..registry import Context, Unsupported, converter

aten = torch.ops.aten


def _kind(shape: Sequence[int], dtype: torch.dtype) -> str:
    return f"tensor<{''.join(f'{size}x' for size in shape)}{types.storage(dtype)}>"


def _clamped(body: Body, index: Scalar, size: int, wraps: bool) -> Scalar:
    """An index that reads no memory outside, whatever it is; the caller is told where it was
    outside."""
    zero = body.constant(0, torch.int64)
    if wraps:
        end = body.constant(size, torch.int64)
        index = body.select(body.compare("slt", index, zero), body.binary("add", index, end), index)
    index = body.op("arith.maxsi", index, zero)
    index = body.op("arith.minsi", index, body.constant(size - 1, torch.int64))
    return body.cast("arith.index_cast", index, "index")


def take(
    ctx: Context,
    source: Value,
    indices: Sequence[tuple[Value, tuple[int, ...]] | int],
    shape: Sequence[int],
    wraps: bool,
) -> Value:
    """A tensor of `shape` of source's elements.

    `indices` has for each dimension of the source the loop that walks along it, or a value of
    integers with the loops of its dimensions.
    """
    e = ctx.emitter
    if 0 in source.shape:
        if 0 in shape:
            return e.full(shape, source.dtype, 0)
        raise Unsupported("an index into no elements")
    source = e.materialize(source)
    name = e.reshaped(source, source.shape)
    by_data = [(value, loops, size) for (value, loops), size in _pairs(indices, source.shape)]
    for value, _, size in by_data:
        ctx.checks.append((value, -size if wraps else 0, size))
    kind = types.storage(source.dtype)

    def emit(body: Body, *scalars: Scalar) -> Scalar:
        rest = iter(zip(scalars, by_data, strict=False))
        places = []
        for index in indices:
            if isinstance(index, int):
                places.append(body.index(index))
                continue
            scalar, (value, _, size) = next(rest)
            wide = body.convert(body.load(scalar, value.dtype), value.dtype, torch.int64)
            places.append(_clamped(body, wide, size, wraps))
        text = ", ".join(place.name for place in places)
        return body.add(
            f"tensor.extract {name}[{text}] : {_kind(source.shape, source.dtype)}", kind
        )

    operands = [Operand(value, loops) for value, loops, _ in by_data]
    return e.loops(shape, operands, range(len(shape)), source.dtype, emit, keep_order=True)


def _pairs(indices: Sequence[tuple[Value, tuple[int, ...]] | int], shape: Sequence[int]):
    return [
        (index, size)
        for index, size in zip(indices, shape, strict=False)
        if not isinstance(index, int)
    ]


@converter(aten.embedding.default)
def embedding(
    ctx: Context,
    weight: Value,
    indices: Value,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Value:
    # One loop over all tokens.
    e = ctx.emitter
    count = math.prod(indices.shape)
    flat = e.reshape(indices, (count,))
    rows = take(ctx, weight, [(flat, (0,)), 1], (count, weight.shape[1]), wraps=False)
    return e.reshape(rows, ctx.shape)


@converter(aten.index_select.default)
def index_select(ctx: Context, x: Value, dim: int, index: Value) -> Value:
    if not x.shape:
        raise Unsupported("index_select of a scalar")
    dim %= len(x.shape)
    index = ctx.emitter.reshape(index, (math.prod(index.shape),))
    places = [(index, (dim,)) if i == dim else i for i in range(len(x.shape))]
    return take(ctx, x, places, ctx.shape, wraps=False)


@converter(aten.gather.default)
def gather(ctx: Context, x: Value, dim: int, index: Value, sparse_grad: bool = False) -> Value:
    rank = len(x.shape)
    if not rank:
        raise Unsupported("gather of a scalar")
    dim %= rank
    places = [(index, tuple(range(rank))) if i == dim else i for i in range(rank)]
    return take(ctx, x, places, ctx.shape, wraps=False)


def _result_loops(x: Value, indices: Sequence[Value | None]) -> tuple[int, tuple[int, ...]]:
    """Where the dimensions of the broadcast indices are in the result of x[indices], and their
    sizes."""
    used = [i for i, index in enumerate(indices) if index is not None]
    together = used == list(range(used[0], used[-1] + 1))
    return (used[0] if together else 0), tuple(
        torch.broadcast_shapes(*(indices[i].shape for i in used))
    )


@converter(aten.index.Tensor, aten._unsafe_index.Tensor)
def index(ctx: Context, x: Value, indices: Sequence[Value | None]) -> Value:
    e = ctx.emitter
    if any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in indices):
        raise Unsupported("a mask as an index: the result's shape is up to data")
    if all(i is None for i in indices):
        return x
    start, batch = _result_loops(x, indices)
    rank = len(batch)
    places: list[tuple[Value, tuple[int, ...]] | int] = []
    loop = 0
    for dim in range(len(x.shape)):
        given = indices[dim] if dim < len(indices) else None
        if given is None:
            if loop == start:
                loop += rank
            places.append(loop)
            loop += 1
        else:
            places.append((e.expand(given, batch), tuple(range(start, start + rank))))
    return take(ctx, x, places, ctx.shape, wraps=True)


def write_along(
    ctx: Context, x: Value, dim: int, index: Value, source: Value, wraps: bool
) -> Value:
    """x with source's slices i along `dim` in the places index[i], one after another."""
    e = ctx.emitter
    (count,) = index.shape
    if not math.prod(source.shape):
        return x
    size = x.shape[dim]
    ctx.checks.append((index, -size if wraps else 0, size))
    x, source = e.materialize(x), e.materialize(e.convert(source, x.dtype))
    index = e.materialize(e.convert(index, torch.int64))
    # Dimensions before and behind are one each.
    before, behind = math.prod(x.shape[:dim]), math.prod(x.shape[dim + 1 :])
    whole_shape, part_shape = (before, size, behind), (before, count, behind)
    whole, part = e.reshaped(x, whole_shape), e.reshaped(source, part_shape)
    numbers = e.reshaped(index, (count,))
    kind, row = _kind(whole_shape, x.dtype), _kind((before, 1, behind), x.dtype)
    name = e._fresh()
    zero, one = e._add("arith.constant 0 : index"), e._add("arith.constant 1 : index")
    last = e._add(f"arith.constant {size - 1} : index")
    end = e._add(f"arith.constant {size} : index")
    stop = e._add(f"arith.constant {count} : index")
    wrap = (
        "  %neg = arith.cmpi slt, %n, " + zero + " : index\n"
        f"  %up = arith.addi %n, {end} : index\n  %w = arith.select %neg, %up, %n : index\n"
        if wraps
        else f"  %w = arith.addi %n, {zero} : index\n"
    )
    e.lines(
        f"{name} = scf.for %i = {zero} to {stop} step {one} iter_args(%acc = {whole}) -> ({kind}) "
        f"{{\n"
        f"  %v = tensor.extract {numbers}[%i] : tensor<{count}xi64>\n"
        f"  %n = arith.index_cast %v : i64 to index\n{wrap}"
        f"  %lo = arith.maxsi %w, {zero} : index\n  %at = arith.minsi %lo, {last} : index\n"
        f"  %row = tensor.extract_slice {part}[0, %i, 0] [{before}, 1, {behind}] [1, 1, 1] : "
        f"{_kind(part_shape, x.dtype)} to {row}\n"
        f"  %new = tensor.insert_slice %row into %acc[0, %at, 0] [{before}, 1, {behind}] [1, 1, 1] "
        f": "
        f"{row} into {kind}\n"
        f"  scf.yield %new : {kind}\n}}"
    )
    return replace(x, name=name, stored=whole_shape, computed=False)


@converter(aten.index_copy.default)
def index_copy(ctx: Context, x: Value, dim: int, index: Value, source: Value) -> Value:
    if not x.shape:
        raise Unsupported("index_copy of a scalar")
    index = ctx.emitter.reshape(index, (math.prod(index.shape),))
    return write_along(ctx, x, dim % len(x.shape), index, source, wraps=False)


@converter(aten.index_put.default, aten._unsafe_index_put.default)
def index_put(
    ctx: Context, x: Value, indices: Sequence[Value | None], values: Value, accumulate: bool = False
) -> Value:
    e = ctx.emitter
    if accumulate:
        raise Unsupported("index_put that accumulates")
    used = [i for i, index in enumerate(indices) if index is not None]
    if len(used) == 1 and indices[used[0]].dtype == torch.bool:
        if math.prod(values.shape) != 1:
            raise Unsupported("index_put of several values by a mask")
        return _masked(ctx, x, indices[used[0]], used[0], values)
    if len(used) != 1 or len(indices[used[0]].shape) != 1:
        raise Unsupported("index_put with indices of more than one dimension")
    (dim,) = used
    index = indices[dim]
    if index.dtype == torch.uint8:
        raise Unsupported("a mask of bytes")
    shape = (*x.shape[:dim], index.shape[0], *x.shape[dim + 1 :])
    return write_along(ctx, x, dim, index, e.expand(values, shape), wraps=True)


def _masked(ctx: Context, x: Value, mask: Value, dim: int, value: Value) -> Value:
    e = ctx.emitter
    behind = len(x.shape) - dim - len(mask.shape)
    mask = e.reshape(mask, (*mask.shape, *(1,) * behind))
    single = e.reshape(e.convert(value, x.dtype), ())
    return e.elementwise(
        [mask, single, x],
        x.dtype,
        lambda body, m, new, old: body.select(m, new, old),
        shape=x.shape,
    )
