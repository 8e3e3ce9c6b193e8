// Decoders are inlined around the blocks of a window, rotations become
// butterflies.
// RUN: zq-opt %s -zq-decode-to-vector=unroll=2 -canonicalize -split-input-file -verify-diagnostics | FileCheck %s

#w = #zq.codec<@d>

zq.decoder @d block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%codes: tensor<4x128xi8>, %i: index, %j: index):
  %none = arith.constant 0 : i8
  %c = vector.transfer_read %codes[%i, %j], %none {in_bounds = [true]}
      : tensor<4x128xi8>, vector<8xi8>
  %v = arith.sitofp %c : vector<8xi8> to vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// CHECK-LABEL: func.func @one_block(
// CHECK-SAME: %[[W:[^:]*]]: !zq.tensor{{.*}}, %[[I:[^:]*]]: index
// CHECK: %[[S:.*]] = zq.disassemble %[[W]]
// CHECK: %[[E:.*]] = tensor.empty() : tensor<1x8xf32>
// CHECK-NEXT: %[[C:.*]] = vector.transfer_read %[[S]][%[[I]], %c16]
// CHECK-NEXT: %[[V:.*]] = arith.sitofp %[[C]]
// CHECK-NEXT: %[[B:.*]] = vector.broadcast %[[V]] : vector<8xf32> to vector<1x8xf32>
// CHECK-NEXT: vector.transfer_write %[[B]], %[[E]][%c0, %c0] {in_bounds = [true, true]}
// CHECK-NEXT: return
func.func @one_block(%w: !zq.tensor<4x128xf32, #w>, %i: index) -> tensor<1x8xf32> {
  %e = tensor.empty() : tensor<1x8xf32>
  %r = zq.decode %w using @d at [%i, 16] outs(%e : tensor<1x8xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// Few rows are one vector as well.
// CHECK-LABEL: func.func @two_rows(
// CHECK-NOT: scf.for
// CHECK: vector.transfer_read %{{.*}}[%[[I:.*]], %c16]
// CHECK: %[[NEXT:.*]] = arith.addi %[[I]], %c1
// CHECK: vector.transfer_read %{{.*}}[%[[NEXT]], %c16]
// CHECK: vector.transfer_write {{.*}} : vector<2x8xf32>, tensor<2x8xf32>
func.func @two_rows(%w: !zq.tensor<4x128xf32, #w>, %i: index) -> tensor<2x8xf32> {
  %e = tensor.empty() : tensor<2x8xf32>
  %r = zq.decode %w using @d at [%i, 16] outs(%e : tensor<2x8xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}

// More rows than `unroll` go in a loop.
// CHECK-LABEL: func.func @many_rows(
// CHECK: scf.for %[[I:.*]] = %c0 to %c4 step %c1 iter_args(%[[T:.*]] = %{{.*}}) -> (tensor<4x8xf32>)
// CHECK: %[[C:.*]] = vector.transfer_read %{{.*}}[%[[I]], %c0]
// CHECK: %[[V:.*]] = arith.sitofp %[[C]]
// CHECK: vector.transfer_write %[[V]], %[[T]][%[[I]], %c0]
func.func @many_rows(%w: !zq.tensor<4x128xf32, #w>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %r = zq.decode %w using @d at [0, 0] outs(%e : tensor<4x8xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// A narrower window drops the block's end.
// CHECK-LABEL: func.func @part_of_a_block(
// CHECK: %[[V:.*]] = vector.extract_strided_slice %{{.*}} {offsets = [0], sizes = [5], strides = [1]}
// CHECK: vector.transfer_write {{.*}} : vector<1x5xf32>, tensor<1x5xf32>
func.func @part_of_a_block(%w: !zq.tensor<4x128xf32, #w>, %i: index) -> tensor<1x5xf32> {
  %e = tensor.empty() : tensor<1x5xf32>
  %r = zq.decode %w using @d at [%i, 16] outs(%e : tensor<1x5xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x5xf32>
  return %r : tensor<1x5xf32>
}

// Whole blocks in a loop, then the tail.
// CHECK-LABEL: func.func @blocks_and_tail(
// CHECK: %[[MAIN:.*]] = scf.for %[[J:.*]] = %c0 to %c16 step %c8 iter_args(%[[T:.*]] = %{{.*}})
// CHECK: %[[AT:.*]] = arith.addi %[[J]], %c8
// CHECK: vector.transfer_read %{{.*}}[%{{.*}}, %[[AT]]]
// CHECK: vector.transfer_write %{{.*}}, %[[T]][%c0, %[[J]]]
// CHECK: vector.transfer_read %{{.*}}[%{{.*}}, %c24]
// CHECK: %[[TAIL:.*]] = vector.extract_strided_slice %{{.*}} {offsets = [0], sizes = [4], strides = [1]}
// CHECK: vector.transfer_write %[[TAIL]], %[[MAIN]][%c0, %c16]
func.func @blocks_and_tail(%w: !zq.tensor<4x128xf32, #w>, %i: index) -> tensor<1x20xf32> {
  %e = tensor.empty() : tensor<1x20xf32>
  %r = zq.decode %w using @d at [%i, 8] outs(%e : tensor<1x20xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x20xf32>
  return %r : tensor<1x20xf32>
}

// The blocks that cover the window, from the block of its first element on.
// CHECK-LABEL: func.func @unaligned(
// CHECK-SAME: index, %[[J:[^:]*]]: index
// CHECK: %[[BLOCK:.*]] = arith.divui %[[J]], %c8
// CHECK: %[[BEGIN:.*]] = arith.muli %[[BLOCK]], %c8
// CHECK: %[[BEFORE:.*]] = arith.subi %[[J]], %[[BEGIN]]
// CHECK: %[[END:.*]] = arith.addi %[[BEFORE]], %c20
// CHECK: %[[BLOCKS:.*]] = arith.ceildivui %[[END]], %c8
// CHECK: %[[COVERED:.*]] = arith.muli %[[BLOCKS]], %c8
// CHECK: %[[ALL:.*]] = scf.for %[[K:.*]] = %c0 to %[[COVERED]] step %c8
// CHECK: %[[AT:.*]] = arith.addi %[[BEGIN]], %[[K]]
// CHECK: vector.transfer_read %{{.*}}[%{{.*}}, %[[AT]]]
// CHECK: tensor.extract_slice %[[ALL]][0, %[[BEFORE]]] [1, 20] [1, 1]
func.func @unaligned(%w: !zq.tensor<4x128xf32, #w>, %i: index, %j: index)
    -> tensor<1x20xf32> {
  %e = tensor.empty() : tensor<1x20xf32>
  // expected-remark @+1 {{the window is not known to begin at a multiple of 8 elements: decoding the blocks that cover it}}
  %r = zq.decode %w using @d at [%i, %j] outs(%e : tensor<1x20xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x20xf32>
  return %r : tensor<1x20xf32>
}

// CHECK-LABEL: func.func @unaligned_constant(
// CHECK: %[[ALL:.*]] = scf.for %{{.*}} = %c0 to %c24 step %c8 {{.*}} -> (tensor<1x32xf32>)
// CHECK: tensor.extract_slice %[[ALL]][0, 3] [1, 20] [1, 1]
func.func @unaligned_constant(%w: !zq.tensor<4x128xf32, #w>, %i: index) -> tensor<1x20xf32> {
  %e = tensor.empty() : tensor<1x20xf32>
  // expected-remark @+1 {{the window is not known to begin at a multiple of 8 elements}}
  %r = zq.decode %w using @d at [%i, 3] outs(%e : tensor<1x20xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x20xf32>
  return %r : tensor<1x20xf32>
}

// CHECK-LABEL: func.func @dynamic_size(
// CHECK-SAME: %[[M:[^:]*]]: index, %[[N:[^:]*]]: index
// CHECK: %[[BLOCKS:.*]] = arith.ceildivui %[[N]], %c8
// CHECK: %[[COVERED:.*]] = arith.muli %[[BLOCKS]], %c8
// CHECK: tensor.empty(%[[M]], %[[COVERED]])
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [%[[M]], %[[N]]] [1, 1]
func.func @dynamic_size(%w: !zq.tensor<4x128xf32, #w>, %m: index, %n: index)
    -> tensor<?x?xf32> {
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  // expected-remark @+1 {{the window is not known to end at a multiple of 8 elements}}
  %r = zq.decode %w using @d at [0, 0] outs(%e : tensor<?x?xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// Rows without number need no cover.
// CHECK-LABEL: func.func @dynamic_rows(
// CHECK-SAME: %[[M:[^:]*]]: index
// CHECK: scf.for %{{.*}} = %c0 to %[[M]] step %c1
// CHECK: scf.for %{{.*}} = %c0 to %c128 step %c8
func.func @dynamic_rows(%w: !zq.tensor<4x128xf32, #w>, %m: index) -> tensor<?x128xf32> {
  %e = tensor.empty(%m) : tensor<?x128xf32>
  %r = zq.decode %w using @d at [0, 0] outs(%e : tensor<?x128xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<?x128xf32>
  return %r : tensor<?x128xf32>
}

// CHECK-LABEL: func.func @no_elements(
// CHECK-SAME: %{{.*}}, %[[E:[^:]*]]: tensor<0x8xf32>
// CHECK-NEXT: return %[[E]]
func.func @no_elements(%w: !zq.tensor<4x128xf32, #w>, %e: tensor<0x8xf32>)
    -> tensor<0x8xf32> {
  %r = zq.decode %w using @d at [0, 0] outs(%e : tensor<0x8xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<0x8xf32>
  return %r : tensor<0x8xf32>
}

// Loops and arithmetic tell that these begin at a multiple of the block: no
// remark.
// CHECK-LABEL: func.func @known_multiples(
// CHECK-NOT: tensor.extract_slice
// CHECK: return
func.func @known_multiples(%w: !zq.tensor<4x128xf32, #w>, %n: index, %e: tensor<1x8xf32>)
    -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %r:2 = scf.for %j = %c0 to %n step %c16 iter_args(%a = %e, %b = %e)
      -> (tensor<1x8xf32>, tensor<1x8xf32>) {
    %k = affine.apply affine_map<(d0)[s0] -> (d0 + s0 * 24 + 8)>(%j)[%n]
    %x = zq.decode %w using @d at [0, %k] outs(%a : tensor<1x8xf32>)
        : !zq.tensor<4x128xf32, #w> -> tensor<1x8xf32>
    %m = arith.muli %n, %c16 : index
    %l = arith.addi %m, %j : index
    %y = zq.decode %w using @d at [0, %l] outs(%b : tensor<1x8xf32>)
        : !zq.tensor<4x128xf32, #w> -> tensor<1x8xf32>
    scf.yield %x, %y : tensor<1x8xf32>, tensor<1x8xf32>
  }
  return %r#0, %r#1 : tensor<1x8xf32>, tensor<1x8xf32>
}

// CHECK-LABEL: func.func @sum_of_unknown(
// CHECK: tensor.extract_slice
func.func @sum_of_unknown(%w: !zq.tensor<4x128xf32, #w>, %n: index) -> tensor<1x8xf32> {
  %k = affine.apply affine_map<(d0) -> (d0 * 12)>(%n)
  %e = tensor.empty() : tensor<1x8xf32>
  // expected-remark @+1 {{the window is not known to begin at a multiple of 8 elements}}
  %r = zq.decode %w using @d at [0, %k] outs(%e : tensor<1x8xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// Windows of one tensor share its streams.
// CHECK-LABEL: func.func @two_windows(
// CHECK: zq.disassemble
// CHECK-NOT: zq.disassemble
func.func @two_windows(%w: !zq.tensor<4x128xf32, #w>, %e: tensor<1x8xf32>)
    -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %a = zq.decode %w using @d at [0, 0] outs(%e : tensor<1x8xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x8xf32>
  %b = zq.decode %w using @d at [0, 8] outs(%e : tensor<1x8xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<1x8xf32>
  return %a, %b : tensor<1x8xf32>, tensor<1x8xf32>
}

// -----

// What the decoder yields is rounded to the window's element type.

#w = #zq.codec<@d>

zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %c = arith.index_cast %j : index to i32
  %f = arith.sitofp %c : i32 to bf16
  %v = vector.broadcast %f : bf16 to vector<8xbf16>
  zq.yield %v : vector<8xbf16>
}

// CHECK-LABEL: func.func @wider_window(
// CHECK: %[[V:.*]] = arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// CHECK: vector.transfer_write %[[V]]
func.func @wider_window(%w: !zq.tensor<4x128xf32, #w>, %i: index) -> tensor<2x16xf32> {
  %e = tensor.empty() : tensor<2x16xf32>
  %r = zq.decode %w using @d at [%i, 0] outs(%e : tensor<2x16xf32>)
      : !zq.tensor<4x128xf32, #w> -> tensor<2x16xf32>
  return %r : tensor<2x16xf32>
}

// CHECK-LABEL: func.func @another_window(
// CHECK: %[[F:.*]] = arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// CHECK: %[[V:.*]] = arith.truncf %[[F]] : vector<8xf32> to vector<8xf16>
// CHECK: vector.transfer_write %[[V]]
func.func @another_window(%w: !zq.tensor<4x128xf16, #w>, %i: index) -> tensor<2x16xf16> {
  %e = tensor.empty() : tensor<2x16xf16>
  %r = zq.decode %w using @d at [%i, 0] outs(%e : tensor<2x16xf16>)
      : !zq.tensor<4x128xf16, #w> -> tensor<2x16xf16>
  return %r : tensor<2x16xf16>
}

// -----

// A decoder with state: it begins afresh every 16 elements.

#s = #zq.codec<@s>

zq.decoder @s block [1, 8] chunk 16 streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%codes: tensor<8x128xi8>, %i: index, %j: index, %state: f32):
  %c = tensor.extract %codes[%i, %j] : tensor<8x128xi8>
  %f = arith.sitofp %c : i8 to f32
  %next = arith.addf %state, %f : f32
  %v = vector.broadcast %next : f32 to vector<8xf32>
  zq.yield %v, %next : vector<8xf32>, f32
} init {
^bb0(%codes: tensor<8x128xi8>, %i: index, %j: index):
  %c = tensor.extract %codes[%i, %j] : tensor<8x128xi8>
  %f = arith.uitofp %c : i8 to f32
  zq.yield %f : f32
}

// CHECK-LABEL: func.func @at_beginning_of_chunk(
// CHECK-NOT: scf.
// CHECK: %[[INIT:.*]] = arith.uitofp
// CHECK: arith.addf %[[INIT]], %{{.*}} : f32
func.func @at_beginning_of_chunk(%w: !zq.tensor<8x128xf32, #s>, %i: index)
    -> tensor<1x8xf32> {
  %e = tensor.empty() : tensor<1x8xf32>
  %r = zq.decode %w using @s at [%i, 16] outs(%e : tensor<1x8xf32>)
      : !zq.tensor<8x128xf32, #s> -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// What lies before the window in its chunk is decoded for the state alone.
// CHECK-LABEL: func.func @within_chunk(
// CHECK-SAME: index, %[[B:[^:]*]]: index
// CHECK: %[[J:.*]] = arith.muli %[[B]], %c8
// CHECK: %[[CHUNK:.*]] = arith.divui %[[J]], %c16
// CHECK: %[[BEGIN:.*]] = arith.muli %[[CHUNK]], %c16
// CHECK: tensor.extract %[[S:.*]][%[[I:.*]], %[[BEGIN]]]
// CHECK: %[[INIT:.*]] = arith.uitofp
// CHECK: %[[STATE:.*]] = scf.for %[[K:.*]] = %[[BEGIN]] to %[[J]] step %c8 iter_args(%{{.*}} = %[[INIT]]) -> (f32)
// CHECK: tensor.extract %[[S]][%[[I]], %[[K]]]
// CHECK-NOT: vector
// CHECK: scf.yield
// CHECK: arith.addf %[[STATE]],
// CHECK: vector.transfer_write
func.func @within_chunk(%w: !zq.tensor<8x128xf32, #s>, %i: index, %b: index)
    -> tensor<1x8xf32> {
  %c8 = arith.constant 8 : index
  %j = arith.muli %b, %c8 : index
  %e = tensor.empty() : tensor<1x8xf32>
  %r = zq.decode %w using @s at [%i, %j] outs(%e : tensor<1x8xf32>)
      : !zq.tensor<8x128xf32, #s> -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// Where a loop walks along the row, it carries the state.
// CHECK-LABEL: func.func @carried_by_loop(
// CHECK: %[[FIRST:.*]] = arith.uitofp
// CHECK: scf.for %[[J:.*]] = %c0 to %c128 step %c8 iter_args(%{{.*}} = %{{.*}}, %[[OLD:.*]] = %[[FIRST]]) -> (tensor<1x8xf32>, f32)
// CHECK: %[[WITHIN:.*]] = arith.remui %[[J]], %c16
// CHECK: %[[BEGINS:.*]] = arith.cmpi eq, %[[WITHIN]], %c0
// CHECK: %[[STATE:.*]] = scf.if %[[BEGINS]] -> (f32)
// CHECK: tensor.extract %{{.*}}[%{{.*}}, %[[J]]]
// CHECK: %[[INIT:.*]] = arith.uitofp
// CHECK: scf.yield %[[INIT]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[OLD]]
// CHECK: %[[NEXT:.*]] = arith.addf %[[STATE]],
// CHECK: linalg.add
// CHECK: scf.yield %{{.*}}, %[[NEXT]] : tensor<1x8xf32>, f32
func.func @carried_by_loop(%w: !zq.tensor<8x128xf32, #s>, %i: index, %o: tensor<1x8xf32>)
    -> tensor<1x8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c128 = arith.constant 128 : index
  %y = scf.for %j = %c0 to %c128 step %c8 iter_args(%acc = %o) -> tensor<1x8xf32> {
    %e = tensor.empty() : tensor<1x8xf32>
    %r = zq.decode %w using @s at [%i, %j] outs(%e : tensor<1x8xf32>)
        : !zq.tensor<8x128xf32, #s> -> tensor<1x8xf32>
    %a = linalg.add ins(%acc, %r : tensor<1x8xf32>, tensor<1x8xf32>)
        outs(%acc : tensor<1x8xf32>) -> tensor<1x8xf32>
    scf.yield %a : tensor<1x8xf32>
  }
  return %y : tensor<1x8xf32>
}

// A loop that skips blocks cannot carry it.
// CHECK-LABEL: func.func @loop_with_larger_step(
// CHECK: scf.for %[[J:.*]] = %c8 to %c128 step %c16 iter_args({{.*}}) -> (tensor<1x8xf32>)
// CHECK: scf.for {{.*}} to %[[J]] step %c8 {{.*}} -> (f32)
func.func @loop_with_larger_step(%w: !zq.tensor<8x128xf32, #s>, %i: index,
                                 %o: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c128 = arith.constant 128 : index
  %y = scf.for %j = %c8 to %c128 step %c16 iter_args(%acc = %o) -> tensor<1x8xf32> {
    %r = zq.decode %w using @s at [%i, %j] outs(%acc : tensor<1x8xf32>)
        : !zq.tensor<8x128xf32, #s> -> tensor<1x8xf32>
    scf.yield %r : tensor<1x8xf32>
  }
  return %y : tensor<1x8xf32>
}

// Rows go side by side, each with its state, so that none waits for another:
// their ops are in turn.
// CHECK-LABEL: func.func @rows_side_by_side(
// CHECK: scf.for %[[I:.*]] = %c0 to %c6 step %c2 iter_args
// CHECK: %[[A:.*]] = arith.uitofp
// CHECK: %[[B:.*]] = arith.uitofp
// CHECK: scf.for %{{.*}} = %c0 to %c32 step %c8 iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %[[A]], %{{.*}} = %[[B]]) -> (tensor<6x32xf32>, f32, f32)
// CHECK-COUNT-2: scf.if
// CHECK-COUNT-2: arith.sitofp
// CHECK-NOT: arith.sitofp
// CHECK-COUNT-2: arith.addf
// CHECK-NOT: arith.addf
// CHECK-COUNT-2: vector.transfer_write
// CHECK-NOT: vector.transfer_write
func.func @rows_side_by_side(%w: !zq.tensor<8x128xf32, #s>) -> tensor<6x32xf32> {
  %e = tensor.empty() : tensor<6x32xf32>
  %r = zq.decode %w using @s at [0, 0] outs(%e : tensor<6x32xf32>)
      : !zq.tensor<8x128xf32, #s> -> tensor<6x32xf32>
  return %r : tensor<6x32xf32>
}

// In registers too, where the sum of row and offset is before all of them.
// CHECK-LABEL: func.func @rows_in_registers(
// CHECK-COUNT-2: arith.uitofp
// CHECK-COUNT-2: arith.sitofp
// CHECK-COUNT-2: arith.addf
// CHECK-COUNT-2: vector.broadcast
// CHECK: vector.transfer_write
func.func @rows_in_registers(%w: !zq.tensor<8x128xf32, #s>) -> tensor<2x8xf32> {
  %e = tensor.empty() : tensor<2x8xf32>
  %r = zq.decode %w using @s at [3, 16] outs(%e : tensor<2x8xf32>)
      : !zq.tensor<8x128xf32, #s> -> tensor<2x8xf32>
  return %r : tensor<2x8xf32>
}

// CHECK-LABEL: func.func @unaligned_state(
// CHECK: %[[BEGIN:.*]] = arith.muli %{{.*}}, %c8
// CHECK: %[[CHUNK:.*]] = arith.divui %[[BEGIN]], %c16
// CHECK: %[[STATE:.*]] = scf.for {{.*}} to %[[BEGIN]] step %c8 {{.*}} -> (f32)
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %[[STATE]]) -> (tensor<1x32xf32>, f32)
// CHECK: arith.remui
// CHECK: tensor.extract_slice
func.func @unaligned_state(%w: !zq.tensor<8x128xf32, #s>, %i: index, %j: index)
    -> tensor<1x20xf32> {
  %e = tensor.empty() : tensor<1x20xf32>
  // expected-remark @+1 {{the window is not known to begin at a multiple of 8 elements}}
  %r = zq.decode %w using @s at [%i, %j] outs(%e : tensor<1x20xf32>)
      : !zq.tensor<8x128xf32, #s> -> tensor<1x20xf32>
  return %r : tensor<1x20xf32>
}

// -----

// What 64 lanes need fills the registers with two rows.

#t = #zq.codec<@t>

zq.decoder @t block [1, 64] chunk 64 streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%codes: tensor<4x64xi8>, %i: index, %j: index, %state: f32):
  %c = tensor.extract %codes[%i, %j] : tensor<4x64xi8>
  %f = arith.sitofp %c : i8 to f32
  %next = arith.addf %state, %f : f32
  %v = vector.broadcast %next : f32 to vector<64xf32>
  zq.yield %v, %next : vector<64xf32>, f32
} init {
^bb0(%codes: tensor<4x64xi8>, %i: index, %j: index):
  %zero = arith.constant 0.0 : f32
  zq.yield %zero : f32
}

// CHECK-LABEL: func.func @pairs_of_rows(
// CHECK-COUNT-2: arith.sitofp
// CHECK-NOT: arith.sitofp
// CHECK-COUNT-2: vector.transfer_write
// CHECK-COUNT-2: arith.sitofp
// CHECK-COUNT-2: vector.transfer_write
func.func @pairs_of_rows(%w: !zq.tensor<4x64xf32, #t>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %r = zq.decode %w using @t at [0, 0] outs(%e : tensor<4x64xf32>)
      : !zq.tensor<4x64xf32, #t> -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// -----

// Signs, three steps of butterflies, and the scale 1 / sqrt(8). Each lane is
// added to its partner, with a sign; that product is exact.
// CHECK-LABEL: func.func @rotation(
// CHECK-SAME: %[[X:[^:]*]]: tensor<3x16xf32>
// CHECK-DAG: %[[SCALE:.*]] = arith.constant dense<0.353553{{.*}}> : vector<8xf32>
// CHECK-DAG: %[[SIGNS:.*]] = arith.constant dense<{{.*}}> : tensor<16xf32>
// CHECK-DAG: %[[BY1:.*]] = arith.constant dense<[1.000000e+00, -1.000000e+00, 1.000000e+00, -1.000000e+00, 1.000000e+00, -1.000000e+00, 1.000000e+00, -1.000000e+00]> : vector<8xf32>
// CHECK: scf.for %[[I:.*]] = %c0 to %c3 step %c1
// CHECK: scf.for %[[J:.*]] = %c0 to %c16 step %c8 iter_args(%[[T:.*]] =
// CHECK: %[[V:.*]] = vector.transfer_read %[[X]][%[[I]], %[[J]]]
// CHECK: %[[S:.*]] = vector.transfer_read %[[SIGNS]][%[[J]]]
// CHECK: %[[P:.*]] = arith.mulf %[[V]], %[[S]] : vector<8xf32>
// CHECK: %[[PARTNER:.*]] = vector.shuffle %[[P]], %[[P]] [1, 0, 3, 2, 5, 4, 7, 6]
// CHECK: %[[SIGNED:.*]] = arith.mulf %[[P]], %[[BY1]] fastmath<contract>
// CHECK: %[[BY2:.*]] = arith.addf %[[PARTNER]], %[[SIGNED]] fastmath<contract>
// CHECK: vector.shuffle %[[BY2]], %[[BY2]] [2, 3, 0, 1, 6, 7, 4, 5]
// CHECK: vector.shuffle {{.*}} [4, 5, 6, 7, 0, 1, 2, 3]
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: %[[R:.*]] = arith.mulf %[[SUM]], %[[SCALE]] : vector<8xf32>
// CHECK: vector.transfer_write %[[R]], %[[T]][%[[I]], %[[J]]]
func.func @rotation(%x: tensor<3x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 8, seed = 1>
      outs(%o : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  return %r : tensor<3x16xf32>
}

// The inverse ends with the signs.
// CHECK-LABEL: func.func @inverse_rotation(
// CHECK: vector.transfer_read
// CHECK-NEXT: vector.shuffle
// CHECK-COUNT-3: arith.addf
// CHECK: %[[A:.*]] = arith.mulf
// CHECK: %[[S:.*]] = vector.transfer_read
// CHECK: %[[R:.*]] = arith.mulf %[[A]], %[[S]]
// CHECK: vector.transfer_write %[[R]]
func.func @inverse_rotation(%x: tensor<3x16xf32>, %o: tensor<3x16xf32>) -> tensor<3x16xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 8, seed = 1> inverse
      outs(%o : tensor<3x16xf32>) : tensor<3x16xf32> -> tensor<3x16xf32>
  return %r : tensor<3x16xf32>
}

// An activation takes the order of its weight 16 elements at a time, from inside
// of the line whatever the order says; the tail one by one.
// CHECK-LABEL: func.func @order(
// CHECK-SAME: %[[X:.*]]: tensor<3x44xf32>, %[[O:.*]]: tensor<44xi32>
// CHECK: scf.for %[[I:.*]] = %c0 to %c3 step
// CHECK: scf.for %[[J:.*]] = %c0 to %c32 step %c16
// CHECK: %[[FROM:.*]] = vector.transfer_read %[[O]][%[[J]]]
// CHECK: %[[INSIDE:.*]] = arith.minui %[[FROM]], %{{.*}} : vector<16xi32>
// CHECK: %[[V:.*]] = vector.gather %[[X]][%[[I]], %c0] [%[[INSIDE]]]
// CHECK: vector.transfer_write %[[V]], %{{.*}}[%[[I]], %[[J]]]
// CHECK: scf.for %{{.*}} = %c32 to %c44 step %c1
// CHECK: tensor.extract %[[X]]
func.func @order(%x: tensor<3x44xf32>, %order: tensor<44xi32>, %o: tensor<3x44xf32>) -> tensor<3x44xf32> {
  %r = zq.rotate %x by #zq.permute<axis = 1> with %order : tensor<44xi32>
      outs(%o : tensor<3x44xf32>) : tensor<3x44xf32> -> tensor<3x44xf32>
  return %r : tensor<3x44xf32>
}

// What decodes puts each element in its place, which another one may have too.
// CHECK-LABEL: func.func @inverse_order(
// CHECK-NOT: vector.gather
// CHECK: tensor.insert
func.func @inverse_order(%x: tensor<3x44xf32>, %order: tensor<44xi32>, %o: tensor<3x44xf32>) -> tensor<3x44xf32> {
  %r = zq.rotate %x by #zq.permute<axis = 1> with %order : tensor<44xi32> inverse
      outs(%o : tensor<3x44xf32>) : tensor<3x44xf32> -> tensor<3x44xf32>
  return %r : tensor<3x44xf32>
}

// What fills no block is rotated in blocks of descending powers of two.
// CHECK-LABEL: func.func @rotation_of_ragged_columns(
// CHECK: scf.for %{{.*}} = %c0 to %[[N:.*]] step %c1
// CHECK: scf.for %[[I:.*]] = %c0 to %c16 step %c8
// CHECK: vector.transfer_read %{{.*}}[%[[I]], %[[J:.*]]], {{.*}} permutation_map = #{{.*}} : tensor<22x?xf32>, vector<8xf32>
// CHECK: vector.transfer_read %{{.*}}[%c16, %[[J]]], {{.*}} : tensor<22x?xf32>, vector<4xf32>
// CHECK: vector.transfer_read %{{.*}}[%c20, %[[J]]], {{.*}} : tensor<22x?xf32>, vector<2xf32>
func.func @rotation_of_ragged_columns(%x: tensor<22x?xf32>, %o: tensor<22x?xf32>)
    -> tensor<22x?xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 0, block = 8, seed = 1>
      outs(%o : tensor<22x?xf32>) : tensor<22x?xf32> -> tensor<22x?xf32>
  return %r : tensor<22x?xf32>
}

// Sixteen vectors at a time, which lie far apart in memory; before that runs of
// what two such passes leave. Each of the three has a factor of its own, that
// one vector is multiplied by and most others within a sum.
// CHECK-LABEL: func.func @rotation_of_a_long_block(
// CHECK: scf.for %{{.*}} = %c0 to %c8192 step %c32
// CHECK-COUNT-2: vector.transfer_read {{.*}} vector<16xf32>
// CHECK-COUNT-2: vector.fma
// CHECK-COUNT-2: vector.transfer_write
// CHECK: scf.for %{{.*}} = %c0 to %c8192 step %c512
// CHECK: scf.for %{{.*}} = %c0 to %c32 step %c16
// CHECK-COUNT-16: vector.transfer_read
// CHECK-NEXT: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK-COUNT-30: vector.fma
// CHECK-NOT: vector.fma
// CHECK-COUNT-16: vector.transfer_write
// CHECK: scf.for %{{.*}} = %c0 to %c512 step %c16
// CHECK-COUNT-16: vector.transfer_read
// CHECK: arith.mulf
// CHECK-COUNT-30: vector.fma
// CHECK-NOT: {{scf.for|mulf|vector.fma}}
// CHECK: return
func.func @rotation_of_a_long_block(%x: tensor<8192xf32>, %o: tensor<8192xf32>)
    -> tensor<8192xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 0, block = 8192>
      outs(%o : tensor<8192xf32>) : tensor<8192xf32> -> tensor<8192xf32>
  return %r : tensor<8192xf32>
}

// What decodes multiplies in the end alone, as the reference does.
// CHECK-LABEL: func.func @inverse_rotation_of_a_long_block(
// CHECK-NOT: vector.fma
// CHECK: scf.for %{{.*}} = %c0 to %c512 step %c16
// CHECK-COUNT-16: vector.transfer_read
// CHECK-NOT: arith.mulf
// CHECK-COUNT-32: arith.subf
// CHECK-COUNT-16: arith.mulf
// CHECK-NOT: {{scf.for|mulf}}
// CHECK: return
func.func @inverse_rotation_of_a_long_block(%x: tensor<8192xf32>, %o: tensor<8192xf32>)
    -> tensor<8192xf32> {
  %r = zq.rotate %x by #zq.hadamard<axis = 0, block = 8192> inverse
      outs(%o : tensor<8192xf32>) : tensor<8192xf32> -> tensor<8192xf32>
  return %r : tensor<8192xf32>
}

// -----

// A decoder whose state is the codes of a chunk.

#p = #zq.codec<@p>

zq.decoder @p block [1, 8] chunk 16 streams [
  #zq.stream<"table" : i16, (d0, d1) -> (4096)>, #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
] decode {
^bb0(%table: tensor<4096xi16>, %bits: tensor<?xi8>, %i: index, %j: index, %state: tensor<1x80xi8>):
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0 : i8
  %within = arith.remui %j, %c16 : index
  %c = vector.transfer_read %state[%c0, %within], %zero {in_bounds = [true]} : tensor<1x80xi8>, vector<8xi8>
  %v = arith.sitofp %c : vector<8xi8> to vector<8xf32>
  zq.yield %v, %state : vector<8xf32>, tensor<1x80xi8>
} init {
^bb0(%table: tensor<4096xi16>, %bits: tensor<?xi8>, %i: index, %j: index):
  %c16 = arith.constant 16 : index
  %entries = zq.prefix_table %table : tensor<4096xi16> -> tensor<2048xi64>
  %bit = arith.addi %i, %j : index
  %e = tensor.empty() : tensor<1x80xi8>
  %codes = zq.prefix_chunks %bits at [%bit] count %c16 with %table, %entries outs(%e)
      : tensor<?xi8>, tensor<4096xi16>, tensor<2048xi64>, tensor<1x80xi8>
  zq.yield %codes : tensor<1x80xi8>
}

// One table for all rows, before the loops. An entry is symbols, their number
// and that of their bits.
// CHECK-LABEL: func.func @chunks_of_codes(
// CHECK: %[[STREAMS:.*]]:2 = zq.disassemble
// CHECK: %[[ENTRIES:.*]] = scf.for %[[SLOT:.*]] = %c0 to %c2048 step %c1 iter_args(%{{.*}} = %{{.*}}) -> (tensor<2048xi64>)
// CHECK-COUNT-6: tensor.extract %[[STREAMS]]#0
// CHECK-NOT: tensor.extract
// CHECK: tensor.insert %{{.*}}[%[[SLOT]]]
// CHECK-NOT: tensor<2048xi64>) {
// Rows have one state, which is filled where chunks begin.
// CHECK: %[[NOTHING:.*]] = tensor.empty() : tensor<2x80xi8>
// CHECK: scf.for %[[J:.*]] = %c0 to %c32 step %c8 iter_args(%{{.*}} = %{{.*}}, %[[OLD:.*]] = %[[NOTHING]]) -> (tensor<6x32xf32>, tensor<2x80xi8>)
// CHECK: %[[WITHIN:.*]] = arith.remui %[[J]], %c16
// CHECK: %[[BEGINS:.*]] = arith.cmpi eq, %[[WITHIN]], %c0
// CHECK: %[[CODES:.*]] = scf.if %[[BEGINS]] -> (tensor<2x80xi8>)
// CHECK: %[[NEW:.*]]:5 = scf.while (%{{.*}} = %[[OLD]], {{.*}}) : (tensor<2x80xi8>, i64, i64, i64, i64)
// Of each row, a word from inside of the stream, and five lookups.
// CHECK: %[[LAST:.*]] = arith.subi %{{.*}}, %c8
// CHECK: %[[BYTE:.*]] = arith.minui %{{.*}}, %[[LAST]]
// CHECK: vector.transfer_read %[[STREAMS]]#1[%[[BYTE]]]
// CHECK-COUNT-5: tensor.extract %[[ENTRIES]]
// CHECK: math.ctlz
// A code that is longer than what is looked up.
// CHECK: scf.if
// CHECK: tensor.extract %[[STREAMS]]#0
// CHECK-COUNT-5: tensor.extract %[[ENTRIES]]
// CHECK: scf.condition
// CHECK: scf.yield %[[NEW]]#0
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[OLD]]
// CHECK: tensor.extract_slice %[[CODES]][0, 0] [1, 80]
// CHECK: tensor.extract_slice %[[CODES]][1, 0] [1, 80]
// CHECK: scf.yield %{{.*}}, %[[CODES]]
func.func @chunks_of_codes(%w: !zq.tensor<8x128xf32, #p>) -> tensor<6x32xf32> {
  %e = tensor.empty() : tensor<6x32xf32>
  %r = zq.decode %w using @p at [0, 0] outs(%e : tensor<6x32xf32>)
      : !zq.tensor<8x128xf32, #p> -> tensor<6x32xf32>
  return %r : tensor<6x32xf32>
}

// A loop that ends with its first chunk needs no other one.
// CHECK-LABEL: func.func @one_chunk_in_registers(
// CHECK: %[[CODES:.*]]:5 = scf.while
// CHECK: scf.for {{.*}} -> (tensor<2x8xf32>)
// CHECK-NOT: scf.if
// CHECK-COUNT-2: tensor.extract_slice %[[CODES]]#0
// CHECK: return
func.func @one_chunk_in_registers(%w: !zq.tensor<8x128xf32, #p>, %o: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %y = scf.for %j = %c0 to %c16 step %c8 iter_args(%acc = %o) -> tensor<2x8xf32> {
    %e = tensor.empty() : tensor<2x8xf32>
    %r = zq.decode %w using @p at [0, %j] outs(%e : tensor<2x8xf32>)
        : !zq.tensor<8x128xf32, #p> -> tensor<2x8xf32>
    %a = linalg.add ins(%acc, %r : tensor<2x8xf32>, tensor<2x8xf32>)
        outs(%acc : tensor<2x8xf32>) -> tensor<2x8xf32>
    scf.yield %a : tensor<2x8xf32>
  }
  return %y : tensor<2x8xf32>
}

// A window from within a chunk takes all of the chunk.
// CHECK-LABEL: func.func @chunk_of_window(
// CHECK: %[[CHUNK:.*]] = arith.divui %{{.*}}, %c16
// CHECK: %[[BEGIN:.*]] = arith.muli %[[CHUNK]], %c16
// CHECK: arith.addi %{{.*}}, %[[BEGIN]]
// CHECK: scf.while
func.func @chunk_of_window(%w: !zq.tensor<8x128xf32, #p>, %b: index) -> tensor<1x8xf32> {
  %c8 = arith.constant 8 : index
  %j = arith.muli %b, %c8 : index
  %e = tensor.empty() : tensor<1x8xf32>
  %r = zq.decode %w using @p at [0, %j] outs(%e : tensor<1x8xf32>)
      : !zq.tensor<8x128xf32, #p> -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

// Sparse values have their places in streams: one after the other.
// CHECK-LABEL: func.func @scatter(
// CHECK: scf.for
// CHECK: arith.addf
// CHECK: scf.for
// CHECK-NOT: arith.addf
func.func @scatter(%r: tensor<9xi32>, %c: tensor<?xi32>, %v: tensor<?xf32>,
                   %x: tensor<8x16xf32>) -> (tensor<8x16xf32>, tensor<8x16xf32>) {
  // expected-remark @below {{sparse values are added one by one: their columns are data}}
  %a = zq.scatter %r, %c, %v into %x at [0, 0] of [8, 16]
      : tensor<9xi32>, tensor<?xi32>, tensor<?xf32>, tensor<8x16xf32>
  // expected-remark @below {{sparse values are put one by one: their columns are data}}
  %b = zq.scatter %r, %c, %v into %x at [0, 0] of [8, 16] replace
      : tensor<9xi32>, tensor<?xi32>, tensor<?xf32>, tensor<8x16xf32>
  return %a, %b : tensor<8x16xf32>, tensor<8x16xf32>
}
