// Lookups and products of 16-bit integers.
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512vnni -cse | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl -cse | FileCheck %s --check-prefixes=CHECK,PAIRS
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx2 -cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: zq-opt %s -zq-lower-vector-ops=features=aarch64,+neon -cse | FileCheck %s --check-prefixes=CHECK,NEON

// A permute of words takes the lower bits of pairs of codes. Bytes have lookups
// everywhere.
// CHECK-LABEL: func.func @lookup(
// CHECK-SAME: %[[C:[^:]*]]: vector<64xi8>, %[[T:[^:]*]]: vector<16xi16>
// VNNI: %[[TABLE:.*]] = vector.shuffle %[[T]], %[[T]] [0, {{.*}}, 14, 15, 0, {{.*}}, 14, 15]
// VNNI: %[[CODES:.*]] = vector.bitcast %[[C]] : vector<64xi8> to vector<32xi16>
// VNNI: %[[SHIFTED:.*]] = arith.shrui %[[CODES]]
// VNNI: %[[EVEN:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.hi.512"(%[[TABLE]], %[[CODES]])
// VNNI: %[[ODD:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.hi.512"(%[[TABLE]], %[[SHIFTED]])
// VNNI: vector.interleave %[[EVEN]], %[[ODD]]
// AVX2: %[[LOW:.*]] = arith.trunci %[[T]] : vector<16xi16> to vector<16xi8>
// AVX2-COUNT-2: "llvm.x86.avx2.pshuf.b"
// AVX2: %[[UP:.*]] = arith.shrui %[[T]]
// AVX2-COUNT-2: "llvm.x86.avx2.pshuf.b"
// AVX2: arith.shli
// AVX2: %[[EVEN:.*]] = arith.ori
// AVX2: arith.shrui
// AVX2: %[[ODD:.*]] = arith.ori
// AVX2: vector.interleave %[[EVEN]], %[[ODD]]
// NEON-NOT: memref.load
func.func @lookup(%c: vector<64xi8>, %t: vector<16xi16>) -> vector<64xi16> {
  %v = zq.lookup %c in %t : vector<64xi8>, vector<16xi16> -> vector<64xi16>
  return %v : vector<64xi16>
}

// Codes of 32 bits are of bytes as well, for a table of any length.
// CHECK-LABEL: func.func @lookup_of_wide_codes(
// CHECK: arith.trunci %{{.*}} : vector<64xi32> to vector<64xi8>
// VNNI: "llvm.x86.avx512.permvar.hi.512"
// AVX2: "llvm.x86.avx2.pshuf.b"
// CHECK-NOT: zq.lookup
// CHECK-NOT: memref.load
func.func @lookup_of_wide_codes(%c: vector<64xi32>, %t: vector<32xi16>) -> vector<64xi16> {
  %v = zq.lookup %c in %t : vector<64xi32>, vector<32xi16> -> vector<64xi16>
  return %v : vector<64xi16>
}

// CHECK-LABEL: func.func @dot(
// CHECK-SAME: %[[X:[^:]*]]: vector<32xi16>, %[[Y:[^:]*]]: vector<32xi16>, %[[S:[^:]*]]: vector<16xi32>
// VNNI: llvm.call_intrinsic "llvm.x86.avx512.vpdpwssd.512"(%[[S]], %[[X]], %[[Y]])
// PAIRS: %[[P:.*]] = llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"(%[[X]], %[[Y]])
// PAIRS: arith.addi %[[S]], %[[P]]
// NEON: %[[LANES:.*]] = vector.bitcast %[[X]] : vector<32xi16> to vector<16xi32>
// NEON: arith.shrsi
// NEON-COUNT-2: arith.muli
// NEON: arith.addi
func.func @dot(%x: vector<32xi16>, %y: vector<32xi16>, %s: vector<16xi32>) -> vector<16xi32> {
  %r = zq.dot %x, %y, %s : vector<32xi16>, vector<16xi32>
  return %r : vector<16xi32>
}

// CHECK-LABEL: func.func @dot_of_8(
// VNNI: "llvm.x86.avx512.vpdpwssd.256"
// AVX2: "llvm.x86.avx2.pmadd.wd"
func.func @dot_of_8(%x: vector<16xi16>, %y: vector<16xi16>, %s: vector<8xi32>) -> vector<8xi32> {
  %r = zq.dot %x, %y, %s : vector<16xi16>, vector<8xi32>
  return %r : vector<8xi32>
}
