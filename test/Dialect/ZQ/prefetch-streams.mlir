// What a loop reads once, and out of memory, is fetched ahead of it.
// RUN: zq-opt %s --allow-unregistered-dialect -zq-prefetch-streams -canonicalize | FileCheck %s

// Two rows at a time: their next two are 16 KiB further on. The vector that
// both are multiplied with is read again for each pair, and stays in a cache.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:[^:]*]]: memref<8192xf32>, %[[W:[^:]*]]: memref<1024x8192xi8>
// CHECK: scf.for %[[I:.*]] = %c0 to %c1024 step %c2
// CHECK: scf.for %[[K:.*]] = %c0 to %c8192 step %c64
// CHECK: vector.transfer_read %[[X]]
// CHECK: %[[NEXT:.*]] = arith.addi %[[K]], %c16384
// CHECK: memref.prefetch %[[W]][%[[I]], %[[NEXT]]], read, locality<2>, data
// CHECK: vector.transfer_read %[[W]][%[[I]], %[[K]]]
// CHECK: memref.prefetch %[[W]]
// CHECK: vector.transfer_read %[[W]]
// CHECK-NOT: memref.prefetch
func.func @rows(%x: memref<8192xf32>, %w: memref<1024x8192xi8>, %out: memref<1024xi8>) {
  %none = arith.constant 0 : i8
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %c1024 = arith.constant 1024 : index
  %c8192 = arith.constant 8192 : index
  scf.for %i = %c0 to %c1024 step %c2 {
    %j = arith.addi %i, %c1 : index
    scf.for %k = %c0 to %c8192 step %c64 {
      %v = vector.transfer_read %x[%k], %zero {in_bounds = [true]} : memref<8192xf32>, vector<64xf32>
      %a = vector.transfer_read %w[%i, %k], %none {in_bounds = [true]} : memref<1024x8192xi8>, vector<64xi8>
      %b = vector.transfer_read %w[%j, %k], %none {in_bounds = [true]} : memref<1024x8192xi8>, vector<64xi8>
      "test.use"(%v, %a, %b) : (vector<64xf32>, vector<64xi8>, vector<64xi8>) -> ()
    }
  }
  return
}

// Codes of 4 bits, by an index that is divided. Rows follow one another, and are
// one walk, which the hardware follows.
// CHECK-LABEL: func.func @short_rows(
// CHECK-NOT: memref.prefetch
// CHECK-NOT: llvm.fence
func.func @short_rows(%w: memref<4096x2048xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c4096 step %c1 {
    scf.for %k = %c0 to %c4096 step %c64 {
      %bits = arith.muli %k, %c4 : index
      %byte = arith.divui %bits, %c8 : index
      %a = vector.transfer_read %w[%i, %byte], %none {in_bounds = [true]} : memref<4096x2048xi8>, vector<32xi8>
      "test.use"(%a) : (vector<32xi8>) -> ()
    }
  }
  return
}

// Several reads of one walk stay in order.
// CHECK-LABEL: func.func @in_order(
// CHECK-NOT: memref.prefetch
// CHECK: llvm.fence syncscope("singlethread") acq_rel
// CHECK-NEXT: vector.transfer_read {{.*}} vector<64xi8>
// CHECK: llvm.fence syncscope("singlethread") acq_rel
// CHECK-NEXT: vector.transfer_read {{.*}} vector<64xi8>
// CHECK-NOT: llvm.fence
func.func @in_order(%w: memref<4194304xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %end = arith.constant 4194304 : index
  scf.for %k = %c0 to %end step %c128 {
    %next = arith.addi %k, %c64 : index
    %a = vector.transfer_read %w[%k], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
    %b = vector.transfer_read %w[%next], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
    "test.use"(%a, %b) : (vector<64xi8>, vector<64xi8>) -> ()
  }
  return
}

