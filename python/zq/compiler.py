"""Compiling MLIR text to functions on arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _native, arrays, elements
from . import cache as _cache
from .errors import Error
from .tensor import Tensor

__all__ = ["Function", "compile"]

FORMS = (
    "input",
    "imported",
    "algebra",
    "vectors",
    "streams",
    "buffers",
    "llvm",
    "llvm-ir",
    "asm",
)
"""What `Function.ir` shows, in the order in which the compiler gets there."""


class Function:
    """A compiled function. Called with arrays, it gives arrays; several threads
    may call it at once. Made by `zq.compile`."""

    def __init__(
        self, program: _native.Program, text: str, options: Callable[[], _native.Options]
    ) -> None:
        self._program = program
        self._text = text
        self._options = options
        # What is asked of the program at each call.
        self._inputs: list[tuple[str, str]] = program.inputs
        self._results = [(shape, elements.to_dtype(number)) for _, number, shape in program.results]
        self._is_static = not any(None in shape for shape, _ in self._results)

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """The name (`arg0`, ...) and the MLIR type of each argument."""
        return [(f"arg{i}", declared) for i, (declared, _) in enumerate(self._inputs)]

    @property
    def results(self) -> list[tuple[str, str]]:
        """The name (`result0`, ...) and the MLIR type of each result."""
        return [(f"result{i}", text) for i, (text, _, _) in enumerate(self._program.results)]

    @property
    def remarks(self) -> list[str]:
        """What the compiler chose and why, each with its place in the text."""
        return self._program.remarks

    def ir(self, form: str = "vectors") -> str:
        """The module in one of the forms on its way down: "input", "imported",
        "algebra", "vectors", "streams", "buffers", "llvm" (MLIR), "llvm-ir",
        "asm". Compiles anew up to there."""
        if form not in FORMS:
            raise Error(f"no form {form!r}; there are {', '.join(FORMS)}")
        return _native.print_form(self._text, self._options(), form)

    def asm(self) -> str:
        """The machine code, as assembly."""
        return self.ir("asm")

    def ptx(self, chip: str = "sm_80") -> str:
        """The kernels that the function becomes on a GPU of NVIDIA's, as PTX. Needs
        neither CUDA nor a GPU. `chip` is its name for ptxas; code for "sm_80" runs
        on all later ones, without what only these have ("sm_90a", "sm_120a").
        Compiles anew, with the same entry and accuracy."""
        return _native.compile_ptx(self._text, self._options(), chip)

    def __call__(self, *args: Any) -> Any:
        """Calls the function.

        An argument is an array of the very type and shape that `inputs` states
        (of any strides: what is not C-contiguous is copied), or, where that is
        a compressed tensor, a `zq.Tensor`. Sizes that are `?` there are up to the
        call; those that the function takes to be the same have to be. Returns
        one new array, or a tuple of them: of torch where any argument is of
        torch, else of NumPy.
        """
        bound = self._bind(args)
        results = [np.empty(shape, dtype) for shape, dtype in self._results_of(bound)]
        self._program.call(bound, results)
        if any(arrays.is_torch(arg) for arg in args):
            results = [arrays.to_torch(result) for result in results]
        return results[0] if len(results) == 1 else tuple(results)

    def call_into(self, args: tuple, outs: tuple) -> None:
        """Calls the function with results into `outs`: C-contiguous, writable
        arrays or torch tensors of the results' types and shapes, which must
        share no memory with anything else."""
        if len(outs) != len(self._results):
            raise Error(f"the function has {len(self._results)} results, got {len(outs)} outs")
        bound, results = self._bind(args), []
        wanted = self._results_of(bound)
        for i, (out, (shape, dtype)) in enumerate(zip(outs, wanted, strict=True)):
            array = arrays.to_numpy(out)
            if array.shape != shape or array.dtype != dtype:
                raise Error(
                    f"out {i}: expected {dtype} of shape {shape}, got {array.dtype} of shape "
                    f"{array.shape}"
                )
            if not array.flags.c_contiguous or not array.flags.writeable:
                raise Error(f"out {i}: not C-contiguous and writable")
            results.append(array)
        self._program.call(bound, results)

    def _results_of(self, bound: list) -> list[tuple[tuple[int, ...], np.dtype]]:
        """Shapes and types of the results for arguments that are bound."""
        if self._is_static:
            return self._results
        shapes = self._program.shapes_of_call(bound)
        return [(shape, dtype) for shape, (_, dtype) in zip(shapes, self._results, strict=True)]

    def _bind(self, args: tuple) -> list:
        if len(args) != len(self._inputs):
            raise Error(
                f"the function takes {len(self._inputs)} arguments, got {len(args)}: "
                + ", ".join(declared for declared, _ in self._inputs)
            )
        return [self._bind_one(i, arg, *self._inputs[i]) for i, arg in enumerate(args)]

    def _bind_one(self, i: int, arg: Any, declared: str, packed: str) -> Any:
        is_compressed = declared.startswith("!zq.tensor")
        if isinstance(arg, Tensor):
            if not is_compressed:
                raise Error(f"argument {i}: expected {declared}, got {arg.type_text}; decode it")
            if arg.type_text != declared and arg.type_text != packed:
                raise Error(f"argument {i}: expected {declared}, got {arg.type_text}")
            return arg.native_as(packed)
        array = arrays.to_numpy(arg)
        if is_compressed:
            raise Error(
                f"argument {i}: expected {declared}, got an array; compress it with zq.encode"
            )
        if elements.to_number(array.dtype) is None:
            raise Error(f"argument {i}: expected {declared}, got elements of type {array.dtype}")
        return np.asarray(array, order="C")

    def __repr__(self) -> str:
        inputs = ", ".join(declared for declared, _ in self._inputs)
        results = ", ".join(text for text, _, _ in self._program.results)
        return f"<zq.Function ({inputs}) -> ({results})>"


def compile(
    text: str,
    *,
    entry: str | None = None,
    target: str = "host",
    accuracy: float = 5e-5,
    threads: bool = True,
    pack_weights: bool = True,
    recode_weights: bool = False,
    cache: bool = True,
    file_name: str = "input",
) -> Function:
    """Compiles a module of MLIR text for this machine.

    `entry` is the function to call: without it `main`, or the only public one.
    Its arguments and results are tensors, arguments compressed ones as well.
    Dense ones may have dynamic sizes (`tensor<?x384xf32>`), which each call
    chooses; those of results are sizes of arguments. `target` is "host", or
    features of an x86-64 CPU as LLVM names them ("+avx2,+fma"). `accuracy` is
    the largest error of a product that contractions may make by computing in
    integers, relative to the largest activation times the largest weight; 0
    means f32 only. `threads` runs outer loops in parallel by OpenMP
    (`OMP_NUM_THREADS` says on how many threads).
    `pack_weights` lays compressed arguments out as they are multiplied fastest;
    a `zq.Tensor` is laid out so at its first call, and kept. With
    `recode_weights` that stores entropy-coded weights raw where that is
    predicted to be faster, though it takes more memory. `cache` looks on
    disk for the same text, compiled by the same compiler for the same machine
    (`zq.cache`). `file_name` is what messages call the text.

    Raises `zq.Error` with everything that the compiler said.
    """
    if not isinstance(text, str):
        raise TypeError(f"MLIR text is a str, and not {type(text).__name__}")
    if not accuracy >= 0:
        raise Error(f"accuracy is {accuracy}, and not 0 or more")
    if target != "host" and not all(f[:1] in "+-" and f[1:] for f in target.split(",")):
        raise Error(
            f'no target {target!r}: it is "host", or features of an x86-64 CPU such as "+avx2,+fma"'
        )

    def options() -> _native.Options:
        return _native.Options(
            entry=entry or "",
            features=target,
            file_name=file_name,
            accuracy=accuracy,
            threads=threads,
            pack_weights=pack_weights,
            recode_weights=recode_weights,
        )

    key = (
        *("program", text, entry, target, accuracy),
        *(threads, pack_weights, recode_weights, file_name),
    )
    program = None
    if cache:
        program = _cache.load(key, _native.Program.load)
    if program is None:
        program = _native.Program.compile(text, options())
        if cache:
            _cache.save(key, program.store())
    return Function(program, text, options)
