// What can be said of each family's machine code without a GPU: nothing is
// spilled; registers are so few that two blocks of 256 threads, or four of 128,
// fit an SM, or eight of the kernels whose sums are in tensor memory; the
// instruction that was meant is there, and beside it global memory is read 16
// bytes at a time. Narrower are scales: two loads, four where the codes that a
// lane loads at once are of as many groups, or the copies that are counted. A
// row is a module, its chips where it is not for all of them, and its limits.
// REQUIRES: ptxas, long_tests
// RUN: split-file %s %t
// DEFINE: %{check} = %python %S/Inputs/check_kernels.py --zq-compile zq-compile %t
// DEFINE: %{large} = --chip sm_80 --chip sm_90a --chip sm_100a --chip sm_100f --chip sm_103a
// Their shared memory has room for one block of many rows.
// DEFINE: %{small} = --chip sm_89 --chip sm_120a --chip sm_120f --chip sm_121a
// DEFINE: %{with-mma} = --chip sm_120a --chip sm_120f --chip sm_121a
// DEFINE: %{with-tcgen05} = --chip sm_100a --chip sm_100f --chip sm_103a

// DEFINE: %{decoded} = --registers 128 --instruction 'mma\.sync\.aligned\.m16n8k16' --narrow-copies 0
// DEFINE: %{alone} = --registers 168 --instruction 'mma\.sync\.aligned\.m16n8k16' --narrow-copies 0
// RUN: %{check}/few-rows.mlir %{decoded} --narrow-loads 4
// RUN: %{check}/many-rows.mlir %{large} %{decoded} --narrow-loads 2
// RUN: %{check}/many-rows.mlir %{small} %{alone} --narrow-loads 2
// Huffman's chunks are read by the bit.
// RUN: %{check}/huffman-few-rows.mlir %{decoded}
// RUN: %{check}/huffman-many-rows.mlir %{large} %{decoded}
// RUN: %{check}/huffman-many-rows.mlir %{small} %{alone}
// Escapes of nested windows are found in registers: six blocks of the 64 threads
// that such rows keep busy.
// RUN: %{check}/windows-few-rows.mlir --registers 168 --instruction 'mma\.sync\.aligned\.m16n8k16'

// DEFINE: %{mma} = --registers 168 --instruction 'mma\.sync.*block_scale' --narrow-loads 0 --narrow-copies 8
// RUN: %{check}/block-scaled-few-rows.mlir %{with-mma} %{mma}
// RUN: %{check}/block-scaled-many-rows.mlir %{with-mma} %{mma}
// RUN: %{check}/block-scaled-mixed.mlir %{with-mma} %{mma}

// DEFINE: %{tcgen05} = --registers 64 --instruction 'tcgen05\.mma.*block_scale' --narrow-loads 0 --narrow-copies 8
// RUN: %{check}/block-scaled-few-rows.mlir %{with-tcgen05} %{tcgen05}
// RUN: %{check}/block-scaled-many-rows.mlir %{with-tcgen05} %{tcgen05}
// RUN: %{check}/block-scaled-mixed.mlir %{with-tcgen05} %{tcgen05}

// RUN: %{check}/encode.mlir --registers 128

// Weights across the sums, two dense operands, and rotations.
// RUN: %{check}/across.mlir %{large} %{decoded}
// RUN: %{check}/across.mlir %{small} %{alone}
// RUN: %{check}/dense.mlir %{alone} --narrow-loads 0
// RUN: %{check}/rotate.mlir --registers 128

// The check finds copies that are narrow.
// RUN: not %python %S/Inputs/check_kernels.py --zq-compile zq-compile %t/block-scaled-few-rows.mlir --chip sm_100a \
// RUN:   --instruction tcgen05.mma --narrow-copies 0 2>&1 | FileCheck %s
// CHECK: sm_100a: multiply_kernel: {{[0-9]+}} copies of less than 16 bytes: cp.async.ca.shared.global

//--- few-rows.mlir
func.func @multiply(%x: tensor<1x4096xbf16>, %w: !zq.tensor<4096x4096xf32, #zq.codec<nvfp4>>)
    -> tensor<1x4096xf32> {
  %e = tensor.empty() : tensor<4096x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4096x4096xf32>)
      : !zq.tensor<4096x4096xf32, #zq.codec<nvfp4>> -> tensor<4096x4096xf32>
  %zero = arith.constant dense<0.0> : tensor<1x4096xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xbf16>, tensor<4096x4096xf32>)
      outs(%zero : tensor<1x4096xf32>) -> tensor<1x4096xf32>
  return %y : tensor<1x4096xf32>
}

