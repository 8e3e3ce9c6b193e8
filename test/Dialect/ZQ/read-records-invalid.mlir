// Uses of a component that no read of records stands for.
// RUN: zq-opt %s -zq-read-records -split-input-file -verify-diagnostics

func.func @whole(%r: tensor<2x4x576xi8>) -> tensor<2x32x64xi8> {
  %codes = zq.component %r at 64 items 8 : tensor<2x4x576xi8> -> tensor<2x32x64xi8>
  // expected-error @+1 {{reads what lies in records other than element by element, or in runs of neighbours}}
  return %codes : tensor<2x32x64xi8>
}

// -----

func.func @masked(%r: tensor<2x4x576xi8>, %j: index) -> vector<64xi8> {
  %z = arith.constant 0 : i8
  %codes = zq.component %r at 64 items 8 : tensor<2x4x576xi8> -> tensor<2x32x64xi8>
  // expected-error @+1 {{reads what lies in records other than element by element, or in runs of neighbours}}
  %v = vector.transfer_read %codes[%j, %j, %j], %z : tensor<2x32x64xi8>, vector<64xi8>
  return %v : vector<64xi8>
}
