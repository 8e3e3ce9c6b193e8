// RUN: zq-opt %s --zq-hoist-subsets | FileCheck %s

// A part that stays where it is leaves both loops, beside others that move.

// CHECK-LABEL: @sums
func.func @sums(%x: tensor<8x16xf32>, %v: vector<16xf32>) -> tensor<8x16xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  // CHECK: %[[READ:.*]] = vector.transfer_read %{{.*}}[%c0, %c0]
  // CHECK: %[[OUTER:.*]]:2 = scf.for {{.*}} iter_args(%[[T:.*]] = %{{.*}}, %[[S:.*]] = %[[READ]])
  // CHECK-NEXT: %[[INNER:.*]]:2 = scf.for {{.*}} iter_args(%[[U:.*]] = %[[T]], %[[R:.*]] = %[[S]])
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[R]]
  // CHECK-NEXT: scf.yield %[[U]], %[[SUM]]
  // CHECK: scf.yield %[[INNER]]#0, %[[INNER]]#1
  // CHECK: vector.transfer_write %[[OUTER]]#1, %[[OUTER]]#0[%c0, %c0]
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x) -> (tensor<8x16xf32>) {
    %z = scf.for %j = %c0 to %c8 step %c1 iter_args(%u = %t) -> (tensor<8x16xf32>) {
      %a = vector.transfer_read %u[%c0, %c0], %zero {in_bounds = [true]} : tensor<8x16xf32>, vector<16xf32>
      %b = arith.addf %a, %v : vector<16xf32>
      %w = vector.transfer_write %b, %u[%c0, %c0] {in_bounds = [true]} : vector<16xf32>, tensor<8x16xf32>
      scf.yield %w : tensor<8x16xf32>
    }
    scf.yield %z : tensor<8x16xf32>
  }
  return %y : tensor<8x16xf32>
}

// What moves with the inner loop stays in it; with the outer one, leaves the
// inner one alone.

// CHECK-LABEL: @moves
func.func @moves(%x: tensor<8x16xf32>, %v: vector<16xf32>) -> tensor<8x16xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  // CHECK: scf.for %[[I:.*]] = {{.*}} iter_args(%[[T:.*]] = %{{.*}}) -> (tensor<8x16xf32>)
  // CHECK-NEXT: %[[READ:.*]] = vector.transfer_read %[[T]][%[[I]], %c0]
  // CHECK-NEXT: %[[INNER:.*]]:2 = scf.for {{.*}} iter_args(%{{.*}} = %[[T]], %{{.*}} = %[[READ]])
  // CHECK: vector.transfer_write %[[INNER]]#1, %[[INNER]]#0[%[[I]], %c0]
  // CHECK: scf.for %[[K:.*]] = {{.*}} iter_args(%[[U:.*]] = %{{.*}}) -> (tensor<8x16xf32>)
  // CHECK-NEXT: vector.transfer_read %[[U]][%[[K]], %c0]
  // CHECK: vector.transfer_write %{{.*}}, %[[U]][%[[K]], %c0]
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x) -> (tensor<8x16xf32>) {
    %z = scf.for %j = %c0 to %c8 step %c1 iter_args(%u = %t) -> (tensor<8x16xf32>) {
      %a = vector.transfer_read %u[%i, %c0], %zero {in_bounds = [true]} : tensor<8x16xf32>, vector<16xf32>
      %b = arith.addf %a, %v : vector<16xf32>
      %w = vector.transfer_write %b, %u[%i, %c0] {in_bounds = [true]} : vector<16xf32>, tensor<8x16xf32>
      scf.yield %w : tensor<8x16xf32>
    }
    scf.yield %z : tensor<8x16xf32>
  }
  %q = scf.for %k = %c0 to %c8 step %c1 iter_args(%u = %y) -> (tensor<8x16xf32>) {
    %a = vector.transfer_read %u[%k, %c0], %zero {in_bounds = [true]} : tensor<8x16xf32>, vector<16xf32>
    %b = arith.addf %a, %v : vector<16xf32>
    %w = vector.transfer_write %b, %u[%k, %c0] {in_bounds = [true]} : vector<16xf32>, tensor<8x16xf32>
    scf.yield %w : tensor<8x16xf32>
  }
  return %q : tensor<8x16xf32>
}
