// A stage of a dialect outside of zq (test/lib/TestStage) in a chain with
// zq's own, as docs/AddingACodec.md describes it.

// RUN: zq-test-opt %s | zq-test-opt | FileCheck %s
// RUN: zq-test-opt %s -zq-materialize-decoders | FileCheck %s --check-prefix=DECODER
// RUN: zq-test-opt %s -zq-encode-constants | FileCheck %s --check-prefix=ENCODED
// RUN: zq-test-opt %s -canonicalize | FileCheck %s --check-prefix=FOLDED
// RUN: zq-test-opt %s -canonicalize -zq-lower-to-llvm=threads=false \
// RUN:   | mlir-runner -e sum -entry-point-result=f32 | FileCheck %s --check-prefix=SUM
// RUN: not zq-opt %s 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: #"test_zq"<{{.*}}unregistered dialect
// CHECK-LABEL: func.func @decode(
// CHECK-SAME: !zq.tensor<4x32xf32, #[[CODEC:.*]]>)
// DECODER: #zq.codec<quantize<si8>, #test_zq.xor<mask = 129>, pack>
// DECODER-LABEL: func.func @decode(
// DECODER: zq.decode %{{.*}} using @[[D:.*]] at [0, 0]
func.func @decode(
    %w: !zq.tensor<4x32xf32, #zq.codec<
        quantize<si8>, #test_zq.xor<mask = 129>, pack>>)
    -> tensor<4x32xf32> {
  %e = tensor.empty() : tensor<4x32xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xf32>)
      : !zq.tensor<4x32xf32, #zq.codec<
          quantize<si8>, #test_zq.xor<mask = 129>, pack>> -> tensor<4x32xf32>
  return %d : tensor<4x32xf32>
}

// A codec of lossless stages is lossless, whoever's they are.
// FOLDED-LABEL: func.func @lossless(
// FOLDED-SAME: %[[X:.*]]: tensor<4x32xbf16>
// FOLDED-NEXT: return %[[X]]
func.func @lossless(%x: tensor<4x32xbf16>) -> tensor<4x32xbf16> {
  %w = zq.encode %x : tensor<4x32xbf16> -> !zq.tensor<4x32xbf16, #zq.codec<
      fields<bf16>, #test_zq.xor<mask = 255>, pack>>
  %e = tensor.empty() : tensor<4x32xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x32xbf16>)
      : !zq.tensor<4x32xbf16, #zq.codec<
          fields<bf16>, #test_zq.xor<mask = 255>, pack>> -> tensor<4x32xbf16>
  return %d : tensor<4x32xbf16>
}

// Encoded by the stage's reference and decoded by what it emits: 1 is 0x80
// flipped, -100 is 0x9c and becomes 0x1d.
// ENCODED-LABEL: func.func @sum(
// ENCODED: arith.constant dense<{{\[\[}}-128, 29, -125, -2{{\]\]}}> : tensor<1x4xi8>
// SUM: 3.0
func.func @sum() -> f32 {
  %x = arith.constant dense<[[1.0, -100.0, 2.0, 127.0]]> : tensor<1x4xf32>
  %w = zq.encode %x : tensor<1x4xf32> -> !zq.tensor<1x4xf32, #zq.codec<
      quantize<si8>, #test_zq.xor<mask = 129>, pack>>
  %e = tensor.empty() : tensor<1x4xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<1x4xf32>)
      : !zq.tensor<1x4xf32, #zq.codec<
          quantize<si8>, #test_zq.xor<mask = 129>, pack>> -> tensor<1x4xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %v0 = tensor.extract %d[%c0, %c0] : tensor<1x4xf32>
  %v1 = tensor.extract %d[%c0, %c1] : tensor<1x4xf32>
  %v2 = tensor.extract %d[%c0, %c2] : tensor<1x4xf32>
  %v3 = tensor.extract %d[%c0, %c3] : tensor<1x4xf32>
  %r0 = arith.addf %v0, %v1 : f32
  %r1 = arith.addf %r0, %v2 : f32
  %r2 = arith.addf %r1, %v3 : f32
  return %r2 : f32
}

// DECODER: zq.decoder private @[[D]] block [1, 16]
// DECODER: %[[CODES:.*]] = vector.transfer_read
// DECODER: %[[FLIPPED:.*]] = arith.xori %[[CODES]], %{{.*}} : vector<16xi8>
// DECODER: arith.extui %[[FLIPPED]]
