// What x86-64 has for vectors of bytes.
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512vbmi -cse | FileCheck %s --check-prefixes=CHECK,VBMI
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512vbmi,+sse4a -cse | FileCheck %s --check-prefix=AMD
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl -cse | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx2,+fma -cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx2 -cse | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: zq-opt %s -zq-lower-vector-ops=features=+ssse3 -cse | FileCheck %s --check-prefix=SSSE3

//===----------------------------------------------------------------------===//
// Lookups
//===----------------------------------------------------------------------===//

// A table of a register or less takes one permute. Without VBMI there are 16
// entries for each 128 bits.
// CHECK-LABEL: func.func @lookup_16_bytes(
// CHECK-SAME: %[[C:[^:]*]]: vector<64xi8>, %[[T:[^:]*]]: vector<16xi8>
// VBMI: %[[R:.*]] = vector.shuffle %[[T]], %[[T]] [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0,
// VBMI: %[[V:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.qi.512"(%[[R]], %[[C]])
// VBMI: return %[[V]]
// AVX512: %[[W:.*]] = arith.andi %[[C]], %{{.*}}
// AVX512: %[[R:.*]] = vector.shuffle %[[T]], %[[T]] [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0,
// AVX512: llvm.call_intrinsic "llvm.x86.avx512.pshuf.b.512"(%[[R]], %[[W]])
// AVX2: vector.shuffle %[[C]], %[[C]] [0, 1, {{.*}}, 30, 31]
// AVX2: "llvm.x86.avx2.pshuf.b"
// AVX2: vector.shuffle %[[C]], %[[C]] [32, 33, {{.*}}, 62, 63]
// AVX2: "llvm.x86.avx2.pshuf.b"
// SSSE3-LABEL: func.func @lookup_16_bytes(
// SSSE3-COUNT-4: "llvm.x86.ssse3.pshuf.b.128"
func.func @lookup_16_bytes(%c: vector<64xi8>, %t: vector<16xi8>) -> vector<64xi8> {
  %v = zq.lookup %c in %t : vector<64xi8>, vector<16xi8> -> vector<64xi8>
  return %v : vector<64xi8>
}

// Two registers of table: one permute of both. Four: the upper bit chooses.
// CHECK-LABEL: func.func @lookup_256_bytes(
// CHECK-SAME: %[[C:[^:]*]]: vector<64xi8>
// VBMI: %[[L:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%{{.*}}, %[[C]], %{{.*}})
// VBMI: %[[H:.*]] = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%{{.*}}, %[[C]], %{{.*}})
// VBMI: %[[SET:.*]] = arith.cmpi ne
// VBMI: arith.select %[[SET]], %[[H]], %[[L]]
// AVX512-COUNT-16: "llvm.x86.avx512.pshuf.b.512"
// AVX512-COUNT-15: arith.select
// AVX512-NOT: arith.select
func.func @lookup_256_bytes(%c: vector<64xi8>, %t: vector<256xi8>) -> vector<64xi8> {
  %v = zq.lookup %c in %t : vector<64xi8>, vector<256xi8> -> vector<64xi8>
  return %v : vector<64xi8>
}

// Few codes in a larger table take a register that holds all of it.
// CHECK-LABEL: func.func @lookup_few_codes(
// VBMI: vector.shuffle %{{.*}} [0, 1, 2, 3, 4, -1,
// VBMI: "llvm.x86.avx512.permvar.qi.512"
// VBMI: vector.extract_strided_slice %{{.*}} : vector<64xi8> to vector<5xi8>
// AVX512-COUNT-4: "llvm.x86.ssse3.pshuf.b.128"
// AVX2-COUNT-4: "llvm.x86.ssse3.pshuf.b.128"
func.func @lookup_few_codes(%c: vector<5xi8>, %t: vector<64xi8>) -> vector<5xi8> {
  %v = zq.lookup %c in %t : vector<5xi8>, vector<64xi8> -> vector<5xi8>
  return %v : vector<5xi8>
}