// A walk through a buffer whose dimensions are collapsed is one of the buffer.
// CHECK-LABEL: func.func @collapsed(
// CHECK: memref.prefetch %{{.*}}, read, locality<2>, data : memref<4096x2048xi8>
func.func @collapsed(%a: memref<4194304xi8>, %w: memref<4096x32x64xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c2048 = arith.constant 2048 : index
  %c4096 = arith.constant 4096 : index
  %flat = memref.collapse_shape %w [[0], [1, 2]] : memref<4096x32x64xi8> into memref<4096x2048xi8>
  scf.for %i = %c0 to %c4096 step %c1 {
    scf.for %k = %c0 to %c2048 step %c64 {
      %at = arith.muli %i, %c2048 : index
      %place = arith.addi %at, %k : index
      %x = vector.transfer_read %a[%place], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
      %y = vector.transfer_read %flat[%i, %k], %none {in_bounds = [true]} : memref<4096x2048xi8>, vector<64xi8>
      "test.use"(%x, %y) : (vector<64xi8>, vector<64xi8>) -> ()
    }
  }
  return
}

// Two walks at the same speed: a KiB ahead of both together.
// CHECK-LABEL: func.func @two_walks(
// CHECK-SAME: %[[A:[^:]*]]: memref<4194304xi8>, %[[B:[^:]*]]: memref<4194304xi8>
// CHECK: %[[NEXT:.*]] = arith.addi %[[K:.*]], %c512
// CHECK: memref.prefetch %[[A]][%[[NEXT]]], read, locality<2>, data
// CHECK: %[[OTHER:.*]] = arith.addi %[[K]], %c512
// CHECK: memref.prefetch %[[B]][%[[OTHER]]], read, locality<2>, data
func.func @two_walks(%a: memref<4194304xi8>, %b: memref<4194304xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %end = arith.constant 4194304 : index
  scf.for %k = %c0 to %end step %c64 {
    %x = vector.transfer_read %a[%k], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
    %y = vector.transfer_read %b[%k], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
    "test.use"(%x, %y) : (vector<64xi8>, vector<64xi8>) -> ()
  }
  return
}

// The end of a row is no whole iteration, and read after the loop: rows follow one
// another all the same.
// CHECK-LABEL: func.func @ragged_rows(
// CHECK-NOT: memref.prefetch
func.func @ragged_rows(%w: memref<4096x2032xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c2016 = arith.constant 2016 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c4096 step %c1 {
    scf.for %k = %c0 to %c2016 step %c32 {
      %a = vector.transfer_read %w[%i, %k], %none {in_bounds = [true]} : memref<4096x2032xi8>, vector<32xi8>
      "test.use"(%a) : (vector<32xi8>) -> ()
    }
    %b = vector.transfer_read %w[%i, %c2016], %none {in_bounds = [true]} : memref<4096x2032xi8>, vector<16xi8>
    "test.use"(%b) : (vector<16xi8>) -> ()
  }
  return
}

// The first halves of rows. The next one is too far away: further on in this one.
// An iteration takes two lines.
// CHECK-LABEL: func.func @long_rows(
// CHECK-SAME: %[[W:[^:]*]]: memref<64x1048576xf32>
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c256
// CHECK: memref.prefetch %[[W]][%{{.*}}, %[[NEXT]]], read, locality<2>, data
// CHECK: %[[AFTER:.*]] = arith.addi %{{.*}}, %c272
// CHECK: memref.prefetch %[[W]][%{{.*}}, %[[AFTER]]], read, locality<2>, data
func.func @long_rows(%w: memref<64x1048576xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %half = arith.constant 524288 : index
  scf.for %i = %c0 to %c64 step %c1 {
    scf.for %k = %c0 to %half step %c32 {
      %a = vector.transfer_read %w[%i, %k], %zero {in_bounds = [true]} : memref<64x1048576xf32>, vector<32xf32>
      "test.use"(%a) : (vector<32xf32>) -> ()
    }
  }
  return
}

// What fits in a cache, is read in each iteration of a loop around, or lies
// where the data says, is left alone.
// CHECK-LABEL: func.func @none(
// CHECK-NOT: memref.prefetch
// CHECK: return
func.func @none(%small: memref<512x1024xi8>, %again: memref<4194304xi8>, %at: memref<?xindex>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c512 = arith.constant 512 : index
  %c1024 = arith.constant 1024 : index
  scf.for %i = %c0 to %c512 step %c1 {
    scf.for %k = %c0 to %c1024 step %c64 {
      %a = vector.transfer_read %small[%i, %k], %none {in_bounds = [true]} : memref<512x1024xi8>, vector<64xi8>
      %b = vector.transfer_read %again[%k], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
      %p = memref.load %at[%k] : memref<?xindex>
      %c = vector.transfer_read %again[%p], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
      "test.use"(%a, %b, %c) : (vector<64xi8>, vector<64xi8>, vector<64xi8>) -> ()
    }
  }
  return
}

