// Each phase's contract holds where it should, and an op that breaks it is an
// error there.
// RUN: split-file %s %t
// RUN: zq-opt %t/imported.mlir -zq-verify-phase=phase=imported -verify-diagnostics -split-input-file
// RUN: zq-opt %t/algebra.mlir -zq-verify-phase=phase=algebra -verify-diagnostics -split-input-file
// RUN: zq-opt %t/vectors.mlir -zq-verify-phase=phase=vectors -verify-diagnostics -split-input-file
// RUN: zq-opt %t/streams.mlir -zq-verify-phase=phase=streams -verify-diagnostics -split-input-file
// RUN: zq-opt %t/buffers.mlir -zq-verify-phase=phase=buffers -verify-diagnostics -split-input-file
// RUN: zq-opt %t/device.mlir -zq-verify-phase=phase=device -verify-diagnostics -split-input-file
// RUN: zq-opt %t/llvm.mlir -zq-verify-phase=phase=llvm -verify-diagnostics -split-input-file
// RUN: not zq-opt %t/unknown.mlir -zq-verify-phase=phase=decoded 2>&1 | FileCheck %t/unknown.mlir
// RUN: not zq-opt %t/unknown.mlir -zq-verify-phase 2>&1 | FileCheck %t/unknown.mlir --check-prefix=UNNAMED

//--- imported.mlir

func.func @encode(%x: tensor<4x64xf32>) -> !zq.tensor<4x64xf32, #zq.codec<nvfp4>> {
  // expected-error @+1 {{'zq.encode' op is left after the phase 'imported'}}
  %w = zq.encode %x : tensor<4x64xf32> -> !zq.tensor<4x64xf32, #zq.codec<nvfp4>>
  return %w : !zq.tensor<4x64xf32, #zq.codec<nvfp4>>
}

// -----

func.func @quantized_type(%c: tensor<4xi8>) {
  // expected-error @+1 {{'quant.scast' op is left after the phase 'imported'}}
  %q = quant.scast %c : tensor<4xi8> to tensor<4x!quant.uniform<i8:f32, 0.5>>
  return
}

// -----

// expected-error @+1 {{'func.func' op is left after the phase 'imported'}}
func.func @quantized_argument(%q: tensor<4x!quant.uniform<i8:f32, 0.5>>) {
  return
}

// -----

