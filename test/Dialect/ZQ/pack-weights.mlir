// Arguments that contractions use whole get the layout for lanes.
// RUN: zq-opt %s -zq-pack-weights -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-pack-weights=lanes=8 -split-input-file | FileCheck %s --check-prefix=EIGHT
// RUN: zq-opt %s -zq-pack-weights=recode -split-input-file 2>%t | FileCheck %s --check-prefix=RECODE
// RUN: FileCheck %s --check-prefix=REMARK < %t
// RUN: zq-opt %s -zq-pack-weights="recode memory-cost=2" -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-pack-weights=record-share=0.125 -mlir-print-local-scope -split-input-file | FileCheck %s --check-prefix=RECORDS

!w = !zq.tensor<64x64xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, pack>>
#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// CHECK: [[W:#.*]] = #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>
// CHECK-LABEL: func.func @f(
// CHECK-SAME: !zq.tensor<64x64xf32, [[W]]>
// CHECK: zq.decode {{.*}} : !zq.tensor<64x64xf32, [[W]]>
// EIGHT: #zq.codec<scale<1x32, f16, rows = 8>, quantize<si4>, pack<lanes = 8x4>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !w -> tensor<64x64xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<2x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %r : tensor<2x64xf32>
}

// -----

// Contracted along its first dimension; not contracted; looked into.
!w = !zq.tensor<64x64xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, pack>>
// CHECK: #zq.codec<scale<1x32, f16>, quantize<si4>, pack>
// CHECK-NOT: lanes
// CHECK-LABEL: func.func @other(
func.func @other(%x: tensor<2x64xf32>, %w: !w, %v: !w, %u: !w, %y: tensor<2x64xf32>)
    -> (tensor<2x64xf32>, tensor<64x64xf32>, tensor<64x2xf16>) {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !w -> tensor<64x64xf32>
  %r = linalg.matmul ins(%x, %d : tensor<2x64xf32>, tensor<64x64xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  %c = zq.decode %v at [0, 0] outs(%e : tensor<64x64xf32>) : !w -> tensor<64x64xf32>
  %s:2 = zq.disassemble %u : !w -> tensor<64x2xf16>, tensor<64x32xi8>
  return %r, %c, %s#0 : tensor<2x64xf32>, tensor<64x64xf32>, tensor<64x2xf16>
}

// -----

// A function that another one calls keeps its types.
!w = !zq.tensor<64x64xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, pack>>
// CHECK-NOT: lanes
// CHECK-LABEL: func.func private @callee(
func.func private @callee(%x: tensor<64xf32>, %w: !w, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !w -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}
func.func @caller(%x: tensor<64xf32>, %w: !w, %y: tensor<64xf32>) -> tensor<64xf32> {
  %r = call @callee(%x, %w, %y) : (tensor<64xf32>, !w, tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

// An entropy coder gets a line for each panel. Raw codes of 4 bits are read
// faster here; not where memory is slower.
// REMARK: argument 1: decoding 64 codes of #zq.register_rans<lanes = 64, rows = 4> takes as long as 29.00 vector instructions, reading them raw 14.40: stored raw; coded ones may be where a byte from memory takes more than 0.91 instructions, and not 0.45
// REMARK: argument 2: {{.*}} takes as long as 31.00
// RECODE: #[[R:.*]] = #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>
// RECODE-LABEL: func.func @entropy(
// RECODE-SAME: !zq.tensor<64x64xf32, #[[R]]>, %{{.*}}: !zq.tensor<64x64xf32, #[[R]]>
!r = !zq.tensor<64x64xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, register_rans<lanes = 64, rows = 4>>>
!v = !zq.tensor<64x64xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, window<bits = [2, 2], chunk = 64>>>
// CHECK-DAG: [[R:#.*]] = #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>
// CHECK-DAG: [[V:#.*]] = #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, panels<16x4, [window<bits = [2, 2], chunk = 1048576>]>>
// CHECK-LABEL: func.func @entropy(
// CHECK-SAME: !zq.tensor<64x64xf32, [[R]]>, %{{.*}}: !zq.tensor<64x64xf32, [[V]]>
func.func @entropy(%x: tensor<64xf32>, %w: !r, %v: !v, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !r -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  %c = zq.decode %v at [0, 0] outs(%e : tensor<64x64xf32>) : !v -> tensor<64x64xf32>
  %s = linalg.matvec ins(%c, %r : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %s : tensor<64xf32>
}

// -----

// What has no such contraction stays as it is: a decoder would go through a
// panel once for each of its rows.
!b = !zq.tensor<64x64xbf16, #zq.codec<fields<bf16>, window<bits = 4, chunk = 64>>>
// CHECK: #zq.codec<fields<bf16>, window<bits = 4, chunk = 64>>
// CHECK-LABEL: func.func @bf16(
func.func @bf16(%x: tensor<2x64xf32>, %w: !b, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x64xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xbf16>) : !b -> tensor<64x64xbf16>
  %r = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<2x64xf32>, tensor<64x64xbf16>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %r : tensor<2x64xf32>
}

// -----

// A rotation is taken out of the codec; what is left has such a contraction.
!h = !zq.tensor<64x64xf32, #zq.codec<hadamard<axis = 1, block = 64>, scale<1x32, f16>, quantize<si4>, pack>>
// CHECK: #zq.codec<hadamard<axis = 1, block = 64>, scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>
// CHECK-LABEL: func.func @rotated(
func.func @rotated(%x: tensor<64xf32>, %w: !h, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : !h -> tensor<64x64xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x64xf32>, tensor<64xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

// So is one below a factor that all elements share which it mixes; one whose
// factors differ within them is not, nor one that something else sees.
!o = !zq.tensor<64x128xf32, #zq.codec<scale<1x64, f32, l2>, hadamard<axis = 1, block = 64>, quantize<si4>, pack>>
!p = !zq.tensor<64x128xf32, #zq.codec<scale<1x32, f32, l2>, hadamard<axis = 1, block = 64>, quantize<si4>, pack>>
// CHECK-DAG: [[O:#.*]] = #zq.codec<scale<1x64, f32, l2, rows = 16>, hadamard<axis = 1, block = 64>, quantize<si4>, pack<lanes = 16x4>>
// CHECK-DAG: [[SAME:#.*]] = #zq.codec<scale<1x64, f32, l2>, hadamard<axis = 1, block = 64>, quantize<si4>, pack>
// CHECK-DAG: [[P:#.*]] = #zq.codec<scale<1x32, f32, l2>, hadamard<axis = 1, block = 64>, quantize<si4>, pack>
// CHECK-LABEL: func.func @rotated_below(
// CHECK-SAME: !zq.tensor<64x128xf32, [[O]]>, %{{.*}}: !zq.tensor<64x128xf32, [[P]]>, %{{.*}}: !zq.tensor<64x128xf32, [[SAME]]>
func.func @rotated_below(%x: tensor<128xf32>, %o: !o, %p: !p, %s: !o, %y: tensor<64xf32>) -> (tensor<64xf32>, tensor<64x128xf32>) {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = zq.decode %o at [0, 0] outs(%e : tensor<64x128xf32>) : !o -> tensor<64x128xf32>
  %a = linalg.matvec ins(%d, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  %f = zq.decode %p at [0, 0] outs(%e : tensor<64x128xf32>) : !p -> tensor<64x128xf32>
  %b = linalg.matvec ins(%f, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%a : tensor<64xf32>) -> tensor<64xf32>
  %g = zq.decode %s at [0, 0] outs(%e : tensor<64x128xf32>) : !o -> tensor<64x128xf32>
  %c = linalg.matvec ins(%g, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%b : tensor<64xf32>) -> tensor<64xf32>
  return %c, %g : tensor<64xf32>, tensor<64x128xf32>
}

// -----

// Factors of rows that have no layout are no hindrance: they leave contractions.
// Those of groups are.
!d = !zq.tensor<64x128xf32, #zq.codec<scale<1x?, [dyadic<bits = 24>, pack]>, quantize<si4>, pack>>
!g = !zq.tensor<64x128xf32, #zq.codec<scale<1x64, [dyadic<bits = 24>, pack]>, quantize<si4>, pack>>
// CHECK-DAG: [[D:#.*]] = #zq.codec<scale<1x?, [dyadic<bits = 24>, pack]>, quantize<si4>, pack<lanes = 16x4>>
// CHECK-DAG: [[G:#.*]] = #zq.codec<scale<1x64, [dyadic<bits = 24>, pack]>, quantize<si4>, pack>
// CHECK-LABEL: func.func @row_factors(
// CHECK-SAME: !zq.tensor<64x128xf32, [[D]]>, %{{.*}}: !zq.tensor<64x128xf32, [[G]]>
func.func @row_factors(%x: tensor<128xf32>, %d: !d, %g: !g, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %v = zq.decode %d at [0, 0] outs(%e : tensor<64x128xf32>) : !d -> tensor<64x128xf32>
  %a = linalg.matvec ins(%v, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  %w = zq.decode %g at [0, 0] outs(%e : tensor<64x128xf32>) : !g -> tensor<64x128xf32>
  %b = linalg.matvec ins(%w, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%a : tensor<64xf32>) -> tensor<64xf32>
  return %b : tensor<64xf32>
}

// -----

// A table for each group, and codes that map to other codes.
!t = !zq.tensor<64x128xf32, #zq.codec<tables<1x64, f16, [[-1.0, 0.0, 1.0], [-2.0, 1.0]], tags = [pack]>, pack>>
!n = !zq.tensor<64x128xf32, #zq.codec<scale<1x?, f32>, quantize<si8>, nested<bits = 4>, pack>>
// CHECK-DAG: [[T:#.*]] = #zq.codec<tables<1x64, f16, {{.*}}, tags = [pack<lanes = 16x1>], rows = 16>, pack<lanes = 16x4>>
// CHECK-DAG: [[N:#.*]] = #zq.codec<scale<1x?, f32, rows = 16>, quantize<si8>, nested<bits = 4>, pack<lanes = 16x4>>
// CHECK-LABEL: func.func @maps(
// CHECK-SAME: !zq.tensor<64x128xf32, [[T]]>, %{{.*}}: !zq.tensor<64x128xf32, [[N]]>
func.func @maps(%x: tensor<128xf32>, %d: !t, %g: !n, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %v = zq.decode %d at [0, 0] outs(%e : tensor<64x128xf32>) : !t -> tensor<64x128xf32>
  %a = linalg.matvec ins(%v, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  %w = zq.decode %g at [0, 0] outs(%e : tensor<64x128xf32>) : !n -> tensor<64x128xf32>
  %b = linalg.matvec ins(%w, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%a : tensor<64xf32>) -> tensor<64xf32>
  return %b : tensor<64xf32>
}

// -----

// Factors and offsets with codecs of their own, in panels too, all the way down.
!k = !zq.tensor<64x256xf32, #zq.codec<q4_k>>
!z = !zq.tensor<64x256xf32, #zq.codec<int4_zp_g128>>
// CHECK-DAG: [[K:#.*]] = #zq.codec<offset<1x32, [scale<1x8, f16, peak, rows = 16>, quantize<ui6>, pack<lanes = 16x1>], min>, scale<1x32, [scale<1x8, f16, rows = 16>, quantize<ui6>, pack<lanes = 16x1>]>, quantize<ui4>, pack<lanes = 16x4>>
// CHECK-DAG: [[Z:#.*]] = #zq.codec<scale<1x128, f16, zero = [quantize<ui4>, pack<lanes = 16x1>], rows = 16>, quantize<ui4>, pack<lanes = 16x4>>
// CHECK-LABEL: func.func @nested(
// CHECK-SAME: !zq.tensor<64x256xf32, [[K]]>, %{{.*}}: !zq.tensor<64x256xf32, [[Z]]>
func.func @nested(%x: tensor<256xf32>, %k: !k, %z: !z, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %k at [0, 0] outs(%e : tensor<64x256xf32>) : !k -> tensor<64x256xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x256xf32>, tensor<256xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  %c = zq.decode %z at [0, 0] outs(%e : tensor<64x256xf32>) : !z -> tensor<64x256xf32>
  %s = linalg.matvec ins(%c, %x : tensor<64x256xf32>, tensor<256xf32>) outs(%r : tensor<64xf32>) -> tensor<64xf32>
  return %s : tensor<64xf32>
}

// -----

// Scales of which a column does not decode alone keep the weight as it is.
!h = !zq.tensor<64x256xf32, #zq.codec<scale<1x32, [quantize<ui8>, huffman<chunk = 64, length = 10>]>, quantize<ui4>, pack>>
// CHECK-NOT: lanes
// CHECK-LABEL: func.func @sequential(
func.func @sequential(%x: tensor<256xf32>, %h: !h, %y: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  %d = zq.decode %h at [0, 0] outs(%e : tensor<64x256xf32>) : !h -> tensor<64x256xf32>
  %r = linalg.matvec ins(%d, %x : tensor<64x256xf32>, tensor<256xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

// Nor is a weight laid out below a factor of its rows that does not leave the
// contraction: one that divides, one of f16, one of a decode that something
// else reads.
!d = !zq.tensor<64x128xf32, #zq.codec<scale<tensor, f32, divide>, quantize<f8E4M3FN>, pack>>
!g = !zq.tensor<64x128xf16, #zq.codec<scale<1x?, [dyadic<bits = 24>, pack]>, quantize<si4>, pack>>
!s = !zq.tensor<64x128xf32, #zq.codec<scale<1x?, [dyadic<bits = 24>, pack]>, quantize<si4>, pack>>
// CHECK-NOT: lanes
// CHECK-LABEL: func.func @not_left(
func.func @not_left(%x: tensor<128xf32>, %h: tensor<128xf16>, %d: !d, %g: !g, %s: !s, %y: tensor<64xf32>, %z: tensor<64xf16>)
    -> (tensor<64xf32>, tensor<64xf16>, tensor<64x128xf32>) {
  %e = tensor.empty() : tensor<64x128xf32>
  %f = tensor.empty() : tensor<64x128xf16>
  %0 = zq.decode %d at [0, 0] outs(%e : tensor<64x128xf32>) : !d -> tensor<64x128xf32>
  %1 = linalg.matvec ins(%0, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%y : tensor<64xf32>) -> tensor<64xf32>
  %2 = zq.decode %g at [0, 0] outs(%f : tensor<64x128xf16>) : !g -> tensor<64x128xf16>
  %3 = linalg.matvec ins(%2, %h : tensor<64x128xf16>, tensor<128xf16>) outs(%z : tensor<64xf16>) -> tensor<64xf16>
  %4 = zq.decode %s at [0, 0] outs(%e : tensor<64x128xf32>) : !s -> tensor<64x128xf32>
  %5 = linalg.matvec ins(%4, %x : tensor<64x128xf32>, tensor<128xf32>) outs(%1 : tensor<64xf32>) -> tensor<64xf32>
  return %5, %3, %4 : tensor<64xf32>, tensor<64xf16>, tensor<64x128xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
// Factors beside their codes: as many columns as make whole cache lines of each.
// RECORDS: #zq.codec<scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>, records = 64>
// RECORDS: #zq.codec<scale<1x32, f16, rows = 16>, quantize<si2>, pack<lanes = 16x4>, records = 64>
!nvfp4 = !zq.tensor<64x128xf32, #zq.codec<nvfp4>>
!int2 = !zq.tensor<64x128xf32, #zq.codec<scale<1x32, f16>, quantize<si2>, pack>>
func.func @records(%x: tensor<2x128xf32>, %w: !nvfp4, %v: !int2, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>) : !nvfp4 -> tensor<64x128xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<2x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  %c = zq.decode %v at [0, 0] outs(%e : tensor<64x128xf32>) : !int2 -> tensor<64x128xf32>
  %s = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %c : tensor<2x128xf32>, tensor<64x128xf32>)
      outs(%r : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %s : tensor<2x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
// Too small a share.
// RECORDS-LABEL: func.func @apart(
// RECORDS-SAME: #zq.codec<scale<1x32, f8E8M0FNU, rows = 16>, quantize<f4E2M1FN>, pack<lanes = 16x4>>>
func.func @apart(%x: tensor<2x128xf32>, %w: !zq.tensor<64x128xf32, #zq.codec<scale<1x32, f8E8M0FNU>, quantize<f4E2M1FN>, pack>>, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x128xf32>) : !zq.tensor<64x128xf32, #zq.codec<scale<1x32, f8E8M0FNU>, quantize<f4E2M1FN>, pack>> -> tensor<64x128xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<2x128xf32>, tensor<64x128xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %r : tensor<2x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
// A second record of each row would hold one column.
// RECORDS-LABEL: func.func @ragged(
// RECORDS-SAME: #zq.codec<scale<1x32, f16, rows = 16>, quantize<si2>, pack<lanes = 16x4>>>
!int2 = !zq.tensor<64x65xf32, #zq.codec<scale<1x32, f16>, quantize<si2>, pack>>
func.func @ragged(%x: tensor<2x65xf32>, %w: !int2, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x65xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x65xf32>) : !int2 -> tensor<64x65xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %d : tensor<2x65xf32>, tensor<64x65xf32>)
      outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %r : tensor<2x64xf32>
}