// Two loops walk along the first 4 KiB of each row: the next row is fetched, and
// not what lies behind them in this one.
// CHECK-LABEL: func.func @parts_of_rows(
// CHECK-SAME: %[[W:[^:]*]]: memref<64x32768xi8>
// CHECK: %[[AT:.*]] = arith.addi
// CHECK: %[[NEXT:.*]] = arith.addi %[[AT]], %c32768
// CHECK: memref.prefetch %[[W]][%{{.*}}, %[[NEXT]]], read, locality<2>, data
func.func @parts_of_rows(%w: memref<64x32768xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %c512 = arith.constant 512 : index
  scf.for %i = %c0 to %c64 step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      scf.for %k = %c0 to %c8 step %c1 {
        %part = arith.muli %j, %c512 : index
        %offset = arith.muli %k, %c64 : index
        %column = arith.addi %part, %offset : index
        %a = vector.transfer_read %w[%i, %column], %none {in_bounds = [true]} : memref<64x32768xi8>, vector<64xi8>
        "test.use"(%a) : (vector<64xi8>) -> ()
      }
    }
  }
  return
}

// A single walk, but with work for every line: it is fetched, 16 KiB ahead.
// CHECK-LABEL: func.func @working(
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c4096
// CHECK: memref.prefetch %{{.*}}[%[[NEXT]]], read, locality<2>, data
func.func @working(%w: memref<1048576xf32>, %x: vector<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %end = arith.constant 1048576 : index
  scf.for %k = %c0 to %end step %c16 {
    %a = vector.transfer_read %w[%k], %zero {in_bounds = [true]} : memref<1048576xf32>, vector<16xf32>
    %p0 = arith.mulf %a, %x : vector<16xf32>
    %p1 = arith.mulf %p0, %x : vector<16xf32>
    %p2 = arith.mulf %p1, %x : vector<16xf32>
    %p3 = arith.mulf %p2, %x : vector<16xf32>
    %p4 = arith.mulf %p3, %x : vector<16xf32>
    "test.use"(%p4) : (vector<16xf32>) -> ()
  }
  return
}

// The same in several reads: the hardware follows these.
// CHECK-LABEL: func.func @working_in_order(
// CHECK-NOT: memref.prefetch
// CHECK: llvm.fence syncscope("singlethread") acq_rel
// CHECK-NEXT: vector.transfer_read
// CHECK: llvm.fence syncscope("singlethread") acq_rel
// CHECK-NEXT: vector.transfer_read
// CHECK-NOT: memref.prefetch
func.func @working_in_order(%w: memref<1048576xf32>, %x: vector<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %end = arith.constant 1048576 : index
  scf.for %k = %c0 to %end step %c32 {
    %next = arith.addi %k, %c16 : index
    %a = vector.transfer_read %w[%k], %zero {in_bounds = [true]} : memref<1048576xf32>, vector<16xf32>
    %b = vector.transfer_read %w[%next], %zero {in_bounds = [true]} : memref<1048576xf32>, vector<16xf32>
    %p0 = arith.mulf %a, %x : vector<16xf32>
    %p1 = arith.mulf %p0, %x : vector<16xf32>
    %p2 = arith.mulf %p1, %x : vector<16xf32>
    %p3 = arith.mulf %p2, %x : vector<16xf32>
    %p4 = arith.mulf %p3, %x : vector<16xf32>
    %q0 = arith.mulf %b, %x : vector<16xf32>
    %q1 = arith.mulf %q0, %x : vector<16xf32>
    %q2 = arith.mulf %q1, %x : vector<16xf32>
    %q3 = arith.mulf %q2, %x : vector<16xf32>
    %q4 = arith.mulf %q3, %x : vector<16xf32>
    "test.use"(%p4, %q4) : (vector<16xf32>, vector<16xf32>) -> ()
  }
  return
}

