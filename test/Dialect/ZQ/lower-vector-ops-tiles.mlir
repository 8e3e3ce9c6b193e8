// Products in tiles: matrix tiles (AMX), dots of pairs, and f32.
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512bf16,+amx-tile,+amx-bf16 | FileCheck %s --check-prefixes=CHECK,AMX
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx512f,+avx512bw,+avx512vl,+avx512bf16 | FileCheck %s --check-prefixes=CHECK,DOTS
// RUN: zq-opt %s -zq-lower-vector-ops=features=+avx2,+fma | FileCheck %s --check-prefixes=CHECK,FMA

// Four sums in registers, from zero or from memory; two products a step, since
// the left operand has two planes. Its rows go past the first cache; the sums
// below are fetched on the way. Of dots there are those of four words of 8 rows,
// whose sums are fetched before; those of the part before are added in the end.
// CHECK-LABEL: func.func @multiply(
// AMX: llvm.call @zq_permit_tiles()
// AMX: %[[START:.*]]:4 = scf.if %{{.*}} -> (!llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx, !llvm.x86_amx)
// AMX-COUNT-4: "llvm.x86.tilezero.internal"
// AMX-COUNT-4: "llvm.x86.tileloadd64.internal"
// AMX: %[[SUMS:.*]]:4 = scf.for %{{.*}} iter_args(%[[A:.*]] = %[[START]]#0,
// AMX:   memref.prefetch %{{.*}}[%{{.*}}, %c0], read, locality<3>, data : memref<32x32xf32>
// AMX:   memref.prefetch %{{.*}}[%{{.*}}, %c16], read
// AMX:   %[[LEFT:.*]] = llvm.call_intrinsic "llvm.x86.tileloaddt164.internal"
// AMX:   %[[RIGHT:.*]] = llvm.call_intrinsic "llvm.x86.tileloadd64.internal"
// AMX:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"(%{{.*}}, %{{.*}}, %{{.*}}, %[[A]], %[[LEFT]], %[[RIGHT]])
// AMX-COUNT-7: "llvm.x86.tdpbf16ps.internal"
// AMX-NOT: tdpbf16ps
// AMX: llvm.call_intrinsic "llvm.x86.tilestored64.internal"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[SUMS]]#0)
// DOTS: scf.for
// DOTS-COUNT-16: memref.prefetch %{{.*}}, write, locality<3>, data : memref<32x32xf32>
// DOTS: scf.for
// DOTS-COUNT-128: "llvm.x86.avx512bf16.dpbf16ps.512"
// DOTS-NOT: dpbf16ps
// DOTS: scf.if %{{.*}} {
// DOTS-NOT: vector.load
// DOTS-COUNT-16: vector.store
// DOTS: } else {
// DOTS: %[[BEFORE:.*]] = vector.load
// DOTS: %[[SUM:.*]] = arith.addf %[[BEFORE]],
// DOTS: vector.store %[[SUM]]
// DOTS-COUNT-15: vector.store
// FMA: scf.for
// FMA: arith.shli
// FMA: arith.mulf %{{.*}} fastmath<contract>
// FMA: arith.addf %{{.*}} fastmath<contract>
func.func @multiply(%a: memref<?x2x32x32xbf16>, %b: memref<?x1x2x16x32xbf16>, %c: memref<32x32xf32>, %fresh: i1) {
  zq.multiply_tiles %a, %b fresh %fresh outs(%c)
      : memref<?x2x32x32xbf16>, memref<?x1x2x16x32xbf16>, memref<32x32xf32>
  return
}

// Products of f32 are vectors' everywhere: one for each column of a row.
// CHECK-LABEL: func.func @multiply_f32(
// CHECK: scf.for
// CHECK: vector.load %{{.*}} : memref<?x1x2x32x16xf32>, vector<16xf32>
// CHECK: vector.load %{{.*}} : memref<?x1x32x32xf32>, vector<1xf32>
// CHECK: arith.mulf %{{.*}} fastmath<contract> : vector<16xf32>
// CHECK: arith.addf %{{.*}} fastmath<contract> : vector<16xf32>
// CHECK-NOT: dpbf16ps
func.func @multiply_f32(%a: memref<?x1x32x32xf32>, %b: memref<?x1x2x32x16xf32>, %c: memref<32x32xf32>, %fresh: i1) {
  zq.multiply_tiles %a, %b fresh %fresh outs(%c)
      : memref<?x1x32x32xf32>, memref<?x1x2x32x16xf32>, memref<32x32xf32>
  return
}

