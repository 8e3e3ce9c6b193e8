// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512bf16 | FileCheck %s

// To and from bf16 goes by integers on every CPU: AVX-512's instruction takes
// subnormals for zero, and CPUs without one call a library.

// CHECK-LABEL: func @narrow(
// CHECK-SAME: %[[X:.*]]: vector<16xf32>
// CHECK: %[[BITS:.*]] = arith.bitcast %[[X]] : vector<16xf32> to vector<16xi32>
// CHECK-NOT: arith.truncf
// CHECK: %[[ISNAN:.*]] = arith.cmpi ugt
// CHECK: %[[CHOSEN:.*]] = arith.select %[[ISNAN]]
// CHECK: %[[UPPER:.*]] = arith.trunci %[[CHOSEN]] : vector<16xi32> to vector<16xi16>
// CHECK: %[[Y:.*]] = arith.bitcast %[[UPPER]] : vector<16xi16> to vector<16xbf16>
// CHECK: return %[[Y]]
func.func @narrow(%x: vector<16xf32>) -> vector<16xbf16> {
  %y = arith.truncf %x : vector<16xf32> to vector<16xbf16>
  return %y : vector<16xbf16>
}

// CHECK-LABEL: func @widen(
// CHECK-SAME: %[[X:.*]]: bf16
// CHECK: %[[BITS:.*]] = arith.bitcast %[[X]] : bf16 to i16
// CHECK: %[[WIDE:.*]] = arith.extui %[[BITS]] : i16 to i32
// CHECK: %[[SHIFTED:.*]] = arith.shli %[[WIDE]]
// CHECK: %[[Y:.*]] = arith.bitcast %[[SHIFTED]] : i32 to f32
// CHECK: return %[[Y]]
func.func @widen(%x: bf16) -> f32 {
  %y = arith.extf %x : bf16 to f32
  return %y : f32
}

// CHECK-LABEL: func @half(
// CHECK: arith.truncf {{.*}} : vector<8xf32> to vector<8xf16>
func.func @half(%x: vector<8xf32>) -> vector<8xf16> {
  %y = arith.truncf %x : vector<8xf32> to vector<8xf16>
  return %y : vector<8xf16>
}