// What is multiplied by several rows is read slowly: 16 KiB ahead, and again to
// the first cache, 2 KiB ahead.
// CHECK-LABEL: func.func @busy(
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c4096
// CHECK: memref.prefetch %{{.*}}[%[[NEXT]]], read, locality<2>, data
// CHECK: %[[NEAR:.*]] = arith.addi %{{.*}}, %c512
// CHECK: memref.prefetch %{{.*}}[%[[NEAR]]], read, locality<3>, data
func.func @busy(%w: memref<1048576xf32>, %x: vector<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %end = arith.constant 1048576 : index
  scf.for %k = %c0 to %end step %c16 {
    %a = vector.transfer_read %w[%k], %zero {in_bounds = [true]} : memref<1048576xf32>, vector<16xf32>
    %p0 = arith.mulf %a, %x : vector<16xf32>
    %p1 = arith.mulf %p0, %x : vector<16xf32>
    %p2 = arith.mulf %p1, %x : vector<16xf32>
    %p3 = arith.mulf %p2, %x : vector<16xf32>
    %p4 = arith.mulf %p3, %x : vector<16xf32>
    %p5 = arith.mulf %p4, %x : vector<16xf32>
    %p6 = arith.mulf %p5, %x : vector<16xf32>
    %p7 = arith.mulf %p6, %x : vector<16xf32>
    %p8 = arith.mulf %p7, %x : vector<16xf32>
    %p9 = arith.mulf %p8, %x : vector<16xf32>
    %p10 = arith.mulf %p9, %x : vector<16xf32>
    %p11 = arith.mulf %p10, %x : vector<16xf32>
    %p12 = arith.mulf %p11, %x : vector<16xf32>
    "test.use"(%p12) : (vector<16xf32>) -> ()
  }
  return
}

// What a few blocks of rows read one after the other is fetched as what is read
// once, and to the first cache for the blocks that find it in the second.
// CHECK-LABEL: func.func @few_blocks(
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c4096
// CHECK: memref.prefetch %{{.*}}[%{{.*}}, %[[NEXT]]], read, locality<2>, data
// CHECK: %[[NEAR:.*]] = arith.addi %{{.*}}, %c512
// CHECK: memref.prefetch %{{.*}}[%{{.*}}, %[[NEAR]]], read, locality<3>, data
func.func @few_blocks(%w: memref<256x4096xf32>, %x: vector<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c128 = arith.constant 128 : index
  %blocks = arith.constant 3 : index
  %c256 = arith.constant 256 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c256 step %c1 {
    scf.for %m = %c0 to %blocks step %c1 {
      scf.for %run = %c0 to %c4096 step %c128 {
        scf.for %k = %c0 to %c128 step %c16 {
        %at = arith.addi %run, %k : index
        %p0 = vector.transfer_read %w[%i, %at], %zero {in_bounds = [true]} : memref<256x4096xf32>, vector<16xf32>
        %p1 = arith.mulf %p0, %x : vector<16xf32>
        %p2 = arith.mulf %p1, %x : vector<16xf32>
        %p3 = arith.mulf %p2, %x : vector<16xf32>
        %p4 = arith.mulf %p3, %x : vector<16xf32>
        "test.use"(%p4) : (vector<16xf32>) -> ()
        %p5 = arith.mulf %p4, %x : vector<16xf32>
        "test.use"(%p5) : (vector<16xf32>) -> ()
      }
      }
    }
  }
  return
}

// CHECK-LABEL: func.func @many_blocks(
// CHECK-NOT: memref.prefetch
func.func @many_blocks(%w: memref<256x4096xf32>, %x: vector<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c128 = arith.constant 128 : index
  %blocks = arith.constant 9 : index
  %c256 = arith.constant 256 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c256 step %c1 {
    scf.for %m = %c0 to %blocks step %c1 {
      scf.for %run = %c0 to %c4096 step %c128 {
        scf.for %k = %c0 to %c128 step %c16 {
        %at = arith.addi %run, %k : index
        %p0 = vector.transfer_read %w[%i, %at], %zero {in_bounds = [true]} : memref<256x4096xf32>, vector<16xf32>
        %p1 = arith.mulf %p0, %x : vector<16xf32>
        %p2 = arith.mulf %p1, %x : vector<16xf32>
        %p3 = arith.mulf %p2, %x : vector<16xf32>
        %p4 = arith.mulf %p3, %x : vector<16xf32>
        "test.use"(%p4) : (vector<16xf32>) -> ()
        %p5 = arith.mulf %p4, %x : vector<16xf32>
        "test.use"(%p5) : (vector<16xf32>) -> ()
      }
      }
    }
  }
  return
}

