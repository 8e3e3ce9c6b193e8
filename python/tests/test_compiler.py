"""Compiled functions on arrays."""

import os
import subprocess
import sys
import threading

import ml_dtypes
import numpy as np
import pytest
import zq
from zq import cache

MATMUL = """
func.func @matmul(%x: tensor<8x64xf32>, %w: !zq.tensor<48x64xf32, #zq.codec<CODEC>>)
    -> tensor<8x48xf32> {
  %e = tensor.empty() : tensor<48x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<48x64xf32>)
      : !zq.tensor<48x64xf32, #zq.codec<CODEC>> -> tensor<48x64xf32>
  %zero = arith.constant dense<0.0> : tensor<8x48xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<8x64xf32>, tensor<48x64xf32>)
      outs(%zero : tensor<8x48xf32>) -> tensor<8x48xf32>
  return %y : tensor<8x48xf32>
}
"""

ADD_TO = """
#id = affine_map<(i) -> (i)>
func.func @add(%x: tensor<100000xf32>, %y: tensor<100000xf32>)
    -> (tensor<100000xf32>, tensor<100000xf32>) {
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%y : tensor<100000xf32>) outs(%x : tensor<100000xf32>) {
  ^bb0(%b: f32, %a: f32):
    %sum = arith.addf %a, %b : f32
    linalg.yield %sum : f32
  } -> tensor<100000xf32>
  return %s, %x : tensor<100000xf32>, tensor<100000xf32>
}
"""

