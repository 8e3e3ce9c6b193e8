"""Arithmetic, comparisons and functions of single elements."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch._prims_common import ELEMENTWISE_TYPE_PROMOTION_KIND as Kind
from torch._prims_common import elementwise_dtypes

from ..body import Body, Scalar
from ..emitter import Value
from ..registry import Context, Unsupported, converter

aten = torch.ops.aten
Number = float | int | bool


def promoted(*args: Value | Number, kind: Kind = Kind.DEFAULT) -> torch.dtype:
    """The dtype in which PyTorch takes the operands of an elementwise operation, before opmath."""
    stands_for = [
        torch.empty((1,) * min(len(arg.shape), 1), dtype=arg.dtype, device="meta")
        if isinstance(arg, Value)
        else arg
        for arg in args
    ]
    if any(isinstance(arg, complex) for arg in args):
        raise Unsupported("complex numbers")
    return elementwise_dtypes(*stands_for, type_promotion_kind=kind)[0]


def _opmath(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


#
# Arithmetic
#


def _scaled(body: Body, y: Scalar, alpha: Number, dtype: torch.dtype) -> Scalar:
    return y if alpha == 1 else body.binary("mul", y, body.constant(alpha, dtype))


@converter(aten.add.Tensor, aten.add.Scalar)
def add(ctx: Context, x: Value, y: Value | Number, alpha: Number = 1) -> Value:
    compute = promoted(x, y)
    if compute == torch.bool:
        return ctx.pointwise(lambda body, a, b: body.op("arith.ori", a, b), x, y, compute=compute)
    return ctx.pointwise(
        lambda body, a, b: body.binary("add", a, _scaled(body, b, alpha, compute)),
        x,
        y,
        compute=compute,
        store=False,
    )


@converter(aten.sub.Tensor, aten.sub.Scalar)
def sub(ctx: Context, x: Value, y: Value | Number, alpha: Number = 1) -> Value:
    compute = promoted(x, y)
    return ctx.pointwise(
        lambda body, a, b: body.binary("sub", a, _scaled(body, b, alpha, compute)),
        x,
        y,
        compute=compute,
        store=False,
    )


@converter(aten.rsub.Tensor, aten.rsub.Scalar)
def rsub(ctx: Context, x: Value, y: Value | Number, alpha: Number = 1) -> Value:
    compute = promoted(x, y)
    return ctx.pointwise(
        lambda body, a, b: body.binary("sub", b, _scaled(body, a, alpha, compute)),
        x,
        y,
        compute=compute,
        store=False,
    )


@converter(aten.mul.Tensor, aten.mul.Scalar)
def mul(ctx: Context, x: Value, y: Value | Number) -> Value:
    compute = promoted(x, y)
    if compute == torch.bool:
        return ctx.pointwise(lambda body, a, b: body.op("arith.andi", a, b), x, y, compute=compute)
    return ctx.pointwise(
        lambda body, a, b: body.binary("mul", a, b), x, y, compute=compute, store=False
    )


def _check_divisor(y: Value | Number) -> None:
    # The machine stops at an integer division by zero, where PyTorch raises.
    if isinstance(y, Value):
        raise Unsupported("an integer division by a tensor, which may hold a zero")
    if y == 0:
        raise Unsupported("an integer division by zero")


def _floor_divide(body: Body, a: Scalar, b: Scalar, dtype: torch.dtype) -> Scalar:
    if dtype.is_floating_point:
        # As PyTorch: of what is left after the remainder, rounded to the nearest integer.
        remainder = body.op("arith.remf", a, b)
        quotient = body.op("arith.divf", body.binary("sub", a, remainder), b)
        zero, one = body.constant(0, dtype), body.constant(1, dtype)
        is_short = body.op(
            "arith.andi",
            body.compare("une", remainder, zero),
            body.op(
                "arith.xori", body.compare("olt", b, zero), body.compare("olt", remainder, zero)
            ),
        )
        quotient = body.select(is_short, body.binary("sub", quotient, one), quotient)
        floor = body.op("math.floor", quotient)
        half = body.constant(0.5, dtype)
        up = body.compare("ogt", body.binary("sub", quotient, floor), half)
        floor = body.select(up, body.binary("add", floor, one), floor)
        exact = body.op("arith.divf", a, b)
        floor = body.select(
            body.compare("oeq", quotient, zero), body.op("math.copysign", zero, exact), floor
        )
        return body.select(body.compare("oeq", b, zero), exact, floor)
    return body.op("arith.divui" if dtype == torch.uint8 else "arith.floordivsi", a, b)


@converter(aten.div.Tensor, aten.div.Scalar)
def div(ctx: Context, x: Value, y: Value | Number) -> Value:
    compute = promoted(x, y, kind=Kind.INT_TO_FLOAT)
    return ctx.pointwise(
        lambda body, a, b: body.op("arith.divf", a, b), x, y, compute=compute, store=False
    )


@converter(aten.div.Tensor_mode, aten.div.Scalar_mode)
def div_mode(ctx: Context, x: Value, y: Value | Number, rounding_mode: str | None = None) -> Value:
    if rounding_mode is None:
        return div(ctx, x, y)
    compute = promoted(x, y)
    if not compute.is_floating_point:
        _check_divisor(y)

    def emit(body: Body, a: Scalar, b: Scalar) -> Scalar:
        if rounding_mode == "floor":
            return _floor_divide(body, a, b, compute)
        if compute.is_floating_point:
            return body.op("math.trunc", body.op("arith.divf", a, b))
        return body.op("arith.divui" if compute == torch.uint8 else "arith.divsi", a, b)

    return ctx.pointwise(emit, x, y, compute=compute, store=False)


@converter(aten.floor_divide.default, aten.floor_divide.Scalar)
def floor_divide(ctx: Context, x: Value, y: Value | Number) -> Value:
    return div_mode(ctx, x, y, "floor")


@converter(aten.remainder.Tensor, aten.remainder.Scalar)
def remainder(ctx: Context, x: Value, y: Value | Number) -> Value:
    compute = promoted(x, y)
    if not compute.is_floating_point:
        _check_divisor(y)

    def emit(body: Body, a: Scalar, b: Scalar) -> Scalar:
        if compute == torch.uint8:
            return body.op("arith.remui", a, b)
        rest = body.op("arith.remf" if compute.is_floating_point else "arith.remsi", a, b)
        zero = body.constant(0, compute)
        less, differs = ("olt", "une") if compute.is_floating_point else ("slt", "ne")
        turns = body.op(
            "arith.andi",
            body.compare(differs, rest, zero),
            body.op("arith.xori", body.compare(less, rest, zero), body.compare(less, b, zero)),
        )
        return body.select(turns, body.binary("add", rest, b), rest)

    return ctx.pointwise(emit, x, y, compute=compute, store=False)


@converter(aten.fmod.Tensor, aten.fmod.Scalar)
def fmod(ctx: Context, x: Value, y: Value | Number) -> Value:
    compute = promoted(x, y)
    if not compute.is_floating_point:
        _check_divisor(y)
    name = (
        "arith.remf"
        if compute.is_floating_point
        else "arith.remui"
        if compute == torch.uint8
        else "arith.remsi"
    )
    return ctx.pointwise(lambda body, a, b: body.op(name, a, b), x, y, compute=compute, store=False)


def _power(body: Body, x: Scalar, exponent: float, dtype: torch.dtype) -> Scalar | None:
    """x to the power of a number that has a cheap form."""
    if exponent == 1:
        return x
    if exponent == 2:
        return body.binary("mul", x, x)
    if exponent == 3:
        return body.binary("mul", body.binary("mul", x, x), x)
    if not dtype.is_floating_point:
        if exponent == 0:
            return body.constant(1, dtype)
        if exponent == int(exponent) and 0 < exponent <= 64:
            result = x
            for _ in range(int(exponent) - 1):
                result = body.binary("mul", result, x)
            return result
        return None
    if exponent == 0:
        return body.constant(1, dtype)
    if exponent == 0.5:
        return body.op("math.sqrt", x)
    if exponent == -0.5:
        return body.op("arith.divf", body.constant(1, dtype), body.op("math.sqrt", x))
    if exponent == -1:
        return body.op("arith.divf", body.constant(1, dtype), x)
    if exponent == -2:
        return body.op("arith.divf", body.constant(1, dtype), body.binary("mul", x, x))
    return None


@converter(aten.pow.Tensor_Scalar, aten.pow.Tensor_Tensor, aten.pow.Scalar)
def pow(ctx: Context, x: Value | Number, y: Value | Number) -> Value:  # noqa: A001
    compute = promoted(x, y)
    if isinstance(y, Value) or compute.is_floating_point:
        if not compute.is_floating_point:
            raise Unsupported("a power of integers that data decides")
    elif y < 0 or y > 64:
        raise Unsupported("a power of integers by less than 0 or more than 64")

    def emit(body: Body, *scalars: Scalar) -> Scalar:
        a, b = scalars
        cheap = None if isinstance(y, Value) else _power(body, a, y, compute)
        return body.op("math.powf", a, b) if cheap is None else cheap

    return ctx.pointwise(emit, x, y, compute=compute, store=False)


@converter(aten.addcmul.default)
def addcmul(ctx: Context, x: Value, y: Value, z: Value, value: Number = 1) -> Value:
    compute = promoted(x, y, z)

    def emit(body: Body, a: Scalar, b: Scalar, c: Scalar) -> Scalar:
        return body.binary("add", a, body.binary("mul", _scaled(body, b, value, compute), c))

    return ctx.pointwise(emit, x, y, z, compute=compute, store=False)


@converter(aten.lerp.Scalar, aten.lerp.Tensor)
def lerp(ctx: Context, x: Value, y: Value, weight: Value | Number) -> Value:
    compute = promoted(x, y)

    def emit(body: Body, a: Scalar, b: Scalar, w: Scalar) -> Scalar:
        # The two forms that PyTorch uses, each exact at its own end.
        difference, one, half = (
            body.binary("sub", b, a),
            body.constant(1, compute),
            body.constant(0.5, compute),
        )
        low = body.binary("add", a, body.binary("mul", w, difference))
        high = body.binary("sub", b, body.binary("mul", difference, body.binary("sub", one, w)))
        return body.select(body.compare("olt", body.op("math.absf", w), half), low, high)

    return ctx.pointwise(emit, x, y, weight, compute=compute, store=False)


#
# Comparisons, logic, choices
#

_PREDICATES = {
    "eq": ("oeq", "eq", "eq"),
    "ne": ("une", "ne", "ne"),
    "lt": ("olt", "slt", "ult"),
    "le": ("ole", "sle", "ule"),
    "gt": ("ogt", "sgt", "ugt"),
    "ge": ("oge", "sge", "uge"),
}


def _register_comparison(name: str) -> None:
    def compare(ctx: Context, x: Value, y: Value | Number) -> Value:
        compute = promoted(x, y)
        which = 0 if compute.is_floating_point else 2 if compute in (torch.uint8, torch.bool) else 1
        predicate = _PREDICATES[name][which]
        return ctx.pointwise(
            lambda body, a, b: body.compare(predicate, a, b), x, y, compute=compute
        )

    packet = getattr(aten, name)
    converter(packet.Tensor, packet.Scalar)(compare)


for _name in _PREDICATES:
    _register_comparison(_name)


def _register_logical(name: str, op: str) -> None:
    def logical(ctx: Context, x: Value, y: Value) -> Value:
        return ctx.pointwise(lambda body, a, b: body.op(op, a, b), x, y, compute=torch.bool)

    converter(getattr(aten, name).default)(logical)


for _name, _op in (
    ("logical_and", "arith.andi"),
    ("logical_or", "arith.ori"),
    ("logical_xor", "arith.xori"),
):
    _register_logical(_name, _op)


def _register_bitwise(name: str, op: str) -> None:
    def bitwise(ctx: Context, x: Value, y: Value | Number) -> Value:
        return ctx.pointwise(
            lambda body, a, b: body.op(op, a, b), x, y, compute=promoted(x, y), store=False
        )

    packet = getattr(aten, name)
    converter(packet.Tensor, packet.Scalar)(bitwise)


for _name, _op in (
    ("bitwise_and", "arith.andi"),
    ("bitwise_or", "arith.ori"),
    ("bitwise_xor", "arith.xori"),
):
    _register_bitwise(_name, _op)


def _invert(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    return body.op("arith.xori", x, body.constant(True if dtype == torch.bool else -1, dtype))


@converter(aten.logical_not.default)
def logical_not(ctx: Context, x: Value) -> Value:
    return ctx.pointwise(lambda body, a: _invert(body, a, torch.bool), x, compute=torch.bool)


@converter(aten.bitwise_not.default)
def bitwise_not(ctx: Context, x: Value) -> Value:
    return ctx.pointwise(lambda body, a: _invert(body, a, x.dtype), x, compute=x.dtype, store=False)


@converter(aten.where.self, aten.where.ScalarSelf, aten.where.ScalarOther, aten.where.Scalar)
def where(ctx: Context, condition: Value, x: Value | Number, y: Value | Number) -> Value:
    compute = _opmath(ctx.dtype)
    values = [value for value in (condition, x, y) if isinstance(value, Value)]

    def emit(body: Body, c: Scalar, *scalars: Scalar) -> Scalar:
        rest = iter(scalars)
        sides = [
            body.convert(next(rest), value.dtype, compute)
            if isinstance(value, Value)
            else body.constant(value, compute)
            for value in (x, y)
        ]
        return body.select(body.convert(c, condition.dtype, torch.bool), *sides)

    return ctx.emitter.elementwise(values, ctx.dtype, emit, shape=ctx.shape)


@converter(aten.masked_fill.Scalar, aten.masked_fill.Tensor)
def masked_fill(ctx: Context, x: Value, mask: Value, value: Value | Number) -> Value:
    return where(ctx, mask, value, x)


@converter(aten.maximum.default)
def maximum(ctx: Context, x: Value, y: Value) -> Value:
    compute = promoted(x, y)
    return ctx.pointwise(
        lambda body, a, b: body.maximum(a, b, compute), x, y, compute=compute, store=False
    )


@converter(aten.minimum.default)
def minimum(ctx: Context, x: Value, y: Value) -> Value:
    compute = promoted(x, y)
    return ctx.pointwise(
        lambda body, a, b: body.minimum(a, b, compute), x, y, compute=compute, store=False
    )


@converter(aten.clamp.default, aten.clamp.Tensor)
def clamp(
    ctx: Context,
    x: Value,
    min: Value | Number | None = None,
    max: Value | Number | None = None,  # noqa: A002
) -> Value:
    bounds = [bound for bound in (min, max) if bound is not None]
    compute = promoted(x, *bounds)

    def emit(body: Body, a: Scalar, *limits: Scalar) -> Scalar:
        rest = iter(limits)
        if min is not None:
            a = body.maximum(a, next(rest), compute)
        if max is not None:
            a = body.minimum(a, next(rest), compute)
        return a

    return ctx.pointwise(emit, x, *bounds, compute=compute, store=False)


@converter(aten.clamp_min.default, aten.clamp_min.Tensor)
def clamp_min(ctx: Context, x: Value, min: Value | Number) -> Value:  # noqa: A002
    return clamp(ctx, x, min, None)


@converter(aten.clamp_max.default, aten.clamp_max.Tensor)
def clamp_max(ctx: Context, x: Value, max: Value | Number) -> Value:  # noqa: A002
    return clamp(ctx, x, None, max)


#
# Functions of one element
#


def _unary(*ops: object, kind: Kind = Kind.INT_TO_FLOAT) -> Callable:
    """Registers a function of (body, scalar, dtype of its arithmetic)."""

    def register(emit: Callable[[Body, Scalar, torch.dtype], Scalar]) -> Callable:
        def unary(ctx: Context, x: Value) -> Value:
            compute = promoted(x, kind=kind)
            return ctx.pointwise(
                lambda body, a: emit(body, a, compute), x, compute=compute, store=False
            )

        converter(*ops)(unary)
        return emit

    return register


def _register_math(name: str, op: str) -> None:
    _unary(getattr(aten, name).default)(lambda body, x, dtype: body.op(op, x))


for _name, _op in (
    ("exp", "math.exp"),
    ("exp2", "math.exp2"),
    ("expm1", "math.expm1"),
    ("log", "math.log"),
    ("log2", "math.log2"),
    ("log10", "math.log10"),
    ("log1p", "math.log1p"),
    ("sqrt", "math.sqrt"),
    ("sin", "math.sin"),
    ("cos", "math.cos"),
    ("tan", "math.tan"),
    ("tanh", "math.tanh"),
    ("erf", "math.erf"),
):
    _register_math(_name, _op)


def _register_rounding(name: str, op: str) -> None:
    def rounding(ctx: Context, x: Value) -> Value:
        if not x.dtype.is_floating_point:
            return x
        return ctx.pointwise(
            lambda body, a: body.op(op, a), x, compute=_opmath(x.dtype), store=False
        )

    converter(getattr(aten, name).default)(rounding)


for _name, _op in (
    ("floor", "math.floor"),
    ("ceil", "math.ceil"),
    ("trunc", "math.trunc"),
    ("round", "math.roundeven"),
):
    _register_rounding(_name, _op)


@_unary(aten.rsqrt.default)
def rsqrt(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    return body.op("arith.divf", body.constant(1, dtype), body.op("math.sqrt", x))


@_unary(aten.reciprocal.default)
def reciprocal(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    return body.op("arith.divf", body.constant(1, dtype), x)


@_unary(aten.sigmoid.default)
def sigmoid(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    one = body.constant(1, dtype)
    return body.op(
        "arith.divf", one, body.binary("add", one, body.op("math.exp", body.op("arith.negf", x)))
    )


@_unary(aten.silu.default)
def silu(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    # One division, and 0 where the exponential overflows.
    one = body.constant(1, dtype)
    return body.op(
        "arith.divf", x, body.binary("add", one, body.op("math.exp", body.op("arith.negf", x)))
    )


@_unary(aten.neg.default, kind=Kind.DEFAULT)
def neg(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    if dtype.is_floating_point:
        return body.op("arith.negf", x)
    return body.binary("sub", body.constant(0, dtype), x)


@_unary(aten.abs.default, kind=Kind.DEFAULT)
def absolute(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    if dtype in (torch.uint8, torch.bool):
        return x
    if dtype.is_floating_point:
        return body.op("math.absf", x)
    zero = body.constant(0, dtype)
    return body.select(body.compare("slt", x, zero), body.binary("sub", zero, x), x)


@_unary(aten.relu.default, kind=Kind.DEFAULT)
def relu(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    return body.maximum(x, body.constant(0, dtype), dtype)


@_unary(aten.sign.default, aten.sgn.default, kind=Kind.DEFAULT)
def sign(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    if dtype in (torch.uint8, torch.bool):
        return body.minimum(x, body.constant(1, dtype), dtype)
    zero = body.constant(0, dtype)
    predicates = ("ogt", "olt") if dtype.is_floating_point else ("sgt", "slt")
    negative = body.select(body.compare(predicates[1], x, zero), body.constant(-1, dtype), zero)
    return body.select(body.compare(predicates[0], x, zero), body.constant(1, dtype), negative)


@_unary(aten.square.default, kind=Kind.DEFAULT)
def square(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    return body.binary("mul", x, x)


@converter(aten.isnan.default)
def isnan(ctx: Context, x: Value) -> Value:
    if not x.dtype.is_floating_point:
        return ctx.emitter.full(x.shape, torch.bool, False)
    return ctx.pointwise(lambda body, a: body.compare("uno", a, a), x, compute=_opmath(x.dtype))


@converter(aten.isinf.default)
def isinf(ctx: Context, x: Value) -> Value:
    if not x.dtype.is_floating_point:
        return ctx.emitter.full(x.shape, torch.bool, False)
    compute = _opmath(x.dtype)
    return ctx.pointwise(
        lambda body, a: body.compare(
            "oeq", body.op("math.absf", a), body.constant(math.inf, compute)
        ),
        x,
        compute=compute,
    )


def gelu_tanh(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    """0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))"""
    cube = body.binary("mul", body.binary("mul", x, x), x)
    inner = body.binary("add", x, body.binary("mul", body.constant(0.044715, dtype), cube))
    inner = body.binary("mul", body.constant(math.sqrt(2 / math.pi), dtype), inner)
    half = body.binary("mul", body.constant(0.5, dtype), x)
    return body.binary(
        "mul", half, body.binary("add", body.constant(1, dtype), body.op("math.tanh", inner))
    )


def gelu_erf(body: Body, x: Scalar, dtype: torch.dtype) -> Scalar:
    """x 0.5 (1 + erf(x / sqrt(2)))"""
    inner = body.op("math.erf", body.binary("mul", x, body.constant(math.sqrt(0.5), dtype)))
    half = body.binary("mul", x, body.constant(0.5, dtype))
    return body.binary("mul", half, body.binary("add", body.constant(1, dtype), inner))


@converter(aten.gelu.default)
def gelu(ctx: Context, x: Value, approximate: str = "none") -> Value:
    compute = _opmath(x.dtype)
    emit = gelu_tanh if approximate == "tanh" else gelu_erf
    return ctx.pointwise(lambda body, a: emit(body, a, compute), x, compute=compute, store=False)


@converter(aten.elu.default)
def elu(
    ctx: Context, x: Value, alpha: Number = 1, scale: Number = 1, input_scale: Number = 1
) -> Value:
    compute = _opmath(x.dtype)

    def emit(body: Body, a: Scalar) -> Scalar:
        power = body.op("math.expm1", body.binary("mul", a, body.constant(input_scale, compute)))
        negative = body.binary("mul", power, body.constant(alpha * scale, compute))
        positive = body.binary("mul", a, body.constant(scale, compute))
        return body.select(body.compare("ole", a, body.constant(0, compute)), negative, positive)

    return ctx.pointwise(emit, x, compute=compute, store=False)


@converter(aten.hardtanh.default)
def hardtanh(ctx: Context, x: Value, min_val: Number = -1, max_val: Number = 1) -> Value:
    return clamp(ctx, x, min_val, max_val)


@converter(aten.leaky_relu.default)
def leaky_relu(ctx: Context, x: Value, negative_slope: Number = 0.01) -> Value:
    compute = _opmath(x.dtype)

    def emit(body: Body, a: Scalar) -> Scalar:
        positive = body.compare("ogt", a, body.constant(0, compute))
        return body.select(
            positive, a, body.binary("mul", a, body.constant(negative_slope, compute))
        )

    return ctx.pointwise(emit, x, compute=compute, store=False)


#
# Copies and casts
#


@converter(aten._to_copy.default)
def to_copy(
    ctx: Context,
    x: Value,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | None = None,
    pin_memory: bool | None = None,
    non_blocking: bool = False,
    memory_format: torch.memory_format | None = None,
) -> Value:
    if device is not None and torch.device(device).type != "cpu":
        raise Unsupported(f"a copy to the device {device}")
    return ctx.emitter.convert(x, ctx.dtype)


@converter(aten.to.dtype, aten.to.dtype_layout, aten.to.device)
def to(ctx: Context, x: Value, *args: object, **kwargs: object) -> Value:
    return ctx.emitter.convert(x, ctx.dtype)


@converter(torch.ops.prims.convert_element_type.default)
def convert_element_type(ctx: Context, x: Value, dtype: torch.dtype) -> Value:
    return ctx.emitter.convert(x, dtype)


@converter(
    aten.clone.default,
    aten.contiguous.default,
    aten.alias.default,
    aten.detach.default,
    aten.lift_fresh_copy.default,
    aten.lift_fresh.default,
)
def clone(ctx: Context, x: Value, memory_format: torch.memory_format | None = None) -> Value:
    return x


@converter(aten.dropout.default, aten.native_dropout.default)
def dropout(ctx: Context, x: Value, p: float, train: bool | None) -> Value | tuple[Value, Value]:
    if train:
        raise Unsupported("dropout in training")
    if isinstance(ctx.out, (tuple, list)):
        return x, ctx.emitter.full(x.shape, torch.bool, True)
    return x


@converter(aten.copy.default)
def copy(ctx: Context, x: Value, source: Value, non_blocking: bool = False) -> Value:
    return ctx.emitter.expand(ctx.emitter.convert(source, x.dtype), x.shape)
