"""ggml's matrix product, through its C interface.

The libraries are those that scripts/bench.sh --install-peers builds into
build/ggml, or those that llama-cpp-python carries.
"""

import ctypes
import importlib.util
import itertools
import pathlib

import numpy as np

from . import tools

F32 = 0  # GGML_TYPE_F32
TYPES = 64  # More than there are.

POINTERS = """
ggml_init ggml_new_tensor_2d ggml_mul_mat ggml_new_graph_custom ggml_backend_cpu_init
ggml_backend_cpu_buffer_type ggml_backend_alloc_ctx_tensors_from_buft
ggml_backend_alloc_ctx_tensors ggml_backend_get_device ggml_backend_dev_backend_reg
ggml_backend_reg_get_proc_address
""".split()


class InitParams(ctypes.Structure):
    _fields_ = [
        ("mem_size", ctypes.c_size_t),
        ("mem_buffer", ctypes.c_void_p),
        ("no_alloc", ctypes.c_bool),
    ]


def _folders(build):
    """Where the libraries may be."""
    yield build / "ggml" / "bin"
    yield build / "ggml" / "src"
    package = importlib.util.find_spec("llama_cpp")
    if package:
        yield pathlib.Path(package.origin).parent / "lib"


class Library:
    """ggml's functions, from three libraries that need each other."""

    def __init__(self, build):
        names = ("libggml-base.so", "libggml-cpu.so", "libggml.so")
        for folder in _folders(pathlib.Path(build)):
            if (folder / names[0]).exists():
                self._parts = [
                    ctypes.CDLL(str(folder / name), ctypes.RTLD_GLOBAL)
                    for name in names
                ]
                break
        else:
            raise tools.NotAvailable("ggml is not installed")
        for name in POINTERS:
            self[name].restype = ctypes.c_void_p
        for name in ("ggml_quantize_chunk", "ggml_row_size", "ggml_tensor_overhead"):
            self[name].restype = ctypes.c_size_t
        self["ggml_type_name"].restype = ctypes.c_char_p
        self["ggml_graph_overhead_custom"].restype = ctypes.c_size_t
        self["ggml_backend_dev_supports_op"].restype = ctypes.c_bool

    def __getitem__(self, name):
        for part in self._parts:
            if hasattr(part, name):
                return getattr(part, name)
        raise tools.NotAvailable(f"ggml has no {name}")

    def type_named(self, name):
        for number in range(TYPES):
            found = self["ggml_type_name"](number)
            if found and found.decode().lower() == name.lower():
                return number
        raise tools.NotAvailable(f"ggml has no type {name}")


def _pointer(address):
    return ctypes.c_void_p(address)


def _address(array):
    return ctypes.c_void_p(array.ctypes.data)


class Product:
    """y[m,n] = x[m,k] w[n,k]^T with `count` copies of w in a type of ggml."""

    def __init__(self, spec, x, weights, at_least):
        """`weights` are the rows that are repeated for all of w."""
        self._lib = lib = Library(spec["build"])
        self._m, self._n, self._k = spec["m"], spec["n"], spec["k"]
        self._type = lib.type_named(spec["type"])
        codes = np.tile(self._quantize(weights), self._n // len(weights))
        self.bytes = codes.nbytes
        count = max(2, -(-at_least // self.bytes))
        self._backend = _pointer(lib["ggml_backend_cpu_init"]())
        lib["ggml_backend_cpu_set_n_threads"](self._backend, spec["threads"])
        stored = self._place(codes, count)
        self._plan(stored, x)
        self._turn = itertools.cycle(range(count))

    def _context(self, tensors, graphs=0):
        """Room for descriptions of tensors and graphs; data is allocated apart."""
        lib = self._lib
        graph = lib["ggml_graph_overhead_custom"](ctypes.c_size_t(4), False)
        size = tensors * lib["ggml_tensor_overhead"]() + graphs * graph + 4096
        return _pointer(lib["ggml_init"](InitParams(size, None, True)))

    def _tensor(self, context, kind, columns, rows):
        sizes = ctypes.c_int64(columns), ctypes.c_int64(rows)
        return _pointer(self._lib["ggml_new_tensor_2d"](context, kind, *sizes))

    def _quantize(self, weights):
        row = self._lib["ggml_row_size"](self._type, ctypes.c_int64(self._k))
        codes = np.empty(len(weights) * row, np.uint8)
        rows, columns = ctypes.c_int64(len(weights)), ctypes.c_int64(self._k)
        self._lib["ggml_quantize_chunk"](
            self._type,
            _address(np.ascontiguousarray(weights)),
            _address(codes),
            ctypes.c_int64(0),
            rows,
            columns,
            None,
        )
        return codes

    def _buffer_types(self):
        """Where weights may lie: in the layouts for this CPU's instructions first
        (matrix tiles, interleaved rows), then as they are."""
        lib = self._lib
        device = _pointer(lib["ggml_backend_get_device"](self._backend))
        registry = _pointer(lib["ggml_backend_dev_backend_reg"](device))
        address = lib["ggml_backend_reg_get_proc_address"](
            registry, b"ggml_backend_dev_get_extra_bufts"
        )
        if address:
            prototype = ctypes.CFUNCTYPE(
                ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p
            )
            extra = prototype(address)(device)
            for i in itertools.count():
                if not extra or not extra[i]:
                    break
                yield _pointer(extra[i]), device
        yield _pointer(lib["ggml_backend_cpu_buffer_type"]()), device

    def _place(self, codes, count):
        """Copies of the weights in the first layout in which a product with them
        can be computed."""
        lib = self._lib
        for kind, device in self._buffer_types():
            context = self._context(count + 2)
            weights = [
                self._tensor(context, self._type, self._k, self._n)
                for _ in range(count)
            ]
            lib["ggml_backend_alloc_ctx_tensors_from_buft"](context, kind)
            probe = self._tensor(context, F32, self._k, self._m)
            product = _pointer(lib["ggml_mul_mat"](context, weights[0], probe))
            if lib["ggml_backend_dev_supports_op"](device, product):
                break
        size = ctypes.c_size_t(codes.nbytes)
        for weight in weights:
            lib["ggml_backend_tensor_set"](
                weight, _address(codes), ctypes.c_size_t(0), size
            )
        return weights

    def _plan(self, stored, x):
        """A graph for the product with each copy."""
        lib = self._lib
        context = self._context(1 + 2 * len(stored), len(stored))
        activations = self._tensor(context, F32, self._k, self._m)
        self._graphs = []
        for weight in stored:
            product = _pointer(lib["ggml_mul_mat"](context, weight, activations))
            graph = _pointer(
                lib["ggml_new_graph_custom"](context, ctypes.c_size_t(4), False)
            )
            lib["ggml_build_forward_expand"](graph, product)
            self._graphs.append((graph, product))
        lib["ggml_backend_alloc_ctx_tensors"](context, self._backend)
        values = np.ascontiguousarray(x, np.float32)
        size = ctypes.c_size_t(values.nbytes)
        lib["ggml_backend_tensor_set"](
            activations, _address(values), ctypes.c_size_t(0), size
        )

    def run(self):
        """Computes with the copy whose turn it is. Returns y[m,n]."""
        graph, product = self._graphs[next(self._turn)]
        if self._lib["ggml_backend_graph_compute"](self._backend, graph):
            raise tools.NotAvailable("ggml failed")
        y = np.empty((self._m, self._n), np.float32)
        size = ctypes.c_size_t(y.nbytes)
        self._lib["ggml_backend_tensor_get"](
            product, _address(y), ctypes.c_size_t(0), size
        )
        return y