// Codes of two bits in the third place of their bytes stay there: the permute's
// six bits see them, and entries are sixteen apart. In the fourth place they are
// shifted once for all lanes that need it.
// CHECK-LABEL: func.func @lookup_in_place(
// CHECK-SAME: %[[B:[^:]*]]: vector<64xi8>
// VBMI-DAG: %[[T3:.*]] = arith.constant dense<[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2,
// VBMI-DAG: %[[T4:.*]] = arith.constant dense<[1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4,
// VBMI: "llvm.x86.avx512.permvar.qi.512"(%[[T3]], %[[B]])
// VBMI: arith.shrui %{{.*}}, %{{.*}} : vector<16xi32>
// VBMI: "llvm.x86.avx512.permvar.qi.512"(%[[T4]], %{{.*}})
// AVX512-COUNT-2: arith.shrui
func.func @lookup_in_place(%b: vector<64xi8>) -> (vector<64xi8>, vector<64xi8>) {
  %table = arith.constant dense<[1, 2, 3, 4]> : vector<4xi8>
  %four = arith.constant dense<4> : vector<16xi32>
  %six = arith.constant dense<6> : vector<16xi32>
  %w = vector.bitcast %b : vector<64xi8> to vector<16xi32>
  %s = arith.shrui %w, %four : vector<16xi32>
  %c = vector.bitcast %s : vector<16xi32> to vector<64xi8>
  %v = zq.lookup %c in %table : vector<64xi8>, vector<4xi8> -> vector<64xi8>
  %s1 = arith.shrui %w, %six : vector<16xi32>
  %c1 = vector.bitcast %s1 : vector<16xi32> to vector<64xi8>
  %v1 = zq.lookup %c1 in %table : vector<64xi8>, vector<4xi8> -> vector<64xi8>
  return %v, %v1 : vector<64xi8>, vector<64xi8>
}

// Integers are their codes but for a bit of all: those at the first bits take no
// permute. Others stay where they lie, and so do entries that are not all so.
// CHECK-LABEL: func.func @lookup_of_integers(
// CHECK-SAME: %[[B:[^:]*]]: vector<64xi8>
// VBMI-DAG: %[[TWO:.*]] = arith.constant dense<2> : vector<64xi8>
// VBMI-DAG: %[[THREE:.*]] = arith.constant dense<3> : vector<64xi8>
// VBMI: %[[FLIPPED:.*]] = arith.xori %[[B]], %[[TWO]]
// VBMI: %[[V:.*]] = arith.andi %[[FLIPPED]], %[[THREE]]
// VBMI: %[[V1:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.qi.512"(%{{.*}}, %[[B]])
// VBMI: %[[V2:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.qi.512"(%{{.*}}, %[[B]])
// VBMI: return %[[V]], %[[V1]], %[[V2]]
// AVX512: "llvm.x86.avx512.pshuf.b.512"
func.func @lookup_of_integers(%b: vector<64xi8>) -> (vector<64xi8>, vector<64xi8>, vector<64xi8>) {
  %table = arith.constant dense<[2, 3, 0, 1]> : vector<4xi8>
  %other = arith.constant dense<[2, 3, 0, 0]> : vector<4xi8>
  %two = arith.constant dense<2> : vector<16xi32>
  %w = vector.bitcast %b : vector<64xi8> to vector<16xi32>
  %v = zq.lookup %b in %table : vector<64xi8>, vector<4xi8> -> vector<64xi8>
  %s = arith.shrui %w, %two : vector<16xi32>
  %c = vector.bitcast %s : vector<16xi32> to vector<64xi8>
  %v1 = zq.lookup %c in %table : vector<64xi8>, vector<4xi8> -> vector<64xi8>
  %v2 = zq.lookup %b in %other : vector<64xi8>, vector<4xi8> -> vector<64xi8>
  return %v, %v1, %v2 : vector<64xi8>, vector<64xi8>, vector<64xi8>
}

