"""Views, slices, and tensors put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from .. import types
from ..emitter import Emitter, Value
from ..registry import Context, Unsupported, converter

aten = torch.ops.aten


@converter(
    aten.view.default,
    aten.reshape.default,
    aten._unsafe_view.default,
    aten.flatten.using_ints,
    aten.unflatten.int,
    aten._reshape_copy.default,
    aten.view_copy.default,
    aten.unsqueeze.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
)
def reshape(ctx: Context, x: Value, *sizes: object, **more: object) -> Value:
    return ctx.emitter.reshape(x, ctx.shape)


@converter(
    aten.expand.default, aten.expand_as.default, aten.broadcast_to.default, aten.expand_copy.default
)
def expand(ctx: Context, x: Value, *sizes: object, **more: object) -> Value:
    return ctx.emitter.expand(x, ctx.shape)


@converter(aten.permute.default, aten.permute_copy.default)
def permute(ctx: Context, x: Value, dims: Sequence[int]) -> Value:
    return ctx.emitter.permute(x, [dim % len(x.shape) for dim in dims])


@converter(aten.transpose.int)
def transpose(ctx: Context, x: Value, dim0: int, dim1: int) -> Value:
    order = list(range(len(x.shape)))
    if order:
        order[dim0], order[dim1] = order[dim1], order[dim0]
    return ctx.emitter.permute(x, order)


@converter(aten.t.default, aten.numpy_T.default)
def t(ctx: Context, x: Value) -> Value:
    return ctx.emitter.permute(x, list(reversed(range(len(x.shape)))))


def bounds(start: int | None, end: int | None, size: int) -> tuple[int, int]:
    """A slice's range as numbers from 0 to `size`."""
    start = 0 if start is None else start
    end = size if end is None else end
    start = max(start + size, 0) if start < 0 else min(start, size)
    end = max(end + size, 0) if end < 0 else min(end, size)
    return start, max(start, end)


