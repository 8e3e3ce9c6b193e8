// The algebra on codecs in parts.
// RUN: zq-opt %s -zq-verify-rewrites -verify-diagnostics -o /dev/null

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

#lowrank = #zq.codec<lowrank<rank = 3, value, f16>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @lowrank(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #lowrank>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #lowrank> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#error = #zq.codec<lowrank<rank = 3, error, [scale<1x4, f32>, quantize<si8>, pack]>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @error(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #error>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #error> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#residual = #zq.codec<residual<[scale<1x8, f16>, quantize<si4>, pack]>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @residual(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #residual>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #residual> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#outliers = #zq.codec<outliers<fraction = 0.05, add, f16>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @outliers(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #outliers>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #outliers> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#replaced = #zq.codec<outliers<fraction = 0.05, replace, f16>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @replaced(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #replaced>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #replaced> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#channels = #zq.codec<channels<axis = 1, first = 10, [quantize<si8>, pack]>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @channels(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #channels>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #channels> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#rows = #zq.codec<channels<axis = 0, first = 3, [quantize<si8>, pack]>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @rows(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #rows>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #rows> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#permute = #zq.codec<permute<axis = 1>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @permute(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #permute>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #permute> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#orthogonal = #zq.codec<orthogonal<axis = 1, block = 16, seed = 1>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @orthogonal(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #orthogonal>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #orthogonal> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#per_block = #zq.codec<orthogonal<axis = 1, block = 16, seed = 1, per_block>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @per_block(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #per_block>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #per_block> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#sketch = #zq.codec<scale<1x?, f32, l2>, sketch<axis = 1, seed = 1>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @sketch(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #sketch>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #sketch> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#paley = #zq.codec<scale<1x?, f32, l2>, hadamard<axis = 1, block = 20, seed = 1>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @paley(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #paley>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #paley> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#below = #zq.codec<scale<1x8, f32>, hadamard<axis = 1, block = 20>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @below(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #below>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #below> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}

#nest = #zq.codec<permute<axis = 1>, lowrank<rank = 2, value, f16>, outliers<fraction = 0.05, add, f16>, hadamard<axis = 1, block = 8, seed = 3>, scale<1x8, f16>, quantize<si4>, pack>
// expected-remark-re @below {{unchanged by {{.*}} in 59 cases; argument 1: 16 of 16 codes in every place}}
func.func @nest(%x: tensor<3x44xf32>, %w: !zq.tensor<7x44xf32, #nest>)
    -> tensor<3x7xf32> {
  %e = tensor.empty() : tensor<7x44xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x44xf32>)
      : !zq.tensor<7x44xf32, #nest> -> tensor<7x44xf32>
  %z = arith.constant dense<0.0> : tensor<3x7xf32>
  %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
      ins(%x, %d : tensor<3x44xf32>, tensor<7x44xf32>)
      outs(%z : tensor<3x7xf32>) -> tensor<3x7xf32>
  return %y : tensor<3x7xf32>
}
