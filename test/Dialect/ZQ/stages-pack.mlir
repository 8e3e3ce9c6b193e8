// Layouts of packed codes and what is sparse: their text, their streams, and
// how they decode.
// RUN: zq-opt %s | zq-opt | FileCheck %s --check-prefix=TEXT
// RUN: zq-opt %s -zq-materialize-decoders=width=16 | FileCheck %s

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

// No options: no brackets.
// TEXT-DAG: #zq.codec<quantize<si4>, pack>
func.func private @plain(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<>>>)

// In any order, printed in one.
// TEXT-DAG: #zq.codec<quantize<si6>, pack<msb, word = 32, split, tile = 8x32>>
func.func private @options(!zq.tensor<4x64xf32, #zq.codec<quantize<si6>, pack<tile = 8x32, split, word = 32, msb>>>)

// TEXT-DAG: #zq.codec<quantize<si4>, pack<radix = 16>>
// TEXT-DAG: #zq.codec<quantize<si4>, pack<planar>>
// TEXT-DAG: #zq.codec<quantize<si4>, pack<halves>>
// TEXT-DAG: #zq.codec<quantize<si4>, pack<halves = 32>>
func.func private @layouts(!zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<radix = 16>>>,
                           !zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<planar>>>,
                           !zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<halves>>>,
                           !zq.tensor<4x64xf32, #zq.codec<quantize<si4>, pack<halves = 32>>>)

// TEXT-DAG: #zq.codec<sparse<2:4>, quantize<si4>, pack>
// TEXT-DAG: #zq.codec<sparse<2:4, [pack]>, quantize<si4>, pack>
func.func private @sparse(!zq.tensor<4x64xf32, #zq.codec<sparse<2:4>, quantize<si4>, pack>>,
                          !zq.tensor<4x64xf32, #zq.codec<sparse<2:4, [pack]>, quantize<si4>, pack>>)

// TEXT-DAG: #zq.codec<bitmap<64, f16>>
// TEXT-DAG: #zq.codec<quantize<si4>, bitmap<64>>
func.func private @bitmap(!zq.tensor<4x64xf32, #zq.codec<bitmap<64, f16>>>,
                          !zq.tensor<4x64xf32, #zq.codec<quantize<si4>, bitmap<64>>>)

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

// Codes of 3 bits, ten to a word: each lane gets the two bytes of its code.
// CHECK-LABEL: func.func @words
// CHECK: using @[[WORDS:[^ ]*]] at
func.func @words(%w: !zq.tensor<4x80xf32, #zq.codec<quantize<ui3>, pack<word = 32>>>,
                 %o: tensor<4x80xf32>) -> tensor<4x80xf32> {
  %d = zq.decode %w at [0, 0] outs(%o : tensor<4x80xf32>)
      : !zq.tensor<4x80xf32, #zq.codec<quantize<ui3>, pack<word = 32>>> -> tensor<4x80xf32>
  return %d : tensor<4x80xf32>
}

// Five digits of base 3 to a byte, each a difference of two quotients.
// CHECK-LABEL: func.func @digits
// CHECK: using @[[DIGITS:[^ ]*]] at
func.func @digits(%w: !zq.tensor<4x81xf32, #zq.codec<lookup<[-1.0, 0.0, 1.0]>, pack<radix = 3>>>,
                  %o: tensor<4x81xf32>) -> tensor<4x81xf32> {
  %d = zq.decode %w at [0, 0] outs(%o : tensor<4x81xf32>)
      : !zq.tensor<4x81xf32, #zq.codec<lookup<[-1.0, 0.0, 1.0]>, pack<radix = 3>>> -> tensor<4x81xf32>
  return %d : tensor<4x81xf32>
}

// Two planes, of the upper two bits and of the lower four, in tiles.
// CHECK-LABEL: func.func @planes
// CHECK: using @[[PLANES:[^ ]*]] at
func.func @planes(%w: !zq.tensor<5x82xf32, #zq.codec<quantize<f6E3M2FN>, pack<split, tile = 4x16>>>,
                  %o: tensor<5x82xf32>) -> tensor<5x82xf32> {
  %d = zq.decode %w at [0, 0] outs(%o : tensor<5x82xf32>)
      : !zq.tensor<5x82xf32, #zq.codec<quantize<f6E3M2FN>, pack<split, tile = 4x16>>> -> tensor<5x82xf32>
  return %d : tensor<5x82xf32>
}

// Half of a byte, the lower one for the first 16 of 32 codes.
// CHECK-LABEL: func.func @halves_of_runs
// CHECK: using @[[HALVES:[^ ]*]] at
func.func @halves_of_runs(%w: !zq.tensor<4x64xf32, #zq.codec<quantize<ui4>, pack<halves = 32>>>,
                          %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %d = zq.decode %w at [0, 0] outs(%o : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<quantize<ui4>, pack<halves = 32>>> -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// 8 kept values to 16 lanes, which compare with their own position.
// CHECK-LABEL: func.func @two_of_four
// CHECK: using @[[SPARSE:[^ ]*]] at
func.func @two_of_four(%w: !zq.tensor<4x64xf32, #zq.codec<sparse<2:4, [pack]>, quantize<ui8>, pack>>,
                       %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %d = zq.decode %w at [0, 0] outs(%o : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<sparse<2:4, [pack]>, quantize<ui8>, pack>> -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// The values before a block are counted by the bits before it.
// CHECK-LABEL: func.func @expanded
// CHECK: using @[[BITMAP:[^ ]*]] at
func.func @expanded(%w: !zq.tensor<4x64xf32, #zq.codec<bitmap<64, f16>>>,
                    %o: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %d = zq.decode %w at [0, 0] outs(%o : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #zq.codec<bitmap<64, f16>>> -> tensor<4x64xf32>
  return %d : tensor<4x64xf32>
}

// CHECK: zq.decoder private @[[WORDS]] block [1, 20] streams
// CHECK-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 10) * 4)>
// CHECK: %[[B:.*]] = vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<4x32xi8>, vector<8xi8>
// CHECK: vector.shuffle %[[B]], %[[B]] [0, 1, 0, 1, 0, 1, 1, 2, 1, 2, 1, 2, 2, 3, 2, 3, 3, 4, 3, 4, 4, 5,

// CHECK: zq.decoder private @[[DIGITS]] block [1, 20] streams
// CHECK-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0, d1 ceildiv 5)>
// CHECK: %[[W:.*]] = vector.bitcast {{.*}} : vector<80xi8> to vector<20xi32>
// CHECK: arith.constant dense<[1, 171, 57, 19, 203, 1,
// CHECK: %[[Q:.*]] = arith.shrui
// CHECK: arith.constant dense<[171, 57, 19, 203, 0, 171,
// CHECK: %[[N:.*]] = arith.shrui
// CHECK: %[[K:.*]] = arith.muli %[[N]], %{{.*}} : vector<20xi32>
// CHECK: arith.subi %[[Q]], %[[K]] : vector<20xi32>

// CHECK: zq.decoder private @[[PLANES]] block [1, 16] streams
// CHECK-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0 ceildiv 4, d1 ceildiv 16, 48)>
// CHECK: %[[T:.*]] = vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<2x6x48xi8>, vector<4xi8>
// CHECK: %[[H:.*]] = zq.unpack %[[T]] bits 2
// CHECK: %[[S:.*]] = arith.shli %[[H]]
// CHECK: %[[F:.*]] = vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<2x6x48xi8>, vector<8xi8>
// CHECK: %[[L:.*]] = zq.unpack %[[F]] bits 4
// CHECK: arith.ori %[[S]], %[[L]]

// CHECK: zq.decoder private @[[HALVES]] block [1, 16] streams
// CHECK-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 32) * 16)>
// CHECK: vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<4x32xi8>, vector<16xi8>
// CHECK: arith.shrui {{.*}} : vector<16xi8>
// CHECK: arith.andi {{.*}} : vector<16xi8>

// CHECK: zq.decoder private @[[SPARSE]] block [1, 16] streams
// CHECK-SAME: #zq.stream<"index.codes" : i8, (d0, d1) -> (d0, ((d1 ceildiv 4) * 2) ceildiv 4)>
// CHECK-SAME: #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 4) * 2)>
// CHECK: %[[I:.*]] = zq.unpack {{.*}} bits 2 : vector<2xi8> -> vector<8xi8>
// CHECK: arith.constant dense<[0, 1, 2, 3, 0, 1, 2, 3,
// CHECK: vector.shuffle %[[I]], %[[I]] [0, 0, 0, 0, 2, 2, 2, 2,
// CHECK: vector.shuffle {{.*}} [0, 0, 0, 0, 2, 2, 2, 2,
// CHECK: arith.select
// CHECK: vector.shuffle %[[I]], %[[I]] [1, 1, 1, 1, 3, 3, 3, 3,
// CHECK: vector.shuffle {{.*}} [1, 1, 1, 1, 3, 3, 3, 3,
// CHECK: arith.select

// CHECK: zq.decoder private @[[BITMAP]] block [1, 16] streams
// CHECK-SAME: #zq.stream<"bitmap" : i8, (d0, d1) -> (d0, (d1 ceildiv 64) * 8)>
// CHECK-SAME: #zq.stream<"offsets" : i32, (d0, d1) -> (d0, d1 ceildiv 64)>
// CHECK-SAME: #zq.stream<"values" : f16, (d0, d1)[s0] -> (s0)>
// CHECK: %[[LAST:.*]] = arith.subi %{{.*}}, %{{.*}} : index
// CHECK: arith.maxsi
// CHECK: arith.minsi %{{.*}}, %[[LAST]]
// CHECK: math.ctpop
// CHECK: %[[M:.*]] = vector.bitcast {{.*}} : vector<1xi16> to vector<16xi1>
// CHECK: vector.transfer_read {{.*}} {in_bounds = [true]} : tensor<?xf16>, vector<16xf16>
// CHECK: zq.expand %{{.*}}, %[[M]], %{{.*}} : vector<16xf32>