// A code of three bits from two bytes: a bitwise choice puts the bits beside one
// another wherever they lie, with one shift and no mask.
// CHECK-LABEL: func.func @lookup_from_two_bytes(
// CHECK-SAME: %[[A:[^:]*]]: vector<64xi8>, %[[B:[^:]*]]: vector<64xi8>
// VBMI-NOT: arith.andi
// VBMI: "llvm.x86.avx512.pternlog.d.512"
// VBMI-NOT: arith.andi
// VBMI: "llvm.x86.avx512.permvar.qi.512"
// AVX512: arith.ori
func.func @lookup_from_two_bytes(%a: vector<64xi8>, %b: vector<64xi8>) -> vector<64xi8> {
  %table = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : vector<8xi8>
  %one = arith.constant dense<1> : vector<16xi32>
  %three = arith.constant dense<3> : vector<16xi32>
  %upper = arith.constant dense<6> : vector<64xi8>
  %lower = arith.constant dense<1> : vector<64xi8>
  %aw = vector.bitcast %a : vector<64xi8> to vector<16xi32>
  %as = arith.shrui %aw, %one : vector<16xi32>
  %ab = vector.bitcast %as : vector<16xi32> to vector<64xi8>
  %high = arith.andi %ab, %upper : vector<64xi8>
  %bw = vector.bitcast %b : vector<64xi8> to vector<16xi32>
  %bs = arith.shrui %bw, %three : vector<16xi32>
  %bb = vector.bitcast %bs : vector<16xi32> to vector<64xi8>
  %low = arith.andi %bb, %lower : vector<64xi8>
  %c = arith.ori %high, %low : vector<64xi8>
  %v = zq.lookup %c in %table : vector<64xi8>, vector<8xi8> -> vector<64xi8>
  return %v : vector<64xi8>
}

// Floats of a byte are bf16s, whose bytes are looked up one by one. Where there
// is no such permute their fields are taken apart.
// CHECK-LABEL: func.func @widen_small_floats(
// VBMI-COUNT-3: "llvm.x86.avx512.vpermi2var.qi.512"
// VBMI-NOT: arith.uitofp
// AVX512: arith.uitofp
// AVX2: arith.uitofp
// SSSE3: arith.uitofp
func.func @widen_small_floats(%s: vector<16xf8E4M3FN>) -> vector<16xf32> {
  %f = arith.extf %s : vector<16xf8E4M3FN> to vector<16xf32>
  return %f : vector<16xf32>
}

// A register of them is looked up at once: four registers of f32 come of the two
// lookups, without another one.
// CHECK-LABEL: func.func @widen_register_of_small_floats(
// VBMI-COUNT-2: "llvm.x86.avx512.vpermi2var.qi.512"
// VBMI-NOT: llvm.x86.avx512.vpermi2var.qi.512
// VBMI-COUNT-2: vector.shuffle {{.*}} : vector<64xi8>, vector<64xi8>
// AVX512: arith.uitofp
// AVX2: arith.uitofp
// SSSE3: arith.uitofp
func.func @widen_register_of_small_floats(%s: vector<64xf8E4M3FN>) -> vector<64xf32> {
  %f = arith.extf %s : vector<64xf8E4M3FN> to vector<64xf32>
  return %f : vector<64xf32>
}

//===----------------------------------------------------------------------===//
// Codes
//===----------------------------------------------------------------------===//

// Eight codes to 64 bits, cut out at their bits.
// CHECK-LABEL: func.func @unpack_3_bits(
// CHECK-SAME: %[[B:[^:]*]]: vector<24xi8>
// VBMI-DAG: %[[STARTS:.*]] = arith.constant dense<[0, 3, 6, 9, 12, 15, 18, 21, 0, 3,
// VBMI-DAG: %[[MASK:.*]] = arith.constant dense<7> : vector<64xi8>
// VBMI: %[[L:.*]] = vector.shuffle %[[B]], %[[B]] [0, 1, 2, -1, -1, -1, -1, -1, 3, 4, 5, -1,
// VBMI: %[[F:.*]] = llvm.call_intrinsic "llvm.x86.avx512.pmultishift.qb.512"(%[[STARTS]], %[[L]])
// VBMI: arith.andi %[[F]], %[[MASK]]
// AVX512-NOT: llvm.
// AVX2-NOT: llvm.
func.func @unpack_3_bits(%b: vector<24xi8>) -> vector<64xi8> {
  %c = zq.unpack %b bits 3 : vector<24xi8> -> vector<64xi8>
  return %c : vector<64xi8>
}

