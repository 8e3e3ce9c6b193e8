// The ops that put decoded parts together.
// RUN: zq-opt %s | zq-opt | FileCheck %s

// CHECK-LABEL: func.func @rotate(
// CHECK: zq.rotate %{{.*}} by #zq.orthogonal<axis = 1, block = 4, seed = 1> with %{{.*}} : tensor<4x4xf32> outs(%{{.*}} : tensor<8x16xf32>) : tensor<8x16xf32> -> tensor<8x16xf32>
// CHECK: zq.rotate %{{.*}} by #zq.permute<axis = 0> with %{{.*}} : tensor<8xi32> inverse outs
func.func @rotate(%x: tensor<8x16xf32>, %m: tensor<4x4xf32>, %o: tensor<8xi32>)
    -> tensor<8x16xf32> {
  %a = zq.rotate %x by #zq.orthogonal<axis = 1, block = 4, seed = 1> with %m : tensor<4x4xf32>
      outs(%x : tensor<8x16xf32>) : tensor<8x16xf32> -> tensor<8x16xf32>
  %b = zq.rotate %a by #zq.permute<axis = 0> with %o : tensor<8xi32> inverse
      outs(%x : tensor<8x16xf32>) : tensor<8x16xf32> -> tensor<8x16xf32>
  return %b : tensor<8x16xf32>
}

// CHECK-LABEL: func.func @sum(
// CHECK: zq.sum %{{.*}}, %{{.*}} : tensor<8x?xf32>
func.func @sum(%a: tensor<8x?xf32>, %b: tensor<8x?xf32>) -> tensor<8x?xf32> {
  %s = zq.sum %a, %b : tensor<8x?xf32>
  return %s : tensor<8x?xf32>
}

// CHECK-LABEL: func.func @product(
// CHECK: zq.product %{{.*}}, %{{.*}} : tensor<5x8x2xf32>, tensor<5x2x?xf32> -> tensor<5x8x?xf32>
func.func @product(%a: tensor<5x8x2xf32>, %b: tensor<5x2x?xf32>) -> tensor<5x8x?xf32> {
  %p = zq.product %a, %b : tensor<5x8x2xf32>, tensor<5x2x?xf32> -> tensor<5x8x?xf32>
  return %p : tensor<5x8x?xf32>
}

// CHECK-LABEL: func.func @scatter(
// CHECK: zq.scatter %{{.*}}, %{{.*}}, %{{.*}} into %{{.*}} at [%{{.*}}, 0] of [8, 16] : tensor<9xi32>, tensor<?xi32>, tensor<?xf16>, tensor<2x16xf32>
// CHECK: zq.scatter %{{.*}}, %{{.*}}, %{{.*}} into %{{.*}} at [0, 3] of [8, 16] replace : tensor<9xi32>
func.func @scatter(%r: tensor<9xi32>, %c: tensor<?xi32>, %v: tensor<?xf16>,
                   %x: tensor<2x16xf32>, %y: tensor<2x4xf32>, %i: index)
    -> (tensor<2x16xf32>, tensor<2x4xf32>) {
  %a = zq.scatter %r, %c, %v into %x at [%i, 0] of [8, 16]
      : tensor<9xi32>, tensor<?xi32>, tensor<?xf16>, tensor<2x16xf32>
  %b = zq.scatter %r, %c, %v into %y at [0, 3] of [8, 16] replace
      : tensor<9xi32>, tensor<?xi32>, tensor<?xf16>, tensor<2x4xf32>
  return %a, %b : tensor<2x16xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: func.func @prefix_codes(
// CHECK: %[[E:.*]] = zq.prefix_table %[[T:.*]] : tensor<4096xi16> -> tensor<2048xi64>
// CHECK: zq.prefix_chunks %{{.*}} at[%{{.*}}, %{{.*}}] count %{{.*}} with %[[T]], %[[E]] outs(%{{.*}}) : tensor<?xi8>, tensor<4096xi16>, tensor<2048xi64>, tensor<2x128xi8>
func.func @prefix_codes(%t: tensor<4096xi16>, %b: tensor<?xi8>, %p: index, %q: index,
                        %n: index, %i: tensor<2x128xi8>) -> tensor<2x128xi8> {
  %e = zq.prefix_table %t : tensor<4096xi16> -> tensor<2048xi64>
  %c = zq.prefix_chunks %b at [%p, %q] count %n with %t, %e outs(%i)
      : tensor<?xi8>, tensor<4096xi16>, tensor<2048xi64>, tensor<2x128xi8>
  return %c : tensor<2x128xi8>
}
