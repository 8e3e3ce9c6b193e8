// Sums of products of bf16: dots of 16 lanes, and f32 where there are none. A bf16 of fields in bytes is put together by
// arithmetic on bytes for them.
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512vbmi,+avx512bf16 -canonicalize | FileCheck %s --check-prefixes=CHECK,DOTS
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx2,+fma -canonicalize | FileCheck %s --check-prefixes=CHECK,FMA

// CHECK-LABEL: func.func @dot(
// CHECK-SAME: %[[X:[^:]*]]: vector<64xbf16>, %[[Y:[^:]*]]: vector<64xbf16>, %[[S:[^:]*]]: vector<32xf32>
// DOTS: %[[S0:.*]] = vector.shuffle %[[S]], %[[S]] [0, {{.*}}, 15]
// DOTS: %[[X0:.*]] = vector.shuffle %[[X]], %[[X]] [0, {{.*}}, 31]
// DOTS: %[[Y0:.*]] = vector.shuffle %[[Y]], %[[Y]] [0, {{.*}}, 31]
// DOTS: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%[[S0]], %[[X0]], %[[Y0]])
// DOTS: "llvm.x86.avx512bf16.dpbf16ps.512"
// FMA: vector.deinterleave %[[X]]
// FMA: vector.deinterleave %[[Y]]
// FMA: %[[P0:.*]] = arith.mulf %{{.*}} fastmath<contract> : vector<32xf32>
// FMA: %[[T:.*]] = arith.addf %[[S]], %[[P0]] fastmath<contract>
// FMA: %[[P1:.*]] = arith.mulf
// FMA: arith.addf %[[T]], %[[P1]] fastmath<contract>
func.func @dot(%x: vector<64xbf16>, %y: vector<64xbf16>, %s: vector<32xf32>) -> vector<32xf32> {
  %r = zq.dot %x, %y, %s : vector<64xbf16>, vector<32xf32>
  return %r : vector<32xf32>
}

// CHECK-LABEL: func.func @fields(
// DOTS-NOT: vector<64xi16>
// DOTS-COUNT-2: "llvm.x86.avx512bf16.dpbf16ps.512"
func.func @fields(%m: vector<64xi8>, %e: vector<64xi8>, %x: vector<64xbf16>, %s: vector<32xf32>) -> vector<32xf32> {
  %c7 = arith.constant dense<7> : vector<64xi16>
  %c8 = arith.constant dense<8> : vector<64xi16>
  %c127 = arith.constant dense<127> : vector<64xi16>
  %c128 = arith.constant dense<128> : vector<64xi16>
  %rest = arith.extui %m : vector<64xi8> to vector<64xi16>
  %exponent = arith.extui %e : vector<64xi8> to vector<64xi16>
  %sign = arith.andi %rest, %c128 : vector<64xi16>
  %top = arith.shli %sign, %c8 : vector<64xi16>
  %mantissa = arith.andi %rest, %c127 : vector<64xi16>
  %middle = arith.shli %exponent, %c7 : vector<64xi16>
  %low = arith.ori %middle, %mantissa : vector<64xi16>
  %word = arith.ori %low, %top : vector<64xi16>
  %w = arith.bitcast %word : vector<64xi16> to vector<64xbf16>
  %r = zq.dot %x, %w, %s : vector<64xbf16>, vector<32xf32>
  return %r : vector<32xf32>
}

// Where lanes are all added up both operands are in the order of an unpacking within 128 bits.
// CHECK-LABEL: func.func @fields_of_any_lane(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: vector<64xbf16>,
// DOTS: %[[LOW:.*]] = vector.shuffle %{{.*}}, %{{.*}} [0, 64, 1, 65, 2, 66, 3, 67, 4, 68, 5, 69, 6, 70, 7, 71, 16, 80, {{.*}}, 55, 119] : vector<64xi8>, vector<64xi8>
// DOTS: %[[HIGH:.*]] = vector.shuffle %{{.*}}, %{{.*}} [8, 72, 9, 73, {{.*}}, 15, 79, 24, 88, {{.*}}, 63, 127] : vector<64xi8>, vector<64xi8>
// DOTS: vector.shuffle %[[X]], %[[X]] [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, {{.*}}, 39, 48, 49, {{.*}}, 55
// DOTS-COUNT-2: "llvm.x86.avx512bf16.dpbf16ps.512"
func.func @fields_of_any_lane(%x: vector<64xbf16>, %m: vector<64xi8>, %e: vector<64xi8>, %s: vector<32xf32>) -> vector<32xf32> {
  %c7 = arith.constant dense<7> : vector<64xi16>
  %c8 = arith.constant dense<8> : vector<64xi16>
  %c127 = arith.constant dense<127> : vector<64xi16>
  %c128 = arith.constant dense<128> : vector<64xi16>
  %rest = arith.extui %m : vector<64xi8> to vector<64xi16>
  %exponent = arith.extui %e : vector<64xi8> to vector<64xi16>
  %sign = arith.andi %rest, %c128 : vector<64xi16>
  %top = arith.shli %sign, %c8 : vector<64xi16>
  %mantissa = arith.andi %rest, %c127 : vector<64xi16>
  %middle = arith.shli %exponent, %c7 : vector<64xi16>
  %low = arith.ori %middle, %mantissa : vector<64xi16>
  %word = arith.ori %low, %top : vector<64xi16>
  %w = arith.bitcast %word : vector<64xi16> to vector<64xbf16>
  %r = zq.dot %x, %w, %s {any_lane} : vector<64xbf16>, vector<32xf32>
  return %r : vector<32xf32>
}