// Nibbles: each byte is a word that lies over itself.
// CHECK-LABEL: func.func @unpack_4_bits(
// CHECK-SAME: %[[B:[^:]*]]: vector<32xi8>
// VBMI: %[[W:.*]] = arith.extui %[[B]] : vector<32xi8> to vector<32xi16>
// VBMI: %[[S:.*]] = arith.shli %[[W]], %{{.*}}
// VBMI: %[[O:.*]] = arith.ori %[[W]], %[[S]]
// VBMI: %[[M:.*]] = arith.andi %[[O]], %{{.*}}
// VBMI: vector.bitcast %[[M]] : vector<32xi16> to vector<64xi8>
func.func @unpack_4_bits(%b: vector<32xi8>) -> vector<64xi8> {
  %c = zq.unpack %b bits 4 : vector<32xi8> -> vector<64xi8>
  return %c : vector<64xi8>
}

// CHECK-LABEL: func.func @unpack_two_registers(
// VBMI-COUNT-2: "llvm.x86.avx512.pmultishift.qb.512"
func.func @unpack_two_registers(%b: vector<80xi8>) -> vector<128xi8> {
  %c = zq.unpack %b bits 5 : vector<80xi8> -> vector<128xi8>
  return %c : vector<128xi8>
}

// Bytes that are no power of two are one load by a mask, which reads nothing
// beyond them.
// CHECK-LABEL: func.func @load_24_bytes(
// CHECK-SAME: %[[M:[^:]*]]: memref<8x24xi8>, %[[I:[^:]*]]: index
// VBMI-DAG: %[[MASK:.*]] = arith.constant dense<[true, {{(true, )+}}false, false, false, false, false, false, false, false]> : vector<32xi1>
// VBMI-DAG: %[[NONE:.*]] = arith.constant dense<0> : vector<32xi8>
// VBMI: %[[L:.*]] = vector.maskedload %[[M]][%[[I]], %{{.*}}], %[[MASK]], %[[NONE]]
// VBMI: vector.extract_strided_slice %[[L]] {offsets = [0], sizes = [24], strides = [1]}
// AVX512-NOT: vector.maskedload
// AVX2-NOT: vector.maskedload
// Three bytes are too few, and what may lie outside has a mask of its own.
// CHECK: vector.transfer_read %{{.*}} : memref<8x24xi8>, vector<3xi8>
// CHECK: vector.transfer_read %{{.*}} : memref<8x24xi8>, vector<24xi8>
// CHECK: return
func.func @load_24_bytes(%m: memref<8x24xi8>, %i: index)
    -> (vector<24xi8>, vector<3xi8>, vector<24xi8>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i8
  %0 = vector.transfer_read %m[%i, %c0], %zero {in_bounds = [true]} : memref<8x24xi8>, vector<24xi8>
  %1 = vector.transfer_read %m[%i, %c0], %zero {in_bounds = [true]} : memref<8x24xi8>, vector<3xi8>
  %2 = vector.transfer_read %m[%i, %i], %zero : memref<8x24xi8>, vector<24xi8>
  return %0, %1, %2 : vector<24xi8>, vector<3xi8>, vector<24xi8>
}

