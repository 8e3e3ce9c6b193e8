// RUN: zq-opt %s -zq-form-encode-kernels -canonicalize -cse -split-input-file -verify-diagnostics | FileCheck %s

// A scale of the tensor: maxima of blocks of threads, the largest of those, and
// then a thread for each 16 elements.
// CHECK-LABEL: func.func @nvfp4(
// CHECK-DAG: %[[TENSOR:.*]] = memref.alloc() : memref<1x1xf32>
// CHECK-DAG: %[[SCALE:.*]] = memref.alloc() : memref<64x32xf8E4M3FN>
// CHECK-DAG: %[[CODES:.*]] = memref.alloc() : memref<64x256xi8>
// CHECK-DAG: %[[MAXIMA:.*]] = memref.alloc() : memref<8xi32>
// CHECK: gpu.launch blocks({{.*}}) in ({{.*}} = %c8, {{.*}}) threads({{.*}}) in ({{.*}} = %c256, {{.*}}) dynamic_shared_memory_size %c32_i32
// CHECK: scf.for
// CHECK: llvm.load {{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
// CHECK: arith.maxui
// CHECK: nvvm.redux.sync umax
// CHECK: gpu.barrier
// CHECK: nvvm.redux.sync umax
// CHECK: memref.extract_aligned_pointer_as_index %[[MAXIMA]]
// CHECK: gpu.launch blocks({{.*}}) in ({{.*}} = %c1, {{.*}})
// 448 times 6.
// CHECK: arith.divf %{{.*}}, %cst{{.*}} : f32
// CHECK: memref.extract_aligned_pointer_as_index %[[TENSOR]]
// CHECK: gpu.launch blocks({{.*}}) in ({{.*}} = %c8, {{.*}}) threads({{.*}}) in ({{.*}} = %c256, {{.*}}) {
// CHECK-COUNT-4: llvm.load {{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
// CHECK: llvm.store %{{.*}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// CHECK: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
// CHECK: zq.assemble
func.func @nvfp4(%x: tensor<64x512xf32>)
    -> !zq.tensor<64x512xf32, #zq.codec<nvfp4>> {
  // expected-remark @below {{encoded by 3 kernels}}
  %c = zq.encode %x : tensor<64x512xf32> -> !zq.tensor<64x512xf32, #zq.codec<nvfp4>>
  return %c : !zq.tensor<64x512xf32, #zq.codec<nvfp4>>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#column = affine_map<(m, n) -> (n)>

// What computes the elements is done where they are read. Rows of 13 bytes: the
// last block of a row is stored byte by byte, as far as there are any.
// CHECK-LABEL: func.func @fused(
// CHECK-SAME: %[[X:.*]]: tensor<5x25xf16>, %[[B:.*]]: tensor<25xf32>
// CHECK-NOT: linalg.generic
// CHECK: gpu.launch
// CHECK: tensor.extract %[[X]]
// CHECK: tensor.extract %[[B]]
// CHECK: arith.maximumf
// CHECK-COUNT-14: llvm.store %{{.*}} {alignment = 1 : i64} : i8
// CHECK-NOT: gpu.launch
func.func @fused(%x: tensor<5x25xf16>, %bias: tensor<25xf32>)
    -> !zq.tensor<5x25xf32, #zq.codec<mxfp4>> {
  %e = tensor.empty() : tensor<5x25xf32>
  %y = linalg.generic {indexing_maps = [#id, #column, #id],
      iterator_types = ["parallel", "parallel"]}
      ins(%x, %bias : tensor<5x25xf16>, tensor<25xf32>)
      outs(%e : tensor<5x25xf32>) {
  ^bb0(%a: f16, %b: f32, %o: f32):
    %f = arith.extf %a : f16 to f32
    %s = arith.addf %f, %b : f32
    %zero = arith.constant 0.0 : f32
    %m = arith.maximumf %s, %zero : f32
    linalg.yield %m : f32
  } -> tensor<5x25xf32>
  // expected-remark @below {{encoded by 1 kernel, with what computes the elements}}
  %c = zq.encode %y : tensor<5x25xf32> -> !zq.tensor<5x25xf32, #zq.codec<mxfp4>>
  return %c : !zq.tensor<5x25xf32, #zq.codec<mxfp4>>
}

// -----

// Before, a kernel whose blocks rotate.
// CHECK-LABEL: func.func @rotated(
// CHECK: gpu.launch {{.*}} dynamic_shared_memory_size
// CHECK: gpu.barrier
// CHECK: gpu.terminator
// CHECK: gpu.launch
// CHECK-NOT: gpu.barrier
func.func @rotated(%x: tensor<8x64xf32>)
    -> !zq.tensor<8x64xf32, #zq.codec<hadamard<axis = 1, block = 64, seed = 1>, scale<1x32, f16>, quantize<si4>, pack>> {
  // expected-remark @below {{encoded by 1 kernel, after a rotation}}
  %c = zq.encode %x : tensor<8x64xf32> -> !zq.tensor<8x64xf32, #zq.codec<hadamard<axis = 1, block = 64, seed = 1>, scale<1x32, f16>, quantize<si4>, pack>>
  return %c : !zq.tensor<8x64xf32, #zq.codec<hadamard<axis = 1, block = 64, seed = 1>, scale<1x32, f16>, quantize<si4>, pack>>
}

// -----

func.func @entropy_coded(%x: tensor<8x64xf32>) {
  // expected-error @below {{cannot encode while a program runs: its stages are not one or two scales, a quantizer and pack without options}}
  %c = zq.encode %x : tensor<8x64xf32> -> !zq.tensor<8x64xf32, #zq.codec<nf3_e4m3_huff>>
  return
}

// -----

func.func @searched(%x: tensor<8x64xf32>) {
  // expected-error @below {{a scale has a codec, panels, a zero point, divides, is rounded down to a power of two, or is chosen by something else than the largest magnitude}}
  %c = zq.encode %x : tensor<8x64xf32> -> !zq.tensor<8x64xf32, #zq.codec<scale<1x32, f16, search>, quantize<si4>, pack>>
  return
}

// -----

func.func @rounded_by_chance(%x: tensor<8x64xf32>) {
  // expected-error @below {{it does not round to the nearest number, ties to even}}
  %c = zq.encode %x : tensor<8x64xf32> -> !zq.tensor<8x64xf32, #zq.codec<scale<1x32, f16>, quantize<si4, stochastic = 1>, pack>>
  return
}
