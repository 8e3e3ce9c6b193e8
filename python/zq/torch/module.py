"""`compile_module`: a whole PyTorch module, exported and compiled."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
import torch.utils._pytree as pytree
from torch import fx
from torch.export import ExportedProgram
from torch.export._remove_effect_tokens_pass import _remove_effect_tokens
from torch.export.graph_signature import ConstantArgument, InputKind, OutputKind, TensorArgument

from ..errors import Error
from ..tensor import Tensor
from . import quantized, registry
from .choice import Candidate, Choice, Codecs, choose
from .explanation import Explanation, explain_segments
from .partition import hint, hinted, is_up_to_data, partition
from .segment import Options, Segment, Weight


def _layer_of(module: torch.nn.Module, name: str) -> type | None:
    try:
        return type(module.get_submodule(name.rpartition(".")[0]))
    except AttributeError:
        return None


def _decompositions() -> dict[Any, Any]:
    """What PyTorch decomposes operations by, but for those that have a converter."""
    table = torch.export.default_decompositions()
    for op in registry.covered_ops():
        table.pop(op, None)
    return table


def used_by_pytorch(module: fx.GraphModule) -> set[fx.Node]:
    """Placeholders that are read by what is not compiled, or returned."""
    return {
        node
        for node in module.graph.find_nodes(op="placeholder")
        if any(user.op != "call_module" for user in node.users)
    }


def install_segments(
    module: fx.GraphModule,
    submodules: Mapping[str, fx.GraphModule],
    weights: Mapping[fx.Node, Weight],
    constants: Collection[fx.Node],
    options: Options,
) -> list[Segment]:
    """Puts segments in the place of submodules; `weights` are those of placeholders of `module`,
    and `constants` placeholders of other parameters and buffers."""
    segments = []
    for node in list(module.graph.find_nodes(op="call_module")):
        if node.target not in submodules:
            continue
        own = {i: weights[arg] for i, arg in enumerate(node.args) if arg in weights}
        still = [i for i, arg in enumerate(node.args) if arg in constants]
        segment = Segment(str(node.target), submodules[node.target], own, options, still)
        segment.orders = _orders_for_pytorch(node)
        module.set_submodule(node.target, segment)
        segments.append(segment)
    module.recompile()
    return segments


def _orders_for_pytorch(call: fx.Node) -> dict[int, list[int]]:
    """The outputs of a segment that PyTorch computes with, and the order of their dimensions that
    it relies on."""
    outputs = {
        user.args[1]: user
        for user in call.users
        if user.target is operator.getitem and user.args[0] is call
    } or {0: call}
    orders = {}
    for i, node in outputs.items():
        value = node.meta.get("val")
        in_pytorch = any(
            user.op == "call_function" and user.target is not operator.getitem
            for user in node.users
        )
        if not in_pytorch or not isinstance(value, torch.Tensor):
            continue
        order = list(range(value.dim()))
        order.sort(key=lambda dim: (-hint(value.stride(dim)), dim))
        if order != sorted(order):
            orders[i] = order
    return orders


class CompiledModule:
    """A compiled PyTorch module. Called as the module was, it gives what that gave. Made by
    `zq.compile_module`.

    It computes without gradients. Several threads may call it at once unless it writes to buffers
    of its own, such as a cache.
    """

    def __init__(
        self,
        name: str,
        program: ExportedProgram,
        module: fx.GraphModule,
        segments: list[Segment],
        inputs: list[Any],
        weights: dict[str, Weight],
        remarks: list[str],
    ) -> None:
        self._name = name
        self._signature = program.graph_signature
        self._in_spec = program.call_spec.in_spec
        self._out_spec = program.call_spec.out_spec
        self._ranges = program.range_constraints
        self._module = module
        self._segments = segments
        #: What each placeholder is given: a tensor, or None where the caller gives it, or nobody.
        self._inputs = inputs
        self._weights = weights
        self._capture_remarks = remarks
        specs = self._signature.input_specs
        self._user = [i for i, spec in enumerate(specs) if spec.kind == InputKind.USER_INPUT]
        placeholders = list(program.graph.find_nodes(op="placeholder"))
        self._expected = [placeholders[i].meta.get("val") for i in self._user]
        self._names = [spec.arg.name for spec in specs]
        self._outputs = list(self._signature.output_specs)
        self._places = {spec.target: i for i, spec in enumerate(specs) if spec.target is not None}

    #
    # What it is made of
    #

    @property
    def weights(self) -> dict[str, Tensor]:
        """The compressed parameters, by their names in the PyTorch module."""
        return {name: weight.tensor for name, weight in self._weights.items()}

    @property
    def mlir(self) -> str:
        """The MLIR of all that is compiled by now, one module for each part and combination of
        sizes."""
        return "// -----\n".join(c.program.text for s in self._segments for c in s.programs)

    @property
    def functions(self) -> list[Any]:
        """The compiled functions (`zq.Function`) of the modules of `mlir`, in their order."""
        return [c.function for segment in self._segments for c in segment.programs]

    @property
    def remarks(self) -> list[str]:
        """What the capture left to PyTorch or dense and why, and then what the compiler says."""
        return self._capture_remarks + [r for s in self._segments for r in s.remarks]

    @property
    def nbytes(self) -> int:
        """Bytes of all parameters, buffers and constants, as they are held here."""
        dense = {
            t.data_ptr(): t.numel() * t.element_size()
            for t in self._inputs
            if isinstance(t, torch.Tensor)
        }
        return sum(dense.values()) + sum(
            {id(w): w.tensor.nbytes for w in self._weights.values()}.values()
        )

    def explain(self) -> Explanation:
        """Per layer: codec, bytes, fused or not and why. Prints as a table."""
        dense = {
            spec.target: tensor
            for spec, tensor in zip(self._signature.input_specs, self._inputs, strict=False)
            if spec.kind == InputKind.PARAMETER and tensor is not None
        }
        return explain_segments(
            self._segments, self._weights.values(), dense, self._capture_remarks
        )

    def __zq_layers__(self) -> dict[str, Any]:
        """What `zq.report` is about: parameters, buffers and constants, those that are tied once.
        See `zq.reports.Reportable`."""
        from ..reports import Layer

        layers: dict[str, Layer] = {}
        seen: set[tuple[str, int]] = set()
        for name, weight in self._weights.items():
            if ("weight", id(weight)) not in seen:
                seen.add(("weight", id(weight)))
                layers[name] = Layer(None, weight.tensor)
        for spec, tensor in zip(self._signature.input_specs, self._inputs, strict=True):
            if isinstance(tensor, torch.Tensor) and ("dense", tensor.data_ptr()) not in seen:
                seen.add(("dense", tensor.data_ptr()))
                layers[spec.target or spec.arg.name] = Layer(tensor)
        # In the module's order, whatever is compressed.
        order = {spec.target: i for i, spec in enumerate(self._signature.input_specs)}
        layers = dict(sorted(layers.items(), key=lambda item: order.get(item[0], len(order))))
        return {**layers, "": Layer(None, None, self.remarks)}

    def __repr__(self) -> str:
        return (
            f"<zq.torch.CompiledModule {self._name}: {len(self._weights)} compressed weights, "
            f"{self.nbytes:,} bytes, "
            f"{len(self._segments)} compiled part{'s' * (len(self._segments) != 1)}>"
        )

    #
    # Calls
    #

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As the PyTorch module. Compiles at the first call with sizes that are new.

        Raises `zq.Error` for arguments of another structure, or of sizes that were not exported as
        dynamic; and `IndexError` as PyTorch does.
        """
        flat = self._flatten(args, kwargs)
        inputs = list(self._inputs)
        symbols: dict[Any, int] = {}
        for place, value, expected in zip(self._user, flat, self._expected, strict=True):
            self._check(self._names[place], value, expected, symbols)
            inputs[place] = value
        with torch.no_grad():
            outputs = self._module(*inputs)
            return self._finish(outputs, inputs)

    def _flatten(self, args: tuple, kwargs: dict[str, Any]) -> list[Any]:
        expected = self._in_spec
        if kwargs:
            from torch.export._tree_utils import reorder_kwargs

            try:
                kwargs = reorder_kwargs(kwargs, expected)
            except ValueError as error:
                raise Error(
                    f"{self._name} was captured with other keyword arguments: {error}"
                ) from None
        flat, spec = pytree.tree_flatten((args, kwargs))
        if spec != expected:
            raise Error(
                f"{self._name} was captured with arguments of another structure: expected "
                f"{expected}, got {spec}"
            )
        return flat

    def _check(self, name: str, value: Any, expected: Any, symbols: dict[Any, int]) -> None:
        if not isinstance(expected, torch.Tensor):
            if not isinstance(expected, (torch.SymInt, torch.SymFloat)) and value != expected:
                raise Error(
                    f"argument {name}: was captured as {expected!r}, which is part of the graph; "
                    f"got {value!r}"
                )
            return
        if not isinstance(value, torch.Tensor):
            raise Error(f"argument {name}: expected a tensor, got {type(value).__name__}")
        if value.device.type != "cpu":
            raise Error(f"argument {name}: is on {value.device}, and zq compiles for the CPU")
        if value.requires_grad and torch.is_grad_enabled():
            raise Error(
                f"argument {name}: needs a gradient, which zq computes none of; call under "
                f"torch.no_grad()"
            )
        if value.dtype != expected.dtype or value.dim() != expected.dim():
            raise Error(
                f"argument {name}: expected {expected.dtype} of {expected.dim()} dimensions, got "
                f"{value.dtype} of "
                f"{value.dim()}"
            )
        for dim, (size, wanted) in enumerate(zip(value.shape, expected.shape, strict=False)):
            self._check_size(f"argument {name}: dimension {dim}", size, wanted, symbols)

    def _check_size(self, what: str, size: int, wanted: Any, symbols: dict[Any, int]) -> None:
        if not isinstance(wanted, torch.SymInt):
            if size != wanted:
                raise Error(
                    f"{what} is {size}, and was captured as {wanted}; export it as dynamic "
                    f"(dynamic_shapes)"
                )
            return
        expression = wanted.node.expr
        if expression.is_Symbol and expression not in symbols:
            symbols[expression] = size
            bounds = self._ranges.get(expression)
            if bounds is not None and not bounds.lower <= size <= bounds.upper:
                raise Error(
                    f"{what} is {size}, and has to be from {bounds.lower} to {bounds.upper}"
                )
        known = expression.subs(symbols)
        if known.is_number and int(known) != size:
            raise Error(f"{what} is {size}, and has to be {expression}, which is {known} here")

    def _finish(self, outputs: Any, inputs: list[Any]) -> Any:
        results = []
        for value, spec in zip(outputs, self._outputs, strict=True):
            if spec.kind == OutputKind.USER_OUTPUT:
                results.append(value)
            elif spec.kind in (OutputKind.BUFFER_MUTATION, OutputKind.PARAMETER_MUTATION):
                inputs[self._places[spec.target]].copy_(value)
            elif spec.kind == OutputKind.USER_INPUT_MUTATION:
                inputs[self._names.index(spec.target)].copy_(value)
            else:
                raise Error(f"an output of kind {spec.kind.name} is not supported")
        return pytree.tree_unflatten(results, self._out_spec)


