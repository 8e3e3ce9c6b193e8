"""`torch.compile(model, backend="zq")`."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import fx

from ..errors import Error
from .choice import Candidate, choose
from .explanation import Explanation, explain_segments
from .module import install_segments, used_by_pytorch
from .partition import partition
from .segment import Options, Segment, Weight

_OPTIONS = {
    *("codecs", "accuracy", "target", "threads"),
    *("pack_weights", "recode_weights", "cache"),
}


class Graph:
    """A graph that the backend compiled, for `zq.explain`."""

    def __init__(
        self,
        segments: list[Segment],
        weights: list[Weight],
        remarks: list[str],
        parameters: Sequence[torch.Tensor],
        candidates: Iterable[Candidate],
    ) -> None:
        self.segments = segments
        self.weights = weights
        self.remarks = remarks
        self.parameters = [weakref.ref(parameter) for parameter in parameters]
        self.names = {c.name: weakref.ref(c.tensor) for c in candidates}

    def belongs_to(self, model: torch.nn.Module) -> bool:
        """Whether it reads parameters of the model."""
        own = {id(tensor) for tensor in (*model.parameters(), *model.buffers())}
        return any(id(ref()) in own for ref in self.parameters if ref() is not None)


_graphs: weakref.WeakSet[Graph] = weakref.WeakSet()
_lock = threading.Lock()


def qualified_name(source: str) -> str:
    """The name that a module's parameter has, from how the caller's frame gets at it.

    >>> qualified_name("L['self']._modules['layer']._modules['0']._parameters['weight']")
    'layer.0.weight'
    """
    return ".".join(re.findall(r"\['([^']*)'\]", re.sub(r"^[LG]\['[^']*'\]", "", source)))


def _candidates(module: fx.GraphModule, inputs: Sequence[Any]) -> dict[int, Candidate]:
    """The parameters among the inputs of a graph of dynamo's, by their position."""
    found: dict[int, Candidate] = {}
    for position, (node, value) in enumerate(
        zip(module.graph.find_nodes(op="placeholder"), inputs, strict=False)
    ):
        if not isinstance(value, torch.nn.Parameter):
            continue
        source = getattr(node, "_dynamo_source", None)
        name = (
            qualified_name(source.name if isinstance(source.name, str) else source.name())
            if source
            else node.name
        )
        layers = [
            list(user.meta["nn_module_stack"].values())[-1][1]
            for user in node.users
            if user.meta.get("nn_module_stack")
        ]
        layer = next((layer for layer in layers if isinstance(layer, type)), None)
        found[position] = Candidate(name or node.name, value, layer)
    return found


def _check_options(options: Mapping[str, Any]) -> None:
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise Error(
            f"unknown options {', '.join(unknown)} of the backend zq; there are "
            f"{', '.join(sorted(_OPTIONS))}"
        )


def zq_backend(
    module: fx.GraphModule,
    example_inputs: Sequence[Any],
    *,
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> Callable:
    """Compiles a graph of dynamo's for inference. See `compile_module` for the options, which are
    `codecs`, `accuracy`, `target`, `threads`, `pack_weights`, `recode_weights` and `cache`.

    Weights are compressed at the first call, and again when the parameter has changed. Raises
    `zq.Error` where gradients are needed.
    """
    from torch._dynamo.backends.common import aot_autograd

    given = dict(options or {})
    _check_options(given)
    codecs = given.pop("codecs", None)
    settings = Options(**given)
    if torch.is_grad_enabled() and any(
        isinstance(value, torch.Tensor) and value.requires_grad for value in example_inputs
    ):
        raise Error(
            "the backend zq compiles for inference, and gradients are needed here: call the "
            "model under torch.inference_mode() or torch.no_grad(), or say requires_grad_(False)"
        )
    for value in example_inputs:
        if isinstance(value, torch.Tensor) and value.device.type != "cpu":
            raise Error(f"an input is on {value.device}, and the backend zq compiles for the CPU")
    candidates = _candidates(module, example_inputs)
    parameters = [value for value in example_inputs if isinstance(value, torch.Tensor)]

    def compile_graph(graph: fx.GraphModule, inputs: Sequence[Any]) -> Callable:
        compiled, record = _compile(graph, candidates, codecs, settings, parameters)
        with _lock:
            _graphs.add(record)

        def call(args: list[Any]) -> Sequence[Any]:
            # Boxed: what the caller handed over may be freed while this runs.
            inputs = list(args)
            args.clear()
            with torch.no_grad():
                return compiled(*inputs)

        call._boxed_call = True  # type: ignore[attr-defined]
        call.record = record  # type: ignore[attr-defined]
        return call

    return aot_autograd(
        fw_compiler=compile_graph, inference_compiler=compile_graph, decompositions={}
    )(module, example_inputs)


def _compile(
    graph: fx.GraphModule,
    candidates: Mapping[int, Candidate],
    codecs: Any,
    settings: Options,
    parameters: Sequence[torch.Tensor],
) -> tuple[fx.GraphModule, Graph]:
    remarks: list[str] = []
    choices = choose(codecs, list(candidates.values()), remarks.append, whole=False)
    outer, submodules = partition(graph, remarks.append)
    in_pytorch = used_by_pytorch(outer)
    weights: dict[fx.Node, Weight] = {}
    for position, node in enumerate(outer.graph.find_nodes(op="placeholder")):
        candidate = candidates.get(position)
        choice = choices.get(candidate.name) if candidate else None
        if choice is None:
            continue
        value = node.meta.get("val")
        if not isinstance(value, torch.Tensor) or tuple(value.shape) != tuple(
            candidate.tensor.shape
        ):
            raise Error(f"{candidate.name}: is not where the graph takes it to be")
        if node in in_pytorch:
            remarks.append(
                f"{candidate.name}: stays dense: it is read by an operation that runs in PyTorch"
            )
            continue
        weights[node] = Weight(candidate.name, candidate.shape, choice)
    constants = {
        node
        for position, node in enumerate(outer.graph.find_nodes(op="placeholder"))
        if position in candidates
    }
    segments = install_segments(outer, submodules, weights, constants, settings)
    return outer, Graph(segments, list(weights.values()), remarks, parameters, candidates.values())


def explain(model: Any) -> Explanation:
    """Per layer: its codec, its bytes, whether its decoding is fused, and why.

    `model` is what `zq.compile_module` or `torch.compile(..., backend="zq")` returned, or the
    module that was compiled. What torch.compile compiles at the first call is there after that.
    Prints as a table. Raises `zq.Error` where nothing of the model was compiled by zq.
    """
    from .module import CompiledModule

    if isinstance(model, CompiledModule):
        return model.explain()
    module = getattr(model, "_orig_mod", model)
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"expected a model, and not {type(model).__name__}")
    with _lock:
        graphs = [graph for graph in _graphs if graph.belongs_to(module)]
    if not graphs:
        raise Error(
            "nothing of this model was compiled by zq yet; call it once, under torch.no_grad()"
        )
    weights = {weight.name: weight for graph in graphs for weight in graph.weights}
    remarks = list(dict.fromkeys(remark for graph in graphs for remark in graph.remarks))
    parameters = {
        name: tensor
        for graph in graphs
        for name, ref in graph.names.items()
        if (tensor := ref()) is not None
    }
    return explain_segments(
        [s for graph in graphs for s in graph.segments], weights.values(), parameters, remarks
    )
