// What has no vector form on a CPU is said, once for a function and a kind.
// RUN: zq-opt %s -split-input-file -verify-diagnostics -zq-lower-vector-ops=features=+sse2 -o /dev/null
// RUN: sed -e /expected-/d %s | zq-opt -split-input-file -zq-lower-vector-ops=features=+avx2 2>&1 | FileCheck %s --check-prefix=SLOW
// SLOW: remark: gathers: a load for each element
// RUN: sed -e /expected-/d %s | zq-opt -split-input-file -zq-lower-vector-ops=features=+avx2,+fast-gather 2>&1 | FileCheck %s --check-prefix=AVX2 --implicit-check-not="a load for each"
// AVX2-LABEL: func.func @gathers

// expected-remark @below {{gathers: a load for each element, since the CPU has no fast instruction for them}}
func.func @gathers(%m: memref<16xf32>, %i: vector<8xindex>, %p: vector<8xf32>) -> vector<8xf32> {
  %zero = arith.constant 0 : index
  %mask = arith.constant dense<true> : vector<8xi1>
  %v = vector.gather %m[%zero] [%i], %mask, %p : memref<16xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  return %v : vector<8xf32>
}

// -----

// expected-remark @below {{lookups in 32 entries of 'i8': a load for each element, since the target has no permute for them}}
func.func @long_tables(%c: vector<16xi8>, %t: vector<32xi8>, %s: vector<16xi8>) -> (vector<16xi8>, vector<16xi8>, vector<16xi8>) {
  %v = zq.lookup %c in %t : vector<16xi8>, vector<32xi8> -> vector<16xi8>
  %w = zq.lookup %v in %t : vector<16xi8>, vector<32xi8> -> vector<16xi8>
  %x = zq.lookup %v in %s : vector<16xi8>, vector<16xi8> -> vector<16xi8>
  return %v, %w, %x : vector<16xi8>, vector<16xi8>, vector<16xi8>
}

// Entries of a codebook.
// expected-remark @below {{8 loads of 'f16' one by one: their places are data}}
func.func @loads(%codes: memref<16xi32>, %book: memref<1024xf16>) -> vector<8xf16> {
  %c0 = arith.constant 0 : index
  %i0 = memref.load %codes[%c0] : memref<16xi32>
  %p0 = arith.index_cast %i0 : i32 to index
  %v0 = memref.load %book[%p0] : memref<1024xf16>
  %c1 = arith.constant 1 : index
  %i1 = memref.load %codes[%c1] : memref<16xi32>
  %p1 = arith.index_cast %i1 : i32 to index
  %v1 = memref.load %book[%p1] : memref<1024xf16>
  %c2 = arith.constant 2 : index
  %i2 = memref.load %codes[%c2] : memref<16xi32>
  %p2 = arith.index_cast %i2 : i32 to index
  %v2 = memref.load %book[%p2] : memref<1024xf16>
  %c3 = arith.constant 3 : index
  %i3 = memref.load %codes[%c3] : memref<16xi32>
  %p3 = arith.index_cast %i3 : i32 to index
  %v3 = memref.load %book[%p3] : memref<1024xf16>
  %c4 = arith.constant 4 : index
  %i4 = memref.load %codes[%c4] : memref<16xi32>
  %p4 = arith.index_cast %i4 : i32 to index
  %v4 = memref.load %book[%p4] : memref<1024xf16>
  %c5 = arith.constant 5 : index
  %i5 = memref.load %codes[%c5] : memref<16xi32>
  %p5 = arith.index_cast %i5 : i32 to index
  %v5 = memref.load %book[%p5] : memref<1024xf16>
  %c6 = arith.constant 6 : index
  %i6 = memref.load %codes[%c6] : memref<16xi32>
  %p6 = arith.index_cast %i6 : i32 to index
  %v6 = memref.load %book[%p6] : memref<1024xf16>
  %c7 = arith.constant 7 : index
  %i7 = memref.load %codes[%c7] : memref<16xi32>
  %p7 = arith.index_cast %i7 : i32 to index
  %v7 = memref.load %book[%p7] : memref<1024xf16>
  %r = vector.from_elements %v0, %v1, %v2, %v3, %v4, %v5, %v6, %v7 : vector<8xf16>
  return %r : vector<8xf16>
}

// What loops alone tell the place of is none.
func.func @strided(%row: index, %book: memref<1024xf16>) -> vector<8xf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %p0 = arith.muli %row, %c0 : index
  %v0 = memref.load %book[%p0] : memref<1024xf16>
  %p1 = arith.muli %row, %c1 : index
  %v1 = memref.load %book[%p1] : memref<1024xf16>
  %p2 = arith.muli %row, %c2 : index
  %v2 = memref.load %book[%p2] : memref<1024xf16>
  %p3 = arith.muli %row, %c3 : index
  %v3 = memref.load %book[%p3] : memref<1024xf16>
  %p4 = arith.muli %row, %c4 : index
  %v4 = memref.load %book[%p4] : memref<1024xf16>
  %p5 = arith.muli %row, %c5 : index
  %v5 = memref.load %book[%p5] : memref<1024xf16>
  %p6 = arith.muli %row, %c6 : index
  %v6 = memref.load %book[%p6] : memref<1024xf16>
  %p7 = arith.muli %row, %c7 : index
  %v7 = memref.load %book[%p7] : memref<1024xf16>
  %r = vector.from_elements %v0, %v1, %v2, %v3, %v4, %v5, %v6, %v7 : vector<8xf16>
  return %r : vector<8xf16>
}