def compile_module(
    module: torch.nn.Module,
    example_inputs: Sequence[Any] = (),
    example_kwargs: Mapping[str, Any] | None = None,
    *,
    codecs: Codecs = None,
    dynamic_shapes: Any = None,
    strict: bool = False,
    accuracy: float = 5e-5,
    target: str = "host",
    threads: bool = True,
    pack_weights: bool = True,
    recode_weights: bool = False,
    cache: bool = True,
) -> CompiledModule:
    """Compiles a PyTorch module for inference on this machine, its weights compressed.

    `example_inputs` (and `example_kwargs`) are arguments as the module is called with;
    `dynamic_shapes` says which of their sizes may change, as `torch.export.export` takes it, and
    `strict` how it traces. The graph stays symbolic: where its parts allow it, machine code is made
    once for all sizes, and otherwise, as a remark says, for each combination of sizes when it is
    first seen. It is kept (`cache`: on disk too). Sizes of the latter kind that change at each
    call, such as a cache that grows token by token, are better padded.

    `codecs` is one codec for the weights of all linear, embedding and convolution layers; or an
    ordered mapping of rules, of which the first that matches a parameter decides: the key is a
    pattern of its qualified name (`"*.mlp.*"`), a type of layer (`torch.nn.Embedding`), or a
    function of name and tensor (`zq.torch.min_elements(100_000)`); the value is a codec, None for
    dense, or a pair of codec and dtype that weights are rounded to before (`("bf16_huff",
    "bfloat16")`). Weights that the model has quantized already, by PT2E's or torchao's operations,
    keep their bits whatever `codecs` says.

    `accuracy`, `target`, `threads`, `pack_weights`, `recode_weights` and `cache` are those of
    `zq.compile`.

    An operation that is not covered runs in PyTorch, and `remarks` names it. Raises `zq.Error` for
    rules that match nothing and for codecs that cannot hold a weight; what `torch.export` raises
    for a module that it cannot export.
    """
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"expected a torch.nn.Module, and not {type(module).__name__}")
    options = Options(accuracy, target, threads, pack_weights, cache, recode_weights)
    if isinstance(example_inputs, torch.Tensor):
        raise TypeError("example_inputs is a tuple of arguments, and not a tensor")
    with torch.no_grad():
        exported = torch.export.export(
            module,
            tuple(example_inputs),
            dict(example_kwargs or {}),
            dynamic_shapes=dynamic_shapes,
            strict=strict,
        )
        _check_constants(exported)
        program = _remove_effect_tokens(exported.run_decompositions(_decompositions()))
    compiled = _compile(module, program, codecs, options)
    _warm(compiled)
    return compiled


