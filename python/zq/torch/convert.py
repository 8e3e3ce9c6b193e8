"""From an FX graph of ATen operations, for given sizes, to a module of MLIR."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import fx
from torch._subclasses.fake_tensor import FakeTensorMode

from . import ops, types  # noqa: F401
from .emitter import Emitter, UnknownSize, Value
from .ops.reductions import largest_over, smallest_over
from .registry import Context, Unsupported, find

Shape = tuple[int, ...]


@dataclass(frozen=True)
class WeightType:
    """How a compressed argument is declared: its type, the shape and dtype that it is stored with,
    and its name."""

    text: str
    stored: Shape
    dtype: torch.dtype
    name: str


@dataclass(frozen=True)
class Product:
    """A size that each call chooses: `factor` times those of `symbols`, by their numbers."""

    factor: int
    symbols: tuple[int, ...]


Size = int | Product


@dataclass(frozen=True)
class Check:
    """A pair of extra results, the smallest and the largest index of an operation, and the range
    they must be in."""

    smallest: int
    largest: int
    low: Size
    high: Size
    where: str


@dataclass(frozen=True)
class Returned:
    """Which of the function's results holds an output of the graph, and its shape; or a value that
    is no tensor."""

    result: int | None
    shape: tuple[Size, ...] = ()
    dtype: torch.dtype | None = None
    value: Any = None


@dataclass
class Program:
    """A function in MLIR, and how it is called."""

    text: str
    #: Which placeholders, by position, are its arguments, in their order.
    arguments: list[int]
    outputs: list[Returned]
    checks: list[Check] = field(default_factory=list)
    #: Of each size that calls choose, a placeholder that has it, and its dimension.
    symbols: list[tuple[int, int]] = field(default_factory=list)


def place_of(node: fx.Node) -> str:
    """The module that a node belongs to, as `encoder.layer.0.attention`; empty where that is not
    known."""
    stack = node.meta.get("nn_module_stack")
    if not stack:
        return ""
    path = list(stack.values())[-1][0]
    for prefix in ("L['self'].", "L['fn'].", "L['model']."):
        path = path.removeprefix(prefix)
    return "" if path in ("L['self']", "L__self__") else path.removeprefix("L__self___")


def describe(node: fx.Node, why: str) -> str:
    """The remark on an operation that is left to PyTorch."""
    place = place_of(node)
    return f"{place + ': ' if place else ''}{node.target} runs in PyTorch: {why}"


class InPyTorch(fx.Interpreter):
    """Runs a graph in PyTorch, whatever the strides of its inputs are."""

    def call_function(self, target: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        # They may be others than where the graph was made: no view depends on them.
        if target is torch.ops.aten.view.default:
            target = torch.ops.aten.reshape.default
        return super().call_function(target, args, kwargs)


class Sizes(InPyTorch):
    """Runs a graph on fake tensors, and keeps what each node gives."""

    def __init__(self, module: fx.GraphModule, mode: FakeTensorMode) -> None:
        super().__init__(module)
        self.mode = mode
        self.values: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        self.values[n] = value
        return value

    def fetch_attr(self, target: str) -> Any:
        value = super().fetch_attr(target)
        return (
            self.mode.from_tensor(value, static_shapes=True)
            if isinstance(value, torch.Tensor)
            else value
        )


def infer_sizes(module: fx.GraphModule, inputs: Sequence[Any]) -> dict[fx.Node, Any]:
    """What each node gives for these inputs: fake tensors of known sizes, or numbers."""
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    with mode:
        fakes = [
            torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="cpu")
            if isinstance(value, torch.Tensor)
            else value
            for value in inputs
        ]
    sizes = Sizes(module, mode)
    with mode, torch.no_grad():
        sizes.run(*fakes)
    return sizes.values


class Converter:
    """Converts nodes one by one; `values` has what each gives: a Value, several, or what is no
    tensor."""

    def __init__(self, sizes: dict[fx.Node, Any], symbols: Sequence[int] = ()) -> None:
        self.emitter = Emitter(symbols=symbols)
        self.sizes = sizes
        self.values: dict[fx.Node, Any] = {}
        self.checks: list[tuple[Value, int, int, str]] = []

    def node(self, node: fx.Node) -> Any:
        """Converts a call. Raises `Unsupported` where nothing does that."""
        size = self.sizes[node]
        if not _holds_tensors(size):
            return size
        if node.target is operator.getitem:
            return self.values[node.args[0]][node.args[1]]
        convert = find(node.target)
        if convert is None:
            raise Unsupported("there is no converter for it")
        for tensor in _tensors((size, [self.sizes.get(n) for n in node.all_input_nodes])):
            if not types.is_supported(tensor.dtype):
                raise Unsupported(f"tensors of {tensor.dtype}")
            if tensor.is_sparse or tensor.layout != torch.strided:
                raise Unsupported("sparse tensors")
        self.emitter.location = place_of(node)
        checks: list[tuple[Value, int, int]] = []
        context = Context(self.emitter, size, checks)
        args = fx.map_arg(node.args, self.values.__getitem__)
        kwargs = fx.map_arg(node.kwargs, self.values.__getitem__)
        result = convert(context, *args, **kwargs)
        self._verify(node, result, size)
        self.checks.extend((*check, place_of(node) or node.name) for check in checks)
        return result

    @staticmethod
    def _verify(node: fx.Node, result: Any, size: Any) -> None:
        pairs = (
            zip(result, size, strict=False) if isinstance(size, (tuple, list)) else [(result, size)]
        )
        for value, expected in pairs:
            if isinstance(expected, torch.Tensor) and (
                value.shape != tuple(expected.shape) or value.dtype != expected.dtype
            ):
                raise AssertionError(
                    f"{node.target} was converted to {value.shape} of {value.dtype}, and is "
                    f"{tuple(expected.shape)} "
                    f"of {expected.dtype}"
                )


def _holds_tensors(value: Any) -> bool:
    return bool(_tensors(value))


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in _tensors(item)]
    return []


def convert(
    module: fx.GraphModule,
    inputs: Sequence[Any],
    weights: Callable[[int], WeightType | None] = lambda position: None,
    symbols: Sequence[int] = (),
) -> Program:
    """The function of a graph for inputs of these sizes.

    `weights` says which placeholders, by position, are compressed, and how; `symbols` are sizes
    that stand for any, see `Emitter`. Raises `Unsupported` where a node of the graph is not
    covered.
    """
    sizes = infer_sizes(module, inputs)
    converter = Converter(sizes, symbols)
    arguments: list[int] = []
    placeholders = 0
    outputs: Any = ()
    for node in module.graph.nodes:
        if node.op == "placeholder":
            position, placeholders = placeholders, placeholders + 1
            size = sizes[node]
            if not isinstance(size, torch.Tensor):
                converter.values[node] = size
                continue
            if not node.users:
                continue
            arguments.append(position)
            weight = weights(position)
            converter.emitter.location = ""
            if weight is None:
                converter.values[node] = converter.emitter.argument(tuple(size.shape), size.dtype)
            else:
                converter.emitter.location = weight.name
                decoded = converter.emitter.weight(
                    weight.text, weight.stored, tuple(size.shape), weight.dtype
                )
                converter.values[node] = converter.emitter.convert(decoded, size.dtype)
        elif node.op == "call_function":
            try:
                converter.values[node] = converter.node(node)
            except Unsupported as why:
                raise Unsupported(describe(node, str(why))) from None
        elif node.op == "output":
            outputs = node.args[0]
        else:
            raise Unsupported(f"a node of kind {node.op}")
    return _finish(converter, arguments, outputs)


def _finish(converter: Converter, arguments: list[int], outputs: Any) -> Program:
    if isinstance(outputs, (fx.Node, int, float, bool, type(None))):
        outputs = (outputs,)
    values = [converter.values[o] if isinstance(o, fx.Node) else o for o in outputs]
    results = [value for value in values if isinstance(value, Value)]
    e = converter.emitter
    checks: list[tuple[int, int, int, int, str]] = []
    extra: list[Value] = []
    found: dict[tuple[str, torch.dtype], int] = {}
    e.location = ""
    for value, low, high, where in converter.checks:
        # All elements that there are, in whatever order; what several operations read is looked at
        # once.
        key = (value.name, value.dtype)
        if 0 in value.shape:
            continue
        if key not in found:
            found[key] = len(extra)
            rank = len(value.base)
            plain = replace(value, axes=tuple(range(rank)), shape=value.base)
            wide = e.convert(plain, torch.int64)
            extra += [
                smallest_over(e, wide, range(rank), torch.int64),
                largest_over(e, wide, range(rank)),
            ]
        checks.append((found[key], found[key] + 1, low, high, where))
    text, places = e.finish([*results, *extra])

    def size(number: Any) -> Any:
        return _generalize(number, e.symbols)

    outer = iter(places)
    returned = []
    for value in values:
        if isinstance(value, Value):
            result, shape, dtype = next(outer)
            returned.append(Returned(result, tuple(map(size, shape)), dtype))
        else:
            returned.append(Returned(None, value=size(value)))
    rest = [result for result, _, _ in outer]
    return Program(
        text,
        arguments,
        returned,
        [
            Check(rest[a], rest[b], size(low), size(high), where)
            for a, b, low, high, where in checks
        ],
        [(arguments[i], dim) for i, dim in (e.places.get(s, (0, 0)) for s in e.symbols)],
    )


def _generalize(number: Any, symbols: Sequence[int]) -> Any:
    """A multiple of symbols as a product; anything else as it is."""
    if type(number) is not int or not number:
        return number
    found = []
    for i, symbol in enumerate(symbols):
        while number % symbol == 0:
            found.append(i)
            number //= symbol
    return Product(number, tuple(found)) if found else number


#: Primes that stand for sizes which calls choose, twice: what a program makes of a size that is no
#: multiple of it shows where the second ones make another program.
_PRIMES = ((100003, 100019, 100043), (100049, 100057, 100069))

#: The largest of them. A size that may not be as large may be cut off where a graph slices by it.
LARGEST = max(map(max, _PRIMES))


def convert_any(
    module: fx.GraphModule,
    inputs: Callable[[Sequence[int]], Sequence[Any]],
    count: int,
    weights: Callable[[int], WeightType | None],
) -> Program:
    """The function of a graph for inputs of any sizes: `inputs` makes some that have the `count`
    given ones.

    Raises `Unsupported` where the program is another one for other sizes.
    """
    if count > len(_PRIMES[0]):
        raise Unsupported(f"{count} sizes that may change")
    try:
        programs = [convert(module, inputs(p[:count]), weights, p[:count]) for p in _PRIMES]
    except UnknownSize as why:
        raise Unsupported(str(why)) from None
    except RuntimeError as why:
        raise Unsupported(f"the graph is for some sizes alone: {why}") from None
    if programs[0] != programs[1]:
        raise Unsupported("an operation depends on a size that may change")
    return programs[0]
