// What has no vector form on a CPU is said, once for a function and a kind.
// RUN: zq-opt %s -split-input-file -verify-diagnostics -zq-lower-vector-ops=features=+sse2 -o /dev/null
// RUN: sed -e /expected-/d %s | zq-opt -split-input-file -zq-lower-vector-ops=features=+avx2 2>&1 | FileCheck %s --check-prefix=AVX2 --implicit-check-not="a load for each"
// AVX2-LABEL: func.func @gathers

// expected-remark @below {{gathers: a load for each element, since the CPU has no instruction for them}}
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