//--- many-rows.mlir
func.func @multiply(%x: tensor<256x4096xbf16>, %w: !zq.tensor<512x4096xf32, #zq.codec<nvfp4>>)
    -> tensor<256x512xf32> {
  %e = tensor.empty() : tensor<512x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x4096xf32>)
      : !zq.tensor<512x4096xf32, #zq.codec<nvfp4>> -> tensor<512x4096xf32>
  %zero = arith.constant dense<0.0> : tensor<256x512xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<256x4096xbf16>, tensor<512x4096xf32>)
      outs(%zero : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %y : tensor<256x512xf32>
}

//--- huffman-few-rows.mlir
func.func @multiply(%x: tensor<1x4096xbf16>, %w: !zq.tensor<512x4096xbf16, #zq.codec<bf16_huff>>)
    -> tensor<1x512xf32> {
  %e = tensor.empty() : tensor<512x4096xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x4096xbf16>)
      : !zq.tensor<512x4096xbf16, #zq.codec<bf16_huff>> -> tensor<512x4096xbf16>
  %zero = arith.constant dense<0.0> : tensor<1x512xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xbf16>, tensor<512x4096xbf16>)
      outs(%zero : tensor<1x512xf32>) -> tensor<1x512xf32>
  return %y : tensor<1x512xf32>
}

//--- windows-few-rows.mlir
func.func @multiply(%x: tensor<1x4096xbf16>, %w: !zq.tensor<512x4096xbf16, #zq.codec<bf16_window222>>)
    -> tensor<1x512xf32> {
  %e = tensor.empty() : tensor<512x4096xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x4096xbf16>)
      : !zq.tensor<512x4096xbf16, #zq.codec<bf16_window222>> -> tensor<512x4096xbf16>
  %zero = arith.constant dense<0.0> : tensor<1x512xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<1x4096xbf16>, tensor<512x4096xbf16>)
      outs(%zero : tensor<1x512xf32>) -> tensor<1x512xf32>
  return %y : tensor<1x512xf32>
}

//--- huffman-many-rows.mlir
func.func @multiply(%x: tensor<256x4096xbf16>, %w: !zq.tensor<512x4096xbf16, #zq.codec<bf16_huff>>)
    -> tensor<256x512xf32> {
  %e = tensor.empty() : tensor<512x4096xbf16>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x4096xbf16>)
      : !zq.tensor<512x4096xbf16, #zq.codec<bf16_huff>> -> tensor<512x4096xbf16>
  %zero = arith.constant dense<0.0> : tensor<256x512xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %d : tensor<256x4096xbf16>, tensor<512x4096xbf16>)
      outs(%zero : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %y : tensor<256x512xf32>
}

//--- block-scaled-few-rows.mlir
func.func @multiply(%x: !zq.tensor<8x4096xf32, #zq.codec<nvfp4>>, %w: !zq.tensor<512x4096xf32, #zq.codec<nvfp4>>)
    -> tensor<8x512xf32> {
  %e = tensor.empty() : tensor<512x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<512x4096xf32>)
      : !zq.tensor<512x4096xf32, #zq.codec<nvfp4>> -> tensor<512x4096xf32>
  %ex = tensor.empty() : tensor<8x4096xf32>
  %dx = zq.decode %x at [0, 0] outs(%ex : tensor<8x4096xf32>) : !zq.tensor<8x4096xf32, #zq.codec<nvfp4>> -> tensor<8x4096xf32>
  %zero = arith.constant dense<0.0> : tensor<8x512xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%dx, %d : tensor<8x4096xf32>, tensor<512x4096xf32>)
      outs(%zero : tensor<8x512xf32>) -> tensor<8x512xf32>
  return %y : tensor<8x512xf32>
}

//--- block-scaled-many-rows.mlir
func.func @multiply(%x: !zq.tensor<1024x4096xf32, #zq.codec<nvfp4>>, %w: !zq.tensor<8192x4096xf32, #zq.codec<nvfp4>>)
    -> tensor<1024x8192xf32> {
  %e = tensor.empty() : tensor<8192x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8192x4096xf32>)
      : !zq.tensor<8192x4096xf32, #zq.codec<nvfp4>> -> tensor<8192x4096xf32>
  %ex = tensor.empty() : tensor<1024x4096xf32>
  %dx = zq.decode %x at [0, 0] outs(%ex : tensor<1024x4096xf32>) : !zq.tensor<1024x4096xf32, #zq.codec<nvfp4>> -> tensor<1024x4096xf32>
  %zero = arith.constant dense<0.0> : tensor<1024x8192xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%dx, %d : tensor<1024x4096xf32>, tensor<8192x4096xf32>)
      outs(%zero : tensor<1024x8192xf32>) -> tensor<1024x8192xf32>
  return %y : tensor<1024x8192xf32>
}

