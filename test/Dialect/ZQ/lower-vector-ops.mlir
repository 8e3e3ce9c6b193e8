// What the target has decides what becomes of the vector ops.
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx2,+fma -cse | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512vbmi2 -cse | FileCheck %s --check-prefixes=CHECK,VBMI2
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx2,+fma -cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: zq-opt %s -zq-lower-vector-ops=features=+sse2 -cse | FileCheck %s --check-prefixes=CHECK,NONE

//===----------------------------------------------------------------------===//
// Unpacking is the same everywhere. Codes that divide a byte: halves, lower
// ones first.
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @unpack_1_bit(
// CHECK-COUNT-3: vector.interleave
// CHECK-NOT: vector.interleave
func.func @unpack_1_bit(%b: vector<2xi8>) -> vector<16xi8> {
  %c = zq.unpack %b bits 1 : vector<2xi8> -> vector<16xi8>
  return %c : vector<16xi8>
}

// CHECK-LABEL: func.func @unpack_2_bits(
// CHECK-SAME: %[[B:[^:]*]]: vector<4xi8>
// CHECK-DAG: %[[FOUR:.*]] = arith.constant dense<4> : vector<4xi8>
// CHECK-DAG: %[[NIBBLE:.*]] = arith.constant dense<15> : vector<4xi8>
// CHECK-DAG: %[[TWO:.*]] = arith.constant dense<2> : vector<8xi8>
// CHECK-DAG: %[[PAIR:.*]] = arith.constant dense<3> : vector<8xi8>
// CHECK-DAG: %[[LOW:.*]] = arith.andi %[[B]], %[[NIBBLE]]
// CHECK-DAG: %[[HIGH:.*]] = arith.shrui %[[B]], %[[FOUR]]
// CHECK: %[[N:.*]] = vector.interleave %[[LOW]], %[[HIGH]]
// CHECK-DAG: %[[L:.*]] = arith.andi %[[N]], %[[PAIR]]
// CHECK-DAG: %[[H:.*]] = arith.shrui %[[N]], %[[TWO]]
// CHECK: %[[R:.*]] = vector.interleave %[[L]], %[[H]] : vector<8xi8> -> vector<16xi8>
// CHECK-NEXT: return %[[R]]
func.func @unpack_2_bits(%b: vector<4xi8>) -> vector<16xi8> {
  %c = zq.unpack %b bits 2 : vector<4xi8> -> vector<16xi8>
  return %c : vector<16xi8>
}

// Others: a word of neighbouring bytes for each code, shifted and masked.
// CHECK-LABEL: func.func @unpack_3_bits(
// CHECK-SAME: %[[B:[^:]*]]: vector<3xi8>
// CHECK-DAG: %[[MASK:.*]] = arith.constant dense<7> : vector<8xi16>
// CHECK-DAG: %[[SHIFTS:.*]] = arith.constant dense<[0, 3, 6, 1, 4, 7, 2, 5]> : vector<8xi16>
// CHECK: %[[P:.*]] = vector.shuffle %[[B]], %[[B]] [0, 1, 0, 1, 0, 1, 1, 2, 1, 2, 1, 2, 2, 2, 2, 2]
// CHECK: %[[W:.*]] = vector.bitcast %[[P]] : vector<16xi8> to vector<8xi16>
// CHECK: %[[S:.*]] = arith.shrui %[[W]], %[[SHIFTS]]
// CHECK: %[[M:.*]] = arith.andi %[[S]], %[[MASK]]
// CHECK: arith.trunci %[[M]] : vector<8xi16> to vector<8xi8>
func.func @unpack_3_bits(%b: vector<3xi8>) -> vector<8xi8> {
  %c = zq.unpack %b bits 3 : vector<3xi8> -> vector<8xi8>
  return %c : vector<8xi8>
}

// CHECK-LABEL: func.func @unpack_4_bits(
// CHECK-COUNT-1: vector.interleave {{.*}} : vector<8xi8> -> vector<16xi8>
// CHECK-NOT: vector.interleave
func.func @unpack_4_bits(%b: vector<8xi8>) -> vector<16xi8> {
  %c = zq.unpack %b bits 4 : vector<8xi8> -> vector<16xi8>
  return %c : vector<16xi8>
}

// CHECK-LABEL: func.func @unpack_5_bits(
// CHECK: vector.shuffle {{.*}} [0, 1, 0, 1, 1, 2, 1, 2, 2, 3, 3, 4, 3, 4, 4, 4]
// CHECK: arith.trunci
func.func @unpack_5_bits(%b: vector<5xi8>) -> vector<8xi8> {
  %c = zq.unpack %b bits 5 : vector<5xi8> -> vector<8xi8>
  return %c : vector<8xi8>
}

// CHECK-LABEL: func.func @unpack_6_bits(
// CHECK: vector.shuffle {{.*}} [0, 1, 0, 1, 1, 2, 2, 2]
// CHECK: arith.trunci
func.func @unpack_6_bits(%b: vector<3xi8>) -> vector<4xi8> {
  %c = zq.unpack %b bits 6 : vector<3xi8> -> vector<4xi8>
  return %c : vector<4xi8>
}

// CHECK-LABEL: func.func @unpack_7_bits(
// CHECK: vector.shuffle {{.*}} [0, 1, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6]
// CHECK: arith.trunci
func.func @unpack_7_bits(%b: vector<7xi8>) -> vector<8xi8> {
  %c = zq.unpack %b bits 7 : vector<7xi8> -> vector<8xi8>
  return %c : vector<8xi8>
}

// CHECK-LABEL: func.func @unpack_8_bits(
// CHECK-SAME: %[[B:[^:]*]]: vector<8xi8>
// CHECK-NEXT: return %[[B]]
func.func @unpack_8_bits(%b: vector<8xi8>) -> vector<8xi8> {
  %c = zq.unpack %b bits 8 : vector<8xi8> -> vector<8xi8>
  return %c : vector<8xi8>
}

// Wide codes: words of as many bytes as one may lie in.
// CHECK-LABEL: func.func @unpack_12_bits(
// CHECK: vector.shuffle {{.*}} [0, 1, 1, 2, 3, 4, 4, 5]
// CHECK: vector.bitcast {{.*}} : vector<8xi8> to vector<4xi16>
// CHECK: arith.shrui
// CHECK: %[[M:.*]] = arith.andi
// CHECK: return %[[M]] : vector<4xi16>
func.func @unpack_12_bits(%b: vector<6xi8>) -> vector<4xi16> {
  %c = zq.unpack %b bits 12 : vector<6xi8> -> vector<4xi16>
  return %c : vector<4xi16>
}

// CHECK-LABEL: func.func @unpack_16_bits(
// CHECK-SAME: %[[B:[^:]*]]: vector<8xi8>
// CHECK-NEXT: %[[W:.*]] = vector.bitcast %[[B]] : vector<8xi8> to vector<4xi16>
// CHECK-NEXT: return %[[W]]
func.func @unpack_16_bits(%b: vector<8xi8>) -> vector<4xi16> {
  %c = zq.unpack %b bits 16 : vector<8xi8> -> vector<4xi16>
  return %c : vector<4xi16>
}

// CHECK-LABEL: func.func @unpack_27_bits(
// CHECK: vector.bitcast {{.*}} : vector<64xi8> to vector<8xi64>
// CHECK: arith.trunci {{.*}} : vector<8xi64> to vector<8xi32>
func.func @unpack_27_bits(%b: vector<27xi8>) -> vector<8xi32> {
  %c = zq.unpack %b bits 27 : vector<27xi8> -> vector<8xi32>
  return %c : vector<8xi32>
}

//===----------------------------------------------------------------------===//
// Lookups
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @lookup_one_register(
// CHECK-SAME: %[[C:[^:]*]]: vector<16xi8>, %[[T:[^:]*]]: vector<16xf32>
// AVX512: %[[I:.*]] = arith.extui %[[C]] : vector<16xi8> to vector<16xi32>
// AVX512: %[[V:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"(%[[T]], %[[I]])
// AVX512: return %[[V]]
//
// Two registers of table and two of codes: the fourth bit of a code chooses.
// AVX2-DAG: %[[T0:.*]] = vector.shuffle %[[T]], %[[T]] [0, 1, 2, 3, 4, 5, 6, 7]
// AVX2-DAG: %[[T1:.*]] = vector.shuffle %[[T]], %[[T]] [8, 9, 10, 11, 12, 13, 14, 15]
// AVX2-DAG: %[[EIGHT:.*]] = arith.constant dense<8> : vector<8xi32>
// AVX2: %[[I:.*]] = arith.extui {{.*}} : vector<8xi8> to vector<8xi32>
// AVX2: %[[V0:.*]] = llvm.call_intrinsic "llvm.x86.avx2.permps"(%[[T0]], %[[I]])
// AVX2: %[[V1:.*]] = llvm.call_intrinsic "llvm.x86.avx2.permps"(%[[T1]], %[[I]])
// AVX2: %[[BIT:.*]] = arith.andi %[[I]], %[[EIGHT]]
// AVX2: %[[SET:.*]] = arith.cmpi ne, %[[BIT]]
// AVX2: arith.select %[[SET]], %[[V1]], %[[V0]]
// AVX2: "llvm.x86.avx2.permps"
//
// NONE-COUNT-15: arith.select
// NONE-NOT: arith.select
// NONE-NOT: llvm.
func.func @lookup_one_register(%c: vector<16xi8>, %t: vector<16xf32>) -> vector<16xf32> {
  %v = zq.lookup %c in %t : vector<16xi8>, vector<16xf32> -> vector<16xf32>
  return %v : vector<16xf32>
}

// A short table repeats, as the upper bits of a code do not count.
// CHECK-LABEL: func.func @lookup_short_table(
// AVX512: %[[T:.*]] = vector.shuffle {{.*}} [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]
// AVX512: "llvm.x86.avx512.permvar.sf.512"(%[[T]],
// AVX2: %[[T:.*]] = vector.shuffle {{.*}} [0, 1, 2, 3, 0, 1, 2, 3]
// AVX2-COUNT-2: "llvm.x86.avx2.permps"(%[[T]],
// NONE-COUNT-3: arith.select
func.func @lookup_short_table(%c: vector<16xi8>, %t: vector<4xf32>) -> vector<16xf32> {
  %v = zq.lookup %c in %t : vector<16xi8>, vector<4xf32> -> vector<16xf32>
  return %v : vector<16xf32>
}

// CHECK-LABEL: func.func @lookup_single_entry(
// AVX512: "llvm.x86.avx512.permvar.sf.512"
// NONE: %[[E:.*]] = vector.extract %{{.*}}[0]
// NONE-NEXT: vector.broadcast %[[E]] : f32 to vector<16xf32>
func.func @lookup_single_entry(%c: vector<16xi8>, %t: vector<1xf32>) -> vector<16xf32> {
  %v = zq.lookup %c in %t : vector<16xi8>, vector<1xf32> -> vector<16xf32>
  return %v : vector<16xf32>
}

// Longer tables: one permute for each register, or for two, chosen from by the
// upper bits.
// CHECK-LABEL: func.func @lookup_long_table(
// AVX512-DAG: %[[BIT:.*]] = arith.constant dense<32> : vector<16xi32>
// AVX512-DAG: %[[T0:.*]] = vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
// AVX512-DAG: %[[T1:.*]] = vector.shuffle {{.*}} [16, 17,
// AVX512-DAG: %[[T2:.*]] = vector.shuffle {{.*}} [32, 33,
// AVX512-DAG: %[[T3:.*]] = vector.shuffle {{.*}} [48, 49,
// AVX512: %[[LOW:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.512"(%[[T0]], %[[I:.*]], %[[T1]])
// AVX512: %[[HIGH:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.512"(%[[T2]], %[[I]], %[[T3]])
// AVX512: arith.andi %[[I]], %[[BIT]]
// AVX512: arith.select %{{.*}}, %[[HIGH]], %[[LOW]]
// AVX512-NOT: arith.select
// AVX2-COUNT-8: "llvm.x86.avx2.permps"
//
// Without them the table goes to memory, once for the function.
// NONE: %[[M:.*]] = memref.alloca() : memref<64xf32>
// NONE: vector.store %{{.*}}, %[[M]]
// NONE-COUNT-16: memref.load %[[M]]
// NONE: vector.from_elements
func.func @lookup_long_table(%c: vector<16xi8>, %t: vector<64xf32>) -> vector<16xf32> {
  %v = zq.lookup %c in %t : vector<16xi8>, vector<64xf32> -> vector<16xf32>
  return %v : vector<16xf32>
}

// CHECK-LABEL: func.func @lookup_two_registers_of_codes(
// CHECK-SAME: %[[C:[^:]*]]: vector<32xi8>
// AVX512: vector.shuffle %[[C]], %[[C]] [0, 1,
// AVX512: vector.insert_strided_slice {{.*}} {offsets = [0]
// AVX512: vector.shuffle %[[C]], %[[C]] [16, 17,
// AVX512: vector.insert_strided_slice {{.*}} {offsets = [16]
func.func @lookup_two_registers_of_codes(%c: vector<32xi8>, %t: vector<16xf32>)
    -> vector<32xf32> {
  %v = zq.lookup %c in %t : vector<32xi8>, vector<16xf32> -> vector<32xf32>
  return %v : vector<32xf32>
}

// A small table in memory is looked up as a whole; one of which only some lanes
// are asked for, or in which a lookup would begin elsewhere, is gathered from.
// CHECK-LABEL: func.func @gather_from_table(
// CHECK-SAME: %[[M:[^:]*]]: memref<256xf32>, %[[I:[^:]*]]: vector<16xi32>
// AVX512: vector.load %[[M]]{{.*}} : memref<256xf32>, vector<256xf32>
// AVX512-COUNT-8: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.ps.512"({{.*}}, %[[I]], {{.*}})
// AVX512-COUNT-7: arith.select
// AVX512-NOT: arith.select
// AVX512: vector.gather {{.*}}, %{{.*}} : memref<256xf32>, vector<16xi32>
// AVX512-NEXT: vector.gather %[[M]][%{{.*}}1]
// AVX2-COUNT-3: vector.gather
func.func @gather_from_table(%m: memref<256xf32>, %i: vector<16xi32>, %some: vector<16xi1>, %p: vector<16xf32>)
    -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %all = arith.constant dense<true> : vector<16xi1>
  %v = vector.gather %m[%c0] [%i], %all, %p : memref<256xf32>, vector<16xi32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
  %w = vector.gather %m[%c0] [%i], %some, %p : memref<256xf32>, vector<16xi32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
  %x = vector.gather %m[%c1] [%i], %all, %p : memref<256xf32>, vector<16xi32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
  return %v, %w, %x : vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// Larger ones, and those of which a lookup takes other places, are not either.
// CHECK-LABEL: func.func @gather_from_long_table(
// AVX512-COUNT-2: vector.gather
func.func @gather_from_long_table(%m: memref<512xf32>, %n: memref<200xf32>, %i: vector<16xindex>, %p: vector<16xf32>)
    -> (vector<16xf32>, vector<16xf32>) {
  %c0 = arith.constant 0 : index
  %all = arith.constant dense<true> : vector<16xi1>
  %v = vector.gather %m[%c0] [%i], %all, %p : memref<512xf32>, vector<16xindex>, vector<16xi1>, vector<16xf32> into vector<16xf32>
  %w = vector.gather %n[%c0] [%i], %all, %p : memref<200xf32>, vector<16xindex>, vector<16xi1>, vector<16xf32> into vector<16xf32>
  return %v, %w : vector<16xf32>, vector<16xf32>
}

// What all places share is where a gather begins.
// CHECK-LABEL: func.func @gather_from_tables(
// CHECK-SAME: %[[M:[^:]*]]: memref<1024x256xf32>, %[[ROW:[^:]*]]: index, %[[CODES:[^:]*]]: vector<16xindex>
// AVX512-DAG: %[[SIZE:.*]] = arith.constant 256 : index
// AVX512-DAG: %[[SIZES:.*]] = arith.constant dense<256> : vector<16xindex>
// AVX512-DAG: %[[STEP:.*]] = vector.step : vector<16xindex>
// AVX512-DAG: %[[BEGIN:.*]] = arith.muli %[[ROW]], %[[SIZE]] : index
// AVX512-DAG: %[[ROWS:.*]] = arith.muli %[[STEP]], %[[SIZES]] : vector<16xindex>
// AVX512: %[[PLACES:.*]] = arith.addi %[[CODES]], %[[ROWS]]
// AVX512: vector.gather %[[M]][%{{.*}}, %[[BEGIN]]] [%[[PLACES]]]
func.func @gather_from_tables(%m: memref<1024x256xf32>, %row: index, %codes: vector<16xindex>, %p: vector<16xf32>)
    -> vector<16xf32> {
  %c0 = arith.constant 0 : index
  %sizes = arith.constant dense<256> : vector<16xindex>
  %all = arith.constant dense<true> : vector<16xi1>
  %step = vector.step : vector<16xindex>
  %first = vector.broadcast %row : index to vector<16xindex>
  %rows = arith.addi %first, %step : vector<16xindex>
  %begins = arith.muli %rows, %sizes : vector<16xindex>
  %places = arith.addi %codes, %begins : vector<16xindex>
  %v = vector.gather %m[%c0, %c0] [%places], %all, %p : memref<1024x256xf32>, vector<16xindex>, vector<16xi1>, vector<16xf32> into vector<16xf32>
  return %v : vector<16xf32>
}

// Blocks of eight do with half a register.
// CHECK-LABEL: func.func @lookup_block_of_8(
// AVX512: "llvm.x86.avx2.permps"
// AVX2: "llvm.x86.avx2.permps"
func.func @lookup_block_of_8(%c: vector<8xi8>, %t: vector<8xf32>) -> vector<8xf32> {
  %v = zq.lookup %c in %t : vector<8xi8>, vector<8xf32> -> vector<8xf32>
  return %v : vector<8xf32>
}

// What no permute can do is selected.
// CHECK-LABEL: func.func @lookup_bf16(
// CHECK-NOT: llvm.call_intrinsic
// CHECK-COUNT-3: arith.select {{.*}} vector<16xbf16>
func.func @lookup_bf16(%c: vector<16xi8>, %t: vector<4xbf16>) -> vector<16xbf16> {
  %v = zq.lookup %c in %t : vector<16xi8>, vector<4xbf16> -> vector<16xbf16>
  return %v : vector<16xbf16>
}

// CHECK-LABEL: func.func @lookup_odd_length(
// CHECK-NOT: llvm.call_intrinsic
// CHECK: arith.select {{.*}} vector<5xf32>
func.func @lookup_odd_length(%c: vector<5xi8>, %t: vector<2xf32>) -> vector<5xf32> {
  %v = zq.lookup %c in %t : vector<5xi8>, vector<2xf32> -> vector<5xf32>
  return %v : vector<5xf32>
}

//===----------------------------------------------------------------------===//
// Bytes into the lanes of a mask: an instruction, or each lane counts the lanes
// before it and looks its byte up.
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @expand(
// CHECK-SAME: %[[B:.*]]: vector<4xi8>, %[[M:.*]]: vector<4xi1>, %[[E:.*]]: vector<4xi8>
// CHECK: %[[ONES:.*]] = arith.extui %[[M]] : vector<4xi1> to vector<4xi8>
// CHECK: %[[BEFORE:.*]] = vector.shuffle %[[ONES]], %[[ZERO:.*]] [4, 0, 1, 2]
// CHECK: %[[BY1:.*]] = vector.shuffle %[[BEFORE]], %[[ZERO]] [4, 0, 1, 2]
// CHECK: %[[TWO:.*]] = arith.addi %[[BEFORE]], %[[BY1]]
// CHECK: %[[BY2:.*]] = vector.shuffle %[[TWO]], %[[ZERO]] [4, 4, 0, 1]
// CHECK: %[[INDEX:.*]] = arith.addi %[[TWO]], %[[BY2]]
// NONE: arith.andi %[[INDEX]]
// AVX2: "llvm.x86.ssse3.pshuf.b.128"
// CHECK: %[[R:.*]] = arith.select %[[M]], %{{.*}}, %[[E]]
// CHECK: return %[[R]]
func.func @expand(%b: vector<4xi8>, %m: vector<4xi1>, %e: vector<4xi8>) -> vector<4xi8> {
  %v = zq.expand %b, %m, %e : vector<4xi8>
  return %v : vector<4xi8>
}

// CHECK-LABEL: func.func @expand_a_register(
// CHECK-SAME: %[[B:.*]]: vector<64xi8>, %[[M:.*]]: vector<64xi1>, %[[E:.*]]: vector<64xi8>
// VBMI2: llvm.call_intrinsic "llvm.x86.avx512.mask.expand"(%[[B]], %[[E]], %[[M]])
// AVX512-NOT: llvm.x86.avx512.mask.expand
func.func @expand_a_register(%b: vector<64xi8>, %m: vector<64xi1>, %e: vector<64xi8>) -> vector<64xi8> {
  %v = zq.expand %b, %m, %e : vector<64xi8>
  return %v : vector<64xi8>
}

// CHECK-LABEL: func.func @expand_odd_length(
// CHECK-SAME: %[[B:.*]]: vector<3xi8>, %{{.*}}: vector<3xi1>
// NONE: vector.extract %[[B]][2]
// CHECK: arith.select {{.*}} vector<3xi8>
func.func @expand_odd_length(%b: vector<3xi8>, %m: vector<3xi1>, %e: vector<3xi8>) -> vector<3xi8> {
  %v = zq.expand %b, %m, %e : vector<3xi8>
  return %v : vector<3xi8>
}

// Floats are expanded by AVX-512 as such.
// CHECK-LABEL: func.func @expand_floats(
// CHECK-SAME: %[[S:.*]]: vector<8xf32>, %[[M:.*]]: vector<8xi1>, %[[E:.*]]: vector<8xf32>
// AVX512: llvm.call_intrinsic "llvm.x86.avx512.mask.expand"(%[[S]], %[[E]], %[[M]])
// VBMI2: llvm.call_intrinsic "llvm.x86.avx512.mask.expand"(%[[S]], %[[E]], %[[M]])
// AVX2: arith.extui %[[M]] : vector<8xi1> to vector<8xi8>
// AVX2: %[[F:.*]] = llvm.call_intrinsic "llvm.x86.avx2.permps"(%[[S]],
// AVX2: arith.select %[[M]], %[[F]], %[[E]]
// NONE: arith.select %[[M]], %{{.*}}, %[[E]] : vector<8xi1>, vector<8xf32>
func.func @expand_floats(%s: vector<8xf32>, %m: vector<8xi1>, %e: vector<8xf32>) -> vector<8xf32> {
  %v = zq.expand %s, %m, %e : vector<8xf32>
  return %v : vector<8xf32>
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

// A conversion to bf16 rounds to nearest even and keeps subnormals, which the
// CPU's own does not.
// CHECK-LABEL: func.func @to_bf16(
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast %{{.*}} : vector<16xf32> to vector<16xi32>
// CHECK: arith.bitcast %{{.*}} : vector<16xi16> to vector<16xbf16>
func.func @to_bf16(%x: vector<16xf32>) -> vector<16xbf16> {
  %y = arith.truncf %x : vector<16xf32> to vector<16xbf16>
  return %y : vector<16xbf16>
}

// CHECK-LABEL: func.func @from_bf16(
// CHECK-SAME: %[[X:[^:]*]]: bf16
// CHECK: %[[SIXTEEN:.*]] = arith.constant 16 : i32
// CHECK: %[[B:.*]] = arith.bitcast %[[X]] : bf16 to i16
// CHECK: %[[W:.*]] = arith.extui %[[B]] : i16 to i32
// CHECK: %[[S:.*]] = arith.shli %[[W]], %[[SIXTEEN]]
// CHECK: arith.bitcast %[[S]] : i32 to f32
func.func @from_bf16(%x: bf16) -> f32 {
  %y = arith.extf %x : bf16 to f32
  return %y : f32
}

// Functions of vectors become polynomials.
// CHECK-LABEL: func.func @polynomial(
// CHECK-NOT: math.erf
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func @polynomial(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.erf %x : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func.func @sum_of_lanes(
// CHECK-NOT: vector.multi_reduction
// CHECK-COUNT-2: vector.reduction <add>
func.func @sum_of_lanes(%x: vector<2x16xf32>, %a: vector<2xf32>) -> vector<2xf32> {
  %s = vector.multi_reduction <add>, %x, %a [1] : vector<2x16xf32> to vector<2xf32>
  return %s : vector<2xf32>
}
