// Y = X W^T of bf16 activations X (up to 8 rows) and NVFP4 weights W, by mma.sync
// bf16 of sm_80 and later, without shared memory. Weights are the matrix A: lane
// (g, t) of a warp holds the 16 consecutive values of one block for each of rows
// g and g + 8, and the same values of row g of X; since K may be permuted as long
// as both matrices are, four lanes walk 64 of K. Codes become bf16 by shifts,
// scaled by 2^-126, and their scales carry 2^118, the rest comes at the end.
// Nibble 2j of a word is in bits 4j on, nibble 2j + 1 in bits 16 + 4j on. Run,
// and broken on purpose, by unittests/NVVM/ExampleKernelTest.cpp.
//
// RUN: zq-opt %s -pass-pipeline='builtin.module(gpu.module(convert-scf-to-cf,convert-gpu-to-nvvm,convert-arith-to-llvm),convert-cf-to-llvm,reconcile-unrealized-casts,zq-emulate-kernels{chip=sm_80})' | FileCheck %s
// CHECK: llvm.func internal @kernels_matmul
// CHECK-COUNT-4: llvm.call @zqsim_mma_sync(

!acc = !llvm.struct<(f32, f32, f32, f32)>

module attributes {gpu.container_module} {
gpu.module @kernels {
  gpu.func @matmul(%W: !llvm.ptr<1>, %S: !llvm.ptr<1>, %X: !llvm.ptr<1>, %Y: !llvm.ptr<1>, %N: i32, %K: i32)
      kernel attributes {nvvm.reqntid = array<i32: 128>} {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %c3 = arith.constant 3 : i32
    %c4 = arith.constant 4 : i32
    %c5 = arith.constant 5 : i32
    %c6 = arith.constant 6 : i32
    %c7 = arith.constant 7 : i32
    %c8 = arith.constant 8 : i32
    %c12 = arith.constant 12 : i32
    %c16 = arith.constant 16 : i32
    %c20 = arith.constant 20 : i32
    %c31 = arith.constant 31 : i32
    %c32 = arith.constant 32 : i32
    %c64 = arith.constant 64 : i32
    %c128 = arith.constant 128 : i32
    %codeMask = arith.constant 0x00070007 : i32
    %signMask = arith.constant 0x00080008 : i32
    %subnormal = arith.constant 6.490371073168535e+32 : f32 // 2^109
    %bias = arith.constant 0x77000000 : i32 // (120 + 118) in the exponent's place
    %rest = arith.constant 256.0 : f32
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %bx = nvvm.read.ptx.sreg.ctaid.x : i32
    %lane = arith.andi %tid, %c31 : i32
    %warp = arith.shrui %tid, %c5 : i32
    %g = arith.shrui %lane, %c2 : i32
    %t = arith.andi %lane, %c3 : i32

    %bx4 = arith.muli %bx, %c4 : i32
    %tile = arith.addi %bx4, %warp : i32
    %row0 = arith.muli %tile, %c16 : i32
    %row = arith.addi %row0, %g : i32
    %rowBytes = arith.shrui %K, %c1 : i32
    %rowBlocks = arith.shrui %K, %c4 : i32
    %w0 = arith.muli %row, %rowBytes : i32
    %t8 = arith.muli %t, %c8 : i32
    %wHigh = arith.addi %w0, %t8 : i32
    %w8 = arith.muli %rowBytes, %c8 : i32
    %wLow = arith.addi %wHigh, %w8 : i32
    %s0 = arith.muli %row, %rowBlocks : i32
    %sHigh = arith.addi %s0, %t : i32
    %s8 = arith.muli %rowBlocks, %c8 : i32
    %sLow = arith.addi %sHigh, %s8 : i32
    %x0 = arith.muli %g, %K : i32
    %t16 = arith.muli %t, %c16 : i32
    %x = arith.addi %x0, %t16 : i32

    %none = llvm.mlir.zero : !acc
    %steps = arith.shrui %K, %c6 : i32
    %sum = scf.for %step = %c0 to %steps step %c1 iter_args(%s = %none) -> (!acc) : i32 {
      %kw = arith.muli %step, %c32 : i32
      %ks = arith.muli %step, %c4 : i32
      %kx = arith.muli %step, %c64 : i32
      %xAt = arith.addi %x, %kx : i32
      %xPtr = llvm.getelementptr %X[%xAt] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, bf16
      %xNext = llvm.getelementptr %xPtr[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, bf16
      %x03 = llvm.load %xPtr {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
      %x47 = llvm.load %xNext {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
      %x10 = llvm.extractelement %x03[%c0 : i32] : vector<4xi32>
      %x11 = llvm.extractelement %x03[%c1 : i32] : vector<4xi32>
      %x12 = llvm.extractelement %x03[%c2 : i32] : vector<4xi32>
      %x13 = llvm.extractelement %x03[%c3 : i32] : vector<4xi32>
      %x14 = llvm.extractelement %x47[%c0 : i32] : vector<4xi32>
      %x15 = llvm.extractelement %x47[%c1 : i32] : vector<4xi32>
      %x16 = llvm.extractelement %x47[%c2 : i32] : vector<4xi32>
      %x17 = llvm.extractelement %x47[%c3 : i32] : vector<4xi32>
      %wAtHigh = arith.addi %wHigh, %kw : i32
      %wPtrHigh = llvm.getelementptr %W[%wAtHigh] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %wHigh01 = llvm.load %wPtrHigh {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xi32>
      %sAtHigh = arith.addi %sHigh, %ks : i32
      %sPtrHigh = llvm.getelementptr %S[%sAtHigh] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %codeHigh = llvm.load %sPtrHigh : !llvm.ptr<1> -> i8
      %wideHigh = arith.extui %codeHigh : i8 to i32
      %shiftedHigh = arith.shli %wideHigh, %c20 : i32
      %normalHigh = arith.addi %shiftedHigh, %bias : i32
      %smallHigh = arith.uitofp %wideHigh : i32 to f32
      %small1High = arith.mulf %smallHigh, %subnormal : f32
      %small2High = arith.bitcast %small1High : f32 to i32
      %isNormalHigh = arith.cmpi uge, %wideHigh, %c8 : i32
      %bitsHigh = arith.select %isNormalHigh, %normalHigh, %small2High : i32
      %halfHigh = arith.shrui %bitsHigh, %c16 : i32
      %half1High = arith.shli %halfHigh, %c16 : i32
      %bothHigh = arith.ori %halfHigh, %half1High : i32
      %scaleHigh = llvm.bitcast %bothHigh : i32 to vector<2xbf16>
      %wordHigh0 = llvm.extractelement %wHigh01[%c0 : i32] : vector<2xi32>
      %codeHigh00 = arith.andi %wordHigh0, %codeMask : i32
      %placeHigh00 = arith.shli %codeHigh00, %c6 : i32
      %signHigh00 = arith.andi %wordHigh0, %signMask : i32
      %signAtHigh00 = arith.shli %signHigh00, %c12 : i32
      %bitsHigh00 = arith.ori %placeHigh00, %signAtHigh00 : i32
      %pairHigh00 = llvm.bitcast %bitsHigh00 : i32 to vector<2xbf16>
      %scaledHigh00 = llvm.fmul %pairHigh00, %scaleHigh : vector<2xbf16>
      %aHigh00 = llvm.bitcast %scaledHigh00 : vector<2xbf16> to i32
      %shHigh01 = arith.shrui %wordHigh0, %c4 : i32
      %codeHigh01 = arith.andi %shHigh01, %codeMask : i32
      %placeHigh01 = arith.shli %codeHigh01, %c6 : i32
      %signHigh01 = arith.andi %shHigh01, %signMask : i32
      %signAtHigh01 = arith.shli %signHigh01, %c12 : i32
      %bitsHigh01 = arith.ori %placeHigh01, %signAtHigh01 : i32
      %pairHigh01 = llvm.bitcast %bitsHigh01 : i32 to vector<2xbf16>
      %scaledHigh01 = llvm.fmul %pairHigh01, %scaleHigh : vector<2xbf16>
      %aHigh01 = llvm.bitcast %scaledHigh01 : vector<2xbf16> to i32
      %shHigh02 = arith.shrui %wordHigh0, %c8 : i32
      %codeHigh02 = arith.andi %shHigh02, %codeMask : i32
      %placeHigh02 = arith.shli %codeHigh02, %c6 : i32
      %signHigh02 = arith.andi %shHigh02, %signMask : i32
      %signAtHigh02 = arith.shli %signHigh02, %c12 : i32
      %bitsHigh02 = arith.ori %placeHigh02, %signAtHigh02 : i32
      %pairHigh02 = llvm.bitcast %bitsHigh02 : i32 to vector<2xbf16>
      %scaledHigh02 = llvm.fmul %pairHigh02, %scaleHigh : vector<2xbf16>
      %aHigh02 = llvm.bitcast %scaledHigh02 : vector<2xbf16> to i32
      %shHigh03 = arith.shrui %wordHigh0, %c12 : i32
      %codeHigh03 = arith.andi %shHigh03, %codeMask : i32
      %placeHigh03 = arith.shli %codeHigh03, %c6 : i32
      %signHigh03 = arith.andi %shHigh03, %signMask : i32
      %signAtHigh03 = arith.shli %signHigh03, %c12 : i32
      %bitsHigh03 = arith.ori %placeHigh03, %signAtHigh03 : i32
      %pairHigh03 = llvm.bitcast %bitsHigh03 : i32 to vector<2xbf16>
      %scaledHigh03 = llvm.fmul %pairHigh03, %scaleHigh : vector<2xbf16>
      %aHigh03 = llvm.bitcast %scaledHigh03 : vector<2xbf16> to i32
      %wordHigh1 = llvm.extractelement %wHigh01[%c1 : i32] : vector<2xi32>
      %codeHigh10 = arith.andi %wordHigh1, %codeMask : i32
      %placeHigh10 = arith.shli %codeHigh10, %c6 : i32
      %signHigh10 = arith.andi %wordHigh1, %signMask : i32
      %signAtHigh10 = arith.shli %signHigh10, %c12 : i32
      %bitsHigh10 = arith.ori %placeHigh10, %signAtHigh10 : i32
      %pairHigh10 = llvm.bitcast %bitsHigh10 : i32 to vector<2xbf16>
      %scaledHigh10 = llvm.fmul %pairHigh10, %scaleHigh : vector<2xbf16>
      %aHigh10 = llvm.bitcast %scaledHigh10 : vector<2xbf16> to i32
      %shHigh11 = arith.shrui %wordHigh1, %c4 : i32
      %codeHigh11 = arith.andi %shHigh11, %codeMask : i32
      %placeHigh11 = arith.shli %codeHigh11, %c6 : i32
      %signHigh11 = arith.andi %shHigh11, %signMask : i32
      %signAtHigh11 = arith.shli %signHigh11, %c12 : i32
      %bitsHigh11 = arith.ori %placeHigh11, %signAtHigh11 : i32
      %pairHigh11 = llvm.bitcast %bitsHigh11 : i32 to vector<2xbf16>
      %scaledHigh11 = llvm.fmul %pairHigh11, %scaleHigh : vector<2xbf16>
      %aHigh11 = llvm.bitcast %scaledHigh11 : vector<2xbf16> to i32
      %shHigh12 = arith.shrui %wordHigh1, %c8 : i32
      %codeHigh12 = arith.andi %shHigh12, %codeMask : i32
      %placeHigh12 = arith.shli %codeHigh12, %c6 : i32
      %signHigh12 = arith.andi %shHigh12, %signMask : i32
      %signAtHigh12 = arith.shli %signHigh12, %c12 : i32
      %bitsHigh12 = arith.ori %placeHigh12, %signAtHigh12 : i32
      %pairHigh12 = llvm.bitcast %bitsHigh12 : i32 to vector<2xbf16>
      %scaledHigh12 = llvm.fmul %pairHigh12, %scaleHigh : vector<2xbf16>
      %aHigh12 = llvm.bitcast %scaledHigh12 : vector<2xbf16> to i32
      %shHigh13 = arith.shrui %wordHigh1, %c12 : i32
      %codeHigh13 = arith.andi %shHigh13, %codeMask : i32
      %placeHigh13 = arith.shli %codeHigh13, %c6 : i32
      %signHigh13 = arith.andi %shHigh13, %signMask : i32
      %signAtHigh13 = arith.shli %signHigh13, %c12 : i32
      %bitsHigh13 = arith.ori %placeHigh13, %signAtHigh13 : i32
      %pairHigh13 = llvm.bitcast %bitsHigh13 : i32 to vector<2xbf16>
      %scaledHigh13 = llvm.fmul %pairHigh13, %scaleHigh : vector<2xbf16>
      %aHigh13 = llvm.bitcast %scaledHigh13 : vector<2xbf16> to i32
      %wAtLow = arith.addi %wLow, %kw : i32
      %wPtrLow = llvm.getelementptr %W[%wAtLow] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %wLow01 = llvm.load %wPtrLow {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xi32>
      %sAtLow = arith.addi %sLow, %ks : i32
      %sPtrLow = llvm.getelementptr %S[%sAtLow] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %codeLow = llvm.load %sPtrLow : !llvm.ptr<1> -> i8
      %wideLow = arith.extui %codeLow : i8 to i32
      %shiftedLow = arith.shli %wideLow, %c20 : i32
      %normalLow = arith.addi %shiftedLow, %bias : i32
      %smallLow = arith.uitofp %wideLow : i32 to f32
      %small1Low = arith.mulf %smallLow, %subnormal : f32
      %small2Low = arith.bitcast %small1Low : f32 to i32
      %isNormalLow = arith.cmpi uge, %wideLow, %c8 : i32
      %bitsLow = arith.select %isNormalLow, %normalLow, %small2Low : i32
      %halfLow = arith.shrui %bitsLow, %c16 : i32
      %half1Low = arith.shli %halfLow, %c16 : i32
      %bothLow = arith.ori %halfLow, %half1Low : i32
      %scaleLow = llvm.bitcast %bothLow : i32 to vector<2xbf16>
      %wordLow0 = llvm.extractelement %wLow01[%c0 : i32] : vector<2xi32>
      %codeLow00 = arith.andi %wordLow0, %codeMask : i32
      %placeLow00 = arith.shli %codeLow00, %c6 : i32
      %signLow00 = arith.andi %wordLow0, %signMask : i32
      %signAtLow00 = arith.shli %signLow00, %c12 : i32
      %bitsLow00 = arith.ori %placeLow00, %signAtLow00 : i32
      %pairLow00 = llvm.bitcast %bitsLow00 : i32 to vector<2xbf16>
      %scaledLow00 = llvm.fmul %pairLow00, %scaleLow : vector<2xbf16>
      %aLow00 = llvm.bitcast %scaledLow00 : vector<2xbf16> to i32
      %shLow01 = arith.shrui %wordLow0, %c4 : i32
      %codeLow01 = arith.andi %shLow01, %codeMask : i32
      %placeLow01 = arith.shli %codeLow01, %c6 : i32
      %signLow01 = arith.andi %shLow01, %signMask : i32
      %signAtLow01 = arith.shli %signLow01, %c12 : i32
      %bitsLow01 = arith.ori %placeLow01, %signAtLow01 : i32
      %pairLow01 = llvm.bitcast %bitsLow01 : i32 to vector<2xbf16>
      %scaledLow01 = llvm.fmul %pairLow01, %scaleLow : vector<2xbf16>
      %aLow01 = llvm.bitcast %scaledLow01 : vector<2xbf16> to i32
      %shLow02 = arith.shrui %wordLow0, %c8 : i32
      %codeLow02 = arith.andi %shLow02, %codeMask : i32
      %placeLow02 = arith.shli %codeLow02, %c6 : i32
      %signLow02 = arith.andi %shLow02, %signMask : i32
      %signAtLow02 = arith.shli %signLow02, %c12 : i32
      %bitsLow02 = arith.ori %placeLow02, %signAtLow02 : i32
      %pairLow02 = llvm.bitcast %bitsLow02 : i32 to vector<2xbf16>
      %scaledLow02 = llvm.fmul %pairLow02, %scaleLow : vector<2xbf16>
      %aLow02 = llvm.bitcast %scaledLow02 : vector<2xbf16> to i32
      %shLow03 = arith.shrui %wordLow0, %c12 : i32
      %codeLow03 = arith.andi %shLow03, %codeMask : i32
      %placeLow03 = arith.shli %codeLow03, %c6 : i32
      %signLow03 = arith.andi %shLow03, %signMask : i32
      %signAtLow03 = arith.shli %signLow03, %c12 : i32
      %bitsLow03 = arith.ori %placeLow03, %signAtLow03 : i32
      %pairLow03 = llvm.bitcast %bitsLow03 : i32 to vector<2xbf16>
      %scaledLow03 = llvm.fmul %pairLow03, %scaleLow : vector<2xbf16>
      %aLow03 = llvm.bitcast %scaledLow03 : vector<2xbf16> to i32
      %wordLow1 = llvm.extractelement %wLow01[%c1 : i32] : vector<2xi32>
      %codeLow10 = arith.andi %wordLow1, %codeMask : i32
      %placeLow10 = arith.shli %codeLow10, %c6 : i32
      %signLow10 = arith.andi %wordLow1, %signMask : i32
      %signAtLow10 = arith.shli %signLow10, %c12 : i32
      %bitsLow10 = arith.ori %placeLow10, %signAtLow10 : i32
      %pairLow10 = llvm.bitcast %bitsLow10 : i32 to vector<2xbf16>
      %scaledLow10 = llvm.fmul %pairLow10, %scaleLow : vector<2xbf16>
      %aLow10 = llvm.bitcast %scaledLow10 : vector<2xbf16> to i32
      %shLow11 = arith.shrui %wordLow1, %c4 : i32
      %codeLow11 = arith.andi %shLow11, %codeMask : i32
      %placeLow11 = arith.shli %codeLow11, %c6 : i32
      %signLow11 = arith.andi %shLow11, %signMask : i32
      %signAtLow11 = arith.shli %signLow11, %c12 : i32
      %bitsLow11 = arith.ori %placeLow11, %signAtLow11 : i32
      %pairLow11 = llvm.bitcast %bitsLow11 : i32 to vector<2xbf16>
      %scaledLow11 = llvm.fmul %pairLow11, %scaleLow : vector<2xbf16>
      %aLow11 = llvm.bitcast %scaledLow11 : vector<2xbf16> to i32
      %shLow12 = arith.shrui %wordLow1, %c8 : i32
      %codeLow12 = arith.andi %shLow12, %codeMask : i32
      %placeLow12 = arith.shli %codeLow12, %c6 : i32
      %signLow12 = arith.andi %shLow12, %signMask : i32
      %signAtLow12 = arith.shli %signLow12, %c12 : i32
      %bitsLow12 = arith.ori %placeLow12, %signAtLow12 : i32
      %pairLow12 = llvm.bitcast %bitsLow12 : i32 to vector<2xbf16>
      %scaledLow12 = llvm.fmul %pairLow12, %scaleLow : vector<2xbf16>
      %aLow12 = llvm.bitcast %scaledLow12 : vector<2xbf16> to i32
      %shLow13 = arith.shrui %wordLow1, %c12 : i32
      %codeLow13 = arith.andi %shLow13, %codeMask : i32
      %placeLow13 = arith.shli %codeLow13, %c6 : i32
      %signLow13 = arith.andi %shLow13, %signMask : i32
      %signAtLow13 = arith.shli %signLow13, %c12 : i32
      %bitsLow13 = arith.ori %placeLow13, %signAtLow13 : i32
      %pairLow13 = llvm.bitcast %bitsLow13 : i32 to vector<2xbf16>
      %scaledLow13 = llvm.fmul %pairLow13, %scaleLow : vector<2xbf16>
      %aLow13 = llvm.bitcast %scaledLow13 : vector<2xbf16> to i32
      %c000x = llvm.extractvalue %s[0] : !acc
      %c001x = llvm.extractvalue %s[1] : !acc
      %c002x = llvm.extractvalue %s[2] : !acc
      %c003x = llvm.extractvalue %s[3] : !acc
      %d00 = nvvm.mma.sync A[%aHigh00, %aLow00, %aHigh01, %aLow01] B[%x10, %x11] C[%c000x, %c001x, %c002x, %c003x] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, shape = #nvvm.shape<m = 16, n = 8, k = 16>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>} : (i32, i32, f32) -> !acc
      %c010x = llvm.extractvalue %d00[0] : !acc
      %c011x = llvm.extractvalue %d00[1] : !acc
      %c012x = llvm.extractvalue %d00[2] : !acc
      %c013x = llvm.extractvalue %d00[3] : !acc
      %d01 = nvvm.mma.sync A[%aHigh02, %aLow02, %aHigh03, %aLow03] B[%x12, %x13] C[%c010x, %c011x, %c012x, %c013x] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, shape = #nvvm.shape<m = 16, n = 8, k = 16>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>} : (i32, i32, f32) -> !acc
      %c100x = llvm.extractvalue %d01[0] : !acc
      %c101x = llvm.extractvalue %d01[1] : !acc
      %c102x = llvm.extractvalue %d01[2] : !acc
      %c103x = llvm.extractvalue %d01[3] : !acc
      %d10 = nvvm.mma.sync A[%aHigh10, %aLow10, %aHigh11, %aLow11] B[%x14, %x15] C[%c100x, %c101x, %c102x, %c103x] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, shape = #nvvm.shape<m = 16, n = 8, k = 16>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>} : (i32, i32, f32) -> !acc
      %c110x = llvm.extractvalue %d10[0] : !acc
      %c111x = llvm.extractvalue %d10[1] : !acc
      %c112x = llvm.extractvalue %d10[2] : !acc
      %c113x = llvm.extractvalue %d10[3] : !acc
      %d11 = nvvm.mma.sync A[%aHigh12, %aLow12, %aHigh13, %aLow13] B[%x16, %x17] C[%c110x, %c111x, %c112x, %c113x] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, shape = #nvvm.shape<m = 16, n = 8, k = 16>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>} : (i32, i32, f32) -> !acc
      scf.yield %d11 : !acc
    }

    // Columns 2t and 2t + 1 are rows of Y.
    %t2 = arith.muli %t, %c2 : i32
    %y0 = arith.muli %t2, %N : i32
    %y = arith.addi %y0, %row : i32
    %yNext = arith.addi %y, %N : i32
    %yPtr = llvm.getelementptr %Y[%y] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %yPtrNext = llvm.getelementptr %Y[%yNext] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %yPtr8 = llvm.getelementptr %yPtr[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %yPtrNext8 = llvm.getelementptr %yPtrNext[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
    %e0 = llvm.extractvalue %sum[0] : !acc
    %r0 = arith.mulf %e0, %rest : f32
    llvm.store %r0, %yPtr : f32, !llvm.ptr<1>
    %e1 = llvm.extractvalue %sum[1] : !acc
    %r1 = arith.mulf %e1, %rest : f32
    llvm.store %r1, %yPtrNext : f32, !llvm.ptr<1>
    %e2 = llvm.extractvalue %sum[2] : !acc
    %r2 = arith.mulf %e2, %rest : f32
    llvm.store %r2, %yPtr8 : f32, !llvm.ptr<1>
    %e3 = llvm.extractvalue %sum[3] : !acc
    %r3 = arith.mulf %e3, %rest : f32
    llvm.store %r3, %yPtrNext8 : f32, !llvm.ptr<1>
    gpu.return
  }
}
}