def _check_constants(program: ExportedProgram) -> None:
    """Raises where the module writes to a tensor that is none of its buffers."""
    constants = {
        spec.arg.name: spec.target
        for spec in program.graph_signature.input_specs
        if spec.kind == InputKind.CONSTANT_TENSOR
    }
    for node in program.graph.nodes:
        schema = getattr(node.target, "_schema", None)
        if node.op != "call_function" or schema is None or not schema.is_mutable:
            continue
        for arg in node.args:
            if (
                isinstance(arg, fx.Node)
                and arg.name in constants
                and str(node.target).split(".")[1].endswith("_")
            ):
                raise Error(
                    f"the module writes to {constants[arg.name]} by {node.target}, which is a "
                    f"tensor but none of its "
                    "buffers; register it (register_buffer), and read it as an attribute of the "
                    "module or export with "
                    "strict=True"
                )


def _warm(compiled: CompiledModule) -> None:
    """Compiles for the sizes of the example, so that it is known now what cannot be compiled."""
    for node in compiled._module.graph.find_nodes(op="call_module"):
        segment = compiled._module.get_submodule(node.target)
        values = [arg.meta.get("val") if isinstance(arg, fx.Node) else arg for arg in node.args]
        if isinstance(segment, Segment) and not any(is_up_to_data(value) for value in values):
            segment.prepare(
                [None if i in segment.weights else hinted(value) for i, value in enumerate(values)]
            )


