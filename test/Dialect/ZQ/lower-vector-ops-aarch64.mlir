// What AArch64 has for vectors of bytes, by NEON and by SVE of 256 bits.
// RUN: zq-opt %s -split-input-file -zq-lower-vector-ops=features=aarch64,+neon,+dotprod -cse | FileCheck %s --check-prefixes=CHECK,NEON,DOT
// RUN: zq-opt %s -split-input-file -zq-lower-vector-ops=features=aarch64,+neon,+dotprod,+i8mm -cse | FileCheck %s --check-prefixes=CHECK,NEON,MIXED
// RUN: zq-opt %s -split-input-file -zq-lower-vector-ops=features=aarch64,+neon -cse | FileCheck %s --check-prefixes=CHECK,NEON,PAIRS
// RUN: zq-opt %s -split-input-file -zq-lower-vector-ops=features=aarch64,+neon,+dotprod,+sve,vscale=2 -cse | FileCheck %s --check-prefixes=CHECK,SVE

//===----------------------------------------------------------------------===//
// Lookups
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @lookup_16_bytes(
// CHECK-SAME: %[[C:[^:]*]]: vector<32xi8>, %[[T:[^:]*]]: vector<16xi8>
// NEON: %[[I:.*]] = arith.andi %[[C]], %{{.*}} : vector<32xi8>
// NEON: %[[P:.*]] = vector.shuffle %[[I]], %[[I]] [0, 1, {{.*}}, 15]
// NEON: llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"(%{{.*}}, %[[P]])
// NEON: llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"
// SVE-DAG: %[[I:.*]] = arith.andi %[[C]], %{{.*}} : vector<32xi8>
// SVE-DAG: %[[R:.*]] = vector.shuffle %[[T]], %[[T]] [0, 1, {{.*}}, 15, 0, 1,
// SVE: %[[TS:.*]] = vector.scalable.insert %[[R]], %{{.*}}[0] : vector<32xi8> into vector<[16]xi8>
// SVE: %[[IS:.*]] = vector.scalable.insert %[[I]], %{{.*}}[0] : vector<32xi8> into vector<[16]xi8>
// SVE: %[[V:.*]] = llvm.call_intrinsic "llvm.aarch64.sve.tbl.nxv16i8"(%[[TS]], %[[IS]])
// SVE: vector.scalable.extract %[[V]][0] : vector<32xi8> from vector<[16]xi8>
func.func @lookup_16_bytes(%c: vector<32xi8>, %t: vector<16xi8>) -> vector<32xi8> {
  %v = zq.lookup %c in %t : vector<32xi8>, vector<16xi8> -> vector<32xi8>
  return %v : vector<32xi8>
}

// -----

// Four registers of table at a time; later ones leave what is found. Indices of
// all bits need no mask.
// CHECK-LABEL: func.func @lookup_256_bytes(
// CHECK-SAME: %[[C:[^:]*]]: vector<16xi8>
// NEON-NOT: arith.andi
// NEON: %[[A:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.tbl4.v16i8"({{.*}}, %[[C]])
// NEON: %[[S:.*]] = arith.subi %[[C]]
// NEON: %[[B:.*]] = llvm.call_intrinsic "llvm.aarch64.neon.tbx4.v16i8"(%[[A]], {{.*}}, %[[S]])
// NEON-COUNT-2: "llvm.aarch64.neon.tbx4.v16i8"
func.func @lookup_256_bytes(%c: vector<16xi8>, %t: vector<256xi8>) -> vector<16xi8> {
  %v = zq.lookup %c in %t : vector<16xi8>, vector<256xi8> -> vector<16xi8>
  return %v : vector<16xi8>
}

// -----

// Sixteen floats are 64 bytes: a lane looks its four bytes up.
// CHECK-LABEL: func.func @lookup_16_floats(
// CHECK-SAME: %[[C:[^:]*]]: vector<4xi32>
// NEON-DAG: %[[FOUR:.*]] = arith.constant dense<67372036> : vector<4xi32>
// NEON-DAG: %[[STEPS:.*]] = arith.constant dense<50462976> : vector<4xi32>
// NEON: %[[I:.*]] = arith.andi %[[C]]
// NEON: %[[M:.*]] = arith.muli %[[I]], %[[FOUR]]
// NEON: arith.addi %[[M]], %[[STEPS]]
// NEON: "llvm.aarch64.neon.tbl4.v16i8"
func.func @lookup_16_floats(%c: vector<4xi32>, %t: vector<16xf32>) -> vector<4xf32> {
  %v = zq.lookup %c in %t : vector<4xi32>, vector<16xf32> -> vector<4xf32>
  return %v : vector<4xf32>
}

// -----

// SVE looks elements up, of which a register has eight: twice, and what is
// beyond a register is zero.
// CHECK-LABEL: func.func @lookup_8_lanes(
// SVE: %[[L:.*]] = llvm.call_intrinsic "llvm.aarch64.sve.tbl.nxv4i32"
// SVE: arith.subi
// SVE: %[[H:.*]] = llvm.call_intrinsic "llvm.aarch64.sve.tbl.nxv4i32"
// SVE: arith.ori
func.func @lookup_8_lanes(%c: vector<8xi32>, %t: vector<16xf32>) -> vector<8xf32> {
  %v = zq.lookup %c in %t : vector<8xi32>, vector<16xf32> -> vector<8xf32>
  return %v : vector<8xf32>
}

// -----

//===----------------------------------------------------------------------===//
// Sums of products
//===----------------------------------------------------------------------===//

// Bytes that may be above 127.
// CHECK-LABEL: func.func @dot(
// CHECK-SAME: %[[W:[^:]*]]: vector<32xi8>, %[[X:[^:]*]]: vector<32xi8>, %[[S:[^:]*]]: vector<8xi32>
// DOT: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%{{.*}}, %[[LEAST:.*]], %{{.*}})
// DOT: arith.xori %{{.*}}, %[[LEAST]]
// DOT: "llvm.aarch64.neon.sdot.v4i32.v16i8"
// DOT: arith.subi
// MIXED-COUNT-2: "llvm.aarch64.neon.usdot.v4i32.v16i8"
// MIXED-NOT: "llvm.aarch64.neon
// PAIRS: arith.extui %{{.*}} : vector<8xi8> to vector<8xi16>
// PAIRS: arith.extsi %{{.*}} : vector<8xi8> to vector<8xi16>
// PAIRS: arith.muli %{{.*}} : vector<8xi16>
// PAIRS: "llvm.aarch64.neon.saddlp.v4i32.v8i16"
// PAIRS: "llvm.aarch64.neon.addp.v4i32"
// SVE: "llvm.aarch64.sve.sdot.nxv4i32"
// SVE: arith.xori %[[W]]
// SVE: "llvm.aarch64.sve.sdot.nxv4i32"
func.func @dot(%w: vector<32xi8>, %x: vector<32xi8>, %s: vector<8xi32>) -> vector<8xi32> {
  %r = zq.dot %w, %x, %s : vector<32xi8>, vector<8xi32>
  return %r : vector<8xi32>
}

// -----

// A table without such bytes: signed ones.
// CHECK-LABEL: func.func @dot_of_small_bytes(
// NEON: "llvm.aarch64.neon.tbl1.v16i8"
// DOT: "llvm.aarch64.neon.sdot.v4i32.v16i8"
// DOT-NOT: sdot
// MIXED: "llvm.aarch64.neon.sdot.v4i32.v16i8"
// MIXED-NOT: usdot
// CHECK: return
func.func @dot_of_small_bytes(%c: vector<16xi8>, %x: vector<16xi8>, %s: vector<4xi32>) -> vector<4xi32> {
  %t = arith.constant dense<[0, 1, 2, 3, 4, 6, 8, 127]> : vector<8xi8>
  %w = zq.lookup %c in %t : vector<16xi8>, vector<8xi8> -> vector<16xi8>
  %r = zq.dot %w, %x, %s : vector<16xi8>, vector<4xi32>
  return %r : vector<4xi32>
}

// -----

// One that has: not.
// CHECK-LABEL: func.func @dot_of_a_large_byte(
// DOT-COUNT-2: "llvm.aarch64.neon.sdot.v4i32.v16i8"
// MIXED: "llvm.aarch64.neon.usdot.v4i32.v16i8"
// CHECK: return
func.func @dot_of_a_large_byte(%c: vector<16xi8>, %x: vector<16xi8>, %s: vector<4xi32>) -> vector<4xi32> {
  %t = arith.constant dense<[0, 1, 2, 3, 4, 6, 8, -128]> : vector<8xi8>
  %w = zq.lookup %c in %t : vector<16xi8>, vector<8xi8> -> vector<16xi8>
  %r = zq.dot %w, %x, %s : vector<16xi8>, vector<4xi32>
  return %r : vector<4xi32>
}

// -----

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

// The upper half of bytes, by a shift of bytes alone.
// CHECK-LABEL: func.func @upper_half(
// CHECK-SAME: %[[W:[^:]*]]: vector<4xi32>
// CHECK-DAG: %[[FOUR:.*]] = arith.constant dense<4> : vector<16xi8>
// CHECK: %[[B:.*]] = vector.bitcast %[[W]] : vector<4xi32> to vector<16xi8>
// CHECK: %[[R:.*]] = arith.shrui %[[B]], %[[FOUR]] : vector<16xi8>
// CHECK: return %[[R]]
func.func @upper_half(%w: vector<4xi32>) -> vector<16xi8> {
  %four = arith.constant dense<4> : vector<4xi32>
  %mask = arith.constant dense<15> : vector<16xi8>
  %s = arith.shrui %w, %four : vector<4xi32>
  %b = vector.bitcast %s : vector<4xi32> to vector<16xi8>
  %r = arith.andi %b, %mask : vector<16xi8>
  return %r : vector<16xi8>
}

// -----

// Bits of the byte above are in the field.
// CHECK-LABEL: func.func @across_bytes(
// CHECK: arith.shrui %{{.*}} : vector<4xi32>
// CHECK: arith.andi
func.func @across_bytes(%w: vector<4xi32>) -> vector<16xi8> {
  %four = arith.constant dense<4> : vector<4xi32>
  %mask = arith.constant dense<31> : vector<16xi8>
  %s = arith.shrui %w, %four : vector<4xi32>
  %b = vector.bitcast %s : vector<4xi32> to vector<16xi8>
  %r = arith.andi %b, %mask : vector<16xi8>
  return %r : vector<16xi8>
}