// Words of the upper or lower bytes of two others: a choice, no permute.
// CHECK-LABEL: func.func @merge_bytes(
// CHECK-SAME: %[[A:[^:]*]]: vector<32xi16>, %[[B:[^:]*]]: vector<32xi16>
// VBMI: %[[UP:.*]] = arith.shli %[[B]]
// VBMI: %[[X:.*]] = vector.bitcast %[[A]]
// VBMI: %[[Y:.*]] = vector.bitcast %[[UP]]
// VBMI: llvm.call_intrinsic "llvm.x86.avx512.pternlog.d.512"(%[[X]], %{{.*}}, %[[Y]], %{{.*}})
// VBMI: "llvm.x86.avx512.pternlog.d.512"
// VBMI: arith.ori
// VBMI-NOT: pternlog
// AVX512-COUNT-3: arith.ori
// AMD's cores permute two registers in one operation: even bytes of both, or odd
// ones.
// AMD-LABEL: func.func @merge_bytes(
// AMD-SAME: %[[A:[^:]*]]: vector<32xi16>, %[[B:[^:]*]]: vector<32xi16>
// AMD-DAG: %[[ODD:.*]] = arith.constant dense<[65, 1, 67, 3, 69, 5,
// AMD-DAG: %[[EVEN:.*]] = arith.constant dense<[0, 64, 2, 66, 4, 68,
// AMD: %[[X:.*]] = vector.bitcast %[[A]]
// AMD: %[[Y:.*]] = vector.bitcast %[[B]]
// AMD: "llvm.x86.avx512.vpermi2var.qi.512"(%[[X]], %[[EVEN]], %[[Y]])
// AMD: "llvm.x86.avx512.vpermi2var.qi.512"(%[[Y]], %[[ODD]], %[[X]])
// AMD: arith.ori
func.func @merge_bytes(%a: vector<32xi16>, %b: vector<32xi16>)
    -> (vector<32xi16>, vector<32xi16>, vector<32xi16>) {
  %eight = arith.constant dense<8> : vector<32xi16>
  %low = arith.constant dense<0x00ff> : vector<32xi16>
  %high = arith.constant dense<0xff00> : vector<32xi16>
  %al = arith.andi %a, %low : vector<32xi16>
  %bu = arith.shli %b, %eight : vector<32xi16>
  %0 = arith.ori %al, %bu : vector<32xi16>
  %bh = arith.andi %b, %high : vector<32xi16>
  %ad = arith.shrui %a, %eight : vector<32xi16>
  %1 = arith.ori %ad, %bh : vector<32xi16>
  // These overlap.
  %2 = arith.ori %bh, %bu : vector<32xi16>
  return %0, %1, %2 : vector<32xi16>, vector<32xi16>, vector<32xi16>
}

//===----------------------------------------------------------------------===//
// Floats from fields of bytes
//===----------------------------------------------------------------------===//

