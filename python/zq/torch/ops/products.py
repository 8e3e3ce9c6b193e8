"""Matrix products."""

from __future__ import annotations

import torch

from ..body import Body, Scalar
from ..emitter import Emitter, Operand, Value
from ..registry import Context, Unsupported, converter

aten = torch.ops.aten


def _accumulator(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def contract(
    emitter: Emitter,
    sizes: list[int],
    x: Value,
    x_loops: tuple[int, ...],
    y: Value,
    y_loops: tuple[int, ...],
    result: list[int],
    op: str | None = None,
) -> Value:
    """The sum over the loops that are not in `result` of products, in the accumulation type of x's
    dtype."""
    wide = _accumulator(x.dtype)

    def emit(body: Body, a: Scalar, b: Scalar, total: Scalar) -> Scalar:
        a, b = (body.convert(body.load(s, v.dtype), v.dtype, wide) for s, v in ((a, x), (b, y)))
        return body.binary("add", total, body.binary("mul", a, b))

    return emitter.loops(
        sizes, [Operand(x, x_loops), Operand(y, y_loops)], result, wide, emit, init=0, op=op
    )


def matmul2d(emitter: Emitter, x: Value, weight: Value) -> Value:
    """x [m, k] by the transposed weight [n, k]; the result [m, n] is in the accumulation type."""
    m, k = x.shape
    n = weight.shape[0]
    return contract(emitter, [m, n, k], x, (0, 2), weight, (1, 2), [0, 1], op="linalg.matmul")


def _rounded(ctx: Context, value: Value) -> Value:
    return ctx.emitter.convert(value, ctx.dtype)


def _check(x: Value, y: Value) -> None:
    if x.dtype != y.dtype:
        raise Unsupported(f"a product of {x.dtype} and {y.dtype}")
    if x.dtype == torch.bool:
        raise Unsupported("a product of booleans")


def linear_of(ctx: Context, x: Value, weight: Value, bias: Value | None) -> Value:
    """x [..., k] by the transposed weight [n, k], plus bias."""
    e = ctx.emitter
    _check(x, weight)
    *rows, k = x.shape
    n = weight.shape[0]
    m = 1
    for size in rows:
        m *= size
    y = matmul2d(e, e.reshape(x, (m, k)), weight)
    if bias is not None:
        y = e.elementwise(
            [y, bias],
            ctx.dtype,
            lambda body, a, b: body.binary("add", a, body.convert(b, bias.dtype, y.dtype)),
        )
    return e.reshape(e.convert(y, ctx.dtype), (*rows, n))


@converter(aten.linear.default)
def linear(ctx: Context, x: Value, weight: Value, bias: Value | None = None) -> Value:
    if len(weight.shape) == 1:
        raise Unsupported("a linear with a vector for a weight")
    return linear_of(ctx, x, weight, bias)


@converter(aten.mm.default)
def mm(ctx: Context, x: Value, y: Value) -> Value:
    _check(x, y)
    return _rounded(ctx, matmul2d(ctx.emitter, x, ctx.emitter.permute(y, (1, 0))))


@converter(aten.addmm.default)
def addmm(
    ctx: Context, bias: Value, x: Value, y: Value, beta: float = 1, alpha: float = 1
) -> Value:
    e = ctx.emitter
    _check(x, y)
    product = matmul2d(e, x, e.permute(y, (1, 0)))

    def emit(body: Body, a: Scalar, b: Scalar) -> Scalar:
        b = body.convert(b, bias.dtype, product.dtype)
        if alpha != 1:
            a = body.binary("mul", a, body.constant(alpha, product.dtype))
        if beta != 1:
            b = body.binary("mul", b, body.constant(beta, product.dtype))
        return body.binary("add", a, b)

    if beta == 0:
        return _rounded(
            ctx,
            e.elementwise(
                [product],
                product.dtype,
                lambda body, a: emit(body, a, body.constant(0, product.dtype)),
            ),
        )
    return e.elementwise([product, bias], ctx.dtype, emit)


@converter(aten.bmm.default)
def bmm(ctx: Context, x: Value, y: Value) -> Value:
    _check(x, y)
    b, m, k = x.shape
    n = y.shape[2]
    return _rounded(ctx, contract(ctx.emitter, [b, m, n, k], x, (0, 1, 3), y, (0, 3, 2), [0, 1, 2]))


@converter(aten.baddbmm.default)
def baddbmm(
    ctx: Context, bias: Value, x: Value, y: Value, beta: float = 1, alpha: float = 1
) -> Value:
    e = ctx.emitter
    _check(x, y)
    b, m, k = x.shape
    product = contract(e, [b, m, y.shape[2], k], x, (0, 1, 3), y, (0, 3, 2), [0, 1, 2])
    if beta == 0:
        bias = e.full((1,), bias.dtype, 0)

    def emit(body: Body, a: Scalar, c: Scalar) -> Scalar:
        c = body.convert(c, bias.dtype, product.dtype)
        a = body.binary("mul", a, body.constant(alpha, product.dtype))
        return body.binary("add", a, body.binary("mul", c, body.constant(beta, product.dtype)))

    return e.elementwise([product, bias], ctx.dtype, emit)


@converter(aten.mv.default)
def mv(ctx: Context, x: Value, y: Value) -> Value:
    _check(x, y)
    m, k = x.shape
    return _rounded(ctx, contract(ctx.emitter, [m, k], x, (0, 1), y, (1,), [0]))


@converter(aten.dot.default, aten.vdot.default)
def dot(ctx: Context, x: Value, y: Value) -> Value:
    _check(x, y)
    return _rounded(ctx, contract(ctx.emitter, [x.shape[0]], x, (0,), y, (0,), []))


@converter(aten.matmul.default)
def matmul(ctx: Context, x: Value, y: Value) -> Value:
    e = ctx.emitter
    _check(x, y)
    if len(x.shape) == 1 or len(y.shape) == 1:
        left = e.reshape(x, (1, *x.shape)) if len(x.shape) == 1 else x
        right = e.reshape(y, (*y.shape, 1)) if len(y.shape) == 1 else y
        return e.reshape(_matmul(ctx, left, right), ctx.shape)
    return _matmul(ctx, x, y)


def _matmul(ctx: Context, x: Value, y: Value) -> Value:
    e = ctx.emitter
    if len(y.shape) == 2:
        return linear_of(ctx, x, e.permute(y, (1, 0)), None)
    batch = tuple(torch.broadcast_shapes(x.shape[:-2], y.shape[:-2]))
    count = len(batch)
    (m, k), n = x.shape[-2:], y.shape[-1]
    x, y = e.expand(x, (*batch, m, k)), e.expand(y, (*batch, k, n))
    outer = tuple(range(count))
    product = contract(
        e,
        [*batch, m, n, k],
        x,
        (*outer, count, count + 2),
        y,
        (*outer, count + 2, count + 1),
        [*outer, count, count + 1],
    )
    return _rounded(ctx, product)
