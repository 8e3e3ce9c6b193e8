// Loops that sum products of bf16 sum the products of neighbours in one lane.
// RUN: zq-opt %s -zq-form-dots -canonicalize | FileCheck %s

// Both rows of the sum, half as long.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4096xbf16>, %[[W:[^:]*]]: tensor<2x4096xbf16>, %[[INIT:[^:]*]]: vector<2xf32>
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<2x32xf32>
// CHECK: %[[SUM:.*]] = scf.for %{{.*}} iter_args(%[[S:.*]] = %[[ZERO]]) -> (vector<2x32xf32>)
// CHECK-NOT: arith.extf
// CHECK:   %[[S0:.*]] = vector.extract %[[S]][0] : vector<32xf32>
// CHECK:   %[[D0:.*]] = zq.dot %{{.*}}, %{{.*}}, %[[S0]] {any_lane} : vector<64xbf16>, vector<32xf32>
// CHECK:   zq.dot
// CHECK-NOT: arith.addf
// CHECK:   scf.yield %{{.*}} : vector<2x32xf32>
// CHECK: vector.multi_reduction <add>, %[[SUM]], %[[INIT]] [1] : vector<2x32xf32> to vector<2xf32>
func.func @rows(%x: tensor<4096xbf16>, %w: tensor<2x4096xbf16>, %init: vector<2xf32>) -> vector<2xf32> {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c4096 = arith.constant 4096 : index
  %none = ub.poison : bf16
  %zeros = arith.constant dense<0.0> : vector<2x64xf32>
  %sum = scf.for %k = %c0 to %c4096 step %c64 iter_args(%s = %zeros) -> (vector<2x64xf32>) {
    %a = vector.transfer_read %x[%k], %none {in_bounds = [true, true], permutation_map = affine_map<(d0) -> (0, d0)>} : tensor<4096xbf16>, vector<2x64xbf16>
    %b = vector.transfer_read %w[%c0, %k], %none {in_bounds = [true, true]} : tensor<2x4096xbf16>, vector<2x64xbf16>
    %c = arith.extf %a : vector<2x64xbf16> to vector<2x64xf32>
    %d = arith.extf %b : vector<2x64xbf16> to vector<2x64xf32>
    %p = arith.mulf %c, %d fastmath<contract,afn> : vector<2x64xf32>
    %t = arith.addf %s, %p fastmath<contract> : vector<2x64xf32>
    scf.yield %t : vector<2x64xf32>
  }
  %r = vector.multi_reduction <add>, %sum, %init [1] : vector<2x64xf32> to vector<2xf32>
  return %r : vector<2xf32>
}

// Beside other values that the loop carries.
// CHECK-LABEL: func.func @one_row(
// CHECK: %[[ALL:.*]]:2 = scf.for %{{.*}} -> (index, vector<8xf32>)
// CHECK: zq.dot %{{.*}} {any_lane} : vector<16xbf16>, vector<8xf32>
// CHECK: vector.reduction <add>, %[[ALL]]#1 : vector<8xf32> into f32
func.func @one_row(%x: vector<16xbf16>, %y: vector<16xbf16>, %n: index) -> (f32, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zeros = arith.constant dense<0.0> : vector<16xf32>
  %sum:2 = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zeros, %i = %n) -> (vector<16xf32>, index) {
    %c = arith.extf %x : vector<16xbf16> to vector<16xf32>
    %d = arith.extf %y : vector<16xbf16> to vector<16xf32>
    %p = arith.mulf %c, %d fastmath<contract,afn> : vector<16xf32>
    %t = arith.addf %p, %s fastmath<contract> : vector<16xf32>
    %j = arith.xori %i, %k : index
    scf.yield %t, %j : vector<16xf32>, index
  }
  %r = vector.reduction <add>, %sum#0 : vector<16xf32> into f32
  return %r, %sum#1 : f32, index
}

// What is exact stays so; lanes that are not added up are apart, and what is not zero at first is in its lanes.
// CHECK-LABEL: func.func @exact(
// CHECK-NOT: zq.dot
// CHECK-LABEL: func.func @lanes(
// CHECK-NOT: zq.dot
// CHECK-LABEL: func.func @started(
// CHECK-NOT: zq.dot
// CHECK-LABEL: func.func @masked(
// CHECK-NOT: zq.dot
func.func @exact(%x: vector<16xbf16>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zeros = arith.constant dense<0.0> : vector<16xf32>
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zeros) -> (vector<16xf32>) {
    %c = arith.extf %x : vector<16xbf16> to vector<16xf32>
    %p = arith.mulf %c, %c fastmath<contract> : vector<16xf32>
    %t = arith.addf %p, %s fastmath<contract> : vector<16xf32>
    scf.yield %t : vector<16xf32>
  }
  %r = vector.reduction <add>, %sum : vector<16xf32> into f32
  return %r : f32
}

func.func @lanes(%x: vector<16xbf16>, %n: index) -> vector<16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zeros = arith.constant dense<0.0> : vector<16xf32>
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zeros) -> (vector<16xf32>) {
    %c = arith.extf %x : vector<16xbf16> to vector<16xf32>
    %p = arith.mulf %c, %c fastmath<contract,afn> : vector<16xf32>
    %t = arith.addf %p, %s fastmath<contract> : vector<16xf32>
    scf.yield %t : vector<16xf32>
  }
  return %sum : vector<16xf32>
}

func.func @started(%x: vector<16xbf16>, %n: index, %start: vector<16xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %start) -> (vector<16xf32>) {
    %c = arith.extf %x : vector<16xbf16> to vector<16xf32>
    %p = arith.mulf %c, %c fastmath<contract,afn> : vector<16xf32>
    %t = arith.addf %p, %s fastmath<contract> : vector<16xf32>
    scf.yield %t : vector<16xf32>
  }
  %r = vector.reduction <add>, %sum : vector<16xf32> into f32
  return %r : f32
}

func.func @masked(%x: vector<16xbf16>, %n: index, %m: vector<16xi1>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zeros = arith.constant dense<0.0> : vector<16xf32>
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zeros) -> (vector<16xf32>) {
    %c = arith.extf %x : vector<16xbf16> to vector<16xf32>
    %p = arith.mulf %c, %c fastmath<contract,afn> : vector<16xf32>
    %t = arith.addf %p, %s fastmath<contract> : vector<16xf32>
    scf.yield %t : vector<16xf32>
  }
  %r = vector.mask %m { vector.reduction <add>, %sum : vector<16xf32> into f32 } : vector<16xi1> -> f32
  return %r : f32
}