def _compile(
    module: torch.nn.Module, program: ExportedProgram, codecs: Codecs, options: Options
) -> CompiledModule:
    remarks: list[str] = []
    graph_module = program.graph_module
    specs = program.graph_signature.input_specs
    placeholders = list(graph_module.graph.find_nodes(op="placeholder"))
    held: dict[str, Any] = {}
    for node, spec in zip(placeholders, specs, strict=True):
        if spec.kind in (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR):
            held[node.name] = _held(program, spec)
        elif spec.kind == InputKind.USER_INPUT:
            if (
                not isinstance(spec.arg, (TensorArgument, ConstantArgument))
                and spec.arg.name is None
            ):
                raise Error(f"an argument of kind {type(spec.arg).__name__} is not supported")
        else:
            raise Error(f"an input of kind {spec.kind.name} is not supported")
    weights = quantized.import_weights(graph_module, held, remarks.append)
    places = {node.name: spec for node, spec in zip(placeholders, specs, strict=True)}

    names = {
        node.name: spec.target
        for node, spec in zip(placeholders, specs, strict=True)
        if spec.kind == InputKind.PARAMETER and spec.target is not None
    }
    mutated = {
        spec.target
        for spec in program.graph_signature.output_specs
        if spec.kind in (OutputKind.PARAMETER_MUTATION, OutputKind.BUFFER_MUTATION)
    }
    # What the model has quantized leaves the dense weight behind, and nothing reads it. Of tied
    # parameters the graph reads one, whose other names are its as well.
    used = {node.name for node in placeholders if node.users}
    read = {held[name].data_ptr() for name in used if isinstance(held.get(name), torch.Tensor)}
    candidates = [
        Candidate(target, held[name], _layer_of(module, target))
        for name, target in names.items()
        if target not in mutated and held[name].data_ptr() in read
    ]
    choices = choose(codecs, candidates, remarks.append)

    outer, submodules = partition(graph_module, remarks.append)
    in_pytorch = {node.name for node in used_by_pytorch(outer)}
    by_tensor: dict[tuple, Weight] = {}
    for candidate in candidates:
        name = next(n for n, target in names.items() if target == candidate.name)
        choice = choices.get(candidate.name)
        if choice is None:
            continue
        if name in in_pytorch:
            remarks.append(
                f"{candidate.name}: stays dense: it is read by an operation that runs in PyTorch"
            )
            continue
        weights[name] = _encode(candidate, choice, by_tensor)
    nodes = {node.name: node for node in outer.graph.find_nodes(op="placeholder")}
    segments = install_segments(
        outer,
        submodules,
        {nodes[name]: weight for name, weight in weights.items()},
        {node for name, node in nodes.items() if name in held},
        options,
    )
    kept = used | {name for name, spec in places.items() if spec.target in mutated}
    inputs = [held.get(name) if name in kept and name not in weights else None for name in nodes]
    labels = {names.get(name, weight.name): weight for name, weight in weights.items()}
    return CompiledModule(type(module).__name__, program, outer, segments, inputs, labels, remarks)


def _encode(candidate: Candidate, choice: Choice, by_tensor: dict[tuple, Weight]) -> Weight:
    # Tied parameters are one tensor.
    tensor = candidate.tensor
    key = (tensor.data_ptr(), candidate.shape, choice)
    weight = by_tensor.get(key)
    if weight is None:
        made = Weight(candidate.name, candidate.shape, choice)
        made.encode(tensor)
        weight = by_tensor[key] = Weight(candidate.name, candidate.shape, None, made.tensor)
    return weight


def _held(program: ExportedProgram, spec: Any) -> torch.Tensor:
    tensor = program.state_dict.get(spec.target) if spec.kind != InputKind.CONSTANT_TENSOR else None
    if tensor is None:
        tensor = program.constants[spec.target]
    return tensor.detach()