!records = !zq.tensor<4x128xf32, #zq.codec<quantize<si4>, pack<lanes = 16x4>, records = 64>>
func.func @records(%w: !records, %e: tensor<4x128xf32>) -> tensor<4x128xf32> {
  // expected-error @+1 {{'zq.decode' op is left after the phase 'imported'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x128xf32>) : !records -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

// -----

func.func @decode(%w: !zq.tensor<4x128xf32, #zq.codec<int4_h128>>, %e: tensor<4x128xf32>)
    -> tensor<4x128xf32> {
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #zq.codec<int4_h128>> -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

//--- algebra.mlir

func.func @rotation_in_codec(%w: !zq.tensor<4x128xf32, #zq.codec<int4_h128>>,
                             %e: tensor<4x128xf32>) -> tensor<4x128xf32> {
  // expected-error @+1 {{'zq.decode' op is left after the phase 'algebra'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #zq.codec<int4_h128>> -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

// -----

func.func @rotation_apart(%w: !zq.tensor<4x128xf32, #zq.codec<nvfp4>>, %e: tensor<4x128xf32>)
    -> tensor<4x128xf32> {
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #zq.codec<nvfp4>> -> tensor<4x128xf32>
  %r = zq.rotate %d by #zq.hadamard<axis = 1, block = 128, seed = 1>
      outs(%e : tensor<4x128xf32>) : tensor<4x128xf32> -> tensor<4x128xf32>
  return %r : tensor<4x128xf32>
}

//--- vectors.mlir

func.func @decode(%w: !zq.tensor<4x128xf32, #zq.codec<nvfp4>>, %e: tensor<4x128xf32>)
    -> tensor<4x128xf32> {
  // expected-error @+1 {{'zq.decode' op is left after the phase 'vectors'}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4x128xf32>)
      : !zq.tensor<4x128xf32, #zq.codec<nvfp4>> -> tensor<4x128xf32>
  return %d : tensor<4x128xf32>
}

// -----

func.func @rotate(%x: tensor<4x128xf32>) -> tensor<4x128xf32> {
  // expected-error @+1 {{'zq.rotate' op is left after the phase 'vectors'}}
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 128, seed = 1>
      outs(%x : tensor<4x128xf32>) : tensor<4x128xf32> -> tensor<4x128xf32>
  return %r : tensor<4x128xf32>
}

// -----

func.func @linalg(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'linalg.exp' op is left after the phase 'vectors'}}
  %r = linalg.exp ins(%x : tensor<4xf32>) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// No LinalgOp, but an op of linalg.
func.func @softmax(%x: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-error @+1 {{'linalg.softmax' op is left after the phase 'vectors'}}
  %r = linalg.softmax dimension(1) ins(%x : tensor<4x16xf32>) outs(%x : tensor<4x16xf32>)
      -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

// Decoders are named until the streams are apart.
zq.decoder @d block [1, 8] streams [#zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
^bb0(%codes: tensor<?x?xi8>, %i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

// -----

func.func @streams_and_vectors(%w: !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>>)
    -> vector<16xi8> {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0 : i8
  %s = zq.disassemble %w : !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>>
      -> tensor<4x16xi8>
  %v = vector.transfer_read %s[%c0, %c0], %z : tensor<4x16xi8>, vector<16xi8>
  return %v : vector<16xi8>
}

//--- streams.mlir

// expected-error @+1 {{'func.func' op is left after the phase 'streams'}}
func.func @argument(%w: !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>>) {
  return
}

// -----

func.func @assemble(%c: tensor<4x16xi8>) {
  // expected-error @+1 {{'zq.assemble' op is left after the phase 'streams'}}
  %w = zq.assemble %c : tensor<4x16xi8>
      -> !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>>
  return
}

// -----

func.func @vector_ops(%b: vector<8xi8>, %t: vector<16xf32>) -> vector<16xf32> {
  %c = zq.unpack %b bits 4 : vector<8xi8> -> vector<16xi8>
  %v = zq.lookup %c in %t : vector<16xi8>, vector<16xf32> -> vector<16xf32>
  return %v : vector<16xf32>
}

// -----

// The body of a decoder is no error of its own.
// expected-error @+1 {{'zq.decoder' op is left after the phase 'streams'}}
zq.decoder @d block [1, 8] streams [] decode {
^bb0(%i: index, %j: index):
  %v = arith.constant dense<0.0> : vector<8xf32>
  zq.yield %v : vector<8xf32>
}

//--- buffers.mlir

func.func @tensors(%i: index) -> f32 {
  // expected-error @+1 {{'arith.constant' op is left after the phase 'buffers'}}
  %t = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @+1 {{'tensor.extract' op is left after the phase 'buffers'}}
  %x = tensor.extract %t[%i] : tensor<4xf32>
  return %x : f32
}

// -----

func.func @buffers(%m: memref<4xf32>, %i: index) -> f32 {
  %x = memref.load %m[%i] : memref<4xf32>
  return %x : f32
}

//--- device.mlir

func.func @host(%x: memref<8xf32>, %y: memref<8xf32>, %i: index) {
  // Memory may come and go, and be copied.
  %z = memref.alloc() : memref<8xf32>
  memref.copy %x, %z : memref<8xf32> to memref<8xf32>
  memref.dealloc %z : memref<8xf32>
  // An element may be waited for.
  %v = memref.load %x[%i] : memref<8xf32>
  // expected-error @+1 {{'memref.store' op is left after the phase 'device': the host cannot reach}}
  memref.store %v, %y[%i] : memref<8xf32>
  // expected-error @+1 {{'vector.load' op is left after the phase 'device'}}
  %w = vector.load %x[%i] : memref<8xf32>, vector<4xf32>
  // expected-error @+1 {{'linalg.copy' op is left after the phase 'device'}}
  linalg.copy ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  return
}

gpu.module @kernels {
  gpu.func @kernel(%x: memref<8xf32>, %i: index) kernel {
    %v = memref.load %x[%i] : memref<8xf32>
    memref.store %v, %x[%i] : memref<8xf32>
    gpu.return
  }
}

//--- llvm.mlir

// expected-error @+1 {{'func.func' op is left after the phase 'llvm'}}
func.func @function() {
  // expected-error @+1 {{'func.return' op is left after the phase 'llvm'}}
  return
}

// -----

llvm.func @threads() {
  omp.parallel {
    omp.terminator
  }
  llvm.return
}

//--- unknown.mlir

// CHECK: error: zq-verify-phase: there is no phase 'decoded'
// UNNAMED: error: zq-verify-phase: there is no phase ''
