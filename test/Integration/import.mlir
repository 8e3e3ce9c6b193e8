// What is imported computes what the foreign spelling says, to the bit.

// RUN: %python %S/Inputs/import.py make %t
// RUN: zq-run %s --entry=quant --input %t/rows.npy --output %t/quant.npy
// RUN: zq-run %s --entry=groups --input %t/codes.npy --input %t/scales.npy --output %t/groups.npy
// RUN: %python %S/Inputs/import.py check %t | FileCheck %s
// CHECK: quant: identical
// CHECK: groups: identical

// Both are decodes by then, and not loops over the foreign spelling.
// RUN: zq-opt %s --zq-import | FileCheck %s --check-prefix=IMPORTED
// IMPORTED-LABEL: func.func @quant(
// IMPORTED: zq.decode
// IMPORTED-LABEL: func.func @groups(
// IMPORTED: zq.decode
// IMPORTED-NOT: linalg.generic

func.func @quant(%codes: tensor<20x48xi8>) -> tensor<20x48xf32> {
  %q = quant.scast %codes
      : tensor<20x48xi8> to tensor<20x48x!quant.uniform<i8:f32, 0.05:-3>>
  %d = quant.dcast %q
      : tensor<20x48x!quant.uniform<i8:f32, 0.05:-3>> to tensor<20x48xf32>
  return %d : tensor<20x48xf32>
}

#all = affine_map<(n, g, k) -> (n, g, k)>
#group = affine_map<(n, g, k) -> (n, g)>
func.func @groups(%codes: tensor<20x3x16xi8>, %scales: tensor<20x3xf32>)
    -> tensor<20x48xf32> {
  %e = tensor.empty() : tensor<20x3x16xf32>
  %d = linalg.generic {indexing_maps = [#all, #group, #all],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%codes, %scales : tensor<20x3x16xi8>, tensor<20x3xf32>)
      outs(%e : tensor<20x3x16xf32>) {
  ^bb0(%code: i8, %scale: f32, %out: f32):
    %wide = arith.extsi %code : i8 to i32
    %value = arith.sitofp %wide : i32 to f32
    %product = arith.mulf %value, %scale : f32
    linalg.yield %product : f32
  } -> tensor<20x3x16xf32>
  %rows = tensor.collapse_shape %d [[0], [1, 2]]
      : tensor<20x3x16xf32> into tensor<20x48xf32>
  return %rows : tensor<20x48xf32>
}