@converter(aten.slice.Tensor, aten.slice_copy.Tensor)
def slice(  # noqa: A001
    ctx: Context,
    x: Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    dim %= len(x.shape)
    first, last = bounds(start, end, x.shape[dim])
    return ctx.emitter.slice(x, dim, first, -(-(last - first) // step), step)


@converter(aten.narrow.default)
def narrow(ctx: Context, x: Value, dim: int, start: int, length: int) -> Value:
    dim %= len(x.shape)
    return ctx.emitter.slice(x, dim, start + x.shape[dim] if start < 0 else start, length)


@converter(aten.select.int, aten.select_copy.int)
def select(ctx: Context, x: Value, dim: int, index: int) -> Value:
    dim %= len(x.shape)
    part = ctx.emitter.slice(x, dim, index % x.shape[dim], 1)
    return ctx.emitter.reshape(part, ctx.shape)


def _split_sizes(x: Value, sizes: int | Sequence[int], dim: int) -> list[int]:
    total = x.shape[dim]
    if isinstance(sizes, int):
        return [min(sizes, total - at) for at in range(0, total, sizes)] or [0]
    return list(sizes)


@converter(
    aten.split.Tensor,
    aten.split_with_sizes.default,
    aten.split_copy.Tensor,
    aten.split_with_sizes_copy.default,
    aten.split.sizes,
)
def split(ctx: Context, x: Value, sizes: int | Sequence[int], dim: int = 0) -> list[Value]:
    dim %= len(x.shape)
    parts, at = [], 0
    for size in _split_sizes(x, sizes, dim):
        parts.append(ctx.emitter.slice(x, dim, at, size))
        at += size
    return parts


@converter(aten.chunk.default)
def chunk(ctx: Context, x: Value, chunks: int, dim: int = 0) -> list[Value]:
    return split(ctx, x, [part.shape[dim] for part in ctx.out], dim)


@converter(aten.unbind.int)
def unbind(ctx: Context, x: Value, dim: int = 0) -> list[Value]:
    e = ctx.emitter
    dim %= len(x.shape)
    return [e.reshape(e.slice(x, dim, i, 1), ctx.shape) for i in range(x.shape[dim])]


def insert(
    emitter: Emitter, into: Value, part: Value, dim: int, start: int, step: int = 1
) -> Value:
    """`into`, a plain value, with `part` in the place of a slice along `dim`."""
    element = types.storage(into.dtype)
    part = emitter.materialize(part)
    whole = emitter.reshaped(into, into.shape)
    cut = emitter.reshaped(part, part.shape)
    offsets = [start if i == dim else 0 for i in range(len(into.shape))]
    steps = [step if i == dim else 1 for i in range(len(into.shape))]

    def kind(shape: Sequence[int]) -> str:
        return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"

    name = emitter._add(
        f"tensor.insert_slice {cut} into {whole}{offsets} {list(part.shape)} {steps} : "
        f"{kind(part.shape)} into {kind(into.shape)}"
    )
    return replace(into, name=name, stored=into.shape, computed=False)


@converter(aten.cat.default)
def cat(ctx: Context, tensors: Sequence[Value], dim: int = 0) -> Value:
    e = ctx.emitter
    # PyTorch lets empty vectors be put to anything.
    parts = [
        e.convert(part, ctx.dtype)
        for part in tensors
        if part.shape != (0,) and math.prod(part.shape)
    ]
    if not parts:
        return e.full(ctx.shape, ctx.dtype, 0)
    if len(parts) == 1:
        return parts[0]
    dim %= len(ctx.shape)
    # As few dimensions as can be, in the form in which the parts are stored.
    before = math.prod(ctx.shape[:dim])
    behind = math.prod(ctx.shape[dim + 1 :])
    flat = (before, ctx.shape[dim] * behind)
    name = e.empty(flat, ctx.dtype)
    whole = Value(name, flat, ctx.dtype, flat, (0, 1), flat)
    at = 0
    for part in parts:
        size = part.shape[dim] * behind
        whole = insert(e, whole, e.reshape(part, (before, size)), 1, at)
        at += size
    return e.reshape(whole, ctx.shape)


@converter(aten.stack.default)
def stack(ctx: Context, tensors: Sequence[Value], dim: int = 0) -> Value:
    e = ctx.emitter
    dim %= len(ctx.shape)
    parts = [e.reshape(part, (*part.shape[:dim], 1, *part.shape[dim:])) for part in tensors]
    return cat(ctx, parts, dim)


@converter(aten.slice_scatter.default)
def slice_scatter(
    ctx: Context,
    x: Value,
    source: Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    dim %= len(x.shape)
    first, last = bounds(start, end, x.shape[dim])
    if first == last:
        return x
    source = ctx.emitter.convert(source, x.dtype)
    if source.shape == x.shape and step == 1:
        return source
    return insert(ctx.emitter, ctx.emitter.materialize(x), source, dim, first, step)


@converter(aten.select_scatter.default)
def select_scatter(ctx: Context, x: Value, source: Value, dim: int, index: int) -> Value:
    dim %= len(x.shape)
    e = ctx.emitter
    part = e.reshape(e.convert(source, x.dtype), (*x.shape[:dim], 1, *x.shape[dim + 1 :]))
    return insert(e, e.materialize(x), part, dim, index % x.shape[dim])


@converter(aten.repeat.default)
def repeat(ctx: Context, x: Value, repeats: Sequence[int]) -> Value:
    e = ctx.emitter
    rank = len(repeats)
    shape = (1,) * (rank - len(x.shape)) + x.shape
    pairs = [size for both in zip(repeats, shape, strict=False) for size in both]
    ones = [size for both in zip((1,) * rank, shape, strict=False) for size in both]
    return e.reshape(e.expand(e.reshape(x, ones), pairs), ctx.shape)


@converter(aten.repeat_interleave.self_int)
def repeat_interleave(
    ctx: Context, x: Value, repeats: int, dim: int | None = None, output_size: int | None = None
) -> Value:
    e = ctx.emitter
    if dim is None:
        x, dim = e.reshape(x, (math.prod(x.shape),)), 0
    dim %= len(x.shape)
    more = e.reshape(x, (*x.shape[: dim + 1], 1, *x.shape[dim + 1 :]))
    return e.reshape(e.expand(more, (*x.shape[: dim + 1], repeats, *x.shape[dim + 1 :])), ctx.shape)


@converter(aten.constant_pad_nd.default)
def constant_pad_nd(ctx: Context, x: Value, pad: Sequence[int], value: float = 0) -> Value:
    e = ctx.emitter
    name = e.filled(ctx.shape or (1,), ctx.dtype, value)
    rank = len(x.shape)
    whole = Value(name, ctx.shape, ctx.dtype, ctx.shape, tuple(range(rank)), ctx.shape)
    if any(before < 0 or after < 0 for before, after in zip(pad[::2], pad[1::2], strict=False)):
        raise Unsupported("a padding by less than nothing")
    if not math.prod(x.shape):
        return whole
    offsets = [0] * rank
    for i in range(len(pad) // 2):
        offsets[rank - 1 - i] = pad[2 * i]
    element = types.storage(x.dtype)
    part = e.materialize(x)

    def kind(shape: Sequence[int]) -> str:
        return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"

    name = e._add(
        f"tensor.insert_slice {e.reshaped(part, part.shape)} into {name}{offsets} {list(x.shape)} "
        f"{[1] * rank} : "
        f"{kind(x.shape)} into {kind(ctx.shape)}"
    )
    return replace(whole, name=name, computed=False)


@converter(aten.flip.default)
def flip(ctx: Context, x: Value, dims: Sequence[int]) -> Value:
    e = ctx.emitter
    turned = {dim % len(x.shape) for dim in dims}
    x = e.materialize(x)
    name = e.reshaped(x, x.shape)
    return extract(
        ctx,
        x,
        name,
        lambda body, i: _mirrored(body, i, x.shape[i]) if i in turned else body.index(i),
    )


def _mirrored(body, loop: int, size: int):
    last = body.add(f"arith.constant {size - 1} : index", "index")
    return body.op("arith.subi", last, body.index(loop))


def extract(ctx: Context, x: Value, name: str, index) -> Value:
    """A tensor whose element is that of `name`, the plain x, at index(body, dimension)."""
    kind = types.storage(x.dtype)
    shaped = f"tensor<{''.join(f'{size}x' for size in x.shape)}{kind}>"

    def emit(body):
        places = ", ".join(index(body, i).name for i in range(len(x.shape)))
        return body.add(f"tensor.extract {name}[{places}] : {shaped}", kind)

    return ctx.emitter.loops(ctx.shape, [], range(len(ctx.shape)), x.dtype, emit, keep_order=True)
