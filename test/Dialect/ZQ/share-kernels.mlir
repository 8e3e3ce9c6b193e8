// Equal loops and contractions become calls of one function.
// RUN: zq-opt %s -zq-share-kernels -split-input-file | FileCheck %s

// The second loop takes what the first gives, and another bound that is a
// constant makes the third something else.
// CHECK-LABEL: func.func @loops(
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>
// CHECK: %[[Y:.*]] = call @kernel(%[[X]]) : (tensor<8xf32>) -> tensor<8xf32>
// CHECK: %[[Z:.*]] = call @kernel(%[[Y]]) : (tensor<8xf32>) -> tensor<8xf32>
// CHECK: scf.for %{{.*}} = %c0 to %c4 step %c1 iter_args(%{{.*}} = %[[Z]])
// CHECK: func.func private @kernel(%[[T:.*]]: tensor<8xf32>) -> tensor<8xf32> {
// CHECK-DAG: %[[BEGIN:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[END:.*]] = arith.constant 8 : index
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to %[[END]] step %{{.*}} iter_args(%{{.*}} = %[[T]])
// CHECK-NOT: func.func
func.func @loops(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %one = arith.constant 1.0 : f32
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x) -> (tensor<8xf32>) {
    %r = tensor.insert %one into %t[%i] : tensor<8xf32>
    scf.yield %r : tensor<8xf32>
  }
  %z = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %y) -> (tensor<8xf32>) {
    %r = tensor.insert %one into %t[%i] : tensor<8xf32>
    scf.yield %r : tensor<8xf32>
  }
  %u = scf.for %i = %c0 to %c4 step %c1 iter_args(%t = %z) -> (tensor<8xf32>) {
    %r = tensor.insert %one into %t[%i] : tensor<8xf32>
    scf.yield %r : tensor<8xf32>
  }
  return %u : tensor<8xf32>
}

// -----

!w = !zq.tensor<64x256xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>

// Weights are arguments, and a destination of zeros is made inside. Functions
// share with one another, and names do not clash.
// CHECK-LABEL: func.func @kernel(
// CHECK: call @kernel_0(%{{.*}}, %{{.*}}) : (tensor<1x256xf32>, !zq.tensor<64x256xf32,
// CHECK-LABEL: func.func @other(
// CHECK: call @kernel_0(
// CHECK: func.func private @kernel_0(
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<1x64xf32>
// CHECK: zq.contract %{{.*}} with %{{.*}} lanes 16 outs(%[[ZERO]] : tensor<1x64xf32>)
func.func @kernel(%x: tensor<1x256xf32>, %w: !w) -> tensor<1x64xf32> {
  %i = arith.constant dense<0.0> : tensor<1x64xf32>
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<1x64xf32>) : (tensor<1x256xf32>), !w -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
func.func @other(%w: !w, %x: tensor<1x256xf32>) -> tensor<1x64xf32> {
  %i = arith.constant dense<0.0> : tensor<1x64xf32>
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<1x64xf32>) : (tensor<1x256xf32>), !w -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

// What cannot be allocated by a caller stays.
// CHECK-LABEL: func.func @dynamic(
// CHECK-NOT: call
func.func @dynamic(%x: tensor<?xf32>, %n: index) -> (tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%t = %x) -> (tensor<?xf32>) {
    %r = tensor.insert %one into %t[%i] : tensor<?xf32>
    scf.yield %r : tensor<?xf32>
  }
  %z = scf.for %i = %c0 to %n step %c1 iter_args(%t = %x) -> (tensor<?xf32>) {
    %r = tensor.insert %one into %t[%i] : tensor<?xf32>
    scf.yield %r : tensor<?xf32>
  }
  return %y, %z : tensor<?xf32>, tensor<?xf32>
}
