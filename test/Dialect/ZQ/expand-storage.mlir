// Compressed tensors become their streams, wherever they go.
// RUN: zq-opt %s -zq-expand-storage -split-input-file | FileCheck %s

#q = #zq.codec<scale<1x16, f32>, quantize<si8>, pack>
!t = !zq.tensor<4x64xf32, #q>

// CHECK-LABEL: func.func private @declaration(tensor<4x4xf32>, tensor<4x64xi8>, f32) -> (tensor<4x4xf32>, tensor<4x64xi8>)
func.func private @declaration(!t, f32) -> !t

// CHECK-LABEL: func.func @argument(
// CHECK-SAME: %[[S:[^:]*]]: tensor<4x4xf32>, %[[C:[^:]*]]: tensor<4x64xi8>)
// CHECK-NEXT: return %[[C]], %[[S]]
func.func @argument(%w: !t) -> (tensor<4x64xi8>, tensor<4x4xf32>) {
  %s:2 = zq.disassemble %w : !t -> tensor<4x4xf32>, tensor<4x64xi8>
  return %s#1, %s#0 : tensor<4x64xi8>, tensor<4x4xf32>
}

// CHECK-LABEL: func.func @result(
// CHECK-SAME: %[[S:[^:]*]]: tensor<4x4xf32>, %[[C:[^:]*]]: tensor<4x64xi8>) -> (tensor<4x4xf32>, tensor<4x64xi8>)
// CHECK-NEXT: return %[[S]], %[[C]]
func.func @result(%s: tensor<4x4xf32>, %c: tensor<4x64xi8>) -> !t {
  %w = zq.assemble %s, %c : tensor<4x4xf32>, tensor<4x64xi8> -> !t
  return %w : !t
}

// CHECK-LABEL: func.func @call(
// CHECK-SAME: %[[X:[^:]*]]: f32, %[[S:[^:]*]]: tensor<4x4xf32>, %[[C:[^:]*]]: tensor<4x64xi8>)
// CHECK-NEXT: %[[R:.*]]:2 = call @declaration(%[[S]], %[[C]], %[[X]])
// CHECK-NEXT: return %[[R]]#0, %[[R]]#1, %[[X]]
func.func @call(%x: f32, %w: !t) -> (!t, f32) {
  %r = call @declaration(%w, %x) : (!t, f32) -> !t
  return %r, %x : !t, f32
}

// CHECK-LABEL: func.func @unused(
// CHECK-SAME: tensor<4x4xf32>, %{{.*}}: tensor<4x64xi8>)
func.func @unused(%w: !t) {
  return
}

// -----

#q = #zq.codec<scale<1x16, f32>, quantize<si8>, pack>
!t = !zq.tensor<4x64xf32, #q>

// CHECK-LABEL: func.func @if(
// CHECK-SAME: %[[I:[^:]*]]: i1, %[[A0:[^:]*]]: tensor<4x4xf32>, %[[A1:[^:]*]]: tensor<4x64xi8>, %[[B0:[^:]*]]: tensor<4x4xf32>, %[[B1:[^:]*]]: tensor<4x64xi8>)
// CHECK: %[[R:.*]]:2 = scf.if %[[I]] -> (tensor<4x4xf32>, tensor<4x64xi8>)
// CHECK: scf.yield %[[A0]], %[[A1]]
// CHECK: scf.yield %[[B0]], %[[B1]]
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @if(%i: i1, %a: !t, %b: !t) -> !t {
  %r = scf.if %i -> !t {
    scf.yield %a : !t
  } else {
    scf.yield %b : !t
  }
  return %r : !t
}

// Canonicalization makes this of the function above.
// CHECK-LABEL: func.func @select(
// CHECK-SAME: %[[I:[^:]*]]: i1, %[[A0:[^:]*]]: tensor<4x4xf32>, %[[A1:[^:]*]]: tensor<4x64xi8>, %[[B0:[^:]*]]: tensor<4x4xf32>, %[[B1:[^:]*]]: tensor<4x64xi8>)
// CHECK: %[[R0:.*]] = arith.select %[[I]], %[[A0]], %[[B0]]
// CHECK: %[[R1:.*]] = arith.select %[[I]], %[[A1]], %[[B1]]
// CHECK: return %[[R0]], %[[R1]]
func.func @select(%i: i1, %a: !t, %b: !t) -> !t {
  %r = arith.select %i, %a, %b : !t
  return %r : !t
}

// CHECK-LABEL: func.func @for(
// CHECK: scf.for {{.*}} iter_args(%[[A0:.*]] = %{{.*}}, %[[A1:.*]] = %{{.*}}, %[[B0:.*]] = %{{.*}}, %[[B1:.*]] = %{{[^)]*}})
// CHECK: scf.yield %[[B0]], %[[B1]], %[[A0]], %[[A1]]
func.func @for(%n: index, %w: !t, %v: !t) -> !t {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %w, %b = %v) -> (!t, !t) {
    scf.yield %b, %a : !t, !t
  }
  return %r#0 : !t
}

// CHECK-LABEL: func.func @while(
// CHECK: scf.while ({{.*}}) : (tensor<4x4xf32>, tensor<4x64xi8>) -> (tensor<4x4xf32>, tensor<4x64xi8>)
// CHECK: scf.condition(%{{.*}}) %{{.*}}, %{{.*}} : tensor<4x4xf32>, tensor<4x64xi8>
func.func @while(%c: i1, %w: !t) -> !t {
  %r = scf.while (%a = %w) : (!t) -> !t {
    scf.condition(%c) %a : !t
  } do {
  ^bb0(%a: !t):
    scf.yield %a : !t
  }
  return %r : !t
}

// -----

// A stream whose size depends on the data is dynamic.
// CHECK-LABEL: func.func @huffman(
// CHECK-SAME: tensor<4x64xi8>, %{{.*}}: tensor<1024xi16>, %{{.*}}: tensor<4x1xi32>, %{{.*}}: tensor<?xi8>) -> (tensor<4x64xi8>, tensor<1024xi16>, tensor<4x1xi32>, tensor<?xi8>)
func.func @huffman(%w: !zq.tensor<4x64xbf16, #zq.codec<bf16_huff>>)
    -> !zq.tensor<4x64xbf16, #zq.codec<bf16_huff>> {
  return %w : !zq.tensor<4x64xbf16, #zq.codec<bf16_huff>>
}

// -----

// The streams of a codec that names a decoder are that decoder's, which is not
// needed any more after.
// CHECK-NOT: zq.decoder
// CHECK-LABEL: func.func @user_decoder(
// CHECK-SAME: %[[C:[^:]*]]: tensor<4x24xi8>)
// CHECK-NEXT: return %[[C]]
func.func @user_decoder(%w: !zq.tensor<4x64xf32, #zq.codec<@d>>) -> tensor<4x24xi8> {
  %s = zq.disassemble %w : !zq.tensor<4x64xf32, #zq.codec<@d>> -> tensor<4x24xi8>
  return %s : tensor<4x24xi8>
}

zq.decoder @d block [1, 8] streams [
  #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 8) * 3)>
] decode {
^bb0(%codes: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}
