// Wrong rewrites, and what cannot be checked.
// RUN: split-file %s %t
// RUN: zq-test-opt %t/rotation.mlir -zq-verify-rewrites=passes=zq-split-codecs,test-zq-flip-rotations -verify-diagnostics
// RUN: zq-test-opt %t/windows.mlir -zq-verify-rewrites=passes=test-zq-confuse-windows -verify-diagnostics
// RUN: zq-test-opt %t/windows.mlir "-zq-verify-rewrites=passes=test-zq-confuse-windows exhaust-limit=300" -verify-diagnostics
// RUN: zq-test-opt %t/removed.mlir -zq-verify-rewrites=passes=test-zq-remove-functions -verify-diagnostics
// RUN: zq-opt %t/unchecked.mlir -zq-verify-rewrites -verify-diagnostics -split-input-file
// RUN: not zq-opt %t/removed.mlir -zq-verify-rewrites=passes=zq-flip 2>&1 | FileCheck %s
// CHECK: 'zq-flip' does not refer to a registered pass

//--- rotation.mlir
#rotated = #zq.codec<hadamard<axis = 1, block = 16, seed = 1>, scale<1x8, bf16>, quantize<si4>, pack>
// expected-error-re @below {{test-zq-flip-rotations changes what this function computes: element {{[0-9]+}} of result 0 is {{.*}} +- {{.*}} before and {{.*}} +- {{.*}} after, for Gaussian dense values}}
func.func @f(%x: tensor<40xf32>, %w: !zq.tensor<8x40xf32, #rotated>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8x40xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8x40xf32>)
      : !zq.tensor<8x40xf32, #rotated> -> tensor<8x40xf32>
  %i = arith.constant dense<0.0> : tensor<8xf32>
  %y = linalg.matvec ins(%d, %x : tensor<8x40xf32>, tensor<40xf32>)
      outs(%i : tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// An error in one function does not hide what is found of the next.
// expected-remark @below {{in 4 cases}}
func.func @fine(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = arith.addf %x, %x : tensor<3xf32>
  return %y : tensor<3xf32>
}

//--- windows.mlir
// Which of the windows is taken shows in one code of 256 only: in every place
// in as many cases, or in some place in fewer.
#codec = #zq.codec<quantize<ui8>, pack>
// expected-error-re @below {{test-zq-confuse-windows changes what this function computes: {{.*}}, for all codes, step {{[0-9]+}}, scales for values of about 1}}
func.func @f(%w: !zq.tensor<2x4xf32, #codec>) -> tensor<1x4xf32> {
  %e = tensor.empty() : tensor<1x4xf32>
  %a = zq.decode %w at [0, 0] outs(%e : tensor<1x4xf32>)
      : !zq.tensor<2x4xf32, #codec> -> tensor<1x4xf32>
  %b = zq.decode %w at [1, 0] outs(%e : tensor<1x4xf32>)
      : !zq.tensor<2x4xf32, #codec> -> tensor<1x4xf32>
  %zero = arith.constant dense<0.0> : tensor<1x4xf32>
  %half = arith.constant dense<0.5> : tensor<1x4xf32>
  %code = arith.constant dense<200.0> : tensor<1x4xf32>
  %t = arith.subf %b, %code : tensor<1x4xf32>
  %u = math.absf %t : tensor<1x4xf32>
  %v = arith.subf %half, %u : tensor<1x4xf32>
  %y = arith.maximumf %v, %zero : tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

//--- removed.mlir
// expected-error @below {{test-zq-remove-functions removes this function}}
func.func @f(%x: tensor<3xf32>) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}

//--- unchecked.mlir
// expected-error @below {{cannot be evaluated, for Gaussian dense values}}
func.func @no_rule(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{the reference evaluator has no rule for 'tensor.generate'}}
  %y = tensor.generate {
  ^bb0(%i: index):
    %v = tensor.extract %x[%i] : tensor<4xf32>
    tensor.yield %v : f32
  } : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{nothing can be made for argument 0, of type 'memref<4xf32>'}}
func.func @buffer(%x: memref<4xf32>) {
  return
}

// -----

// expected-error @below {{nothing could be checked: in no case is anything promised of any result}}
func.func @uninitialised() -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %y = arith.addf %e, %e : tensor<4xf32>
  return %y : tensor<4xf32>
}