// Codes, and their factors in two reads, eight times slower: four lines of these
// at a time, to the first cache, in each fourth iteration. The codes are a single
// walk.
// CHECK-LABEL: func.func @slow_stream(
// CHECK-SAME: %{{[^:]*}}: memref<1024x64x512xi8>, %[[FACTORS:[^:]*]]: memref<1024x128x32xi8>
// CHECK: scf.for %[[K:.*]] = %c0 to %c4096 step %c64
// CHECK-NOT: memref.prefetch
// CHECK: %[[PLACE:.*]] = arith.remui %[[K]], %c256
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[PLACE]], %c0
// CHECK: scf.if %[[FIRST]] {
// CHECK-NEXT: memref.prefetch %[[FACTORS]][%{{.*}}, %[[GROUP:.*]], %c256], read, locality<3>, data
// CHECK-NEXT: memref.prefetch %[[FACTORS]][%{{.*}}, %[[GROUP]], %c320], read, locality<3>, data
// CHECK-NEXT: memref.prefetch %[[FACTORS]][%{{.*}}, %[[GROUP]], %c384], read, locality<3>, data
// CHECK-NEXT: memref.prefetch %[[FACTORS]][%{{.*}}, %[[GROUP]], %c448], read, locality<3>, data
// CHECK-NEXT: }
// CHECK-NOT: memref.prefetch
func.func @slow_stream(%codes: memref<1024x64x512xi8>, %factors: memref<1024x128x32xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c1024 = arith.constant 1024 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c1024 step %c1 {
    scf.for %k = %c0 to %c4096 step %c64 {
      %tile = arith.divui %k, %c64 : index
      %a = vector.transfer_read %codes[%i, %tile, %c0], %none {in_bounds = [true]} : memref<1024x64x512xi8>, vector<512xi8>
      %group = arith.divui %k, %c32 : index
      %b = vector.transfer_read %factors[%i, %group, %c0], %none {in_bounds = [true]} : memref<1024x128x32xi8>, vector<32xi8>
      %next = arith.addi %group, %c1 : index
      %c = vector.transfer_read %factors[%i, %next, %c0], %none {in_bounds = [true]} : memref<1024x128x32xi8>, vector<32xi8>
      "test.use"(%a, %b, %c) : (vector<512xi8>, vector<32xi8>, vector<32xi8>) -> ()
    }
  }
  return
}

// The same in the first halves of rows: far ahead is the next row, near is in
// this one.
// CHECK-LABEL: func.func @busy_rows(
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c16384
// CHECK: memref.prefetch %{{.*}}[%{{.*}}, %[[NEXT]]], read, locality<2>, data
// CHECK: %[[NEAR:.*]] = arith.addi %{{.*}}, %c512
// CHECK: memref.prefetch %{{.*}}[%{{.*}}, %[[NEAR]]], read, locality<3>, data
func.func @busy_rows(%w: memref<1024x16384xf32>, %x: vector<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c1024 = arith.constant 1024 : index
  %half = arith.constant 8192 : index
  scf.for %i = %c0 to %c1024 step %c1 {
    scf.for %k = %c0 to %half step %c16 {
      %a = vector.transfer_read %w[%i, %k], %zero {in_bounds = [true]} : memref<1024x16384xf32>, vector<16xf32>
      %p0 = arith.mulf %a, %x : vector<16xf32>
      %p1 = arith.mulf %p0, %x : vector<16xf32>
      %p2 = arith.mulf %p1, %x : vector<16xf32>
      %p3 = arith.mulf %p2, %x : vector<16xf32>
      %p4 = arith.mulf %p3, %x : vector<16xf32>
      %p5 = arith.mulf %p4, %x : vector<16xf32>
      %p6 = arith.mulf %p5, %x : vector<16xf32>
      %p7 = arith.mulf %p6, %x : vector<16xf32>
      %p8 = arith.mulf %p7, %x : vector<16xf32>
      %p9 = arith.mulf %p8, %x : vector<16xf32>
      %p10 = arith.mulf %p9, %x : vector<16xf32>
      %p11 = arith.mulf %p10, %x : vector<16xf32>
      %p12 = arith.mulf %p11, %x : vector<16xf32>
      "test.use"(%p12) : (vector<16xf32>) -> ()
    }
  }
  return
}

