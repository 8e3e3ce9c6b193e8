"""The MLIR text of everything that is measured: one template for each kind."""

MATMUL = """\
#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
func.func @run(%x: tensor<{m}x{k}x{x}>, %w: {stored}) -> tensor<{m}x{n}xf32> {{
{decode}  %zero = arith.constant dense<0.0> : tensor<{m}x{n}xf32>
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %{weight} : tensor<{m}x{k}x{x}>, tensor<{n}x{k}x{w}>)
      outs(%zero : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
  return %y : tensor<{m}x{n}xf32>
}}
"""

DECODE = """\
  %e = tensor.empty() : tensor<{n}x{k}x{w}>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<{n}x{k}x{w}>)
      : {stored} -> tensor<{n}x{k}x{w}>
"""

DECODED = """\
func.func @run(%w: {stored}) -> tensor<{n}x{k}x{result}> {{
{decode}{convert}  return %{value} : tensor<{n}x{k}x{result}>
}}
"""

CONVERT = """\
  %f = tensor.empty() : tensor<{n}x{k}x{result}>
  %r = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                        iterator_types = ["parallel", "parallel"]}}
      ins(%d : tensor<{n}x{k}x{w}>) outs(%f : tensor<{n}x{k}x{result}>) {{
  ^bb0(%in: {w}, %out: {result}):
    %v = arith.extf %in : {w} to {result}
    linalg.yield %v : {result}
  }} -> tensor<{n}x{k}x{result}>
"""

ROTATE = """\
func.func @run(%x: tensor<{m}x{k}xf32>) -> tensor<{m}x{k}xf32> {{
  %e = tensor.empty() : tensor<{m}x{k}xf32>
  %y = zq.rotate %x by #zq.hadamard<axis = 1, block = {k}{seed}>
      outs(%e : tensor<{m}x{k}xf32>) : tensor<{m}x{k}xf32> -> tensor<{m}x{k}xf32>
  return %y : tensor<{m}x{k}xf32>
}}
"""


def _stored(n, k, w, codec):
    return f"!zq.tensor<{n}x{k}x{w}, #zq.codec<{codec}>>"


def matmul(m, n, k, codec=None, x="f32", w="f32"):
    """y[m,n] = x[m,k] w[n,k]^T in f32. Without a codec, w is dense; `x` and `w` are
    the element types of x and of the decoded w."""
    values = {"m": m, "n": n, "k": k, "x": x, "w": w}
    if codec is None:
        stored, decode, weight = f"tensor<{n}x{k}x{w}>", "", "w"
    else:
        stored, weight = _stored(n, k, w, codec), "d"
        decode = DECODE.format(stored=stored, **values)
    return MATMUL.format(stored=stored, decode=decode, weight=weight, **values)


def decode(n, k, codec, w="f32", result="f32"):
    """The values of a compressed matrix of the element type `w`, as they are or as
    f32."""
    values = {
        "n": n,
        "k": k,
        "w": w,
        "result": result,
        "stored": _stored(n, k, w, codec),
    }
    convert, value = "", "d"
    if w != result:
        convert, value = CONVERT.format(**values), "r"
    text = DECODE.format(**values)
    return DECODED.format(decode=text, convert=convert, value=value, **values)


def rotate(m, k, signs):
    """The Hadamard transform of m rows of k values, with signs or without."""
    return ROTATE.format(m=m, k=k, seed=", seed = 1" if signs else "")