// What is read ahead is fetched line by line: 3 rows of 4 lines in 4 times 2
// steps, two in each, none beyond the last one. A unit of tiles takes too little
// time for that.
// CHECK-LABEL: func.func @ahead(
// CHECK-SAME: %[[NEXT:[^:]*]]: memref<3x100xbf16>
// AMX-NOT: memref.prefetch %[[NEXT]]
// DOTS-DAG: %[[C1:.*]] = arith.constant 1 : index
// DOTS-DAG: %[[C2:.*]] = arith.constant 2 : index
// DOTS-DAG: %[[C4:.*]] = arith.constant 4 : index
// DOTS-DAG: %[[C8:.*]] = arith.constant 8 : index
// DOTS-DAG: %[[C11:.*]] = arith.constant 11 : index
// DOTS-DAG: %[[C12:.*]] = arith.constant 12 : index
// DOTS-DAG: %[[C32:.*]] = arith.constant 32 : index
// DOTS: scf.for %[[ROW:.*]] = %c0
// DOTS: %[[ROUND:.*]] = arith.divui %[[ROW]], %[[C8]]
// DOTS: scf.for %[[STEP:[^ ]*]] =
// DOTS: %[[BEFORE:.*]] = arith.muli %[[ROUND]], %[[C2]]
// DOTS: %[[TURN:.*]] = arith.addi %[[BEFORE]], %[[STEP]]
// DOTS: %[[SCALED:.*]] = arith.muli %[[TURN]], %[[C12]]
// DOTS: %[[FIRST:.*]] = arith.divui %[[SCALED]], %[[C8]]
// DOTS: %[[LINE:.*]] = arith.minui %[[FIRST]], %[[C11]]
// DOTS: %[[Y:.*]] = arith.divui %[[LINE]], %[[C4]]
// DOTS: %[[REST:.*]] = arith.remui %[[LINE]], %[[C4]]
// DOTS: %[[X:.*]] = arith.muli %[[REST]], %[[C32]]
// DOTS: memref.prefetch %[[NEXT]][%[[Y]], %[[X]]], read, locality<2>, data
// DOTS: %[[SECOND:.*]] = arith.addi %[[FIRST]], %[[C1]]
// DOTS: arith.minui %[[SECOND]], %[[C11]]
// DOTS: memref.prefetch %[[NEXT]]
// DOTS-NOT: memref.prefetch %[[NEXT]]
// FMA: memref.prefetch %[[NEXT]]
func.func @ahead(%next: memref<3x100xbf16>, %a: memref<2x1x32x32xbf16>, %b: memref<2x1x2x16x32xbf16>,
                 %c: memref<32x32xf32>, %fresh: i1) {
  zq.multiply_tiles %a, %b fresh %fresh ahead(%next : memref<3x100xbf16>) outs(%c)
      : memref<2x1x32x32xbf16>, memref<2x1x2x16x32xbf16>, memref<32x32xf32>
  return
}

// Pairs are rounded first, and interleaved as one register.
// CHECK-LABEL: func.func @pairs(
// CHECK-SAME: %[[LOW:[^:]*]]: vector<16xf32>, %[[HIGH:[^:]*]]:
// DOTS: %[[R:.*]] = llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"(%[[HIGH]], %[[LOW]])
// DOTS: vector.shuffle %[[R]], %[[R]] [0, 16, 1, 17,
// FMA: vector.interleave
// FMA-NOT: zq.to_bf16
func.func @pairs(%low: vector<16xf32>, %high: vector<16xf32>) -> vector<32xbf16> {
  %both = vector.interleave %low, %high : vector<16xf32> -> vector<32xf32>
  %r = zq.to_bf16 %both : vector<32xf32>
  return %r : vector<32xbf16>
}

// Linux is asked for the tile registers once, before they are used; without them
// the process ends.
// AMX: llvm.func internal @zq_permit_tiles()
// AMX: llvm.call @syscall({{.*}}) vararg
// AMX: llvm.call @abort()
// DOTS-NOT: zq_permit_tiles