// One line of each row is a walk with gaps, two places of a buffer are two walks:
// the hardware follows neither.
// CHECK-LABEL: func.func @gaps(
// CHECK-SAME: %[[W:[^:]*]]: memref<1024x16384xi8>, %[[TWO:[^:]*]]: memref<4194304xi8>
// CHECK: memref.prefetch %[[W]]
// CHECK: scf.for
// CHECK: memref.prefetch %[[TWO]]
// CHECK: memref.prefetch %[[TWO]]
func.func @gaps(%w: memref<1024x16384xi8>, %two: memref<4194304xi8>) {
  %none = arith.constant 0 : i8
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c1024 = arith.constant 1024 : index
  %half = arith.constant 2097152 : index
  scf.for %i = %c0 to %c1024 step %c1 {
    %a = vector.transfer_read %w[%i, %c0], %none {in_bounds = [true]} : memref<1024x16384xi8>, vector<64xi8>
    "test.use"(%a) : (vector<64xi8>) -> ()
  }
  scf.for %k = %c0 to %half step %c64 {
    %other = arith.addi %k, %half : index
    %a = vector.transfer_read %two[%k], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
    %b = vector.transfer_read %two[%other], %none {in_bounds = [true]} : memref<4194304xi8>, vector<64xi8>
    "test.use"(%a, %b) : (vector<64xi8>, vector<64xi8>) -> ()
  }
  return
}

// Two rows that a loop reads once for each of two blocks of the other operand:
// the next two, 32 KiB, are fetched in their order in memory, a line in each of
// the iterations of both times, and both rows 512 bytes ahead to the first cache.
// CHECK-LABEL: func.func @rows_again(
// CHECK-SAME: %[[X:[^:]*]]: memref<4x4096xf32>, %[[W:[^:]*]]: memref<1024x4096xf32>
// CHECK: scf.for %[[I:.*]] = %c0 to %c1024 step %c2
// CHECK: scf.for %[[M:.*]] = %c0 to %c4 step %c2
// CHECK: scf.for %[[K:.*]] = %c0 to %c4096 step %c16
// CHECK: %[[AGAIN:.*]] = arith.divui %[[M]], %c2
// CHECK: %[[BEFORE:.*]] = arith.muli %[[AGAIN]], %c256
// CHECK: %[[LINES:.*]] = arith.addi %[[BEFORE]], %{{.*}}
// CHECK: arith.muli %[[LINES]], %c16
// CHECK: %[[NEXT:.*]] = arith.addi %{{.*}}, %c8192
// CHECK: memref.prefetch %[[W]][%[[I]], %[[NEXT]]], read, locality<2>, data
// CHECK: %[[NEAR:.*]] = arith.addi %[[K]], %c128
// CHECK: memref.prefetch %[[W]][%[[I]], %[[NEAR]]], read, locality<3>, data
// CHECK: memref.prefetch %[[W]][%{{.*}}, %{{.*}}], read, locality<3>, data
// CHECK-NOT: memref.prefetch
func.func @rows_again(%x: memref<4x4096xf32>, %w: memref<1024x4096xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %c1024 = arith.constant 1024 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c1024 step %c2 {
    %j = arith.addi %i, %c1 : index
    scf.for %m = %c0 to %c4 step %c2 {
      scf.for %k = %c0 to %c4096 step %c16 {
        %v = vector.transfer_read %x[%m, %k], %zero {in_bounds = [true]} : memref<4x4096xf32>, vector<16xf32>
        %a = vector.transfer_read %w[%i, %k], %zero {in_bounds = [true]} : memref<1024x4096xf32>, vector<16xf32>
        %b = vector.transfer_read %w[%j, %k], %zero {in_bounds = [true]} : memref<1024x4096xf32>, vector<16xf32>
        "test.use"(%v, %a, %b) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> ()
      }
    }
  }
  return
}
