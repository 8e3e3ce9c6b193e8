# How lit runs the tests in this folder, with the paths of lit.site.cfg.py.
#
# The tools stand under their bare names, `zq-opt`, `zq-run`, `zq-compile`,
# `zq-encode`, `zq-describe` and upstream's `mlir-opt`, `FileCheck`, `not`,
# `split-file`. Beside them:
#   %python      Python with the packages of requirements-dev.txt
#   %zq_plugin   the plugin for the stock mlir-opt
#   %zq_src      the root of the source tree
#   %zq_obj      the root of the build tree
#   %qemu_aarch64  runs programs for AArch64, with the feature qemu-aarch64
# A test of more than five seconds says `REQUIRES: long_tests`.

import ctypes
import os
import sys

import lit.formats
import lit.util

config.name = "zq"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.zq_obj_root, "test")

bin_dir = os.path.join(config.zq_obj_root, "bin")
path = [bin_dir, config.llvm_tools_dir, config.environment.get("PATH", "")]
config.environment["PATH"] = os.pathsep.join(path)
# What is allocated holds no zeros by chance, and what is freed not what it did.
config.environment["MALLOC_PERTURB_"] = "165"
# A test that fails under a sanitizer shows where.
config.environment["LLVM_SYMBOLIZER_PATH"] = os.path.join(
    config.llvm_tools_dir, "llvm-symbolizer"
)


def add_tool(name, folder):
    """Makes a tool's bare name stand for its path. One that is not built fails
    only the tests that call it."""
    word = r"(?<![\w./@%-])" + name.replace("-", r"\-") + r"(?![\w./-])"
    config.substitutions.append((word, os.path.join(folder, name)))


tools = ["zq-opt", "zq-run", "zq-compile", "zq-encode", "zq-describe"]
for tool in [*tools, "zq-lsp-server"]:
    add_tool(tool, bin_dir)
for tool in ["mlir-opt", "mlir-translate", "FileCheck", "split-file"]:
    add_tool(tool, config.llvm_tools_dir)

# Tests that the quick check-zq leaves to check-zq-all, as LLVM names them.
if lit_config.params.get("run_long_tests"):
    config.available_features.add("long_tests")

# The assembler of the CUDA toolkit, which nothing but machine code needs.
if lit.util.which("ptxas", config.environment["PATH"]):
    config.available_features.add("ptxas")

# An emulator of AArch64, and a C library to link programs for it with.
qemu = lit.util.which(
    "qemu-aarch64-static", config.environment["PATH"]
) or lit.util.which("qemu-aarch64", config.environment["PATH"])
if qemu and os.path.exists("/usr/aarch64-linux-gnu/lib/libc.a"):
    config.available_features.add("qemu-aarch64")
    config.substitutions.append(("%qemu_aarch64", qemu))

# A GPU to run on.
try:
    count = ctypes.c_int(0)
    driver = ctypes.CDLL("libcuda.so.1")
    if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
        if count.value > 0:
            config.available_features.add("cuda")
            # And which: "cuda-sm_90a".
            major, minor = ctypes.c_int(0), ctypes.c_int(0)
            driver.cuDeviceGetAttribute(ctypes.byref(major), 75, 0)
            driver.cuDeviceGetAttribute(ctypes.byref(minor), 76, 0)
            config.available_features.add(f"cuda-sm_{major.value}{minor.value}a")
except OSError:
    pass

python = config.test_python
config.substitutions += [
    ("%python", python if os.path.exists(python) else sys.executable),
    ("%zq_plugin", os.path.join(config.zq_obj_root, "lib", "ZQPlugin.so")),
    ("%zq_src", config.zq_src_root),
    ("%zq_obj", config.zq_obj_root),
]
