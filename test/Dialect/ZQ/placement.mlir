// Where the cost model puts a decode, and what is said of it.
// RUN: zq-opt %s -zq-tile-and-fuse -split-input-file -verify-diagnostics -o /dev/null
// RUN: zq-opt %s -zq-tile-and-fuse=placement=up-front -split-input-file -o %t.mlir 2>%t.err
// RUN: FileCheck %s --check-prefix=FORCED --input-file=%t.mlir
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.err
// RUN: not zq-opt %s -zq-tile-and-fuse=placement=nowhere 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not zq-opt %s -zq-tile-and-fuse=panel=0 2>&1 | FileCheck %s --check-prefix=SIZES

// Upstream's remark engine takes the remarks where it is asked to.
// RUN: zq-opt %s -zq-tile-and-fuse -split-input-file --remarks-filter=zq-placement -o /dev/null 2>&1 | FileCheck %s --check-prefix=ENGINE
// RUN: zq-opt %s -zq-tile-and-fuse -split-input-file --remarks-filter-passed=none -o /dev/null 2>&1 | FileCheck %s --check-prefix=PLAIN

// UNKNOWN: error: unknown placement 'nowhere'; known are auto, registers, panel and up-front
// SIZES: error: width, accumulators and panel are at least 1, and not 16, 16 and 0
// ENGINE-NOT: predicted
// ENGINE: [Passed] decode | Category:zq-placement | Function=used_twice | Remark="decode fused in registers: uses of each value in a tile: 2", bytesRead=9220, bytesWritten=0, operations=8192
// ENGINE: [Passed] decode | Category:zq-placement | Function=used_often | Remark="decode fused per panel: uses of each value in a tile: 64", bytesRead=9220, bytesWritten=65536, operations=8192
// ENGINE: [Missed] decode | Category:zq-placement | Function=in_many_tiles | Remark="decode not fused: once up front; tiles that use each value: 16"
// ENGINE: [Missed] decode | Category:zq-placement | Function=returned
// PLAIN: remark: decode fused in registers: {{.*}}; predicted: 9220 bytes read, 8192 operations, 0 bytes written
// REMARK: remark: decode not fused: once up front; tiles that use each value: 1; predicted: 9220 bytes read, 8192 operations, 65536 bytes written

#w = #zq.codec<nvfp4>
#transposed = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
               affine_map<(m, n, k) -> (m, n)>]

// A loop that decodes, and one that reads what it wrote.
// FORCED-LABEL: func.func @used_twice(
// FORCED: %[[D:.*]] = scf.forall
// FORCED: zq.decode
// FORCED: scf.forall
// FORCED: tensor.extract_slice %[[D]]
// FORCED-NOT: zq.decode
// FORCED: return
func.func @used_twice(%x: tensor<2x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                      %o: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers: uses of each value in a tile: 2; predicted: 9220 bytes read, 8192 operations, 0 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<2x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<2x64xf32>) -> tensor<2x64xf32>
  return %y : tensor<2x64xf32>
}

func.func @used_often(%x: tensor<64x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                      %o: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused per panel: uses of each value in a tile: 64; predicted: 9220 bytes read, 8192 operations, 65536 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<64x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %y : tensor<64x64xf32>
}

// Each tile of 256 rows would go through the Huffman code again.
func.func @in_many_tiles(%x: tensor<4096x256xf32>, %w: !zq.tensor<64x256xbf16, #zq.codec<bf16_huff>>,
                         %o: tensor<4096x64xf32>) -> tensor<4096x64xf32> {
  %e = tensor.empty() : tensor<64x256xbf16>
  // expected-remark @+1 {{decode not fused: once up front; tiles that use each value: 16; predicted: 35072 bytes read, 69632 operations, 32768 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xbf16>)
      : !zq.tensor<64x256xbf16, #zq.codec<bf16_huff>> -> tensor<64x256xbf16>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<4096x256xf32>, tensor<64x256xbf16>)
      outs(%o : tensor<4096x64xf32>) -> tensor<4096x64xf32>
  return %y : tensor<4096x64xf32>
}

func.func @returned(%w: !zq.tensor<64x256xf32, #w>) -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode not fused: the whole of it is used by 'func.return'; predicted: 9220 bytes read, 8192 operations, 65536 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  return %d : tensor<64x256xf32>
}

func.func @elementwise(%w: !zq.tensor<64x256xf32, #w>) -> tensor<64x256xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers: into 'linalg.exp'; predicted: 9220 bytes read, 8192 operations, 0 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %a = linalg.exp ins(%d : tensor<64x256xf32>) outs(%e : tensor<64x256xf32>)
      -> tensor<64x256xf32>
  return %a : tensor<64x256xf32>
}

// A side with a codec of its own is read and decoded as well.
func.func @scales_of_scales(%x: tensor<256xf32>,
    %w: !zq.tensor<64x256xf32, #zq.codec<scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>, quantize<ui4>, pack>>,
    %o: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+1 {{decode fused in registers: uses of each value in a tile: 1; predicted: 8704 bytes read, 6336 operations, 0 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #zq.codec<scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>, quantize<ui4>, pack>>
      -> tensor<64x256xf32>
  %y = linalg.matvec ins(%d, %x : tensor<64x256xf32>, tensor<256xf32>)
      outs(%o : tensor<64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// Each use has its remark: another op's beside a contraction's.
func.func @used_otherwise_too(%x: tensor<2x256xf32>, %w: !zq.tensor<64x256xf32, #w>,
                              %o: tensor<2x64xf32>) -> (tensor<2x64xf32>, tensor<64x256xf32>) {
  %e = tensor.empty() : tensor<64x256xf32>
  // expected-remark @+2 {{decode fused in registers: uses of each value in a tile: 2}}
  // expected-remark @+1 {{decode fused in registers: into 'linalg.exp'; predicted: 9220 bytes read, 8192 operations, 0 bytes written}}
  %d = zq.decode %w at [0, 0] outs(%e : tensor<64x256xf32>)
      : !zq.tensor<64x256xf32, #w> -> tensor<64x256xf32>
  %y = linalg.matmul indexing_maps = #transposed
      ins(%x, %d : tensor<2x256xf32>, tensor<64x256xf32>)
      outs(%o : tensor<2x64xf32>) -> tensor<2x64xf32>
  %f = linalg.exp ins(%d : tensor<64x256xf32>) outs(%e : tensor<64x256xf32>) -> tensor<64x256xf32>
  return %y, %f : tensor<2x64xf32>, tensor<64x256xf32>
}

// A loop that is there already is the tile.
func.func @in_a_loop(%x: tensor<64x256xf32>, %w: !zq.tensor<64x256xf32, #w>) -> tensor<64x256xf32> {
  %r = scf.forall (%i) in (64) shared_outs(%o = %x) -> tensor<64x256xf32> {
    %e = tensor.empty() : tensor<1x256xf32>
    // expected-remark @+1 {{decode fused per panel: in a loop of the program's; predicted: 144 bytes read, 128 operations, 1024 bytes written}}
    %d = zq.decode %w at [%i, 0] outs(%e : tensor<1x256xf32>)
        : !zq.tensor<64x256xf32, #w> -> tensor<1x256xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %d into %o[%i, 0] [1, 256] [1, 1]
          : tensor<1x256xf32> into tensor<64x256xf32>
    }
  }
  return %r : tensor<64x256xf32>
}