//--- block-scaled-mixed.mlir
func.func @multiply(%x: !zq.tensor<1024x4096xf32, #zq.codec<mxfp8_e4m3>>, %w: !zq.tensor<8192x4096xf32, #zq.codec<mxfp4>>)
    -> tensor<1024x8192xf32> {
  %e = tensor.empty() : tensor<8192x4096xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<8192x4096xf32>)
      : !zq.tensor<8192x4096xf32, #zq.codec<mxfp4>> -> tensor<8192x4096xf32>
  %ex = tensor.empty() : tensor<1024x4096xf32>
  %dx = zq.decode %x at [0, 0] outs(%ex : tensor<1024x4096xf32>) : !zq.tensor<1024x4096xf32, #zq.codec<mxfp8_e4m3>> -> tensor<1024x4096xf32>
  %zero = arith.constant dense<0.0> : tensor<1024x8192xf32>
  %y = linalg.matmul
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                       affine_map<(m, n, k) -> (m, n)>]
      ins(%dx, %d : tensor<1024x4096xf32>, tensor<8192x4096xf32>)
      outs(%zero : tensor<1024x8192xf32>) -> tensor<1024x8192xf32>
  return %y : tensor<1024x8192xf32>
}

//--- encode.mlir
#c = #zq.codec<nvfp4>
func.func @encode(%x: tensor<512x4096xf32>) -> (tensor<1x1xf32>, tensor<512x256xf8E4M3FN>, tensor<512x2048xi8>) {
  %half = arith.constant dense<0.5> : tensor<512x4096xf32>
  %h = arith.mulf %x, %half : tensor<512x4096xf32>
  %c = zq.encode %h : tensor<512x4096xf32> -> !zq.tensor<512x4096xf32, #c>
  %s:3 = zq.disassemble %c : !zq.tensor<512x4096xf32, #c>
      -> tensor<1x1xf32>, tensor<512x256xf8E4M3FN>, tensor<512x2048xi8>
  return %s#0, %s#1, %s#2 : tensor<1x1xf32>, tensor<512x256xf8E4M3FN>, tensor<512x2048xi8>
}

//--- across.mlir
func.func @multiply(%x: tensor<256x4096xbf16>, %w: !zq.tensor<4096x512xf32, #zq.codec<nvfp4>>)
    -> tensor<256x512xf32> {
  %e = tensor.empty() : tensor<4096x512xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<4096x512xf32>)
      : !zq.tensor<4096x512xf32, #zq.codec<nvfp4>> -> tensor<4096x512xf32>
  %zero = arith.constant dense<0.0> : tensor<256x512xf32>
  %y = linalg.matmul ins(%x, %d : tensor<256x4096xbf16>, tensor<4096x512xf32>)
      outs(%zero : tensor<256x512xf32>) -> tensor<256x512xf32>
  return %y : tensor<256x512xf32>
}

//--- dense.mlir
func.func @multiply(%x: tensor<8x512x128xbf16>, %w: tensor<8x128x512xbf16>) -> tensor<8x512x512xf32> {
  %zero = arith.constant dense<0.0> : tensor<8x512x512xf32>
  %y = linalg.batch_matmul ins(%x, %w : tensor<8x512x128xbf16>, tensor<8x128x512xbf16>)
      outs(%zero : tensor<8x512x512xf32>) -> tensor<8x512x512xf32>
  return %y : tensor<8x512x512xf32>
}

//--- rotate.mlir
func.func @rotate(%x: tensor<64x4096xf32>, %y: tensor<64x448xf32>) -> (tensor<64x4096xf32>, tensor<64x448xf32>) {
  %e = tensor.empty() : tensor<64x4096xf32>
  %r = zq.rotate %x by #zq.hadamard<axis = 1, block = 4096, seed = 1> outs(%e : tensor<64x4096xf32>)
      : tensor<64x4096xf32> -> tensor<64x4096xf32>
  %f = tensor.empty() : tensor<64x448xf32>
  %s = zq.rotate %y by #zq.hadamard<axis = 1, block = 448, seed = 1> outs(%f : tensor<64x448xf32>)
      : tensor<64x448xf32> -> tensor<64x448xf32>
  return %r, %s : tensor<64x4096xf32>, tensor<64x448xf32>
}