// Sign and mantissa in one byte, the exponent in another: each byte of the bf16
// is an expression of these, and there are no words before they meet.
// CHECK-LABEL: func.func @from_fields(
// CHECK-SAME: %[[R:[^:]*]]: vector<64xi8>, %[[E:[^:]*]]: vector<64xi8>
// AVX512-NOT: arith.extui
// AVX512: %[[EP:.*]] = vector.shuffle %[[E]], %[[E]] [0, 16, 1, 17, 2, 18, 3, 19, 32, 48, 33, 49, 34, 50, 35, 51, 4, 20,
// AVX512: %[[RP:.*]] = vector.shuffle %[[R]], %[[R]] [0, 16, 1, 17, 2, 18, 3, 19, 32, 48, 33, 49, 34, 50, 35, 51, 4, 20,
// AVX512: %[[EL:.*]] = arith.shli %[[EP]], %{{.*}}
// AVX512: %[[ML:.*]] = arith.andi %[[RP]], %{{.*}}
// AVX512: %[[L:.*]] = arith.ori %[[EL]], %[[ML]]
// AVX512: %[[EH:.*]] = arith.shrui %[[EP]], %{{.*}}
// AVX512: %[[SH:.*]] = arith.andi %[[RP]], %{{.*}}
// AVX512: %[[H:.*]] = arith.ori %[[EH]], %[[SH]]
// AVX512: vector.shuffle %[[L]], %[[H]] [0, 64, 1, 65, 2, 66, 3, 67, 4, 68, 5, 69, 6, 70, 7, 71, 16, 80,
// AVX512: vector.shuffle %[[L]], %[[H]] [8, 72,
// AVX512: arith.shli %{{.*}} : vector<16xi32>
// AVX512: arith.andi %{{.*}} : vector<16xi32>
// AVX512-NOT: arith.extui
// AVX512: return
// With permutes of two registers these bring the order too, and the exponent is
// rotated: both bytes choose from the same bits.
// VBMI-DAG: %[[SEVEN:.*]] = arith.constant dense<7> : vector<64xi8>
// VBMI-DAG: %[[BIT:.*]] = arith.constant dense<-128> : vector<64xi8>
// VBMI-DAG: %[[BITS:.*]] = arith.constant dense<127> : vector<64xi8>
// VBMI: %[[RE:.*]] = llvm.intr.fshl(%[[E]], %[[E]], %[[SEVEN]])
// VBMI-NOT: arith.sh
// VBMI: %[[EL:.*]] = arith.andi %[[RE]], %[[BIT]]
// VBMI: %[[ML:.*]] = arith.andi %[[R]], %[[BITS]]
// VBMI: %[[L:.*]] = arith.ori %[[EL]], %[[ML]]
// VBMI: %[[EH:.*]] = arith.andi %[[RE]], %[[BITS]]
// VBMI: %[[SH:.*]] = arith.andi %[[R]], %[[BIT]]
// VBMI: %[[H:.*]] = arith.ori %[[EH]], %[[SH]]
// VBMI: vector.shuffle %[[L]], %[[H]] [0, 64, 16, 80, 1, 65, 17, 81, 2, 66,
// VBMI: vector.shuffle %[[L]], %[[H]] [32, 96, 48, 112, 33, 97,
// VBMI: return
func.func @from_fields(%rest: vector<64xi8>, %exponent: vector<64xi8>) -> vector<64xf32> {
  %seven = arith.constant dense<7> : vector<64xi16>
  %eight = arith.constant dense<8> : vector<64xi16>
  %sign_bit = arith.constant dense<128> : vector<64xi16>
  %mantissa_bits = arith.constant dense<127> : vector<64xi16>
  %r = arith.extui %rest : vector<64xi8> to vector<64xi16>
  %e = arith.extui %exponent : vector<64xi8> to vector<64xi16>
  %s = arith.andi %r, %sign_bit : vector<64xi16>
  %sign = arith.shli %s, %eight : vector<64xi16>
  %mantissa = arith.andi %r, %mantissa_bits : vector<64xi16>
  %high = arith.shli %e, %seven : vector<64xi16>
  %magnitude = arith.ori %high, %mantissa : vector<64xi16>
  %bits = arith.ori %magnitude, %sign : vector<64xi16>
  %v = arith.bitcast %bits : vector<64xi16> to vector<64xbf16>
  %f = arith.extf %v : vector<64xbf16> to vector<64xf32>
  return %f : vector<64xf32>
}

// Stored they stay words, in the order of the lanes after unpacking.
// CHECK-LABEL: func.func @store_from_fields(
// CHECK-SAME: %[[E:[^:]*]]: vector<64xi8>
// AVX512: vector.shuffle %[[E]], %[[E]] [0, 1, 2, 3, 4, 5, 6, 7, 32, 33, 34, 35, 36, 37, 38, 39, 8, 9,
// VBMI: arith.shli %[[E]], %{{.*}} : vector<64xi8>
// VBMI: arith.shrui %[[E]], %{{.*}} : vector<64xi8>
// VBMI: vector.shuffle %{{.*}} [0, 64, 1, 65, 2, 66, 3, 67, 4, 68, 5, 69, 6, 70, 7, 71, 8, 72, 9, 73,
// VBMI: vector.shuffle %{{.*}} [32, 96, 33, 97,
// VBMI-NOT: arith.extui
// VBMI: vector.insert_strided_slice {{.*}} : vector<32xbf16> into vector<64xbf16>
// VBMI: vector.insert_strided_slice {{.*}} {offsets = [32], {{.*}} : vector<32xbf16> into vector<64xbf16>
func.func @store_from_fields(%exponent: vector<64xi8>, %out: memref<64xbf16>) {
  %c0 = arith.constant 0 : index
  %seven = arith.constant dense<7> : vector<64xi16>
  %e = arith.extui %exponent : vector<64xi8> to vector<64xi16>
  %bits = arith.shli %e, %seven : vector<64xi16>
  %v = arith.bitcast %bits : vector<64xi16> to vector<64xbf16>
  vector.transfer_write %v, %out[%c0] {in_bounds = [true]} : vector<64xbf16>, memref<64xbf16>
  return
}

