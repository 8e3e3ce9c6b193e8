"""What of a graph is compiled, and what stays with PyTorch."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx
from torch.fx.passes.infra.partitioner import CapabilityBasedPartitioner
from torch.fx.passes.operator_support import OperatorSupportBase

from . import types
from .convert import Converter, describe
from .registry import Unsupported

#: Operations that check what was known when the graph was made, and give nothing.
_CHECKS = {
    torch.ops.aten._assert_tensor_metadata.default,
}


def erase_checks(module: fx.GraphModule) -> None:
    """Erases operations of a graph that give nothing that is used."""
    for node in reversed(module.graph.nodes):
        if node.op == "call_function" and node.target in _CHECKS and not node.users:
            module.graph.erase_node(node)
    module.graph.eliminate_dead_code()
    module.recompile()


def hinted(value: Any) -> Any:
    """What stands for a node's value in a trial: tensors of the sizes of the example, numbers as
    they were there."""
    if isinstance(value, torch.Tensor):
        return torch.empty([hint(size) for size in value.shape], dtype=value.dtype, device="meta")
    if isinstance(value, (tuple, list)):
        return tuple(hinted(item) for item in value)
    if isinstance(value, (torch.SymInt, torch.SymBool, torch.SymFloat)):
        return hint(value)
    return value


def hint(size: Any) -> Any:
    """The number that a size had in the example."""
    if not isinstance(size, (torch.SymInt, torch.SymBool, torch.SymFloat)):
        return size
    node = size.node
    # What data decides has no hint: any number serves to see whether an operation is covered.
    return node.hint if node.has_hint() else 7


def find_uncovered(module: fx.GraphModule) -> dict[fx.Node, str]:
    """The nodes that no converter covers, and why; found by converting each with the sizes of the
    example."""
    sizes = {node: hinted(node.meta.get("val")) for node in module.graph.nodes}
    converter = Converter(sizes)
    uncovered: dict[fx.Node, str] = {}
    for node in module.graph.nodes:
        size = sizes[node]
        if node.op == "call_function":
            try:
                if any(is_up_to_data(n.meta.get("val")) for n in (node, *node.all_input_nodes)):
                    raise Unsupported("its shape is up to data")
                if node.target is operator.getitem and node.args[0] in uncovered:
                    raise Unsupported(uncovered[node.args[0]])
                converter.values[node] = converter.node(node)
                continue
            except Unsupported as why:
                uncovered[node] = str(why)
        elif node.op == "get_attr":
            uncovered[node] = "it is an attribute"
        elif node.op == "output":
            continue
        converter.values[node] = _argument(converter, size)
    return uncovered


def is_up_to_data(value: Any) -> bool:
    """Whether a node's value has a size, or is a number, that is known only when the graph runs."""
    if isinstance(value, torch.Tensor):
        return any(is_up_to_data(size) for size in value.shape)
    if isinstance(value, (tuple, list)):
        return any(is_up_to_data(item) for item in value)
    return (
        isinstance(value, (torch.SymInt, torch.SymBool, torch.SymFloat))
        and not value.node.has_hint()
    )


def _argument(converter: Converter, size: Any) -> Any:
    if isinstance(size, torch.Tensor):
        # Of a dtype that is none of ours: its users are not covered either.
        dtype = size.dtype if types.is_supported(size.dtype) else torch.int8
        return converter.emitter.argument(tuple(size.shape), dtype)
    if isinstance(size, tuple):
        return tuple(_argument(converter, item) for item in size)
    return size


class _Covered(OperatorSupportBase):
    def __init__(self, uncovered: dict[fx.Node, str]) -> None:
        self.uncovered = uncovered

    def is_node_supported(self, submodules: Any, node: fx.Node) -> bool:
        return node.op == "call_function" and node not in self.uncovered


def partition(
    module: fx.GraphModule, remark: Callable[[str], None]
) -> tuple[fx.GraphModule, dict[str, fx.GraphModule]]:
    """The graph with a call of a submodule for each part that is covered, and those submodules by
    name.

    `remark` is told of each operation that stays with PyTorch.
    """
    erase_checks(module)
    uncovered = find_uncovered(module)
    for node, why in uncovered.items():
        if node.op == "call_function" and node.target is not operator.getitem:
            remark(describe(node, why))
    partitioner = CapabilityBasedPartitioner(
        module, _Covered(uncovered), allows_single_node_partition=True, non_compute_ops=[]
    )
    parts = [part for part in partitioner.propose_partitions() if any(map(_computes, part.nodes))]
    fused = partitioner.fuse_partitions(parts, prefix="zq_")
    submodules = {
        node.target: fused.get_submodule(node.target)
        for node in fused.graph.nodes
        if node.op == "call_module" and str(node.target).startswith("zq_")
    }
    return fused, submodules


def _computes(node: fx.Node) -> bool:
    """Whether a node makes a tensor."""
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) or (
        isinstance(value, (tuple, list)) and any(isinstance(item, torch.Tensor) for item in value)
    )