CAST = """
#id = affine_map<(i) -> (i)>
func.func @cast(%x: tensor<7xbf16>) -> tensor<7xbf16> {
  %e = tensor.empty() : tensor<7xbf16>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<7xbf16>) outs(%e : tensor<7xbf16>) {
  ^bb0(%a: bf16, %b: bf16):
    %n = arith.negf %a : bf16
    linalg.yield %n : bf16
  } -> tensor<7xbf16>
  return %s : tensor<7xbf16>
}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZQ_CACHE_DIR", str(tmp_path / "cache"))


def gaussian(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def compile_matmul(codec="nvfp4", **options):
    return zq.compile(MATMUL.replace("CODEC", zq.codec(codec).text), **options)


@pytest.mark.parametrize("codec", ["nvfp4", "int4_h128", "lut3", "q4_k"])
@pytest.mark.parametrize("pack_weights", [True, False])
def test_a_fused_product(codec, pack_weights):
    if codec == "lut3":
        codec = "scale<1x8, f16>, lookup<[-1.0, -0.5, -0.25, 0.0, 0.125, 0.25, 0.5, 1.0]>, pack"
    function = compile_matmul(codec, pack_weights=pack_weights)
    w = gaussian(48, 64, seed=1)
    x = gaussian(8, 64)
    tensor = zq.encode(w, codec)
    y = function(x, tensor)
    exact = x.astype(np.float64) @ tensor.decode().astype(np.float64).T
    # The accuracy asked for, for each of 64 products.
    bound = 64 * 5e-5 * np.abs(x).max(axis=1, keepdims=True) * np.abs(tensor.decode()).max()
    assert (np.abs(y - exact) <= bound + 1e-4).all()


def test_recoded_weights_are_stored_raw():
    w, x = zq.encode(gaussian(48, 64, seed=1), "int4_rans"), gaussian(8, 64)
    results = []
    for recode, codes in ((False, "register_rans"), (True, "pack<lanes")):
        function = compile_matmul("int4_rans", recode_weights=recode)
        assert codes in function.ir("algebra")
        results.append(function(x, w))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("codec", ["int8_row", "nvfp4"])
def test_a_product_of_many_rows(codec):
    # More than go through the weight's panels at a time, and a last panel of five rows.
    rows, columns, depth = 601, 53, 512
    text = (
        MATMUL.replace("CODEC", zq.codec(codec).text)
        .replace("48x64x", f"{columns}x{depth}x")
        .replace("<8x64x", f"<{rows}x{depth}x")
        .replace("8x48x", f"{rows}x{columns}x")
    )
    x, w = gaussian(rows, depth), zq.encode(gaussian(columns, depth, seed=1), codec)
    decoded = w.decode().astype(np.float64)
    y = zq.compile(text)(x, w)
    bound = depth * 5e-5 * np.abs(x).max(axis=1, keepdims=True) * np.abs(decoded).max()
    assert (np.abs(y - x @ decoded.T) <= bound).all()


def test_what_a_function_says_of_itself():
    function = compile_matmul()
    assert [text for _, text in function.inputs][0] == "tensor<8x64xf32>"
    assert function.results == [("result0", "tensor<8x48xf32>")]
    assert any("8-bit integers" in remark for remark in function.remarks)
    assert "tensor<8x64xf32>" in repr(function)
    assert "zq.decode" in function.ir("input")
    assert "zq.contract" in function.ir("algebra") or "zq.decode" in function.ir("algebra")
    assert "zq." not in function.ir("llvm")
    assert "define" in function.ir("llvm-ir")
    assert "ret" in function.asm()
    with pytest.raises(zq.Error, match="no form 'vector'"):
        function.ir("vector")


def test_ptx_of_a_function():
    function = compile_matmul()
    ptx = function.ptx()
    assert ".target sm_80" in ptx
    assert "mma.sync.aligned.m16n8k16" in ptx
    assert ".target sm_120a" in function.ptx("sm_120a")
    with pytest.raises(zq.Error, match="unknown chip 'sm_77'; there are sm_80"):
        function.ptx("sm_77")
    text = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }"
    with pytest.raises(zq.Error, match="no work for a GPU"):
        zq.compile(text).ptx()


def test_inputs_are_left_alone():
    function = zq.compile(ADD_TO)
    x, y = gaussian(100000), gaussian(100000, seed=1)
    kept = x.copy()
    x.flags.writeable = False
    total, same = function(x, y)
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(same, kept)
    np.testing.assert_array_equal(total, kept + y)


def test_indices_along_a_reduction():
    # A sum up to each column, in vectors and a rest of fewer.
    text = """
      func.func @main(%x: tensor<3x40xf32>) -> tensor<3x40xf32> {
        %z = arith.constant 0.0 : f32
        %f = arith.constant dense<0.0> : tensor<3x40xf32>
        %y = linalg.generic {
            indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (i, j)>],
            iterator_types = ["parallel", "parallel", "reduction"]}
            ins(%x : tensor<3x40xf32>) outs(%f : tensor<3x40xf32>) {
        ^bb0(%a: f32, %o: f32):
          %j = linalg.index 1 : index
          %k = linalg.index 2 : index
          %c = arith.cmpi ule, %k, %j : index
          %s = arith.select %c, %a, %z : f32
          %t = arith.addf %o, %s : f32
          linalg.yield %t : f32
        } -> tensor<3x40xf32>
        return %y : tensor<3x40xf32>
      }"""
    x = gaussian(3, 40)
    np.testing.assert_allclose(zq.compile(text)(x), np.cumsum(x, 1), atol=1e-5)


@pytest.mark.parametrize(("op", "exact"), [("log", np.log), ("log2", np.log2)])
def test_logarithms_of_subnormals(op, exact):
    text = CAST.replace("bf16", "f32").replace("arith.negf", f"math.{op}")
    x = np.array([1e-40, 1e-45, 1.17e-38, 0, -1e-40, np.inf, 3], np.float32)
    with np.errstate(all="ignore"):
        expected = exact(x.astype(np.float64))
    np.testing.assert_allclose(zq.compile(text)(x), expected, rtol=1e-6)


def test_strides_and_types_of_arguments():
    function = zq.compile(ADD_TO)
    x, y = gaussian(200000)[::-2], gaussian(100000, seed=1)[::-1]
    total, _ = function(x, y)
    np.testing.assert_array_equal(total, x + y)
    negated = zq.compile(CAST)(np.arange(7).astype(ml_dtypes.bfloat16))
    assert negated.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(negated.astype(np.float32), -np.arange(7.0))


def test_torch_in_torch_out():
    torch = pytest.importorskip("torch")
    x, y = torch.randn(100000), torch.randn(100000, requires_grad=True)
    total, same = zq.compile(ADD_TO)(x, y)
    assert isinstance(total, torch.Tensor) and isinstance(same, torch.Tensor)
    assert torch.equal(total, (x + y).detach())
    negated = zq.compile(CAST)(torch.arange(7).bfloat16())
    assert negated.dtype == torch.bfloat16
    assert torch.equal(negated, -torch.arange(7).bfloat16())


def test_call_into():
    function = zq.compile(ADD_TO)
    x, y = gaussian(100000), gaussian(100000, seed=1)
    outs = (np.empty_like(x), np.empty_like(x))
    function.call_into((x, y), outs)
    np.testing.assert_array_equal(outs[0], x + y)
    with pytest.raises(zq.Error, match="out 1: expected float32"):
        function.call_into((x, y), (outs[0], np.empty(100000)))
    with pytest.raises(zq.Error, match="2 results, got 1"):
        function.call_into((x, y), outs[:1])
    outs[0].flags.writeable = False
    with pytest.raises(zq.Error, match="writable"):
        function.call_into((x, y), outs)


def test_wrong_arguments():
    function = compile_matmul()
    x, w = gaussian(8, 64), zq.encode(gaussian(48, 64), "nvfp4")
    for args, message in [
        ((x,), "takes 2 arguments, got 1"),
        ((x, w, w), "takes 2 arguments, got 3"),
        ((x.T, w), r"expected tensor<8x64xf32>, got tensor<64x8xf32>"),
        ((x.astype(np.float64), w), r"got tensor<8x64xf64>"),
        ((x, x), "compress it with zq.encode"),
        ((w, w), "decode it"),
        ((x, zq.encode(gaussian(48, 64), "mxfp4")), r"expected !zq.tensor<48x64xf32"),
        ((x, zq.encode(gaussian(64, 48), "nvfp4")), r"expected !zq.tensor<48x64xf32"),
        ((x.astype(np.complex64), w), "elements of type complex64"),
        ((x[0], w), r"got tensor<64xf32>"),
    ]:
        with pytest.raises(zq.Error, match=message):
            function(*args)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("func.func @f(", r"input:1:\d+"),
        ("module {}", "no function with a body"),
        (ADD_TO + MATMUL.replace("CODEC", "nvfp4"), "say which function to call: add, matmul"),
        (
            "func.func @f(%x: tensor<?x2xf32>) -> tensor<?xf32> {\n"
            "  %y = tensor.collapse_shape %x [[0, 1]] : tensor<?x2xf32> into tensor<?xf32>\n"
            "  return %y : tensor<?xf32>\n}",
            "of which no argument has size 0",
        ),
        ("func.func @f(%x: memref<4xf32>) { return }", "and not a tensor"),
        (MATMUL.replace("CODEC", "nvfp5"), "did you mean 'nvfp4'"),
    ],
)
def test_text_that_does_not_compile(text, message):
    with pytest.raises(zq.Error, match=message):
        zq.compile(text)


def test_any_number_of_rows():
    text = MATMUL.replace("CODEC", "nvfp4").replace("<8x", "<?x")
    text = text.replace(
        "%zero = arith.constant dense<0.0> : tensor<?x48xf32>",
        "%c0 = arith.constant 0 : index\n  %rows = tensor.dim %x, %c0 : tensor<?x64xf32>\n"
        "  %into = tensor.empty(%rows) : tensor<?x48xf32>\n  %f0 = arith.constant 0.0 : f32\n"
        "  %zero = linalg.fill ins(%f0 : f32) outs(%into : tensor<?x48xf32>) -> tensor<?x48xf32>",
    )
    function = zq.compile(text)
    assert function.results == [("result0", "tensor<?x48xf32>")]
    w = zq.encode(gaussian(48, 64), "nvfp4")
    dense = w.decode()
    # Loaded again, it knows the same.
    for program in (function, zq.compile(text)):
        for rows in (1, 3, 8, 17, 512, 0):
            x = gaussian(rows, 64, seed=rows)
            y = program(x, w)
            assert y.shape == (rows, 48)
            np.testing.assert_allclose(y, x @ dense.T, rtol=1e-3, atol=1e-3)
    with pytest.raises(
        zq.Error, match=r"input 0: expected tensor<\?x64xf32>, got tensor<3x63xf32>"
    ):
        function(gaussian(3, 63), w)
    with pytest.raises(zq.Error, match=r"out 0: expected float32 of shape \(3, 48\)"):
        function.call_into((gaussian(3, 64), w), (np.empty((4, 48), np.float32),))


def test_sizes_that_have_to_agree():
    text = ADD_TO.replace("100000", "?")
    x, y = gaussian(7), gaussian(7, seed=1)
    function = zq.compile(text)
    np.testing.assert_array_equal(function(x, y)[0], x + y)
    message = "size 0 of input 1 is 6, but size 0 of input 0, which has to be the same, 7"
    with pytest.raises(zq.Error, match=message):
        function(x, y[:6])


def test_options():
    text = ADD_TO + MATMUL.replace("CODEC", "nvfp4")
    assert "8x48" in repr(zq.compile(text, entry="matmul"))
    with pytest.raises(zq.Error, match="no function 'product' in the module, which has add"):
        zq.compile(text, entry="product")
    with pytest.raises(zq.Error, match="no target 'gpu'"):
        zq.compile(text, entry="add", target="gpu")
    with pytest.raises(zq.Error, match="LLVM knows no feature 'foo' of x86-64"):
        zq.compile(text, entry="add", target="+avx2,+foo")
    with pytest.raises(zq.Error, match="accuracy is nan"):
        zq.compile(text, entry="add", accuracy=float("nan"))
    with pytest.raises(TypeError, match="MLIR text is a str"):
        zq.compile(b"")
    exact = zq.compile(text, entry="matmul", accuracy=0, threads=False)
    assert any("contraction in f32" in remark for remark in exact.remarks)


def test_threads_call_the_same_function():
    function = compile_matmul()
    w = zq.encode(gaussian(48, 64), "nvfp4")
    inputs = [gaussian(8, 64, seed=i) for i in range(4)]
    expected = [function(x, w) for x in inputs]
    wrong = []

    def work(i):
        for _ in range(200):
            if not np.array_equal(function(inputs[i], w), expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("number", ["100000", "many"])
def test_more_threads_than_there_can_be(number):
    script = f"import numpy, zq; x = numpy.ones(100000, 'f4'); zq.compile({ADD_TO!r})(x, x)"
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "OMP_NUM_THREADS": number},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "zq.errors.Error: O" in run.stderr and "OMP_NUM_THREADS" in run.stderr


def test_the_cache(monkeypatch):
    place = cache.folder()
    function = compile_matmul()
    (entry,) = place.glob("*.zqp")
    assert place.stat().st_mode & 0o77 == 0

    # Found again, without compiling.
    def refuse(*_):
        raise AssertionError("compiled again")

    with monkeypatch.context() as patch:
        patch.setattr("zq.compiler._native.Program.compile", refuse)
        again = compile_matmul()
    x, w = gaussian(8, 64), zq.encode(gaussian(48, 64), "nvfp4")
    np.testing.assert_array_equal(again(x, w), function(x, w))
    assert again.remarks == function.remarks and again.inputs == function.inputs

    # Other options are another program; a damaged entry is compiled anew.
    compile_matmul(threads=False)
    assert len(list(place.glob("*.zqp"))) == 2
    for damage in (b"", entry.read_bytes()[:-1], b"x" + entry.read_bytes()[1:]):
        entry.write_bytes(damage)
        np.testing.assert_array_equal(compile_matmul()(x, w), function(x, w))
    assert cache.clear() == 2
    assert not list(place.glob("*"))

    # None, where others could write to it, or where nobody wants it.
    place.chmod(0o777)
    with pytest.warns(UserWarning, match="others may write"):
        compile_matmul()
    monkeypatch.setenv("ZQ_CACHE_DIR", "")
    compile_matmul()
    assert not list(place.glob("*"))


def test_a_user_without_a_home(monkeypatch):
    monkeypatch.delenv("ZQ_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    assert cache.folder() is None
    assert compile_matmul() is not None
