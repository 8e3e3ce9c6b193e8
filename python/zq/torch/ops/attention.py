"""Scaled dot-product attention: two contractions around a softmax."""

from __future__ import annotations

import math

import torch

from ..body import Body, Scalar
from ..emitter import Operand, Value
from ..registry import Context, Unsupported, converter
from .norms import softmax_of
from .products import contract
from .reductions import accumulator

aten = torch.ops.aten


def attention(
    ctx: Context,
    query: Value,
    key: Value,
    value: Value,
    mask: Value | None,
    is_causal: bool,
    scale: float | None,
    grouped: bool,
) -> Value:
    """query [..., h, m, d], key [..., g, n, d], value [..., g, n, v]; h is a multiple of g where
    `grouped`."""
    e = ctx.emitter
    if len(query.shape) < 2 or query.dtype != key.dtype or query.dtype != value.dtype:
        raise Unsupported("attention of operands of several dtypes")
    m, depth = query.shape[-2:]
    n, width = value.shape[-2:]
    if not n or not depth:
        raise Unsupported("attention to nothing")
    batch = tuple(query.shape[:-2])
    outer = key.shape[:-2]
    if grouped and batch != outer:
        # Heads of a group share keys and values: a loop that those do not depend on.
        heads, groups = batch[-1], key.shape[-3]
        batch = (*batch[:-1], groups, heads // groups)
        query = e.reshape(query, (*batch, m, depth))
        key = e.reshape(key, (*key.shape[:-2], 1, n, depth))
        value = e.reshape(value, (*value.shape[:-2], 1, n, width))
        if mask is not None and len(mask.shape) > 2:
            if mask.shape[-3] == 1:
                mask = e.reshape(mask, (*mask.shape[:-3], 1, 1, *mask.shape[-2:]))
            else:
                mask = e.reshape(
                    mask, (*mask.shape[:-3], groups, heads // groups, *mask.shape[-2:])
                )
    batch = tuple(torch.broadcast_shapes(batch, key.shape[:-2], value.shape[:-2]))
    count = len(batch)
    loops = tuple(range(count))
    query = e.expand(query, (*batch, m, depth))
    key = e.expand(key, (*batch, n, depth))
    value = e.expand(value, (*batch, n, width))
    wide = accumulator(query.dtype)

    scores = contract(
        e,
        [*batch, m, n, depth],
        query,
        (*loops, count, count + 2),
        key,
        (*loops, count + 1, count + 2),
        [*loops, count, count + 1],
    )
    factor = 1 / math.sqrt(depth) if scale is None else scale
    rank = count + 2

    def masked(body: Body, score: Scalar, *given: Scalar) -> Scalar:
        score = body.binary("mul", score, body.constant(factor, wide))
        lowest = body.constant(-math.inf, wide)
        if given and mask.dtype == torch.bool:
            score = body.select(body.load(given[0], torch.bool), score, lowest)
        elif given:
            added = body.convert(body.load(given[0], mask.dtype), mask.dtype, wide)
            score = body.binary("add", score, added)
        if is_causal:
            seen = body.compare("ule", body.index(rank - 1), body.index(rank - 2))
            score = body.select(seen, score, lowest)
        return score

    operands = [Operand(scores, tuple(range(rank)))]
    if mask is not None:
        operands.append(Operand(e.expand(mask, (*batch, m, n)), tuple(range(rank))))
    scores = e.loops([*batch, m, n], operands, range(rank), wide, masked, keep_order=is_causal)
    weights = softmax_of(e, scores, rank - 1, wide)
    if mask is not None or is_causal and m > n:
        weights = _without_nan(ctx, weights, scores)
    result = contract(
        e,
        [*batch, m, width, n],
        weights,
        (*loops, count, count + 2),
        value,
        (*loops, count + 2, count + 1),
        [*loops, count, count + 1],
    )
    return e.convert(e.reshape(result, ctx.shape), ctx.dtype)


def _without_nan(ctx: Context, weights: Value, scores: Value) -> Value:
    """A row of which everything is masked has no weights: zeros, as PyTorch has it, not 0/0."""
    wide = weights.dtype

    def emit(body: Body, weight: Scalar, score: Scalar) -> Scalar:
        hidden = body.compare("oeq", score, body.constant(-math.inf, wide))
        return body.select(hidden, body.constant(0, wide), weight)

    return ctx.emitter.elementwise([weights, scores], wide, emit)


@converter(aten.scaled_dot_product_attention.default)
def scaled_dot_product_attention(
    ctx: Context,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    if dropout_p:
        raise Unsupported("attention with dropout")
    return attention(ctx, query, key, value, attn_mask, is_causal, scale, enable_gqa)


@converter(aten._scaled_dot_product_flash_attention_for_cpu.default)
def flash_attention_for_cpu(
    ctx: Context,
    query: Value,
    key: Value,
    value: Value,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    attn_mask: Value | None = None,
    scale: float | None = None,
) -> tuple[Value, Value]:
    if dropout_p:
        raise Unsupported("attention with dropout")
    y = attention(ctx, query, key, value, attn_mask, is_causal, scale, True)
    # The logarithms of the sums are for a backward pass, which there is none of.
    return y, ctx.emitter.full(tuple(ctx.out[1].shape), ctx.out[1].dtype, 0)
