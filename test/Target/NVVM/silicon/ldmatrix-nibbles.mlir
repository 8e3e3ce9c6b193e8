// Which bits of a byte `ldmatrix` of b4x16_p64 fills [PTX 9.7.14.5.15]: the low
// four. Row r has the nibbles e ^ r.
//
// The emulator's reading of the manual; on a GPU of the chip, what silicon does.
// What is stored is the difference to what is expected.
// RUN: zq-run %s --target=emulate:sm_120a:1 | FileCheck %s
// RUN: %if cuda-sm_120a %{ zq-run %s --target=cuda | FileCheck %s %} %else %{ echo "not run on a sm_120a: there is none" %}
// CHECK: result 0: tensor<32xf32>, from 0 to 0, mean 0

func.func @main() -> tensor<32xf32> {
  %one = arith.constant 1 : index
  %lanes = arith.constant 32 : index
  %bytes = arith.constant 128 : i32
  %out = memref.alloc() : memref<32xf32>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %lanes, %sy = %one, %sz = %one) dynamic_shared_memory_size %bytes {
    %lane = arith.index_cast %tx : index to i32
    %dynamic = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %index = memref.extract_aligned_pointer_as_index %dynamic : memref<?xi8, #gpu.address_space<workgroup>> -> index
    %address = arith.index_cast %index : index to i64
    %shared = llvm.inttoptr %address : i64 to !llvm.ptr<3>
    %c2 = arith.constant 2 : i32
    %c3 = arith.constant 3 : i32
    %c4 = arith.constant 4 : i32
    %c7 = arith.constant 7 : i32
    %c8 = arith.constant 8 : i32
    %nibbles0 = arith.constant 0x76543210 : i32
    %nibbles1 = arith.constant 0xFEDCBA98 : i32
    %everyNibble = arith.constant 0x11111111 : i32
    %bytes0 = arith.constant 0x03020100 : i32
    %everyByte = arith.constant 0x01010101 : i32

    %row = arith.andi %lane, %c7 : i32
    %offset = arith.shli %row, %c4 : i32
    %place = llvm.getelementptr %shared[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %isRow = arith.cmpi ult, %lane, %c8 : i32
    scf.if %isRow {
      %flip = arith.muli %row, %everyNibble : i32
      %word0 = arith.xori %nibbles0, %flip : i32
      %word1 = arith.xori %nibbles1, %flip : i32
      llvm.store %word0, %place {alignment = 4 : i64} : i32, !llvm.ptr<3>
      %next = llvm.getelementptr %place[4] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %word1, %next {alignment = 4 : i64} : i32, !llvm.ptr<3>
    }
    gpu.barrier
    %loaded = nvvm.ldmatrix %place {num = 1 : i32, layout = #nvvm.mma_layout<row>,
        shape = #nvvm.ld_st_matrix_shape<m = 8, n = 16>, eltType = #nvvm.ld_st_matrix_elt_type<b8x16.b4x16_p64>}
        : (!llvm.ptr<3>) -> i32

    // Lane 4 g + t has bytes 4 t to 4 t + 3 of row g.
    %g = arith.shrui %lane, %c2 : i32
    %t = arith.andi %lane, %c3 : i32
    %t4 = arith.shli %t, %c2 : i32
    %begin = arith.muli %t4, %everyByte : i32
    %inRow = arith.addi %begin, %bytes0 : i32
    %flips = arith.muli %g, %everyByte : i32
    %expected = arith.xori %inRow, %flips : i32
    %difference = arith.subi %loaded, %expected : i32
    %result = arith.sitofp %difference : i32 to f32
    memref.store %result, %out[%tx] : memref<32xf32>
    gpu.terminator
  }
  %result = bufferization.to_tensor %out restrict writable : memref<32xf32> to tensor<32xf32>
  return %result : tensor<32xf32>
}
