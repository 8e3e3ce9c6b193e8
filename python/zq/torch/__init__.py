"""PyTorch models with compressed weights, compiled by zq.

`zq.compile_module(module, example_inputs, codecs="nvfp4")` compiles a whole module by way of
`torch.export`; `torch.compile(model, backend="zq", options={"codecs": "nvfp4"})` what dynamo
captures. What is not covered runs in PyTorch, with a remark.
"""

from __future__ import annotations

import torch._dynamo as _dynamo

from .backend import explain, zq_backend
from .choice import Codecs, min_elements
from .explanation import Explanation
from .module import CompiledModule, compile_module
from .registry import covered

__all__ = [
    "Codecs",
    "CompiledModule",
    "Explanation",
    "compile_module",
    "covered",
    "explain",
    "min_elements",
    "zq_backend",
]

if "zq" not in _dynamo.list_backends(exclude_tags=()):
    _dynamo.register_backend(zq_backend, name="zq")