// Less than a register of them, or other arithmetic, is widened as words.
// CHECK-LABEL: func.func @from_few_fields(
// CHECK: arith.extui {{.*}} : vector<8xi8> to vector<8xi16>
func.func @from_few_fields(%exponent: vector<8xi8>) -> vector<8xf32> {
  %seven = arith.constant dense<7> : vector<8xi16>
  %e = arith.extui %exponent : vector<8xi8> to vector<8xi16>
  %bits = arith.shli %e, %seven : vector<8xi16>
  %v = arith.bitcast %bits : vector<8xi16> to vector<8xbf16>
  %f = arith.extf %v : vector<8xbf16> to vector<8xf32>
  return %f : vector<8xf32>
}

// CHECK-LABEL: func.func @from_sums(
// CHECK: arith.addi
// CHECK: arith.extui {{.*}} : vector<64xi16> to vector<64xi32>
func.func @from_sums(%a: vector<64xi8>) -> vector<64xf32> {
  %e = arith.extui %a : vector<64xi8> to vector<64xi16>
  %bits = arith.addi %e, %e : vector<64xi16>
  %v = arith.bitcast %bits : vector<64xi16> to vector<64xbf16>
  %f = arith.extf %v : vector<64xbf16> to vector<64xf32>
  return %f : vector<64xf32>
}

// Rows are widened before they are put together.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[A:[^:]*]]: vector<16xbf16>, %[[B:[^:]*]]: vector<16xbf16>
// CHECK: arith.bitcast %[[B]] : vector<16xbf16> to vector<16xi16>
// CHECK: arith.bitcast %[[A]] : vector<16xbf16> to vector<16xi16>
// CHECK: vector.insert_strided_slice {{.*}} : vector<16xf32> into vector<2x16xf32>
// CHECK: vector.insert_strided_slice {{.*}} : vector<16xf32> into vector<2x16xf32>
// CHECK: vector.broadcast {{.*}} : vector<2x16xf32> to vector<1x2x16xf32>
func.func @rows(%a: vector<16xbf16>, %b: vector<16xbf16>) -> vector<1x2x16xf32> {
  %zero = arith.constant dense<0.0> : vector<2x16xbf16>
  %0 = vector.insert_strided_slice %a, %zero {offsets = [0, 0], strides = [1]}
      : vector<16xbf16> into vector<2x16xbf16>
  %1 = vector.insert_strided_slice %b, %0 {offsets = [1, 0], strides = [1]}
      : vector<16xbf16> into vector<2x16xbf16>
  %2 = vector.broadcast %1 : vector<2x16xbf16> to vector<1x2x16xbf16>
  %3 = arith.extf %2 : vector<1x2x16xbf16> to vector<1x2x16xf32>
  return %3 : vector<1x2x16xf32>
}

// LLVM cannot select every shift of one lane of 64 bits.
// CHECK-LABEL: func.func @one_lane(
// CHECK-SAME: %[[V:[^:]*]]: vector<1xi64>, %[[D:[^:]*]]: i64, %[[W:[^:]*]]: vector<2xi64>
// CHECK: %[[N:.*]] = vector.extract %[[V]][0]
// CHECK: %[[S:.*]] = arith.shrui %[[N]], %[[D]] : i64
// CHECK: %[[R:.*]] = vector.broadcast %[[S]] : i64 to vector<1xi64>
// CHECK: %[[T:.*]] = arith.shrui %[[W]], %{{.*}} : vector<2xi64>
// CHECK: return %[[R]], %[[T]]
func.func @one_lane(%v: vector<1xi64>, %d: i64, %w: vector<2xi64>) -> (vector<1xi64>, vector<2xi64>) {
  %one = vector.broadcast %d : i64 to vector<1xi64>
  %two = vector.broadcast %d : i64 to vector<2xi64>
  %s = arith.shrui %v, %one : vector<1xi64>
  %t = arith.shrui %w, %two : vector<2xi64>
  return %s, %t : vector<1xi64>, vector<2xi64>
}
