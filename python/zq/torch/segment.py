"""A part of a graph that zq compiles, for all sizes that it may be called with, or else for each
combination that it is called with."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import fx

from .. import arrays, compiler
from ..errors import Error
from ..tensor import Tensor, encode
from .choice import Choice
from .convert import LARGEST, InPyTorch, Product, Program, WeightType, convert, convert_any
from .partition import is_up_to_data
from .registry import Unsupported


@dataclass(frozen=True)
class Options:
    """What `zq.compile` is told."""

    accuracy: float = 5e-5
    target: str = "host"
    threads: bool = True
    pack_weights: bool = True
    cache: bool = True
    recode_weights: bool = False


class Weight:
    """A parameter with a codec; compressed once, and again when the parameter has changed."""

    def __init__(
        self,
        name: str,
        stored: tuple[int, ...],
        choice: Choice | None,
        tensor: Tensor | None = None,
    ) -> None:
        self.name = name
        self.stored = stored
        self._choice = choice
        self._tensor = tensor
        #: The parameter that `_tensor` was made of, and its version and memory then.
        self._source: weakref.ref[torch.Tensor] | None = None
        self._seen: tuple[int, int] | None = None
        self._lock = threading.Lock()

    @property
    def tensor(self) -> Tensor:
        """The compressed tensor; there is none before `update` for a parameter that the caller
        keeps."""
        if self._tensor is None:
            raise Error(f"{self.name} is compressed at the first call")
        return self._tensor

    @property
    def may_change(self) -> bool:
        """Whether the caller keeps the parameter."""
        return self._choice is not None

    @property
    def is_encoded(self) -> bool:
        """Whether there is a compressed tensor."""
        return self._tensor is not None

    def encode(self, parameter: torch.Tensor) -> None:
        """Compresses `parameter`. Raises `zq.Error` that names it where the codec cannot hold its
        values."""
        assert self._choice is not None
        try:
            dense = parameter.detach().reshape(self.stored)
            self._tensor = encode(dense, self._choice.codec, dtype=self._choice.dtype)
        except Error as error:
            raise Error(f"{self.name}: {error}") from error

    def update(self, parameter: torch.Tensor | None) -> Tensor:
        """The compressed tensor of what the caller passes, which may be none where it was made
        before."""
        if parameter is None or self._choice is None:
            return self.tensor
        version = 0 if parameter.is_inference() else parameter._version
        seen = (version, parameter.data_ptr())
        if self._source is None or self._source() is not parameter or self._seen != seen:
            with self._lock:
                self.encode(parameter)
                self._source, self._seen = weakref.ref(parameter), seen
        return self.tensor


@dataclass
class Compiled:
    """A program of a segment, for one combination of sizes or for all."""

    program: Program | None
    function: compiler.Function | None
    #: The types of the compressed arguments that it was compiled for, by position.
    types: dict[int, str] = field(default_factory=dict)
    #: The tensors of these types that it was last called with, where others may come.
    is_for: dict[int, Tensor] | None = None
    #: Why there is no program: PyTorch computes what is not covered for these sizes alone.
    shortfall: str = ""


class Segment(torch.nn.Module):
    """Stands in a graph for the part `module`; compiles that for the sizes that it gets."""

    def __init__(
        self,
        name: str,
        module: fx.GraphModule,
        weights: dict[int, Weight],
        options: Options,
        constants: Collection[int] = (),
    ) -> None:
        super().__init__()
        self.name = name
        # Not a submodule: it is only looked at.
        self.__dict__["graph_module"] = module
        self.weights = weights
        self.options = options
        #: Positions of parameters and buffers, whose sizes do not change.
        self._constants = frozenset(constants) - frozenset(weights)
        self._arrays: dict[int, tuple[torch.Tensor, int, np.ndarray]] = {}
        self.compiled: dict[tuple, Compiled] = {}
        #: Why there is a program for each combination of sizes where they may change.
        self.why_each = ""
        self._lock = threading.Lock()
        #: Outputs are a tuple in the graph, or a single value.
        output = next(iter(reversed(module.graph.nodes))).args[0]
        self._is_tuple = isinstance(output, (tuple, list))
        self._placeholders = list(module.graph.find_nodes(op="placeholder"))
        still = self._constants.union(weights)
        self._varying = [i for i in range(len(self._placeholders)) if i not in still]
        #: What sizes may be, as the graph's capture names them.
        self._symbols = _symbols_of(self._placeholders[i].meta.get("val") for i in self._varying)
        self._may_change = any(weight.may_change for weight in weights.values())
        #: Outputs that PyTorch goes on with, and the order of their dimensions in its memory.
        self.orders: dict[int, list[int]] = {}

    def _key(self, args: Sequence[Any]) -> tuple:
        return tuple(
            [
                (arg.dtype, *arg.shape) if isinstance(arg, torch.Tensor) else (type(arg), arg)
                for arg in map(args.__getitem__, self._varying)
            ]
        )

    def forward(self, *args: Any) -> Any:
        """Calls the program for these sizes; compiles it before if there is none."""
        compiled, tensors = self.prepare(args)
        if compiled.program is None:
            dense = [self._decoded(i, arg, tensors) for i, arg in enumerate(args)]
            return InPyTorch(self.graph_module).run(*dense)
        return self._call(compiled, args, tensors)

    @property
    def programs(self) -> list[Compiled]:
        """What is compiled by now."""
        each = {id(compiled): compiled for compiled in self.compiled.values()}
        return [compiled for compiled in each.values() if compiled.program is not None]

    @property
    def remarks(self) -> list[str]:
        """What PyTorch computes for some sizes, why there is a program for each, and then what the
        compiler says."""
        shortfalls = dict.fromkeys(c.shortfall for c in self.compiled.values() if c.shortfall)
        each = (
            [f"a program for each combination of sizes: {self.why_each}"] if self.why_each else []
        )
        return [*shortfalls, *each, *(r for c in self.programs for r in c.function.remarks)]

    @staticmethod
    def _decoded(position: int, arg: Any, tensors: dict[int, Tensor]) -> Any:
        return arrays.to_torch(tensors[position].decode()) if position in tensors else arg

    def prepare(self, args: Sequence[Any]) -> tuple[Compiled, dict[int, Tensor]]:
        """The program for arguments of these sizes, compiled if there is none, and its weights by
        position."""
        tensors = {i: weight.update(args[i]) for i, weight in self.weights.items()}
        key = self._key(args)
        compiled = self.compiled.get(key)
        if compiled is None or compiled.is_for is not None and compiled.is_for != tensors:
            types = {i: tensor.type_text for i, tensor in tensors.items()}
            with self._lock:
                compiled = self.compiled.get(key)
                if compiled is None or compiled.types != types:
                    compiled = self.compiled[key] = self._compile_any(types) or self.compile(
                        args, types
                    )
                compiled.is_for = tensors if self._may_change else None
        return compiled, tensors

    def compile(self, args: Sequence[Any], types: dict[int, str]) -> Compiled:
        """Compiles for arguments of these sizes."""
        inputs = [
            self._placeholders[i].meta["val"] if i in self.weights else arg
            for i, arg in enumerate(args)
        ]
        try:
            program = convert(self.graph_module, inputs, self._weight_types(types))
        except Unsupported as why:
            return Compiled(None, None, types, shortfall=f"{why} (for some sizes)")
        return self._compile_program(program, types)

    def _compile_any(self, types: dict[int, str]) -> Compiled | None:
        """The program for arguments of all sizes, compiled if there is none; None where there can
        be none."""
        if not self._symbols or self.why_each:
            return None
        for compiled in self.programs:
            if compiled.types == types:
                return compiled
        values = [placeholder.meta.get("val") for placeholder in self._placeholders]

        def inputs(sizes: Sequence[int]) -> list[Any]:
            chosen = dict(zip(self._symbols, sizes, strict=True))
            return [
                value if i in self.weights else _with_sizes(value, chosen)
                for i, value in enumerate(values)
            ]

        try:
            program = convert_any(
                self.graph_module, inputs, len(self._symbols), self._weight_types(types)
            )
            return self._compile_program(program, types)
        except (Unsupported, Error) as why:
            self.why_each = str(why)
            return None

    def _weight_types(self, types: dict[int, str]) -> Callable[[int], WeightType | None]:
        def weight(position: int) -> WeightType | None:
            found = self.weights.get(position)
            if found is None:
                return None
            return WeightType(
                types[position], found.stored, _torch_dtype(found.tensor.dtype), found.name
            )

        return weight

    def _compile_program(self, program: Program, types: dict[int, str]) -> Compiled:
        o = self.options
        function = compiler.compile(
            program.text,
            target=o.target,
            accuracy=o.accuracy,
            threads=o.threads,
            pack_weights=o.pack_weights,
            recode_weights=o.recode_weights,
            cache=o.cache,
            file_name=self.name,
        )
        return Compiled(program, function, types)

    def _array(self, position: int, tensor: torch.Tensor) -> np.ndarray:
        """`to_array`, which is kept for what is the same at each call."""
        if position not in self._constants:
            return to_array(tensor)
        known = self._arrays.get(position)
        if known is not None and known[0] is tensor and known[1] == tensor.data_ptr():
            return known[2]
        array = to_array(tensor)
        if tensor.is_contiguous():
            self._arrays[position] = tensor, tensor.data_ptr(), array
        return array

    def _call(self, compiled: Compiled, args: Sequence[Any], tensors: dict[int, Tensor]) -> Any:
        program = compiled.program
        given = [tensors[i] if i in tensors else self._array(i, args[i]) for i in program.arguments]
        results = compiled.function(*given)
        results = results if isinstance(results, tuple) else (results,)
        symbols = [args[position].shape[dim] for position, dim in program.symbols]

        def resolve(size: Any) -> Any:
            if not isinstance(size, Product):
                return size
            return size.factor * math.prod(symbols[i] for i in size.symbols)

        for check in program.checks:
            low, high = int(results[check.smallest].item()), int(results[check.largest].item())
            least, end = resolve(check.low), resolve(check.high)
            if low < least or high >= end:
                raise IndexError(
                    f"{check.where}: index {low if low < least else high} is out of range: "
                    f"there are {end}"
                )
        outputs = []
        for returned in program.outputs:
            if returned.result is None:
                outputs.append(resolve(returned.value))
                continue
            tensor = arrays.to_torch(results[returned.result])
            if tensor.dtype != returned.dtype:
                # Bytes are of one type in MLIR.
                tensor = tensor.view(returned.dtype)
            tensor = tensor.view([resolve(size) for size in returned.shape])
            if len(outputs) in self.orders:
                tensor = in_order(tensor, self.orders[len(outputs)])
            outputs.append(tensor)
        return tuple(outputs) if self._is_tuple else outputs[0]


def _symbols_of(values: Iterable[Any]) -> list[Any]:
    """The symbols that sizes and numbers are made of; none where some are up to data, or may not be
    as large as the numbers that stand for them in `convert_any`."""
    symbols: dict[Any, None] = {}
    for value in values:
        for size in value.shape if isinstance(value, torch.Tensor) else [value]:
            if isinstance(size, (torch.SymFloat, torch.SymBool)) or is_up_to_data(size):
                return []
            if isinstance(size, torch.SymInt):
                own = sorted(size.node.expr.free_symbols, key=str)
                ranges = size.node.shape_env.var_to_range
                if any(symbol not in ranges or ranges[symbol].upper < LARGEST for symbol in own):
                    return []
                symbols.update(dict.fromkeys(own))
    return list(symbols)


def _with_sizes(value: Any, chosen: dict[Any, int]) -> Any:
    """What stands for a value where symbols are the chosen numbers."""
    if isinstance(value, torch.Tensor):
        sizes = [_with_sizes(size, chosen) for size in value.shape]
        return torch.empty(sizes, dtype=value.dtype, device="meta")
    return int(value.node.expr.subs(chosen)) if isinstance(value, torch.SymInt) else value


def in_order(tensor: torch.Tensor, order: list[int]) -> torch.Tensor:
    """The same values, stored with the dimensions in `order`, the outermost first."""
    inverse = [order.index(dim) for dim in range(len(order))]
    return tensor.permute(order).contiguous().permute(inverse)


def to_array(tensor: torch.Tensor) -> np.ndarray:
    """The array that a function takes for a tensor: booleans are bytes, and a scalar is one
    element."""
    tensor = tensor.detach()
    if tensor.dtype in (torch.bool, torch.uint8):
        tensor = tensor.contiguous().view(torch.int8)
    if not tensor.dim():
        tensor = tensor.reshape(1)
    return arrays.to_numpy(tensor)


def _torch_dtype(dtype: np.dtype) -> torch.dtype:
    return getattr(torch, np.dtype(dtype).name)
